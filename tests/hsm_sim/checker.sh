#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The simulator's own test: what it lets pass, what it reports, and how it answers. TAP.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/hsm_sim/on_acrn.sh
. "$root/tests/hsm_sim/on_acrn.sh"
on_driver

cat >"$temp/scenario" <<END
vm VM1
region hv:/shm 2 0x1234
region hv:/other 4 7
END
cat >"$temp/severe" <<END
vm VM1 severity=high
END

# sim OPTION... -- CALL...: run the client under the simulator.
sim()
{
	sim_options=
	while [ "$1" != -- ]; do
		sim_options="$sim_options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # options without blanks
	timeout -k 5 20 "$hsm_sim" $sim_options -- \
		"$build/tests/hsm_sim/hsm_client" "$@"
}

# good NAME PATTERN ARGUMENT...: no violation, and some line of the output has the pattern.
good()
{
	good_name=$1
	good_pattern=$2
	shift 2
	expect "$good_name" 0 "$good_pattern" sim "$@"
}

# bad NAME PATTERN ARGUMENT...: that violation.
bad()
{
	bad_name=$1
	bad_pattern=$2
	shift 2
	expect "$bad_name" 99 "violation: $bad_pattern" sim "$@"
}

up='open create ram regs client'
down='pause end-client destroy close'

# shellcheck disable=SC2086 # words
{
good 'a whole life' '^close: 0$' -- stat $up start $down
good 'a start that fails half-way' '^destroy: 0$' -- open create ram pause destroy close
good 'a VM that is not configured' '^create-unknown: EINVAL$' \
	--scenario "$temp/scenario" -- open create-unknown close
good 'no device node' '^open: ENOENT$' --node none -- open
good 'the older device node only' '^open: ENOENT$' --node acrn_vhm -- open
expect 'the exit status is the program'\''s' 1 'nonsense' sim -- nonsense

good 'the fourth call fails' '^regs: EIO$' --fail 4:EIO -- open create ram regs pause destroy close
good 'a call by name fails' '^ram: ENOMEM$' --fail SET_MEMSEG:ENOMEM -- \
	open create ram pause destroy close
good 'a call by name fails once' '^create: 0$' --fail CREATE_VM.1:EINVAL -- \
	open create create pause destroy close
good 'the node cannot be opened' '^open: EACCES$' --fail open:EACCES -- open
good 'taking down fails' '^destroy: EIO$' --fail DESTROY_VM:EIO -- $up start $down

good 'a VM that is there already' '^create-twin: EINVAL$' -- \
	open create create-twin pause destroy close
good 'a VM that was there' '^create-twin: 0$' -- open create pause destroy close create-twin

bad 'calls before CREATE_VM' 'SET_MEMSEG: there is no VM' -- open ram close
bad 'two VMs in a file' 'CREATE_VM: this file has' -- open create create pause destroy close
bad 'reserved fields of CREATE_VM' 'CREATE_VM: reserved' -- open create-reserved close
bad 'a request page that is not aligned' 'CREATE_VM: .*aligned' -- open create-unaligned close
bad 'a request page that is not there' 'CREATE_VM: .*mapped' -- open create-unmapped close
bad 'a VM without a name' 'CREATE_VM: .*name' -- open create-nameless close
bad 'closing without DESTROY_VM' 'close: without DESTROY_VM' -- open create close
bad 'ending without DESTROY_VM' 'close: without DESTROY_VM' -- open create
bad 'DESTROY_VM without PAUSE_VM' 'DESTROY_VM: .*paused' -- open create destroy close
bad 'DESTROY_VM with a client' 'DESTROY_VM: before DESTROY_IOREQ_CLIENT' -- \
	$up start pause destroy close
bad 'DESTROY_VM with an ioeventfd' 'DESTROY_VM: 1 eventfds' -- $up ioevent start $down
bad 'DESTROY_VM with an irqfd' 'DESTROY_VM: 1 eventfds' -- $up irqfd start $down
good 'an irqfd that cannot be taken off' '^destroy: 0$' --fail IRQFD.2:EINVAL -- \
	$up irqfd irqfd-off start $down
good 'a client that cannot be destroyed' '^destroy: 0$' \
	--fail DESTROY_IOREQ_CLIENT:EIO -- $up start $down
bad 'a call that fails excuses no other' 'DESTROY_VM: before' --fail DESTROY_VDEV:EIO -- \
	$up vdev vdev-off start pause destroy close
bad 'START_VM without a client' 'START_VM: before CREATE_IOREQ_CLIENT' -- \
	open create ram regs start pause destroy close
bad 'START_VM without registers' 'START_VM: before SET_VCPU_REGS' -- \
	open create ram client start $down
bad 'START_VM without memory' 'START_VM: .*no memory' -- open create regs client start $down
bad 'START_VM twice' 'START_VM: .*already' -- $up start start $down
bad 'registers of a running VM' 'SET_VCPU_REGS: the VM runs' -- $up start regs $down
bad 'reserved fields of SET_VCPU_REGS' 'SET_VCPU_REGS: reserved' -- \
	open create regs-reserved pause destroy close

bad 'memory of half a page' 'SET_MEMSEG: .*whole pages' -- open create ram-odd pause destroy close
bad 'memory that is not there' 'SET_MEMSEG: .*not all mapped' -- \
	open create ram-short pause destroy close
bad 'memory of type MMIO' 'SET_MEMSEG: type 1' -- open create ram-mmio pause destroy close
bad 'memory twice' 'SET_MEMSEG: .*memory already' -- open create ram ram pause destroy close
bad 'unmapping type RAM' 'UNSET_MEMSEG: type 0' -- open create ram unmap-ram pause destroy close
bad 'unmapping what is not mapped' 'UNSET_MEMSEG: .*not all mapped' -- \
	open create ram unmap unmap pause destroy close
good 'unmapping and mapping again' '^ram: 0$' -- open create ram unmap ram pause destroy close
good 'map slots do not come back' '^ram-slots: ENOMEM$' -- open create ram-slots pause destroy close
good '512 MB of small pages are too many' '^ram-huge: ENOMEM$' -- \
	open create ram-huge pause destroy close

bad 'ATTACH without a client' 'ATTACH_IOREQ_CLIENT: before' -- open create attach pause destroy close
good 'ATTACH after the client'\''s end' '^attach: ENODEV$' -- \
	$up start pause end-client attach destroy close
good 'ATTACH ends with the client' '^join: 0$' -- $up start serve pause end-client join destroy close
bad 'two clients' 'CREATE_IOREQ_CLIENT: there is' -- $up client start $down
bad 'NOTIFY without a request' 'NOTIFY_REQUEST_FINISH: .*no request' -- $up start notify $down
bad 'NOTIFY for a vCPU that is not there' 'NOTIFY_REQUEST_FINISH: vCPU 1 of 1' -- \
	$up start notify-other $down
bad 'reserved field of NOTIFY' 'NOTIFY_REQUEST_FINISH: reserved' -- $up start notify-reserved $down

good 'an ioeventfd comes and goes' '^ioevent-off: 0$' -- $up ioevent ioevent-off start $down
bad 'an eventfd with two entries' 'IOEVENTFD: .*entry already' -- \
	$up ioevent ioevent-second start $down
bad 'the same entry twice' 'IOEVENTFD: .*entry already' -- $up ioevent ioevent start $down
bad 'DEASSIGN of another entry' 'IOEVENTFD: takes the entry at 0x80, not at 0x90' -- \
	$up ioevent ioevent-off-second start $down
bad 'DEASSIGN of none' 'IOEVENTFD: .*no entry' -- $up ioevent-off start $down
bad 'an ioeventfd that is none' 'IOEVENTFD: .*not an eventfd' -- $up ioevent-pipe start $down
bad 'two messages for an eventfd' 'IRQFD: .*message already' -- $up irqfd irqfd start $down
bad 'DEASSIGN of no message' 'IRQFD: .*no message' -- $up irqfd-off start $down
bad 'a message to somewhere else' 'INJECT_MSI: ' -- $up start msi-elsewhere $down
bad 'a line that is not there' 'SET_IRQLINE: line 99' -- $up start line-far $down
good 'interrupts' '^line: 0$' -- $up start msi line $down
good 'severity: no messages' '^msi: EPERM$' --scenario "$temp/severe" -- \
	$up start msi line pause end-client close
bad 'severity: no pause, no end' 'DESTROY_VM: the VM is not paused' --scenario "$temp/severe" -- \
	$up start $down
good 'severity: the end of the file only' '^close: 0$' --scenario "$temp/severe" -- \
	$up start pause end-client close

good 'an hv:/ device' '^vdev-off: 0$' --scenario "$temp/scenario" -- \
	open create vdev vdev-off pause destroy close
good 'an hv:/ device of another size' '^vdev-other: EINVAL$' --scenario "$temp/scenario" -- \
	open create vdev-other pause destroy close
good 'a kernel without CREATE_VDEV' '^vdev: ENOTTY$' --fail CREATE_VDEV:ENOTTY -- \
	open create vdev pause destroy close
bad 'a device without hv:/' 'CREATE_VDEV: args' -- open create vdev-unprefixed pause destroy close
bad 'BAR2 without its flags' 'CREATE_VDEV: BAR2' --scenario "$temp/scenario" -- \
	open create vdev-flagless pause destroy close
bad 'two devices of a region' 'CREATE_VDEV: .*device of hv:/shm already' \
	--scenario "$temp/scenario" -- open create vdev vdev-second vdev-off pause destroy close
bad 'two devices at one place' 'CREATE_VDEV: slot 0x30 is taken' \
	--scenario "$temp/scenario" -- open create vdev vdev vdev-off pause destroy close
bad 'a device of a started VM' 'CREATE_VDEV: .*started' --scenario "$temp/scenario" -- \
	$up start vdev $down
bad 'a device that stays' 'DESTROY_VM: 1 hv:/ devices' --scenario "$temp/scenario" -- \
	open create vdev pause destroy close
bad 'the end of a device that is not there' 'DESTROY_VDEV: .*no device' -- \
	open create vdev-off pause destroy close
bad 'the end of a device while the VM runs' 'DESTROY_VDEV: the VM runs' \
	--scenario "$temp/scenario" -- $up vdev start vdev-off pause end-client vdev-off destroy close

cat >"$temp/guest" <<END
out 4 0x60 5
in 4 0x60 6		# what was written and one
in 1 0x60 =kept&0x0f
out 4 0x60 \$kept+0x10
in 4 0x60 0x17
write 4 0x1000 0xabcd
read 2 0x1000 0xabcd	# memory
cfgread 2 6.0 0 0x1af4	# the hypervisor's device
cfgread 4 6.0 0x18 0x8000000c
cfgread 2 6.0 0x2e 0x1234
cfgwrite 4 6.0 0x18 0x80000000	# its BARs are there once the guest has written them
cfgwrite 4 6.0 0x10 0x90000000
write 4 0x80000010 77
read 4 0x80000010 77
read 4 0x90000008 1	# IVPosition
cfgread 4 7.0 0 0xffffffff
msi 0xfee00000 0x41	# rung before the irqfd, so at once
out 4 0x80 7		# the ioeventfd
END
good 'requests, memory and a device' '^wait: 0$' --scenario "$temp/scenario" \
	--guest "$temp/guest" -- $up vdev ring irqfd ioevent start serve wait pause end-client join \
	vdev-off irqfd-off ioevent-off destroy close
# Where ACRN would stop the guest, or take memory away from it.
for place in '0x10 0x90000100: BAR0 .*0x90000100.*not at a page' \
	'0x1c 0x10000: BAR2 .*0x1000080000000, where no table' \
	'0x18 0x200000: BAR2 .*other memory at 0x200000'; do
	printf 'cfgwrite 4 6.0 %s\nout 4 0x80 7\n' "${place%%:*}" >"$temp/move"
	bad "a guest moves a BAR to ${place%%:*}" "guest:${place#*:}" --scenario "$temp/scenario" \
		--guest "$temp/move" -- $up vdev ioevent start serve wait pause end-client join \
		vdev-off ioevent-off destroy close
done
echo 'in 4 0x60 9' >"$temp/wrong"
echo 'out 4 0x80 7' >>"$temp/wrong"
expect 'the guest gets what it does not expect' 99 'guest: line 1: 0x1 instead of 0x9' \
	sim --guest "$temp/wrong" -- $up ioevent start serve wait pause end-client join destroy close
expect 'the guest does not get to its end' 99 'guest: line 1: not reached' \
	sim --guest "$temp/wrong" -- $up start $down
echo 'out 4 0x80 6' >"$temp/lost"
echo 'out 4 0x80 7' >>"$temp/lost"
bad 'an ioeventfd loses a write' 'guest: write .* is lost' \
	--guest "$temp/lost" -- $up ioevent start wait $down
echo 'in 4 0x60 1' >"$temp/one"
echo 'out 4 0x80 7' >>"$temp/one"
bad 'states of slots are changed' 'NOTIFY_REQUEST_FINISH: slot 3: state 3 was changed to 1' \
	--guest "$temp/one" -- $up ioevent meddle start serve wait pause end-client join destroy close

printf 'repeat 3\nin 4 0x60 1\nout 4 0x80 7\n' >"$temp/thrice"
thrice()
{
	sim --trace --guest "$temp/thrice" -- $up ioevent start serve wait pause end-client join \
		ioevent-off destroy close >"$temp/thrice.log" 2>&1 || return
	grep 'ns each' "$temp/thrice.log"
	echo "$(grep -c 'NOTIFY_REQUEST_FINISH: 0' "$temp/thrice.log") answers"
}
expect 'an access is repeated' 0 '^hsm-sim: guest: line 2: 3 times, [0-9]* ns each$' thrice
expect 'each time it is answered' 0 '^3 answers$' thrice
echo 'repeat 3' >"$temp/twice"
echo stop >>"$temp/twice"
expect 'only accesses are repeated' 125 'twice:2: not understood' \
	sim --guest "$temp/twice" -- $up
echo stop >"$temp/stop"
expect 'the guest stops the program' 143 '^client: 0$' \
	sim --scenario "$temp/severe" --guest "$temp/stop" -- $up start wait
}

# A program that takes no notice of SIGTERM, and its child. timeout(1) would pass on one signal only.
stubborn()
{
	# shellcheck disable=SC2016 # the inner shell's
	"$hsm_sim" -- sh -c \
		'trap "" TERM; sleep 60 & echo >"$1"; wait; wait' stubborn "$temp/ready" &
	until [ -e "$temp/ready" ]; do
		sleep 0.05
	done
	while kill -TERM "$!" 2>/dev/null; do
		sleep 0.05
	done
	wait "$!"
}
expect 'a program that does not end is killed' 137 'it is killed' stubborn

tap_done
