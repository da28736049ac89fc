# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# shellcheck disable=SC2034 # who calls it uses it

# find_mac: sets $mac to the address of the first Ethernet port, from which those of the VM are made.
find_mac()
{
	for address in /sys/class/net/e*/address; do
		if [ -r "$address" ]; then
			read -r mac <"$address"
			return 0
		fi
	done
	die "there is no Ethernet port, from whose address the VM's could be made"
}
