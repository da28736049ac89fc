#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Ids across the death of servers: leases, claims, and what goes on meanwhile.
set -eu

cd "$(dirname "$0")/../.."
build=${BUILD:-build}
# shellcheck source=tests/e2e/tap.sh
. tests/e2e/tap.sh
# shellcheck source=tests/functional/server.sh
. tests/functional/server.sh

server_test ids
memory_path=$("$build/ivshmemctl" path "$name")

# serve LOG: a server of the region.
serve()
{
	start_server "$1" -S "$sock" --region "$name" -l 1M
}

# start_keeper NAME [FORMER-ID]: its output is $tmp/NAME; its pids are in $keeper.
start_keeper()
{
	keeper_name=$1
	shift
	start_held "$keeper_name" id_keeper "$sock" "$@"
	keeper="$held $holder"
	wait_for grep -q '^id' "$held_out" || true
}

# tell NAME WORDS: a line of input for a keeper.
tell()
{
	# shellcheck disable=SC2016 # $ are the inner shell's
	timeout 10 sh -c 'echo "$1" >"$2"' sh "$2" "$tmp/$1.in" || tap_note "$1 does not listen"
}

# has NAME COUNT LINE: how often a keeper has said a line, within some seconds.
has()
{
	# shellcheck disable=SC2016 # $ are the inner shell's
	wait_for sh -c '[ "$(grep -cx "$2" "$3")" -eq "$1" ]' sh "$2" "$3" "$tmp/$1" || {
		tap_note "$1 said: $(tr '\n' ',' <"$tmp/$1")"
		return 1
	}
}

inode()
{
	stat -c %i "$memory_path" || echo none
}

# --- a server is killed, its clients live on -----------------------------------------------------

serve first
memory=$(inode)
start_keeper a
a=$keeper
start_keeper b
b=$keeper
tap_check 'a fresh server gives id 0 first' has a 1 'id 0'
tap_check 'then id 1' has b 1 'id 1'
end_process "$server"
tap_check 'clients notice that the server is dead' has b 1 lost
tell a 'ring 1'
tap_check 'and go on ringing each other' has b 1 rung
serve second
tap_is 'the next server has the same memory' "$(inode)" "$memory"
start_keeper c
c=$keeper
tap_check 'a newcomer gets none of their ids' has c 1 'id 2'

# --- claims --------------------------------------------------------------------------------------

tell a again
tap_check 'who comes back gets its id again' has a 2 'id 0'
tap_check 'and hears of newcomers' has a 1 'joined 2'
tap_check 'and they of it' has c 1 'joined 0'
tell c 'ring 0'
tap_check 'who can ring it' has a 1 rung
tell b 'ring 0'
tap_check 'as can those who have not come back' has a 2 rung
tell b again
tap_check 'the next one gets its id too' has b 2 'id 1'
tell a again
tap_check 'an id is not given twice in a life of a server' has a 1 'id 3'
start_keeper d 500
tap_check 'any id can be claimed' has d 1 'id 500'
start_keeper e 500
e=$keeper
tap_check 'but not one that somebody has' has e 1 'id 4'
# shellcheck disable=SC2086
end_process $e
start_keeper f 4
tap_check 'nor one that somebody had' has f 1 'id 5'

# --- leases end with their owners ----------------------------------------------------------------

# shellcheck disable=SC2086
end_process $a $b
end_process "$server"
serve third
start_keeper g
tap_check 'the id of somebody gone is given again' has g 1 'id 0'
start_keeper h
tap_check 'also the next' has h 1 'id 1'
start_keeper i
tap_check 'those of others are not' has i 1 'id 3'
# shellcheck disable=SC2086
end_process $c

# --- an orderly end ------------------------------------------------------------------------------

stop_server
tap_is 'a server that ends leaves the memory to its clients' "$(inode)" "$memory"
tap_check 'to whom it says good-bye' has g 1 lost
serve fourth
tap_is 'so that the next one has it' "$(inode)" "$memory"
start_keeper j
tap_check 'and passes over their ids' has j 1 'id 2'
# shellcheck disable=SC2086
end_process $pids
pids=
serve fifth
tap_check 'without clients the next server makes new memory' [ "$(inode)" != "$memory" ]
stop_server
tap_check 'and leaves none behind' [ ! -e "$memory_path" ]

# --- no /proc ------------------------------------------------------------------------------------

if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016 # $ are the inner shell's
	printf '#!/bin/sh\nmount -t tmpfs none /proc && exec "$@"\n' >"$tmp/no-proc"
	server_under="unshare -m sh $tmp/no-proc"
	start_server without -S "$sock" -m "$tmp" -l 64K
	server_under=
	start_keeper without-proc
	tap_check 'without /proc a server serves without leases' has without-proc 1 'id 0'
	end_process "$server"
else
	tap_skip 'a server without /proc' 'making a mount namespace takes root and unshare'
fi

# --- QEMU ----------------------------------------------------------------------------------------

if command -v qemu-system-x86_64 >/dev/null; then
	serve qemu
	memory=$(inode)
	timeout 100 qemu-system-x86_64 -machine q35 -accel tcg -display none -nodefaults -S \
		-chardev "socket,id=c,path=$sock" -device ivshmem-doorbell,chardev=c,vectors=1 \
		>"$tmp/qemu-output" 2>&1 &
	qemu=$!
	pids="$pids $qemu"
	wait_for grep -q 'client 0 joins' "$log"
	sleep 0.5
	end_process "$server"
	serve qemu-2
	tap_is 'with QEMU alone, the next server has its memory' "$(inode)" "$memory"
	start_keeper k
	tap_check 'and does not give away its id' has k 1 'id 1'
	tap_check 'QEMU lives' kill -0 "$qemu"
	tap_is 'without a complaint' "$(cat "$tmp/qemu-output")" ''
	kill "$qemu"
	wait "$qemu" || true
	end_process "$server"
	serve qemu-3
	start_keeper l
	tap_check 'until it is gone' has l 1 'id 0'
	end_process "$server"
else
	tap_skip 'QEMU as a client' 'there is no qemu-system-x86_64'
fi

tap_done
