#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Signals at any moment: the VM ends cleanly, says nothing and leaves nothing.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"

rounds=40
[ "${ACRN_DM_NESTED:-0}" = 0 ] || rounds=6

# running NAME WORDS [OPTION]...: a VM whose guest has started.
running()
{
	running_name=$1
	running_words=$2
	shift 2
	vm_start "$running_name" -m 32M -l com1,stdio -k "$guests/actions.elf" \
		-s "6,ivshmem,$region,2" -B "do=$running_words" "$@"
	vm_expect "$running_name" ready || true
}

silent()
{
	tap_is "$2" "$(cat "$work/$1.err")$(left_overs "$region")" ""
}

test_running()
{
	for signal in TERM INT HUP; do
		for guest in idle spin; do
			running "$signal" "$guest"
			vm_signal "$signal" "$signal"
			vm_wait "$signal"
			vm_is "$signal" 0 "SIG$signal ends a guest in \"$guest\""
			silent "$signal" "SIG$signal: nothing is said or left"
		done
	done
	running smp spin --cpus 4
	vm_signal smp TERM
	vm_wait smp
	vm_is smp 0 "SIGTERM ends a guest with 4 CPUs, 3 of which never started"
	running many idle
	for signal in TERM TERM INT HUP TERM; do
		vm_signal many "$signal" 2>/dev/null || true
	done
	vm_wait many
	vm_is many 0 "many signals at once count as one"
	silent many "many signals: nothing is said or left"
}

test_stop()
{
	running stopped spin
	vm_signal stopped STOP
	vm_signal stopped CONT
	tap_check "a VM goes on after SIGSTOP and SIGCONT" vm_alive stopped
	vm_signal stopped TERM
	vm_wait stopped
	vm_is stopped 0 "and ends by SIGTERM"
	running usr1 idle
	vm_signal usr1 USR1
	vm_wait usr1
	vm_is usr1 138 "a signal that means nothing here has its default action"
	rm -f "$(region_object "$region")" "$IVSHMEM_RUNTIME_DIR"/*.region
}

# As nohup(1) does.
test_ignored()
{
	real_acrn_dm=$acrn_dm
	acrn_dm=$work/nohup
	printf '#!/bin/sh\ntrap "" HUP\nexec "%s" "$@"\n' "$real_acrn_dm" >"$acrn_dm"
	chmod +x "$acrn_dm"
	running nohup idle
	acrn_dm=$real_acrn_dm
	vm_signal nohup HUP
	# It would have ended before it hears the next ones.
	vm_signal nohup STOP
	vm_signal nohup CONT
	tap_check "SIGHUP stays ignored if it was" still_alive nohup
	vm_signal nohup TERM 2>/dev/null || true
	vm_wait nohup
	vm_is nohup 0 "SIGTERM then ends it"
}

# A second is long for a VM that has nothing else to do than to end.
still_alive()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		vm_alive "$1" || return 1
		sleep 0.1
	done
}

# start_and_signal NAME SIGNAL ROUND: at a moment that differs from round to round.
start_and_signal()
{
	vm_start "$1" -m 32M -l com1,stdio -k "$guests/actions.elf" -s "6,ivshmem,$region,2,prefault" -B "do=idle"
	[ "$3" -lt 2 ] || sleep "0.0$(($3 % 4))$(($3 / 4))"
	vm_signal "$1" "$2" 2>/dev/null || true
	vm_wait "$1"
}

test_starting()
{
	bad=
	ended=0
	for round in $(seq "$rounds"); do
		start_and_signal starting TERM "$round"
		# Before it has its handlers it dies by the signal, and has made nothing yet.
		case $vm_status in
		0) ended=$((ended + 1)) ;;
		143) ;;
		*) bad="$bad $vm_status" ;;
		esac
		bad="$bad$(cat "$work/starting.err")$(left_overs "$region")"
	done
	tap_is "SIGTERM at $rounds moments of the start: clean each time" "$bad" ""
	tap_note "$ended of $rounds came late enough for status 0"
}

test_killed()
{
	for round in $(seq "$rounds"); do
		start_and_signal killed KILL "$round"
	done
	vm_guest after registers -s "6,ivshmem,$region,2" -B "slot=6"
	vm_is after 0 "after SIGKILL at $rounds moments of the start the region still can be used"
	silent after "and then nothing is left"
}

# In the middle of resets, each of which takes the machine down and up.
test_storm()
{
	bad=
	for round in $(seq $((rounds / 4))); do
		vm_start storm -m 32M --cpus 2 -l com1,stdio -k "$guests/actions.elf" \
			-s "6,ivshmem,$region,2" -B "do=reset value=6"
		vm_expect storm ready || true
		sleep "0.0$((round % 10))"
		vm_signal storm TERM
		vm_wait storm
		[ "$vm_status" = 0 ] || bad="$bad $vm_status"
		bad="$bad$(cat "$work/storm.err")$(left_overs "$region")"
	done
	tap_is "SIGTERM in the middle of resets: clean each time" "$bad" ""
}

test_running
test_stop
test_ignored
test_starting
test_killed
test_storm
tap_done
