# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# shellcheck disable=SC2317 # reached through traps

# mount_partition PARTITION: sets $mounted to the directory where it is then. That is in the list
# before it is made: a signal may end the script between any two commands.
mounts=
mounted=/run/acrn-launch.$$.
mount_partition()
{
	mounted=${mounted}x
	mounts="$mounted $mounts"
	mkdir "$mounted" || die "cannot make the directory $mounted"
	mount "$1" "$mounted" || die "cannot mount '$1' on $mounted"
}

unmount_partitions()
{
	for mounted in $mounts; do
		if grep -q " $mounted " /proc/mounts; then
			umount "$mounted" || say "a partition is left mounted on $mounted"
		fi
		[ ! -d "$mounted" ] || rmdir "$mounted" || say "the directory $mounted is left"
	done
}
