#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Registers and configuration space of the ivshmem device, as a guest finds them.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"

vm_guest registers registers -s "6,ivshmem,$region,2" -B "slot=6"
vm_results registers

vm_guest config config -s 0:0,hostbridge -s "6,ivshmem,$region,2" -B "slot=6"
vm_results config

vm_guest region-id config -s "5,ivshmem,$region,16,0xbeef" -B "slot=5 size=0x1000000 subsystem=0xbeef8086"
vm_results region-id "region id, 16 MB, "

vm_guest id-zero config -s "31,ivshmem,$region,2,0" -B "slot=31 subsystem=0x00008086"
vm_results id-zero "region id 0, slot 31, "

vm_guest multi config -s "6,ivshmem,$region,2" -s "6:1,ivshmem,$region-b,4" -B "slot=6 multi=1"
vm_results multi "two functions, "

vm_guest largest config -s "6,ivshmem,$region,512" -B "slot=6 size=0x20000000"
vm_results largest "512 MB, "

physical_width()
{
	sed -n 's/^address sizes.* \([0-9]*\) bits physical.*/\1/p' /proc/cpuinfo | head -n 1
}

# BAR0s take a little of the 1.5 GiB that there are below 4 GiB.
if [ "$(sed -n 's/^MemAvailable:[^0-9]*\([0-9]*\).*/\1/p' /proc/meminfo)" -gt 4000000 ]; then
	third=0x140000000
	# From 256 GiB on, if there are such addresses, where ACRN wants its own devices.
	if vm_on_acrn && [ "$(physical_width)" -gt 38 ]; then
		third=0x4000000000
	fi
	vm_run three -m 3G -l com1,stdio -k "$samples/pci-scan.elf" -s "3,ivshmem,$region-3,512" \
		-s "4,ivshmem,$region-4,512" -s "5,ivshmem,$region-5,512"
	tap_is "three regions of 512 MB: two below 4 GiB, one above the RAM" \
		"$(sed -n 's/.*BAR2: memory at \(0x[0-9a-f]*\),.*/\1/p' "$work/three.out" | tr '\n' ' ')" \
		"0x80000000 0xa0000000 $third "
else
	tap_skip "three regions of 512 MB" "they need 4 GB of free memory"
fi

# On ACRN they work: tests/hsm_sim/pair.sh.
if ! vm_on_acrn; then
	vm_run hv -k "$samples/hello.elf" -s "6,ivshmem,$region,2" -s 7,ivshmem,hv:/test,2
	vm_is hv 64 "a region of the hypervisor's: there is no start"
	tap_check "a region of the hypervisor's: what helps is said" \
		grep -q '"hv:/test": hv:/ regions need the ACRN hypervisor; use dm:/' "$work/hv.err"
fi

tap_is "nothing of the regions is left" "$(left_overs "$region")$(left_overs "$region-b")" ""
tap_done
