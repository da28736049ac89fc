/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does one thing, for tests that look from outside. Command line: do=WORD, one of the table below,
 * with value=N where it takes a number. Says "ready" first.
 */
#include <stddef.h>

#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/com1.h"
#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/port.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"
#include "samples/bare-metal/lib/tsc.h"

#define RESET_PORT 0xcf9
#define KBC_PORT 0x64
#define DEBUG_EXIT 0xf4
#define PM1A_CONTROL 0x604
#define LINE_SIZE 64

/* Of the library; without its entries every exception becomes a triple fault. */
extern char interrupts_idt[4096];

static uint64_t value;

static void power_off(void)
{
	machine_exit(0);
}

static void power_off_slp_typ_5(void)
{
	/* Not S5 here: nothing may happen. */
	port_write16(PM1A_CONTROL, 0x2000 | 5 << 10);
	print("still here\n");
	machine_exit(0);
}

static void reset_control(void)
{
	port_write8(RESET_PORT, (uint8_t)value);
}

static void reset_keyboard(void)
{
	port_write8(KBC_PORT, 0xfe);
}

static void debug_exit(void)
{
	port_write8(DEBUG_EXIT, (uint8_t)value);
	tsc_pause();
	print("no debug exit\n");
	machine_exit(0);
}

static void debug_exit_wide(void)
{
	port_write32(DEBUG_EXIT, (uint32_t)value);
}

static void triple_fault(void)
{
	memset(interrupts_idt, 0, sizeof(interrupts_idt));
	__asm__ volatile("ud2");
}

static void exception(void)
{
	__asm__ volatile("ud2");
}

/* Where there is no memory, KVM has no instruction to run. */
static void jump_to_nowhere(void)
{
	((void (*)(void))0xd0000000UL)();
}

static void idle(void)
{
	interrupts_idle();
}

static void spin(void)
{
	for (;;)
		tsc_pause();
}

/* Reads value bytes from COM1, tells their sum: Fletcher's, so that order counts. */
static void sum_input(void)
{
	uint32_t a = 0, b = 0;
	uint64_t count = 0;
	int byte;

	while (count < value) {
		byte = com1_read();
		if (byte < 0)
			continue;
		a = (a + (uint32_t)byte) % 65521;
		b = (b + a) % 65521;
		count++;
	}
	print("sum %lu %u\n", count, b << 16 | a);
	machine_exit(0);
}

/* Sends back each line in capital letters, until "quit". */
static void echo(void)
{
	char line[LINE_SIZE];
	size_t used = 0;
	int byte;

	for (;;) {
		byte = com1_read();
		if (byte < 0)
			continue;
		if (byte != '\n' && byte != '\r') {
			if (used < LINE_SIZE - 1)
				line[used++] =
					(char)(byte >= 'a' && byte <= 'z' ? byte - 32 : byte);
			continue;
		}
		line[used] = '\0';
		print("<%s>\n", line);
		if (!strcmp(line, "QUIT"))
			machine_exit(0);
		used = 0;
	}
}

/* Numbered lines of 16 bytes, value bytes of them. */
static void flood(void)
{
	uint64_t i;

	for (i = 0; i < value / 16; i++)
		print("line %010lu\n", i);
	machine_exit(0);
}

/* The same many times faster: string output, and the transmitter is never asked. */
static void blast(void)
{
	static char block[4096];
	uint64_t i, count, left;
	void *from;

	for (i = 0; i < sizeof(block); i++)
		block[i] = (char)("a blast of bytes"[i % 16]);
	for (i = 0; i < value; i += count) {
		count = value - i < sizeof(block) ? value - i : sizeof(block);
		from = block;
		left = count;
		__asm__ volatile("rep outsb" : "+S"(from), "+c"(left) : "d"(0x3f8) : "memory");
	}
	machine_exit(0);
}

/* Every port but those that end the machine, every way. */
static void all_ports(void)
{
	unsigned int port;

	for (port = 0; port < 0x10000; port++) {
		if ((port >= 0xcf8 && port < 0xd00) || (port >= 0x600 && port < 0x610) ||
		    port == KBC_PORT || (port >= 0x3f8 && port < 0x400) || port == DEBUG_EXIT)
			continue;
		port_read8((uint16_t)port);
		if (port >= 0x1000 && port % 64)
			continue;
		port_read16((uint16_t)port);
		port_read32((uint16_t)port);
	}
	print("all ports read\n");
	machine_exit(0);
}

static const struct action {
	const char *name;
	void (*run)(void);
} actions[] = {
	{ "power-off", power_off },
	{ "power-off-5", power_off_slp_typ_5 },
	{ "reset", reset_control },
	{ "reset-keyboard", reset_keyboard },
	{ "debug-exit", debug_exit },
	{ "debug-exit-wide", debug_exit_wide },
	{ "triple-fault", triple_fault },
	{ "exception", exception },
	{ "jump", jump_to_nowhere },
	{ "idle", idle },
	{ "spin", spin },
	{ "sum", sum_input },
	{ "echo", echo },
	{ "flood", flood },
	{ "blast", blast },
	{ "all-ports", all_ports },
};

int main(void)
{
	char name[24] = "idle";
	size_t i;

	cmdline_text("do", name, sizeof(name));
	value = cmdline_number("value", 0, UINT64_MAX, 0);
	print("ready\n");
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(name, actions[i].name)) {
			actions[i].run();
			interrupts_idle();
		}
	print("no action %s\n", name);
	return 1;
}
