# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# The head of every script. Each file in this directory goes into the scripts that need it, without
# the lines before its first empty one.

say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die()
{
	say "$*"
	exit 1
}

# need_program NAME PURPOSE
need_program()
{
	command -v "$1" >/dev/null 2>&1 || die "there is no program '$1', which $2"
}
