#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# acrn-dm on ACRN, whose kernel interface is simulated: each call is checked, guests follow scripts.
# What a guest's code would do on real processors is not seen here. TAP.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/hsm_sim/on_acrn.sh
. "$root/tests/hsm_sim/on_acrn.sh"
on_driver

IVSHMEM_RUNTIME_DIR=$temp/run
export IVSHMEM_RUNTIME_DIR
mkdir "$IVSHMEM_RUNTIME_DIR"
region=hsm-sim-$$
cat >"$temp/scenario" <<END
vm VM1
vm VM2 vcpus=2
vm SEVERE severity=high
region hv:/shm 2 0x1234
region hv:/more 4 0x10
END

# COM1 interrupts when it is enabled to and can be written to, and again.
severe()
{
	dm -- -l com1,stdio SEVERE >"$temp/severe.log" 2>&1 <<END
out 1 0x3fc 8
out 1 0x3f9 2
out 1 0x3f8 0x2e
out 1 0x3f8 0x2e
in 1 0x3fa any
out 1 0x3f8 0x2e
out 2 0x604 0x2000
END
	echo "$(grep -c 'lets nobody interrupt' "$temp/severe.log") warning"
	cat "$temp/severe.log"
}

# dm OPTION... -- ARGUMENT...: acrn-dm under the simulator with its options, and the guest's script
# on standard input, which may be empty: then the guest does nothing.
dm()
{
	dm_options=
	while [ "$1" != -- ]; do
		dm_options="$dm_options $1"
		shift
	done
	shift
	cat >"$temp/guest"
	[ ! -s "$temp/guest" ] || dm_options="$dm_options --guest $temp/guest"
	# shellcheck disable=SC2086 # options without blanks
	timeout -k 5 20 "$hsm_sim" --scenario "$temp/scenario" $dm_options -- \
		"$build/acrn-dm" --hypervisor=acrn -m 16M -E "$build/samples/hello.elf" "$@"
}

expect 'a guest powers the VM off' 0 '^hsm-sim: close$' dm --trace -- VM1 <<END
out 2 0x604 0x2000
END

expect 'COM1 says what the guest writes' 0 'OK' dm -- -l com1,stdio VM1 <<END
in 1 0x3fd 0x60
out 1 0x3f8 0x4f
out 1 0x3f8 0x4b
out 2 0x604 0x2000
END

expect 'a guest resets the VM' 0 '^hsm-sim: guest: line 4: cfgread' dm --trace -- \
	-s "6,ivshmem,dm:/$region,2" VM1 <<END
cfgread 4 6.0 0 0x11101af4
out 1 0xcf9 6
anew
cfgread 4 6.0 0 0x11101af4
out 2 0x604 0x2000
END

expect 'a guest crashes' 4 'triple fault' dm -- VM1 <<END
out 2 0x404 0x3400
END

expect 'a signal ends the VM' 0 '^hsm-sim: DESTROY_VM: 0$' dm --trace -- VM1 <<END
in 1 0x3fd any
stop
END

expect 'two vCPUs' 0 '^hsm-sim: guest: line 4: in' dm --trace -- --cpus 2 VM2 <<END
in 1 0x3fd any
vcpu 1
cfgread 4 0.0 0 any
in 1 0x3fd any
vcpu 0
out 2 0x604 0x2000
END

expect 'what is not there reads all ones' 0 '' dm -- VM1 <<END
in 4 0x5000 0xffffffff
in 1 0x5000 0xff
read 8 0xd0000000 0xffffffffffffffff
read 2 0xd0000000 0xffff
cfgread 4 17.0 0 0xffffffff
write 4 0xd0000000 1
out 2 0x604 0x2000
END

expect 'configuration space as memory' 0 '' dm -- -s "6,ivshmem,dm:/$region,2" VM1 <<END
read 4 0xe0030000 0x11101af4
out 2 0x604 0x2000
END

expect 'configuration space by ports' 0 '' dm -- -s "6,ivshmem,dm:/$region,2" VM1 <<END
out 4 0xcf8 0x80003000
in 4 0xcf8 0x80003000
in 4 0xcfc 0x11101af4
in 2 0xcfe 0x1110
out 4 0xcf8 0x3000
in 4 0xcfc 0xffffffff
out 2 0x604 0x2000
END

# A count of 1 is over by the time of the next access.
expect 'the timer chip interrupts' 0 '^hsm-sim: SET_IRQLINE: 0$' dm --trace -- VM1 <<END
out 1 0x43 0x30
out 1 0x40 1
out 1 0x40 0
in 1 0x40 any
in 1 0x61 any
out 2 0x604 0x2000
END

# Registers, memory, and memory that moves away and back again.
expect 'a dm:/ device' 0 '' dm -- -s "6,ivshmem,dm:/$region,2,0x77" VM1 <<END
cfgread 2 6.0 0x2e 0x77
cfgread 4 6.0 0x10 =bar0&0xfffffff0
cfgread 4 6.0 0x18 =bar2&0xfffffff0
write 4 \$bar0 0x5
read 4 \$bar0 0x5
read 4 \$bar0+8 0
write 4 \$bar2+0x100 0xc0ffee
read 4 \$bar2+0x100 0xc0ffee
cfgwrite 4 6.0 0x18 0x90000000
read 4 0x90000100 0xc0ffee
read 4 \$bar2+0x100 0xffffffff
cfgwrite 4 6.0 0x18 \$bar2
read 4 \$bar2+0x100 0xc0ffee
out 2 0x604 0x2000
END

# The device rings itself: BAR1 entry 0 opens the vector, the server gives the id.
expect 'a dm:/ device with doorbells' 0 '' dm -- \
	-s "6,ivshmem,dm:/$region-bells,2,vectors=2" VM1 <<END
cfgread 4 6.0 0x10 =bar0&0xfffffff0
cfgread 4 6.0 0x14 =bar1&0xfffffff0
cfgread 1 6.0 0x34 =cap
cfgwrite 2 6.0 4 6
read 4 \$bar0+8 0
write 4 \$bar1+0 0xfee00000
write 4 \$bar1+4 0
write 4 \$bar1+8 0x41
write 4 \$bar1+12 0
cfgwrite 2 6.0 \$cap+2 0x8000
nomsi 0xfee00000 0x41
write 4 \$bar0+12 0
msi 0xfee00000 0x41
write 4 \$bar0+12 0xffff0000	# nobody
write 4 \$bar0+12 1		# the other vector: masked
write 4 \$bar1+28 1
write 4 \$bar0+12 0
msi 0xfee00000 0x41
cfgwrite 2 6.0 \$cap+2 0
write 4 \$bar0+12 0
read 4 \$bar0+8 0
nomsi 0xfee00000 0x41
out 2 0x604 0x2000
END

# Two VMs: the second one rings the first one, which says in memory that it was rung.
bell_guest()
{
	cat <<END
cfgread 4 6.0 0x10 =bar0&0xfffffff0
cfgread 4 6.0 0x14 =bar1&0xfffffff0
cfgread 4 6.0 0x18 =bar2&0xfffffff0
cfgread 1 6.0 0x34 =cap
cfgwrite 2 6.0 4 6
read 4 \$bar0+8 $1
write 4 \$bar1+16 0xfee00000
write 4 \$bar1+20 0
write 4 \$bar1+24 0x51
write 4 \$bar1+28 0
cfgwrite 2 6.0 \$cap+2 0x8000
END
}

ringing()
{
	{
		bell_guest 0
		echo "write 4 \$bar2 0x600d	# line 12"
		echo "msi 0xfee00000 0x51"
		echo "write 4 \$bar2+4 0x1dea"
		echo "out 2 0x604 0x2000"
	} | dm --trace -- -s "6,ivshmem,dm:/$region-pair,2,vectors=2" VM1 >"$temp/first.log" 2>&1 &
	first=$!
	tries=0
	until grep -q 'guest: line 12' "$temp/first.log" || [ "$tries" -eq 200 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	ringing_status=0
	{
		bell_guest 1
		echo "until 4 \$bar2 0x600d"
		echo "write 4 \$bar0+12 1	# peer 0, vector 1"
		echo "until 4 \$bar2+4 0x1dea"
		echo "out 2 0x604 0x2000"
	} | temp=$temp/second dm -- -s "6,ivshmem,dm:/$region-pair,2,vectors=2" VM2 ||
		ringing_status=$?
	wait "$first" || ringing_status=$?
	cat "$temp/first.log"
	return "$ringing_status"
}

mkdir "$temp/second"
cp "$temp/scenario" "$temp/second"
expect 'two VMs: one rings the other' 0 'guest: line 14: write' ringing

# hv_bars SLOT: what a guest does to see an hv:/ device, whose BARs it finds in $bar0, 1 and 2.
hv_bars()
{
	cat <<END
cfgread 4 $1.0 0x10 =bar0&0xfffffff0
cfgread 4 $1.0 0x14 =bar1&0xfffffff0
cfgread 4 $1.0 0x18 =bar2&0xfffffff0
cfgwrite 4 $1.0 0x10 \$bar0
cfgwrite 4 $1.0 0x14 \$bar1
cfgwrite 4 $1.0 0x18 \$bar2
END
}

expect 'an hv:/ device' 0 '' dm -- -s 7,ivshmem,hv:/shm,2 VM1 <<END
cfgread 4 7.0 0 0x11101af4
cfgread 4 7.0 4 0x00100000
cfgread 4 7.0 8 0x05000001
cfgread 1 7.0 0x0e 0x80
cfgread 4 7.0 0x2c 0x12348086
cfgwrite 2 7.0 4 6
cfgread 4 7.0 4 0x00100006
$(hv_bars 7)
read 4 \$bar0+8 1
write 4 \$bar0+8 7	# the id stays
read 4 \$bar0+8 1
write 4 \$bar0+4 0xabcdef
read 4 \$bar0+4 0xabcdef
read 2 \$bar0+4 0	# neither half nor two registers
read 8 \$bar0+4 0
write 1 \$bar0+4 1
read 4 \$bar0+4 0xabcdef
write 4 \$bar0+16 5
read 4 \$bar0+16 0
write 4 \$bar2+0x1ffffc 0xc0ffee
read 4 \$bar2+0x1ffffc 0xc0ffee
write 8 \$bar2+8 0x1122334455667788
read 4 \$bar2+12 0x11223344
out 2 0x604 0x2000
END

# Only what the guest writes is mapped; all ones are a question.
expect 'BARs of an hv:/ device' 0 '' dm -- -s 7,ivshmem,hv:/shm,2 VM1 <<END
cfgread 4 7.0 0x10 =bar0&0xfffffff0
cfgread 4 7.0 0x14 =bar1&0xfffffff0
cfgread 4 7.0 0x18 =bar2&0xfffffff0
read 4 \$bar0+8 0xffffffff
read 4 \$bar1+12 0xffffffff
read 4 \$bar2 0xffffffff
cfgwrite 4 7.0 0x10 0xffffffff
cfgread 4 7.0 0x10 0xffffff00
read 4 \$bar0+8 0xffffffff
cfgwrite 4 7.0 0x10 \$bar0
read 4 \$bar0+8 1
cfgwrite 4 7.0 0x14 0xffffffff
cfgread 4 7.0 0x14 0xfffff000
cfgwrite 4 7.0 0x14 \$bar1
read 4 \$bar1+12 1
cfgwrite 4 7.0 0x18 \$bar2
write 4 \$bar2 0xc0ffee
cfgwrite 4 7.0 0x18 0xffffffff
cfgread 4 7.0 0x18 0xffe0000c
read 4 \$bar2 0xffffffff
cfgwrite 4 7.0 0x1c 0xffffffff
cfgread 4 7.0 0x1c 0xffffffff
cfgwrite 4 7.0 0x18 \$bar2
read 4 \$bar2 0xffffffff
read 4 \$bar2+0xffffffff00000000 0xffffffff
cfgwrite 4 7.0 0x1c 0
read 4 \$bar2 0xc0ffee
cfgwrite 4 7.0 0x1c 0x41	# far up, and down again to another place
read 4 \$bar2 0xffffffff
read 4 \$bar2+0x4100000000 0xc0ffee
cfgwrite 4 7.0 0x18 0x90000000
cfgwrite 4 7.0 0x1c 0
read 4 0x90000000 0xc0ffee
cfgwrite 4 7.0 0x10 0x91000000
read 4 \$bar0+8 0xffffffff
read 4 0x91000008 1
cfgwrite 4 7.0 0x10 0
read 4 0x91000008 0xffffffff
out 2 0x604 0x2000
END

# The device rings itself. What comes while it is not open is lost, and nothing is pending.
expect 'doorbells of an hv:/ device' 0 '' dm -- -s 7,ivshmem,hv:/shm,2 VM1 <<END
$(hv_bars 7)
cfgread 1 7.0 0x34 0x40
cfgread 4 7.0 0x40 0x00070011
cfgread 4 7.0 0x44 1
cfgread 4 7.0 0x48 0x801
write 8 \$bar1+112 0xfee00000
write 4 \$bar1+120 0x47
write 4 \$bar0+12 0x10007	# disabled, and masked
cfgwrite 4 7.0 0x40 0xffffffff
cfgread 4 7.0 0x40 0xc0070011
cfgwrite 1 7.0 0x43 0x80
cfgread 2 7.0 0x42 0x8007
read 8 \$bar1+120 0x100000047
write 4 \$bar0+12 0x10007	# masked
write 2 \$bar1+124 0
read 4 \$bar1+124 1
read 2 \$bar1+124 0
read 4 \$bar1+2048 0		# pending
write 4 \$bar1+124 0
write 4 \$bar1+128 5
read 4 \$bar1+128 0
nomsi 0xfee00000 0x47
write 4 \$bar0+12 0x10007
msi 0xfee00000 0x47
read 4 \$bar0+12 0
cfgwrite 2 7.0 0x42 0xc000
write 4 \$bar0+12 0x10007	# the function is masked
cfgwrite 2 7.0 0x42 0x8000
write 4 \$bar0+12 0x10008	# vectors and peers that are not there
write 4 \$bar0+12 0x20007
write 4 \$bar0+12 0x100007
write 4 \$bar0+12 0xffff0007
write 2 \$bar0+12 0x0007
nomsi 0xfee00000 0x47
write 4 \$bar0+12 0x10007
msi 0xfee00000 0x47
out 2 0x604 0x2000
END

# both SCRIPT NAME NAME: acrn-dm's that have $device, under one simulator. Their guests are in
# $temp/NAME, the hypervisor is as in $scenario. The script gets both names, and the command line but
# for its name.
both()
{
	timeout -k 5 20 "$hsm_sim" --trace --scenario "$scenario" \
		--guest "$2=$temp/$2" --guest "$3=$temp/$3" -- sh -c "$1" sh "$2" "$3" \
		"$build/acrn-dm" --hypervisor=acrn -m 16M -E "$build/samples/hello.elf" \
		-s "$device"
}

# shellcheck disable=SC2016 # the inner shell's
together()
{
	both '
		first=$1
		second=$2
		shift 2
		"$@" "$first" &
		status=0
		"$@" "$second" || status=$?
		wait "$!" || status=$?
		exit "$status"
	' "$1" "$2"
}

# shellcheck disable=SC2016 # the inner shell's
in_turn()
{
	both '
		first=$1
		second=$2
		shift 2
		"$@" "$first" && "$@" "$second"
	' "$1" "$2"
}

# hv_open VECTOR DATA: it interrupts.
hv_open()
{
	cat <<END
write 4 \$bar1+$(($1 * 16)) 0xfee00000
write 4 \$bar1+$(($1 * 16 + 8)) $2
write 4 \$bar1+$(($1 * 16 + 12)) 0
cfgwrite 2 7.0 0x42 0x8000
END
}

scenario=$temp/scenario
device=7,ivshmem,hv:/shm,2

# Words of BAR2 say how far each guest is.
cat >"$temp/VM1" <<END
$(hv_bars 7)
$(hv_open 0 0x41)
read 4 \$bar0+8 1
write 4 \$bar2 0x600d
until 4 \$bar2+4 0x1dea
write 4 \$bar0+12 0x20001
msi 0xfee00000 0x41
until 4 \$bar2+4 2		# vector 1 of the other one is masked
write 4 \$bar0+12 0x20001
write 4 \$bar0+12 0x20000
write 4 \$bar2 2
until 4 \$bar2+4 3
write 4 \$bar0+12 0x20001
nomsi 0xfee00000 0x41
nomsi 0xfee00000 0x52
out 2 0x604 0x2000
END
cat >"$temp/VM2" <<END
$(hv_bars 7)
$(hv_open 1 0x52)
read 4 \$bar0+8 2
until 4 \$bar2 0x600d
write 4 \$bar2+4 0x1dea
msi 0xfee00000 0x52
write 4 \$bar1+28 1
write 4 \$bar0+12 0x10000
write 4 \$bar2+4 2
until 4 \$bar2 2
write 4 \$bar1+28 0
nomsi 0xfee00000 0x52
write 4 \$bar2+4 3
msi 0xfee00000 0x52
nomsi 0xfee00000 0x41
out 2 0x604 0x2000
END
expect 'two VMs ring each other by hv:/' 0 'VM1 rings peer 2, vector 1: lost' together VM1 VM2

# Nobody may interrupt it, except the hypervisor.
sed -e 's/0x2000\([01]\)$/0x3000\1/' "$temp/VM1" >"$temp/ringer"
sed -e 's/+8 2$/+8 3/' "$temp/VM2" >"$temp/SEVERE"
mv "$temp/ringer" "$temp/VM1"
expect 'hv:/ doorbells reach a more severe VM' 0 'VM1 rings peer 3, vector 1$' together VM1 SEVERE

expect 'an hv:/ device lives through a reset' 0 '^hsm-sim: CREATE_VDEV: 0$' dm --trace -- \
	-s 7,ivshmem,hv:/shm,2 VM1 <<END
$(hv_bars 7)
$(hv_open 0 0x41)
write 4 \$bar2+0x100 0xc0ffee
write 4 \$bar0 5
out 1 0xcf9 6
anew
cfgread 2 7.0 0x2e 0x1234
cfgread 2 7.0 0x42 7
read 4 \$bar2+0x100 0xffffffff
cfgwrite 4 7.0 0x10 \$bar0
cfgwrite 4 7.0 0x14 \$bar1
cfgwrite 4 7.0 0x18 \$bar2
read 4 \$bar2+0x100 0xc0ffee
read 4 \$bar0 0
read 4 \$bar0+8 1
read 4 \$bar1+12 1
out 2 0x604 0x2000
END

cat >"$temp/VM1" <<END
$(hv_bars 7)
write 4 \$bar2+0x100 0xc0ffee
out 2 0x604 0x2000
END
cat >"$temp/VM2" <<END
$(hv_bars 7)
read 4 \$bar0+8 2
read 4 \$bar2+0x100 0xc0ffee
out 2 0x604 0x2000
END
expect 'contents of a region outlive a VM' 0 '' in_turn VM1 VM2

# The second one starts when the guest of the first one waits to be rung.
# shellcheck disable=SC2016 # the inner shell's
first_waits()
{
	first_status=0
	log=$temp/both.log
	export log
	both '
		first=$1
		second=$2
		shift 2
		"$@" "$first" &
		tries=0
		until grep -q "guest $first: line 12" "$log" || [ "$tries" -eq 200 ]; do
			sleep 0.05
			tries=$((tries + 1))
		done
		status=0
		"$@" "$second" || status=$?
		wait "$!" || status=$?
		exit "$status"
	' "$1" "$2" >"$log" 2>&1 || first_status=$?
	cat "$log"
	return "$first_status"
}

# Events of both are in one simulator, and only one guest is meant.
cat >"$temp/VM1" <<END
$(bell_guest 0)
write 4 \$bar2 0x600d	# line 12
msi 0xfee00000 0x51
write 4 \$bar2+4 0x1dea
until 4 \$bar2 2
nomsi 0xfee00000 0x51
out 2 0x604 0x2000
END
cat >"$temp/VM2" <<END
$(bell_guest 1)
until 4 \$bar2 0x600d
write 4 \$bar0+12 1	# peer 0, vector 1
until 4 \$bar2+4 0x1dea
nomsi 0xfee00000 0x51
write 4 \$bar0+12 0x10001
msi 0xfee00000 0x51
write 4 \$bar2 2
out 2 0x604 0x2000
END
device="6,ivshmem,dm:/$region-both,2,vectors=2"
expect 'two VMs of one simulator ring by dm:/' 0 '' first_waits VM1 VM2
device=7,ivshmem,hv:/shm,2

# Ids where names have no lines of their own.
cat >"$temp/anybody" <<END
vm FIRST
vm *
region hv:/shm 2 0x1234
END
for id in 2 3; do
	{
		hv_bars 7
		echo "read 4 \$bar0+8 $id"
		echo "out 2 0x604 0x2000"
	} >"$temp/ANY$id"
done
scenario=$temp/anybody
expect 'VMs without lines of their own have ids all the same' 0 '' in_turn ANY2 ANY3
scenario=$temp/scenario

expect 'an hv:/ device that is no function 0' 0 '' dm -- -s "7:0,ivshmem,dm:/$region,2" \
	-s 7:1,ivshmem,hv:/shm,2 VM1 <<END
cfgread 1 7.0 0x0e 0x80
cfgread 1 7.1 0x0e 0
cfgread 2 7.1 0x2e 0x1234
out 2 0x604 0x2000
END

expect 'dm:/ and hv:/ in one VM' 0 '' dm -- -s 5,ivshmem,hv:/more,4 -s 7,ivshmem,hv:/shm,2 \
	-s "6,ivshmem,dm:/$region,2" VM1 <<END
cfgread 2 5.0 0x2e 0x10
cfgread 2 7.0 0x2e 0x1234
cfgread 4 5.0 0x10 =five&0xfffffff0
cfgread 4 6.0 0x10 =six&0xfffffff0
cfgread 4 7.0 0x10 =seven&0xfffffff0
cfgwrite 4 5.0 0x10 \$five
cfgwrite 4 7.0 0x10 \$seven
read 4 \$five+8 1
read 4 \$six+8 0
read 4 \$seven+8 1
write 4 \$seven 3
read 4 \$six 0
cfgread 4 6.0 0x18 =memory&0xfffffff0
write 4 \$memory 0xabc
read 4 \$memory 0xabc
out 2 0x604 0x2000
END

expect 'severity: interrupts are refused, and that is said once' 0 '^1 warning$' severe

expect 'severity: the VM starts and stops by itself only' 0 'ends only by itself' \
	dm -- SEVERE <<END
in 1 0x3fd any
out 2 0x604 0x2000
END

# Each call of a start fails: acrn-dm says so and leaves nothing behind.
for call in CREATE_VM SET_MEMSEG.1 CREATE_VDEV SET_VCPU_REGS CREATE_IOREQ_CLIENT \
	START_VM ATTACH_IOREQ_CLIENT; do
	expect "$call fails" 1 '^acrn-dm: .*Input/output error' dm --fail "$call:EIO" -- \
		-s "6,ivshmem,dm:/$region,2" -s 7,ivshmem,hv:/shm,2 VM1 </dev/null
done
expect 'a region that cannot be mapped is the end of the start' 1 \
	"dm:/$region\": its 2 MB cannot be shown .*hugepages=2M" \
	dm --fail SET_MEMSEG.2:ENOMEM -- -s "6,ivshmem,dm:/$region,2" VM1 </dev/null
expect 'a region that cannot be mapped is there all the same, and that is said' 0 \
	'BAR2 at 0x90000000 cannot be mapped; .*hugepages=2M' \
	dm --fail SET_MEMSEG.3:ENOMEM -- -s "6,ivshmem,dm:/$region,2" VM1 <<END
write 8 0x80000100 0x1122334455667788
cfgwrite 4 6.0 0x18 0x90000000
read 8 0x90000100 0x1122334455667788
read 4 0x90000104 0x11223344
read 2 0x90000103 0x4455
read 8 0x901fffff 0xffffffffffffffff
write 1 0x90000101 0xaa
write 4 0x90000104 0xc0ffee
read 4 0x80000100 0xffffffff
cfgwrite 4 6.0 0x18 0x80000000
read 8 0x80000100 0x00c0ffee5566aa88
read 4 0x90000100 0xffffffff
out 2 0x604 0x2000
END
expect 'memory that is not taken away is told of' 0 'seeing memory at 0x80000000' \
	dm --fail UNSET_MEMSEG.1:EIO -- -s "6,ivshmem,dm:/$region,2" VM1 <<END
cfgwrite 4 6.0 0x18 0x90000000
out 2 0x604 0x2000
END
expect 'a VM that is not paused is not destroyed, and why' 0 'not destroyed: .*could not be paused' \
	dm --fail PAUSE_VM:EIO -- VM1 <<END
out 2 0x604 0x2000
END

# What fails while the VM goes down is said, and the rest goes on.
for call in PAUSE_VM.1 DESTROY_IOREQ_CLIENT DESTROY_VDEV DESTROY_VM UNSET_MEMSEG; do
	expect "$call fails" 0 '^hsm-sim: close$' dm --trace --fail "$call:EIO" -- \
		-s "6,ivshmem,dm:/$region,2" -s 7,ivshmem,hv:/shm,2 VM1 <<END
out 2 0x604 0x2000
END
done

expect 'no ACRN here' 1 '/dev/acrn_hsm.*ACRN' dm --node none -- VM1 </dev/null
expect 'the older device node' 0 '' dm --node acrn_vhm -- VM1 <<END
out 2 0x604 0x2000
END
expect 'no permission' 1 'may not open .*root' dm --fail open:EACCES -- VM1 </dev/null
expect 'no permission for the older device node' 1 'may not open /dev/acrn_vhm: .*root' \
	dm --node acrn_vhm --fail open:EACCES -- VM1 </dev/null
expect 'a VM that is not configured' 1 'ACRN refuses VM "OTHER"' dm -- OTHER </dev/null
expect 'an hv:/ region of another size' 1 '"hv:/shm".*4 MB.*"VM1"' dm -- \
	-s 7,ivshmem,hv:/shm,4 VM1 </dev/null
expect 'an hv:/ region that is not configured' 1 '"hv:/none".*no such region.*scenario' dm -- \
	-s 7,ivshmem,hv:/none,2 VM1 </dev/null
expect 'a kernel without this driver'\''s VMs' 1 'newer kernel .5\.12 on' \
	dm --fail CREATE_VM:ENOTTY -- VM1 </dev/null
expect 'more virtual CPUs than ACRN takes' 1 '17 virtual CPUs .*16 .*lower --cpus' \
	dm -- --cpus 17 VM1 </dev/null
expect 'more virtual CPUs than the VM has' 1 '"VM1" 1 virtual CPUs, fewer than --cpus 2' \
	dm -- --cpus 2 VM1 </dev/null
expect 'fewer virtual CPUs than the VM has' 0 '"VM2" 2 virtual CPUs.*say --cpus 2' dm -- VM2 <<END
out 2 0x604 0x2000
END
expect 'RAM that needs huge pages' 1 'refuses [0-9]* bytes of memory.*--hugepages 2M' \
	dm --fail SET_MEMSEG:ENOMEM -- VM1 </dev/null
moves()
{
	move=0
	while [ "$move" -lt 254 ]; do
		printf 'cfgwrite 4 6.0 0x18 0x%x\n' $((0x90000000 + move * 0x200000))
		move=$((move + 1))
	done
	echo 'out 2 0x604 0x2000'
}
moves >"$temp/moves"
expect 'map slots that are used up' 0 'BAR2 at 0x[0-9a-f]* .*256 map slots.*when the guest resets' \
	dm -- -s "5,ivshmem,dm:/$region-bells,2" -s "6,ivshmem,dm:/$region,2" VM1 <"$temp/moves"
expect 'severity: the memory of a running VM' 0 \
	'BAR2 at 0x90000000 .*nobody change the memory of a running VM' \
	dm -- -s "6,ivshmem,dm:/$region,2" SEVERE <<END
cfgwrite 4 6.0 0x18 0x90000000
out 2 0x604 0x2000
END
expect 'a kernel without hv:/ devices' 1 '"hv:/shm".*too old' dm --fail CREATE_VDEV:ENOTTY -- \
	-s 7,ivshmem,hv:/shm,2 VM1 </dev/null

for object in "$region" "$region-bells" "$region-pair" "$region-both"; do
	"$build/ivshmemctl" remove "dm:/$object" >/dev/null 2>&1 || true
done
tap_done
