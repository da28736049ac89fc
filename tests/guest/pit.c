/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timer chip (Intel 8254) and port 0x61, which the hypervisor has or the device model: what a
 * guest may count on either way. Its time is compared with the PM timer's only where the one that
 * is slow makes no difference: nothing comes early.
 */
#include "samples/bare-metal/lib/deadline.h"
#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/port.h"
#include "samples/bare-metal/lib/tsc.h"
#include "tests/guest/check.h"
#include "tests/guest/ioapic.h"

#define PIT 0x40 /* and the other counters after it */
#define PIT_COMMAND 0x43
#define PIT_HZ 1193182
#define PORT_B 0x61
#define PORT_B_GATE 1
#define PORT_B_SPEAKER 2
#define PORT_B_REFRESH 0x10
#define PORT_B_OUT 0x20
#define PM_TIMER 0x608
#define PM_TIMER_HZ 3579545

#define PIC 0x20
#define PIC_MASK 0x21
#define LAPIC_LINT0 0xfee00350UL
#define LAPIC_EXTINT 0x700
#define LAPIC_MASKED 0x10000

#define PIN 2 /* of the I/O APIC; the PIC has it at 0 */
#define VECTOR 41
#define VECTOR_PIC 48 /* a multiple of 8 */
#define WAIT_SECONDS 20

#define MODE_ONCE 0
#define MODE_RATE 2
#define MODE_SQUARE 3

static void program(unsigned int counter, unsigned int mode, unsigned int count)
{
	port_write8(PIT_COMMAND, (uint8_t)(counter << 6 | 0x30 | mode << 1));
	port_write8((uint16_t)(PIT + counter), (uint8_t)count);
	port_write8((uint16_t)(PIT + counter), (uint8_t)(count >> 8));
}

static unsigned int read_both(unsigned int counter)
{
	unsigned int low = port_read8((uint16_t)(PIT + counter));

	return low | (unsigned int)port_read8((uint16_t)(PIT + counter)) << 8;
}

static unsigned int latched(unsigned int counter)
{
	port_write8(PIT_COMMAND, (uint8_t)(counter << 6));
	return read_both(counter);
}

/* What the PM timer counts meanwhile. */
struct stopwatch {
	struct deadline deadline;
	uint32_t last;
	uint64_t passed;
};

static void stopwatch_start(struct stopwatch *watch)
{
	deadline_start(&watch->deadline, WAIT_SECONDS);
	watch->passed = 0;
	watch->last = port_read32(PM_TIMER);
}

/* More often than the timer wraps, which is after 4 seconds. False: all this takes too long. */
static bool stopwatch_look(struct stopwatch *watch)
{
	uint32_t now = port_read32(PM_TIMER);

	watch->passed += (now - watch->last) & 0xffffff;
	watch->last = now;
	tsc_pause();
	return !deadline_passed(&watch->deadline);
}

/* The two clocks are looked at one after the other, hence the slack of 30 microseconds. */
static void check_not_early(const struct stopwatch *watch, uint64_t ticks)
{
	check_that("not early", (watch->passed + 100) * PIT_HZ >= ticks * PM_TIMER_HZ);
}

static void test_gate(void)
{
	unsigned int before = 0xffff, now;
	struct stopwatch watch;

	check_begin("PIT: counter 2 counts down to its end, which is not early");
	port_write8(PORT_B, PORT_B_GATE);
	check_is("gate and speaker", PORT_B, port_read8(PORT_B) & 3, PORT_B_GATE);
	stopwatch_start(&watch);
	program(2, MODE_ONCE, 0xffff);
	for (;;) {
		now = latched(2);
		if (port_read8(PORT_B) & PORT_B_OUT)
			break;
		/* Halves of different moments would not always be. */
		check_that("less and less", now <= before);
		before = now;
		if (!stopwatch_look(&watch))
			break;
	}
	stopwatch_look(&watch);
	check_not_early(&watch, 0xffff);
	check_that("the end", port_read8(PORT_B) & PORT_B_OUT);
	port_write8(PORT_B, PORT_B_SPEAKER);
	check_is("gate and speaker", PORT_B, port_read8(PORT_B) & 3, PORT_B_SPEAKER);
	port_write8(PORT_B, 0);
}

static void test_refresh(void)
{
	unsigned int toggles = 0, last = port_read8(PORT_B) & PORT_B_REFRESH, now;
	struct deadline deadline;

	check_begin("port 0x61: the refresh bit toggles");
	deadline_start(&deadline, WAIT_SECONDS);
	while (toggles < 10 && !deadline_passed(&deadline)) {
		now = port_read8(PORT_B) & PORT_B_REFRESH;
		toggles += now != last;
		last = now;
	}
	check_is("toggles", PORT_B, toggles, 10);
}

static void test_reading(void)
{
	unsigned int i;

	check_begin("PIT: status and count are read back, as bytes too");
	port_write8(PORT_B, PORT_B_GATE);
	program(2, MODE_SQUARE, 1000);
	port_write8(PIT_COMMAND, 0xc8); /* both of counter 2, status first */
	check_is("access and mode", 2, port_read8(PIT + 2) & 0x3f, 0x36);
	for (i = 0; i < 100; i++) {
		unsigned int count = latched(2);

		check_that("not more than was written", count <= 1000);
		check_is("by twos", i, count & 1, 0);
	}
	port_write8(PIT_COMMAND, 0xa4); /* the upper byte only, mode 2 */
	port_write8(PIT + 2, 0x12);
	for (i = 0; i < 100; i++) {
		port_write8(PIT_COMMAND, 0x80);
		check_that("the upper byte", port_read8(PIT + 2) <= 0x12);
		check_that("the upper byte", port_read8(PIT + 2) <= 0x12);
	}
	port_write8(PORT_B, 0);
}

/* Interrupts are let in all the time, so polling the count is enough. */
static void await(struct stopwatch *watch, unsigned int vector, uint64_t count)
{
	while (interrupts_count(vector) < count && stopwatch_look(watch))
		;
	check_that("the interrupt arrives", interrupts_count(vector) >= count);
	stopwatch_look(watch);
}

static void test_interrupts(void)
{
	static const struct {
		const char *name;
		unsigned int mode, count, interrupts;
	} rows[] = {
		{ "PIT: one interrupt at the end of a count", MODE_ONCE, 20000, 1 },
		{ "PIT: interrupts at 1000 Hz, none early", MODE_RATE, 1193, 50 },
		{ "PIT: interrupts of a square wave, none early", MODE_SQUARE, 11932, 10 },
		{ "PIT: a count of 1 does no harm", MODE_SQUARE, 1, 10 },
	};
	struct stopwatch watch;
	uint64_t seen;
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_begin(rows[i].name);
		stopwatch_start(&watch);
		program(0, rows[i].mode, rows[i].count);
		seen = interrupts_count(VECTOR);
		ioapic_route(PIN, VECTOR);
		await(&watch, VECTOR, seen + rows[i].interrupts);
		check_not_early(&watch, (uint64_t)rows[i].count * rows[i].interrupts);
		ioapic_route(PIN, IOAPIC_MASKED | VECTOR);
		program(0, MODE_ONCE, 0);
	}
}

/* The two old controllers, of which only the first's line 0 is let through; it ends by itself. */
static void pic_open(void)
{
	port_write8(PIC, 0x11);
	port_write8(PIC_MASK, VECTOR_PIC);
	port_write8(PIC_MASK, 4);
	port_write8(PIC_MASK, 3);
	port_write8(PIC_MASK, 0xfe);
	mmio_write(LAPIC_LINT0, 4, LAPIC_EXTINT);
}

static void test_pic(void)
{
	struct stopwatch watch;

	check_begin("PIT: interrupts by line 0 of the PIC");
	pic_open();
	stopwatch_start(&watch);
	program(0, MODE_RATE, 11932);
	await(&watch, VECTOR_PIC, 3);
	check_is("by no other line", VECTOR_PIC + 2, interrupts_count(VECTOR_PIC + 2), 0);
	port_write8(PIC_MASK, 0xff);
	mmio_write(LAPIC_LINT0, 4, LAPIC_MASKED);
	program(0, MODE_ONCE, 0);
}

int main(void)
{
	interrupts_enable();
	test_gate();
	test_refresh();
	test_reading();
	test_interrupts();
	test_pic();
	return check_end();
}
