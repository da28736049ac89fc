# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# shellcheck disable=SC2154 # root is the sourcing script's
# Starting virtual machines in tests: source it, after setting root. It sources scripts/lib.sh and
# tests/e2e/tap.sh, takes the script into the nested machine where /dev/kvm is not usable, and gives
#
#   $work        an own directory, removed at the end; the runtime directory of regions is in it
#   $acrn_dm     the program
#   $guests      the directory of the test guests, $samples that of the sample guests
#   $region      a name that no other test has; append to it
#
# Everything of a VM named N is in $work: N.out and N.err (its output), N.pid, N.status once waited for.
# Nothing waits for a time: limits only end what hangs, by SIGKILL, which gives status 137.

# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
# shellcheck source=tests/e2e/tap.sh
. "$root/tests/e2e/tap.sh"

build=${BUILD:-$root/build}
if ! kvm_usable && [ "${ACRN_DM_NESTED:-0}" = 0 ]; then
	exec "$root/tests/e2e/nested.sh" --timeout 900 -- "$0" "$@"
fi
if [ "${ACRN_DM_NESTED:-0}" != 0 ]; then
	build=$root/build
fi
shm_require
if [ ! -x "$build/acrn-dm" ] || [ ! -d "$build/tests/guest" ]; then
	die 1 "$build/acrn-dm or the test guests are not built: make check-guest does both"
fi

acrn_dm=$build/acrn-dm
guests=$build/tests/guest
# shellcheck disable=SC2034
samples=$build/samples
vm_limit=${VM_LIMIT:-120}
work=$(mktemp -d)
IVSHMEM_RUNTIME_DIR=$work/runtime
export IVSHMEM_RUNTIME_DIR
mkdir -m 700 "$IVSHMEM_RUNTIME_DIR"
# shellcheck disable=SC2034
region=dm:/test-${0##*/}-$$

# vm_on_acrn: does acrn-dm take ACRN here, which may be a simulated one?
vm_on_acrn()
{
	[ -c /dev/acrn_hsm ]
}

# vm_is_sanitized: is the program one of "make SAN=1"? Such ones need memory without measure.
vm_is_sanitized()
{
	grep -q __asan_init "$acrn_dm"
}

# Ends what is still there, by process id.
vm_kill_all()
{
	for vm_file in "$work"/*.pid; do
		if [ -s "$vm_file" ] && [ ! -e "${vm_file%.pid}.status" ]; then
			kill -9 "$(cat "$vm_file")" 2>/dev/null || true
		fi
	done
	wait
}

# region_object NAME: the path of the memory object behind dm:/NAME.
region_object()
{
	printf '/dev/shm/ivshmem-%s' \
		"$(printf 'acrn-ivshmem-region-v1\0%s' "${1#dm:/}" | sha256sum | cut -c 1-32)"
}

# What a killed VM left behind would stay for ever: the names of regions are never used again.
# shellcheck disable=SC2317 # reached through the trap
vm_clean_up()
{
	vm_kill_all
	for vm_record in "$IVSHMEM_RUNTIME_DIR"/*.region; do
		[ ! -e "$vm_record" ] || rm -f "$(sed -n 's/^path=//p' "$vm_record")"
	done
	# A test may have mounted or locked something there.
	rm -rf "$work"
}
trap vm_clean_up EXIT
trap 'exit 130' INT TERM HUP

# vm_start NAME OPTION...: in the background with no input. Waits only until its process exists.
vm_start()
{
	vm_name=$1
	shift
	vm_start_io "$vm_name" /dev/null "$work/$vm_name.out" "$@"
}

# vm_start_io NAME INPUT OUTPUT OPTION...: the same with files or FIFOs as console.
vm_start_io()
{
	vm_name=$1
	vm_in=$2
	vm_out=$3
	shift 3
	rm -f "$work/$vm_name.pid" "$work/$vm_name.status"
	# shellcheck disable=SC2016 # $$ is of the inner shell
	timeout -s KILL "$vm_limit" sh -c 'echo $$ >"$1.tmp"; mv "$1.tmp" "$1"; shift; exec "$@"' - \
		"$work/$vm_name.pid" "$acrn_dm" "$@" "$vm_name" \
		<"$vm_in" >"$vm_out" 2>"$work/$vm_name.err" &
	echo $! >"$work/$vm_name.job"
	until [ -s "$work/$vm_name.pid" ]; do
		sleep 0.01
	done
}

# vm_wait NAME: until it has ended; its exit status is in vm_status then.
vm_wait()
{
	vm_status=0
	wait "$(cat "$work/$1.job")" || vm_status=$?
	echo "$vm_status" >"$work/$1.status"
}

# vm_run NAME OPTION...: start and wait.
vm_run()
{
	vm_start "$@"
	vm_wait "$1"
}

# vm_guest NAME GUEST OPTION...: run a test guest (its name without .elf), -B among the options.
vm_guest()
{
	vm_name=$1
	vm_image=$guests/$2.elf
	shift 2
	vm_run "$vm_name" -m 64M -l com1,stdio --debugexit -k "$vm_image" "$@"
}

vm_pid()
{
	cat "$work/$1.pid"
}

# vm_alive NAME: its process has not ended (a zombie has).
vm_alive()
{
	case $(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$(vm_pid "$1")/status" 2>/dev/null) in
	'' | Z | X) return 1 ;;
	esac
}

# vm_expect NAME TEXT: wait until its output has TEXT; fails if it ends without, or hangs.
vm_expect()
{
	vm_deadline=$(($(date +%s) + vm_limit))
	while ! grep -q -e "$2" "$work/$1.out"; do
		if ! vm_alive "$1" || [ "$(date +%s)" -ge "$vm_deadline" ]; then
			grep -q -e "$2" "$work/$1.out"
			return
		fi
		sleep 0.02
	done
}

# vm_signal NAME SIGNAL
vm_signal()
{
	kill -s "$2" "$(vm_pid "$1")"
}

# vm_results NAME [PREFIX]: the results that a guest has printed (tests/guest/check.h) become ours.
vm_results()
{
	vm_prefix=${2:-}
	while IFS= read -r vm_line; do
		case $vm_line in
		'ok - '*) tap_pass "$vm_prefix${vm_line#ok - }" ;;
		'not ok - '*) tap_fail "$vm_prefix${vm_line#not ok - }" ;;
		'# '*) echo "$vm_line" ;;
		esac
	done <"$work/$1.out"
	if ! grep -q '^done' "$work/$1.out"; then
		tap_fail "$vm_prefix$1 runs to its end"
		vm_report "$1"
	fi
}

# vm_report NAME: its last words, as diagnostics.
vm_report()
{
	tap_note "exit status $(cat "$work/$1.status" 2>/dev/null || echo unknown), output:
$(tail -n 5 "$work/$1.out" | tr -d '\r')
standard error:
$(tail -n 5 "$work/$1.err")"
}

# vm_is NAME WANTED TEXT: the exit status of the VM that was waited for last, under a test's name.
vm_is()
{
	tap_is "$3" "$vm_status" "$2"
	[ "$vm_status" = "$2" ] || vm_report "$1"
}

# left_overs NAME: what there still is of the region dm:/NAME; nothing, usually.
left_overs()
{
	vm_object=$(region_object "$1")
	[ ! -e "$vm_object" ] || echo "$vm_object"
	find "$IVSHMEM_RUNTIME_DIR" -type f
}
