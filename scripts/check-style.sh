#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What a machine can see of the style: shellcheck, lines of at most 100 columns in C files (a tab goes
# to the next multiple of 8), no blanks at the end of a line, the licence in the first lines. TAP.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)

# shellcheck source=tests/e2e/tap.sh
. "$root/tests/e2e/tap.sh"

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
trap 'exit 1' INT TERM HUP
cd "$root"

# What is in the repository or is about to be; without git, what is here.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git ls-files --cached --others --exclude-standard
else
	find . -type f ! -path './build/*' ! -path './.git/*' | sed 's,^\./,,'
fi | sort -u >"$temp/there"
while IFS= read -r file; do
	[ ! -f "$file" ] || echo "$file"
done <"$temp/there" >"$temp/files"

# files PATTERN: those whose names match it.
files()
{
	grep -E "$1" "$temp/files" || true
}

long_lines()
{
	while IFS= read -r file; do
		expand -t 8 "$file" | awk -v file="$file" 'length($0) > 100 {
			print file ":" NR ": " length($0) " columns"
		}'
	done
}

trailing_blanks()
{
	xargs -r grep -HnI '[[:blank:]]$' | sed 's/:\([0-9]*\):.*/:\1: blanks at the end/' || true
}

without_licence()
{
	while IFS= read -r file; do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: BSD-3-Clause' ||
			echo "$file: no SPDX-License-Identifier: BSD-3-Clause"
	done
}

report()
{
	if [ -z "$2" ]; then
		tap_pass "$1"
	else
		tap_fail "$1"
		tap_note "$2"
	fi
}

# expect_found NAME TEXT COMMAND: a file with this TEXT does not pass.
expect_found()
{
	printf '%b' "$2" >"$temp/planted.c"
	if [ -n "$(echo "$temp/planted.c" | "$3")" ]; then
		tap_pass "a planted $1 is found"
	else
		tap_fail "a planted $1 is found"
	fi
}

if command -v shellcheck >/dev/null 2>&1; then
	while IFS= read -r file; do
		report "shellcheck $file" "$(shellcheck -x "$file" 2>&1 || true)"
	done <<-EOF
	$(files '\.sh$')
	EOF
else
	tap_skip "shellcheck" "there is no shellcheck"
fi
report "lines of C files have at most 100 columns" "$(files '\.[chS]$' | long_lines)"
report "no blanks at the end of a line" \
	"$(files '(\.([chS]|sh|md|ld|asl|py|xml)|Makefile)$' | trailing_blanks)"
report "source files name the licence" "$(files '\.([chS]|sh)$' | without_licence)"

wide=$(printf '%093d' 0)
expect_found "line of 101 columns" "\\t$wide\\n" long_lines
expect_found "blank at the end" 'int x; \n' trailing_blanks
expect_found "tab at the end" 'int x;\t\n' trailing_blanks
expect_found "file without a licence" 'int x;\n' without_licence
tap_done
