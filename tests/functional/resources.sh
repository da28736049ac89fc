#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Machines that are short of something: the VM runs, or one line says what is missing. It never dies by
# a signal, never says nothing, and leaves nothing.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"

# attempt COMMAND...: run it; in "got" what came of it, "ran", "refused" or what is wrong.
attempt()
{
	status=0
	timeout -s KILL "$vm_limit" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	if [ "$status" = 0 ] && grep -q '^ready' "$work/out" && [ ! -s "$work/err" ]; then
		got=ran
	elif [ "$status" = 1 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err" | tr -d ' ')" = 1 ]; then
		got=refused
	else
		got="status $status, output \"$(cat "$work/out")\", messages \"$(cat "$work/err")\""
	fi
	case $got$(left_overs "$region") in
	ran | refused) ;;
	*) got="$got, left over: $(left_overs "$region")" ;;
	esac
}

# The VM that is attempted, as words for a shell; more options can follow.
vm="$acrn_dm -m 16M -l com1,stdio -k $guests/actions.elf -B do=power-off -s 6,ivshmem,$region,2"

# limited LIMIT VALUE...: the same under ulimit(1) of each value.
limited()
{
	limit=$1
	shift
	bad=
	ran=0
	refused=0
	for value in "$@"; do
		# shellcheck disable=SC2086 # a list of words
		attempt sh -c "ulimit $limit $value; exec \"\$@\"" - $vm vm
		case $got in
		ran) ran=$((ran + 1)) ;;
		refused) refused=$((refused + 1)); last=$(cat "$work/err") ;;
		*) bad="$bad
$limit $value: $got" ;;
		esac
	done
	tap_is "ulimit $limit: runs or says what is missing" "$bad" ""
	tap_note "$refused refused, the last one by \"$last\"; $ran ran"
	tap_check "ulimit $limit: some values are too low" [ "$refused" -gt 0 ]
	tap_check "ulimit $limit: some are high enough" [ "$ran" -gt 0 ]
}

test_limits()
{
	# With fewer than these not even the dynamic linker finds its libraries.
	limited -n 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 22 24 32 64
	if vm_is_sanitized; then
		tap_skip "ulimit -v" "a sanitizer needs terabytes of address space"
	else
		limited -v 8000 12000 16000 20000 24000 28000 32000 40000 50000 60000 80000 120000 200000 400000
	fi
	# With 0 the message itself could not be written to its file.
	limited -f 1 8 64 512 2048 4096 16384 65536 unlimited
}

# isolated SCRIPT: run it in a mount namespace of its own, $@ being the VM.
isolated()
{
	script=$1
	shift
	# shellcheck disable=SC2086
	attempt unshare -m sh -ec "$script; exec \"\$@\"" - $vm "$@"
}

# said NAME PATTERN: it was refused, with a line that has this.
said()
{
	tap_is "$1" "$got" refused
	tap_check "$1: the message fits" grep -q -e "$2" "$work/err"
	tap_note "$(cat "$work/err")"
}

test_file_systems()
{
	if ! unshare -m true 2>/dev/null; then
		tap_skip "full and missing file systems" "mount namespaces need root"
		return
	fi
	isolated "mount -t tmpfs -o size=1m none /dev/shm" vm
	said "a full /dev/shm" "/dev/shm"
	isolated "mount -t tmpfs -o size=3m none /dev/shm" vm
	tap_is "a /dev/shm that is just large enough" "$got" ran
	isolated "mount -t tmpfs -o ro none /dev/shm" vm
	said "a read-only /dev/shm" "/dev/shm"
	isolated "mount -t proc none /dev/shm" vm
	said "no tmpfs on /dev/shm" "/dev/shm"
	isolated "mount --bind /dev/null /dev/kvm" vm
	said "no KVM behind /dev/kvm" "/dev/kvm"
	isolated "mount -t tmpfs none /dev" vm
	said "no /dev/kvm and no /dev/shm" "/dev/"
	if vm_is_sanitized; then
		tap_skip "no /proc" "a sanitizer cannot do without"
	else
		isolated "mount -t tmpfs none /proc" vm
		said "no /proc" "/proc"
	fi
	isolated "mount -t tmpfs none '$IVSHMEM_RUNTIME_DIR' -o ro,mode=700" vm
	said "a read-only runtime directory" "$IVSHMEM_RUNTIME_DIR"
	isolated "mount -t tmpfs none '$IVSHMEM_RUNTIME_DIR' -o mode=700,nr_inodes=1" vm
	said "a full runtime directory" "$IVSHMEM_RUNTIME_DIR"
}

test_runtime_dir()
{
	runtime=$IVSHMEM_RUNTIME_DIR
	for dir in /dev/null "$0" "$work/none/none" /proc/1/none; do
		# shellcheck disable=SC2086
		attempt env IVSHMEM_RUNTIME_DIR="$dir" $vm vm
		said "runtime directory $dir" "$dir"
	done
	# shellcheck disable=SC2086
	attempt env IVSHMEM_RUNTIME_DIR="$work/new" $vm vm
	tap_is "a runtime directory that is made" "$got" ran
	mkdir -m 777 "$work/open"
	chmod 777 "$work/open"
	# shellcheck disable=SC2086
	attempt env IVSHMEM_RUNTIME_DIR="$work/open" $vm vm
	tap_note "a runtime directory that all may write: $got $(cat "$work/err")"
	IVSHMEM_RUNTIME_DIR=$runtime
}

# as_nobody RUNTIME MODE: as another user, with /dev/kvm in that mode.
as_nobody()
{
	mkdir -p "$work/node"
	isolated "mount -t tmpfs -o mode=755 none '$work/node'
		mknod -m '$2' '$work/node/kvm' c 10 '$kvm_minor'
		mount --bind '$work/node/kvm' /dev/kvm
		export IVSHMEM_RUNTIME_DIR='$1'
		set -- setpriv --reuid=65534 --regid=65534 --clear-groups \"\$@\"" vm
}

test_users()
{
	if ! unshare -m true 2>/dev/null || ! setpriv --reuid=65534 true 2>/dev/null; then
		tap_skip "other users" "to be several needs root, unshare(1) and setpriv(1)"
		return
	fi
	kvm_minor=$((0x$(stat -c %T /dev/kvm)))
	chmod 755 "$work"
	mkdir -m 700 "$work/nobody"
	chown 65534 "$work/nobody"
	as_nobody "$work/nobody" 600
	said "without permission for /dev/kvm" "may not open /dev/kvm"
	as_nobody "$work/nobody" 666
	tap_is "an ordinary user who may use /dev/kvm" "$got" ran
	as_nobody "$IVSHMEM_RUNTIME_DIR" 666
	said "another user's runtime directory" "$IVSHMEM_RUNTIME_DIR"
}

test_left_overs()
{
	object=$(region_object "$region")
	: >"$object"
	# shellcheck disable=SC2086
	attempt $vm vm
	tap_is "an empty object in the way is replaced" "$got" ran
	rm -f "$object"
	head -c 4096 /dev/urandom >"$object"
	# shellcheck disable=SC2086
	attempt $vm vm
	tap_is "a short object in the way is replaced" "$got" ran
	rm -f "$object"
	for thing in link directory; do
		if [ "$thing" = link ]; then
			ln -s /dev/shm/elsewhere "$object"
		else
			mkdir "$object"
		fi
		status=0
		# shellcheck disable=SC2086
		$vm vm >"$work/out" 2>"$work/err" </dev/null || status=$?
		tap_is "a $thing in the way is refused by one line" "$status $(wc -l <"$work/err" | tr -d ' ')" "1 1"
		tap_check "a $thing in the way is named" grep -q "$object" "$work/err"
		tap_note "$(cat "$work/err")"
		rm -rf "$object" "$IVSHMEM_RUNTIME_DIR"/*.region
	done
	tap_check "what the link leads to is not made" test ! -e /dev/shm/elsewhere
	if [ "$(id -u)" -eq 0 ]; then
		: >"$object"
		chown 65534 "$object"
		# shellcheck disable=SC2086
		$vm vm >"$work/out" 2>"$work/err" </dev/null || status=$?
		tap_is "another user's object is refused by one line" "$status $(wc -l <"$work/err" | tr -d ' ')" "1 1"
		tap_check "another user's object: the line names the user" grep -q "uid 65534" "$work/err"
		rm -f "$object" "$IVSHMEM_RUNTIME_DIR"/*.region
	fi
	echo nonsense >"$IVSHMEM_RUNTIME_DIR/$(basename "$object" | sed 's/^ivshmem-//').region"
	# shellcheck disable=SC2086
	attempt $vm vm
	tap_is "a record full of nonsense is replaced" "$got" ran
}

test_memory()
{
	free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 2>/dev/null || echo none)
	if [ "$free" = 0 ]; then
		# shellcheck disable=SC2086
		attempt $vm --hugepages 2M vm
		said "--hugepages without free pages" "huge pages"
		attempt "$acrn_dm" -m 16M -l com1,stdio -k "$guests/actions.elf" -B do=power-off \
			-s "6,ivshmem,$region,2,hugepages=2M" vm
		said "a region of huge pages without free ones" "hugepages"
		tap_check "the region: how many pages are free" grep -q "[^0-9]0[^0-9]" "$work/err"
	else
		tap_skip "--hugepages without free pages" "free pages of 2 MB here: $free"
	fi
	# Nothing of it is taken before the guest touches it, but some kernels count it.
	# shellcheck disable=SC2017 # megabytes are precise enough, and have to be even
	much=$(($(sed -n 's/^MemTotal:[^0-9]*\([0-9]*\).*/\1/p' /proc/meminfo) / 2048 * 4))
	# shellcheck disable=SC2086
	attempt $vm -m "$much" vm
	case $got in
	ran | refused) tap_pass "twice the memory of this machine: runs or is refused" ;;
	*)
		tap_fail "twice the memory of this machine: runs or is refused"
		tap_note "$got"
		;;
	esac
	tap_note "-m $much: $got $(cat "$work/err")"
}

test_limits
test_file_systems
test_runtime_dir
test_users
test_left_overs
test_memory
tap_done
