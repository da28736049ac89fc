# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# shellcheck disable=SC2317 # reached through traps

# make_tap NAME: a network device for the VM, on the bridge acrn-br0 if there is one. One that exists
# already is used as it is, and stays.
taps=
make_tap()
{
	if [ -e "/sys/class/net/$1" ]; then
		say "the network device $1 is there already and is used as it is"
		return 0
	fi
	others=$taps
	taps="$1 $taps"
	if ! ip tuntap add dev "$1" mode tap; then
		taps=$others
		die "cannot make the network device $1"
	fi
	if [ -e /sys/class/net/acrn-br0 ]; then
		ip link set dev "$1" master acrn-br0 || die "cannot put $1 on the bridge acrn-br0"
	else
		say "there is no bridge acrn-br0: nothing is behind the network device $1"
	fi
	ip link set dev "$1" up || die "cannot switch the network device $1 on"
}

remove_taps()
{
	for tap in $taps; do
		ip link delete dev "$tap" || say "the network device $tap is left"
	done
}
