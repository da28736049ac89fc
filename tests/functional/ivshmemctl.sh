#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# ivshmemctl as people and scripts call it, with other processes that use the regions, stop and die.
set -eu

cd "$(dirname "$0")/../.."
build=${BUILD:-build}
# shellcheck source=tests/e2e/tap.sh
. tests/e2e/tap.sh

tmp=$(mktemp -d)
export IVSHMEM_RUNTIME_DIR="$tmp/run"
# Names of our own, as /dev/shm is everybody's.
name=dm:/functional-test/$$/a
other=dm:/functional-test/$$/b
users=

ctl()
{
	"$build/ivshmemctl" "$@"
}

# start_user FIFO NAME BYTES: a process that uses the region until the FIFO's writer is gone; its pid
# is in $user.
start_user()
{
	mkfifo "$tmp/$1"
	"$build/tests/functional/region_user" "$2" "$3" <"$tmp/$1" >"$tmp/$1.out" 2>&1 &
	user=$!
	users="$users $user"
	# A writer that nobody needs to write: it holds the FIFO open.
	sleep 1000 >"$tmp/$1" &
	holder=$!
	users="$users $holder"
	tries=200
	until grep -q attached "$tmp/$1.out" 2>/dev/null || [ "$tries" -eq 0 ]; do
		tries=$((tries - 1))
		sleep 0.05
	done
}

# end_process PID...: by force, and wait until it is gone.
end_process()
{
	for pid in "$@"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# shellcheck disable=SC2329
clean_up()
{
	# shellcheck disable=SC2086
	end_process $users
	ctl remove "$name" 2>/dev/null || true
	ctl remove "$other" 2>/dev/null || true
	rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# One line on standard error and nothing on standard output.
expect_usage_error()
{
	expect "refused: ivshmemctl $*" 64 '^ivshmemctl: ' ctl "$@"
	lines=$(ctl "$@" 2>&1 >/dev/null | wc -l)
	tap_is "in one line: ivshmemctl $*" "$lines" 1
}

# --- usage ---------------------------------------------------------------------------------------

expect 'help' 0 '^Usage: ivshmemctl' ctl --help
expect 'help of a command' 0 '^Usage: ivshmemctl' ctl list --help
expect 'version' 0 '^ivshmemctl [0-9]' ctl --version
expect_usage_error
expect_usage_error frobnicate
expect_usage_error --frobnicate
expect_usage_error list --frobnicate
expect_usage_error list --raw
expect_usage_error list "$name"
expect_usage_error show
expect_usage_error show "$name" "$name" "$name"
expect_usage_error show demo
expect_usage_error show dm:/
expect_usage_error show hv:/demo
expect_usage_error path "$name" --json
expect_usage_error create "$name"
for size in 0 3 2K -2 +2 2X 2T '' x 0x2 1.5 18446744073709551616 17592186044416; do
	expect_usage_error create "$name" "$size"
done
expect_usage_error create "$name" 2 --hugepages=3M
expect_usage_error create "$name" 2 --group
expect_usage_error remove
expect_usage_error remove "$name" --all-stale
expect_usage_error dump "$name" --offset=x
expect_usage_error dump "$name" --length=-1
tap_check 'nothing was made by bad usage' [ ! -e "$tmp/run" ]
expect 'no such group' 1 'there is no such group' ctl create "$name" 2 --group=no-such-group-here
expect 'a bad object' 1 'shm=a/b: a slash and' ctl create "$name" 2 --shm=a/b

# --- a kept region ---------------------------------------------------------------------------------

expect 'an unknown region' 1 "there is no region $name" ctl show "$name"
expect 'an unknown region cannot be removed' 1 "there is no region $name" ctl remove "$name"
expect 'an unknown region cannot be dumped' 1 "there is no region $name" ctl dump "$name"
path=$(ctl path "$name")
tap_check 'its path is known beforehand' test "${path#/dev/shm/ivshmem-}" != "$path"
tap_is "so is its server's socket" "$(ctl socket "$name")" \
	"$IVSHMEM_RUNTIME_DIR/${path#/dev/shm/ivshmem-}.sock"
tap_check 'create' ctl create "$name" 2
tap_is 'the object is where path says' "$(stat -c '%s %a' "$path")" '2097152 600'
tap_check 'create again is fine' ctl create "$name" 2
tap_check 'the same size in other words' ctl create "$name" 2048K
expect 'another size is not' 1 "$name was made with size 2M by ivshmemctl .* not with size 4M" ctl create "$name" 4
expect 'list shows it' 0 "^$name +2M +kept +- +ivshmemctl\\[[0-9]+\\] .* keep" ctl list
expect 'show shows it' 0 '^keep: +yes' ctl show "$name"
expect 'in JSON' 0 "\"name\": \"$name\", \"state\": \"kept\", \"path\": \"$path\", \"size\": 2097152" ctl list --json
expect 'in JSON alone' 0 '"in_use": false, "users": \[\]' ctl show --json "$name"

# --- dump --------------------------------------------------------------------------------------------

printf 'Hello, "world"\n\001\377' | dd of="$path" conv=notrunc bs=1 seek=4090 status=none
if command -v hexdump >/dev/null; then
	ctl dump "$name" >"$tmp/ours"
	hexdump -C "$path" >"$tmp/theirs"
	tap_check 'dump is as hexdump -C' cmp "$tmp/ours" "$tmp/theirs"
	ctl dump "$name" --offset=4091 --length=21 >"$tmp/ours"
	hexdump -C -s 4091 -n 21 "$path" >"$tmp/theirs"
	tap_check 'also of a part' cmp "$tmp/ours" "$tmp/theirs"
else
	tap_skip 'dump is as hexdump -C' 'there is no hexdump here'
fi
tap_is 'the last line is the end' "$(ctl dump "$name" | tail -n 1)" 00200000
expect 'text beside the numbers' 0 '^00000ff0  .* 48 65 6c 6c 6f 2c  \|..........Hello,\|' ctl dump "$name" --offset=0xff0 --length=1K
tap_check 'raw is raw' sh -c "'$build/ivshmemctl' dump '$name' --raw | cmp - '$path'"
tap_is 'raw of a part' "$(ctl dump "$name" --raw --offset=4090 --length=5)" Hello
tap_is 'nothing is at the very end' "$(ctl dump "$name" --raw --offset=2M | wc -c)" 0
expect 'nor behind it' 1 'offset 2097153 is behind the end at 2097152' ctl dump "$name" --offset=2097153
expect 'a full disk is told' 1 'standard output' sh -c "'$build/ivshmemctl' dump '$name' --raw >/dev/full"

# --- users -----------------------------------------------------------------------------------------

start_user first "$name" 2M
first=$user
tap_is 'a user sees what was there' "$(ctl dump "$name" --raw --offset=4090 --length=5)" Hello
expect 'list names the user' 0 "^$name +2M +used +$first +ivshmemctl" ctl list
expect 'show names the user' 0 "pid $first \\(region_user\\)" ctl show "$name"
expect 'JSON names the user' 0 "\"in_use\": true, \"users\": \\[\\{\"pid\": $first, \"program\": \"region_user\"\\}\\]" ctl list --json
expect 'show tells that no server is there' 0 '^server: +none at' ctl show "$name"
"$build/ivshmem-server" -F --region "$name" -l 2M >"$tmp/server" 2>&1 &
users="$users $!"
server=$!
tries=200
until ctl show "$name" | grep -q "^server: .*\.sock\$" || [ "$tries" -eq 0 ]; do
	tries=$((tries - 1))
	sleep 0.05
done
expect 'show tells of a server' 0 "^server: +$(ctl socket "$name")\$" ctl show "$name"
expect 'JSON tells of it' 0 "\"server\": \"$(ctl socket "$name")\"" ctl list --json
kill "$server"
wait "$server" || true
expect 'show tells that it has gone' 0 '^server: +none at' ctl show "$name"
start_user second "$name" 2M
second=$user
expect 'both users' 0 "^$name +2M +used +[0-9]+,[0-9]+ " ctl list
expect 'a used region is not removed' 1 "used by pid [0-9]+ \\(region_user\\), pid [0-9]+ \\(region_user\\): end that first" ctl remove "$name"
expect 'nor by --all-stale' 0 '^0 stale removed' ctl remove --all-stale
tap_is 'it is still there' "$(stat -c %s "$path")" 2097152
end_process "$first" "$second"
expect 'kept when its users have died' 0 "^$name +2M +kept +- " ctl list
tap_is 'with its contents' "$(ctl dump "$name" --raw --offset=4090 --length=5)" Hello
tap_check 'remove' ctl remove "$name"
tap_check 'the object is gone' [ ! -e "$path" ]
tap_is 'so is the record' "$(ls "$tmp/run")" ''

# --- stale and stopped ------------------------------------------------------------------------------

start_user third "$other" 64K
third=$user
expect 'a user of its own' 0 "^$other +64K +used +$third +region_user\\[$third\\] .* -\$" ctl list
kill -STOP "$third"
expect 'a stopped user is in nobody'\''s way' 0 "^$other +64K +used +$third " ctl list
end_process "$third"
expect 'its death leaves the region stale' 0 "^$other +64K +stale +- " ctl list
expect 'and list says what to do' 0 'remove --all-stale' ctl list
expect 'which works' 0 '^1 stale removed, 64K freed' ctl remove --all-stale
tap_check 'nothing is left in /dev/shm' [ ! -e "$(ctl path "$other")" ]
tap_is 'nor in the runtime directory' "$(ls "$tmp/run")" ''
start_user fourth "$other" 64K
fourth=$user
end_process "$holder"
wait "$fourth" || true
tap_check 'the last user who leaves in order leaves nothing' [ ! -e "$(ctl path "$other")" ]

# --- options of create ------------------------------------------------------------------------------

object=/functional-test-$$
tap_check 'create on a literal object' ctl create "$name" 1 --shm="$object"
tap_is 'path tells it' "$(ctl path "$name")" "/dev/shm$object"
expect 'plain users are told' 1 "made on the object /dev/shm$object .* the same shm= option" ctl create "$name" 1
tap_check 'removed with its object' ctl remove "$name"
tap_check 'as it was made for the region' [ ! -e "/dev/shm$object" ]
if [ "$(id -u)" -eq 0 ]; then
	group=$(sed -n 's/^\([^:]*\):[^:]*:1:.*/\1/p' /etc/group)
	tap_check 'create for a group' ctl create "$name" 1 --group="$group"
	tap_is 'which may use the object' "$(stat -c '%a %g' "$path")" '660 1'
	expect 'show tells so' 0 'gid 1, mode 0660' ctl show "$name"
	tap_check 'removed too' ctl remove "$name"
else
	tap_skip 'create for a group' 'giving files to groups takes root'
fi

# shellcheck disable=SC2016 # $0 and $1 are the inner shell's
expect 'a limit on file sizes' 1 'File too large' \
	sh -c 'ulimit -f 64; exec "$0" create "$1" 1M' "$build/ivshmemctl" "$name"
tap_is 'leaves nothing' "$(ls "$tmp/run")" ""

# --- runtime directory -------------------------------------------------------------------------------

chmod 0777 "$tmp/run"
expect 'others could write the records' 1 'chmod 0700 it' ctl list
chmod 0700 "$tmp/run"
ln -s "$tmp/run" "$tmp/link"
expect 'a link is no directory' 1 'is a symbolic link' env IVSHMEM_RUNTIME_DIR="$tmp/link" "$build/ivshmemctl" list
expect 'neither is nowhere' 1 '/nowhere/at/all: No such file' env IVSHMEM_RUNTIME_DIR=/nowhere/at/all "$build/ivshmemctl" list

tap_done
