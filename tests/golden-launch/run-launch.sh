#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What acrn-launch-gen makes of files:
#
#   launch_scripts/examples/NAME/scenario.xml (and launch.xml if it is there), with board.xml beside
#     NAME, for each TARGET (acrn, kvm): expected/TARGET/ has the scripts, or expected/TARGET.err what
#     is wrong with that
#   tests/golden-launch/fail-*.xml is a scenario that does not hold: status 1, NAME.err is what is
#     said, and nothing is written
#
# "run-launch.sh --update" writes what the program does now; read the difference before committing it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "${BUILD:-build}" && pwd)
update=false
[ "${1:-}" != --update ] || update=true

# shellcheck source=tests/e2e/tap.sh
. "$root/tests/e2e/tap.sh"

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
trap 'exit 1' INT TERM HUP

# generate OPTION...: sets status; what it says is in $temp/said and $temp/err.
generate()
{
	status=0
	timeout 60 "$build/acrn-launch-gen" "$@" >"$temp/said" 2>"$temp/err" </dev/null || status=$?
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

# same WANTED GOT: files or directories, which must be equal; or makes the first one from the second.
same()
{
	if $update; then
		rm -rf "$1"
		mkdir -p "$(dirname "$1")"
		cp -R "$2" "$1"
	elif ! diff -ru "$1" "$2" >"$temp/diff" 2>&1; then
		why="$why; $(cat "$temp/diff")"
	fi
}

# Each line that --print prints is a command of acrn-dm, which reads the same out of it each time.
check_printed()
{
	generate "$@" --print
	expect "the status of --print" "$status" 0
	expect "the number of lines" "$(wc -l <"$temp/said" | tr -d ' ')" "$scripts"
	cp "$temp/said" "$temp/lines"
	while IFS= read -r line; do
		# The words are quoted for a shell, so a shell takes them apart again.
		eval "set -- ${line#acrn-dm }"
		if ! "$build/acrn-dm" --dump-config "$@" >"$temp/config" 2>&1; then
			why="$why; acrn-dm does not take $line: $(cat "$temp/config")"
			continue
		fi
		command=$(sed -n 's/^command: acrn-dm //p' "$temp/config")
		eval "set -- $command"
		"$build/acrn-dm" --dump-config "$@" >"$temp/again" 2>&1 || true
		cmp -s "$temp/config" "$temp/again" || why="$why; acrn-dm changes $line"
	done <"$temp/lines"
}

# check_example NAME TARGET: in the example's directory, whose files are in $inputs.
check_example()
{
	out=$temp/$1-$2
	# shellcheck disable=SC2086 # options
	generate $inputs "--hypervisor=$2" --out "$out"
	if [ "$status" -ne 0 ]; then
		expect "the status" "$status" 1
		[ ! -e "$out" ] || why="$why; something is written"
		same "expected/$2.err" "$temp/err"
		if $update; then rm -rf "expected/$2"; fi
		return 0
	fi
	expect "standard error" "$(cat "$temp/err")" ""
	same "expected/$2" "$out"
	if $update; then rm -f "expected/$2.err"; fi
	[ ! -e "expected/$2.err" ] || why="$why; it is not wrong any more"
	scripts=0
	for script in "$out"/*; do
		scripts=$((scripts + 1))
		expect "the mode of ${script##*/}" "$(stat -c %a "$script")" 755
		sh -n "$script" 2>"$temp/err" || why="$why; a shell says $(cat "$temp/err")"
	done
	# The same again, over what is there.
	cp -R "$out" "$temp/first"
	# shellcheck disable=SC2086
	generate $inputs "--hypervisor=$2" --out "$out"
	diff -r "$temp/first" "$out" >/dev/null 2>&1 || why="$why; a second run makes something else"
	rm -rf "$temp/first"
	# shellcheck disable=SC2086
	check_printed $inputs "--hypervisor=$2"
}

check_fail()
{
	generate --scenario "$1.xml" --out "$temp/out"
	expect "the status" "$status" 1
	expect "standard output" "$(cat "$temp/said")" ""
	[ ! -e "$temp/out" ] || why="$why; something is written"
	while IFS= read -r line; do
		case $line in
		"$1.xml:"[0-9]*": "* | "$1.xml: is empty"*) ;;
		*) why="$why; it says nowhere where: $line" ;;
		esac
	done <"$temp/err"
	same "$1.err" "$temp/err"
}

for example in "$root"/launch_scripts/examples/*/; do
	cd "$example"
	name=$(basename "$example")
	inputs="--board ../board.xml --scenario scenario.xml"
	[ ! -e launch.xml ] || inputs="$inputs --launch launch.xml"
	for target in acrn kvm; do
		why=
		check_example "$name" "$target"
		finish "$name, $target"
	done
done

cd "$here"
for scenario in fail-*.xml; do
	[ -e "$scenario" ] || continue
	why=
	check_fail "${scenario%.xml}"
	finish "${scenario%.xml}"
done
# A result whose case is gone would never be looked at again.
for result in *.err; do
	[ ! -e "$result" ] || [ -e "${result%.err}.xml" ] || tap_fail "$result has no .xml"
done
tap_done
