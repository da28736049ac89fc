#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Generated scripts start virtual machines that really share what the scenario says.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"

generator=$build/acrn-launch-gen
examples=$root/launch_scripts/examples
ACRN_DM=$acrn_dm
export ACRN_DM
# Scenarios call regions after words of letters, digits and '_'.
region=dm:/test_launch_$$

# make_scripts NAME [SED-COMMAND]: of an example, with this build's guests and a region of ours.
make_scripts()
{
	mkdir "$work/$1"
	sed "s|build/samples|$samples|; s|<NAME>.*</NAME>|<NAME>${region#dm:/}</NAME>|; ${2:-}" \
		"$examples/$1/scenario.xml" >"$work/$1/scenario.xml"
	"$generator" --board "$examples/board.xml" --scenario "$work/$1/scenario.xml" \
		--hypervisor=kvm --out "$work/$1/scripts" >/dev/null
}

# script_start NAME EXAMPLE NUMBER: as vm_start does.
script_start()
{
	acrn_dm=$work/$2/scripts/launch_user_vm_id$3.sh
	vm_start "$1"
	acrn_dm=$ACRN_DM
}

script_wait()
{
	vm_wait "$1"
	vm_is "$1" 0 "$2: $1 ends well"
	tap_is "$2: $1 says nothing besides" "$(cat "$work/$1.err")" ""
}

# checksum NAME sent|received
checksum()
{
	sed -n "s/^ivshmem-pair: PASS.*checksum.* \([0-9a-f]*\) $2.*/\1/p" "$work/$1.out"
}

test_dm_pair()
{
	make_scripts dm-pair
	script_start panel dm-pair 1
	script_start controller dm-pair 2
	script_wait panel dm-pair
	script_wait controller dm-pair
	tap_check "dm-pair: each has its own slot" grep -q "device 00:08.0" "$work/panel.out"
	tap_check "dm-pair: the other one another" grep -q "device 00:0a.0" "$work/controller.out"
	tap_check "dm-pair: the region's id is known" grep -q "id 0x1000" "$work/controller.out"
	tap_is "dm-pair: what one has sent the other has received" \
		"$(checksum panel sent) $(checksum controller sent)" \
		"$(checksum controller received) $(checksum panel received)"
	tap_check "dm-pair: something was sent" test -n "$(checksum panel sent)"
	tap_is "dm-pair: nothing is left" "$(left_overs "$region")" ""
}

test_doorbell_pair()
{
	make_scripts doorbell-pair
	script_start left doorbell-pair 1
	script_start right doorbell-pair 2
	script_wait left doorbell-pair
	script_wait right doorbell-pair
	for name in left right; do
		tap_check "doorbell-pair: $name has lost no ring" \
			grep -q "^doorbell-pingpong: PASS .*none lost, none made up" "$work/$name.out"
		tap_check "doorbell-pair: $name has two vectors" grep -q "2 of 2 vectors" \
			"$work/$name.out"
	done
}

# A VM that waits for nobody.
test_signal()
{
	for signal in TERM INT HUP; do
		script_start panel dm-pair 1
		vm_expect panel "region of" || true
		vm_signal panel "$signal"
		script_wait panel "SIG$signal to the script"
	done
}

test_status()
{
	rm -rf "$work/dm-pair"
	make_scripts dm-pair "s|name=panel|name=panel timeout=1|"
	script_start panel dm-pair 1
	vm_wait panel
	vm_is panel 3 "a guest that fails: its status is passed on"
}

test_missing()
{
	script=$work/dm-pair/scripts/launch_user_vm_id1.sh
	ACRN_DM=$work/no-such expect "without a device model" 1 "no program '$work/no-such'" "$script"
	rm -rf "$work/dm-pair"
	make_scripts dm-pair "s|$samples|$work/no-such|"
	expect "without its kernel" 1 "cannot read '$work/no-such/ivshmem-pair.elf'" "$script"
}

test_dm_pair
test_doorbell_pair
test_signal
test_status
test_missing
tap_done
