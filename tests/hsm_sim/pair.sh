#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Two VMs on a simulated ACRN with KVM behind: regions of acrn-dm's and of the hypervisor's. TAP.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/hsm_sim/on_acrn.sh
. "$root/tests/hsm_sim/on_acrn.sh"
if [ ! -c /dev/acrn_hsm ]; then
	on_acrn 600 "$@"
	exec "$hsm_sim" --kvm --scenario "$root/tests/hsm_sim/pair.scenario" -- "$0" "$@"
fi
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"
# shellcheck source=tests/guest/talk.sh
. "$root/tests/guest/talk.sh"

# 8 vectors, and the ids of VMs, which begin with 1.
hv=hv:/shm_region_0,2

# both SAMPLE DEVICE [NAME]: it meets itself, in two VMs with that device. What they said is in
# $work/panel.out and in NAME.out.
both()
{
	other=${3:-controller}
	vm_start panel -m 64M -s 0:0,hostbridge -s "6,ivshmem,$2" -l com1,stdio --debugexit \
		-k "$samples/$1.elf" -B "slot=6 name=panel"
	vm_start "$other" -m 64M -s 0:0,hostbridge -s "5,ivshmem,$2" -l com1,stdio --debugexit \
		-k "$samples/$1.elf" -B "slot=5 name=$other"
	for name in panel "$other"; do
		vm_wait "$name"
		vm_is "$name" 0 "$1 by $2: $name ends well"
		tap_check "$1 by $2: $name passes" grep -q "^$1: PASS" "$work/$name.out"
	done
}

# sums: the check sums of what the two have sent and received, "SENT RECEIVED".
sums()
{
	sed -n 's/.*checksum \([0-9a-f]*\) sent, \([0-9a-f]*\) received.*/\1 \2/p' "$work/$1.out"
}

test_messages()
{
	for device in "$region,2" "$region,2,vectors=1" "$hv"; do
		both ivshmem-pair "$device"
		tap_is "ivshmem-pair by $device: what one has sent the other has received" \
			"$(sums panel)" "$(sums controller | sed 's/\(.*\) \(.*\)/\2 \1/')"
		case $device in
		*,2) [ "$device" = "$hv" ] || continue ;;
		esac
		for name in panel controller; do
			# Rings that come while it is busy may be one interrupt.
			tap_check "ivshmem-pair by $device: $name is woken by doorbells" grep -Eq \
				"^$name: woken by doorbells: [1-9][0-9]* rings sent, [1-9][0-9]* interr" \
				"$work/$name.out"
		done
	done
}

# positions: who is who, as the two see it.
positions()
{
	sed -n 's/^doorbell-pingpong: .* position \([0-9]*\),.*/\1/p; s/.*, position \([0-9]*\).*/\1/p' \
		"$work/$1.out" | tr '\n' ' '
}

test_rings()
{
	both doorbell-pingpong "$region,2,vectors=2"
	both doorbell-pingpong "$hv"
	tap_is "hv:/: the first VM of the scenario is 1, the second 2" \
		"$(positions panel)$(positions controller)" "1 2 2 1 "
	tap_is "hv:/: all 8 vectors have been rung" \
		"$(grep -c 'vector [0-7]: 125 rings sent, 125 interrupts received' "$work/panel.out")" 8
}

# What stands above the service VM can be rung by the hypervisor only; memory is memory.
test_severe()
{
	both doorbell-pingpong "$hv" severe
	both ivshmem-pair "$region,2" severe
	tap_check "a VM above the service VM: acrn-dm says what that means" \
		grep -q "stands above the service VM" "$work/severe.err"
}

test_scan()
{
	vm_run panel -m 64M -s 0:0,hostbridge -s "6,ivshmem,$hv" -s 7,ivshmem,hv:/other,4 \
		-s "8,ivshmem,$region,8,0x77" -l com1,stdio --debugexit -k "$samples/pci-scan.elf"
	vm_is panel 0 "three devices of both kinds"
	tap_is "slots, region ids and sizes are those of the scenario and the command line" \
		"$(tr -d '\r' <"$work/panel.out" | sed -n \
			-e 's/^00:0\(.\).*1af4:1110.*subsystem \(.*\)$/\1 \2/p' \
			-e 's/.*BAR2:.*, size \([^ ]*\) .*/\1/p' \
			-e 's/.*capability at.* \(MSI-X\)$/\1/p' | tr '\n' ' ')" \
		"6 8086:1000 2M MSI-X 7 8086:1001 4M MSI-X 8 8086:0077 8M "
}

test_talk()
{
	talk_hold panel
	vm_start_io panel "$work/panel.in" "$work/panel.out" -m 64M -l com1,stdio --debugexit \
		-k "$guests/doorbell.elf" -B "do=serve slot=6" -s "6,ivshmem,$hv"
	talk_up panel || return 0
	talk_start controller -s "6,ivshmem,$hv" || return 0
	says "hv:/: the position of panel" panel position 1
	says "hv:/: the position of controller" controller position 2
	ask panel "poke 0x1ffffc 4711"
	says "hv:/: one writes, the other reads" controller "peek 0x1ffffc" 4711
	for name in panel controller; do
		ask "$name" open-all
	done
	ask panel "ring 2 3"
	says "hv:/: panel rings controller" controller "await 3 1" 1
	ask controller "ring 1 7 1"
	says "hv:/: controller rings panel" panel "await 7 1" 1
	ask panel "ring 1 0"
	says "hv:/: panel rings itself" panel "await 0 1" 1
	ask panel "mask 5"
	ask controller "ring 1 5"
	ask panel "unmask 5"
	ask controller "ring 1 6"
	says "hv:/: what comes after a masked ring" panel "await 6 1" 1
	says "hv:/: the masked ring is lost" panel "count 5" 0
	says "hv:/: and is not pending" panel "pending 5" 0
	ask controller "ring 9 0"
	ask controller "ring 1 8"
	ask controller "ring 1 4"
	says "hv:/: unknown peers and vectors do no harm" panel "await 4 1" 1
	total=$(ask panel total)
	says "hv:/: and ring nobody" panel total "$total"
	ask panel reset
	says "hv:/: a reset keeps the memory" panel "peek 0x1ffffc" 4711
	says "hv:/: and the position" panel position 1
	ask panel open-all
	ask controller "ring 1 2"
	says "hv:/: and controller can ring again" panel "await 2 1" 1
	ask panel "ring 2 2"
	says "hv:/: both ways" controller "await 2 1" 1
	talk_end panel "hv:/: panel powers off"
	ask controller "ring 1 2"
	says "hv:/: ringing one that has gone does no harm" controller "peek 0x1ffffc" 4711
	talk_end controller "hv:/: controller powers off"
	tap_is "hv:/: nothing on standard error" "$(cat "$work/panel.err" "$work/controller.err")" ""
}

test_talk
test_messages
test_rings
test_severe
test_scan
tap_is "nothing of the region is left" "$(left_overs "$region")" ""
tap_done
