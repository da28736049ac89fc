#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What generated scripts do to their host, on a host that is made of files: /sys, /proc, /run and so on
# are below a directory, and the programs that would change them are scripts that keep a log.
# shellcheck disable=SC2016 # what is in single quotes is for other shells
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=$(cd "${BUILD:-$root/build}" && pwd)
# shellcheck source=tests/e2e/tap.sh
. "$root/tests/e2e/tap.sh"

work=$(mktemp -d)
pid=
# shellcheck disable=SC2317 # reached through the trap
clean_up()
{
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

host=$work/host
log=$work/log
device=0000:00:1f.6
mkdir "$work/bin" "$work/scripts"
PATH=$work/bin:$PATH
export HOST="$host" LOG="$log"

# program NAME: the text comes on stdin; it begins with a line in the log.
program()
{
	{
		echo '#!/bin/sh'
		echo 'echo "${0##*/} $*" >>"$LOG"'
		cat
	} >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

program ip <<'END'
[ ! -e "$HOST/fail-ip" ] || exit 1
case "$1 $2" in
"tuntap add") mkdir "$HOST/sys/class/net/$4" ;;
"link delete") rmdir "$HOST/sys/class/net/$4" ;;
esac
END
program mount <<'END'
[ ! -e "$HOST/fail-mount" ] || exit 32
echo "$1 $2 ext4 rw 0 0" >>"$HOST/proc/mounts"
mkdir -p "$2/images"
: >"$2/images/system disk.img"
END
program umount <<'END'
rm -r "$1/images"
: >"$HOST/proc/mounts"
END
program modprobe <<'END'
mkdir -p "$HOST/sys/bus/pci/drivers/pci-stub"
END
program id <<'END'
echo "${FAKE_USER:-0}"
END
# The script asks who drives a device after each thing that it does to it: that is when the kernel does
# its part.
cat >"$work/bin/readlink" <<'END'
#!/bin/sh
device=${1%/driver}
pci=$HOST/sys/bus/pci
for driver in "$pci"/drivers/*; do
	if [ -s "$driver/unbind" ]; then
		: >"$driver/unbind"
		rm -f "$device/driver"
	fi
done
if [ -s "$pci/drivers_probe" ] && [ ! -L "$device/driver" ]; then
	override=$(cat "$device/driver_override")
	ln -s "$pci/drivers/${override:-e1000e}" "$device/driver"
fi
: >"$pci/drivers_probe"
for driver in "$pci"/drivers/*; do
	if [ -s "$driver/bind" ]; then
		: >"$driver/bind"
		[ -L "$device/driver" ] || ln -s "$driver" "$device/driver"
	fi
done
exec /bin/readlink "$1"
END
chmod +x "$work/bin/readlink"
# The device model: tells what it sees, then does what $DM says.
program acrn-dm <<'END'
for word in "$@"; do
	echo "word $word" >>"$LOG"
done
/bin/readlink "$HOST/sys/bus/pci/devices/0000:00:1f.6/driver" | sed 's,.*/,driver ,' >>"$LOG"
echo "network $(ls "$HOST/sys/class/net" | tr '\n' ' ')" >>"$LOG"
eval "${DM:-exit 0}"
END

# new_host: as it is before anything was started.
new_host()
{
	rm -rf "$host"
	rm -f "$log"
	: >"$log"
	mkdir -p "$host/sys/class/net/eth0" "$host/sys/class/net/acrn-br0" "$host/proc" "$host/run" \
		"$host/sys/bus/pci/drivers/e1000e" "$host/sys/bus/pci/devices/$device" \
		"$host/sys/class/input/event0/device" "$host/sys/class/input/event4/device" \
		"$host/sys/devices/virtual/misc/acrn_hsm" "$host/dev" "$host/home/images" \
		"$host/usr/share/acrn/bios"
	echo 52:54:00:12:34:56 >"$host/sys/class/net/eth0/address"
	ln -s "$host/sys/bus/pci/drivers/e1000e" "$host/sys/bus/pci/devices/$device/driver"
	: >"$host/sys/bus/pci/devices/$device/driver_override"
	: >"$host/sys/bus/pci/drivers_probe"
	echo "Example's keyboard" >"$host/sys/class/input/event0/device/name"
	echo "usb-0000:00:14.0-9/input0" >"$host/sys/class/input/event0/device/phys"
	echo "Example's keyboard" >"$host/sys/class/input/event4/device/name"
	echo "usb-0000:00:14.0-1/input0" >"$host/sys/class/input/event4/device/phys"
	: >"$host/proc/mounts"
	: >"$host/dev/nvme0n1p4"
	: >"$host/home/images/data.img"
	: >"$host/home/images/realtime.img"
	: >"$host/usr/share/acrn/bios/OVMF.fd"
	for cpu in 0 1 2 3; do
		mkdir -p "$host/sys/devices/system/cpu/cpu$cpu"
		echo 1 >"$host/sys/devices/system/cpu/cpu$cpu/online"
		printf 'processor\t: %s\ncpu family\t: 6\napicid\t\t: %s\n\n' "$cpu" $((8 * cpu))
	done >"$host/proc/cpuinfo"
}

# make_scripts NAME: of an example, for this host.
make_scripts()
{
	(
		cd "$root/launch_scripts/examples/$1"
		"$build/acrn-launch-gen" --board ../board.xml --scenario scenario.xml \
			--out "$work/scripts/$1" >/dev/null
	)
	for script in "$work/scripts/$1"/*; do
		sed "s#\(/\(sys\|proc\|run\|home\|usr/share\|dev/nvme0n1p4\)\)\>#$host\1#g" "$script" \
			>"$script.new"
		mv "$script.new" "$script"
		chmod +x "$script"
	done
}

# run_script SCRIPT [SHELL]: sets status; output in $work/said.
run_script()
{
	status=0
	timeout 60 ${2:+"$2"} "$work/scripts/$1" >"$work/said" 2>&1 </dev/null || status=$?
}

# state: what could have been changed. Who drives the device comes first, since that is when it is so.
state()
{
	readlink "$host/sys/bus/pci/devices/$device/driver" || true
	(
		cd "$host"
		find sys proc run -name drivers_probe -prune -o -name unbind -prune -o -name bind -prune \
			-o -type f -exec grep -H . {} +
		find sys proc run -type d ! -name pci-stub -o -type l
	) | sort
}

# is_unchanged NAME
is_unchanged()
{
	state >"$work/after"
	tap_check "$1" diff "$work/before" "$work/after"
}

said()
{
	grep -q -e "$1" "$work/said"
}

logged()
{
	grep -q -x -e "$1" "$log"
}

desktop=hv-pair/launch_user_vm_id1.sh
realtime=rtvm/launch_user_vm_id1.sh
make_scripts hv-pair
make_scripts rtvm

shells="sh"
for shell in dash bash mksh yash; do
	if command -v "$shell" >/dev/null 2>&1; then
		shells="$shells $shell"
	fi
done

test_whole()
{
	new_host
	state >"$work/before"
	run_script "$desktop" "$1"
	tap_is "$1: a VM with everything starts and ends" "$status $(cat "$work/said")" "0 "
	is_unchanged "$1: the host is as it was"
	tap_check "$1: it had the device" logged "driver pci-stub"
	tap_check "$1: it had the network device" logged "network acrn-br0 eth0 tap_desktop "
	tap_check "$1: on the bridge" logged "ip link set dev tap_desktop master acrn-br0"
	tap_check "$1: the partition was mounted" logged \
		"word [0-9:]*,virtio-blk,$host/run/acrn-launch.[^/]*/images/system disk.img"
	tap_check "$1: the keyboard at that place is taken" logged \
		"word [0-9:]*,virtio-input,/dev/input/event4,keyboard"
	tap_check "$1: the address of the host's port is a seed" logged \
		"word .*,mac_seed=52:54:00:12:34:56-desktop"
}

test_status()
{
	new_host
	state >"$work/before"
	for wanted in 1 64 127 128 255; do
		DM="exit $wanted" run_script "$desktop" "$1"
		tap_is "$1: exit status $wanted is passed on" "$status" "$wanted"
	done
	DM='kill -9 $$' run_script "$desktop" "$1"
	tap_is "$1: so is its death" "$status" 137
	is_unchanged "$1: the host is as it was"
}

# The console is the script's, though the device model runs in the background.
test_console()
{
	new_host
	echo "typed text" | DM='cat >"$HOST/typed"' "$1" "$work/scripts/$desktop" >"$work/said" 2>&1 || true
	tap_is "$1: what is typed reaches the device model" "$(cat "$host/typed")" "typed text"
}

# Whoever read the messages may be gone when there is something to undo.
test_no_reader()
{
	new_host
	state >"$work/before"
	{
		status=0
		DM='sleep 0.2; touch "$HOST/fail-ip"; exit 7' "$1" "$work/scripts/$desktop" || status=$?
		echo "$status" >"$work/status"
	} </dev/null 2>&1 | true
	tap_is "$1: without a reader it ends as ever" "$(cat "$work/status")" 7
	tap_check "$1: the network device could not be removed" rmdir "$host/sys/class/net/tap_desktop"
	is_unchanged "$1: without a reader it undoes what it can"
}

# What a shell starts in the background ignores INT; env undoes that.
# When SIGNAL comes, the device model takes its time to end, and ends with a status of its own.
test_signal()
{
	new_host
	state >"$work/before"
	rm -f "$work/ready"
	DM="trap 'sleep 0.3; echo heard >>\"\$LOG\"; exit 7' TERM
		: >'$work/ready'
		while :; do sleep 0.05; done" \
		env --default-signal=INT "$1" "$work/scripts/$desktop" >"$work/said" 2>&1 </dev/null &
	pid=$!
	until [ -e "$work/ready" ]; do
		sleep 0.02
	done
	kill -s "$2" "$pid"
	status=0
	wait "$pid" || status=$?
	pid=
	tap_is "$1, SIG$2: the script waits for the device model and ends with its status" "$status" 7
	tap_check "$1, SIG$2: which has heard the signal" logged heard
	is_unchanged "$1, SIG$2: the host is as it was"
}

# One after the other is missing; nothing has been changed then.
missing()
{
	run_script "$desktop"
	tap_is "without $1 it does not start" "$status" 1
	tap_is "without $1 it says one line" "$(wc -l <"$work/said" | tr -d ' ')" 1
	tap_check "without $1 it says so" said "$2"
	is_unchanged "without $1 nothing is changed"
	tap_is "without $1 nothing is tried" "$(grep -v '^id' "$log" || true)" ""
}

test_missing()
{
	for file in /dev/nvme0n1p4 /home/images/data.img /usr/share/acrn/bios/OVMF.fd; do
		new_host
		rm "$host$file"
		state >"$work/before"
		missing "$file" "$file"
	done
	new_host
	rm -r "$host/sys/bus/pci/devices/$device"
	state >"$work/before"
	run_script "$desktop"
	tap_check "without the device it does not start" said "there is no PCI device $device"
	new_host
	state >"$work/before"
	export FAKE_USER=1000
	missing root "only root"
	unset FAKE_USER
	new_host
	state >"$work/before"
	ACRN_DM=$work/no-such-program
	export ACRN_DM
	missing "a device model" "no-such-program"
	unset ACRN_DM
	rm -r "$host/sys/class/input/event4"
	state >"$work/before"
	missing "its keyboard" "usb-0000:00:14.0-1/input0"
}

# What fails in the middle is undone.
test_failing()
{
	new_host
	state >"$work/before"
	: >"$host/fail-mount"
	run_script "$desktop"
	tap_is "a partition that cannot be mounted: it does not start" "$status" 1
	tap_check "and says so" said "cannot mount"
	tap_is "the device model is not started" "$(grep -c '^acrn-dm' "$log" || true)" 0
	is_unchanged "and the host is as it was"
	rm "$host/fail-mount"
	: >"$host/fail-ip"
	run_script "$desktop"
	tap_check "no tap: it says so" said "cannot make the network device tap_desktop"
	is_unchanged "no tap: the host is as it was"
}

# What is there already is used, and stays.
test_prepared()
{
	new_host
	mkdir "$host/sys/class/net/tap_desktop" "$host/sys/bus/pci/drivers/pci-stub"
	ln -sfn "$host/sys/bus/pci/drivers/pci-stub" "$host/sys/bus/pci/devices/$device/driver"
	state >"$work/before"
	run_script "$desktop"
	tap_is "on a host that is prepared it starts" "$status" 0
	is_unchanged "and leaves it prepared"
	tap_is "without any ip" "$(grep -c '^ip' "$log" || true)" 0
}

test_cpus()
{
	new_host
	run_script "$realtime"
	tap_is "a real-time VM starts" "$status" 0
	tap_is "its CPUs are offline" "$(cat "$host"/sys/devices/system/cpu/cpu*/online | tr '\n' ' ')" \
		"1 1 0 0 "
	tap_is "the hypervisor is told so" \
		"$(cat "$host/sys/devices/virtual/misc/acrn_hsm/remove_cpu")" 3
	tap_check "it has APIC ids" logged "word 16,24"
	new_host
	rm -r "$host/sys/devices/virtual/misc/acrn_hsm"
	run_script "$realtime"
	tap_is "on a host without ACRN it starts too" "$status" 0
	tap_check "and says that CPUs stay" said "not the Service VM of ACRN"
	tap_is "which they do" "$(cat "$host"/sys/devices/system/cpu/cpu*/online | tr '\n' ' ')" \
		"1 1 1 1 "
}

for shell in $shells; do
	test_whole "$shell"
	test_status "$shell"
	test_console "$shell"
	test_no_reader "$shell"
	for signal in TERM INT HUP; do
		test_signal "$shell" "$signal"
	done
done
test_missing
test_failing
test_prepared
test_cpus
tap_done
