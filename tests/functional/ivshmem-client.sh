#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# ivshmem-client as people and scripts call it, against a server that says what each case wants.
set -eu

cd "$(dirname "$0")/../.."
build=${BUILD:-build}
# shellcheck source=tests/e2e/tap.sh
. tests/e2e/tap.sh

tmp=$(mktemp -d)
export IVSHMEM_RUNTIME_DIR="$tmp/run"
mkdir -m 0700 "$tmp/run"
socket=$tmp/socket
server=

client()
{
	timeout 60 "$build/ivshmem-client" "$@"
}

# serve WORD...: a server at $socket for one client; what it prints is in $tmp/server.
serve()
{
	end_server
	rm -f "$socket" "$tmp/server"
	"$build/tests/functional/ivshmem_fake" "$socket" "$@" >"$tmp/server" 2>&1 &
	server=$!
	tries=200
	until grep -q listening "$tmp/server" 2>/dev/null || [ "$tries" -eq 0 ]; do
		tries=$((tries - 1))
		sleep 0.05
	done
}

# end_server: $server_status says how it ended by itself.
end_server()
{
	server_status=0
	if [ -n "$server" ]; then
		wait "$server" || server_status=$?
	fi
	server=
}

# shellcheck disable=SC2329
clean_up()
{
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# run COMMANDS [OPTION]...: by --exec at $socket.
run()
{
	run_commands=$1
	shift
	client -S "$socket" "$@" --exec "$run_commands"
}

# --- usage ---------------------------------------------------------------------------------------

expect 'help' 0 '^Usage: ivshmem-client' client -h
expect 'no such option' 64 'no such option' client --nonsense
expect 'a word too many' 64 '"word" is one word too many' client word
expect 'two servers' 64 'give one of them' client -S /a --region dm:/b
expect 'a bad region' 64 'dm:/' client --region b
expect 'a region of the hypervisor' 64 'belongs to the hypervisor' client --region hv:/b
expect 'a bad time' 64 'seconds from 1' client --timeout 0
expect 'no server' 1 "ivshmem server $socket: nobody listens there" client -S "$socket"
expect 'no server of the region' 1 "$tmp/run/[0-9a-f]{32}.sock: nobody listens there" client --region dm:/b

# --- commands --------------------------------------------------------------------------------------

serve 0 4 -1m 2+ 2+ 9+ 4+ 4+ '~'
expect 'dump' 0 '^peer_id = 9$' run 'dump'
tap_is 'with all vectors' "$(printf '%s\n' "$output" | sed 's/fd=[0-9]*/fd=N/')" 'our_id = 4
  vector 0 is enabled (fd=N)
  vector 1 is enabled (fd=N)
peer_id = 2
  vector 0 is enabled (fd=N)
  vector 1 is enabled (fd=N)
peer_id = 9
  vector 0 is enabled (fd=N)'
serve 0 4 -1m 2+ 2+ 2 9+ 4+ '~'
expect 'dump in JSON, after a leave' 0 \
	'^\{"command": "dump", "id": 4, "vectors": 1, "size": 65536, "peers": \[\{"id": 9, "vectors": 1\}\]\}$' \
	run dump --json
serve 0 4 -1m '~'
expect 'a server without vectors' 0 '^our_id = 4$' run dump
for command in help '?'; do
	serve 0 4 -1m 4+ '~'
	expect "$command" 0 '^fill OFFSET LENGTH BYTE' run "$command"
done

serve 0 4 -1m 2+ 2+ 9+ 4+ =1 '~'
expect 'int' 0 '^\{"command": "int", "rung": 1\}$' run 'int 2 1' --json
end_server
tap_is 'has rung' "$(grep rung "$tmp/server")" 'rung 1'
serve 0 4 -1m 2+ 2+ 9+ 4+ =0 =1 '~'
expect 'int all of a peer' 0 '"rung": 2' run 'int 2 all' --json
end_server
tap_is 'has rung both' "$server_status" 0
serve 0 4 -1m 2+ 2+ 9+ 4+ =0 =1 =2 '~'
expect 'int all' 0 '"rung": 3' run 'int all' --json
end_server
tap_is 'has rung all' "$server_status" 0
serve 0 4 -1m 4+ 4+ '~'
expect 'ringing oneself' 0 '^vector 1 was rung$' run 'int 4 1; wait 1'
tap_is 'is told once' "$(printf '%s\n' "$output" | grep -c '^receive notification from peer_id=4 vector=1$')" 1

serve 0 4 -1m 4+ 4+ ^1 '~'
expect 'wait for any vector' 0 '^vector 1 was rung$' run wait
serve 0 4 -1m 4+ 4+ ^1 ^0 '~'
expect 'wait for one' 0 '^\{"command": "wait", "vector": 0\}$' run 'wait 0' --json
serve 0 4 -1m 4+ 4+ ^1 '~'
expect 'wait in vain' 1 'nobody has rung for 1 s' run 'wait 0; dump' --timeout 1
tap_is 'is the last command' "$(printf '%s\n' "$output" | grep -c our_id || true)" 0

# --- memory ----------------------------------------------------------------------------------------

serve 0 4 -1m 4+ '~'
expect 'read' 0 '^00000000  48 65 6c 6c 6f 00 +\|Hello\.\|$' run 'read 0 6'
serve 0 4 -1m 4+ '~'
expect 'write and fill' 0 '"bytes": "0061206262207a7a7a00"' \
	run 'write 4K a bb ; fill 0x1005 3 0x7a; read 4095 10' --json
serve 0 4 -1m 4+ '~'
expect 'the last byte' 0 '^0000ffff  7a +\|z\|$' run 'write 65535 z;read 0xffff 1'
for command in 'read 65535 2' 'read 65537 0' 'read 18446744073709551615 2' 'write 65535 ab' 'fill 64K 1 0'; do
	serve 0 4 -1m 4+ '~'
	expect "outside: $command" 1 'beyond the end of the memory at 65536' run "$command"
done
serve 0 4 -1m / 4+ '~'
expect 'memory that was cut down' 1 'beyond the end of the memory at 4096' run 'read 4096 1'
for command in 'read 0' 'read 0 1 2' 'fill 0 1' 'write 5' 'int' 'int 1 2 3' 'dump 1' 'wait 1 2'; do
	serve 0 4 -1m 4+ '~'
	expect "refused: $command" 1 'usage: ' run "$command"
done
serve 0 4 -1m 4+ '~'
expect 'no such peer' 1 'cannot find peer_id = 9' run 'int 9 0'
serve 0 4 -1m 2+ 4+ '~'
expect 'no such vector' 1 'peer_id = 2 has the vectors 0 to 0' run 'int 2 1'
serve 0 4 -1m 4+ '~'
expect 'no such own vector' 1 'has the vectors 0 to 0' run 'wait 1'
serve 0 4 -1m 4+ '~'
expect 'no such byte' 1 '0 to 255' run 'fill 0 1 256'
serve 0 4 -1m 4+ '~'
expect 'no such command' 1 'invalid command "jump", type help' run 'jump'

# --- standard input and the server's end -------------------------------------------------------------

serve 0 4 -1m 4+ '~'
expect 'from a pipe, ended by its end' 0 '^our_id = 4$' sh -c "printf 'help\ndump' | '$build/ivshmem-client' -S '$socket'"
printf 'int 4 0;wait\rdump\n' >"$tmp/commands"
serve 0 4 -1m 4+ '~'
expect 'from a file' 0 '^our_id = 4$' sh -c "'$build/ivshmem-client' -S '$socket' <'$tmp/commands'"
serve 0 4 -1m 4+ '~'
expect 'from nowhere' 0 '^$' sh -c "'$build/ivshmem-client' -S '$socket' </dev/null"
serve 0 4 -1m 4+ '~'
expect 'a failure is not the end' 1 '^our_id = 4$' sh -c "printf 'jump\ndump\n' | '$build/ivshmem-client' -S '$socket'"
serve 0 4 -1m 4+
expect 'a server that ends' 1 "$socket: it has closed the connection" run wait
serve 1
expect 'another version' 1 'speaks version 1 of the protocol' run dump
serve 0 70000
expect 'an id out of range' 1 'the id 70000' run dump
serve 0 1 '~'
expect 'no greeting in time' 1 'no greeting came within 1000 ms' run dump --timeout 1
serve 0 4 -1m 2+ 2 4+ '~'
expect 'joins and leaves' 0 '^peer_id = 2 has left$' run dump -v

end_server
tap_done
