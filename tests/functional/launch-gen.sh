#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# acrn-launch-gen as people call it: what it writes where, what it says, and its exit status.
set -eu

cd "$(dirname "$0")/../.."
build=$(cd "${BUILD:-build}" && pwd)
# shellcheck source=tests/e2e/tap.sh
. tests/e2e/tap.sh

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
cd "$tmp"

# generate OPTION...: sets status; what it says goes to out and err.
generate()
{
	status=0
	timeout 60 "$build/acrn-launch-gen" "$@" >out 2>err </dev/null || status=$?
}

vm()
{
	cat <<-EOF
	<vm id="$1"><load_order>POST_LAUNCHED_VM</load_order><vm_type>STANDARD_VM</vm_type>
	<name>$2</name><memory><size>$3</size></memory>
	<cpu_affinity><pcpu><pcpu_id>$1</pcpu_id></pcpu></cpu_affinity>
	<customized_parameters>-E guest.elf</customized_parameters></vm>
	EOF
}

# scenario MEMORY SIZE: two VMs, a with so much memory, and a region of that size.
scenario()
{
	cat <<-EOF
	<?xml version="1.0"?>
	<acrn-config board="bench" scenario="pair">
	<hv><FEATURES><IVSHMEM><IVSHMEM_REGION>
	<NAME>shm</NAME><PROVIDED_BY>Device Model</PROVIDED_BY>
	<IVSHMEM_SIZE>$2</IVSHMEM_SIZE><IVSHMEM_REGION_ID>0x1000</IVSHMEM_REGION_ID>
	<IVSHMEM_VMS>
	<IVSHMEM_VM><VM_NAME>a</VM_NAME><VBDF>00:08.0</VBDF></IVSHMEM_VM>
	<IVSHMEM_VM><VM_NAME>b</VM_NAME><VBDF></VBDF></IVSHMEM_VM>
	</IVSHMEM_VMS></IVSHMEM_REGION></IVSHMEM></FEATURES></hv>
	<vm id="0"><load_order>SERVICE_VM</load_order><name>service</name></vm>
	EOF
	vm 1 a "$1"
	vm 2 b 128
	echo "</acrn-config>"
}

board()
{
	cat <<-EOF
	<acrn-config board="bench"><processors>
	<thread id="0x0"><cpu_id>0</cpu_id><apic_id>0x0</apic_id></thread>
	<thread id="0x2"><cpu_id>1</cpu_id><apic_id>0x2</apic_id></thread>
	<thread id="0x10"><cpu_id>2</cpu_id><apic_id>0x10</apic_id></thread>
	</processors></acrn-config>
	EOF
}

scenario 256 2 >good.xml
scenario 255 3 >bad.xml
board >board.xml

generate --scenario good.xml --board board.xml --out new
tap_is "scripts are made: status" "$status" 0
tap_is "and told" "$(cat out)" "new/launch_user_vm_id1.sh starts a
new/launch_user_vm_id2.sh starts b"
tap_is "nothing is wrong" "$(cat err)" ""
tap_is "there are two" "$(ls new)" "launch_user_vm_id1.sh
launch_user_vm_id2.sh"

generate --scenario good.xml --board board.xml --user_vmid 2
tap_is "one script: status" "$status" 0
tap_is "the default directory has it alone" "$(ls output)" "launch_user_vm_id2.sh"

generate --scenario good.xml --board board.xml --print
tap_is "command lines: status" "$status" 0
logger="--logger_setting 'console,level=4;kmsg,level=3;disk,level=5'"
tap_is "each VM has its slot and CPUs" "$(cat out)" \
	"acrn-dm --cpu_affinity 2 -m 256M -s 1:0,lpc -s 0:0,hostbridge -s 8:0,ivshmem,dm:/shm,2,4096 $logger -E guest.elf a
acrn-dm --cpu_affinity 16 -m 128M -s 1:0,lpc -s 0:0,hostbridge -s 3:0,ivshmem,dm:/shm,2,4096 $logger -E guest.elf b"

generate --scenario good.xml --hypervisor=kvm --user_vmid=1 --print
tap_is "a command line for KVM" "$(cat out)" \
	"acrn-dm --hypervisor kvm --cpus 1 -m 256M -s 1:0,lpc -s 0:0,hostbridge -s 8:0,ivshmem,dm:/shm,2,4096 -E guest.elf a"

generate --scenario good.xml --check
tap_is "a check without a board: status" "$status" 0
tap_is "it says nothing" "$(cat out err)" ""

generate --scenario good.xml --print
tap_is "CPUs without a board: status" "$status" 1
tap_is "each VM is told" "$(grep -c 'good.xml:[0-9]*: VM [ab] has CPU [12], and only a board' err)" 2

generate --scenario bad.xml --board board.xml --out wrong
tap_is "a scenario that does not hold: status" "$status" 1
tap_is "all is told with its line, in their order" "$(sed 's/: .*//' err)" "bad.xml:3
bad.xml:11"
tap_is "nothing is written" "$(test -e wrong && echo there; cat out)" ""

generate --scenario missing.xml
tap_is "a file that is not there: status" "$status" 1
tap_is "is told" "$(grep -c 'missing.xml' err)" 1
generate --scenario good.xml --board missing.xml
tap_is "a board that is not there: status" "$status" 1

generate --scenario good.xml --board board.xml --user_vmid 3
tap_is "a number that there is not: status" "$status" 64
tap_is "is told" "$(grep -c 'user_vmid 3: no post-launched VM' err)" 1
generate --scenario good.xml extra
tap_is "bad usage: status" "$status" 64

generate --help
tap_is "help: status" "$status" 0
tap_is "it starts with the usage" "$(head -n 1 out)" "Usage: acrn-launch-gen --scenario FILE [OPTION]..."
generate --version
tap_is "version" "$(sed 's/ .*//' out)" "acrn-launch-gen"
if [ -e /dev/full ]; then
	status=0
	"$build/acrn-launch-gen" --help >/dev/full 2>err || status=$?
	tap_is "a full disk: status" "$status" 1
fi
tap_done
