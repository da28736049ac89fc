#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Start two VMs that share dm:/demo, wait for both, print their transcripts. Exit status 0: each has
# received and checked all that the other sent, and both were woken by doorbells for it.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=${BUILD:-$root/build}
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

count=1000
work=$(mktemp -d)
pids=

# shellcheck disable=SC2317 # the trap calls it
clean_up()
{
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	# The region's server ends by itself, and the region with it: not without their directory.
	tries=50
	while [ "$tries" -gt 0 ] && [ -n "$(ls "$work/runtime" 2>/dev/null)" ]; do
		sleep 0.1
		tries=$((tries - 1))
	done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# start_vm NAME SLOT: in the background, its transcript in $work/NAME.
start_vm()
{
	name=$1
	set -- -m 64M -l com1,stdio -s 0:0,hostbridge -s "$2,ivshmem,dm:/demo,2,vectors=1" \
		-k "$build/samples/ivshmem-pair.elf" -B "name=$name count=$count" "$name"
	echo "\$ acrn-dm $*" | sed "s|$root/||; s|-B \(name=.*\) $name\$|-B \"\1\" $name|"
	"$build/acrn-dm" "$@" >"$work/$name" 2>&1 </dev/null &
	pids="$pids $!"
}

# doorbells NAME 1|2: how many rings the VM has sent, or interrupts received.
doorbells()
{
	number=$(sed -n "s/.*: \([0-9]*\) rings sent, \([0-9]*\) interrupts received$/\\$2/p" "$work/$1")
	echo "${number:-0}"
}

# end_vm NAME PID
end_vm()
{
	status=0
	wait "$2" || status=$?
	printf '\n--- %s (exit status %s) ---\n' "$1" "$status"
	cat "$work/$1"
	[ "$status" -eq 0 ] && grep -q '^ivshmem-pair: PASS' "$work/$1" && [ "$(doorbells "$1" 2)" -gt 0 ]
}

shm_require
# A user without a session (su, cron) has no runtime directory.
if [ "$(id -u)" -ne 0 ] && [ -z "${XDG_RUNTIME_DIR:-}${IVSHMEM_RUNTIME_DIR:-}" ]; then
	export IVSHMEM_RUNTIME_DIR="$work/runtime"
fi
start_vm panel 6
start_vm controller 5
# shellcheck disable=SC2086 # two numbers
set -- $pids
result=0
end_vm panel "$1" || result=1
end_vm controller "$2" || result=1
pids=
echo
if [ "$result" -eq 0 ]; then
	echo "Each VM has read $count messages of the other through dm:/demo, all check sums right. They were"
	echo "announced by $(($(doorbells panel 1) + $(doorbells controller 1))) doorbells," \
		"which came as $(($(doorbells panel 2) + $(doorbells controller 2))) interrupts."
else
	say "the exchange failed; see the transcripts above"
fi
exit "$result"
