#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Virtual machines that share a region: as pairs, with one killed, and many at once.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"

# pair_member NAME COUNT
pair_member()
{
	vm_start "$1" -m 64M -l com1,stdio --debugexit -s 0:0,hostbridge -s "6,ivshmem,$region,2" \
		-k "$samples/ivshmem-pair.elf" -B "slot=6 name=$1 count=$2 timeout=100"
}

# checksum NAME sent|received: of what it has sent or received; those of a pair cross.
checksum()
{
	sed -n "s/^ivshmem-pair: PASS.*checksum.* \([0-9a-f]*\) $2.*/\1/p" "$work/$1.out"
}

test_exchange()
{
	pair_member left 500
	pair_member right 500
	vm_wait left
	vm_is left 0 "pair: the first one ends well"
	vm_wait right
	vm_is right 0 "pair: the second one ends well"
	tap_is "pair: what one has sent the other has received" \
		"$(checksum left sent) $(checksum right sent)" \
		"$(checksum right received) $(checksum left received)"
	tap_is "pair: nothing is left" "$(left_overs "$region")" ""
}

test_kill()
{
	pair_member victim 100000000
	pair_member survivor 100000000
	tap_check "kill: two have paired" vm_expect survivor "paired with victim"
	tap_check "kill: both of them" vm_expect victim "paired with survivor"
	vm_signal victim KILL
	vm_wait victim
	tap_check "kill: the other one still runs after kill -9" vm_alive survivor
	tap_check "kill: the region is still there" test -s "$(region_object "$region")"
	pair_member third 100000000
	tap_check "kill: a third one attaches and pairs" vm_expect third "paired with survivor"
	tap_check "kill: the survivor agrees" vm_expect survivor "paired with third"
	vm_signal survivor TERM
	vm_wait survivor
	vm_is survivor 0 "kill: the survivor ends by SIGTERM"
	tap_check "kill: the third one still runs" vm_alive third
	vm_signal third KILL
	vm_wait third
	tap_check "kill: the last one killed leaves the region" test -s "$(region_object "$region")"

	# Whoever comes next finds it empty, and takes it away at the end.
	vm_guest next registers -s "6,ivshmem,$region,2" -B "slot=6"
	vm_is next 0 "kill: the next one starts over the left-over"
	tap_is "kill: and leaves nothing" "$(left_overs "$region")" ""
}

member()
{
	vm_start "$1" -m 16M -l com1,stdio -k "$guests/actions.elf" -s "6,ivshmem,$region,2" -B "do=$2"
}

# The names of some VMs.
crowd()
{
	crowd_size=20
	[ "${ACRN_DM_NESTED:-0}" = 0 ] || crowd_size=6
	seq -f "vm%g" "$crowd_size" 2>/dev/null || seq "$crowd_size" | sed 's/^/vm/'
}

test_crowd()
{
	for name in $(crowd); do
		member "$name" idle
	done
	bad=
	for name in $(crowd); do
		vm_expect "$name" ready || bad="$bad $name"
	done
	tap_is "crowd: all run on one region" "$bad" ""
	for name in $(crowd); do
		vm_signal "$name" TERM
	done
	for name in $(crowd); do
		vm_wait "$name"
		[ "$vm_status" = 0 ] && [ ! -s "$work/$name.err" ] || bad="$bad $name: $(cat "$work/$name.err")"
	done
	tap_is "crowd: all end well at the same moment" "$bad" ""
	tap_is "crowd: nothing is left" "$(left_overs "$region")" ""
}

# Each time another one is the first and the last.
test_coming_and_going()
{
	bad=
	for round in 1 2 3; do
		for name in $(crowd); do
			member "$name" power-off
		done
		for name in $(crowd); do
			vm_wait "$name"
			[ "$vm_status" = 0 ] || bad="$bad $name: $(cat "$work/$name.err")"
		done
	done
	tap_is "coming and going: $round rounds of VMs that start and end at once" "$bad" ""
	tap_is "coming and going: nothing is left" "$(left_overs "$region")" ""
}

test_sizes()
{
	member small idle
	vm_expect small ready || true
	vm_run large -m 16M -k "$guests/actions.elf" -s "6,ivshmem,$region,4" -B "do=power-off"
	vm_is large 1 "sizes: a second VM with another size is refused"
	tap_is "sizes: by one line" "$(wc -l <"$work/large.err" | tr -d ' ')" 1
	for word in 2M 4M "$region" "pid $(vm_pid small)" 00:06.0; do
		tap_check "sizes: that names $word" grep -q "$word" "$work/large.err"
	done
	tap_note "$(cat "$work/large.err")"
	tap_check "sizes: the first one does not mind" vm_alive small
	vm_signal small TERM
	vm_wait small
	tap_is "sizes: nothing is left" "$(left_overs "$region")" ""
}

test_keep()
{
	vm_run keep -m 16M -k "$guests/actions.elf" -s "6,ivshmem,$region,2,keep" -B "do=power-off"
	tap_check "keep: the region stays" test -s "$(region_object "$region")"
	rm -f "$(region_object "$region")" "$IVSHMEM_RUNTIME_DIR"/*.region
}

test_exchange
test_kill
test_crowd
test_coming_and_going
test_sizes
test_keep
tap_done
