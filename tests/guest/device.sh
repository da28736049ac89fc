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

tap_is "nothing of the regions is left" "$(left_overs "$region")$(left_overs "$region-b")" ""
tap_done
