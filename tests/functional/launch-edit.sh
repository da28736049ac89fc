#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# acrn-launch-gen changes scenario files: what changes, what stays, what is refused. TAP.
set -eu

cd "$(dirname "$0")/../.."
case ${BUILD:-build} in
/*) build=$BUILD ;;
*) build=$PWD/${BUILD:-build} ;;
esac
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=tests/e2e/tap.sh
. tests/e2e/tap.sh

tmp=$(mktemp -d)
# shellcheck disable=SC2329
clean_up()
{
	[ -z "${first_vm:-}" ] || kill "$first_vm" 2>/dev/null || true
	rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$tmp"

gen()
{
	"$build/acrn-launch-gen" "$@"
}

# Its output is a pipe, which has no limit.
# shellcheck disable=SC2329
on_full_disk()
{
	(
		ulimit -f 0
		gen "$@"
	)
}

# expect_list NAME FILE LINES: a line "name source size id vectors vms" for each region.
expect_list()
{
	list=$(gen region list "$2" | sed '1d; s/  */ /g')
	tap_is "$1" "$list" "$3"
}

# expect_same NAME FILE COPY: not a byte has changed.
expect_same()
{
	tap_check "$1" cmp "$2" "$3"
}

# Refused with this status and pattern, and FILE is as it was.
expect_refused()
{
	refused_file=$1
	refused_status=$2
	refused_pattern=$3
	shift 3
	cp -p "$refused_file" before.xml
	expect "refused: $*" "$refused_status" "$refused_pattern" gen "$@"
	expect_same "and nothing has changed: $*" "$refused_file" before.xml
}

# A scenario that somebody has written by hand, in a hand of their own.
make_odd()
{
	cat >odd.xml <<'END'
<?xml version='1.0' encoding="UTF-8" standalone='yes'?>
<?editor keep="this"?>
<!-- <IVSHMEM_REGION> not one -->
<acrn-config   scenario='odd'
	board="b&amp;w"  >
	<hv><FEATURES>
		<SCHEDULER>SCHED_BVT</SCHEDULER><!-- x --><IVSHMEM>
			<!-- the first -->
			<IVSHMEM_REGION >
				<NAME>first</NAME>   <PROVIDED_BY><![CDATA[Device Model]]></PROVIDED_BY>
				<IVSHMEM_SIZE> 2 <!-- MB --></IVSHMEM_SIZE>
				<NOTE a="1" b='2'>&lt;kept&#62;</NOTE>
				<IVSHMEM_VMS>
					<IVSHMEM_VM><VM_NAME>A</VM_NAME><VBDF>00:0A.0</VBDF></IVSHMEM_VM>
					<IVSHMEM_VM><VM_NAME>A-b</VM_NAME><VBDF/></IVSHMEM_VM>
					<!-- who else? -->
				</IVSHMEM_VMS>
			</IVSHMEM_REGION>
		</IVSHMEM>
	</FEATURES></hv>
	<vm id="0"><load_order>SERVICE_VM</load_order><vm_type>STANDARD_VM</vm_type><name>S</name></vm>
	<vm id="1"><load_order>POST_LAUNCHED_VM</load_order><vm_type>STANDARD_VM</vm_type>
		<name>A</name><memory><size>64</size></memory><customized_parameters>-k x</customized_parameters>
		<virtio_devices/></vm>
	<vm id="2"><load_order>POST_LAUNCHED_VM</load_order><vm_type>STANDARD_VM</vm_type>
		<name>A-b</name><memory><size>64</size></memory><customized_parameters>-k x</customized_parameters></vm>
	<vm id="3"><load_order>POST_LAUNCHED_VM</load_order><vm_type>STANDARD_VM</vm_type>
		<name>C</name><memory><size>64</size></memory><customized_parameters>-k x</customized_parameters></vm>
</acrn-config>
<!-- the end -->
END
}

# --- from an empty directory ---------------------------------------------------------------------

expect 'a file that is not there is made' 0 '' \
	gen region add new.xml demo --size=2 --vm=left --vm=right --parameters='-k guest.elf -B "a b"'
expect_list 'with the region' new.xml 'demo device-model 2M - 0 left@00:03.0 right@00:03.0'
expect 'it holds' 0 '^$' gen --check --scenario new.xml
gen region add new.xml dm:/bells --size=4M --id=0x1100 --vectors=2 --vm=left --vm=right@00:08.0
expect_list 'a second region takes the next places' new.xml \
'demo device-model 2M - 0 left@00:03.0 right@00:03.0
bells device-model 4M 0x1100 2 left@00:04.0 right@00:08.0'
tap_is 'the command lines' "$(gen --print --hypervisor=kvm --scenario new.xml | grep -o -- '-s [^ ]*ivshmem[^ ]*\|-k.*')" \
"-s 3:0,ivshmem,dm:/demo,2
-s 4:0,ivshmem,dm:/bells,4,4352,vectors=2
-k guest.elf -B 'a b' left
-s 3:0,ivshmem,dm:/demo,2
-s 8:0,ivshmem,dm:/bells,4,4352,vectors=2
-k guest.elf -B 'a b' right"
expect_refused new.xml 64 'exists' \
	region add new.xml more --size=2 --vm=left --vm=right --parameters=x
expect 'a file without enough VMs is not made' 1 'alone.xml was not made' \
	gen region add alone.xml demo --size=2 --vm=left
tap_is 'nothing of it is there' "$(find . -name 'alone*')" ''
gen vm add new.xml third --memory=64 --parameters='-k other.elf'
gen vm set new.xml left --memory=128 --parameters='-k left.elf'
gen region set new.xml demo --add-vm=third
tap_is 'a third VM' "$(gen --print --hypervisor=kvm --scenario new.xml | grep -o -- '-m [0-9]*M\|-k.*')" \
"-m 128M
-k left.elf left
-m 256M
-k guest.elf -B 'a b' right
-m 64M
-k other.elf third"
gen vm add vms.xml only --parameters='-k guest.elf'
expect 'vm add makes a file, too' 0 '^$' gen --check --scenario vms.xml

# --- a file with a hand of its own ---------------------------------------------------------------

make_odd
cp odd.xml saved.xml
chmod 0640 odd.xml
ln -s odd.xml link.xml

gen region set link.xml first --size=4
tap_is 'only what is set changes, and a blank place is filled' "$(diff saved.xml odd.xml)" \
'11c11
< 				<IVSHMEM_SIZE> 2 <!-- MB --></IVSHMEM_SIZE>
---
> 				<IVSHMEM_SIZE> 4 <!-- MB --></IVSHMEM_SIZE>
15c15
< 					<IVSHMEM_VM><VM_NAME>A-b</VM_NAME><VBDF/></IVSHMEM_VM>
---
> 					<IVSHMEM_VM><VM_NAME>A-b</VM_NAME><VBDF>00:03.0</VBDF></IVSHMEM_VM>'
tap_is 'a symbolic link stays one' "$(readlink link.xml)" odd.xml
tap_is 'the mode stays' "$(stat -c %a odd.xml)" 640

cp odd.xml saved.xml
gen region add odd.xml second --size=2 --source=hypervisor --vm=A --vm=C@00:1e.0
tap_is 'a new region looks like the other' "$(diff saved.xml odd.xml)" \
'18a19,34
> 			<IVSHMEM_REGION>
> 				<NAME>second</NAME>
> 				<PROVIDED_BY>Hypervisor</PROVIDED_BY>
> 				<IVSHMEM_SIZE>2</IVSHMEM_SIZE>
> 				<IVSHMEM_REGION_ID>0</IVSHMEM_REGION_ID>
> 				<IVSHMEM_VMS>
> 					<IVSHMEM_VM>
> 						<VM_NAME>A</VM_NAME>
> 						<VBDF>00:03.0</VBDF>
> 					</IVSHMEM_VM>
> 					<IVSHMEM_VM>
> 						<VM_NAME>C</VM_NAME>
> 						<VBDF>00:1e.0</VBDF>
> 					</IVSHMEM_VM>
> 				</IVSHMEM_VMS>
> 			</IVSHMEM_REGION>'
gen region remove odd.xml second
expect_same 'taken out again, nothing is left of it' odd.xml saved.xml

gen region add odd.xml hv --source=hypervisor --size=2 --vm=S --vm=A
expect_list "the Service VM's bus is not ours to give places on" odd.xml \
'first device-model 4M - 0 A@00:0a.0 A-b@00:03.0
hv hypervisor 2M 0 0 S A@00:03.0'
gen region remove odd.xml hv

gen region set odd.xml first --name=other --id=7 --vectors=3
expect_list 'elements that were not there' odd.xml 'other device-model 4M 0x7 3 A@00:0a.0 A-b@00:03.0'
gen region set odd.xml dm:/other --name=first --vectors=0
expect_list 'vectors taken away' odd.xml 'first device-model 4M 0x7 0 A@00:0a.0 A-b@00:03.0'
gen region set odd.xml first --add-vm=C@00:05.0
gen region set odd.xml first --remove-vm=A
expect_list 'VMs come and go' odd.xml 'first device-model 4M 0x7 0 A-b@00:03.0 C@00:05.0'
gen region set odd.xml first --add-vm=A --remove-vm=A-b --remove-vm=C --add-vm=A-b@00:04.0
expect_list 'all of them at once' odd.xml 'first device-model 4M 0x7 0 A@00:03.0 A-b@00:04.0'
tap_check 'comments stay' grep -q 'who else' odd.xml

gen vm rename odd.xml A B
expect_list 'a renamed VM is renamed in regions, one with a longer name is not' odd.xml \
	'first device-model 4M 0x7 0 B@00:03.0 A-b@00:04.0'
gen vm rename odd.xml B A
tap_is 'JSON' "$(gen region list --json odd.xml)" \
'[{"name": "first", "source": "device-model", "size_mb": 4, "id": 7, "vectors": 0, "vms": [{"name": "A", "vbdf": "00:03.0"}, {"name": "A-b", "vbdf": "00:04.0"}]}]'

sed 's/$/\r/' saved.xml >dos.xml
gen region set dos.xml first --add-vm=C
tap_is 'lines end as they did' "$(grep -c "$(printf '\r')\$" dos.xml)" "$(wc -l <dos.xml)"
tr -d '\n' <saved.xml | sed 's/>[[:blank:]]*</></g' >line.xml
gen region set line.xml first --add-vm=C
tap_is 'one line stays one' "$(wc -l <line.xml)" 0

# --- what is refused -----------------------------------------------------------------------------

expect_refused odd.xml 1 'there is another one of this name' region add odd.xml first --size=2 --vm=A --vm=C
expect_refused odd.xml 1 'no VM "nobody"' region add odd.xml x --size=2 --vm=A --vm=nobody
expect_refused odd.xml 1 'has one VM' region add odd.xml x --size=2 --vm=A
expect_refused odd.xml 1 'has one VM' region set odd.xml first --remove-vm=A
expect_refused odd.xml 1 'bad size "3"' region set odd.xml first --size=3
expect_refused odd.xml 1 'x y' region set odd.xml first --name='x y'
expect_refused odd.xml 1 'odd.xml: ' region add odd.xml x --size=2 --vm=A@00:03.0 --vm=C
expect_refused odd.xml 1 'odd.xml: ' region add odd.xml x --size=2 --vm=A@00:1f.0 --vm=C
expect_refused odd.xml 1 'odd.xml: ' region add odd.xml x --size=2 --vm=A --vm=S
expect_refused odd.xml 1 'odd.xml: ' region set odd.xml first --add-vm=A
expect_refused odd.xml 1 'odd.xml: ' region set odd.xml first --source=hypervisor --vectors=2
expect_refused odd.xml 1 'no VM "C"' region set odd.xml first --remove-vm=C
expect_refused odd.xml 1 'no region "none"' region remove odd.xml none
expect_refused odd.xml 1 'no region "hv:/first"' region remove odd.xml hv:/first
expect_refused odd.xml 1 'odd.xml: ' vm rename odd.xml A C
expect_refused odd.xml 1 'odd.xml: ' vm rename odd.xml A 'a name that is far too long'
expect_refused odd.xml 1 'no VM "Z"' vm rename odd.xml Z Y
expect_refused odd.xml 1 'not launched by a script' vm set odd.xml S --memory=64
expect_refused odd.xml 1 'odd.xml: ' vm add odd.xml A
expect_refused odd.xml 1 'odd.xml: ' vm set odd.xml A --parameters='"unbalanced'
expect_refused odd.xml 64 'source "host"' region set odd.xml first --source=host
expect_refused odd.xml 64 'id "0x10000"' region set odd.xml first --id=0x10000
expect_refused odd.xml 64 'vectors "2049"' region set odd.xml first --vectors=2049
expect_refused odd.xml 64 'size "many"' region set odd.xml first --size=many
expect_refused odd.xml 64 'size "0"' region set odd.xml first --size=0
expect_refused odd.xml 64 'A@8' region set odd.xml first --add-vm=A@8
expect_refused odd.xml 64 'UTF-8' region set odd.xml first --name="$(printf 'a\001')"
expect_refused odd.xml 64 'usage: ' region add odd.xml x --vm=A --vm=C
expect_refused odd.xml 64 'usage: ' region add odd.xml --size=2 --vm=A --vm=C
expect_refused odd.xml 64 'usage: ' region remove odd.xml first second
expect_refused odd.xml 64 'not for this' region remove odd.xml first --size=2
expect_refused odd.xml 64 'says otherwise' region add odd.xml hv:/x --source=device-model --size=2 --vm=A --vm=C
expect_refused odd.xml 64 'nothing is to be changed' region set odd.xml first
expect_refused odd.xml 64 'region --help' region paint odd.xml
expect 'no file' 1 'cannot be opened' gen region remove none.xml first
expect 'no file to list' 1 'none.xml' gen region list none.xml
echo '<acrn-config>' >broken.xml
expect_refused broken.xml 1 'broken.xml:' region add broken.xml x --size=2 --vm=A --vm=C
expect 'help' 0 '^Usage: acrn-launch-gen region' gen region --help
expect 'help of a command' 0 '^Usage: acrn-launch-gen vm set' gen vm set --help

cp odd.xml before.xml
expect 'a full disk' 1 'odd.xml: cannot be written: File too large' on_full_disk region set odd.xml first --size=8
expect_same 'and the file is whole' odd.xml before.xml

# --- a file that does not hold -------------------------------------------------------------------

sed 's|<VM_NAME>A</VM_NAME>|<VM_NAME>gone</VM_NAME>|' odd.xml >bad.xml
expect_refused bad.xml 1 'bad size "3"' region set bad.xml first --size=3
expect 'a bad file may be changed' 0 'still has 1 problem' gen region set bad.xml first --size=8
expect 'renaming does not make an old problem a new one' 0 '' gen region set bad.xml first --name=still
expect 'and it is still bad' 1 'no VM "gone"' gen --check --scenario bad.xml
gen region set bad.xml still --remove-vm=gone --add-vm=C
expect 'until it is mended' 0 '^$' gen --check --scenario bad.xml

# --- two at a time -------------------------------------------------------------------------------

gen region add many.xml r0 --size=2 --vm=left --vm=right
pids=
for number in 1 2 3 4 5 6; do
	gen region add many.xml "r$number" --size=2 --vm=left --vm=right &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid" || tap_fail "a change beside others (process $pid)"
done
tap_is 'changes at the same time are all made' \
	"$(gen region list many.xml | sed 1d | cut -d ' ' -f 1 | sort | tr '\n' ' ')" 'r0 r1 r2 r3 r4 r5 r6 '
tap_is 'at places of their own' "$(gen region list many.xml | grep -o 'left@[^ ]*' | sort -u | wc -l)" 7

# --- version 2 -----------------------------------------------------------------------------------

cat >old.xml <<'END'
<acrn-config scenario="old">
  <hv>
    <FEATURES>
      <IVSHMEM>
        <IVSHMEM_ENABLED>y</IVSHMEM_ENABLED>
        <IVSHMEM_REGION>hv:/state, 2, 0:12</IVSHMEM_REGION>
      </IVSHMEM>
    </FEATURES>
  </hv>
  <vm id="0">
    <vm_type>PRE_STD_VM</vm_type>
    <name>PRE</name>
  </vm>
  <vm id="10">
    <vm_type>SERVICE_VM</vm_type>
    <name>SERVICE</name>
    <legacy_vuart id="1">
      <type>VUART_LEGACY_PIO</type>
      <base>COM2_BASE</base>
    </legacy_vuart>
  </vm>
  <vm id="11">
    <!-- the panel -->
    <vm_type>POST_STD_VM</vm_type>
  </vm>
  <vm id="12">
    <vm_type>POST_RT_VM</vm_type>
    <name>CONTROL</name>
    <guest_flags>
      <guest_flag>GUEST_FLAG_IO_COMPLETION_POLLING</guest_flag>
      <guest_flag>GUEST_FLAG_STRANGE</guest_flag>
    </guest_flags>
  </vm>
</acrn-config>
END
cat >launch.xml <<'END'
<acrn-config scenario="old">
  <user_vm id="1">
    <user_vm_type>WINDOWS</user_vm_type>
    <vm_name>PANEL</vm_name>
    <mem_size>2048</mem_size>
    <vbootloader>ovmf</vbootloader>
    <vuart0>Enable</vuart0>
    <poweroff_channel>PowerButton</poweroff_channel>
    <allow_trigger_s5>y</allow_trigger_s5>
    <usb_xhci>1-2:2-4</usb_xhci>
    <console_vuart>Enable</console_vuart>
    <shm_regions>
      <shm_region>dm:/notes, 4</shm_region>
    </shm_regions>
    <passthrough_devices>
      <audio>00:1f.3 Audio device: one</audio>
      <gpu>00:02.0 VGA compatible controller: one</gpu>
    </passthrough_devices>
    <virtio_devices>
      <network>lan,mac=02:00:00:00:00:01</network>
      <input>/dev/input/event3</input>
      <block>/dev/sda3:./win10.img</block>
      <block>data.img</block>
      <console>@stdio:stdio_port</console>
    </virtio_devices>
  </user_vm>
  <user_vm id="2">
    <vm_name>CONTROL</vm_name>
    <rtos_type>Hard RT</rtos_type>
    <mem_size>1024</mem_size>
    <vbootloader>ovmf</vbootloader>
    <shm_regions>
      <shm_region>hv:/state, 2</shm_region>
      <shm_region>dm:/notes, 4</shm_region>
    </shm_regions>
  </user_vm>
</acrn-config>
END

tap_is 'regions of version 2' "$(gen region list --launch=launch.xml old.xml | sed '1d; s/  */ /g')" \
'state hypervisor 2M - 0 PRE CONTROL
notes device-model 4M - 0 PANEL CONTROL'
expect_refused old.xml 1 'upgrade old.xml' region add old.xml x --size=2 --vm=PANEL --vm=CONTROL
expect 'an upgrade tells what is lost: a flag' 0 '^old.xml:[0-9]+: guest_flag "GUEST_FLAG_STRANGE"' \
	gen upgrade old.xml --launch=launch.xml --out=new3.xml
expect 'a wire' 0 '^old.xml:[0-9]+: legacy_vuart' gen upgrade old.xml --launch=launch.xml --out=new3.xml
expect 'a setting of the launch file' 0 '^launch.xml:9: allow_trigger_s5 "y"' \
	gen upgrade old.xml --launch=launch.xml --out=new3.xml
expect_list 'all regions and their users are there' new3.xml \
'state hypervisor 2M 0 0 PRE@00:03.0 CONTROL@00:03.0
notes device-model 4M - 0 PANEL@00:03.0 CONTROL@00:04.0'
tap_check 'comments stay, too' grep -q 'the panel' new3.xml
# An id that was not said and 0 are the same to the hypervisor.
gen --print --scenario old.xml --launch launch.xml | sed 's/hv:[^ ]*/&,0/' >old.print
gen --print --scenario new3.xml >new3.print
tap_check 'the command lines are the same' diff old.print new3.print
gen upgrade new3.xml --out=same.xml 2>same.err
expect_same 'a file of version 3 stays as it is' new3.xml same.xml
tap_check 'and that is said' grep -q 'of version 3 already' same.err
expect 'post-launched VMs need their launch file' 1 '--launch' gen upgrade old.xml --out=none.xml
expect 'which leaves nothing behind' 1 'cannot be opened' gen region remove none.xml x
cp old.xml place.xml
gen upgrade place.xml --launch=launch.xml --out=place.xml 2>/dev/null
expect_same 'an upgrade in place' place.xml new3.xml
expect 'usage' 64 '^acrn-launch-gen: usage: ' gen upgrade old.xml
expect 'help of upgrade' 0 '^Usage: ' gen upgrade --help

cat >lines.xml <<'END'
<acrn-config>
  <hv>
    <FEATURES/>
  </hv>
  <vm id="0">
    <vm_type>PRE_STD_VM</vm_type>
    <name>PRE</name>
    <legacy_vuart id="1">
      <base>COM2_BASE</base>
      <target_vm_id>1</target_vm_id>
      <target_uart_id>1</target_uart_id>
    </legacy_vuart>
    <communication_vuart id="1">
      <base>PCI_VUART</base>
      <target_vm_id>2</target_vm_id>
      <target_uart_id>1</target_uart_id>
    </communication_vuart>
  </vm>
  <vm id="1">
    <vm_type>SERVICE_VM</vm_type>
    <name>SERVICE</name>
    <legacy_vuart id="1">
      <base>SERVICE_VM_COM2_BASE</base>
      <target_vm_id>0</target_vm_id>
      <target_uart_id>1</target_uart_id>
    </legacy_vuart>
    <legacy_vuart id="2">
      <base>COM3_BASE</base>
      <target_vm_id>2</target_vm_id>
      <target_uart_id>1</target_uart_id>
    </legacy_vuart>
  </vm>
  <vm id="2">
    <vm_type>POST_STD_VM</vm_type>
    <name>POST</name>
    <communication_vuart id="1">
      <base>PCI_VUART</base>
      <target_vm_id>0</target_vm_id>
      <target_uart_id>1</target_uart_id>
    </communication_vuart>
  </vm>
</acrn-config>
END
cat >lines-launch.xml <<'END'
<acrn-config>
  <user_vm id="1">
    <mem_size>256</mem_size>
    <vbootloader>ovmf</vbootloader>
    <communication_vuarts>
      <communication_vuart>1</communication_vuart>
      <communication_vuart>2</communication_vuart>
    </communication_vuarts>
  </user_vm>
</acrn-config>
END
lost=$(gen upgrade lines.xml --launch=lines-launch.xml --out=lines3.xml 2>&1 | cut -d ' ' -f 1-3)
tap_is 'lines of which an end is missing are told' "$lost" \
'lines-launch.xml:7: communication_vuart "2"
lines.xml:27: legacy_vuart is'
tap_is 'the others connect who they did' \
	"$(sed -n 's/.*<\(type\|vm_name\|io_port\)>\(.*\)<.*/\2/p' lines3.xml | tr '\n' ' ')" \
	'legacy PRE 0x2F8 SERVICE 0x2F8 pci PRE POST '
gen --print --scenario lines3.xml >lines.print
tap_check 'and a VM has its end' grep -q 'uart,vuart_idx:1' lines.print
gen vm rename lines3.xml POST PANEL
tap_is 'a renamed VM is renamed there, too' \
	"$(sed -n 's/.*<vm_name>\(.*\)<.*/\1/p' lines3.xml | tr '\n' ' ')" 'PRE SERVICE PRE PANEL '

# --- from an empty directory to a running pair ---------------------------------------------------

# The very words of the manual; each VM's output in its file, its status behind it.
test_pair()
{
	mkdir pair
	cd pair
	PATH=$build:$PATH
	export PATH IVSHMEM_RUNTIME_DIR="$tmp/run"
	gen region add pair.xml "test-launch-$$/a" --size=2 --vm=left --vm=right \
		--parameters="-k $build/samples/ivshmem-pair.elf -B 'count=100 timeout=100'"
	gen region add pair.xml "test-launch-$$/b" --size=2 --vectors=2 --vm=left --vm=right
	gen --scenario pair.xml --hypervisor=kvm --out=scripts >/dev/null
	left=0
	right=0
	timeout 120 scripts/launch_user_vm_id1.sh >left.out 2>&1 &
	first_vm=$!
	timeout 120 scripts/launch_user_vm_id2.sh >right.out 2>&1 || right=$?
	wait "$first_vm" || left=$?
	first_vm=
	tap_is 'both scripts end well' "$left $right" '0 0'
	tap_is 'both VMs have read what the other sent' \
		"$(cat left.out right.out | grep -c 'PASS 100 sent, 100 received')" 2
	[ "$left $right" = '0 0' ] || tap_note "$(cat left.out right.out)"
	cd ..
}

if kvm_usable; then
	test_pair
else
	tap_skip 'from an empty directory to a running pair' "$(kvm_why_not)"
fi

tap_is 'no temporary files are left' "$(find . -name '*.xml.*')" ''
tap_done
