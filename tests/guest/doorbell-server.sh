#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The doorbell server as acrn-dm needs it: wrong ones, the one it starts itself, and its death.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"
# shellcheck source=tests/guest/talk.sh
. "$root/tests/guest/talk.sh"

socket=$work/server.sock
device=6,ivshmem,$region,2

# --- start errors ----------------------------------------------------------------------------------

# refused TEST PATTERN DEVICE: with exit status $refused_status.
refused_status=1
refused()
{
	vm_run refused -m 16M -k "$guests/actions.elf" -B "do=power-off" -s "$3"
	tap_is "$1: exit status" "$vm_status" "$refused_status"
	tap_is "$1: one line" "$(wc -l <"$work/refused.err" | tr -d ' ')" 1
	tap_check "$1: the line says $2" grep -Eq -- "$2" "$work/refused.err"
	tap_note "$(cat "$work/refused.err")"
	tap_is "$1: nothing is left" "$(find "$IVSHMEM_RUNTIME_DIR" ! -type d)" ""
}

# fake WORD...: a server that says this to one client.
fake()
{
	rm -f "$socket"
	timeout 60 "$build/tests/functional/ivshmem_fake" "$socket" "$@" >"$work/fake.out" 2>&1 &
	fake_job=$!
	wait_until grep -q listening "$work/fake.out" || true
}

fake_end()
{
	wait "$fake_job" || true
}

test_errors()
{
	refused "nobody listens" "$work/none.sock.*nobody listens" "$device,vectors=1,server=$work/none.sock"
	refused "a file" "$work/.*(no socket|nobody listens|refused)" \
		"$device,vectors=1,server=$work/refused.err"
	refused "a directory" "$work/runtime" "$device,vectors=1,server=$work/runtime"
	long=$work/$(printf '%0120d' 0)
	refused_status=64
	refused "a long path" "at most 107 bytes" "$device,vectors=1,server=$long"
	refused_status=1
	for words in "0 4 -1m 4+ ~:other memory" "1 4 -1m 4+:version 1" "0 70000:70000" \
		"0 4:closed|ended|gone" "~:no greeting|within"; do
		# shellcheck disable=SC2086 # words
		fake ${words%%:*}
		refused "a server that says ${words%%:*}" "${words#*:}" "$device,vectors=1,server=$socket"
		fake_end
	done
	for size in 2M 4M; do
		serve other "$socket" -M "other-$$" -l "$size" -n 1
		refused "a server of other memory of $size" "other memory than /dev/shm/" \
			"$device,vectors=1,server=$socket"
		end other
	done
}

# Where acrn-dm finds no server to start, or one that does not start.
test_no_program()
{
	mkdir "$work/alone"
	cp "$acrn_dm" "$work/alone/acrn-dm"
	real=$acrn_dm
	acrn_dm=$work/alone/acrn-dm
	old_path=$PATH
	mkdir "$work/bin"
	for tool in ln sh timeout sed grep mv rm sleep wc tr find cat date; do
		ln -s "$(command -v "$tool")" "$work/bin/$tool"
	done
	PATH=$work/bin
	refused "no ivshmem-server anywhere" "ivshmem-server" "$device,vectors=1"
	: >"$work/alone/ivshmem-server"
	refused "one that cannot be run" "ivshmem-server" "$device,vectors=1"
	printf '#!/bin/sh\necho no luck >&2\nexit 1\n' >"$work/alone/ivshmem-server"
	PATH=$old_path
	chmod +x "$work/alone/ivshmem-server"
	refused "one that fails" "does not start: no luck" "$device,vectors=1"
	PATH=$work/bin
	rm "$work/alone/ivshmem-server"
	ln -s "$programs/ivshmem-server" "$work/bin/ivshmem-server"
	vm_run path -m 16M -k "$guests/actions.elf" -B "do=power-off" -s "$device,vectors=1"
	PATH=$old_path
	vm_is path 0 "one in PATH is found"
	acrn_dm=$real
	wait_until no_server "$region" || true
}

# --- on demand -------------------------------------------------------------------------------------

gone()
{
	tap_check "$1: the server is gone soon after" wait_until no_server "$region"
	tap_is "$1: nothing of the region is left" "$(left_overs "$region")" ""
	tap_is "$1: nothing is in the runtime directory" "$(find "$IVSHMEM_RUNTIME_DIR" ! -type d)" ""
}

test_at_once()
{
	for round in 1 2 3 4 5; do
		talk_begin a -s "$device,vectors=2"
		talk_begin b -s "$device,vectors=2"
		talk_up a || return 0
		talk_up b || return 0
		tap_is "two machines at once, round $round: ids 0 and 1" \
			"$(printf '%s\n' "$(ask a position)" "$(ask b position)" | sort | tr '\n' ' ')" "0 1 "
		tap_check "round $round: one server" wait_until one_server
		ask a open-all
		ask b open-all
		tap_is "round $round: they ring each other" "$(both_ways a b 1)" ""
		talk_end a "round $round: power-off"
		talk_end b "round $round: power-off"
		# At once again: whoever comes may meet a server that is about to end.
	done
	gone "two machines at once"
}

# Each machine comes just when the server of the one before ends.
test_one_after_the_other()
{
	bad=
	for round in 1 2 3 4 5 6 7 8 9 10 11 12; do
		vm_run "after$round" -m 16M -k "$guests/actions.elf" -l com1,stdio -B "do=power-off" \
			-s "$device,vectors=2"
		[ "$vm_status" = 0 ] || bad="$bad $round: $(cat "$work/after$round.err")"
	done
	tap_is "12 machines one after the other" "$bad" ""
	gone "one after the other"
}

# all_ring NAME...: each rings each.
all_ring()
{
	for all_from in "$@"; do
		for all_to in "$@"; do
			ring_arrives "$all_from" "$all_to" 1
		done
	done
}

# joins_all NAME: it has id $2, and it and the others ring each other, once all know it.
joins_all()
{
	joins_name=$1
	joins_id=$2
	shift 2
	talk_start "$joins_name" -s "$device,vectors=2$server_key" || return 0
	says "$joins_name: a newcomer gets the id $joins_id" "$joins_name" position "$joins_id"
	ask "$joins_name" open-all
	tap_is "$joins_name: all ring each other" "$(all_ring "$joins_name" "$@")" ""
}

# are_back TIMES NAME...: each has connected to another server so many times. Until then a newcomer does
# not hear of it, and cannot ring it.
are_back()
{
	back_times=$1
	shift
	for back_name in "$@"; do
		[ "$(grep -c "connected again, to" "$work/$back_name.err")" -ge "$back_times" ] ||
			return 1
	done
}

test_death()
{
	server_key=
	talk_start a -s "$device,vectors=2" || return 0
	talk_start b -s "$device,vectors=2" || return 0
	ask a open-all
	ask b open-all
	deaths=0
	for signal in KILL TERM KILL; do
		deaths=$((deaths + 1))
		old=$(server_pids "$region")
		signal_all "$signal" "$old"
		tap_is "SIG$signal to the server: they go on ringing" "$(both_ways a b 2)" ""
		tap_check "SIG$signal to the server: another one comes" wait_until server_is_new "$old"
		tap_check "SIG$signal to the server: both connect to it" wait_until are_back "$deaths" a b
		joins_all c 2 a b
		says "SIG$signal: a keeps its id" a position 0
		says "SIG$signal: b keeps its id" b position 1
		talk_end c "SIG$signal: the newcomer leaves"
	done
	ask a reset
	ask a open-all
	says "and after a reset" a position 0
	tap_is "they ring each other then" "$(both_ways a b 2)" ""
	talk_end a "power-off of a"
	talk_end b "power-off of b"
	tap_note "$(cat "$work/a.err")"
	gone "death of the server"
}

# While there is no server one dies whose id a newcomer then gets: old doorbells must not be taken for its.
test_death_and_leave()
{
	server_key=
	for name in a b c; do
		talk_start "$name" -s "$device,vectors=2" || return 0
		ask "$name" open-all
	done
	old=$(server_pids "$region")
	vm_signal c STOP
	signal_all STOP "$old"
	signal_all KILL "$old"
	talk_kill c
	ask a "ring 2 0 10"
	tap_is "server and a machine die together: the others go on ringing" "$(both_ways a b 2)" ""
	tap_check "another server comes" wait_until server_is_new "$old"
	tap_check "both connect to it" wait_until are_back 1 a b
	joins_all c 2 a b
	talk_kill a
	tap_is "the first of them is killed: the rest goes on" "$(both_ways b c 2)" ""
	talk_end b "power-off of b"
	talk_end c "power-off of c"
	gone "server and a machine die together"
}

# Where the server was there is one of other memory: not used; then the right one is back.
test_wrong_successor()
{
	rm -f "$socket"
	serve mine "$socket" --region "$region" -l 2M -n 2
	talk_start a -s "$device,vectors=2,server=$socket" || return 0
	talk_start b -s "$device,vectors=2,server=$socket" || return 0
	ask a open-all
	ask b open-all
	vm_signal mine KILL
	vm_wait mine
	serve wrong "$socket" -M "wrong-$$" -l 2M -n 2
	tap_check "a server of other memory comes: a tries it" \
		wait_until grep -q "other memory" "$work/a.err"
	tap_is "and goes on with b" "$(both_ways a b 2)" ""
	end wrong
	serve right "$socket" --region "$region" -l 2M -n 2
	tap_check "the right one comes: both are there again" \
		wait_until grep -q "client 1 joins" "$work/right.err"
	tap_is "with their ids" "$(ask a position),$(ask b position)" "0,1"
	tap_is "ringing each other" "$(both_ways a b 2)" ""
	tap_check "the log tells of it in a few lines" test "$(wc -l <"$work/a.err")" -le 6
	tap_note "$(cat "$work/a.err")"
	for name in a b; do
		talk_kill "$name"
	done
	end right
}

# A signal ends a machine that waits for a server which says nothing.
test_waiting()
{
	fake "~"
	vm_start waits -m 16M -k "$guests/actions.elf" -B "do=power-off" \
		-s "$device,vectors=1,server=$socket"
	sleep 0.3
	vm_signal waits TERM
	vm_wait waits
	tap_is "SIGTERM while the server says nothing: it ends" "$vm_status" 0
	tap_note "$(cat "$work/waits.err")"
	fake_end
	tap_is "and leaves nothing" "$(left_overs "$region")" ""
}

# The machines are killed: the server ends, and whoever comes next starts over what is left, if anything.
test_killed()
{
	talk_start a -s "$device,vectors=2" || return 0
	talk_start b -s "$device,vectors=2" || return 0
	vm_signal a KILL
	vm_signal b KILL
	vm_wait a
	vm_wait b
	talk_let_go a
	talk_let_go b
	tap_check "both machines are killed: the server is gone soon after" wait_until no_server "$region"
	talk_start a -s "$device,vectors=2" || return 0
	talk_end a "both machines are killed: the next one starts, and ends"
	gone "both machines are killed"
}

# An object by its own name, for two machines; the server that they start serves that one.
test_object()
{
	for name in a b; do
		talk_start "$name" -s "$device,vectors=2,shm=/test-object-$$" || return 0
		ask "$name" open-all
	done
	tap_is "shm=: they ring each other" "$(both_ways a b 2)" ""
	talk_end a "shm=: power-off of a"
	talk_end b "shm=: power-off of b"
	tap_check "shm=: the server is gone" wait_until no_server "$region"
	rm -f "$socket"
	serve object "$socket" --region "$region" -M "test-object-$$" -l 2M -n 2
	for name in a b; do
		talk_start "$name" -s "$device,vectors=2,shm=/test-object-$$,server=$socket" ||
			return 0
		ask "$name" open-all
	done
	tap_is "shm= and a server of that region and object: they ring each other" "$(both_ways a b 2)" ""
	talk_end a "shm= and a server: power-off of a"
	talk_end b "shm= and a server: power-off of b"
	end object
	tap_is "shm=: nothing is left" "$(find /dev/shm -name "test-object-$$")" ""
	rm -f "/dev/shm/test-object-$$"
}

# While b rings a without a pause: each ring is one interrupt, whatever eventfd it comes by.
test_death_in_a_race()
{
	talk_start a -s "$device,vectors=2" || return 0
	talk_start b -s "$device,vectors=2" || return 0
	ask a open-all
	times=5000
	[ "${ACRN_DM_NESTED:-0}" = 0 ] || times=1000
	tell a "hold 0 $times 0"
	vm_expect a "^hold 0: ready" || true
	tell b "press 0 0 $times"
	for life in 1 2 3 4; do
		old=$(server_pids "$region")
		signal_all KILL "$old"
		tap_check "life $life of the server ends amid rings: another one comes" \
			wait_until server_is_new "$old"
	done
	tap_is "b misses nothing" "$(answer b "^ring\|rings were taken")" "$times rings were taken"
	tap_is "a gets an interrupt for each" "$(held a 0 "$times")" ""
	talk_end a "power-off of a"
	talk_end b "power-off of b"
	gone "death amid rings"
}

# Its end and start over and over, with nobody new: rings must go on through all former eventfds.
test_many_deaths()
{
	talk_start a -s "$device,vectors=2" || return 0
	talk_start b -s "$device,vectors=2" || return 0
	ask a open-all
	ask b open-all
	before=$(descriptors a)
	for life in 1 2 3 4 5 6 7 8; do
		old=$(server_pids "$region")
		signal_all KILL "$old"
		tap_is "life $life of the server ends: they go on ringing" "$(both_ways a b 1)" ""
		tap_check "life $life: another one comes" wait_until server_is_new "$old"
	done
	tap_is "after all that they ring each other" "$(both_ways a b 2)" ""
	tap_is "with the ids 0 and 1" "$(ask a position),$(ask b position)" "0,1"
	tap_note "descriptors of a: $before before, $(descriptors a) after"
	talk_end a "power-off of a"
	talk_end b "power-off of b"
	gone "many deaths"
}

# The operator's own server: nobody starts it again but the operator.
test_death_of_own()
{
	server_key=,server=$socket
	rm -f "$socket"
	serve mine "$socket" --region "$region" -l 2M -n 2
	talk_start a -s "$device,vectors=2$server_key" || return 0
	talk_start b -s "$device,vectors=2$server_key" || return 0
	ask a open-all
	ask b open-all
	vm_signal mine KILL
	vm_wait mine
	tap_is "the operator's server is killed: they go on ringing" "$(both_ways a b 2)" ""
	sleep 1
	tap_is "nobody else has started one" "$(server_pids "$region")" ""
	tap_is "they still ring each other" "$(both_ways a b 2)" ""
	serve again "$socket" --region "$region" -l 2M -n 2
	tap_check "when it is back so are they" wait_until are_back 1 a b
	joins_all c 2 a b
	for name in a b c; do
		talk_end "$name" "power-off of $name"
	done
	end again
	gone "the operator's server"
}

test_errors
test_no_program
test_at_once
test_one_after_the_other
test_death
test_death_and_leave
test_death_in_a_race
test_many_deaths
test_killed
test_object
test_death_of_own
test_wrong_successor
test_waiting
tap_done
