# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# shellcheck disable=SC2154 # those of vm.sh
# Guests that do what their console is told (tests/guest/doorbell_serve.c), under acrn-dm and QEMU, and
# what they talk to: source it after tests/guest/vm.sh, whose functions work with all of them.

# These live long: that something hangs is told by waiting for it.
talk_patience=$vm_limit
vm_limit=${VM_LIMIT:-500}
programs=$(cd "$build" && pwd)
peers_program=$build/tests/functional/doorbell_peers

# talk_hold NAME: a console whose input never ends.
talk_hold()
{
	# Of one of the same name that has not come up.
	[ ! -e "$work/$1-hold.pid" ] || talk_let_go "$1"
	mkfifo "$work/$1.in"
	sleep 100000 >"$work/$1.in" &
	echo $! >"$work/$1-hold.pid"
	: >"$work/$1.out"
}

# talk_up NAME: wait until it answers, or fail.
talk_up()
{
	if ! vm_expect "$1" '^@@ 0'; then
		tap_fail "$1 starts"
		vm_report "$1"
		return 1
	fi
}

# talk_begin NAME OPTION...: an acrn-dm machine; does not wait.
talk_begin()
{
	talk_name=$1
	shift
	talk_hold "$talk_name"
	vm_start_io "$talk_name" "$work/$talk_name.in" "$work/$talk_name.out" -m 64M \
		-l com1,stdio --debugexit -k "$guests/doorbell.elf" -B "do=serve slot=6" "$@"
}

# talk_start NAME OPTION...: the same, and wait.
talk_start()
{
	talk_begin "$@"
	talk_up "$1"
}

# qemu_run NAME INPUT SOCKET VECTORS APPEND [IMAGE]: QEMU with a doorbell device, by $qemu_accelerator.
qemu_accelerator="-accel tcg"
qemu_run()
{
	rm -f "$work/$1.pid" "$work/$1.status"
	# shellcheck disable=SC2016,SC2086 # $$ is of the inner shell; words
	timeout -s KILL "$vm_limit" sh -c 'echo $$ >"$1.tmp"; mv "$1.tmp" "$1"; shift; exec "$@"' - \
		"$work/$1.pid" qemu-system-x86_64 -machine q35 $qemu_accelerator -m 64 -nodefaults \
		-display none -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=4 \
		-chardev "socket,path=$3,id=c" \
		-device "ivshmem-doorbell,chardev=c,vectors=$4,addr=6" \
		-kernel "${6:-$guests/doorbell.elf}" -append "$5" \
		<"$2" >"$work/$1.out" 2>"$work/$1.err" &
	echo $! >"$work/$1.job"
	until [ -s "$work/$1.pid" ]; do
		sleep 0.01
	done
}

# talk_start_qemu NAME SOCKET VECTORS
talk_start_qemu()
{
	talk_hold "$1"
	qemu_run "$1" "$work/$1.in" "$2" "$3" "do=serve slot=6 monitor=qemu"
	talk_up "$1"
}

talk_markers()
{
	grep -c '^@@ ' "$work/$1.out" || true
}

# descriptors NAME: how many its process has open.
descriptors()
{
	find "/proc/$(vm_pid "$1")/fd" | wc -l | tr -d ' '
}

# tell NAME COMMAND: without waiting for it.
tell()
{
	# Opened so it does not wait for somebody who reads.
	printf '%s\n' "$2" 1<>"$work/$1.in"
}

# ask NAME COMMAND: print what it says.
ask()
{
	ask_before=$(talk_markers "$1")
	ask_deadline=$(($(date +%s) + talk_patience))
	tell "$1" "$2"
	while [ "$(talk_markers "$1")" -le "$ask_before" ]; do
		if ! vm_alive "$1" || [ "$(date +%s)" -ge "$ask_deadline" ]; then
			echo "$1 does not answer"
			return
		fi
		sleep 0.01
	done
	tr -d '\r' <"$work/$1.out" | awk -v from="$ask_before" \
		'/^@@ / { n++; next } n == from' 2>/dev/null
}

# answer NAME TEXT: wait for the end of a command that was told, which says TEXT at its end.
answer()
{
	vm_expect "$1" "$2" || true
	tr -d '\r' <"$work/$1.out" | grep -e "$2" | tail -n 1
}

# held NAME WAY TIMES: what "hold" of TIMES rings has said, if it is not an interrupt for each. KVM makes
# one up now and then: it looks at an eventfd when it is bound, and a signal at that very moment counts twice.
held()
{
	held_line=$(answer "$1" "^hold $2: [0-9]* rings, [0-9]* interrupts")
	held_count=$(echo "$held_line" | sed -n "s/^hold $2: $3 rings, \([0-9]*\) interrupts\$/\1/p")
	if [ "${held_count:-0}" -lt "$3" ] || [ "$held_count" -gt $(($3 + $3 / 100)) ]; then
		echo "$held_line"
	elif [ "$held_count" -ne "$3" ]; then
		echo "# $held_line" >&2
	fi
}

# says TEST NAME COMMAND WANTED: its answer is that.
says()
{
	tap_is "$1" "$(ask "$2" "$3")" "$4"
}

# talk_end NAME STATUS-TEST: power it off.
talk_end()
{
	tell "$1" off
	vm_wait "$1"
	vm_is "$1" 0 "$2"
	talk_let_go "$1"
}

# talk_let_go NAME: of one that has ended, however; the name can be used again.
talk_let_go()
{
	kill "$(cat "$work/$1-hold.pid")" 2>/dev/null || true
	rm -f "$work/$1-hold.pid" "$work/$1.in"
}

# talk_kill NAME
talk_kill()
{
	vm_signal "$1" KILL
	vm_wait "$1" 2>/dev/null
	talk_let_go "$1"
}

# wait_until COMMAND...: until it succeeds; fails if it never does.
wait_until()
{
	wait_deadline=$(($(date +%s) + talk_patience))
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$wait_deadline" ] || return 1
		sleep 0.02
	done
}

# serve NAME SOCKET OPTION...: a server in the foreground.
serve()
{
	serve_name=$1
	serve_socket=$2
	shift 2
	: >"$work/$serve_name.err"
	"$programs/ivshmem-server" -F -v -S "$serve_socket" "$@" \
		2>"$work/$serve_name.err" >"$work/$serve_name.out" </dev/null &
	echo $! >"$work/$serve_name.pid"
	cp "$work/$serve_name.pid" "$work/$serve_name.job"
	wait_until grep -q listening "$work/$serve_name.err" ||
		tap_note "$(cat "$work/$serve_name.err")"
}

# end NAME: of a server or of peers, by SIGTERM.
end()
{
	vm_signal "$1" TERM
	vm_wait "$1"
}

# peers NAME SOCKET COUNT VECTORS: host programs that count their rings; waits until all are there.
peers()
{
	rm -f "$work/$1.in"
	mkfifo "$work/$1.in"
	: >"$work/$1.out"
	"$peers_program" "$2" "$3" "$4" <>"$work/$1.in" >"$work/$1.out" 2>"$work/$1.err" &
	echo $! >"$work/$1.pid"
	cp "$work/$1.pid" "$work/$1.job"
	wait_until grep -q ready "$work/$1.out" || tap_note "$(cat "$work/$1.err")"
}

# client SOCKET COMMANDS: a host program that does these and leaves.
client()
{
	timeout 60 "$programs/ivshmem-client" -S "$1" --timeout 30 --exec "$2" 2>&1
}

# server_pids REGION: of all servers that serve it.
server_pids()
{
	grep -lsx ivshmem-server /proc/[0-9]*/comm | while IFS= read -r server_file; do
		server_dir=${server_file%/comm}
		if tr '\0' ' ' 2>/dev/null <"$server_dir/cmdline" | grep -qF -e "$1"; then
			echo "${server_dir#/proc/}"
		fi
	done
}

# signal_all SIGNAL PIDS: while a server starts there are two processes of it for a moment.
signal_all()
{
	for signal_pid in $2; do
		kill -s "$1" "$signal_pid" 2>/dev/null || true
	done
}

no_server()
{
	[ -z "$(server_pids "$1")" ]
}

# one_server: just one is there; while one starts there are two for a moment.
one_server()
{
	[ "$(server_pids "$region" | wc -l)" -eq 1 ]
}

# server_is_new OLD-PID: somebody has started another one.
server_is_new()
{
	one_server && [ "$(server_pids "$region")" != "$1" ]
}

# own_socket REGION: where its own server listens.
own_socket()
{
	talk_object=$(region_object "$1")
	echo "$IVSHMEM_RUNTIME_DIR/${talk_object#/dev/shm/ivshmem-}.sock"
}

# ring_arrives FROM TO ENTRY [TIMES]: each of that many rings, one after the other, is one interrupt by
# that entry; says what is wrong, else nothing.
ring_arrives()
{
	ring_position=$(ask "$2" position)
	ring_i=0
	while [ "$ring_i" -lt "${4:-1}" ]; do
		ring_i=$((ring_i + 1))
		ring_count=$(ask "$2" "count $3")
		ring_total=$(ask "$2" total)
		ask "$1" "ring $ring_position $3"
		ring_got=$(ask "$2" "await $3 $((ring_count + 1))"),$(ask "$2" total)
		if [ "$ring_got" != "$((ring_count + 1)),$((ring_total + 1))" ]; then
			echo "$1 to $2, entry $3: $ring_count,$ring_total became $ring_got"
			return
		fi
	done
}

# both_ways A B ENTRIES: rings between two guests, all opened, entries 0 up to that.
both_ways()
{
	for both_entry in $(seq 0 $(($3 - 1))); do
		ring_arrives "$1" "$2" "$both_entry"
		ring_arrives "$2" "$1" "$both_entry"
	done
}

# client_both_ways SOCKET NAME ENTRIES: a host program rings a guest, and the guest rings it.
client_both_ways()
{
	client_at=$(ask "$2" position)
	client_before=$(ask "$2" total)
	client_commands=
	for client_entry in $(seq 0 $(($3 - 1))); do
		client_commands="$client_commands int $client_at $client_entry;"
	done
	client_says=$(client "$1" "$client_commands" || true)
	ask "$2" "await-total $((client_before + $3))" >/dev/null
	client_after=$(ask "$2" total)
	if [ "$client_after" != "$((client_before + $3))" ]; then
		echo "the client rang $2 $3 times, $client_before became $client_after: $client_says"
	fi
	client "$1" "dump;wait $(($3 - 1));dump" >"$work/client.out" &
	client_job=$!
	wait_until grep -q our_id "$work/client.out" || true
	ask "$2" "ring $(sed -n "s/^our_id = //p" "$work/client.out" | head -n 1) $(($3 - 1))"
	wait "$client_job" || echo "$2 rang the client: $(cat "$work/client.out")"
}

# What acrn-dm has started in the background is nobody's child.
# shellcheck disable=SC2317 # reached through the trap
talk_clean_up()
{
	for server_pid in $(server_pids "$region"); do
		kill -9 "$server_pid" 2>/dev/null || true
	done
	vm_clean_up
}
trap talk_clean_up EXIT
