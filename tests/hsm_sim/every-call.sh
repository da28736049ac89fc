#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every call that acrn-dm makes to ACRN's driver fails in turn, in a life with all kinds of ivshmem
# devices and a guest that uses them: acrn-dm must end, say what failed, and leave nothing. TAP.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/hsm_sim/on_acrn.sh
. "$root/tests/hsm_sim/on_acrn.sh"
on_driver

IVSHMEM_RUNTIME_DIR=$temp/run
export IVSHMEM_RUNTIME_DIR
# A sanitizer's status, which shall be none of acrn-dm's: it sees what is leaked on the way out.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=66
export ASAN_OPTIONS
mkdir "$IVSHMEM_RUNTIME_DIR"
region=every-call-$$
plain=$("$build/ivshmemctl" path "dm:/$region")
bells=$("$build/ivshmemctl" path "dm:/$region-bells")
cat >"$temp/scenario" <<END
vm VM1
region hv:/shm 2 0x1234
END
cat >"$temp/short" <<END
cfgread 2 5.0 0x2e 0x1234
read 4 0x80000000 0
out 2 0x604 0x2000
END

# What the guest does between power-on and the end; $1 lets it wait for interrupts.
life()
{
	cat <<END
cfgread 2 5.0 0x2e 0x1234
out 1 0x3fc 8			# COM1 interrupts
out 1 0x3f9 2
in 1 0x3fa any
cfgread 4 6.0 0x18 =plain&0xfffffff0
write 4 \$plain 0xabc
cfgwrite 4 6.0 0x18 0x98000000	# a BAR moves
read 4 0x98000000 0xabc
cfgwrite 2 6.0 4 0		# and goes, and comes
cfgwrite 2 6.0 4 2
cfgread 4 7.0 0x10 =bar0&0xfffffff0
cfgread 4 7.0 0x14 =bar1&0xfffffff0
cfgread 1 7.0 0x34 =cap
cfgwrite 2 7.0 4 6
read 4 \$bar0+8 0
write 4 \$bar1 0xfee00000
write 4 \$bar1+4 0
write 4 \$bar1+8 0x51
cfgwrite 2 7.0 \$cap+2 0x8000
write 4 \$bar0+12 0		# rung while the vector is masked,
read 4 \$bar1+0x800 1		# seen among the pending ones,
write 4 \$bar1+12 0		# delivered when it opens
$1 0xfee00000 0x51
write 4 \$bar0+12 0
$1 0xfee00000 0x51
write 4 \$bar1+8 0x52
write 4 \$bar0+12 0
$1 0xfee00000 0x52
END
}

# whole_life VERB: one, a reset, and another one.
whole_life()
{
	life "$1"
	echo 'out 1 0xcf9 6'
	echo 'anew'
	life "$1" | sed 's/=\([a-z0-9]*\)/=\1b/; s/\$\([a-z0-9]*\)/$\1b/'
	echo 'out 2 0x604 0x2000'
}
whole_life msi >"$temp/good"
# It waits for nothing that it asked for when a signal comes.
{
	life msi
	echo stop
} >"$temp/stopped"
# After a fault interrupts may not come, so it does not wait for them.
whole_life msi | grep -v '^msi' >"$temp/guest"

# run GUEST OPTION...: the output goes to $temp/out, the status of acrn-dm to $status; 124 and 137
# are those of a program that hangs.
run()
{
	run_guest=$1
	shift
	status=0
	timeout -k 2 20 "$hsm_sim" --trace --scenario "$temp/scenario" \
		--guest "$temp/$run_guest" "$@" -- \
		"$build/acrn-dm" --hypervisor=acrn -m 16M -E "$build/samples/hello.elf" \
		-l com1,stdio -s 5,ivshmem,hv:/shm,2 -s "6,ivshmem,dm:/$region,2" \
		-s "7,ivshmem,dm:/$region-bells,2,vectors=1" VM1 \
		</dev/null >"$temp/out" 2>&1 || status=$?
	if [ "$status" -eq 99 ]; then
		status=$(sed -n 's/^hsm-sim: .* of the guest, status \([0-9]*\)$/\1/p' "$temp/out")
	fi
}

# The errors that the driver or, by EPERM, the hypervisor has for CALL; and which of its calls fail
# then: .1 the first, .4 the fourth ..., nothing: all.
errors_of()
{
	case $1 in
	open) echo :EACCES :ENODEV :ENOMEM ;;
	CREATE_VM) echo :EINVAL :ENOMEM :EFAULT :ENOTTY :EPERM ;;
	SET_MEMSEG)
		for which in '' .2 .4; do
			printf "$which:%s " EINVAL ENOMEM EFAULT EPERM
		done
		;;
	UNSET_MEMSEG) echo :EINVAL :EFAULT :EPERM ;;
	CREATE_VDEV) echo :EINVAL :EPERM :ENOMEM :EFAULT :ENOTTY ;;
	DESTROY_VDEV) echo :EINVAL :EPERM :ENOMEM :EFAULT :ENOTTY ;;
	SET_VCPU_REGS) echo :EINVAL :EPERM :ENOMEM :EFAULT ;;
	CREATE_IOREQ_CLIENT) echo :EEXIST :EINVAL ;;
	START_VM | PAUSE_VM | DESTROY_VM) echo :EPERM :EINVAL ;;
	ATTACH_IOREQ_CLIENT) echo :ENODEV ;;
	NOTIFY_REQUEST_FINISH) echo :EINVAL :EFAULT ;;
	IRQFD) echo :EINVAL :EBUSY :ENOMEM :EFAULT ;;
	INJECT_MSI) echo :EPERM :EINVAL :ENOMEM :EFAULT ;;
	SET_IRQLINE) echo :EPERM :EINVAL ;;
	esac
}

# What acrn-dm calls it when CALL fails: a pattern.
words_of()
{
	case $1 in
	open) echo '(may not open|cannot open|neither) /dev/acrn_hsm' ;;
	CREATE_VM) echo 'ACRN refuses VM "VM1"|ACRN_IOCTL_CREATE_VM' ;;
	SET_MEMSEG) echo 'refuses [0-9]* bytes of memory|cannot be (shown|mapped)' ;;
	UNSET_MEMSEG) echo 'goes on seeing memory' ;;
	CREATE_VDEV) echo '"hv:/shm"' ;;
	DESTROY_VDEV) echo 'does not take "hv:/shm" out' ;;
	IRQFD) echo 'signals of MSI-X vector' ;;
	INJECT_MSI | SET_IRQLINE) echo "ACRN_IOCTL_$1: |lets nobody interrupt" ;;
	*) echo "ACRN_IOCTL_$1: " ;;
	esac
}

is_of_loop()
{
	[ "$1" = ATTACH_IOREQ_CLIENT ] || [ "$1" = NOTIFY_REQUEST_FINISH ]
}

# When the first fault came: before a guest ran, while it ran, or while the VM was taken down.
phase()
{
	awk '/^hsm-sim: (fault: )?open$/ { phase = "start" }
	     /^hsm-sim: START_VM: 0$/ { phase = "run" }
	     /^hsm-sim: fault: (PAUSE_VM|DESTROY)/ { phase = "end" }
	     /^hsm-sim: PAUSE_VM: / { phase = "end" }
	     /^hsm-sim: fault: / { print phase; exit }' phase=start "$temp/out"
}

# is_question CALL: a line that is driven at the end, to learn whether the VM can be destroyed; that
# this could not be learnt is no news.
is_question()
{
	[ "$1" = SET_IRQLINE ] && [ "$(phase)" = end ]
}

# statuses CALL: what acrn-dm may end with then. What guests may do without is no reason to end;
# and when the guest has just ended the VM, the loop may fail, or not come to it, too late to matter.
statuses()
{
	case $(phase) in
	start) echo 1 ;;
	run) if is_of_loop "$1"; then echo '0 or 1'; else echo 0; fi ;;
	end) echo 0 ;;
	*) if is_of_loop "$1"; then echo 0; else echo 'none, it was not called'; fi ;;
	esac
}

# left: what is still there after acrn-dm.
left()
{
	for object in "$plain" "$bells" "$IVSHMEM_RUNTIME_DIR"/*; do
		[ ! -e "$object" ] || echo "$object is left"
	done
}

# wrong CALL: what is wrong about the run in which it was made to fail; nothing if all is well.
wrong()
{
	grep '^hsm-sim: violation' "$temp/out" || true
	left
	case " $(statuses "$1") " in
	*" $status "*) ;;
	*) echo "status $status, wanted: $(statuses "$1"); 124 and 137: it hangs; 66: sanitizer" ;;
	esac
	if [ "$status" -eq 1 ]; then
		grep '^acrn-dm: ' "$temp/out" | tail -n 1 | grep -Eq "$(words_of "$1")" ||
			echo 'it is not the reason given last'
	elif ! is_of_loop "$1" && ! is_question "$1"; then
		grep -Eq "^acrn-dm: .*($(words_of "$1"))" "$temp/out" || echo 'no word of it'
	fi
	# Whatever the guest was not told or did not see, it did all that it wanted to.
	[ "$status" -ne 0 ] || grep '^hsm-sim: guest: .*not reached' "$temp/out" || true
	run short
	[ "$status" -eq 0 ] || echo "the next start has status $status"
	left
}

# fault CALL FAULT [GUEST]: a life with it; adds to $bad what is wrong.
fault()
{
	run "${3:-guest}" --fail "$2"
	cp "$temp/out" "$temp/fault"
	what=$(wrong "$1")
	[ -z "$what" ] || bad="$bad$2: $what
$(grep -v 'ATTACH_\|NOTIFY_' "$temp/fault" | tail -n 30 | sed 's/^/  /')
"
}

# verdict NAME
verdict()
{
	if [ -z "$bad" ]; then
		tap_pass "$1"
	else
		tap_fail "$1"
		tap_note "$bad"
	fi
}

# How often acrn-dm makes the call in a life without a fault.
count_of()
{
	grep -c "^hsm-sim: $1\(: \|\$\)" "$temp/life" || true
}

# Which of $1 calls fail: all; of those of the loop, which are many and alike, some.
numbers()
{
	if is_of_loop "$2"; then
		printf '%s\n' 1 2 3 "$(($1 / 2))" "$(($1 - 1))" "$1" | sort -un
	else
		seq "$1"
	fi
}

run good
cp "$temp/out" "$temp/life"
complaints=$(grep -c '^acrn-dm: \|^hsm-sim: violation\|failures' "$temp/life" || true)
tap_is 'a life without a fault' "$status $complaints $(left)" '0 0 '
calls=$(sed -n 's/^hsm-sim: \([A-Z_]*\): .*/\1/p' "$temp/life" | sort -u)

for call in open $calls; do
	count=$(count_of "$call")
	bad=
	for number in $(numbers "$count" "$call"); do
		fault "$call" "$call.$number:EIO"
	done
	verdict "each of $count calls of $call fails"
done

for call in open $calls; do
	bad=
	errors=$(errors_of "$call")
	for error in $errors; do
		fault "$call" "$call$error"
	done
	[ -z "$errors" ] || verdict "$call fails with $(printf '%s\n' "$errors" | sed 's/\(^\| \):/\1/g')"
done

for call in PAUSE_VM DESTROY_IOREQ_CLIENT DESTROY_VDEV DESTROY_VM; do
	bad=
	fault "$call" "$call:EIO" stopped
	verdict "$call fails when a signal ends the VM"
done

# The former VM of that name takes its time, or a signal comes: another try is all it takes.
bad=
for try in CREATE_VM.1:EPERM CREATE_VM.1:EBUSY ATTACH_IOREQ_CLIENT.1:EINTR; do
	run good --fail "$try"
	if [ "$status" -ne 0 ] || grep '^acrn-dm: ' "$temp/out" || [ -n "$(left)" ]; then
		bad="$bad$try: status $status
"
	fi
done
verdict 'what passes is tried again'

tap_done
