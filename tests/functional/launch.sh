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
# Regions get names that no other test has: letters, digits and '_' can be in a scenario.
ours=test_$$

# make_scripts NAME [SED-COMMAND]: of an example, with this build's guests and regions of ours.
make_scripts()
{
	mkdir "$work/$1"
	sed "s|build/samples|$samples|; s|<NAME>\(.*\)</NAME>|<NAME>${ours}_\1</NAME>|; ${2:-}" \
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
	tap_is "dm-pair: nothing is left" "$(left_overs "dm:/${ours}_shm_a")" ""
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

# scan NAME NUMBER: what a VM of three-vms has on its bus, as slots with region ids.
scan()
{
	script_start "$1" three-vms "$2"
	script_wait "$1" three-vms
	found=$(sed -n 's/^\(00:[0-9a-f.]*\) 1af4:1110 .*:\([0-9a-f]*\)\r*$/\1=\2/p' "$work/$1.out" | tr '\n' ' ')
}

test_three_vms()
{
	make_scripts three-vms
	scan camera 1
	tap_is "three-vms: the camera's regions" "$found" "00:08.0=beef "
	scan gateway 2
	tap_is "three-vms: the gateway's are functions of one device" "$found" \
		"00:1e.0=beef 00:1e.1=bef0 "
	scan recorder 5
	tap_is "three-vms: the recorder's, one at a place that was found for it" "$found" \
		"00:03.0=bef0 00:04.0=beef "
}

# What README shows: from nothing to a pair.
test_from_nothing()
{
	mkdir "$work/new"
	new=$work/new/scenario.xml
	"$generator" region add "$new" "${ours}_frames" --size=2 --vectors=1 --vm=panel --vm=controller \
		--parameters="-k $samples/ivshmem-pair.elf -B slot=3"
	"$generator" region add "$new" "${ours}_settings" --size=4 --id=0x1000 --vm=panel --vm=controller
	"$generator" --scenario "$new" --hypervisor=kvm --out "$work/new/scripts" >/dev/null
	script_start panel new 1
	script_start controller new 2
	script_wait panel "from nothing"
	script_wait controller "from nothing"
	tap_is "from nothing: they have told each other" "$(checksum panel sent)" \
		"$(checksum controller received)"
	tap_is "from nothing: nothing is left" "$(left_overs "dm:/${ours}_settings")" ""
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
test_three_vms
test_from_nothing
test_signal
test_status
test_missing
tap_done
