#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Doorbells of acrn-dm's ivshmem device: what a guest finds, MSI-X, and what a pair of guests can do,
# the cases of QEMU's own ivshmem test among it. Two of those have no counterpart: "hotplug" and
# "hotplug-q35" plug the device into a running machine, and acrn-dm has no hot-plug controller. Its
# "single" is that of a plain device, which tests/guest/device.sh looks at.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"
# shellcheck source=tests/guest/talk.sh
. "$root/tests/guest/talk.sh"

# alone NAME VECTORS WORDS: one machine with a server that starts and ends with it.
alone()
{
	vm_guest "$1" doorbell -s "6,ivshmem,$region,2,vectors=$2" -B "slot=6 $3"
	wait_until no_server "$region" || tap_fail "$1: the server ends with the last machine"
}

# The offset of the pending bits is max(0x800, 16 N); BAR1 is the power of two that holds them.
test_layout()
{
	while read -r vectors pba bar1; do
		alone "layout-$vectors" "$vectors" "do=layout vectors=$vectors pba=$pba bar1=$bar1"
		vm_results "layout-$vectors" "$vectors vectors, "
	done <<-END
		1 0x800 0x1000
		2 0x800 0x1000
		128 0x800 0x1000
		129 0x810 0x1000
		255 0xff0 0x2000
		256 0x1000 0x2000
		257 0x1010 0x2000
		1024 0x4000 0x8000
		2047 0x7ff0 0x10000
		2048 0x8000 0x10000
	END
	for vectors in 1 300 2048; do
		[ "$vectors" != 2048 ] || [ "${ACRN_DM_NESTED:-0}" = 0 ] || continue
		alone "every-$vectors" "$vectors" "do=every-vector"
		vm_results "every-$vectors" "$vectors vectors, "
	done
	alone plain 0 "do=plain"
	vm_results plain
}

test_alone()
{
	for action in registers msix move; do
		alone "$action" 2 "do=$action"
		vm_results "$action" "$action: "
		tap_is "$action: nothing on standard error" "$(cat "$work/$action.err")" ""
	done
}

# Everything in any order. DOORBELL_STEPS and DOORBELL_SEED make it longer, or repeat one.
test_random()
{
	steps=${DOORBELL_STEPS:-5000}
	[ "${ACRN_DM_NESTED:-0}" = 0 ] || steps=${DOORBELL_STEPS:-500}
	seed=${DOORBELL_SEED:-$(($(date +%s) % 1000000 + 1))}
	alone random 4 "do=random steps=$steps seed=$seed"
	vm_results random
}

# Two regions in one machine, each with its own server.
test_two_devices()
{
	for slot in 6 7; do
		vm_guest "two-$slot" doorbell -s "6,ivshmem,$region,2,vectors=2" \
			-s "7,ivshmem,$region-b,4,vectors=3" -B "slot=$slot do=msix"
		vm_results "two-$slot" "two devices, slot $slot: "
		wait_until no_server "$region" || tap_fail "both servers end"
	done
}

# --- cases of QEMU's ivshmem test ------------------------------------------------------------------

# host_fill BYTE-CHARACTER
host_fill()
{
	dd if=/dev/zero bs=1M count=2 2>/dev/null | tr '\0' "$1" |
		dd of="$(region_object "$region")" bs=1M conv=notrunc 2>/dev/null
}

qtest_pair()
{
	host_fill B
	for name in a b; do
		says "pair: $name sees what the host has filled in" "$name" "is-filled 0x200000 0x42" 2097152
	done
	ask a "fill 0x200000 0x43"
	says "pair: b sees what a has filled in" b "is-filled 0x200000 0x43" 2097152
	ask b "fill 0x200000 0x44"
	says "pair: a sees what b has filled in" a "is-filled 0x200000 0x44" 2097152
	ask b "fill 0x200000 0"
}

qtest_server()
{
	tap_is "server: the ids are 0 and 1" "$(ask a position),$(ask b position)" "0,1"
	for name in a b; do
		says "server: the MSI-X table of $name has 2 entries" "$name" vectors 2
		ask "$name" "enable 1"
	done
	says "server: vector 0 of a is not pending" a "pending 0" 0
	ask b "ring 0 0"
	says "server: it is when b has rung it" a "await-pending 0" 1
	says "server: vector 1 of a is not" a "pending 1" 0
	says "server: vector 1 of b is not pending" b "pending 1" 0
	ask a "ring 1 1"
	says "server: it is when a has rung it" b "await-pending 1" 1
	says "server: vector 0 of b is not" b "pending 0" 0
	for name in a b; do
		says "server: no interrupt has come to $name" "$name" total 0
		ask "$name" open-all
	done
	says "server: now it comes to a" a "await 0 1" 1
	says "server: now it comes to b" b "await 1 1" 1
	says "server: just one to a" a total 1
	says "server: just one to b" b total 1
}

test_pair()
{
	talk_start a -s "6,ivshmem,$region,2,vectors=2" || return 0
	talk_start b -s "6,ivshmem,$region,2,vectors=2" || return 0
	qtest_pair
	qtest_server
	tap_is "a and b ring each other" "$(both_ways a b 2)" ""
	tap_is "a rings b 50 times, one after the other" "$(ring_arrives a b 1 50)" ""
	socket=$(own_socket "$region")
	tap_is "a host program and a ring each other" "$(client_both_ways "$socket" a 2)" ""
}

# b rings again the moment a has taken a ring and turns interrupts on: none may fall between.
test_race()
{
	times=2000
	[ "${ACRN_DM_NESTED:-0}" = 0 ] || times=200
	for way in 0:mask 1:function-mask 2:enable 3:bus-mastering; do
		tell a "hold 0 $times ${way%:*}"
		vm_expect a "^hold ${way%:*}: ready" || true
		says "race with ${way#*:}: b misses nothing" b "press 0 0 $times" \
			"$times rings were taken"
		tap_is "race with ${way#*:}: a gets an interrupt for each" \
			"$(held a "${way%:*}" "$times")" ""
	done
}

# A ring that comes while MSI-X or the bus is off is still there afterwards.
test_pair_off()
{
	for switch in enable master; do
		count=$(ask a "count 0")
		total=$(ask a total)
		ask a "$switch 0"
		ask b "ring 0 0 5"
		says "$switch off: b's rings do not arrive" a total "$total"
		ask a "$switch 1"
		says "$switch on: they do, as one" a "await 0 $((count + 1))" "$((count + 1))"
		says "$switch on: and just one" a total "$((total + 1))"
	done
}

test_reset()
{
	before=$(descriptors a)
	ask a "poke 0x1000 4711"
	for life in 1 2 3; do
		ask a reset
		says "reset $life: a keeps its id" a position 0
		says "reset $life: a keeps the memory" a "peek 0x1000" 4711
		# What came before belongs to the life before, so nothing is said of it.
		says "reset $life: MSI-X is off" a "read-config 0x40" 0x10011
		ask b "ring 0 0"
		says "reset $life: and silent" a total 0
		ask a open-all
		ask a "await 0 1" >/dev/null
		tap_is "reset $life: a and b ring each other again" "$(both_ways a b 2)" ""
		ask b reset
		ask b open-all
		tap_is "reset $life: and after that of b" "$(both_ways a b 2)" ""
	done
	tap_is "resets leave no descriptors open" "$(descriptors a)" "$before"
	talk_end a "power-off of a"
	talk_end b "power-off of b"
	tap_check "the server ends with the last machine" wait_until no_server "$region"
	tap_is "nothing on standard error" "$(cat "$work/a.err" "$work/b.err")" ""
	tap_is "nothing of the region is left" "$(left_overs "$region")" ""
	tap_is "nothing is in the runtime directory" "$(find "$IVSHMEM_RUNTIME_DIR" ! -type d)" ""
}

test_layout
test_alone
test_random
test_two_devices
test_pair
test_race
test_pair_off
test_reset
tap_done
