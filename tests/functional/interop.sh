#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Doorbells between QEMU, acrn-dm and host programs: QEMU's guests as clients of our server, alone and
# together with ours. TAP.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
# shellcheck source=tests/e2e/tap.sh
. "$root/tests/e2e/tap.sh"
if ! command -v qemu-system-x86_64 >/dev/null || ! kvm_usable; then
	tap_skip "doorbells between QEMU and acrn-dm" "both are needed, and /dev/kvm for the latter"
	tap_done
	exit
fi
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"
# shellcheck source=tests/guest/talk.sh
. "$root/tests/guest/talk.sh"

socket=$work/server.sock

# What our tests ask of our device QEMU's does too, but for what doorbell.c says.
test_same_guest()
{
	for action in layout registers msix move; do
		qemu_run "$action" /dev/null "$socket" 2 "do=$action slot=6 vectors=2 monitor=qemu"
		vm_wait "$action"
		vm_results "$action" "QEMU's device, $action: "
	done
}

test_two_of_qemu()
{
	talk_start_qemu q1 "$socket" 2
	talk_start_qemu q2 "$socket" 2
	ask q1 open-all
	ask q2 open-all
	tap_is "two QEMU guests on our server ring each other" "$(both_ways q1 q2 2)" ""
	tap_is "a host program and QEMU ring each other" "$(client_both_ways "$socket" q1 2)" ""
	talk_end q1 "QEMU: power-off"
	talk_kill q2
}

# Both kinds in one region: QEMU attaches to the server that acrn-dm has started.
test_both()
{
	talk_start ours -s "6,ivshmem,$region,2,vectors=2" || return 0
	own=$(own_socket "$region")
	tap_check "the region's own server has its socket at the region's key" test -S "$own"
	talk_start_qemu theirs "$own" 2 || return 0
	ask ours open-all
	ask theirs open-all
	tap_is "an acrn-dm guest has the id 0, a QEMU guest the id 1" \
		"$(ask ours position),$(ask theirs position)" "0,1"
	tap_is "they ring each other" "$(both_ways ours theirs 2)" ""
	tap_is "and themselves" "$(ring_arrives ours ours 1)$(ring_arrives theirs theirs 1)" ""
	tap_is "20 rings one after the other, from QEMU" "$(ring_arrives theirs ours 0 20)" ""
	tap_is "20 rings one after the other, to QEMU" "$(ring_arrives ours theirs 0 20)" ""
	ask ours "poke 0x1000 12345"
	says "they share the memory: from acrn-dm" theirs "peek 0x1000" 12345
	ask theirs "poke 0x1ffffc 54321"
	says "they share the memory: from QEMU" ours "peek 0x1ffffc" 54321
	tap_is "a host program and acrn-dm ring each other" "$(client_both_ways "$own" ours 2)" ""
	tap_is "a host program and QEMU ring each other" "$(client_both_ways "$own" theirs 2)" ""
}

# sample NAME WORDS: the same sample guest under both, with acrn-dm first, since its server is used.
sample()
{
	vm_start ours -m 64M -l com1,stdio --debugexit -s "6,ivshmem,$region,2,vectors=2" \
		-k "$samples/$1.elf" -B "slot=6 name=ours timeout=60 $2"
	wait_until test -S "$(own_socket "$region")" || true
	qemu_run theirs /dev/null "$(own_socket "$region")" 2 "name=theirs timeout=60 $2" \
		"$samples/$1.elf"
	for name in ours theirs; do
		vm_wait "$name"
		vm_is "$name" 0 "$1: $name ends well"
		tap_check "$1: $name says so" grep -q "^$1: PASS" "$work/$name.out"
	done
	tap_check "$1: the server ends with them" wait_until no_server "$region"
}

# Each ring of doorbell-pingpong is accounted for; ivshmem-pair sends messages and announces them.
test_samples()
{
	sample doorbell-pingpong count=500
	sample ivshmem-pair count=200
}

# A masked vector of one is rung by the other.
test_pending()
{
	for name in ours theirs; do
		other=theirs
		[ "$name" = ours ] || other=ours
		total=$(ask "$name" total)
		ask "$name" "mask 1"
		ask "$other" "ring $(ask "$name" position) 1 3"
		says "$name masked: pending" "$name" "await-pending 1" 1
		says "$name masked: no interrupt" "$name" total "$total"
		ask "$name" "unmask 1"
		says "$name unmasked: one interrupt" "$name" "await-total $((total + 1))" \
			"$((total + 1))"
		says "$name unmasked: not pending" "$name" "pending 1" 0
	done
}

test_resets()
{
	for name in ours theirs; do
		position=$(ask "$name" position)
		ask "$name" reset
		says "reset of $name: it keeps its id" "$name" position "$position"
		ask "$name" open-all
		# What was rung in between may still come.
		ask "$name" total >/dev/null
		tap_is "reset of $name: they ring each other" "$(both_ways ours theirs 2)" ""
	done
}

# More vectors than the server has, and fewer.
test_other_vectors()
{
	talk_start_qemu more "$own" 4 || return 0
	ask more open-all
	tap_is "QEMU with more vectors than the server" "$(both_ways ours more 2)" ""
	total=$(ask more total)
	ask ours "ring $(ask more position) 2"
	ask ours "ring $(ask more position) 3"
	says "what the server has not is silent" more total "$total"
	talk_end more "it powers off"
	talk_start_qemu fewer "$own" 1 || return 0
	ask fewer open-all
	tap_is "QEMU with fewer vectors than the server" "$(both_ways ours fewer 1)" ""
	total=$(ask fewer total)
	ask ours "ring $(ask fewer position) 1 3"
	says "what it has not is silent" fewer total "$total"
	talk_kill fewer
	talk_start more -s "5,ivshmem,$region,2,vectors=1" -B "do=serve slot=5" || return 0
	ask more open-all
	tap_is "acrn-dm with fewer vectors than the server, and QEMU" \
		"$(both_ways theirs more 1)" ""
	talk_end more "it powers off"
}

# QEMU on KVM, where its rings pass through the kernel, too.
test_kvm()
{
	qemu_accelerator="-accel kvm -cpu qemu64"
	talk_hold kvm
	qemu_run kvm "$work/kvm.in" "$own" 2 "do=serve slot=6 monitor=qemu"
	qemu_accelerator="-accel tcg"
	if ! vm_expect kvm '^@@ 0'; then
		tap_skip "QEMU on KVM and acrn-dm ring each other" "QEMU does not run on this KVM"
		talk_let_go kvm
		return
	fi
	ask kvm open-all
	tap_is "QEMU on KVM and acrn-dm ring each other" "$(both_ways ours kvm 2)" ""
	position=$(ask kvm position)
	tell kvm "hold 1 500 0"
	vm_expect kvm "^hold 0: ready" || true
	says "acrn-dm rings while QEMU masks and unmasks: nothing is missed" ours \
		"press $position 1 500" "500 rings were taken"
	tell ours "hold 1 500 0"
	vm_expect ours "^hold 0: ready" || true
	says "the other way round: nothing is missed" kvm "press 0 1 500" "500 rings were taken"
	tap_is "and each is one interrupt" "$(held ours 0 500)" ""
	talk_end kvm "QEMU on KVM: power-off"
}

# QEMU goes, properly and not; acrn-dm does not mind, rings nobody, and meets the next one.
test_qemu_ends()
{
	id=$(ask theirs position)
	talk_end theirs "QEMU: power-off"
	ask ours "ring $id 0 100"
	tap_is "QEMU has left: acrn-dm goes on" "$(ring_arrives ours ours 0 3)" ""
	for round in 1 2 3; do
		talk_start_qemu "theirs$round" "$own" 2 || return 0
		ask "theirs$round" open-all
		tap_is "round $round: the next QEMU and acrn-dm ring each other" \
			"$(both_ways ours "theirs$round" 2)" ""
		tell ours "storm $(ask "theirs$round" position) 2"
		vm_expect ours '^storm' || true
		ask "theirs$round" "await-total 10" >/dev/null
		talk_kill "theirs$round"
		ask ours over >/dev/null
		tap_is "round $round: QEMU is killed while it is rung, acrn-dm goes on" \
			"$(ring_arrives ours ours 1 3)" ""
	done
}

# acrn-dm goes while QEMU rings it; the server stays as long as QEMU does.
test_acrn_dm_ends()
{
	talk_start_qemu stays "$own" 2 || return 0
	ask stays open-all
	tap_is "before that they ring each other" "$(both_ways ours stays 2)" ""
	tell stays "storm $(ask ours position) 2"
	vm_expect stays '^storm' || true
	ask ours "await-total 10" >/dev/null
	talk_kill ours
	ask stays over >/dev/null
	tap_is "acrn-dm is killed while QEMU rings it: QEMU goes on" \
		"$(ring_arrives stays stays 1 3)" ""
	talk_start ours -s "6,ivshmem,$region,2,vectors=2" || return 0
	ask ours open-all
	tap_is "the next machine of acrn-dm and QEMU ring each other" "$(both_ways ours stays 2)" ""
	tap_is "acrn-dm: nothing on standard error" "$(cat "$work/ours.err")" ""
	tap_is "QEMU: nothing on standard error" "$(cat "$work/stays.err")" ""
}

# The server dies: QEMU cannot come back to another one, but keeps memory, doorbells and its id.
test_server_dies()
{
	old=$(server_pids "$region")
	ours_id=$(ask ours position)
	signal_all KILL "$old"
	tap_is "the server is killed: they go on ringing" "$(both_ways ours stays 2)" ""
	tap_check "acrn-dm has another one started" wait_until server_is_new "$old"
	talk_start third -s "6,ivshmem,$region,2,vectors=2" || return 0
	ask third open-all
	says "acrn-dm keeps its id" ours position "$ours_id"
	tap_check "a newcomer gets neither that nor QEMU's" \
		test "$(ask third position)" -ne "$ours_id" -a \
		"$(ask third position)" -ne "$(ask stays position)"
	tap_is "newcomer and acrn-dm ring each other" "$(both_ways ours third 2)" ""
	tap_is "QEMU and acrn-dm still do" "$(both_ways ours stays 2)" ""
	talk_end stays "QEMU: power-off"
	talk_end third "acrn-dm: power-off of the newcomer"
	talk_end ours "acrn-dm: power-off"
	tap_check "the server ends with the last of them" wait_until no_server "$region"
	tap_is "nothing of the region is left" "$(left_overs "$region")" ""
	tap_is "nothing is in the runtime directory" "$(find "$IVSHMEM_RUNTIME_DIR" ! -type d)" ""
}

serve server "$socket" --region "$region-q" -l 2M -n 2
test_same_guest
test_two_of_qemu
end server
test_samples
test_both
test_pending
test_resets
test_other_vectors
test_kvm
test_qemu_ends
test_acrn_dm_ends
test_server_dies
tap_done
