#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The console of a VM: input and output by pipes and files of any speed, and by a terminal.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"

pty_run=$build/tests/functional/pty-run
# Set as options once, for commands that start the program themselves.
vm_options="-m 16M -l com1,stdio -k $guests/actions.elf"

# sum_of FILE: what the guest calculates over its input.
sum_of()
{
	od -An -v -tu1 -w1 "$1" | awk '{ a = (a + $1) % 65521; b = (b + a) % 65521; n++ }
		END { printf "sum %d %.0f\n", n, b * 65536 + a }'
}

test_input()
{
	bytes=8192
	head -c "$bytes" /dev/urandom >"$work/input"
	wanted=$(sum_of "$work/input")

	# shellcheck disable=SC2086 # several options
	vm_start_io file "$work/input" "$work/file.out" $vm_options -B "do=sum value=$bytes"
	vm_wait file
	tap_is "$bytes bytes from a file arrive in order" "$(tail -n 1 "$work/file.out")" "$wanted"

	# More than a pipe holds: the writer has to wait for the guest.
	large=102400
	[ "${ACRN_DM_NESTED:-0}" = 0 ] || large=10240
	head -c "$large" /dev/urandom >"$work/large"
	mkfifo "$work/fifo"
	cat "$work/large" >"$work/fifo" &
	# shellcheck disable=SC2086
	vm_start_io pipe "$work/fifo" "$work/pipe.out" $vm_options -B "do=sum value=$large"
	vm_wait pipe
	tap_is "$large bytes from a pipe arrive in order" "$(tail -n 1 "$work/pipe.out")" \
		"$(sum_of "$work/large")"

	# The guest takes half of it: the other half stays with the writer.
	(cat "$work/input" /dev/zero | head -c 1000000) >"$work/fifo" 2>/dev/null &
	# shellcheck disable=SC2086
	vm_start_io half "$work/fifo" "$work/half.out" $vm_options -B "do=sum value=$bytes"
	vm_wait half
	tap_is "a guest that stops reading in the middle gets its part" \
		"$(tail -n 1 "$work/half.out")" "$wanted"
	vm_is half 0 "and ends well"

	printf 'hello\nquit\n' >"$work/lines"
	# shellcheck disable=SC2086
	vm_start_io lines "$work/lines" "$work/lines.out" $vm_options -B "do=echo"
	vm_wait lines
	tap_is "lines are echoed" "$(tr '\n' ' ' <"$work/lines.out")" "ready <HELLO> <QUIT> "
}

test_end_of_input()
{
	printf 'first\n' >"$work/short"
	# shellcheck disable=SC2086
	vm_start_io eof "$work/short" "$work/eof.out" $vm_options -B "do=echo"
	tap_check "a guest goes on after the end of its input" vm_expect eof '<FIRST>'
	tap_check "it still runs" vm_alive eof
	before=$(cpu_ticks eof)
	vm_signal eof STOP
	vm_signal eof CONT
	vm_signal eof TERM
	vm_wait eof
	vm_is eof 0 "SIGTERM ends it"
	tap_note "CPU ticks used: $before"

	# shellcheck disable=SC2086
	vm_start_io closed /dev/null "$work/closed.out" $vm_options -B "do=idle" <&-
	vm_expect closed ready || true
	tap_check "a guest with no standard input runs" vm_alive closed
	vm_signal closed TERM
	vm_wait closed
	vm_is closed 0 "and ends well"
}

cpu_ticks()
{
	sed 's/.*) //' "/proc/$(vm_pid "$1")/stat" | cut -d ' ' -f 12,13
}

# An idle VM whose input has ended must not spin over it.
test_idle()
{
	# shellcheck disable=SC2086
	vm_start_io idle /dev/null "$work/idle.out" $vm_options -B "do=idle"
	vm_expect idle ready || true
	sleep 1
	before=$(cpu_ticks idle | awk '{ print $1 + $2 }')
	sleep 2
	after=$(cpu_ticks idle | awk '{ print $1 + $2 }')
	vm_signal idle TERM
	vm_wait idle
	tap_check "an idle VM with no more input leaves the processor alone ($((after - before)) ticks in 2 s)" \
		[ $((after - before)) -lt 60 ]
}

# flood_wanted BYTES: what the guest prints.
flood_wanted()
{
	echo ready
	awk -v n="$(($1 / 16))" 'BEGIN { for (i = 0; i < n; i++) printf "line %010d\n", i }'
}

test_output()
{
	bytes=16384
	flood_wanted "$bytes" >"$work/wanted"
	# shellcheck disable=SC2086
	vm_run flood $vm_options -B "do=flood value=$bytes"
	vm_is flood 0 "a guest prints $bytes bytes to a file"
	tap_check "all of them are there" cmp "$work/flood.out" "$work/wanted"
}

# check_blast NAME BYTES WHO: what was printed and what is said to be lost make the whole.
check_blast()
{
	lost=$(sed -n 's/.*[^0-9]\([0-9]*\) bytes of the guest.s output were lost.*/\1/p' "$work/$1.err")
	tap_is "$3 gets all but what is reported as lost" \
		"$(($(wc -c <"$work/$1.out") + ${lost:-0}))" $(($2 + 6))
	tap_note "${lost:-0} bytes lost"
}

test_no_reader()
{
	exec 3<>"$work/fifo"
	# shellcheck disable=SC2086
	vm_start_io stuck /dev/null "$work/fifo" $vm_options -B "do=blast value=139264"
	vm_wait stuck
	vm_is stuck 0 "a reader that never reads does not stop the VM"
	exec 4<"$work/fifo" 3>&-
	cat <&4 >"$work/stuck.out"
	exec 4<&-
	check_blast stuck 139264 "a reader that comes after the end"
	tap_check "the loss is told once, and summed up" [ "$(wc -l <"$work/stuck.err")" -le 2 ]
}

test_closed_output()
{
	# shellcheck disable=SC2086
	{ "$acrn_dm" $vm_options -B "do=blast value=8192" closed 2>"$work/closed.err" || true
		echo ended >"$work/closed.done"; } | head -c 100 >"$work/closed.out"
	tap_is "a closed output does not end the VM before its guest does" \
		"$(cat "$work/closed.done")" ended
	status=0
	# shellcheck disable=SC2086
	"$acrn_dm" $vm_options -B "do=flood value=4096" full >/dev/full 2>"$work/full.err" || status=$?
	tap_check "output to a full device is reported, and no more than that ($status)" \
		grep -q "standard output" "$work/full.err"
	status=0
	# shellcheck disable=SC2086
	"$acrn_dm" $vm_options -B "do=power-off" none >&- 2>"$work/none.err" || status=$?
	tap_check "with no standard output the VM still ends by itself ($status)" [ "$status" -lt 2 ]
	# Nothing reads standard error either.
	status=0
	# shellcheck disable=SC2086
	"$acrn_dm" $vm_options -B "do=power-off" none </dev/null >/dev/null 2>&- || status=$?
	tap_is "with no standard error too" "$status" 0
}

# on_terminal NAME WANTED STEP...: the steps of pty-run, -- and further options of the VM.
on_terminal()
{
	terminal_name=$1
	terminal_wanted=$2
	shift 2
	# shellcheck disable=SC2086
	"$pty_run" "$@" >"$work/terminal.out" 2>"$work/terminal.err" || terminal_wanted="no step too late"
	tap_is "$terminal_name" "$(tail -n 1 "$work/terminal.out" | sed 's/^pty-run: //')" "$terminal_wanted"
	[ "$(tail -n 1 "$work/terminal.out")" = "pty-run: $terminal_wanted" ] ||
		tap_note "$(cat "$work/terminal.out" "$work/terminal.err")"
}

test_terminal()
{
	run="$acrn_dm $vm_options"
	good="status 0, terminal restored"
	# shellcheck disable=SC2086
	{
	on_terminal "terminal: what is typed reaches the guest, raw" "$good" \
		-a ready -m raw -s "abc
" -a "<ABC>" -s "quit
" -- $run -B "do=echo" vm
	on_terminal "terminal: Ctrl-C goes to the guest" "$good" \
		-a ready -m raw -c c -s "x
" -a "X>" -s "quit
" -- $run -B "do=echo" vm
	on_terminal "terminal: Ctrl-A x ends the VM" "$good" -a ready -m raw -c a -s x -- $run -B "do=spin" vm
	on_terminal "terminal: Ctrl-A x ends a guest that never reads" "$good" \
		-a ready -m raw -s "$(head -c 1000 /dev/zero | tr '\0' 'z')" -c a -s x -- $run -B "do=spin" vm
	for signal in 15 2 1; do
		on_terminal "terminal: restored after signal $signal" "$good" \
			-a ready -m raw -k "$signal" -- $run -B "do=idle" vm
	done
	for signal in 3 6 11; do
		# A sanitizer has its own idea of a segmentation fault.
		if [ "$signal" = 11 ] && vm_is_sanitized; then
			continue
		fi
		on_terminal "terminal: restored after signal $signal" \
			"status $((128 + signal)), terminal restored" \
			-a ready -m raw -k "$signal" -- $run -B "do=idle" vm
	done
	on_terminal "terminal: restored after a crash of the guest" "status 4, terminal restored" \
		-- $run -B "do=triple-fault" vm
	on_terminal "terminal: restored after power-off" "$good" -a ready -- $run -B "do=power-off" vm
	on_terminal "terminal: restored after a debug exit" "status 7, terminal restored" \
		-a ready -- $run --debugexit -B "do=debug-exit value=3" vm
	on_terminal "terminal: restored after a bad image" "status 1, terminal restored" \
		-- "$acrn_dm" -m 16M -l com1,stdio -k "$0" vm
	on_terminal "terminal: cooked while stopped, raw when continued" "$good" \
		-a ready -m raw -k 20 -t -m cooked -k 18 -m raw -s "quit
" -- $run -B "do=echo" vm
	on_terminal "terminal: hanging up ends the VM" "status 0, terminal gone" -a ready -m raw -u -- $run -B "do=idle" vm
	}
}

test_input
test_end_of_input
test_idle
test_output
test_no_reader
test_closed_output
test_terminal
tap_done
