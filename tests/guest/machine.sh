#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The machine around the devices: firmware tables, clocks, timers, interrupts, processors.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"

TZ=UTC0
export TZ
before=$(date '+%Y-%m-%d %H:%M:%S')
vm_guest one machine -B "cpus=1 memory=$((64 << 20))"
after=$(date '+%Y-%m-%d %H:%M:%S')
vm_results one
clock=$(sed -n 's/^clock //p' "$work/one.out")
# Such dates sort as they follow each other.
tap_is "the RTC has the time of this machine, in UTC" \
	"$(printf '%s\n' "$before" "$clock" "$after" | sort | sed -n 2p)" "$clock"
tap_note "RTC: $clock"

# Other time zones are the operator's own business.
before=$(date '+%Y-%m-%d %H')
TZ=XYZ-12 vm_guest zone machine -B "cpus=1"
after=$(date '+%Y-%m-%d %H')
case $(sed -n 's/^clock //p' "$work/zone.out") in
"$before"* | "$after"*) tap_pass "the RTC does not follow TZ" ;;
*) tap_fail "the RTC does not follow TZ" ;;
esac

vm_guest timer pit
vm_results timer

# Part of it lies above 4 GiB.
vm_guest large machine -m 3G -B "cpus=1 memory=$((3 << 30))"
vm_results large "3 GB, "
vm_guest four machine --cpus 4 -B "cpus=4"
vm_results four "4 CPUs, "
most=32
if vm_on_acrn; then
	most=16
fi
vm_guest many machine --cpus "$most" -m 64M -B "cpus=$most"
vm_results many "$most CPUs, "
tap_done
