#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The command line of acrn-dm against files, one argument per line in NAME.args:
#
#   pass-*.args   is accepted; NAME.config is what --dump-config prints, and the command that it
#                 prints at its end gives the same once more
#   fail-*.args   is refused: status 64, NAME.err is the one line on stderr, and nothing was made
#   say-*.args    prints NAME.out and ends well
#
# "run.sh --update" writes what the program says now; read the difference before committing it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${BUILD:-build}" && pwd)
update=false
[ "${1:-}" != --update ] || update=true

# shellcheck source=tests/e2e/tap.sh
. "$here/../e2e/tap.sh"

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$temp/runtime" "$temp/cwd"
export IVSHMEM_RUNTIME_DIR="$temp/runtime"
cd "$temp/cwd"

# run_words FILE [WORD]...: the program with these words and those in the file; sets status, out, err.
run_words()
{
	words=$1
	shift
	while IFS= read -r word; do
		set -- "$@" "$word"
	done <"$words"
	status=0
	timeout 60 "$build/acrn-dm" "$@" >"$temp/out" 2>"$temp/err" </dev/null || status=$?
}

# matches WANTED GOT: compares two files, or makes the first one from the second.
matches()
{
	if $update; then
		cp "$2" "$1"
	elif ! diff -u "$1" "$2" >"$temp/diff" 2>&1; then
		why="$why; $(cat "$temp/diff")"
	fi
}

expect()
{
	[ "$2" = "$3" ] || why="$why; $1 is $2 instead of $3"
}

finish()
{
	if [ -z "$why" ]; then
		tap_pass "$1"
	else
		tap_fail "$1"
		tap_note "${why#; }"
	fi
}

# The object of a region is called after the first half of its name's SHA-256.
expect_nothing_made()
{
	expect "what is in the runtime directory" "$(ls -A "$temp/runtime")" ""
	expect "what is in the working directory" "$(ls -A "$temp/cwd")" ""
	grep -o 'dm:/[^,]*' "$1" >"$temp/names" || true
	while IFS= read -r name; do
		key=$(printf '%s' "$name" | sha256sum | cut -c 1-32)
		[ ! -e "/dev/shm/ivshmem-$key" ] || why="$why; $name has an object in /dev/shm"
	done <"$temp/names"
}

check_pass()
{
	run_words "$1.args" --dump-config
	expect "the status" "$status" 0
	expect "standard error" "$(cat "$temp/err")" ""
	matches "$1.config" "$temp/out"
	expect_nothing_made "$1.args"
	cp "$temp/out" "$temp/first"
	sed -n 's/^command: acrn-dm//p' "$temp/first" >"$temp/command"
	# The words are quoted for a shell, so a shell takes them apart again.
	if eval "set -- $(cat "$temp/command")" && [ $# -gt 0 ]; then
		"$build/acrn-dm" --dump-config "$@" >"$temp/out" 2>&1 || true
		cmp -s "$temp/first" "$temp/out" || why="$why; its command line means something else"
	else
		why="$why; it prints no command line"
	fi
}

check_fail()
{
	run_words "$1.args"
	expect "the status" "$status" 64
	expect "the number of lines on stderr" "$(wc -l <"$temp/err")" 1
	expect "standard output" "$(cat "$temp/out")" ""
	matches "$1.err" "$temp/err"
	expect_nothing_made "$1.args"
}

check_say()
{
	run_words "$1.args"
	expect "the status" "$status" 0
	expect "standard error" "$(cat "$temp/err")" ""
	matches "$1.out" "$temp/out"
}

for args in "$here"/*.args; do
	case=${args%.args}
	name=$(basename "$case")
	why=
	case $name in
	pass-*) check_pass "$case" ;;
	fail-*) check_fail "$case" ;;
	say-*) check_say "$case" ;;
	*) why="; the name begins with neither pass-, fail- nor say-" ;;
	esac
	finish "$name"
done
# What is known by name only, as the two helps list it: each is printed and each is refused.
expect_case()
{
	[ -e "$here/$1.args" ] || tap_fail "there is a case $1"
}
known=0
for name in $("$build/acrn-dm" -s help | sed '1,/^Known from ACRN/d'); do
	known=$((known + 1))
	expect_case "fail-absent-$name"
	grep -q "^not in this version: -s [0-9:.]*,$name: " "$here/pass-absent-classes.config" ||
		tap_fail "class $name is in pass-absent-classes"
done
for name in $("$build/acrn-dm" -h | sed -n '/^version; with one/,/^Options/s/^  --//p' | sed 's/ --/ /g'); do
	known=$((known + 1))
	expect_case "fail-upstream-$name"
	expect_case "pass-upstream-$name"
done
tap_is "all that is known by name only was looked at" "$((known > 40))" 1
# A result whose case is gone would never be looked at again.
for result in "$here"/*.config "$here"/*.err "$here"/*.out; do
	[ -e "${result%.*}.args" ] || tap_fail "$(basename "$result") has no .args"
done
tap_done
