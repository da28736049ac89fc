#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Doorbells among many: every pair of peer and vector, peers that come, go and die, servers with other
# numbers of vectors than the device.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"
# shellcheck source=tests/guest/talk.sh
. "$root/tests/guest/talk.sh"

socket=$work/server.sock
device=6,ivshmem,$region,2,server=$socket

# start_server VECTORS
start_server()
{
	serve server "$socket" --region "$region" -l 2M -n "$1"
}

# rings_peer NAME ID: a ring of a peer that counts has arrived at last.
rings_peer()
{
	ask "$1" "ring $2 0"
	[ "$(ask "$1" "await-peek 64 1")" -ge 1 ]
}

# Too few descriptors for all that join: whatever else is lost, it comes back when the others leave.
test_few_descriptors()
{
	start_server 8
	real=$acrn_dm
	# shellcheck disable=SC2016 # $@ is the inner shell's
	printf '#!/bin/sh\nulimit -n 100\nexec "%s" "$@"\n' "$(cd "${real%/*}" && pwd)/acrn-dm" \
		>"$work/limited"
	chmod +x "$work/limited"
	acrn_dm=$work/limited
	talk_start few -s "$device,vectors=8" || return 0
	acrn_dm=$real
	ask few open-all
	peers crowd "$socket" 20 8
	tap_check "too few descriptors: the log says so" \
		wait_until grep -q "raise the limit of open files" "$work/few.err"
	tap_is "the guest still rings itself" "$(ring_arrives few few 0 3)" ""
	says "and keeps its id" few position 0
	end crowd
	peers crowd "$socket" 2 8
	read -r _ first last <"$work/crowd.out"
	tap_check "when the crowd has left it connects again" wait_until rings_peer few "$first"
	says "and rings who comes next" few "spread $first $last 8 1 1" "16 rung and counted"
	end crowd
	talk_end few "power-off"
	end server
}

# 320 pairs, where the device has 256 that are quick: they must take turns.
test_every_pair()
{
	start_server 8
	talk_start a -s "$device,vectors=8" || return 0
	peers crowd "$socket" 40 8
	tap_is "40 peers are there" "$(cat "$work/crowd.out")" "ready 1 40"
	says "each pair once, three rounds" a "spread 1 40 8 1 3" "960 rung and counted"
	says "each pair ten times, two rounds" a "spread 1 40 8 10 2" "6400 rung and counted"
	says "once more" a "spread 1 40 8 1 2" "640 rung and counted"
	if [ "${ACRN_DM_NESTED:-0}" = 0 ]; then
		says "272 pairs, each until it is quick" a "spread 1 34 8 70 2" "38080 rung and counted"
		says "and once more" a "spread 1 40 8 1 1" "320 rung and counted"
	fi
	ask a open-all
	tap_is "and the guest itself still rings itself" "$(ring_arrives a a 7 3)" ""

	tap_note "peers leave, others come"
	end crowd
	peers crowd "$socket" 40 8
	tap_is "40 others are there" "$(cat "$work/crowd.out")" "ready 41 80"
	says "each pair of them" a "spread 41 80 8 1 2" "640 rung and counted"
	says "the same as often as it takes to be quick" a "spread 41 48 8 10 1" "640 rung and counted"
	before=$(ask a "peek 64")
	ask a "ring 1 0 100"
	says "those that left are not rung" a "await-peek 64 $((before + 1))" "$before"
	end crowd
	talk_end a "power-off"
	end server
}

# Peers die in the middle of it; the guest must not notice, nor anybody who comes later.
test_killed()
{
	start_server 2
	talk_start a -s "$device,vectors=2" || return 0
	ask a open-all
	for round in 1 2 3 4 5; do
		peers "victim$round" "$socket" 1 2
		id=$(sed -n 's/^ready \([0-9]*\) .*/\1/p' "$work/victim$round.out")
		tell a "storm $id 2"
		vm_expect a "^storm" || true
		sleep 0.1
		vm_signal "victim$round" KILL
		vm_wait "victim$round"
		sleep 0.1
		ask a over >/dev/null
		says "killed while it is rung, round $round: the guest goes on" a position 0
	done
	peers after "$socket" 1 2
	id=$(sed -n 's/^ready \([0-9]*\) .*/\1/p' "$work/after.out")
	says "a newcomer gets each ring" a "spread $id $id 2 20 1" "40 rung and counted"
	end after
	tap_is "and the guest its own" "$(ring_arrives a a 0 3)" ""
}

test_machines()
{
	talk_start b -s "$device,vectors=2" || return 0
	ask b open-all
	tap_is "another machine joins: both ring each other" "$(both_ways a b 2)" ""
	tell a "storm $(ask b position) 2"
	vm_expect b '^@@' || true
	sleep 0.2
	ask a over >/dev/null
	tap_check "rings in a storm arrive" test "$(ask b "await-total 3")" -ge 3
	tap_is "and each one after it" "$(both_ways a b 2)" ""
	tell a "storm $(ask b position) 2"
	sleep 0.1
	talk_kill b
	sleep 0.1
	ask a over >/dev/null
	says "a machine killed in a storm: the other goes on" a position 0
	tap_is "and rings itself" "$(ring_arrives a a 1 3)" ""
	for name in b c d; do
		talk_start "$name" -s "$device,vectors=2" || return 0
		ask "$name" open-all
	done
	bad=
	for from in a b c d; do
		for to in a b c d; do
			bad="$bad$(ring_arrives "$from" "$to" 1)"
		done
	done
	tap_is "four machines ring each other, and themselves" "$bad" ""
	talk_end b "power-off of one"
	for name in c d; do
		bad="$bad$(both_ways a "$name" 2)"
	done
	tap_is "the others go on" "$bad" ""
	for name in c d a; do
		talk_end "$name" "power-off of $name"
		tap_is "$name: nothing on standard error" "$(cat "$work/$name.err")" ""
	done
	end server
}

# Clients that only look in, hundreds of them, while the guest rings: nobody may stay in its tables.
test_churn()
{
	start_server 8
	talk_start a -s "$device,vectors=8" || return 0
	ask a open-all
	before=$(descriptors a)
	tell a "storm 0 8"
	vm_expect a '^storm' || true
	expect "300 clients connect and close at once" 0 '^done' \
		timeout 200 "$build/tests/functional/server_clients" churn "$socket" 300
	for round in 1 2 3; do
		peers crowd "$socket" 60 8
		end crowd
	done
	ask a over >/dev/null
	tap_is "the guest still rings itself" "$(ring_arrives a a 5 3)" ""
	tap_check "and has closed what it was sent" wait_until sh -c "
		[ \"\$(find '/proc/$(vm_pid a)/fd' | wc -l)\" -eq $before ]"
	tap_note "descriptors: $before before, $(descriptors a) after"
	talk_end a "power-off"
	tap_is "nothing on standard error" "$(cat "$work/a.err")" ""
	end server
}

# Vector numbers above 255, which QEMU cuts off where it looks at them itself.
test_many_vectors()
{
	start_server 300
	talk_start a -s "$device,vectors=300" || return 0
	peers crowd "$socket" 3 300
	tap_is "3 peers of 300 vectors" "$(cat "$work/crowd.out")" "ready 1 3"
	ask a "write 12 4 0x0003012b"
	says "0x0003012b rings vector 299 of peer 3" a \
		"await-peek $((4096 + 4 * (3 * 300 + 299))) 1" 1
	says "not vector 43" a "peek $((4096 + 4 * (3 * 300 + 43)))" 0
	says "nor anything else" a "peek 64" 1
	ask a open-all
	tap_is "ringing oneself at vector 299" "$(ring_arrives a a 299 1)" ""
	says "each vector of each" a "spread 1 3 300 1 1" "900 rung and counted"
	says "the last ones until they are quick" a "spread 3 3 300 5 1" "1500 rung and counted"
	says "vectors that nobody has" a "ring 3 300 10" ""
	says "ring nobody" a "peek 64" 2401
	tap_is "a host program rings vector 299" "$(client "$socket" "int 0 299" && ask a "await 299 2")" 2
	end crowd
	talk_end a "power-off"
	end server
}

test_mismatch()
{
	start_server 2
	talk_start more -s "$device,vectors=4" || return 0
	talk_start fewer -s "$device,vectors=1" || return 0
	ask more open-all
	ask fewer open-all
	says "more vectors than the server: a table of 4" more vectors 4
	tap_is "what the server has works" "$(ring_arrives more more 0 2)$(ring_arrives more more 1 2)" ""
	total=$(ask more total)
	for vector in 2 3 4; do
		ask more "ring 0 $vector"
	done
	says "the rest is silent" more total "$total"
	says "fewer vectors than the server: a table of 1" fewer vectors 1
	tap_is "it is rung at what it has" "$(both_ways more fewer 1)" ""
	total=$(ask fewer total)
	ask more "ring 1 1 3"
	says "at what it has not nothing happens" fewer total "$total"
	tap_is "it rings all vectors of others" "$(ring_arrives fewer more 1 2)" ""
	talk_end more "power-off of the one with more"
	talk_end fewer "power-off of the one with fewer"
	end server
	start_server 0
	talk_start none -s "$device,vectors=2" || return 0
	ask none open-all
	ask none "ring 0 0"
	says "a server without vectors: the doorbell is deaf" none total 0
	talk_end none "power-off"
	end server
}

test_few_descriptors
test_every_pair
test_killed
test_machines
test_churn
test_many_vectors
test_mismatch
tap_is "nothing of the region is left" "$(left_overs "$region")" ""
tap_done
