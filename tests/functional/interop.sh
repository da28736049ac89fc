#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Doorbells between QEMU, acrn-dm and host programs: QEMU's guests as clients of our server, alone and
# together with ours. TAP.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
# shellcheck source=tests/e2e/tap.sh
. "$root/tests/e2e/tap.sh"
if ! command -v qemu-system-x86_64 >/dev/null || ! kvm_usable; then
	tap_skip "doorbells between QEMU and acrn-dm" "both are needed, and /dev/kvm for the latter"
	tap_done
	exit
fi
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"
# shellcheck source=tests/guest/talk.sh
. "$root/tests/guest/talk.sh"

socket=$work/server.sock

# What our tests ask of our device QEMU's does too, but for what doorbell.c says.
test_same_guest()
{
	for action in layout registers msix move; do
		qemu_run "$action" /dev/null "$socket" 2 "do=$action slot=6 vectors=2 monitor=qemu"
		vm_wait "$action"
		vm_results "$action" "QEMU's device, $action: "
	done
}

test_two_of_qemu()
{
	talk_start_qemu q1 "$socket" 2
	talk_start_qemu q2 "$socket" 2
	ask q1 open-all
	ask q2 open-all
	tap_is "two QEMU guests on our server ring each other" "$(both_ways q1 q2 2)" ""
	tap_is "a host program and QEMU ring each other" "$(client_both_ways "$socket" q1 2)" ""
	talk_end q1 "QEMU: power-off"
	talk_kill q2
}

serve server "$socket" --region "$region-q" -l 2M -n 2
test_same_guest
test_two_of_qemu
end server
tap_done
