#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# ivshmem-server with clients that behave and clients that do not, and with QEMU.
set -eu

cd "$(dirname "$0")/../.."
build=${BUILD:-build}
# shellcheck source=tests/e2e/tap.sh
. tests/e2e/tap.sh
# shellcheck source=tests/functional/server.sh
. tests/functional/server.sh

server_test server

# --- usage ---------------------------------------------------------------------------------------

expect 'help' 0 '^Usage: ivshmem-server' "$build/ivshmem-server" -h
expect 'version' 0 '^ivshmem-server [0-9]' "$build/ivshmem-server" --version
expect 'verbose in the background' 64 '-v needs -F' "$build/ivshmem-server" -v
expect 'no such option' 64 'no such option' "$build/ivshmem-server" -x
expect 'a word too many' 64 '"x" is no option' "$build/ivshmem-server" x
expect 'size 0' 64 'size "0"' "$build/ivshmem-server" -F -l 0
expect 'a fraction' 64 'size "1.5G"' "$build/ivshmem-server" -F -l 1.5G
expect 'too many vectors' 64 'vectors "2049"' "$build/ivshmem-server" -F -n 2049
expect 'two memories' 64 'leave out -m' "$build/ivshmem-server" -F --region "$name" -m /tmp
expect 'a region of the hypervisor' 64 'belongs to the hypervisor' "$build/ivshmem-server" --region hv:/a
expect 'no such directory' 1 'nowhere: cannot make a file' \
	"$build/ivshmem-server" -F -S "$sock" -m "$tmp/nowhere"
expect 'a file that is no socket' 1 'is no socket' "$build/ivshmem-server" -F -M "$object" -S "$0"
tap_check 'nothing is left of that' [ ! -e "/dev/shm/$object" ]

# --- sizes ---------------------------------------------------------------------------------------

for pair in 3M:4194304 1K:4096 2G:2147483648; do
	start_server size -S "$sock" -M "$object" -l "${pair%:*}"
	tap_is "size ${pair%:*}" "$(stat -c %s "/dev/shm/$object")" "${pair#*:}"
	stop_server
done
start_server file -S "$sock" -m "$tmp" -l 64K -n 2
expect_done 'a file without a name' tables "$sock" 2 2
stop_server

# --- many clients --------------------------------------------------------------------------------

start_server many -S "$sock" -M "$object" -n 8
expect_done '320 clients of 8 vectors' tables "$sock" 320 8
expect_done 'clients that connect and close' churn "$sock" 1000
expect_done 'a client that talks is dropped' talk "$sock"
expect_done 'all is well afterwards' tables "$sock" 20 8
stop_server
tap_is 'SIGTERM: status' "$status" 0
tap_check 'SIGTERM: the socket is gone' [ ! -e "$sock" ]
tap_check 'SIGTERM: the object is gone' [ ! -e "/dev/shm/$object" ]
for vectors in 0 1 2048; do
	start_server vectors -S "$sock" -M "$object" -n "$vectors"
	expect_done "$vectors vectors" tables "$sock" 4 "$vectors"
	stop_server
done
most=$(sh -c 'ulimit -Hn')
if [ "$most" = unlimited ] || [ "$most" -ge 9100 ]; then
	start_server thousand -S "$sock" -M "$object" -n 8
	expect_done '1000 clients of 8 vectors' tables "$sock" 1000 8
	stop_server
else
	tap_skip '1000 clients of 8 vectors' 'file descriptors are limited to fewer (ulimit -Hn)'
fi

# --- clients that do not read --------------------------------------------------------------------

start_server silent -S "$sock" -M "$object" -n 8
start_client reads-not silent "$sock" 3
wait_for grep -q connected "$client_out"
silent_client=$client
silent_holder=$holder
expect_done 'others notice nothing of clients that never read' churn "$sock" 200
start_client stays stay "$sock" 100000
wait_for sh -c "[ \"\$(wc -l <'$client_out')\" -ge 35 ]"
tap_is 'a newcomer gets its greeting' "$(sed -n '1p;3p' "$client_out" | tr '\n' ' ')" '0 -1 fd '
tap_is 'and the table in order' "$(sed -n '4,27s/ fd//p' "$client_out" | uniq -c | tr -s ' \n' ' ')" ' 8 0 8 1 8 2 '
stop_server
tap_is 'SIGTERM with peers: status' "$status" 0
wait "$client" || true
tap_is 'SIGTERM with peers: nobody is said to leave, since nobody does' \
	"$(sed '/ fd$/d' "$client_out" | sed '2s/.*/id/' | tr '\n' ' ')" '0 id end '
tap_check 'SIGTERM with peers: the object stays with them' [ -e "/dev/shm/$object" ]
end_process "$silent_client" "$silent_holder"

# --- descriptors run out -------------------------------------------------------------------------

# shellcheck disable=SC2016 # $@ is the inner shell's
sh -c 'ulimit -n 60; exec "$@"' sh "$build/ivshmem-server" -F -v -S "$sock" -M "$object" -n 8 \
	2>"$tmp/few" &
server=$!
pids="$pids $server"
wait_for grep -q listening "$tmp/few"
start_client few silent "$sock" 30
wait_for grep -q 'client is refused' "$tmp/few"
tap_check 'without descriptors clients are refused' grep -q 'raise the limit' "$tmp/few"
before=$(cut -d ' ' -f 14 "/proc/$server/stat")
sleep 0.5
after=$(cut -d ' ' -f 14 "/proc/$server/stat")
tap_check 'and the server does not spin' [ "$((after - before))" -le 10 ]
end_process "$client" "$holder"
wait_for grep -q 'leaves' "$tmp/few"
expect_done 'when they are back, so are clients' tables "$sock" 3 8
stop_server

# --- descriptors on their way run out ------------------------------------------------------------
# The kernel limits them for users without privileges: what does not go now must go later.

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	mkdir "$tmp/open"
	chmod 0711 "$tmp"
	chmod 0777 "$tmp/open"
	cp "$build/ivshmem-server" "$tmp/open"
	# shellcheck disable=SC2016 # $@ is the inner shell's
	setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'ulimit -n 80; exec "$@"' sh \
		"$tmp/open/ivshmem-server" -F -v -S "$tmp/open/socket" -m "$tmp/open" -n 8 2>"$tmp/way" &
	server=$!
	pids="$pids $server"
	wait_for grep -q listening "$tmp/way"
	start_client holds silent "$tmp/open/socket" 3
	wait_for grep -q connected "$client_out"
	hog=$client
	hog_holder=$holder
	start_client waits stay "$tmp/open/socket" 38
	wait_for grep -q 'client 3 joins' "$tmp/way"
	sleep 0.2
	end_process "$hog" "$hog_holder"
	wait "$client" || true
	tap_is 'nothing is lost when too many descriptors are on their way' \
		"$(sed -n '4,35s/ fd//p' "$client_out" | uniq -c | tr -s ' \n' ' ')" ' 8 0 8 1 8 2 8 3 '
	end_process "$holder"
	stop_server
else
	tap_skip 'too many descriptors on their way' 'changing the user takes root and setpriv'
fi

# --- servers that meet ---------------------------------------------------------------------------

start_server first -S "$sock" -M "$object"
expect 'a socket that is served' 1 "$sock: a server answers there" \
	"$build/ivshmem-server" -F -S "$sock" -M "$object-2"
expect 'an object that is served' 1 "served already by pid $server " \
	"$build/ivshmem-server" -F -S "$sock-2" -M "$object"
tap_check 'it is still there' [ -e "/dev/shm/$object" ]
tap_check 'nothing else is' [ ! -e "/dev/shm/$object-2" ]
expect_done 'and served' tables "$sock" 2 1
start_client lives stay "$sock" 100000
wait_for grep -q 'fd' "$client_out"
end_process "$server"
tap_check 'a server that is killed leaves its socket' [ -S "$sock" ]
expect 'another size' 1 "with size 4M, not 8M" "$build/ivshmem-server" -F -S "$sock" -M "$object" -l 8M
start_server second -S "$sock" -M "$object"
expect_done 'its successor starts, with the old clients alive' tables "$sock" 2 1
stop_server
tap_check 'and clears up' [ ! -e "/dev/shm/$object" ]
end_process "$client" "$holder"

# --- region, background, end when empty ----------------------------------------------------------

start_server region --region "$name" -l 1M -n 2
region_sock=$(sed -n 's/.*listening at //p' "$log")
expect_done 'a region' tables "$region_sock" 3 2
expect 'is used' 0 "used +$server " "$build/ivshmemctl" list
expect 'a second server of a region' 1 'served already' "$build/ivshmem-server" -F --region "$name" -l 1M -S "$sock"
stop_server
expect 'nothing is left of the region' 1 'there is no region' "$build/ivshmemctl" show "$name"
tap_is 'nor of its socket' "$(ls "$tmp/run")" ''
tap_check 'in the background' "$build/ivshmem-server" -S "$sock" -M "$object" -p "$tmp/pid" --exit-when-empty --socket-mode 600
pids="$pids $(cat "$tmp/pid")"
tap_is 'the mode of the socket' "$(stat -c %a "$sock")" 600
expect 'a failure in the background is told' 1 'a server answers there' \
	"$build/ivshmem-server" -S "$sock" -M "$object-2" -p "$tmp/pid-2"
expect_done 'it serves' tables "$sock" 2 1
tap_check 'and ends with its last client' wait_for [ ! -e "$tmp/pid" ]
tap_check 'having removed all' [ ! -e "$sock" ]
start_server picky -S "$sock" -M "$object" --allow-uid 4294967294
expect 'others than the user who is allowed' 1 'failed' clients tables "$sock" 1 1
stop_server

# --- QEMU ----------------------------------------------------------------------------------------

start_qemu()
{
	timeout 100 qemu-system-x86_64 -machine q35 -accel tcg -display none -nodefaults -S \
		-chardev "socket,id=c,path=$sock" -device ivshmem-doorbell,chardev=c,vectors=2 \
		>"$tmp/$1" 2>&1 &
	qemu=$!
	pids="$pids $qemu"
}

if command -v qemu-system-x86_64 >/dev/null; then
	start_server qemu -S "$sock" -M "$object" -n 2
	start_client watch stay "$sock" 100000
	wait_for grep -q '^0 fd' "$client_out"
	start_qemu qemu-1
	one=$qemu
	wait_for grep -q 'client 1 joins' "$log"
	start_qemu qemu-2
	two=$qemu
	wait_for grep -q 'client 2 joins' "$log"
	tap_is 'both are announced' "$(tail -n 4 "$client_out" | tr '\n' ' ')" '1 fd 1 fd 2 fd 2 fd '
	sleep 1
	tap_check 'the first QEMU stays' kill -0 "$one"
	tap_check 'the second QEMU stays' kill -0 "$two"
	kill "$two"
	wait "$two" || true
	wait_for grep -qx 2 "$client_out"
	tap_is 'a leave is announced' "$(tail -n 1 "$client_out")" 2
	sleep 0.2
	tap_check 'and the first QEMU stays' kill -0 "$one"
	tap_is 'without a complaint' "$(cat "$tmp/qemu-1")" ''
	kill "$one"
	wait "$one" || true
	stop_server
else
	tap_skip 'QEMU as a client' 'there is no qemu-system-x86_64'
fi

tap_is 'nothing is left in /dev/shm' "$(find /dev/shm -name "$object*")" ''
tap_done
