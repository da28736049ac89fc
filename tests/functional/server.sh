# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# An ivshmem-server and clients of it, for the tests in this directory: source it after tests/e2e/tap.sh.
# $build has the programs, and the test begins with server_test. All that is started is in $pids.

pids=

# server_test NAME: $tmp is a directory of the test's own, $sock, $object and $name are a socket, a POSIX
# object and a region for it. What is left of these, and who is in $pids, goes at the end.
server_test()
{
	tmp=$(mktemp -d)
	export IVSHMEM_RUNTIME_DIR="$tmp/run"
	# shellcheck disable=SC2034 # for the test
	sock=$tmp/socket
	object=functional-test-$$
	name=dm:/functional-test/$$/$1
	trap clean_up EXIT
	trap 'exit 1' HUP INT TERM
}

# shellcheck disable=SC2317,SC2329 # reached through the trap
clean_up()
{
	# shellcheck disable=SC2086 # words
	end_process $pids
	rm -f "/dev/shm/$object"
	# shellcheck disable=SC2154 # the test's
	"$build/ivshmemctl" remove "$name" >/dev/null 2>&1 || true
	rm -rf "$tmp"
}

clients()
{
	timeout 200 "$build/tests/functional/server_clients" "$@"
}

# wait_for COMMAND...: until it succeeds, for some seconds.
wait_for()
{
	tries=200
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

# start_server LOG ARGS...: in the foreground; its pid is in $server. What is in $server_under runs it.
server_under=
start_server()
{
	log=$tmp/$1
	shift
	: >"$log"
	# shellcheck disable=SC2086 # words
	$server_under "$build/ivshmem-server" -F -v "$@" 2>"$log" &
	server=$!
	pids="$pids $server"
	wait_for grep -q listening "$log" || tap_note "$(cat "$log")"
}

# stop_server: SIGTERM; its status is in $status.
stop_server()
{
	status=0
	kill -TERM "$server"
	# shellcheck disable=SC2034 # the test looks at it
	wait "$server" || status=$?
}

# start_held NAME PROGRAM ARGS...: a program of the tests whose standard input lasts until $holder is
# ended; its pid is in $held, its output in $held_out.
start_held()
{
	held_out=$tmp/$1
	held_program=$build/tests/functional/$2
	shift 2
	rm -f "$held_out.in"
	mkfifo "$held_out.in"
	"$held_program" "$@" <"$held_out.in" >"$held_out" 2>&1 &
	held=$!
	sleep 1000 >"$held_out.in" &
	holder=$!
	pids="$pids $held $holder"
}

# start_client NAME ARGS...: a client that stays while its standard input does, or until its patience ends.
start_client()
{
	client_name=$1
	shift
	start_held "$client_name" server_clients "$@"
	# shellcheck disable=SC2034 # for the test
	client=$held client_out=$held_out
}

end_process()
{
	for pid in "$@"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# expect_done NAME CLIENT-ARGS...
expect_done()
{
	done_name=$1
	shift
	expect "$done_name" 0 '^done' clients "$@"
}
