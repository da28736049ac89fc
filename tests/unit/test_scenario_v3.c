/* SPDX-License-Identifier: BSD-3-Clause */
/* Scenario files of version 3: texts, and the plans and problems that come of them. */
#include "launch_scripts/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch_scripts/board.h"
#include "lib/util.h"
#include "tests/unit/plan_text.h"
#include "tests/unit/unit.h"

#define SERVICE "<vm id='0'><load_order>SERVICE_VM</load_order><name>S</name></vm>"
#define MEMORY "<memory><size>64</size></memory>"
#define POST(id, name, more) \
	"<vm id='" id "'><load_order>POST_LAUNCHED_VM</load_order><name>" name \
	"</name>" MEMORY more "</vm>"
#define IVSHMEM(regions) "<hv><FEATURES><IVSHMEM>" regions "</IVSHMEM></FEATURES></hv>"
#define SCENARIO(more) "<acrn-config>" more "</acrn-config>"

/* --- a scenario with everything that newer files have ----------------------------------------- */

static const char whole[] =
	"<?xml version='1.0'?>\n"
	"<acrn-config board='b1' scenario='shared'>\n"
	"  <!-- a comment --><future>x</future>\n"
	"  <hv><FEATURES><SCHEDULER>SCHED_BVT</SCHEDULER>\n"
	"    <SSRAM><SSRAM_ENABLED>y</SSRAM_ENABLED></SSRAM>\n"
	"    <IVSHMEM>\n"
	"      <IVSHMEM_REGION>\n"
	"        <NAME>shm_a</NAME><PROVIDED_BY>Device Model</PROVIDED_BY>\n"
	"        <IVSHMEM_SIZE>2</IVSHMEM_SIZE><IVSHMEM_REGION_ID>0x1000</IVSHMEM_REGION_ID>\n"
	"        <IVSHMEM_VECTORS>4</IVSHMEM_VECTORS>\n"
	"        <IVSHMEM_VMS>\n"
	"          <IVSHMEM_VM><VM_NAME>RT1</VM_NAME><VBDF>00:08.1</VBDF></IVSHMEM_VM>\n"
	"          <IVSHMEM_VM><VM_NAME>WIN</VM_NAME><VBDF/></IVSHMEM_VM>\n"
	"          <IVSHMEM_VM><VM_NAME>gone</VM_NAME></IVSHMEM_VM>\n"
	"        </IVSHMEM_VMS>\n"
	"      </IVSHMEM_REGION>\n"
	"      <IVSHMEM_REGION>\n"
	"        <IVSHMEM_VMS><IVSHMEM_VM><VM_NAME>P0</VM_NAME><VBDF>0:1E.0</VBDF></IVSHMEM_VM>\n"
	"        </IVSHMEM_VMS><IVSHMEM_REGION_ID/><IVSHMEM_SIZE>512</IVSHMEM_SIZE>\n"
	"        <PROVIDED_BY>Hypervisor</PROVIDED_BY><NAME> shm_b </NAME>\n"
	"      </IVSHMEM_REGION>\n"
	"    </IVSHMEM></FEATURES>\n"
	"    <vuart_connections>\n"
	"      <vuart_connection><name>c1</name><type>legacy</type>\n"
	"        <endpoint><vm_name>RT1</vm_name><io_port>0x2F8</io_port></endpoint>\n"
	"        <endpoint><vm_name>SOS</vm_name><io_port>0x2F8</io_port></endpoint>\n"
	"      </vuart_connection>\n"
	"      <vuart_connection><name>c2</name><type>pci</type>\n"
	"        <endpoint><vm_name>RT1</vm_name><vbdf>00:10.0</vbdf></endpoint>\n"
	"        <endpoint><vm_name>WIN</vm_name><vbdf/></endpoint>\n"
	"      </vuart_connection>\n"
	"    </vuart_connections>\n"
	"  </hv>\n"
	"  <vm id='0'><load_order>PRE_LAUNCHED_VM</load_order><vm_type>TEE_VM</vm_type>\n"
	"    <name>P0</name><cpu_affinity><pcpu><pcpu_id>3</pcpu_id></pcpu></cpu_affinity>\n"
	"    <memory><hpa_region><start_hpa>0x100000000</start_hpa><size_hpa>512</size_hpa>\n"
	"      </hpa_region><hpa_region><size_hpa>256</size_hpa></hpa_region></memory>\n"
	"    <pci_devs><pci_dev>00:17.0 SATA controller: x</pci_dev></pci_devs>\n"
	"  </vm>\n"
	"  <vm id='1'><load_order>SERVICE_VM</load_order><vm_type>STANDARD_VM</vm_type>\n"
	"    <name>SOS</name><memory><start_hpa>0</start_hpa></memory>\n"
	"    <console_vuart>COM Port 1</console_vuart></vm>\n"
	"  <vm id='2'><load_order>POST_LAUNCHED_VM</load_order><vm_type>RTVM</vm_type>\n"
	"    <name>RT1</name><lapic_passthrough>y</lapic_passthrough>\n"
	"    <io_completion_polling>y</io_completion_polling><own_pcpu>y</own_pcpu>\n"
	"    <cpu_affinity><pcpu><pcpu_id>2</pcpu_id><real_time_vcpu>y</real_time_vcpu></pcpu>\n"
	"      <pcpu><pcpu_id>1</pcpu_id><real_time_vcpu>n</real_time_vcpu></pcpu></cpu_affinity>\n"
	"    <memory><size>1024</size></memory><console_vuart>PCI</console_vuart>\n"
	"    <pci_devs><pci_dev>03:00.1 Ethernet controller: I210</pci_dev><pci_dev/></pci_devs>\n"
	"    <PTM>y</PTM><vbootloader>n</vbootloader><vuart0>y</vuart0><usb_xhci/>\n"
	"    <customized_parameters>-k /boot/bzImage -B 'root=/dev/vda rw'"
	"</customized_parameters>\n"
	"    <virtio_devices>\n"
	"      <gpu><display_type>Window</display_type><displays>\n"
	"        <display><window_resolutions>1920x1080</window_resolutions>\n"
	"          <horizontal_offset>10</horizontal_offset><vertical_offset/></display>\n"
	"        <display><window_resolutions>800x600</window_resolutions></display>\n"
	"      </displays></gpu>\n"
	"      <console><use_type>Virtio console</use_type><backend_type>stdio</backend_type>\n"
	"        </console>\n"
	"      <console><use_type>Virtio serial port</use_type><backend_type>file</backend_type>\n"
	"        <output_file_path>/tmp/my out</output_file_path></console>\n"
	"      <console><backend_type>sock server</backend_type>\n"
	"        <sock_file_path>/run/a.sock</sock_file_path></console>\n"
	"      <console/><input/><network/><block/><vsock/>\n"
	"      <network><virtio_framework>Kernel based (Virtual Host)</virtio_framework>\n"
	"        <interface_name>tap_rt</interface_name></network>\n"
	"      <network><interface_name>tap2,mac=00:16:3E:39:0F:CD</interface_name></network>\n"
	"      <input><backend_device_file>/dev/input/event3</backend_device_file><id>kb-1</id>\n"
	"        </input>\n"
	"      <input><backend_device_file>Device name: A B, Device physical path: usb-0/input0\n"
	"        </backend_device_file><id/></input>\n"
	"      <block>/images/$HOME.img,ro</block><block>/dev/sda3:./a/b.img</block>\n"
	"      <vsock>3</vsock>\n"
	"    </virtio_devices>\n"
	"  </vm>\n"
	"  <vm id='12'><load_order>POST_LAUNCHED_VM</load_order>\n"
	"    <name>WIN</name><secure_world_support>y</secure_world_support>\n"
	"    <memory><size>4096</size></memory><os_type>Windows OS</os_type>\n"
	"    <pci_devs><pci_dev>00:02.0 VGA compatible controller: x</pci_dev>\n"
	"      <pci_dev>00:14.0 USB controller: x</pci_dev></pci_devs>\n"
	"    <vbootloader>y</vbootloader><vuart0>n</vuart0>\n"
	"    <usb_xhci><usb_dev>1-2 Some Stick</usb_dev><usb_dev/><usb_dev>2-14</usb_dev>\n"
	"      </usb_xhci>\n"
	"    <virtio_devices><gpu><display_type>Full screen</display_type><displays><display>\n"
	"      <monitor_id>1</monitor_id></display></displays></gpu></virtio_devices>\n"
	"  </vm>\n"
	"</acrn-config>\n";

static void test_whole(void)
{
	plan_text_expect(
		plan_text_of_files(whole, NULL, NULL),
		"scenario shared SCHED_BVT ssram\n"
		"vm 0 P0 pre tee 768M cpus=3\n"
		"vm 1 SOS service std console=com\n"
		"vm 2/1 RT1 post rt 1024M cpus=2,1 own lapic polling com1 ptm console=pci {-k} "
		"{/boot/bzImage} {-B} {root=/dev/vda rw}\n"
		"  uart [vuart_idx:0]\n"
		"  uart [vuart_idx:2] at 00:10.0\n"
		"  virtio-input [/dev/input/event3,kb-1]\n"
		"  virtio-input host=A B image=usb-0/input0\n"
		"  virtio-console [@stdio:stdio_port]\n"
		"  virtio-console [file:file_port=/tmp/my out]\n"
		"  virtio-console [socket:a=/run/a.sock:server]\n"
		"  virtio-net [vhost] host=tap_rt\n"
		"  virtio-net [mac=00:16:3E:39:0F:CD] host=tap2\n"
		"  virtio-blk image=/images/$HOME.img,ro\n"
		"  virtio-blk host=/dev/sda3 image=./a/b.img\n"
		"  virtio-gpu [geometry=1920x1080+10+0,geometry=800x600+0+0]\n"
		"  vhost-vsock [cid=3]\n"
		"  passthru 03:00.1 [enable_ptm]\n"
		"vm 12/11 WIN post std 4096M windows ovmf secure\n"
		"  uart [vuart_idx:1]\n"
		"  xhci [1-2,2-14]\n"
		"  virtio-gpu [geometry=fullscreen:1]\n"
		"  passthru 00:02.0 at 00:02.0 (reserved)\n"
		"  passthru 00:14.0 [d3hot_reset]\n"
		"region dm:/shm_a 2M id=4096 vectors=4\n"
		"  RT1 at 00:08.1\n"
		"  WIN\n"
		"  gone?\n"
		"region hv:/shm_b 512M\n"
		"  P0 at 00:1e.0\n");
}

/* What the first files of version 3 had instead. */
static void test_older_words(void)
{
	plan_text_expect(
		plan_text_of_files(
			SCENARIO(
				SERVICE
				"<vm id='1'><load_order>POST_LAUNCHED_VM</load_order><name>A</name>"
				"<cpu_affinity><pcpu_id>0</pcpu_id><pcpu_id/><pcpu_id>1</pcpu_id></"
				"cpu_affinity>"
				"<memory><whole>512</whole></memory><os_type>Non-Windows "
				"OS</os_type>"
				"<vbootloader>Enable</vbootloader><vuart0>Disable</vuart0>"
				"<usb_xhci>1-2:2-4</usb_xhci>"
				"<virtio_devices><console>@stdio:stdio_port</console>"
				"<network>WaaG,vhost,mac=00:11:22:33:44:55</network>"
				"<input>/dev/input/event3,id1</input><block>./YaaG.img</block>"
				"</virtio_devices></vm>"),
			NULL, NULL),
		"vm 0 S service std\n"
		"vm 1/1 A post std 512M cpus=0,1 ovmf\n"
		"  xhci [1-2,2-4]\n"
		"  virtio-input [/dev/input/event3,id1]\n"
		"  virtio-console [@stdio:stdio_port]\n"
		"  virtio-net [vhost,mac=00:11:22:33:44:55] host=WaaG\n"
		"  virtio-blk image=./YaaG.img\n");
}

/* --- problems --------------------------------------------------------------------------------- */

/* Each of them is one, and the only one, in line 2. */
static void test_problems(void)
{
	static const struct {
		const char *scenario, *problem;
	} rows[] = {
#define IN_VM(words) SCENARIO(SERVICE "<vm id='1'><load_order>POST_LAUNCHED_VM</load_order>" \
			      "<name>A</name>" MEMORY "\n" words "</vm>")
#define IN_HV(words) SCENARIO("<hv>\n" words "</hv>" SERVICE POST("1", "A", "") POST("2", "B", ""))
#define IN_REGION(words) IN_HV("<FEATURES><IVSHMEM><IVSHMEM_REGION>" words \
			       "</IVSHMEM_REGION></IVSHMEM></FEATURES>")
#define REGION_MORE "<PROVIDED_BY>Device Model</PROVIDED_BY><IVSHMEM_SIZE>2</IVSHMEM_SIZE>"
#define VUART(words) IN_HV("<vuart_connections><vuart_connection>" words \
			   "</vuart_connection></vuart_connections>")
#define VUART_A "<endpoint><vm_name>A</vm_name></endpoint>"
#define VUART_B "<endpoint><vm_name>B</vm_name></endpoint>"
#define VIRTIO(words) IN_VM("<virtio_devices>" words "</virtio_devices>")
		{ IN_VM("<vm_type>POST</vm_type>"),
		  "vm_type \"POST\": write STANDARD_VM, RTVM, TEE_VM or REE_VM" },
		{ IN_VM("<os_type>windows</os_type>"),
		  "os_type \"windows\": write Windows OS or Non-Windows OS" },
		{ IN_VM("<own_pcpu>yes</own_pcpu>"),
		  "own_pcpu \"yes\": write y, n, Enable or Disable" },
		{ IN_VM("<vuart0>1</vuart0>"), "vuart0 \"1\": write y, n, Enable or Disable" },
		{ IN_VM("<PTM>Y</PTM>"), "PTM \"Y\": write y, n, Enable or Disable" },
		{ IN_VM("<console_vuart>COM1</console_vuart>"),
		  "console_vuart \"COM1\": write None, COM Port 1, COM Port 2, COM Port 3, "
		  "COM Port 4 or PCI" },
		{ IN_VM("<cpu_affinity><pcpu_id>-1</pcpu_id></cpu_affinity>"),
		  "pcpu_id \"-1\": write a decimal number from 0 to 65535" },
		{ IN_VM("<cpu_affinity><pcpu_id>65536</pcpu_id></cpu_affinity>"),
		  "pcpu_id \"65536\": write a decimal number from 0 to 65535" },
		{ IN_VM("<cpu_affinity><pcpu_id>7</pcpu_id><pcpu_id>7</pcpu_id></cpu_affinity>"),
		  "VM A: CPU 7 is listed twice: take it out once" },
		{ IN_VM("<customized_parameters>-B 'x</customized_parameters>"),
		  "VM A: customized_parameters: a ' quote is never closed: close it, or put a "
		  "backslash before it" },
		{ IN_VM("<usb_xhci>1-2:x</usb_xhci>"),
		  "usb_xhci \"1-2:x\": write bus-port, more of them behind colons (1-2:2-4)" },
		{ IN_VM("<usb_xhci><usb_dev>Stick</usb_dev></usb_xhci>"),
		  "usb_dev \"Stick\": start it with bus-port, as in 1-2" },
		{ IN_VM("<pci_devs><pci_dev>SATA</pci_dev></pci_devs>"),
		  "VM A: pci_dev \"SATA\": start it with the device's address on the host, as "
		  "lspci "
		  "prints it (00:14.0)" },
		{ VIRTIO("<network><virtio_framework>x</virtio_framework><interface_name>t"
			 "</interface_name></network>"),
		  "virtio_framework \"x\": write Kernel based (Virtual Host) or User space based "
		  "(VBSU)" },
		{ VIRTIO("<network><virtio_framework>User space based (VBSU)</virtio_framework>"
			 "</network>"),
		  "VM A: the virtio network device lacks interface_name" },
		{ VIRTIO("<network>a b</network>"),
		  "network interface \"a b\": write 1 to 15 letters, digits, '_', '-' and '.'" },
		{ VIRTIO("<network>tap_0123456789ab</network>"),
		  "network interface \"tap_0123456789ab\": write 1 to 15 letters, digits, '_', '-' "
		  "and '.'" },
		{ VIRTIO("<network>,vhost</network>"),
		  "network interface \"\": write 1 to 15 letters, digits, '_', '-' and '.'" },
		{ VIRTIO("<console><backend_type>udp</backend_type></console>"),
		  "backend_type \"udp\": write stdio, pty, file, tty, sock client or sock server" },
		{ VIRTIO("<console><use_type>x</use_type><backend_type>pty</backend_type></"
			 "console>"),
		  "use_type \"x\": write Virtio console or Virtio serial port" },
		{ VIRTIO("<console><use_type>Virtio console</use_type></console>"),
		  "the virtio console lacks backend_type" },
		{ VIRTIO("<console><backend_type>file</backend_type></console>"),
		  "the virtio console lacks output_file_path, which its backend_type needs" },
		{ VIRTIO("<console><backend_type>tty</backend_type><tty_device_path>/dev/a,b"
			 "</tty_device_path></console>"),
		  "tty_device_path \"/dev/a,b\": take out the comma, which separates options" },
		{ VIRTIO("<input><id>x</id></input>"),
		  "VM A: virtio input device \"x\" lacks backend_device_file" },
		{ VIRTIO("<input><backend_device_file>/dev/x</backend_device_file><id>a,b</id>"
			 "</input>"),
		  "virtio input id \"a,b\": write letters, digits, '_' and '-'" },
		{ VIRTIO("<input>Device name: , Device physical path: x</input>"),
		  "VM A: the virtio input device has no name: write \"Device name: NAME, Device "
		  "physical path: PATH\" or /dev/input/..." },
		{ VIRTIO("<block>:a.img</block>"),
		  "VM A: block \":a.img\": write an image's path, or partition:path of an image on "
		  "it" },
		{ VIRTIO("<vsock>2</vsock>"),
		  "vsock \"2\": write a decimal number from 3 to 4294967294" },
		{ VIRTIO("<gpu><display_type>Tall</display_type></gpu>"),
		  "display_type \"Tall\": write Window or Full screen" },
		{ VIRTIO("<gpu><displays><display><monitor_id>0</monitor_id></display></displays>"
			 "</gpu>"),
		  "VM A: the virtio GPU lacks display_type: Window or Full screen" },
		{ VIRTIO("<gpu><display_type>Window</display_type></gpu>"),
		  "the virtio GPU lacks displays with a display in it" },
		{ VIRTIO("<gpu><display_type>Window</display_type><displays><display/></displays>"
			 "</gpu>"),
		  "the display lacks window_resolutions" },
		{ VIRTIO("<gpu><display_type>Full screen</display_type><displays><display/>"
			 "</displays></gpu>"),
		  "the display lacks monitor_id" },
		{ IN_VM("<vuart0>y</vuart0><vuart0>n</vuart0>"),
		  "vuart0 is there a second time: take one out" },
		{ IN_VM("<name>B</name>"), "name is there a second time: take one out" },
		{ IN_HV("<FEATURES><IVSHMEM/><IVSHMEM/></FEATURES>"),
		  "IVSHMEM is there a second time: take one out" },
		{ IN_HV("<vuart_connections/><vuart_connections/>"),
		  "vuart_connections is there a second time: take one out" },
		{ IN_REGION("<NAME>r</NAME>" REGION_MORE "<NAME>s</NAME>"),
		  "NAME is there a second time: take one out" },
		{ IN_REGION("<NAME>r</NAME>" REGION_MORE "<IVSHMEM_VMS><IVSHMEM_VM><VM_NAME>A"
			    "</VM_NAME><VM_NAME>B</VM_NAME></IVSHMEM_VM></IVSHMEM_VMS>"),
		  "VM_NAME is there a second time: take one out" },
		{ IN_HV("<FEATURES><SCHEDULER>SCHED_RR</SCHEDULER></FEATURES>"),
		  "SCHEDULER \"SCHED_RR\": write SCHED_NOOP, SCHED_IORR, SCHED_BVT or SCHED_PRIO" },
		{ IN_HV("<FEATURES><SSRAM><SSRAM_ENABLED>x</SSRAM_ENABLED></SSRAM></FEATURES>"),
		  "SSRAM_ENABLED \"x\": write y, n, Enable or Disable" },
		{ IN_REGION(REGION_MORE), "region lacks NAME" },
		{ IN_REGION("<NAME>r</NAME><IVSHMEM_SIZE>2</IVSHMEM_SIZE>"),
		  "region r lacks PROVIDED_BY: Hypervisor or Device Model" },
		{ IN_REGION("<NAME>r</NAME><PROVIDED_BY>Device Model</PROVIDED_BY>"),
		  "region r lacks IVSHMEM_SIZE, in megabytes" },
		{ IN_REGION("<NAME>r</NAME><IVSHMEM_SIZE>2</IVSHMEM_SIZE>"
			    "<PROVIDED_BY>device-model</PROVIDED_BY>"),
		  "PROVIDED_BY \"device-model\": write Hypervisor or Device Model" },
		{ IN_REGION("<NAME>r</NAME><PROVIDED_BY>Hypervisor</PROVIDED_BY>"
			    "<IVSHMEM_SIZE>2M</IVSHMEM_SIZE>"),
		  "IVSHMEM_SIZE \"2M\": write a decimal number from 1 to 1099511627776" },
		{ IN_REGION("<NAME>r</NAME>" REGION_MORE
			    "<IVSHMEM_REGION_ID>x</IVSHMEM_REGION_ID>"),
		  "IVSHMEM_REGION_ID \"x\" is no number: write a decimal or hexadecimal (0x...) "
		  "one" },
		{ IN_REGION("<NAME>r</NAME>" REGION_MORE "<IVSHMEM_VECTORS>0x1</IVSHMEM_VECTORS>"),
		  "IVSHMEM_VECTORS \"0x1\" is no number: write a decimal one" },
		{ IN_REGION("<NAME>r</NAME>" REGION_MORE "<IVSHMEM_VMS><IVSHMEM_VM><VM_NAME/>"
			    "</IVSHMEM_VM></IVSHMEM_VMS>"),
		  "region r: IVSHMEM_VM lacks VM_NAME: write a VM's name, or take the element "
		  "out" },
		{ IN_REGION("<NAME>r</NAME>" REGION_MORE "<IVSHMEM_VMS><IVSHMEM_VM>"
			    "<VM_NAME>A</VM_NAME><VBDF>8</VBDF></IVSHMEM_VM></IVSHMEM_VMS>"),
		  "VBDF \"8\": write bus:device.function in hexadecimal, 00:03.0 to 00:1e.7, or "
		  "leave it empty" },
		{ VUART(VUART_A VUART_B), "vUART connection lacks type: legacy or pci" },
		{ VUART("<type>isa</type>" VUART_A VUART_B), "type \"isa\": write legacy or pci" },
		{ VUART("<type>pci</type>" VUART_A),
		  "vUART connection with 1 endpoints: it needs two" },
		{ VUART("<type>pci</type>" VUART_A VUART_A),
		  "vUART connection: VM A is at both ends: name another one" },
		{ VUART("<type>pci</type>" VUART_A "<endpoint><vm_name>X</vm_name></endpoint>"),
		  "vUART connection: there is no VM \"X\": write the name of one of the "
		  "scenario's" },
		{ VUART("<type>pci</type>" VUART_A "<endpoint/>"),
		  "endpoint of a vUART connection lacks vm_name" },
		{ VUART("<type>pci</type>" VUART_A "<endpoint><vm_name>B</vm_name>"
			"<vbdf>00:20.0</vbdf></endpoint>"),
		  "vbdf \"00:20.0\": write bus:device.function in hexadecimal, 00:03.0 to 00:1e.7, "
		  "or "
		  "leave it empty" },
		{ SCENARIO(SERVICE
			   "\n<vm><load_order>POST_LAUNCHED_VM</load_order><name>A</name>" MEMORY
			   "</vm>"),
		  "vm lacks the attribute id: number the VMs from 0" },
		{ SCENARIO(SERVICE "\n" POST("1x", "A", "")),
		  "vm id \"1x\": write a decimal number from 0 to 65535" },
		{ SCENARIO(SERVICE "\n<vm id='1'><name>A</name></vm>"),
		  "VM A lacks load_order: SERVICE_VM, PRE_LAUNCHED_VM or POST_LAUNCHED_VM" },
		{ SCENARIO(SERVICE "\n<vm id='1'><load_order>LATE</load_order><name>A</name></vm>"),
		  "load_order \"LATE\": write SERVICE_VM, PRE_LAUNCHED_VM or POST_LAUNCHED_VM" },
		{ SCENARIO(SERVICE "\n<vm id='1'><load_order>POST_LAUNCHED_VM</load_order>"
				   "<name>A</name></vm>"),
		  "VM A lacks its memory's size: add <memory><size>MEGABYTES</size></memory>" },
		{ SCENARIO(SERVICE "\n<vm id='1'><load_order>POST_LAUNCHED_VM</load_order>"
				   "<name>A</name><memory><size>1G</size></memory></vm>"),
		  "size \"1G\": write a decimal number from 1 to 17592186044415" },
		{ SCENARIO("\n" POST("1", "A", "")), "VM A is a post-launched one, but there is no "
						     "Service VM that could launch it: add "
						     "one" },
		{ SCENARIO(SERVICE "\n" SERVICE),
		  "VM S is a second Service VM beside VM S: there can be only one" },
	};
	char *text, *problem, expected[400];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		text = plan_text_of_files(rows[i].scenario, NULL, NULL);
		problem = strstr(text, "s:");
		snprintf(expected, sizeof(expected), "s:2: %s\n", rows[i].problem);
		plan_text_expect(strdup(problem ? problem : text), expected);
		free(text);
	}
}

/* The attribute is followed by others, which are problems too, and each has its line. */
static void test_all_at_once(void)
{
	plan_text_expect(
		plan_text_of_files("<acrn-config>\n"
				   "<hv><FEATURES><IVSHMEM><IVSHMEM_REGION>\n"
				   "<NAME/>\n"
				   "<PROVIDED_BY>x</PROVIDED_BY>\n"
				   "<IVSHMEM_SIZE/>\n"
				   "</IVSHMEM_REGION></IVSHMEM></FEATURES></hv>\n"
				   "<vm id='5'><load_order>SERVICE_VM</load_order>\n"
				   "<name>S</name></vm>\n"
				   "<vm id='4'><load_order>POST_LAUNCHED_VM</load_order>\n"
				   "<name>A</name>\n"
				   "<memory>\n"
				   "</memory>\n"
				   "<vuart0>maybe</vuart0></vm>\n"
				   "</acrn-config>\n",
				   NULL, NULL),
		"vm 5 S service std\n"
		"vm 4/1048576 A post std 256M\n"
		"region dm:/without a name 2M\n"
		"s:2: region lacks NAME\n"
		"s:2: region without a name lacks IVSHMEM_SIZE, in megabytes\n"
		"s:4: PROVIDED_BY \"x\": write Hypervisor or Device Model\n"
		"s:9: VM A has id 4, but post-launched VMs come after the Service VM, whose id is "
		"5: "
		"give it a higher one\n"
		"s:11: VM A lacks its memory's size: add <memory><size>MEGABYTES</size></memory>\n"
		"s:13: vuart0 \"maybe\": write y, n, Enable or Disable\n");
}

static void test_no_scenarios(void)
{
	static const struct {
		const char *file, *text;
	} rows[] = {
		{ "<xml/>", "s:1: is no ACRN scenario: its root element is xml, not acrn-config\n"
			    "error -22\n" },
		{ SCENARIO(""), "s:1: has no VMs: a scenario needs <vm> elements\nerror -22\n" },
		{ SCENARIO("<uos id='1'/>"), "s:1: is a launch file: name it with --launch, and a "
					     "scenario with --scenario\nerror -22\n" },
		{ SCENARIO("<processors/>"), "s:1: is a board file: name it with --board, and a "
					     "scenario with --scenario\nerror -22\n" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		plan_text_expect(plan_text_of_files(rows[i].file, NULL, NULL), rows[i].text);
	plan_text_expect(
		plan_text_of_files(SCENARIO(SERVICE), SCENARIO("<user_vm id='1'/>"), NULL),
		"vm 0 S service std\nl:1: is not needed: a scenario of version 3 holds everything "
		"itself; leave --launch out\n");
}

/* With a board file, that one tells what a device is, and the names must fit. */
static void test_board(void)
{
	static const char board[] =
		"<acrn-config board='b1'><devices><bus type='pci' address='0x0'>"
		"<device address='0x20000'><class>0x038000</class></device>"
		"<device address='0x30000'><class>0x030000</class></device>"
		"<device address='0x140000'><class>0x0c0320</class></device>"
		"</bus></devices></acrn-config>";

	plan_text_expect(
		plan_text_of_files("<acrn-config board='b2'>" SERVICE
				   POST("1", "A", "<os_type>Windows OS</os_type><pci_devs>"
					"<pci_dev>00:02.0 VGA compatible controller</pci_dev>"
					"<pci_dev>00:03.0</pci_dev>"
					"<pci_dev>00:14.0 USB controller</pci_dev>"
					"<pci_dev>00:14.1 USB controller</pci_dev></pci_devs>")
				   "</acrn-config>", NULL, board),
		"board b1\n"
		"  00:02.0 0000:0000 038000\n"
		"  00:03.0 0000:0000 030000\n"
		"  00:14.0 0000:0000 0c0320\n"
		"vm 0 S service std\n"
		"vm 1/1 A post std 64M windows\n"
		"  passthru 00:02.0\n"
		"  passthru 00:03.0 at 00:02.0 (reserved)\n"
		"  passthru 00:14.0\n"
		"  passthru 00:14.1 [d3hot_reset]\n"
		"s:1: is for board \"b2\", but the board file is of board b1: name the one that it "
		"was made for\n");
}

/* Two of everything large: linear, or this test takes minutes. */
static void test_large(void)
{
	enum { VMS = 20000 };
	struct problems problems = { 0 };
	struct xml_file file;
	struct plan plan = { 0 };
	char *text;
	size_t size;
	FILE *out;
	int i;

	out = open_memstream(&text, &size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs("<acrn-config><hv><FEATURES><IVSHMEM><IVSHMEM_REGION><NAME>r</NAME><PROVIDED_BY>"
	      "Device Model</PROVIDED_BY><IVSHMEM_SIZE>2</IVSHMEM_SIZE><IVSHMEM_VMS>", out);
	for (i = 1; i <= VMS; i++)
		fprintf(out, "<IVSHMEM_VM><VM_NAME>VM%d</VM_NAME></IVSHMEM_VM>", i);
	fputs("</IVSHMEM_VMS></IVSHMEM_REGION></IVSHMEM></FEATURES><vuart_connections>", out);
	for (i = 1; i < VMS; i++)
		fprintf(out,
			"<vuart_connection><type>pci</type><endpoint><vm_name>VM%d</vm_name>"
			"</endpoint><endpoint><vm_name>VM%d</vm_name></endpoint></"
			"vuart_connection>",
			i, i + 1);
	fputs("</vuart_connections></hv>" SERVICE, out);
	for (i = 1; i <= VMS; i++)
		fprintf(out, POST("%d", "VM%d", ""), i, i);
	fputs("</acrn-config>", out);
	fclose(out);
	CU_ASSERT_EQUAL_FATAL(xml_file_parse(&file, "s", text, size, &problems), 0);
	CU_ASSERT_EQUAL(scenario_read_xml(&plan, &file, NULL, &problems), 0);
	CU_ASSERT_EQUAL(plan_resolve(&plan), 0);
	CU_ASSERT_EQUAL(problems.count, 0);
	CU_ASSERT_EQUAL_FATAL(plan.vm_count, VMS + 1);
	CU_ASSERT_EQUAL(plan.vms[VMS].device_count, 1);
	CU_ASSERT_EQUAL(plan.regions[0].users[VMS - 1].vm, VMS);
	plan_fini(&plan);
	xml_file_fini(&file);
	free(text);
}

/* Both files are named if both cannot be read. */
static void test_files(void)
{
	char path[] = "/tmp/test_scenario.XXXXXX";
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, whole, strlen(whole)), (ssize_t)strlen(whole));
	close(fd);
	CU_ASSERT_EQUAL(scenario_read(&plan, path, NULL, &problems), 0);
	CU_ASSERT_EQUAL(problems.count, 0);
	CU_ASSERT_EQUAL_FATAL(plan.vm_count, 4);
	/* The place outlives the file. */
	CU_ASSERT_STRING_EQUAL(plan.vms[0].place.file, path);
	CU_ASSERT_EQUAL(plan.vms[0].place.line, 34);
	plan_fini(&plan);
	CU_ASSERT_EQUAL(scenario_read(&plan, "/", "/no/launch.xml", &problems), -EISDIR);
	CU_ASSERT_EQUAL_FATAL(problems.count, 2);
	CU_ASSERT_STRING_EQUAL(problems.list[0].place.file, "/");
	CU_ASSERT_STRING_EQUAL(problems.list[1].place.file, "/no/launch.xml");
	problems_fini(&problems);
	plan_fini(&plan);
	CU_ASSERT_EQUAL(scenario_read(&plan, path, "/no/launch.xml", &problems), -ENOENT);
	CU_ASSERT_EQUAL(problems.count, 1);
	problems_fini(&problems);
	plan_fini(&plan);
	CU_ASSERT_EQUAL(board_read(&plan, path, &problems), -EINVAL);
	CU_ASSERT_EQUAL(problems.count, 1);
	problems_fini(&problems);
	plan_fini(&plan);
	unlink(path);
}

static const struct unit_test tests[] = {
	{ "whole", test_whole },
	{ "older words", test_older_words },
	{ "problems", test_problems },
	{ "all at once", test_all_at_once },
	{ "no scenarios", test_no_scenarios },
	{ "board", test_board },
	{ "files", test_files },
	{ "large", test_large },
};

UNIT_MAIN("scenario_v3", tests)
