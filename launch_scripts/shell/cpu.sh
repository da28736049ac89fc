# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# cpu_with APIC_ID: the number of the CPU that is online with this id; none: nothing.
cpu_with()
{
	number=
	while read -r key _ value; do
		case $key in
		processor) number=$value ;;
		apicid) [ "$value" != "$1" ] || echo "$number" ;;
		esac
	done </proc/cpuinfo
}

# take_cpu APIC_ID: from the Service VM, for this VM alone. It stays away until the machine is started
# anew: the hypervisor has no way to give one back, so there is nothing to undo.
take_cpu()
{
	if [ ! -d /sys/devices/virtual/misc/acrn_hsm ]; then
		say "this is not the Service VM of ACRN: the CPU with APIC id $1 is not taken from it"
		return 0
	fi
	cpu=$(cpu_with "$1")
	if [ -z "$cpu" ]; then
		return 0
	fi
	if [ "$cpu" -eq 0 ]; then
		say "CPU 0 cannot be taken from the Service VM: the VM shares it"
		return 0
	fi
	online=/sys/devices/system/cpu/cpu$cpu/online
	# The kernel may refuse while it loads a driver.
	tries=10
	until { echo 0 >"$online"; } 2>/dev/null && [ "$(cat "$online")" = 0 ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || die "the kernel does not let go of CPU $cpu"
		sleep 1
	done
	if ! echo "$cpu" >/sys/devices/virtual/misc/acrn_hsm/remove_cpu; then
		echo 1 >"$online"
		die "the hypervisor does not take CPU $cpu from the Service VM"
	fi
}
