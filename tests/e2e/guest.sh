# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# Linux guests under acrn-dm, driven over their serial console: source it.
#
# A guest runs guest-init.sh: it takes a command per line and ends the output of the n-th with a
# line "@@ n STATUS". The sourcing script sets acrn_dm (the program), guest_dir (vmlinuz, initrd)
# and work (a directory that is there), and may set guest_words for the kernel's command line. Nothing here waits for a time, only for a marker or for
# the end of the device model, and at most guest_limit seconds, which means that the guest hangs.
# shellcheck disable=SC2154

guest_limit=180

# guest_start NAME OPTION...: start the device model with further options. Does not wait.
guest_start()
{
	guest_name=$1
	shift
	mkfifo "$work/$guest_name.in"
	echo 0 >"$work/$guest_name.sent"
	: >"$work/$guest_name.out"
	guest_run "$@" &
	until [ -s "$work/$guest_name.pid" ]; do
		sleep 0.1
	done
}

# The device model and, when it has ended, its exit status in a file: a shell can wait only for
# its own children, and results are often taken in subshells.
guest_run()
{
	run_status=0
	# Opened for reading and writing the pipe never ends and nobody blocks in opening it.
	# shellcheck disable=SC2016 # $$ is of the inner shell
	sh -c 'echo $$ >"$1"; shift; exec "$@"' - "$work/$guest_name.pid" \
		"$acrn_dm" -m 256M --cpus 1 -l com1,stdio \
		-k "$guest_dir/vmlinuz" -r "$guest_dir/initrd" \
		-B "console=ttyS0 quiet panic=-1 mitigations=off${guest_words:+ $guest_words}" -s 0:0,hostbridge \
		"$@" "$guest_name" <>"$work/$guest_name.in" \
		>"$work/$guest_name.out" 2>"$work/$guest_name.err" || run_status=$?
	echo "$run_status" >"$work/$guest_name.tmp"
	mv "$work/$guest_name.tmp" "$work/$guest_name.status"
}

guest_pid()
{
	cat "$work/$1.pid"
}

guest_alive()
{
	[ ! -e "$work/$1.status" ]
}

# guest_marker NAME NUMBER: wait for the end of that command; fails if the guest ends or hangs.
guest_marker()
{
	guest_deadline=$(($(date +%s) + guest_limit))
	while ! grep -q "^@@ $2 " "$work/$1.out"; do
		guest_alive "$1" || return 1
		[ "$(date +%s)" -lt "$guest_deadline" ] || return 1
		sleep 0.1
	done
}

guest_wait_up()
{
	guest_marker "$1" 0
}

# guest_send NAME COMMAND: without waiting; guest_result gets what came of it. Line ends are blanks.
guest_send()
{
	echo $(($(cat "$work/$1.sent") + 1)) >"$work/$1.sent"
	printf '%s\n' "$2" | tr '\n\t' '  ' >"$work/$1.line"
	echo >>"$work/$1.line"
	cat "$work/$1.line" 1<>"$work/$1.in"
}

# guest_result NAME: print the output of the last command sent and return its exit status, or 255
# if the guest has ended or hangs.
guest_result()
{
	guest_number=$(cat "$work/$1.sent")
	guest_marker "$1" "$guest_number" || return 255
	sed -n "/^@@ $((guest_number - 1)) /,/^@@ $guest_number /p" "$work/$1.out" | sed '1d;$d' |
		sed '${/^$/d}'
	return "$(sed -n "s/^@@ $guest_number \([0-9]*\).*/\1/p" "$work/$1.out")"
}

# guest_ask NAME COMMAND
guest_ask()
{
	guest_send "$1" "$2"
	guest_result "$1"
}

# guest_exit_status NAME: wait for the end of the device model and print its exit status.
guest_exit_status()
{
	guest_deadline=$(($(date +%s) + guest_limit))
	while guest_alive "$1"; do
		if [ "$(date +%s)" -ge "$guest_deadline" ]; then
			echo "still running after $guest_limit seconds"
			return
		fi
		sleep 0.1
	done
	cat "$work/$1.status"
}

# guest_report NAME: why a guest is not as it should be, as diagnostics.
guest_report()
{
	{
		echo "device model of $1, standard error:"
		tail -n 20 "$work/$1.err"
		echo "console of $1, last lines:"
		tail -n 30 "$work/$1.out"
	} | tr -d '\r' | sed 's/^/# /'
}

# guest_kill_all: end what is still there, by process id.
guest_kill_all()
{
	for guest_file in "$work"/*.pid; do
		if [ -e "$guest_file" ] && [ ! -e "${guest_file%.pid}.status" ]; then
			kill -9 "$(cat "$guest_file")" 2>/dev/null || true
		fi
	done
	wait
}
