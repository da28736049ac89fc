#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Who may include whom (docs/architecture.md), as a table, and a proof that the table bites. TAP.
#
#   lib < ivshmem, devicemodel/config, devicemodel/hypervisor < devicemodel/vm < devicemodel/pci
#       < hw < devicemodel/boot, devicemodel/machine < devicemodel/main, tools, launch_scripts
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)

# shellcheck source=tests/e2e/tap.sh
. "$root/tests/e2e/tap.sh"

# A line: who (the longest prefix of a path counts), a colon, and prefixes of what it may include. What
# a hypervisor back end keeps to itself (its headers and the kernel's) is not even there for those
# above it.
rules()
{
	cat <<'EOF'
lib/: lib/
ivshmem/: lib/ ivshmem/
devicemodel/config/: lib/ devicemodel/config/
devicemodel/hypervisor/: lib/ devicemodel/hypervisor/ <linux/kvm.h> <linux/acrn.h>
devicemodel/vm/: lib/ ivshmem/ devicemodel/config/ devicemodel/hypervisor/hypervisor.h devicemodel/hypervisor/io_access.h devicemodel/vm/
devicemodel/pci/: lib/ ivshmem/ devicemodel/config/ devicemodel/hypervisor/hypervisor.h devicemodel/hypervisor/io_access.h devicemodel/vm/ devicemodel/pci/
hw/: lib/ ivshmem/ devicemodel/config/ devicemodel/hypervisor/hypervisor.h devicemodel/hypervisor/io_access.h devicemodel/vm/ devicemodel/pci/pci.h devicemodel/machine_map.h hw/
hw/pci/ivshmem_: lib/ ivshmem/ hw/pci/ivshmem_
hw/pci/ivshmem_hv.c: lib/ ivshmem/ devicemodel/hypervisor/hypervisor.h devicemodel/vm/vdev.h devicemodel/pci/pci.h hw/pci/ivshmem_
hw/pci/ivshmem_options: lib/ ivshmem/ devicemodel/config/device_class.h hw/pci/ivshmem_
devicemodel/boot/: lib/ ivshmem/ devicemodel/config/ devicemodel/hypervisor/hypervisor.h devicemodel/hypervisor/io_access.h devicemodel/vm/ devicemodel/pci/pci.h devicemodel/machine_map.h devicemodel/boot/
devicemodel/machine_map.h:
devicemodel/machine: lib/ ivshmem/ devicemodel/config/ devicemodel/hypervisor/hypervisor.h devicemodel/hypervisor/io_access.h devicemodel/vm/ devicemodel/pci/pci.h devicemodel/boot/ devicemodel/machine hw/
devicemodel/main.c: lib/ ivshmem/ devicemodel/config/ devicemodel/hypervisor/hypervisor.h devicemodel/vm/ devicemodel/boot/ devicemodel/machine
tools/: lib/ ivshmem/ tools/
launch_scripts/: lib/ ivshmem/ devicemodel/config/ hw/pci/device_classes.h launch_scripts/
samples/: samples/
EOF
}

# find_faults DIRECTORY: a line for each include that is not allowed.
find_faults()
{
	(
		cd "$1"
		rules >"$temp/rules"
		for room in lib ivshmem devicemodel hw tools launch_scripts samples; do
			[ ! -d "$room" ] || find "$room" -name '*.[chS]'
		done | sort | xargs -r grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' >"$temp/includes" || true
		awk -v rules="$temp/rules" '
		BEGIN {
			while ((getline line < rules) > 0) {
				split(line, part, ":")
				allowed[part[1]] = part[2]
			}
		}
		{
			split($0, where, ":")
			who = ""
			for (prefix in allowed)
				if (index(where[1], prefix) == 1 && length(prefix) > length(who))
					who = prefix
			what = $0
			sub(/^[^"<]*/, "", what)
			if (what ~ /^"/) {
				sub(/^"/, "", what)
				sub(/".*$/, "", what)
			} else {
				sub(/>.*$/, ">", what)
				if (what !~ /^<linux\/(kvm|acrn)\.h>$/)
					next
			}
			good = 0
			count = split(allowed[who], may, " ")
			for (i = 1; i <= count; i++)
				if (index(what, may[i]) == 1)
					good = 1
			# What the parts of the server share is not there for the rest of its own layer either.
			if (index(what, "ivshmem/server_state.h") == 1 && where[1] !~ /^ivshmem\/server(_door|_telling)?\.c$/)
				good = 0
			if (who == "")
				print where[1] ":" where[2] ": the file belongs to no layer"
			else if (!good)
				print where[1] ":" where[2] ": " who " may not include " what
		}' "$temp/includes"
	)
}

# faults_of FILE INCLUDE: of the one-file tree in which FILE includes that.
faults_of()
{
	rm -rf "$temp/tree"
	mkdir -p "$temp/tree/$(dirname "$1")"
	echo "#include $2" >"$temp/tree/$1"
	find_faults "$temp/tree"
}

expect_fault()
{
	if [ -n "$(faults_of "$1" "$2")" ]; then
		tap_pass "a planted $2 in $1 is found"
	else
		tap_fail "a planted $2 in $1 is found"
	fi
}

expect_none()
{
	tap_is "$2 in $1 is allowed" "$(faults_of "$1" "$2")" ""
}

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
trap 'exit 1' INT TERM HUP

faults=$(find_faults "$root")
if [ ! -s "$temp/includes" ]; then
	tap_fail "there are files to look at"
elif [ -z "$faults" ]; then
	tap_pass "$(wc -l <"$temp/includes") includes are allowed"
else
	tap_fail "includes are allowed"
	tap_note "$faults"
fi

expect_fault lib/new.c '"ivshmem/region.h"'
expect_fault lib/new.h '"devicemodel/vm/vm.h"'
expect_fault ivshmem/new.c '"devicemodel/config/vm_config.h"'
expect_fault ivshmem/new.c '"hw/pci/devices.h"'
expect_fault ivshmem/server_log.c '"ivshmem/server_state.h"'
expect_fault tools/new.c '"ivshmem/server_state.h"'
expect_fault devicemodel/config/new.c '"ivshmem/name.h"'
expect_fault devicemodel/config/new.c '"devicemodel/hypervisor/hypervisor.h"'
expect_fault devicemodel/hypervisor/new.c '"devicemodel/vm/vm.h"'
expect_fault devicemodel/vm/new.c '"devicemodel/pci/pci.h"'
expect_fault devicemodel/vm/new.c '"devicemodel/hypervisor/kvm.h"'
expect_fault devicemodel/pci/new.c '"hw/pci/ivshmem_core.h"'
expect_fault hw/pci/new.c '"devicemodel/hypervisor/kvm.h"'
expect_fault hw/pci/new.c '<linux/kvm.h>'
expect_fault hw/pci/ivshmem_new.c '"devicemodel/pci/pci.h"'
expect_fault hw/isa/new.c '"devicemodel/boot/boot.h"'
expect_fault hw/isa/new.c '"devicemodel/machine.h"'
expect_fault devicemodel/boot/new.c '"hw/isa/rtc.h"'
expect_fault devicemodel/boot/new.c '"devicemodel/machine.h"'
expect_fault devicemodel/new.c '"lib/util.h"'
expect_fault tools/new.c '"devicemodel/vm/vm.h"'
expect_fault samples/linux/new.c '"ivshmem/region.h"'
expect_none lib/new.c '"lib/util.h"'
expect_none ivshmem/server_door.c '"ivshmem/server_state.h"'
expect_none devicemodel/vm/new.c '"devicemodel/hypervisor/hypervisor.h"'
expect_none devicemodel/hypervisor/new.h '<linux/kvm.h>'
expect_none hw/pci/new.c '"devicemodel/pci/pci.h" /* the core */'
expect_none hw/pci/new.c '<linux/pci_regs.h>'
expect_none tools/new.c '"ivshmem/region.h"'
expect_fault lib/new.c '"util.h"'
expect_fault lib/new.c '"../lib/util.h"'
tap_done
