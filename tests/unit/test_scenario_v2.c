/* SPDX-License-Identifier: BSD-3-Clause */
/* Scenario files of version 2 with launch files: texts, and the plans and problems of them. */
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/scenario.h"
#include "lib/util.h"
#include "tests/unit/plan_text.h"
#include "tests/unit/unit.h"

static const char scenario[] =
	"<acrn-config board='b1' scenario='hybrid_rt'>\n"
	"  <hv><FEATURES><SCHEDULER>SCHED_BVT</SCHEDULER>\n"
	"    <IVSHMEM><IVSHMEM_ENABLED>y</IVSHMEM_ENABLED>\n"
	"      <IVSHMEM_REGION>hv:/shm_region_0, 2, 0:12</IVSHMEM_REGION>\n"
	"      <IVSHMEM_REGION> hv:/shm_1 ,16,12 : 3 </IVSHMEM_REGION>\n"
	"      <IVSHMEM_REGION/>\n"
	"    </IVSHMEM></FEATURES></hv>\n"
	"  <vm id='0'><vm_type>PRE_RT_VM</vm_type><name>ACRN PRE-LAUNCHED VM0</name>\n"
	"    <guest_flags><guest_flag>GUEST_FLAG_LAPIC_PASSTHROUGH</guest_flag></guest_flags>\n"
	"    <cpu_affinity><pcpu_id>6</pcpu_id><pcpu_id>7</pcpu_id></cpu_affinity>\n"
	"    <memory><start_hpa>0x100000000</start_hpa><size>0x40000000</size>\n"
	"      <start_hpa2>0x0</start_hpa2><size_hpa2>0x100000</size_hpa2></memory></vm>\n"
	"  <vm id='1'><vm_type>SOS_VM</vm_type><name>SOS</name></vm>\n"
	"  <vm id='3'><vm_type>POST_STD_VM</vm_type>\n"
	"    <cpu_affinity><pcpu_id>1</pcpu_id><pcpu_id>2</pcpu_id></cpu_affinity></vm>\n"
	"  <vm id='12'><vm_type>POST_RT_VM</vm_type><name>RT</name>\n"
	"    <guest_flags><guest_flag>GUEST_FLAG_IO_COMPLETION_POLLING</guest_flag>\n"
	"      <guest_flag>0</guest_flag></guest_flags></vm>\n"
	"</acrn-config>\n";

static const char launch[] =
	"<acrn-config board='b1' scenario='hybrid_rt'>\n"
	"  <user_vm id='2'>\n"
	"    <user_vm_type>WINDOWS</user_vm_type><rtos_type>no</rtos_type><vm_name>win</vm_name>\n"
	"    <mem_size>4096</mem_size><vbootloader>ovmf</vbootloader><vuart0>Disable</vuart0>\n"
	"    <poweroff_channel/><enable_ptm>y</enable_ptm><usb_xhci>1-2:2-4</usb_xhci>\n"
	"    <cpu_affinity><pcpu_id>4</pcpu_id></cpu_affinity>\n"
	"    <shm_regions><shm_region>hv:/shm_1,16</shm_region>\n"
	"      <shm_region>dm:/shm_d, 4</shm_region><shm_region/></shm_regions>\n"
	"    <console_vuart>Disable</console_vuart>\n"
	"    <communication_vuarts><communication_vuart>1</communication_vuart>\n"
	"      <communication_vuart/></communication_vuarts>\n"
	"    <passthrough_devices><audio/><gpu>00:02.0 VGA compatible controller: x</gpu>\n"
	"      <ethernet>00:1f.6 Ethernet controller: x</ethernet></passthrough_devices>\n"
	"    <virtio_devices><network>WaaG</network><input/><block>./win.img</block>\n"
	"      <console>@pty:pty_port</console></virtio_devices>\n"
	"  </user_vm>\n"
	"  <uos id='11'>\n"
	"    <uos_type>PREEMPT-RT LINUX</uos_type><rtos_type>Hard RT</rtos_type>\n"
	"    <mem_size>1024</mem_size><gvt_args/><vbootloader>no</vbootloader>\n"
	"    <vuart0>Enable</vuart0><poweroff_channel>PowerButton</poweroff_channel>\n"
	"    <cpu_affinity><pcpu_id/></cpu_affinity>\n"
	"    <shm_regions><shm_region>dm:/shm_d,4,0x1000</shm_region></shm_regions>\n"
	"    <console_vuart>Enable</console_vuart>\n"
	"  </uos>\n"
	"</acrn-config>\n";

static void test_whole(void)
{
	plan_text_expect(
		plan_text_of_files(scenario, launch, NULL),
		"scenario hybrid_rt SCHED_BVT\n"
		"vm 0 ACRN PRE-LAUNCHED VM0 pre rt 1025M cpus=6,7 lapic\n"
		"vm 1 SOS service std\n"
		"vm 3/2 win post std 4096M cpus=4 windows ovmf ptm\n"
		"  uart [vuart_idx:1]\n"
		"  xhci [1-2,2-4]\n"
		"  virtio-console [@pty:pty_port]\n"
		"  virtio-net host=tap_WaaG\n"
		"  virtio-blk image=./win.img\n"
		"  passthru 00:02.0 at 00:02.0 (reserved)\n"
		"  passthru 00:1f.6 [enable_ptm]\n"
		"vm 12/11 RT post rt 1024M lapic polling com1 console=pci {--pm_notify_channel} "
		"{power_button}\n"
		"  uart [vuart_idx:0]\n"
		"region hv:/shm_region_0 2M\n"
		"  ACRN PRE-LAUNCHED VM0\n"
		"  RT\n"
		"region hv:/shm_1 16M\n"
		"  RT\n"
		"  win\n"
		"region dm:/shm_d 4M id=4096\n"
		"  win\n"
		"  RT\n");
}

/* Without a launch file it can be told what is there, but not how it is launched. */
static void test_no_launch_file(void)
{
	plan_text_expect(
		plan_text_of_files(
			"<acrn-config><vm id='0'><vm_type>SERVICE_VM</vm_type><name>S</name></vm>\n"
			"<vm id='1'><vm_type>KATA_VM</vm_type></vm></acrn-config>", NULL, NULL),
		"vm 0 S service std\n"
		"vm 1/1 post_vm_id1 post std 256M\n"
		"s:2: VM post_vm_id1: a scenario of version 2 does not tell how it is launched: "
		"name the launch file with --launch\n");
}

static void test_disabled(void)
{
	plan_text_expect(
		plan_text_of_files(
			"<acrn-config><hv><FEATURES><IVSHMEM><IVSHMEM_ENABLED>n</IVSHMEM_ENABLED>"
			"<IVSHMEM_REGION>hv:/a, 2, 0:1</IVSHMEM_REGION></IVSHMEM></FEATURES></hv>"
			"<vm id='0'><vm_type>SERVICE_VM</vm_type></vm></acrn-config>", NULL, NULL),
		"vm 0 vm_id0 service std\n");
}

#define VMS \
	"<vm id='0'><vm_type>SERVICE_VM</vm_type><name>S</name></vm>" \
	"<vm id='1'><vm_type>POST_STD_VM</vm_type><name>A</name></vm>" \
	"<vm id='2'><vm_type>POST_STD_VM</vm_type><name>B</name></vm>"
#define REGION(line)                                                                               \
	"<acrn-config><hv><FEATURES><IVSHMEM>\n<IVSHMEM_REGION>" line                              \
	"</IVSHMEM_REGION></IVSHMEM>"                                                              \
	"</FEATURES></hv>" VMS "</acrn-config>"
#define USER_VM(id, more) \
	"<user_vm id='" id "'><mem_size>64</mem_size>" more "</user_vm>"
#define LAUNCH(words) \
	"<acrn-config>" USER_VM("2", "") "\n" words "</acrn-config>"
#define LAUNCH_A(words) LAUNCH(USER_VM("1", words))
#define SHM(region) "<shm_regions><shm_region>" region "</shm_region></shm_regions>"

static const char two_vms[] = REGION("hv:/r, 2, 0:2");
static const char two_users[] = REGION("dm:/r, 2, 1:2");

/* The only problem, which is in line 2. */
static void expect_problem(const char *from, const char *with, char file, const char *problem)
{
	char *text = plan_text_of_files(from, with, NULL), *expected = NULL;
	const char *found = strstr(text, "\ns:"), *other = strstr(text, "\nl:");

	/* Problems come behind the plan, those of the launch file first. */
	found = other ? other : found;
	CU_ASSERT_FATAL(asprintf(&expected, "%c:2: %s\n", file, problem) > 0);
	plan_text_expect(strdup(found ? found + 1 : text), expected);
	free(expected);
	free(text);
}

static void test_region_lines(void)
{
	static const struct {
		const char *scenario, *problem;
	} rows[] = {
		{ REGION("shm, 2, 1:2"),
		  "region \"shm, 2, 1:2\": start it with hv:/NAME or dm:/NAME" },
		{ REGION("sos:/r, 2, 1:2"),
		  "region \"sos:/r, 2, 1:2\": start it with hv:/NAME or dm:/NAME" },
		{ REGION("hv:/, 2, 1:2"),
		  "region \"hv:/, 2, 1:2\": start it with hv:/NAME or dm:/NAME" },
		{ REGION("hv:/r"),
		  "region \"hv:/r\": write its size in megabytes behind the name and a "
		  "comma" },
		{ REGION("hv:/r, 2M, 1:2"),
		  "region \"hv:/r, 2M, 1:2\": write its size in megabytes "
		  "behind the name and a comma" },
		{ REGION("hv:/r, 0, 1:2"),
		  "region \"hv:/r, 0, 1:2\": write its size in megabytes behind "
		  "the name and a comma" },
		{ REGION("hv:/r, 2"),
		  "region r: write the ids of the VMs behind the size and a comma, "
		  "with colons between them (0:2)" },
		{ REGION("hv:/r, 2, 1:7"),
		  "region r: there is no VM with id \"7\": write the ids of VMs "
		  "with colons between them (0:2)" },
		{ REGION("hv:/r, 2, 1:"),
		  "region r: there is no VM with id \"\": write the ids of VMs "
		  "with colons between them (0:2)" },
		{ REGION("hv:/r, 2, 1, 2"),
		  "region r: there is no VM with id \"1, 2\": write the ids of "
		  "VMs with colons between them (0:2)" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		expect_problem(rows[i].scenario, LAUNCH_A(""), 's', rows[i].problem);
}

static void test_launch_problems(void)
{
	static const struct {
		const char *launch, *problem;
	} rows[] = {
		{ LAUNCH(USER_VM("1", "") USER_VM("3", "")),
		  "user_vm id 3: the scenario has no post-launched VM of this number (a VM's id "
		  "less "
		  "that of the Service VM)" },
		{ LAUNCH(USER_VM("1", "") USER_VM("0", "")),
		  "user_vm id \"0\": write a post-launched VM's number, counted from 1" },
		{ LAUNCH(USER_VM("1", "") "<user_vm/>"),
		  "user_vm id \"\": write a post-launched VM's number, counted from 1" },
		{ LAUNCH(USER_VM("1", "") USER_VM("2", "")),
		  "user_vm id 2 is there a second time: take one out" },
		{ LAUNCH("<user_vm id='1'/>"), "VM A lacks mem_size, in megabytes" },
		{ LAUNCH("<user_vm id='1'><mem_size>1G</mem_size></user_vm>"),
		  "mem_size \"1G\": write a decimal number from 1 to 17592186044415" },
		{ LAUNCH_A("<vm_name>C</vm_name>"),
		  "vm_name \"C\": the scenario calls the VM A: write the same in both" },
		{ LAUNCH_A("<mem_size>1</mem_size>"),
		  "mem_size is there a second time: take one out" },
		{ LAUNCH_A("<rtos_type>hard</rtos_type>"),
		  "rtos_type \"hard\": write no, Soft RT or Hard RT" },
		{ LAUNCH_A("<vbootloader>vsbl</vbootloader>"),
		  "VM A: vbootloader vsbl is no more: write ovmf or no" },
		{ LAUNCH_A("<vbootloader>uefi</vbootloader>"),
		  "vbootloader \"uefi\": write no, ovmf or vsbl" },
		{ LAUNCH_A("<poweroff_channel>vuart1(pty)</poweroff_channel>"),
		  "VM A: poweroff_channel by a vUART is no more: leave it empty" },
		{ LAUNCH_A("<gvt_args>64 448 8</gvt_args>"),
		  "VM A: gvt_args is no more: leave it empty, and name the GPU in "
		  "passthrough_devices/gpu to pass it through" },
		{ LAUNCH_A("<communication_vuarts><communication_vuart>0</communication_vuart>"
			   "</communication_vuarts>"),
		  "communication_vuart \"0\": write a decimal number from 1 to 255" },
		{ LAUNCH_A(SHM("hv:/r, 2")),
		  "region hv:/r: the scenario does not list VM A: add its id 1 there" },
		{ LAUNCH_A(SHM("hv:/x, 2")),
		  "region hv:/x is not in the scenario: add it there, with the ids of its VMs" },
		{ LAUNCH_A(SHM("dm:/x, 2, y")),
		  "region x: what stands behind its size is no number" },
		{ LAUNCH_A("<shm_regions><shm_region>dm:/x,2</shm_region><shm_region>dm:/x,2"
			   "</shm_region></shm_regions>"),
		  "region x is listed twice for VM A: take one out" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		expect_problem(two_vms, rows[i].launch, 'l', rows[i].problem);
	expect_problem(two_users, LAUNCH_A(SHM("dm:/r, 4")), 'l',
		       "region r: VM A says 4 MB, others 2: write the same size everywhere");
	expect_problem(two_vms, "<acrn-config>" USER_VM("2", SHM("dm:/x,2,1")) "\n"
		       USER_VM("1", SHM("dm:/x,2,0x2")) "</acrn-config>", 'l',
		       "region x: VM A says id 2, others 1: write the same id everywhere");
}

static void test_no_launch_files(void)
{
	plan_text_expect(plan_text_of_files(two_vms, "<acrn-config/>", NULL),
			 "l:1: is no launch file: it has no <user_vm> in an <acrn-config>\n"
			 "error -22\n");
	plan_text_expect(plan_text_of_files(two_vms, LAUNCH(""), NULL),
			 "vm 0 S service std\n"
			 "vm 1/1 A post std 256M\n"
			 "vm 2/2 B post std 64M\n"
			 "region hv:/r 2M\n"
			 "  S\n"
			 "  B\n"
			 "s:2: VM A is not in launch file l: add it there as <user_vm id=\"1\">\n");
}

static const struct unit_test tests[] = {
	{ "whole", test_whole },
	{ "no launch file", test_no_launch_file },
	{ "disabled", test_disabled },
	{ "region lines", test_region_lines },
	{ "launch problems", test_launch_problems },
	{ "no launch files", test_no_launch_files },
};

UNIT_MAIN("scenario_v2", tests)
