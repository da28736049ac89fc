#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A VM of acrn-dm and one of QEMU share a region: QEMU's ivshmem-plain takes the object that
# "ivshmemctl path" names. TAP.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=${BUILD:-$root/build}
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
# shellcheck source=tests/e2e/tap.sh
. "$root/tests/e2e/tap.sh"

name="a QEMU guest and an acrn-dm guest exchange messages"
if ! kvm_usable; then
	tap_skip "$name" "$(kvm_why_not)"
	tap_done
	exit
fi

work=$(mktemp -d)
export IVSHMEM_RUNTIME_DIR="$work/runtime"
region=dm:/test-qemu-$$
pids=

# shellcheck disable=SC2317 # the trap calls it
clean_up()
{
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	"$build/ivshmemctl" remove "$region" 2>/dev/null || true
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

guest=$build/samples/ivshmem-pair.elf
tap_check "a region is made" "$build/ivshmemctl" create "$region" 2
object=$("$build/ivshmemctl" path "$region")

"$build/acrn-dm" -m 64M -l com1,stdio -s "6,ivshmem,$region,2" -k "$guest" \
	-B "name=acrn count=200 timeout=120" acrn >"$work/acrn" 2>&1 </dev/null &
pids=$!
qemu-system-x86_64 -machine q35 -accel tcg -m 64 -nodefaults -display none -serial stdio -no-reboot \
	-object "memory-backend-file,id=m,share=on,mem-path=$object,size=2M" \
	-device ivshmem-plain,memdev=m -kernel "$guest" \
	-append "name=qemu count=200 timeout=120" >"$work/qemu" 2>&1 </dev/null &
pids="$pids $!"

for pid in $pids; do
	wait "$pid" || true
done
pids=
tap_check "$name: acrn-dm's side" grep -q '^ivshmem-pair: PASS 200 sent, 200 received' "$work/acrn"
tap_check "$name: QEMU's side" grep -q '^ivshmem-pair: PASS 200 sent, 200 received' "$work/qemu"
tap_check "the region is still there for the next" "$build/ivshmemctl" show "$region"
tap_check "and is removed when asked" "$build/ivshmemctl" remove "$region"
tap_done
