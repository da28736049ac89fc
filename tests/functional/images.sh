#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Files that cannot be booted: one line that names the file, the right exit status, nothing left.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"

hello=$samples/hello.elf

# refused NAME STATUS WORD OPTION...: the program ends with that status and one line with the word.
refused()
{
	refused_name=$1
	refused_status=$2
	refused_word=$3
	shift 3
	got=0
	timeout -s KILL "$vm_limit" "$acrn_dm" -m 32M -l com1,stdio -s "6,ivshmem,$region,2" "$@" vm \
		>"$work/out" 2>"$work/err" </dev/null || got=$?
	lines=$(wc -l <"$work/err" | tr -d ' ')
	named=no
	! grep -q -F -e "$refused_word" "$work/err" || named=yes
	tap_is "$refused_name" "status $got, $lines line, names it: $named, output: $(cat "$work/out")$(left_overs "$region")" \
		"status $refused_status, 1 line, names it: yes, output: "
	tap_note "$(cat "$work/err")"
}

# byte NUMBER...: little-endian bytes, by their decimal values.
bytes()
{
	for byte in "$@"; do
		# shellcheck disable=SC2059 # the format is the point
		printf "\\$(printf %03o "$byte")"
	done
}

# What passes for a bzImage of protocol 2.15 that takes command lines of up to 255 bytes: one sector of
# set-up, 64-bit entry, 65792 bytes of zeros as kernel.
make_bzimage()
{
	{
		head -c 497 /dev/zero
		bytes 1 0 0 16 16 0 0 0 0 0 0 0 0 85 170 235 102
		printf HdrS
		bytes 15 2 0 0 0 0 0 0 0 0 0 1
		head -c 30 /dev/zero
		bytes 0 0 32 0 1 21 1 0 255 0 0 0
		head -c 28 /dev/zero
		bytes 0 0 0 1 0 0 0 0 0 0 16 0
		head -c 412 /dev/zero
		head -c 65792 /dev/zero
	} >"$1"
}

test_files()
{
	refused "image: not there" 1 "$work/none" -k "$work/none"
	refused "image: a directory" 1 "$work" -k "$work"
	: >"$work/empty"
	refused "image: empty" 1 "$work/empty" -k "$work/empty"
	refused "image: empty, by -E" 1 "$work/empty" -E "$work/empty"
	refused "image: a text" 1 "$0" -k "$0"
	head -c 100000 /dev/urandom >"$work/noise"
	refused "image: noise" 1 "$work/noise" -k "$work/noise"
	head -c 100000 /dev/zero >"$work/zeros"
	refused "image: zeros" 1 "$work/zeros" -E "$work/zeros"
	refused "image: a device" 1 /dev/zero -k /dev/zero
	mkfifo "$work/fifo"
	refused "image: a FIFO" 1 "$work/fifo" -k "$work/fifo"
	ln -s loop "$work/loop"
	refused "image: a link to itself" 1 "$work/loop" -k "$work/loop"
	refused "image: its name has a newline" 1 "none" -k "$work/none
none"
	refused "image: none at all" 64 "-k"
	refused "image: two" 64 "-E" -k "$hello" -E "$hello"
	refused "image: an empty name" 64 "kernel" -k ""
}

# Either refused by one line, or good enough to run: never anything else.
cut_at()
{
	head -c "$3" "$2" >"$work/cut"
	got=0
	timeout -s KILL "$vm_limit" "$acrn_dm" -m 32M -l com1,stdio -s "6,ivshmem,$region,2" -k "$work/cut" vm \
		>"$work/out" 2>"$work/err" </dev/null || got=$?
	if [ "$got" = 1 ] && [ "$(wc -l <"$work/err" | tr -d ' ')" = 1 ] && grep -q -F "$work/cut" "$work/err"; then
		refusals=$((refusals + 1))
	elif [ "$got" != 0 ] || ! grep -q '^hello' "$work/out"; then
		bad="$bad
$1 cut at $3: status $got, $(cat "$work/err")"
	fi
}

test_truncated()
{
	bad=
	refusals=0
	size=$(wc -c <"$hello" | tr -d ' ')
	for length in 1 2 3 4 5 16 51 52 53 83 84 85 100 116 127 128 512 1000 4095 4096 4097 4108 8191 8192 \
		$((size / 4)) $((size / 2)) $((size * 3 / 4)) $((size - 4096)) $((size - 1)); do
		[ "$length" -gt 0 ] || continue
		cut_at ELF "$hello" "$length"
	done
	tap_is "truncated ELF images are refused by one line, or run" "$bad" ""
	tap_check "the short ones are refused ($refusals)" [ "$refusals" -ge 20 ]
	make_bzimage "$work/bzimage"
	bad=
	refusals=0
	for length in 496 497 498 510 511 512 514 515 518 519 530 600 1023 1024 1025 1535 1536 4096 65535 66815; do
		cut_at bzImage "$work/bzimage" "$length"
	done
	tap_is "truncated bzImages are refused by one line" "$bad $refusals" " 20"
	tap_note "$(cat "$work/err")"
}

test_memory()
{
	head -c 40000000 /dev/zero >"$work/big"
	refused "ramdisk: larger than memory" 1 "$work/big" -k "$hello" -r "$work/big"
	refused "ramdisk: not there" 1 "$work/none" -k "$hello" -r "$work/none"
	refused "ramdisk: a directory" 1 "$work" -k "$hello" -r "$work"
	: >"$work/empty"
	refused "ramdisk: empty" 1 "$work/empty" -k "$hello" -r "$work/empty"
	# Loaded from 0x10000000 on, where there is no memory of 32 MB.
	printf '\177ELF\001\001\001\000\000\000\000\000\000\000\000\000\002\000\003\000\001\000\000\000' >"$work/far"
	bytes 0 0 0 16 52 0 0 0 0 0 0 0 0 0 0 0 52 0 32 0 1 0 0 0 0 0 0 0 >>"$work/far"
	bytes 1 0 0 0 0 0 0 0 0 0 0 16 0 0 0 16 84 0 0 0 84 0 0 0 5 0 0 0 0 16 0 0 >>"$work/far"
	refused "ELF image: does not fit in memory" 1 "$work/far" -E "$work/far"
	long=$(head -c 100000 /dev/zero | tr '\0' x)
	refused "command line: too long" 64 "-B" -k "$hello" -B "$long"
	long=$(head -c 2047 /dev/zero | tr '\0' x)
	vm_run long -m 32M -l com1,stdio -k "$hello" -B "$long"
	tap_check "command line: the longest arrives" grep -q "$long" "$work/long.out"
	vm_is long 0 "command line: and the guest runs"
	refused "command line: one byte more" 64 "-B" -k "$hello" -B "${long}x"
	make_bzimage "$work/bzimage"
	refused "bzImage: a command line longer than it takes" 1 "$work/bzimage" -k "$work/bzimage" \
		-B "$(head -c 1000 /dev/zero | tr '\0' x)"
}

test_unreadable()
{
	cp "$hello" "$work/secret.elf"
	chmod 000 "$work/secret.elf"
	if [ "$(id -u)" -ne 0 ]; then
		refused "image: unreadable" 1 "$work/secret.elf" -k "$work/secret.elf"
		return
	fi
	if ! command -v setpriv >/dev/null || ! setpriv --reuid=65534 true 2>/dev/null; then
		tap_skip "image: unreadable" "there is no setpriv(1) to become another user with"
		return
	fi
	chmod 755 "$work"
	chmod 777 "$IVSHMEM_RUNTIME_DIR"
	got=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$acrn_dm" -m 32M -k "$work/secret.elf" vm \
		>"$work/out" 2>"$work/err" </dev/null || got=$?
	tap_is "image: unreadable" "$got $(cat "$work/err")" \
		"1 acrn-dm: $work/secret.elf: cannot open: Permission denied"
	chmod 700 "$IVSHMEM_RUNTIME_DIR"
}

test_files
test_truncated
test_memory
test_unreadable
tap_done
