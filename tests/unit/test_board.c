/* SPDX-License-Identifier: BSD-3-Clause */
/* Board files: texts, and the boards and problems of them. */
#include "launch_scripts/board.h"

#include "lib/util.h"
#include "tests/unit/plan_text.h"
#include "tests/unit/unit.h"

static void test_elements(void)
{
	plan_text_expect(
		plan_text_of_files(
			NULL, NULL,
			"<acrn-config board='b1'>\n"
			"<PCI_VID_PID>00:01.0 0600: 8086:4532</PCI_VID_PID>\n"
			"<TOTAL_MEM_INFO>1 kB</TOTAL_MEM_INFO>\n"
			"<processors><model><attribute id='x'>0x1b</attribute></model>\n"
			"<die id='0x0'><core id='0x1'><thread id='0x2'><cpu_id>1</cpu_id>"
			"<apic_id>0x2</apic_id><x2apic_id>0x2</x2apic_id></thread></core>\n"
			"<module><core><thread><cpu_id>0</cpu_id><apic_id>0xA</apic_id></thread></"
			"core>"
			"</module></die></processors>\n"
			"<memory><range start='0x0' end='0x9efff' size='651264'/>\n"
			"<range start='0x100000' end='0x100000086' size='0x1000'/></memory>\n"
			"<devices><device id='INT339B'><status/></device>\n"
			"<bus type='system'><device address='0x10000'/>\n"
			"<bus id='PNP0A08' type='pci' address='0x0'><vendor>0x8086</vendor>\n"
			"<device address='0x1c0000'><vendor>0x8086</vendor>"
			"<identifier>0x4b38</identifier><class>0x060400</class>\n"
			"<bus type='pci' address='0x2'><device address='0x1f0007'>"
			"<class>0x020000</class></device></bus></device>\n"
			"<device address='0x20000'><vendor>0x8086</vendor><identifier>0x4571"
			"</identifier><class>0x030000</class><device address='0x30000'/></device>\n"
			"</bus></bus></devices></acrn-config>"),
		"board b1 655360 0=10 1=2\n"
		"  00:02.0 8086:4571 030000\n"
		"  00:1c.0 8086:4b38 060400\n"
		"  02:1f.7 0000:0000 020000\n");
}

/* What the first versions wrote. */
static void test_texts(void)
{
	plan_text_expect(
		plan_text_of_files(
			NULL, NULL,
			"<acrn-config board='b0'>\n"
			"<BIOS_INFO>BIOS Information</BIOS_INFO>\n"
			"<PCI_VID_PID>\n"
			"\t00:1f.3 0401: 8086:4b58\n"
			"\t00:00.0 0600: 8086:4532\n"
			"\n"
			"\t01:00.0 0108: 126f:2263 (rev 03)\n"
			"</PCI_VID_PID>\n"
			"<TOTAL_MEM_INFO>\n\t7960904 kB\n\t</TOTAL_MEM_INFO>\n"
			"<CPU_PROCESSOR_INFO>\n\t0, 1, 2, 3\n\t</CPU_PROCESSOR_INFO>\n"
			"</acrn-config>"),
		"board b0 8151965696\n"
		"  00:00.0 8086:4532 060000\n"
		"  00:1f.3 8086:4b58 040100\n"
		"  01:00.0 126f:2263 010800\n");
}

static void test_problems(void)
{
#define BOARD(words) "<acrn-config board='b'>\n" words "</acrn-config>"
#define THREAD(words) BOARD("<processors><core><thread>" words "</thread></core></processors>")
#define PCI(words) \
	BOARD("<devices><bus type='pci' address='0'>" words "</bus></devices>")
	static const struct {
		const char *file, *text;
	} rows[] = {
		{ "<xml/>", "b:1: is no board file: it should be an <acrn-config> that describes a "
			    "board, as the board inspector writes it\nerror -22\n" },
		{ "<acrn-config board='b'><hv/></acrn-config>",
		  "b:1: is no board file: it should be an <acrn-config> that describes a board, as "
		  "the board inspector writes it\nerror -22\n" },
		{ "<acrn-config/>",
		  "board unnamed\nb:1: acrn-config lacks the attribute board, its name\n" },
		{ BOARD(""), "board b\n" },
		{ THREAD("<cpu_id>0</cpu_id>"), "board b\nb:2: thread lacks apic_id: let the board "
						"inspector make the file again\n" },
		{ THREAD("<cpu_id>x</cpu_id><apic_id>0</apic_id>"),
		  "board b\nb:2: cpu_id \"x\": write a decimal number from 0 to 65535\n" },
		{ THREAD("<cpu_id>0</cpu_id><apic_id>y</apic_id>"),
		  "board b\nb:2: apic_id \"y\": write a decimal or hexadecimal (0x...) number from "
		  "0 "
		  "to 4294967295\n" },
		{ THREAD("<cpu_id>3</cpu_id><apic_id>6</apic_id></thread><thread><cpu_id>3</cpu_id>"
			 "<apic_id>7</apic_id>"),
		  "board b 3=6 3=7\nb:2: cpu_id 3 is there twice: let the board inspector make the "
		  "file again\n" },
		{ BOARD("<memory><range/></memory>"),
		  "board b\nb:2: memory range of size \"\": write a number of bytes\n" },
		{ BOARD("<memory><range size='0xffffffffffffffff'/><range size='1'/></memory>"),
		  "board b\nb:2: more memory than can be counted\n" },
		{ BOARD("<TOTAL_MEM_INFO>much</TOTAL_MEM_INFO>"),
		  "board b\nb:2: TOTAL_MEM_INFO \"much\": write a number and kB\n" },
		{ BOARD("<TOTAL_MEM_INFO>18446744073709551615 kB</TOTAL_MEM_INFO>"),
		  "board b\nb:2: TOTAL_MEM_INFO \"18446744073709551615 kB\": write a number and "
		  "kB\n" },
		{ BOARD("<PCI_VID_PID>00:1f.3 0401</PCI_VID_PID>"),
		  "board b\nb:2: PCI_VID_PID has the line \"00:1f.3 0401\": write it as \"00:14.0 "
		  "0c03: "
		  "8086:4b7d\"\n" },
		{ PCI("<device address='0x200000'/>"),
		  "board b\nb:2: PCI device at 0x200000: there is no such place on a bus\n" },
		{ PCI("<device address='0x10000'><class>0x1000000</class></device>"),
		  "board b\n  00:01.0 0000:0000 000000\nb:2: class \"0x1000000\": write a decimal "
		  "or "
		  "hexadecimal (0x...) number from 0 to 16777215\n" },
		{ PCI("<device/><device address='x'/>"), "board b\n" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		plan_text_expect(plan_text_of_files(NULL, NULL, rows[i].file), rows[i].text);
}

static const struct unit_test tests[] = {
	{ "elements", test_elements },
	{ "texts", test_texts },
	{ "problems", test_problems },
};

UNIT_MAIN("board", tests)
