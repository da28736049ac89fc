#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Run a command in a virtual machine that has a working /dev/kvm, on any x86 host.
#
# QEMU emulates an AMD processor with SVM in software, so a stock Debian kernel inside it loads
# kvm-amd, and full Linux guests run there even where the host has no KVM, or one that cannot.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
# shellcheck source=tests/e2e/image.sh
. "$root/tests/e2e/image.sh"

usage()
{
	cat <<-'END'
	usage: tests/e2e/nested.sh [OPTION]... -- COMMAND [ARGUMENT]...

	Runs COMMAND as root in the nested machine, in this tree's directory at the same path. It
	has the built programs, scripts/ and tests/, busybox as shell and tools, /dev/kvm, an empty
	/dev/shm and /run. Output comes out here; stdin is empty. Nothing in the machine survives.

	  --file SRC=DEST   also put a file or directory there; programs bring their libraries
	  --env NAME=VALUE  set an environment variable
	  --guest           also put a stock Debian guest into /guest (vmlinuz and initrd)
	  --mem MB          memory of the machine (default 2048)
	  --timeout SECONDS end it after that time (default 600)
	  --console FILE    keep the console of the machine's kernel there

	Exit status: that of COMMAND; 124 after the time limit; 125 if the machine could not be
	started or died; 64 for a bad option.
	  BUILD  where the built programs are (default: build)
	END
}

bad_usage()
{
	die 64 "$*; --help explains"
}

# quote WORDS...: one line that a shell reads as exactly these words.
quote()
{
	for word in "$@"; do
		printf "'%s' " "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"
	done
}

nl='
'
files=
environment=
guest=
mem=2048
limit=600
console=
while [ $# -gt 0 ]; do
	case $1 in
	--file | --env | --mem | --timeout | --console)
		[ $# -ge 2 ] || bad_usage "$1 needs a value"
		;;
	esac
	case $1 in
	--file)
		case $2 in
		?*=/?*) files="$files$2$nl" ;;
		*) bad_usage "--file '$2' is not SRC=/DEST" ;;
		esac
		shift
		;;
	--env)
		case $2 in
		[A-Za-z_]*=*) environment="$environment$(quote "$2")" ;;
		*) bad_usage "--env '$2' is not NAME=VALUE" ;;
		esac
		shift
		;;
	--guest) guest=yes ;;
	--mem) mem=$2; shift ;;
	--timeout) limit=$2; shift ;;
	--console) console=$2; shift ;;
	-h | --help) usage; exit 0 ;;
	--) shift; break ;;
	*) bad_usage "unknown option '$1'" ;;
	esac
	shift
done
[ $# -gt 0 ] || bad_usage "no command given after --"
case $mem$limit in
*[!0-9]* | '') bad_usage "--mem and --timeout take whole numbers" ;;
esac
command -v qemu-system-x86_64 >/dev/null ||
	die 125 "the nested machine needs qemu-system-x86_64: run scripts/install-deps.sh check"

build=${BUILD:-$root/build}
case $build in
/*) ;;
*) build=$PWD/$build ;;
esac
linux_tree=$("$root/tests/e2e/fetch.sh") || exit 125

work=$(mktemp -d)
qemu_pid=
# shellcheck disable=SC2317 # reached through the trap
clean_up()
{
	if [ -n "$qemu_pid" ]; then
		kill "$qemu_pid" 2>/dev/null || true
		wait "$qemu_pid" 2>/dev/null || true
	fi
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# The programs of the build directory, but not those of other builds below it, nor fuzzers, which
# are large.
add_programs()
{
	find "$build" \( -path "$build/san" -o -path "$build/cov" -o -path "$build/fuzz" \) -prune \
		-o -type f -perm -u+x -print | while IFS= read -r program; do
		image_add "$stage" "$program" "$root/build${program#"$build"}"
	done
}

make_image()
{
	stage=$work/stage
	image_new "$stage"
	image_add_modules "$stage" kvm-amd
	image_add "$stage" "$root/tests/e2e/nested-init.sh" /init
	image_add "$stage" "$root/scripts" "$root/scripts"
	image_add "$stage" "$root/tests" "$root/tests"
	image_add "$stage" "$root/launch_scripts/examples" "$root/launch_scripts/examples"
	[ ! -d "$build" ] || add_programs
	if [ -n "$guest" ]; then
		BUILD=$build "$root/tests/e2e/mkguest.sh" "$stage/guest"
	fi
	printf '%s' "$files" | while IFS= read -r pair; do
		image_add "$stage" "${pair%%=*}" "${pair#*=}"
	done
	mkdir -p "$stage/nested"
	{
		echo "cd $(quote "$root")"
		echo "exec env ACRN_DM_NESTED=1 $environment $(quote "$@")"
	} >"$stage/nested/command"
	image_pack "$stage" "$work/initrd"
	rm -rf "$stage"
}

# One processor: with several running at once QEMU 7.2 loses its way in emulated SVM now and then,
# and a guest, or the machine itself, crashes or hangs, whatever runs the guest. Without XSAVE,
# because a guest's XSETBV is not intercepted, so that KVM is mistaken about XCR0; and without
# 5-level page tables, which only cost time.
run_machine()
{
	# Through a pipe: QEMU would make a stdout that others share non-blocking.
	mkfifo "$work/output"
	cat "$work/output" &
	cat_pid=$!
	# Should this shell be killed, the machine must not live on.
	setpriv --pdeathsig TERM timeout -k 10 "$limit" qemu-system-x86_64 \
		-accel tcg -cpu max,-xsave,-avx,-avx2,-pku,-la57 -smp 1 -m "$mem" \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel "$linux_tree/vmlinuz" -initrd "$work/initrd" \
		-append "console=ttyS0 panic=-1 quiet mitigations=off" \
		-serial "file:${console:-$work/console}" -serial stdio -serial "file:$work/status" \
		</dev/null >"$work/output" 2>"$work/qemu-stderr" &
	qemu_pid=$!
	qemu_status=0
	wait "$qemu_pid" || qemu_status=$?
	qemu_pid=
	wait "$cat_pid" || true
}

make_image "$@"
run_machine

[ "$qemu_status" -ne 124 ] || die 124 "the nested machine was stopped after $limit seconds"
status=$(sed -n 's/^exit \([0-9][0-9]*\)$/\1/p' "$work/status" 2>/dev/null)
if [ -z "$status" ]; then
	tail -n 20 "$work/qemu-stderr" "${console:-$work/console}" >&2 || true
	die 125 "the nested machine ended without a result (QEMU's exit status was $qemu_status)"
fi
exit "$status"
