# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# shellcheck disable=SC2317 # reached through traps

# need_device ADDRESS
need_device()
{
	[ -d "/sys/bus/pci/devices/$1" ] || die "there is no PCI device $1, which the VM is to have"
}

need_pci_stub()
{
	[ -d /sys/bus/pci/drivers/pci-stub ] || need_program modprobe "loads the driver pci-stub"
}

load_pci_stub()
{
	[ -d /sys/bus/pci/drivers/pci-stub ] || modprobe pci_stub || die "cannot load the driver pci-stub"
}

# driver_of ADDRESS: the name of the driver that has the device; none: nothing.
driver_of()
{
	driver_link=$(readlink "/sys/bus/pci/devices/$1/driver") || return 0
	echo "${driver_link##*/}"
}

# take_device ADDRESS: from its driver, for the VM. Only this one: "new_id" would also give pci-stub
# all others of its kind that have no driver. What pci-stub has already is left to it.
devices=
take_device()
{
	driver=$(driver_of "$1")
	[ "$driver" != pci-stub ] || return 0
	devices="$1=$driver $devices"
	echo pci-stub >"/sys/bus/pci/devices/$1/driver_override" ||
		die "cannot choose a driver for the PCI device $1"
	if [ -n "$driver" ]; then
		echo "$1" >"/sys/bus/pci/drivers/$driver/unbind" ||
			die "the driver $driver does not let go of the PCI device $1"
	fi
	echo "$1" >/sys/bus/pci/drivers_probe || true
	[ "$(driver_of "$1")" = pci-stub ] || die "the driver pci-stub does not take the PCI device $1"
}

# Each to the driver that it was taken from.
give_devices_back()
{
	for device in $devices; do
		driver=${device#*=}
		device=${device%%=*}
		echo >"/sys/bus/pci/devices/$device/driver_override"
		if [ "$(driver_of "$device")" = pci-stub ]; then
			echo "$device" >/sys/bus/pci/drivers/pci-stub/unbind
		fi
		if [ -n "$driver" ] && [ "$(driver_of "$device")" != "$driver" ]; then
			echo "$device" >"/sys/bus/pci/drivers/$driver/bind" ||
				say "the driver $driver does not take the PCI device $device back"
		fi
	done
}
