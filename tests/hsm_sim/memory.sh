#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Guest memory on ACRN, whose kernel interface is simulated: it comes in pieces, slots run out, the
# hypervisor refuses, and the guest finds its memory all the same. Guests follow scripts; those that
# run, and move BARs more often than there are slots, are in tests/guest/bar-move.sh. TAP.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/hsm_sim/on_acrn.sh
. "$root/tests/hsm_sim/on_acrn.sh"
on_driver

IVSHMEM_RUNTIME_DIR=$temp/run
export IVSHMEM_RUNTIME_DIR
mkdir "$IVSHMEM_RUNTIME_DIR"
region=hsm-memory-$$
printf 'vm VM1\nvm SEVERE severity=high\n' >"$temp/scenario"

# dm OPTION... -- ARGUMENT...: acrn-dm under the simulator with its options, the guest's script on
# standard input, which may be empty. After its output a line for each result of a call that maps or
# unmaps, counted.
dm()
{
	dm_options=
	while [ "$1" != -- ]; do
		dm_options="$dm_options $1"
		shift
	done
	shift
	dm_status=0
	cat >"$temp/guest"
	[ ! -s "$temp/guest" ] || dm_options="$dm_options --guest $temp/guest"
	# shellcheck disable=SC2086 # options without blanks
	timeout -k 5 60 "$hsm_sim" --trace --scenario "$temp/scenario" \
		$dm_options -- "$build/acrn-dm" --hypervisor=acrn -E "$build/samples/hello.elf" \
		"$@" >"$temp/log" 2>&1 || dm_status=$?
	grep -Ev 'ATTACH_IOREQ_CLIENT|NOTIFY_REQUEST_FINISH' "$temp/log" | uniq
	sed -n 's/^hsm-sim: \(.*SET_MEMSEG: .*\)/\1/p' "$temp/log" | sort | uniq -c |
		sed 's/^ */counted: /'
	return "$dm_status"
}

off='out 2 0x604 0x2000'

# --- in pieces -------------------------------------------------------------------------------

# 600 and 512 MB are too many pages for the driver; 256, 256 and 88 are not.
for count in '3 SET_MEMSEG: 0' '2 SET_MEMSEG: Cannot allocate memory'; do
	expect "600 MB: $count" 0 "^counted: $count\$" dm -- -m 600M VM1 <<END
write 8 0xffffff8 0x1122334455667788
write 8 0x10000000 0x99aabbccddeeff00
read 8 0xffffff8 0x1122334455667788
read 8 0x10000000 0x99aabbccddeeff00
read 4 0x257ffffc 0
read 4 0x25800000 0xffffffff
$off
END
done

# 1 GB is above the devices and 2 GB are below, for which the driver is not asked too much again.
expect '3 GB' 0 '^counted: 2 SET_MEMSEG: Cannot' dm -- -m 3G VM1 <<END
write 4 0x7ffffffc 5
write 4 0x13ffffffc 6
read 4 0x80000000 0xffffffff
read 4 0x140000000 0xffffffff
$off
END

# A host that is short of memory in one piece: 64 MB at once.
fragmented='--fail SET_MEMSEG.3:ENOMEM --fail SET_MEMSEG.4:ENOMEM'
# shellcheck disable=SC2086
expect '600 MB on a fragmented host' 0 '^counted: 10 SET_MEMSEG: 0$' dm $fragmented -- \
	-m 600M VM1 <<END
write 4 0x257ffffc 5
$off
END

# Moved, it is one range to the hypervisor.
for count in '5 SET_MEMSEG: 0' '2 UNSET_MEMSEG: 0'; do
	expect "a region of 512 MB: $count" 0 "^counted: $count\$" dm -- -m 16M \
		-s "6,ivshmem,dm:/$region,512" VM1 <<END
write 4 0x80000100 5
write 4 0x9ffffffc 6
cfgwrite 4 6.0 0x18 0xa0000000
read 4 0xa0000100 5
read 4 0xbffffffc 6
read 4 0x80000100 0xffffffff
read 4 0x9ffffffc 0xffffffff
$off
END
done

expect 'pieces that fail take the others with them' 1 '^counted: 1 UNSET_MEMSEG: 0$' \
	dm --fail SET_MEMSEG.5:EIO -- -m 600M VM1 </dev/null
expect 'memory that is refused in any piece' 1 '^acrn-dm: .*at guest address 0x0: .*--hugepages 2M' \
	dm --fail SET_MEMSEG:ENOMEM -- -m 600M VM1 </dev/null

# --- slots run out ---------------------------------------------------------------------------

# 8 GB take 32 slots of 256; there are as many moves as there is room for, and a few more.
moves()
{
	echo 'write 8 0x80000100 0x1122334455667788'
	move=0
	while [ "$move" -lt 114 ]; do
		echo 'cfgwrite 4 6.0 0x18 0xa0000000'
		echo 'cfgwrite 4 6.0 0x18 0x90000000'
		move=$((move + 1))
	done
	cat <<END
read 4 0xa0000100 0xffffffff
read 4 0x80000100 0xffffffff
read 8 0x90000100 0x1122334455667788
write 4 0x90000104 0xc0ffee
read 2 0x90000103 0xee55
cfgwrite 4 6.0 0x10 0xa0000100	# BAR0, where BAR2 was often
write 4 0xa0000100 0x5aa5
read 4 0xa0000100 0x5aa5
cfgwrite 4 6.0 0x18 0x80000000
read 4 0x80000104 0xc0ffee
out 1 0xcf9 6
anew
read 8 0x80000100 0x00c0ffee55667788
$off
END
}

used_up()
{
	moves | dm -- -m 8G -s "6,ivshmem,dm:/$region,2" VM1
	echo "said $(grep -c 'cannot be mapped; .*256 map slots.*guest resets' "$temp/log") times"
}

expect 'the slots are used up: the guest reads on' 0 '^counted: 289 SET_MEMSEG: 0$' used_up
expect 'the slots are used up: that is said once' 0 '^said 1 times$' used_up

# --- the hypervisor refuses ------------------------------------------------------------------

# Nothing of it can be unmapped or mapped; what is there is used again, and no slot for it.
for count in '2 SET_MEMSEG: 0' '3 UNSET_MEMSEG: Operation not permitted' \
	'1 SET_MEMSEG: Operation not permitted'; do
	expect "a VM above the service VM: $count" 0 "^counted: $count\$" dm -- -m 16M \
		-s "6,ivshmem,dm:/$region,2" SEVERE <<END
write 4 0x80000100 5
cfgwrite 2 6.0 4 0
cfgwrite 2 6.0 4 2
read 4 0x80000100 5
cfgwrite 4 6.0 0x18 0xa0000000
read 4 0xa0000100 5
write 2 0xa0000102 6
cfgwrite 4 6.0 0x18 0x80000000
read 4 0x80000100 0x60005
$off
END
done

# A host that was short of memory when BAR2 was moved: used a lot, it is mapped after all.
expect 'memory that was refused is asked for again' 0 '^counted: 4 SET_MEMSEG: 0$' \
	dm --fail SET_MEMSEG.3:ENOMEM -- -m 16M -s "6,ivshmem,dm:/$region,2" VM1 <<END
write 4 0x80000100 5
cfgwrite 4 6.0 0x18 0x90000000
repeat 65535
read 4 0x90000100 5
write 4 0x90000100 6
write 4 0x90000100 7
cfgwrite 4 6.0 0x18 0x80000000
read 4 0x80000100 7
$off
END

"$build/ivshmemctl" remove "dm:/$region" >/dev/null 2>&1 || true
tap_done
