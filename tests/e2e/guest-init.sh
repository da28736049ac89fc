#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The first process of a Linux guest under test. It takes one shell command per line from the
# console, runs it, and ends its output with a line "@@ NUMBER STATUS", so that a test on the other
# side knows what belongs to which command. Number 0 says that the guest is up.
#
# On the kernel command line, what follows " -- " is run instead and the guest powers off.

/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm
mount -t tmpfs tmpfs /dev/shm
# Kernel messages would mix with the output of commands; dmesg still has them.
echo 1 >/proc/sys/kernel/printk
export PATH=/bin HOME=/root TERM=dumb
# A command fails if any part of it does.
# shellcheck disable=SC3040 # busybox knows it
set -o pipefail

# load NAME: insert a module of /modules and what it needs.
load()
{
	while read -r file; do
		[ -d "/sys/module/$(basename "$file" .ko)" ] || insmod "/modules/$file" || return 1
	done <"/modules/$1.order"
}

if [ $# -gt 0 ]; then
	"$@"
	poweroff -f
fi

stty -echo raw
number=0
echo
echo "@@ 0 0"
while IFS= read -r line; do
	number=$((number + 1))
	(eval "$line") </dev/null 2>&1
	printf '\n@@ %d %d\n' "$number" $?
done
poweroff -f
