# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# shellcheck disable=SC2034 # who calls it uses it

# find_input NAME PATH: sets $event to the device node of the input device with this name and, if one
# is given, this physical path.
find_input()
{
	for event in /sys/class/input/event*; do
		[ -r "$event/device/name" ] || continue
		[ "$(cat "$event/device/name")" = "$1" ] || continue
		[ -z "$2" ] || [ "$(cat "$event/device/phys")" = "$2" ] || continue
		event=/dev/input/${event##*/}
		return 0
	done
	die "there is no input device '$1'${2:+ at $2}: it is unplugged, or has another name"
}
