#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every header compiles alone, twice in one file, under the guard that its path asks for. TAP.
# CC and HEADER_FLAGS (from the Makefile) say how to compile.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cc=${CC:-cc}
flags=${HEADER_FLAGS:--std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror}

# shellcheck source=tests/e2e/tap.sh
. "$root/tests/e2e/tap.sh"

# compiles DIRECTORY HEADER: quietly, or with the compiler's complaints.
compiles()
{
	# The flags are words.
	# shellcheck disable=SC2086
	printf '#include "%s"\n#include "%s"\n' "$2" "$2" |
		(cd "$1" && $cc $flags -I. -fsyntax-only -x c -)
}

# guard_is_good DIRECTORY HEADER: quietly, or with what it should be.
guard_is_good()
{
	guard=$(echo "$2" | tr 'a-z/.-' 'A-Z___')
	grep -qx "#ifndef $guard" "$1/$2" && grep -qx "#define $guard" "$1/$2" && return
	echo "$2: its guard should be $guard"
	return 1
}

# expect_fault NAME TEXT COMMAND: a header planted with this TEXT does not pass COMMAND.
expect_fault()
{
	printf '%b' "$2" >"$temp/lib/planted.h"
	if "$3" "$temp" lib/planted.h >/dev/null 2>&1; then
		tap_fail "a header $1 is found"
	else
		tap_pass "a header $1 is found"
	fi
}

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$temp/lib"

cd "$root"
find . -name '*.h' ! -path './build/*' ! -path './.git/*' | sed 's,^\./,,' | sort >"$temp/headers"
while IFS= read -r header; do
	case $header in
	samples/linux/*) needs=pciaccess.h ;;
	tests/*) needs=CUnit/CUnit.h ;;
	*) needs= ;;
	esac
	if [ -n "$needs" ] && ! echo "#include <$needs>" | $cc -fsyntax-only -x c - 2>/dev/null; then
		tap_skip "$header" "there is no $needs"
		continue
	fi
	if faults=$(compiles . "$header" 2>&1 && guard_is_good . "$header" 2>&1); then
		tap_pass "$header"
	else
		tap_fail "$header"
		tap_note "$faults"
	fi
done <"$temp/headers"

expect_fault "that needs another one before it" \
	'#ifndef LIB_PLANTED_H\n#define LIB_PLANTED_H\nextern uint64_t planted;\n#endif\n' compiles
expect_fault "that may not be included twice" 'enum planted { PLANTED };\n' compiles
expect_fault "under another guard" '#ifndef PLANTED_H\n#define PLANTED_H\n#endif\n' guard_is_good
tap_done
