# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# What tests look at in Linux guests: source it after tap.sh and guest.sh.
# shellcheck disable=SC2154 # build is the sourcing script's

# What lspci prints after the slot.
# shellcheck disable=SC2034
guest_lspci_line="RAM memory: Red Hat, Inc. Inter-VM shared memory (rev 01)"

# stop_if_dead NAME...: without these guests the rest makes no sense.
stop_if_dead()
{
	for name in "$@"; do
		if ! guest_wait_up "$name"; then
			tap_fail "$name reaches user space"
			guest_report "$name"
			tap_done
			exit 1
		fi
	done
}

# is NAME GUEST COMMAND WANTED: the command's output in the guest.
is()
{
	tap_is "$1" "$(guest_ask "$2" "$3" || echo "exit status $?")" "$4"
}

# does NAME GUEST COMMAND: the command's success in the guest.
does()
{
	tap_check "$1" guest_ask "$2" "$3"
}

crc32_of()
{
	gzip -1 -c | tail -c 8 | od -An -tx4 -N4 | tr -d ' \n'
}

# region_is_zero GUEST: all 2 MB of it.
region_is_zero()
{
	is "a new region is all zero" "$1" "ivshmem-access checksum 0 2M" \
		"$(dd if=/dev/zero bs=1M count=2 2>/dev/null | crc32_of)"
}

# uio_binds GUEST SLOT [-e PATTERN]...: the driver that needs to know nothing of the device takes it,
# and the kernel says nothing of it but what is usual or has one of the patterns.
uio_binds()
{
	guest=$1
	slot=$2
	shift 2
	device=0000:00:0$slot.0
	does "uio_pci_generic takes the device's id in slot $slot" "$guest" \
		"load uio_pci_generic && echo 1af4 1110 >/sys/bus/pci/drivers/uio_pci_generic/new_id"
	is "uio_pci_generic binds $device" "$guest" \
		"basename \$(readlink /sys/bus/pci/devices/$device/driver)" uio_pci_generic
	does "/dev/uio0 appears for $device" "$guest" "test -c /dev/uio0"
	# That there is no interrupt pin is meant so.
	is "the kernel complains of nothing else at $device" "$guest" \
		"dmesg | grep $device | grep -v -e '1af4:1110' -e 'reg 0x' -e 'BAR . \[mem 0x' \
		-e 'No IRQ assigned' $* || true" ""
}

# bar2_to GUEST SLOT HIGH LOW: program BAR2 as a driver does, with decode off.
bar2_to()
{
	guest_ask "$1" "setpci -s $2 COMMAND=0:2 && setpci -s $2 BASE_ADDRESS_2=$4 &&
		setpci -s $2 BASE_ADDRESS_3=$3 && setpci -s $2 COMMAND=2:2"
}
