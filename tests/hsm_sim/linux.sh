#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Stock Debian guests on a simulated ACRN with KVM behind: a pair that shares a region of acrn-dm's,
# one with a region of the hypervisor's, and tests/e2e/linux-pair.sh as it is. In the nested machine.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/hsm_sim/on_acrn.sh
. "$root/tests/hsm_sim/on_acrn.sh"
if [ "${ACRN_DM_NESTED:-0}" = 0 ]; then
	for program in acrn-dm tests/hsm_sim/hsm-sim samples/ivshmem-access; do
		[ -x "$build/$program" ] || die 1 "$build/$program is not built: make check-hsm does it"
	done
	exec "$root/tests/e2e/nested.sh" --guest --timeout 900 -- "$0"
fi
if [ ! -c /dev/acrn_hsm ]; then
	scenario=$root/tests/hsm_sim/linux.scenario
	acrn_results three --scenario "$scenario" -- "$0"
	acrn_results linux-pair --kills --scenario "$scenario" -- "$root/tests/e2e/linux-pair.sh"
	tap_done
	exit
fi
# shellcheck source=tests/e2e/guest.sh
. "$root/tests/e2e/guest.sh"
# shellcheck source=tests/e2e/guest_checks.sh
. "$root/tests/e2e/guest_checks.sh"

work=$(mktemp -d)
acrn_dm=$build/acrn-dm
# shellcheck disable=SC2034 # guest.sh's
guest_dir=/guest
ls /dev/shm >"$work/shm-before"
# shellcheck disable=SC2317 # reached through the trap
clean_up()
{
	guest_kill_all
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# A kernel that knows ACRN says so; one that does not must not see KVM instead.
test_processor()
{
	is "the kernel sees ACRN if it can, and nobody else" c \
		"dmesg | sed -n 's/.*Hypervisor detected: //p'" \
		"$(guest_ask c "! grep -q ' acrn_get_tsc_khz' /proc/kallsyms || echo ACRN")"
	is "it knows how fast the time stamp counter is" c \
		"dmesg | grep -c 'tsc: Detected .* MHz processor'" 1
}

test_enumeration()
{
	is "dm:/: lspci shows the device in slot 6" a "lspci -s 6" "00:06.0 $guest_lspci_line"
	is "dm:/: lspci shows the device in slot 5" b "lspci -s 5" "00:05.0 $guest_lspci_line"
	for pair in a:6 b:5; do
		is "dm:/: it has no capabilities in slot ${pair#?:}" "${pair%:?}" \
			"lspci -vv -s ${pair#?:} 2>/dev/null | grep -c -e Capabilities -e 'Region 1' ||
			true" 0
	done
	is "hv:/: lspci shows the device in slot 5" c "lspci -s 5" "00:05.0 $guest_lspci_line"
	is "hv:/: the subsystem id is the region id of the scenario" c \
		"lspci -nv -s 5 2>/dev/null | sed -n 's/.*Subsystem: //p'" "8086:1234"
	is "hv:/: it has MSI-X with 8 vectors" c \
		"lspci -vv -s 5 2>/dev/null | grep -A 2 MSI-X | sed 's/^.*\] //; s/^[[:space:]]*//'" \
		"MSI-X: Enable- Count=8 Masked-
Vector table: BAR=1 offset=00000000
PBA: BAR=1 offset=00000800"
	is "hv:/: BAR2 has the size of the scenario" c \
		"lspci -vv -s 5 2>/dev/null | grep -c 'Region 2: .*64-bit, prefetchable.*size=2M'" 1
}

test_dm()
{
	region_is_zero a
	does "dm:/: one guest writes" a "ivshmem-access write 0x1000 'greetings from slot 6'"
	is "dm:/: the other reads it" b "ivshmem-access read 0x1000 100 --text" \
		"greetings from slot 6"
	guest_send a "ivshmem-access wait 0x2000 'and from slot 5' --timeout 60 && echo seen"
	does "dm:/: the other way, while the first waits" b \
		"ivshmem-access write 0x2000 'and from slot 5'"
	tap_is "dm:/: the waiting guest sees it" "$(guest_result a)" seen
}

test_hv()
{
	greeting="greetings to myself"

	region_is_zero c
	# BAR0, offset 8; c is the third VM of the scenario.
	is "hv:/: the position is the number of the VM" c \
		"devmem \$((0x\$(setpci -s 5 BASE_ADDRESS_0) + 8)) 32" 0x00000003
	does "hv:/: the guest writes" c "ivshmem-access write 0x1000 '$greeting'"
	is "hv:/: and reads it" c "ivshmem-access read 0x1000 100 --text" "$greeting"
	does "hv:/: it writes a megabyte of noise" c "head -c 1048576 /dev/urandom >/tmp/noise &&
		ivshmem-access write 1M - </tmp/noise"
	is "hv:/: it reads that" c \
		"ivshmem-access read 1M 1M --raw | cmp - /tmp/noise && echo same" same
	does "hv:/: it is none of acrn-dm's regions" a "! ivshmem-access read 0x1000 100 --text |
		grep '$greeting'"

	low=$(guest_ask c "setpci -s 5 BASE_ADDRESS_2")
	high=$(guest_ask c "setpci -s 5 BASE_ADDRESS_3")
	tap_check "hv:/: setpci moves BAR2" bar2_to c 5 0 d0000000
	is "hv:/: the data is at the new address" c \
		"ivshmem-access --phys read 0x1000 100 --text" "$greeting"
	does "hv:/: and no longer at the old one" c \
		"! ivshmem-access read 0x1000 100 --text | grep greetings"
	tap_check "hv:/: BAR2 moves back" bar2_to c 5 "$high" "$low"
	is "hv:/: the data is where the kernel expects it" c \
		"ivshmem-access read 0x1000 100 --text" "$greeting"
}

# Without ARAT (CPUID 6, bit 2 of EAX) Linux makes sure that the timer chip interrupts, or panics.
test_timer_chip()
{
	# shellcheck disable=SC2034 # guest.sh's
	guest_words=clearcpuid=450
	guest_start d
	stop_if_dead d
	does "a kernel that needs the timer chip has its interrupts" d \
		"grep '^ *0: *[1-9][0-9]* *IO-APIC *2-edge *timer' /proc/interrupts"
	guest_send d "poweroff -f"
	tap_is "power-off of d gives exit status 0" "$(guest_exit_status d)" 0
}

test_end()
{
	for name in a b c; do
		guest_send "$name" "poweroff -f"
	done
	for name in a b c; do
		tap_is "power-off of $name gives exit status 0" "$(guest_exit_status "$name")" 0
		tap_is "acrn-dm of $name has nothing to complain of" "$(cat "$work/$name.err")" ""
	done
	tap_is "nothing is left in /dev/shm" "$(ls /dev/shm)" "$(cat "$work/shm-before")"
	tap_is "nothing is left in the runtime directory" \
		"$(find /run/acrn-ivshmem -type f 2>/dev/null)" ""
}

guest_start a -s 6,ivshmem,dm:/test,2
guest_start b -s 5,ivshmem,dm:/test,2
guest_start c -s 5,ivshmem,hv:/shm_region_0,2
stop_if_dead a b c
tap_pass "three guests reach user space"
test_processor
test_enumeration
test_dm
test_hv
uio_binds a 6
uio_binds b 5
# ACRN's hypervisor/dm/vpci/ivshmem.c: what it does not know of configuration space is memory. So
# there seems to be a ROM; and decoding is off, not that it would matter.
uio_binds c 5 -e ROM -e "'enabling device (0000 -> 0002)'"
test_end
test_timer_chip
if [ "$tap_failed" -gt 0 ]; then
	for name in a b c d; do
		guest_report "$name"
	done
fi
tap_done
