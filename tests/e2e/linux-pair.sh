#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Two stock Debian guests share one region: the whole of what a user does, end to end.
#
# Runs in the nested machine, and takes itself there; --direct stays on this host's /dev/kvm, which
# must then be one with hardware virtualisation.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
# shellcheck source=tests/e2e/tap.sh
. "$root/tests/e2e/tap.sh"
# shellcheck source=tests/e2e/guest.sh
. "$root/tests/e2e/guest.sh"
# shellcheck source=tests/e2e/guest_checks.sh
. "$root/tests/e2e/guest_checks.sh"

build=${BUILD:-$root/build}
case ${1:-} in
'')
	if [ "${ACRN_DM_NESTED:-0}" = 0 ]; then
		for program in acrn-dm ivshmemctl samples/ivshmem-access; do
			[ -x "$build/$program" ] || die 1 "there is no $build/$program: run make"
		done
		exec "$root/tests/e2e/nested.sh" --guest --timeout 900 -- "$0"
	fi
	build=$root/build
	;;
--direct) kvm_usable || die 1 "cannot run here: $(kvm_why_not)" ;;
*) die 64 "usage: tests/e2e/linux-pair.sh [--direct]" ;;
esac
shm_require

work=$(mktemp -d)
acrn_dm=$build/acrn-dm
# shellcheck disable=SC2317 # reached through the trap
clean_up()
{
	guest_kill_all
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

if [ -d /guest ]; then
	guest_dir=/guest
else
	guest_dir=$work/guest
	"$root/tests/e2e/mkguest.sh" "$guest_dir"
fi
if [ "${1:-}" = --direct ]; then
	region=dm:/linux-pair-$$
	IVSHMEM_RUNTIME_DIR=$work/runtime
	export IVSHMEM_RUNTIME_DIR
else
	region=dm:/demo
fi
runtime_dir=${IVSHMEM_RUNTIME_DIR:-/run/acrn-ivshmem}
ls /dev/shm >"$work/shm-before"

# Where the first message between the guests is.
greeting="read 0x1000 100 --text"

test_enumeration()
{
	is "lspci shows the device in slot 6" a "lspci -s 6" "00:06.0 $guest_lspci_line"
	is "lspci shows the device in slot 5" b "lspci -s 5" "00:05.0 $guest_lspci_line"
	is "lspci shows its MSI-X capability" a \
		"lspci -vv -s 6 2>/dev/null | grep -A 2 MSI-X | sed 's/^[[:space:]]*//'" \
		"Capabilities: [40] MSI-X: Enable- Count=4 Masked-
Vector table: BAR=1 offset=00000000
PBA: BAR=1 offset=00000800"
	is "and the BAR for it" a \
		"lspci -vv -s 6 2>/dev/null | grep -c 'Region 1: .*32-bit, non-prefetchable.*size=4K'" 1
	is "the plain one has none" b \
		"lspci -vv -s 5 2>/dev/null | grep -c -e Capabilities -e 'Region 1' || true" 0
	region_is_zero a
	does "the kernel offers write-combining access" a \
		"ls /sys/bus/pci/devices/0000:00:06.0/resource2_wc"
	uio_binds a 6
	uio_binds b 5
}

test_exchange()
{
	does "one guest writes" a "ivshmem-access write 0x1000 'greetings from slot 6'"
	is "the other reads it" b "ivshmem-access $greeting" "greetings from slot 6"
	guest_send a "ivshmem-access wait 0x2000 'and from slot 5' --timeout 60 && echo seen"
	does "the other way, while the first waits" b \
		"ivshmem-access write 0x2000 'and from slot 5'"
	tap_is "the waiting guest sees it" "$(guest_result a)" seen
	does "one guest writes a megabyte of noise" a \
		"head -c 1048576 /dev/urandom | ivshmem-access write 0x80000 -"
	sum=$(guest_ask a "ivshmem-access checksum 0x80000 1M")
	is "the other finds the same checksum" b "ivshmem-access checksum 0x80000 1M" "$sum"
	does "the last byte of the region is there" a "ivshmem-access fill 0x1fffff 1 0x5a"
	is "and shared" b "ivshmem-access read 0x1fffff 1 --text" Z
}

test_moves()
{
	low=$(guest_ask b "setpci -s 5 BASE_ADDRESS_2")
	high=$(guest_ask b "setpci -s 5 BASE_ADDRESS_3")

	tap_check "setpci moves BAR2 below 4 GiB" bar2_to b 5 0 d0000000
	is "the data is at the new address" b "ivshmem-access --phys $greeting" \
		"greetings from slot 6"
	does "and no longer at the old one" b "! ivshmem-access $greeting | grep greetings"
	tap_check "setpci moves BAR2 above 4 GiB" bar2_to b 5 4 0
	is "the data is there, too" b "ivshmem-access --phys $greeting" "greetings from slot 6"
	does "a write at the new address" b \
		"ivshmem-access --phys write 0x3000 'sent after the move'"
	is "reaches the other guest" a "ivshmem-access read 0x3000 100 --text" "sent after the move"
	is "sizing with decode on gives the size" b \
		"setpci -s 5 BASE_ADDRESS_2=ffffffff; setpci -s 5 BASE_ADDRESS_3=ffffffff;
		setpci -s 5 BASE_ADDRESS_2; setpci -s 5 BASE_ADDRESS_3" "ffe0000c
ffffffff"
	tap_check "BAR2 moves back" bar2_to b 5 "$high" "$low"
	is "the data is where the kernel expects it" b "ivshmem-access $greeting" \
		"greetings from slot 6"
}

# host_text PAGE: the text that begins a page of the region, read through its file.
host_text()
{
	dd if="$("$build/ivshmemctl" path "$region")" bs=4096 skip="$1" count=1 2>/dev/null |
		tr '\0' '\n' | head -n 1
}

test_kill()
{
	kill -9 "$(guest_pid a)"
	tap_is "kill -9 ends the first device model" "$(guest_exit_status a)" 137
	is "the other guest still has the data" b "ivshmem-access $greeting" \
		"greetings from slot 6"
	tap_check "the host finds the region" "$build/ivshmemctl" show "$region"
	tap_is "the host reads what the guests wrote" \
		"$(host_text 1)" "greetings from slot 6"
	guest_start c -s "6,ivshmem,$region,2"
	stop_if_dead c
	is "a third machine attaches and reads it" c "ivshmem-access $greeting" \
		"greetings from slot 6"
	does "it writes" c "ivshmem-access write 0x4000 'from the third'"
	is "the second reads that" b "ivshmem-access read 0x4000 100 --text" "from the third"
}

test_end()
{
	guest_send b "poweroff -f"
	tap_is "power-off gives exit status 0" "$(guest_exit_status b)" 0
	is "the last guest keeps the data" c "ivshmem-access checksum 0x80000 1M" "$sum"
	guest_send c "poweroff -f"
	tap_is "power-off of the last gives exit status 0" "$(guest_exit_status c)" 0
	tap_is "nothing is left in /dev/shm" "$(ls /dev/shm)" "$(cat "$work/shm-before")"
	tap_is "nothing is left in the runtime directory" \
		"$(find "$runtime_dir" -type f 2>/dev/null)" ""
}

guest_start a -s "6,ivshmem,$region,2,vectors=4"
guest_start b -s "5,ivshmem,$region,2"
stop_if_dead a b
tap_pass "two guests reach user space"
test_enumeration
test_exchange
test_moves
test_kill
test_end
if [ "$tap_failed" -gt 0 ]; then
	for name in a b c; do
		guest_report "$name"
	done
fi
tap_done
