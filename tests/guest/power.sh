#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The ways in which a guest ends or restarts its machine, and what the exit status says.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"

# action NAME WORDS [OPTION]...: run the guest that does one thing.
action()
{
	action_name=$1
	action_words=$2
	shift 2
	vm_run "$action_name" -m 16M -l com1,stdio -k "$guests/actions.elf" -B "do=$action_words" "$@"
}

# one_line NAME TEST: a single line of messages.
one_line()
{
	tap_is "$2" "$(wc -l <"$work/$1.err" | tr -d ' ')" 1
}

silent()
{
	tap_is "$2" "$(cat "$work/$1.err")" ""
}

test_ends()
{
	action off power-off
	vm_is off 0 "power-off: exit status 0"
	silent off "power-off: nothing on standard error"
	action off5 power-off-5
	tap_is "a sleep type other than S5: nothing happens" "$(tail -n 1 "$work/off5.out")" "still here"
	action no-reboot "reset value=6" --no-reboot
	vm_is no-reboot 2 "reset with --no-reboot: exit status 2"
	action no-reboot-kbc reset-keyboard --no-reboot
	vm_is no-reboot-kbc 2 "reset by port 0x64 with --no-reboot: exit status 2"
}

test_debug_exit()
{
	for value in 0 1 16 127 128 255; do
		action "debug-$value" "debug-exit value=$value" --debugexit
		vm_is "debug-$value" $(((value << 1 | 1) & 255)) "debug exit with $value"
	done
	action debug-wide "debug-exit-wide value=0x12345602" --debugexit
	vm_is debug-wide 5 "debug exit by a write of 4 bytes: the lowest counts"
	action debug-none "debug-exit value=3"
	vm_is debug-none 0 "without --debugexit the port is ignored"
	tap_is "and the guest goes on" "$(tail -n 1 "$work/debug-none.out")" "no debug exit"
}

test_crashes()
{
	action triple triple-fault
	vm_is triple 4 "triple fault: exit status 4"
	one_line triple "triple fault: one line says so"
	action exception exception --debugexit
	vm_is exception 3 "an exception that the guest handles is its own business"
	# Some kernels give up there, others let the guest have an exception; ACRN ends the VM.
	action jump jump --debugexit
	case $vm_status in
	1 | 3) tap_pass "a jump to where there is no memory: an exception, or the end" ;;
	*)
		tap_check "a jump to where there is no memory: exit status $vm_status only on ACRN" \
			vm_on_acrn
		;;
	esac
	tap_is "a jump to where there is no memory: one line for the former" \
		"$(wc -l <"$work/jump.err" | tr -d ' ')" "$([ "$vm_status" = 3 ] && echo 0 || echo 1)"
	tap_note "$(cat "$work/jump.err")"
	action ports all-ports
	vm_is ports 0 "reading every port harms nothing"
}

test_resets()
{
	vm_guest six reset -s "6,ivshmem,$region,2" -B "resets=6"
	vm_results six
	tap_is "each life has been seen" "$(grep -c '^# next' "$work/six.out")" 6
	vm_guest smp reset --cpus 4 -s "6,ivshmem,$region,2" -B "resets=6 cpus=4"
	vm_results smp "with 4 busy CPUs, "
	tap_is "with 4 busy CPUs, each life has been seen" "$(grep -c '^# next' "$work/smp.out")" 6
}

# left_open RESETS: what the process of a VM has that may only grow if something leaks.
left_open()
{
	vm_start "storm-$1" -m 64M -l com1,stdio -k "$guests/reset.elf" -s "6,ivshmem,$region,2" \
		-B "resets=$1 quick=1 idle=1"
	vm_expect "storm-$1" "done" || true
	open_proc=/proc/$(vm_pid "storm-$1")
	echo "$(find "$open_proc/fd" | wc -l) descriptors, $(find "$open_proc/task" -maxdepth 1 | wc -l) tasks"
	wc -l <"$open_proc/maps" >"$work/mappings-$1"
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "$open_proc/status" >"$work/resident-$1"
	vm_signal "storm-$1" TERM
	vm_wait "storm-$1"
}

test_storm()
{
	resets=100
	[ "${ACRN_DM_NESTED:-0}" = 0 ] || resets=20
	left_open 4 >"$work/few"
	left_open "$resets" >"$work/many"
	vm_results "storm-$resets" "$resets in a row, "
	tap_is "$resets resets leave nothing open" "$(cat "$work/many")" "$(cat "$work/few")"
	few=$(cat "$work/mappings-4")
	many=$(cat "$work/mappings-$resets")
	# The C library makes one more now and then, for the memory of threads.
	tap_check "$resets resets leave nothing mapped ($few mappings after 4, $many)" \
		[ "$many" -lt $((few + 16)) ]
	few=$(cat "$work/resident-4")
	many=$(cat "$work/resident-$resets")
	if vm_is_sanitized; then
		tap_skip "$resets resets leave no memory behind" "a sanitizer keeps what was freed"
	else
		tap_check "$resets resets leave no memory behind ($few KiB after 4, $many KiB)" \
			[ "$many" -lt $((few + 4096)) ]
	fi
	vm_is "storm-$resets" 0 "SIGTERM after them: exit status 0"
	silent "storm-$resets" "nothing on standard error"
}

test_ends
test_debug_exit
test_crashes
test_resets
test_storm
tap_is "nothing of the region is left" "$(left_overs "$region")" ""
tap_done
