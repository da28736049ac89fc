# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# An ivshmem-server and clients of it, for the tests in this directory: source it after tests/e2e/tap.sh.
# $build has the programs, $tmp is a directory of the test's own. All that is started is in $pids, which
# the test ends with end_process.

pids=

clients()
{
	# shellcheck disable=SC2154 # both are the test's
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
	# shellcheck disable=SC2154
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

# start_client NAME ARGS...: a client that stays while its standard input does.
start_client()
{
	client_out=$tmp/$1
	shift
	mkfifo "$client_out.in"
	# Not by a function, so that $! is the client itself. It ends with its input or with its patience.
	"$build/tests/functional/server_clients" "$@" <"$client_out.in" >"$client_out" 2>&1 &
	client=$!
	sleep 1000 >"$client_out.in" &
	# shellcheck disable=SC2034 # the test ends it
	holder=$!
	pids="$pids $client $holder"
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
