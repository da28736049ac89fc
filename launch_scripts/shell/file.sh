# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# need_file PATH PURPOSE
need_file()
{
	[ -r "$1" ] || die "cannot read '$1', which is $2"
}
