#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Virtual machines that ring each other, by the sample guests: each interrupt accounted for, with one
# killed and replaced, and messages announced by doorbells.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"

# member NAME SAMPLE KEYS WORDS: a VM with the region and these further keys of the device.
member()
{
	vm_start "$1" -m 64M -l com1,stdio --debugexit -s 0:0,hostbridge -s "6,ivshmem,$region,2$3" \
		-k "$samples/$2.elf" -B "slot=6 name=$1 timeout=60 $4" # the last timeout= counts
}

# rings NAME: each line of a vector, as "sent/received".
rings()
{
	sed -n 's/.*vector [0-9]*: \([0-9]*\) rings sent, \([0-9]*\) interrupts received$/\1\/\2/p' \
		"$work/$1.out" | tr '\n' ' '
}

# bells NAME 1|2: rings sent, or interrupts received, by a guest that exchanges messages.
bells()
{
	bells_number=$(sed -n \
		"s/.*woken by doorbells: \([0-9]*\) rings sent, \([0-9]*\) interrupts received$/\\$2/p" \
		"$work/$1.out")
	echo "${bells_number:-0}"
}

# ends NAME SAMPLE TEXT: wait for it; it must have passed.
ends()
{
	vm_wait "$1"
	vm_is "$1" 0 "$3"
	tap_check "$3: and says so" grep -q "^$2: PASS" "$work/$1.out"
}

# The region goes when its last user does, and the server is one.
nothing_left()
{
	vm_deadline=$(($(date +%s) + 20))
	while [ -n "$(left_overs "$region")" ] && [ "$(date +%s)" -lt "$vm_deadline" ]; do
		sleep 0.05
	done
	tap_is "$1: nothing is left" "$(left_overs "$region")" ""
}

test_pingpong()
{
	member left doorbell-pingpong ,vectors=2 count=2000
	member right doorbell-pingpong ,vectors=2 count=2000
	ends left doorbell-pingpong "pingpong: the first one ends well"
	ends right doorbell-pingpong "pingpong: the second one ends well"
	tap_is "pingpong: the first one has had 2000 rings, 1000 per vector" "$(rings left)" \
		"1000/1000 1000/1000 "
	tap_is "pingpong: the second one, too" "$(rings right)" "1000/1000 1000/1000 "
	nothing_left pingpong
}

# As many as a guest can tell apart.
test_many_vectors()
{
	member left doorbell-pingpong ,vectors=64 count=630
	member right doorbell-pingpong ,vectors=64 count=630
	ends left doorbell-pingpong "many vectors: the first one ends well"
	ends right doorbell-pingpong "many vectors: the second one ends well"
	tap_is "many vectors: 10 rings on each" "$(rings left | tr ' ' '\n' | sort | uniq -c | xargs)" \
		"63 10/10"
	nothing_left "many vectors"
}

test_self()
{
	member alone doorbell-pingpong ,vectors=3 "role=self count=300"
	ends alone doorbell-pingpong "self: a VM alone rings itself"
	tap_is "self: on each vector" "$(rings alone)" "100/100 100/100 100/100 "
	nothing_left self
}

test_none()
{
	member deaf doorbell-pingpong "" count=1
	vm_wait deaf
	vm_is deaf 3 "no doorbell: a device without vectors is refused"
	tap_check "no doorbell: and the remedy named" grep -q 'start it with vectors=N' "$work/deaf.out"
	nothing_left "no doorbell"
}

# A stranger rings one of the two: that must not pass for an answer.
test_made_up()
{
	member left doorbell-pingpong ,vectors=2 "count=100000000 timeout=5"
	member right doorbell-pingpong ,vectors=2 "count=100000000 timeout=5"
	tap_check "made up: two have paired" vm_expect left "paired with right"
	while vm_alive left && vm_alive right; do
		"$build/ivshmem-client" --region "$region" --exec 'int 0 all' >>"$work/client" 2>&1 || break
	done
	vm_wait left
	vm_wait right
	tap_check "made up: the VM that was rung finds out" grep -q \
		'FAIL there are more interrupts than rings' "$work/left.out" "$work/right.out"
	nothing_left "made up"
}

# The survivor starts over with the third, which is another peer.
test_kill()
{
	member victim "$1" ,vectors=2 count=100000000
	member survivor "$1" ,vectors=2 count=100000000
	tap_check "kill $1: two have paired" vm_expect survivor "paired with victim"
	tap_check "kill $1: both of them" vm_expect victim "paired with survivor"
	vm_signal victim KILL
	vm_wait victim
	member third "$1" ,vectors=2 count=100000000
	tap_check "kill $1: a third one pairs" vm_expect third "paired with survivor"
	tap_check "kill $1: the survivor agrees" vm_expect survivor "paired with third"
	vm_signal third TERM
	vm_wait third
	vm_is third 0 "kill $1: the third one ends by SIGTERM"
	vm_signal survivor TERM
	vm_wait survivor
	tap_is "kill $1: nobody has found a fault" "$(cat "$work/survivor.out" "$work/third.out" |
		grep FAIL)" ""
	nothing_left "kill $1"
}

# How many rings there are depends on how many messages are read while others are written.
test_messages()
{
	member left ivshmem-pair ,vectors=1 count=1000
	member right ivshmem-pair ,vectors=2 count=1000
	ends left ivshmem-pair "messages: the first one ends well"
	ends right ivshmem-pair "messages: the second one ends well"
	for name in left right; do
		tap_note "$name: $(bells $name 1) rings, $(bells $name 2) interrupts"
		tap_check "messages: $name has rung" test "$(bells $name 1)" -gt 0
		tap_check "messages: $name was woken by doorbells" test "$(bells $name 2)" -gt 0
	done
	tap_check "messages: no more interrupts than rings" test "$(bells left 2)" -le "$(bells right 1)"
	tap_check "messages: neither on the other side" test "$(bells right 2)" -le "$(bells left 1)"
	nothing_left messages
}

# The names of the two also say who has a doorbell.
test_mixed()
{
	member plain ivshmem-pair "" count=500
	member bell ivshmem-pair ,vectors=1 count=500
	ends plain ivshmem-pair "mixed: the one without doorbell ends well"
	ends bell ivshmem-pair "mixed: the one with doorbell ends well"
	tap_check "mixed: the one polls" grep -q 'polled: the device has no doorbell' "$work/plain.out"
	tap_check "mixed: so the other has to" grep -q 'polled: the other side has no doorbell' \
		"$work/bell.out"
	nothing_left mixed
}

# The region's own server finds the memory as the device has it.
test_object()
{
	member left doorbell-pingpong ",vectors=1,shm=/test-object-$$" count=50
	member right doorbell-pingpong ",vectors=1,shm=/test-object-$$" count=50
	ends left doorbell-pingpong "an object by name: the first one ends well"
	ends right doorbell-pingpong "an object by name: the second one ends well"
	nothing_left "an object by name"
	tap_check "an object by name: nor is the object" test ! -e "/dev/shm/test-object-$$"
}

test_pingpong
test_many_vectors
test_self
test_none
test_made_up
test_kill doorbell-pingpong
test_kill ivshmem-pair
test_messages
test_mixed
test_object
tap_done
