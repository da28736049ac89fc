#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# ivshmem-server as a service: its end when nobody needs it, who may connect, what it tells about
# itself, and what it and a service manager say to each other.
set -eu

cd "$(dirname "$0")/../.."
build=${BUILD:-build}
# shellcheck source=tests/e2e/tap.sh
. tests/e2e/tap.sh
# shellcheck source=tests/functional/server.sh
. tests/functional/server.sh

server_test service
program=$build/ivshmem-server
unset LISTEN_PID LISTEN_FDS LISTEN_FDNAMES NOTIFY_SOCKET

fake()
{
	timeout 60 "$build/tests/functional/service_fake" "$@"
}

# ended PID: it is gone. Its status is to be asked for by wait.
ended()
{
	! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status"
}

# --- a region's server in the background ---------------------------------------------------------

tap_check 'in the background, with a region' "$program" --region "$name" -l 64K --exit-when-empty
tap_is 'there is no pid file' "$(find "$tmp" -name '*pid*')" ''
region_sock=$(find "$tmp/run" -name '*.sock')
tap_is 'its socket is where the name says' "$region_sock" \
	"$tmp/run/$(printf 'acrn-ivshmem-region-v1\0%s' "${name#dm:/}" | sha256sum | cut -c 1-32).sock"
expect 'a client finds it by the name' 0 '^our_id = 0' "$build/ivshmem-client" --region "$name" --exec dump
tap_check 'it ends when the client has left' wait_for [ ! -e "$region_sock" ]
expect 'the region goes with it' 0 '' wait_for sh -c "[ -z \"\$(find '$tmp/run' -type f)\" ]"
long=$tmp/$(printf '%0100d' 0)
expect 'a runtime directory whose path is too long' 1 'set IVSHMEM_RUNTIME_DIR to a shorter path' \
	env IVSHMEM_RUNTIME_DIR="$long" "$program" -F --region "$name"
expect 'the same in a client' 1 'set IVSHMEM_RUNTIME_DIR to a shorter path' \
	env IVSHMEM_RUNTIME_DIR="$long" "$build/ivshmem-client" --region "$name"

# --- the end when nobody is there ----------------------------------------------------------------

start_server lonely -S "$sock" -M "$object" --exit-when-empty
lonely=$server
start_server waiting -S "$sock-2" -M "$object-2" --exit-when-empty
start_client stays stay "$sock-2" 100000
tap_check 'a server that nobody joins ends' wait_for ended "$lonely"
status=0
wait "$lonely" || status=$?
tap_is 'in order' "$status" 0
tap_check 'and says so' grep -q 'nobody has joined for 10 s' "$tmp/lonely"
tap_is 'leaving nothing' "$(find "$sock" "/dev/shm/$object" 2>/dev/null)" ''
sleep 1
tap_check 'one that has been joined stays' kill -0 "$server"
end_process "$client" "$holder"
tap_check 'until the client leaves' wait_for ended "$server"

rounds=30
greeted=0
while [ "$rounds" -gt 0 ]; do
	rounds=$((rounds - 1))
	rm -f "$tmp"/race-*
	start_server race -S "$sock" -M "$object" --exit-when-empty
	racers=
	for i in 1 2; do
		fake race "$sock" >"$tmp/race-$i" 2>&1 &
		racers="$racers $!"
	done
	pids="$pids $racers"
	for pid in $racers; do
		wait "$pid" || true
	done
	wait "$server" || true
	if [ "$(cat "$tmp"/race-* | grep -c '^done')" -ne 2 ]; then
		break
	fi
	greeted=$(awk -v sum="$greeted" '{ sum += $3 } END { print sum }' "$tmp"/race-*)
done
tap_is 'who connects while a server ends is served or refused' "$(cat "$tmp"/race-* | grep -v '^done')" ''
tap_check 'which was tried often' [ "$greeted" -ge 30 ]
tap_note "$greeted clients were greeted"

start_server ending -S "$sock" -M "$object"
start_client reads-not silent "$sock" 1
wait_for grep -q connected "$client_out"
stop_server
tap_check 'SIGTERM with a client that does not read: the socket is gone' [ ! -e "$sock" ]
end_process "$client" "$holder"
start_server first -S "$sock" -M "$object"
first=$server
"$program" -F -v -S "$sock" -M "$object" 2>"$tmp/second" &
second=$!
pids="$pids $second"
sleep 0.3
kill -TERM "$first"
wait "$first" || true
tap_check 'a server starts while its predecessor ends' wait_for grep -q listening "$tmp/second"
kill -TERM "$second"
wait "$second" || true

mkfifo "$tmp/log.in"
"$program" -F -v -S "$sock" -M "$object" 2>"$tmp/log.in" &
server=$!
pids="$pids $server"
head -n 1 "$tmp/log.in" >/dev/null
expect_done 'it serves on when nobody reads its log any more' tables "$sock" 2 1
tap_check 'and then' kill -0 "$server"
stop_server

# --- who may connect -----------------------------------------------------------------------------

expect 'no such group' 64 'socket group "nobody-has-this": there is no such group' \
	"$program" -F -S "$sock" -M "$object" --socket-group nobody-has-this
if [ "$(id -u)" -eq 0 ]; then
	start_server group -S "$sock" -M "$object" --socket-group 65534
	tap_is 'group and mode of the socket' "$(stat -c '%g %a' "$sock")" '65534 660'
	expect_done 'it is served' tables "$sock" 2 1
	stop_server
	start_server group -S "$sock" -M "$object" --socket-group "$(id -gn)" --socket-mode 620
	tap_is 'a group by name, and another mode' "$(stat -c '%G %a' "$sock")" "$(id -gn) 620"
	stop_server
	for mask in 000 022 777; do
		(umask "$mask" && exec "$program" -F -S "$sock" -M "$object" --socket-mode 640) &
		server=$!
		pids="$pids $server"
		wait_for [ -S "$sock" ]
		tap_is "the mode of the socket with umask $mask" "$(stat -c %a "$sock")" 640
		stop_server
	done
else
	tap_skip 'group and mode of the socket' 'giving a file to any group takes root'
fi
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	mkdir "$tmp/open"
	chmod 0711 "$tmp"
	chmod 0777 "$tmp/open"
	cp "$program" "$tmp/open"
	expect 'a group that the user is no member of' 1 'cannot give it to group 0: .*; only members of the group' \
		setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$tmp/open/ivshmem-server" -F -S "$tmp/open/socket" -m "$tmp/open" --socket-group 0
	tap_check 'and no socket is left' [ ! -e "$tmp/open/socket" ]
else
	tap_skip 'a group that the user is no member of' 'changing the user takes root and setpriv'
fi

# --- status --------------------------------------------------------------------------------------

# field FIELD: of the report that was read last.
field()
{
	sed -n "s/.*\"$1\": \\([^],}]*\\).*/\\1/p" "$tmp/report"
}

start_server status -S "$sock" -M "$object" -n 8 --status "$tmp/report.sock"
tap_is 'the mode of the status socket' "$(stat -c %a "$tmp/report.sock")" 600
fake read "$tmp/report.sock" >"$tmp/report"
tap_is 'a report without clients' "$(cat "$tmp/report")" \
	"{\"version\": \"$("$program" --version | cut -d ' ' -f 2)\", \"pid\": $server, \"socket\": \"$sock\", \"region\": null, \"object\": \"/dev/shm/$object\", \"directory\": null, \"size\": 4194304, \"vectors\": 8, \"clients\": [], \"rings\": null}"
start_client one stay "$sock" 11
wait_for grep -q '^0 fd' "$client_out"
wait_for sh -c "[ \"\$(wc -l <'$client_out')\" -ge 11 ]" # which then leaves
wait "$client" || true
end_process "$holder"
start_client two stay "$sock" 100000
wait_for grep -q '^1 fd' "$client_out"
fake read "$tmp/report.sock" >"$tmp/report"
tap_is 'a client: id, user, nothing queued' "$(field id) $(field uid) $(field queued) $(field unread)" "1 $(id -u) 0 false"
two=$client
two_holder=$holder
start_client silent silent "$sock" 60
wait_for grep -q 'client 61 joins' "$log"
fake read "$tmp/report.sock" >"$tmp/report"
tr '}' '\n' <"$tmp/report" | grep '"id"' >"$tmp/lines"
tap_is 'all of many' "$(wc -l <"$tmp/lines")" 61
tap_is 'those that do not read' \
	"$(grep -v '"id": 1,' "$tmp/lines" | grep -c '"unread": true')" 60
tap_check 'messages are queued for them' grep -Eq '"id": 2, .*"queued": [1-9][0-9]*,' "$tmp/lines"
tap_check 'not for the one that does' grep -q '"id": 1, .*"queued": 0,' "$tmp/lines"
if command -v jq >/dev/null; then
	expect 'it is JSON' 0 '^61$' jq '.clients | length' "$tmp/report"
	tap_is 'the sum of sent and queued is the table' \
		"$(jq '[.clients[] | select(.id == 2) | .queued] | .[0] >= 8 * 61 - 300' "$tmp/report")" true
else
	tap_skip 'it is JSON' 'there is no jq'
fi
expect 'a client that speaks to the status socket' 0 '' fake read "$tmp/report.sock"
end_process "$client" "$holder" "$two" "$two_holder"
stop_server
tap_check 'the status socket goes with the server' [ ! -e "$tmp/report.sock" ]
start_server killed -S "$sock" -M "$object" --status "$tmp/report.sock"
end_process "$server"
tap_check 'a server that is killed leaves it' [ -S "$tmp/report.sock" ]
start_server next --region "$name" -l 64K --status "$tmp/report.sock"
fake read "$tmp/report.sock" >"$tmp/report"
tap_is 'its successor replaces it' "$(field pid)" "$server"
tap_is 'a region is called by its name' "$(field region)" "\"$name\""
expect 'a status socket that is served' 1 "socket $tmp/report.sock: a server answers there" \
	"$program" -F -S "$sock" -M "$object" --status "$tmp/report.sock"
expect 'a status path that is no socket' 1 "socket $0: there is a file that is no socket" \
	"$program" -F -S "$sock" -M "$object" --status "$0"
stop_server
tap_check 'nothing is left of either' [ ! -e "$sock" ]

# --- a socket from the service manager -----------------------------------------------------------

# expect_bad KIND PATTERN: a socket that cannot be used.
expect_bad()
{
	rm -f "$tmp/passed.sock"
	expect "passed: $1" 1 "$2" fake activate "$1" "$tmp/passed.sock" "$program" -F -S "$sock" -M "$object"
}

expect_bad two 'LISTEN_FDS: 2 sockets were passed'
expect_bad datagram 'descriptor 3, passed with LISTEN_FDS, is no listening AF_UNIX stream socket'
expect_bad deaf 'is no listening AF_UNIX stream socket'
expect_bad closed 'LISTEN_FDS promises a socket as descriptor 3: there is none'
expect_bad junk 'LISTEN_FDS "x": a number is needed'
tap_is 'nothing is left of that' "$(find "$sock" "/dev/shm/$object" 2>/dev/null)" ''
rm -f "$tmp/passed.sock"
expect 'the mode of a socket that was passed' 64 'write SocketMode=' \
	fake activate stream "$tmp/passed.sock" "$program" -F -M "$object" --socket-mode 600

# start_passed KIND ARGS...: a server with a socket from the outside.
start_passed()
{
	kind=$1
	shift
	rm -f "$tmp/passed.sock"
	server_under="$build/tests/functional/service_fake activate $kind $tmp/passed.sock" \
		start_server passed "$@"
}

start_passed stream -S "$sock" -M "$object" -n 2 --status "$tmp/report.sock"
tap_check 'its path is told' grep -q "listening at $tmp/passed.sock" "$log"
expect_done 'it is served' tables "$tmp/passed.sock" 3 2
tap_check 'the one that -S names is not there' [ ! -e "$sock" ]
fake read "$tmp/report.sock" >"$tmp/report"
tap_is 'and is not reported' "$(field socket)" "\"$tmp/passed.sock\""
stop_server
tap_is 'SIGTERM: status' "$status" 0
tap_check 'the socket file stays' [ -S "$tmp/passed.sock" ]
start_passed other -S "$sock" -M "$object"
expect_done 'a socket for another process is left alone' tables "$sock" 2 1
stop_server
rm -f "$tmp/passed.sock"
expect 'in the background' 0 '^done' sh -c "
	'$build/tests/functional/service_fake' activate stream '$tmp/passed.sock' '$program' -M '$object' -p '$tmp/pid' --exit-when-empty &&
	'$build/tests/functional/server_clients' tables '$tmp/passed.sock' 2 1"
tap_check 'it ends with its last client' wait_for [ ! -e "$tmp/pid" ]

# --- notifications -------------------------------------------------------------------------------

for address in "$tmp/notify" "@functional-test-$$"; do
	rm -f "$tmp/notify"
	start_held notified service_fake notified "$address" 2
	sleep 0.2
	server_under="env NOTIFY_SOCKET=$address" start_server ready -S "$sock" -M "$object"
	wait_for grep -q READY "$held_out"
	tap_is "ready, told to $address" "$(cat "$held_out")" "READY=1|STATUS=Serving $object at $sock|"
	expect_done 'ready is true' tables "$sock" 2 1
	stop_server
	wait "$held" || true
	tap_is 'stopping' "$(tail -n 1 "$held_out")" STOPPING=1
	end_process "$holder"
done
for address in "$tmp/nowhere" '' '@' 'vsock:2:1'; do
	server_under="env NOTIFY_SOCKET=$address" start_server unheard -S "$sock" -M "$object"
	tap_check "nobody listens at \"$address\"" kill -0 "$server"
	stop_server
done

# --- the units -----------------------------------------------------------------------------------

if command -v systemd-analyze >/dev/null; then
	mkdir "$tmp/units"
	cp dist/ivshmem-server@.service dist/ivshmem-server@.socket "$tmp/units"
	sed -i "s|^ExecStart=[^ ]*|ExecStart=$(realpath "$program")|" "$tmp/units/ivshmem-server@.service"
	for unit in ivshmem-server@vm-demo.service ivshmem-server@vm-demo.socket; do
		tap_is "systemd-analyze verify $unit" \
			"$(cd "$tmp/units" && systemd-analyze verify --man=no "./$unit" 2>&1 || echo "failed")" ''
	done
else
	tap_skip 'systemd-analyze verify' 'there is no systemd-analyze'
fi

tap_is 'nothing is left in /dev/shm' "$(find /dev/shm -name "$object*")" ''
tap_done
