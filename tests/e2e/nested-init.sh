#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The first process of the nested machine. ttyS0 is the console of the kernel, ttyS1 carries the
# output of the command, ttyS2 its exit status.

/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=0755 tmpfs /run
chmod 1777 /tmp
ip link set lo up
# As systemd has it; the kernel's own is not enough for thousands of vectors.
# shellcheck disable=SC3045 # busybox has it
ulimit -Hn 1048576
export PATH=/bin:/usr/bin HOME=/root TERM=dumb

while read -r module; do
	insmod "/modules/$module"
done </modules/kvm-amd.order

# Raw, or the line discipline would put a carriage return before every newline.
stty -F /dev/ttyS1 raw -echo
stty -F /dev/ttyS2 raw -echo
sh /nested/command </dev/null >/dev/ttyS1 2>&1
status=$?
# Changing the mode waits until all output is out; then nothing can overtake it.
stty -F /dev/ttyS1 raw
echo "exit $status" >/dev/ttyS2
stty -F /dev/ttyS2 raw
poweroff -f
