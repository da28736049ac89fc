/* SPDX-License-Identifier: BSD-3-Clause */
/* The timer chip, on a clock that stands still until it is moved. */
#include "hw/isa/pit.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <string.h>

#include "devicemodel/vm/io_bus.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

#define NS_PER_S UINT64_C(1000000000)
#define START (UINT64_C(3600) * PIT_HZ) /* a host that has been up for an hour */
#define PERIOD_MIN 239 /* the ticks of 200 us */
#define NEVER UINT64_MAX

#define COMMAND 0x43
#define PORT_B 0x61

struct machine {
	struct io_bus *bus;
	struct pit *pit;
	uint64_t now;	/* ticks since START */
	uint64_t alarm; /* the same; NEVER */
	unsigned int interrupts, alarms;
};

static uint64_t to_ns(uint64_t ticks)
{
	ticks += START;
	return ticks / PIT_HZ * NS_PER_S + (ticks % PIT_HZ * NS_PER_S + PIT_HZ - 1) / PIT_HZ;
}

static uint64_t machine_now(void *ctx)
{
	const struct machine *m = ctx;

	return to_ns(m->now);
}

static void machine_alarm(void *ctx, uint64_t ns)
{
	struct machine *m = ctx;

	m->alarms++;
	m->alarm = NEVER;
	if (ns == NEVER)
		return;
	m->alarm = ns / NS_PER_S * PIT_HZ + ns % NS_PER_S * PIT_HZ / NS_PER_S - START;
	/* The first nanosecond of that tick. */
	CU_ASSERT_EQUAL(to_ns(m->alarm), ns);
}

static void machine_interrupt(void *ctx)
{
	struct machine *m = ctx;

	m->interrupts++;
}

static const struct pit_ops machine_ops = {
	.now = machine_now,
	.set_alarm = machine_alarm,
	.interrupt = machine_interrupt,
};

static void setup(struct machine *m)
{
	struct error err = { "" };

	memset(m, 0, sizeof(*m));
	m->alarm = NEVER;
	CU_ASSERT_EQUAL_FATAL(io_bus_new(&m->bus), 0);
	CU_ASSERT_EQUAL_FATAL(pit_new(m->bus, &machine_ops, m, &m->pit, &err), 0);
}

static void teardown(struct machine *m)
{
	pit_free(m->pit);
	io_bus_free(m->bus);
}

static uint64_t in_size(struct machine *m, uint16_t port, uint8_t size)
{
	struct io_access access = { .space = IO_SPACE_PORT, .size = size, .addr = port };

	io_bus_access(m->bus, &access);
	return access.data;
}

static void out_size(struct machine *m, uint16_t port, uint8_t size, uint64_t value)
{
	struct io_access access = {
		.space = IO_SPACE_PORT, .is_write = true, .size = size, .addr = port, .data = value,
	};

	io_bus_access(m->bus, &access);
}

static unsigned int in(struct machine *m, uint16_t port)
{
	return (unsigned int)in_size(m, port, 1);
}

static void out(struct machine *m, uint16_t port, unsigned int value)
{
	out_size(m, port, 1, value);
}

static unsigned int in_both(struct machine *m, unsigned int counter)
{
	unsigned int low = in(m, (uint16_t)(0x40 + counter));

	return low | in(m, (uint16_t)(0x40 + counter)) << 8;
}

static void out_both(struct machine *m, unsigned int counter, unsigned int count)
{
	out(m, (uint16_t)(0x40 + counter), count & 0xff);
	out(m, (uint16_t)(0x40 + counter), count >> 8);
}

/* Two bytes at a time, binary. */
static void program(struct machine *m, unsigned int counter, unsigned int mode, unsigned int count)
{
	out(m, COMMAND, counter << 6 | 0x30 | mode << 1);
	out_both(m, counter, count);
}

static bool out2(struct machine *m)
{
	return in(m, PORT_B) & 0x20;
}

/* Let time pass as a host does that is always punctual. Returns how many interrupts there were. */
static unsigned int pass(struct machine *m, uint64_t ticks)
{
	uint64_t end = m->now + ticks;
	unsigned int before = m->interrupts;

	while (m->alarm <= end) {
		m->now = m->alarm;
		pit_alarm(m->pit);
		CU_ASSERT_FATAL(m->alarm > m->now);
	}
	m->now = end;
	return m->interrupts - before;
}

/* Counter 2 with its gate open: what is read and OUT, some ticks after the count was written. */
static void test_counting(void)
{
	static const struct {
		unsigned int mode, count, ticks, reads;
		bool out;
	} cases[] = {
		{ 0, 5, 0, 5, false }, { 0, 5, 4, 1, false }, { 0, 5, 5, 0, true },
		{ 0, 5, 6, 0xffff, true }, { 0, 5, 70000, 61077, true },
		{ 0, 0, 0, 0, false }, { 0, 0, 1, 0xffff, false }, { 0, 0, 65535, 1, false },
		{ 0, 0, 65536, 0, true },
		{ 1, 5, 3, 0, true }, /* nobody has triggered it */
		{ 2, 5, 0, 5, true }, { 2, 5, 3, 2, true }, { 2, 5, 4, 1, false },
		{ 2, 5, 5, 5, true }, { 2, 5, 9, 1, false }, { 2, 0, 65535, 1, false },
		{ 2, 0, 65536, 0, true }, { 2, 1, 7, 1, false },
		{ 6, 5, 4, 1, false }, /* another name of mode 2 */
		{ 3, 4, 0, 4, true }, { 3, 4, 1, 2, true }, { 3, 4, 2, 4, false },
		{ 3, 4, 3, 2, false }, { 3, 4, 4, 4, true },
		{ 3, 5, 0, 4, true }, { 3, 5, 2, 0, true }, { 3, 5, 3, 4, false },
		{ 3, 5, 4, 2, false }, { 3, 5, 5, 4, true }, { 3, 1, 3, 0, true },
		{ 7, 4, 2, 4, false }, { 3, 0, 32768, 0, false },
		{ 4, 5, 4, 1, true }, { 4, 5, 5, 0, false }, { 4, 5, 6, 0xffff, true },
		{ 5, 5, 5, 0, true },
	};
	struct machine m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		setup(&m);
		out(&m, PORT_B, 1);
		program(&m, 2, cases[i].mode, cases[i].count);
		m.now += cases[i].ticks;
		CU_ASSERT_EQUAL(in_both(&m, 2), cases[i].reads);
		CU_ASSERT_EQUAL(out2(&m), cases[i].out);
		CU_ASSERT_EQUAL(m.interrupts, 0);
		CU_ASSERT_EQUAL(m.alarms, 0);
		teardown(&m);
	}
}

static void test_gate(void)
{
	struct machine m;

	setup(&m);
	/* Modes 0 and 4: the count waits. */
	program(&m, 2, 0, 100);
	m.now += 50;
	CU_ASSERT_EQUAL(in_both(&m, 2), 100);
	out(&m, PORT_B, 1);
	m.now += 30;
	out(&m, PORT_B, 0);
	m.now += 1000;
	CU_ASSERT_EQUAL(in_both(&m, 2), 70);
	out(&m, PORT_B, 3);
	m.now += 69;
	CU_ASSERT(!out2(&m));
	m.now += 1;
	CU_ASSERT(out2(&m));
	/* Modes 2 and 3: OUT is high meanwhile, then it begins anew. */
	program(&m, 2, 3, 100);
	m.now += 60;
	CU_ASSERT(!out2(&m));
	out(&m, PORT_B, 0);
	CU_ASSERT(out2(&m));
	CU_ASSERT_EQUAL(in_both(&m, 2), 80);
	out_both(&m, 2, 40);
	m.now += 7;
	out(&m, PORT_B, 1);
	CU_ASSERT_EQUAL(in_both(&m, 2), 40);
	m.now += 20;
	CU_ASSERT(!out2(&m));
	/* Mode 1: it triggers, again and again, and whatever happens to it then. */
	program(&m, 2, 1, 10);
	CU_ASSERT(out2(&m));
	out(&m, PORT_B, 0);
	CU_ASSERT(out2(&m));
	out(&m, PORT_B, 1);
	m.now += 9;
	out(&m, PORT_B, 0);
	CU_ASSERT(!out2(&m));
	out(&m, PORT_B, 1);
	m.now += 9;
	CU_ASSERT(!out2(&m));
	out_both(&m, 2, 20); /* for the next time */
	m.now += 1;
	CU_ASSERT(out2(&m));
	out(&m, PORT_B, 0);
	out(&m, PORT_B, 1);
	m.now += 19;
	CU_ASSERT(!out2(&m));
	m.now += 1;
	CU_ASSERT(out2(&m));
	/* Mode 5: the same with a strobe. */
	program(&m, 2, 5, 10);
	out(&m, PORT_B, 0);
	out(&m, PORT_B, 1);
	m.now += 10;
	CU_ASSERT(!out2(&m));
	m.now += 1;
	CU_ASSERT(out2(&m));
	/* Without a count there is nothing to trigger or to count. */
	out(&m, COMMAND, 0xb0);
	out(&m, PORT_B, 0);
	out(&m, PORT_B, 1);
	m.now += 100000;
	CU_ASSERT(!out2(&m));
	CU_ASSERT_EQUAL(in_both(&m, 2), 0);
	teardown(&m);
}

static void test_access_modes(void)
{
	struct machine m;

	setup(&m);
	out(&m, COMMAND, 0x14); /* counter 0, low byte, mode 2 */
	out(&m, 0x40, 0x34);
	m.now += 0x10;
	CU_ASSERT_EQUAL(in(&m, 0x40), 0x24);
	CU_ASSERT_EQUAL(in(&m, 0x40), 0x24);
	out(&m, COMMAND, 0x24); /* high byte */
	out(&m, 0x40, 0x12);
	CU_ASSERT_EQUAL(in(&m, 0x40), 0x12);
	m.now += 1;
	CU_ASSERT_EQUAL(in(&m, 0x40), 0x11);
	/* A control word forgets that a first byte was written, or read. */
	out(&m, COMMAND, 0x34);
	out(&m, 0x40, 0x77);
	out(&m, COMMAND, 0x34);
	out(&m, 0x40, 0x34);
	out(&m, 0x40, 0x12);
	CU_ASSERT_EQUAL(in(&m, 0x40), 0x34);
	program(&m, 0, 2, 0x5678);
	CU_ASSERT_EQUAL(in_both(&m, 0), 0x5678);
	/* In mode 0 the first byte stops it. */
	out(&m, PORT_B, 1);
	program(&m, 2, 0, 10);
	m.now += 10;
	CU_ASSERT(out2(&m));
	out(&m, 0x42, 100);
	m.now += 1000;
	CU_ASSERT(!out2(&m));
	out(&m, PORT_B, 0);
	out(&m, PORT_B, 1);
	m.now += 1000;
	CU_ASSERT(!out2(&m));
	out(&m, 0x42, 0);
	m.now += 99;
	CU_ASSERT(!out2(&m));
	m.now += 1;
	CU_ASSERT(out2(&m));
	teardown(&m);
}

static void test_bcd(void)
{
	struct machine m;

	setup(&m);
	out(&m, PORT_B, 1);
	out(&m, COMMAND, 0xb1);
	out_both(&m, 2, 0x1234);
	m.now += 235;
	CU_ASSERT_EQUAL(in_both(&m, 2), 0x0999);
	m.now += 1000;
	CU_ASSERT_EQUAL(in_both(&m, 2), 0x9999);
	CU_ASSERT(out2(&m));
	out_both(&m, 2, 0);
	m.now += 9999;
	CU_ASSERT_EQUAL(in_both(&m, 2), 1);
	CU_ASSERT(!out2(&m));
	m.now += 1;
	CU_ASSERT(out2(&m));
	/* No such digits; it is some count all the same. */
	out_both(&m, 2, 0xffff);
	CU_ASSERT_EQUAL(in_both(&m, 2), 0x6665);
	out(&m, COMMAND, 0xb5);
	out_both(&m, 2, 0x9a00); /* 10000 */
	m.now += 123;
	CU_ASSERT_EQUAL(in_both(&m, 2), 0x9877);
	teardown(&m);
}

static void test_latch(void)
{
	struct machine m;

	setup(&m);
	program(&m, 0, 2, 0x8000);
	out(&m, COMMAND, 0x00);
	m.now += 0x1234;
	out(&m, COMMAND, 0x00); /* the first one holds */
	CU_ASSERT_EQUAL(in(&m, 0x40), 0x00);
	m.now += 0x1000;
	CU_ASSERT_EQUAL(in(&m, 0x40), 0x80);
	CU_ASSERT_EQUAL(in_both(&m, 0), 0x8000 - 0x2234);
	out(&m, COMMAND, 0x00);
	m.now += 1;
	CU_ASSERT_EQUAL(in_both(&m, 0), 0x8000 - 0x2234);
	/* A control word forgets it. */
	out(&m, COMMAND, 0x00);
	program(&m, 0, 2, 0x4000);
	CU_ASSERT_EQUAL(in_both(&m, 0), 0x4000);
	/* It is one byte where one is read. */
	out(&m, COMMAND, 0x64);
	out(&m, 0x41, 0x12);
	out(&m, COMMAND, 0x40);
	m.now += 0x200;
	CU_ASSERT_EQUAL(in(&m, 0x41), 0x12);
	CU_ASSERT_EQUAL(in(&m, 0x41), 0x10);
	teardown(&m);
}

static void test_read_back(void)
{
	struct machine m;

	setup(&m);
	out(&m, PORT_B, 1);
	/* Status: OUT, null count, access, mode, BCD. */
	out(&m, COMMAND, 0xb1);
	out(&m, COMMAND, 0xe8);
	CU_ASSERT_EQUAL(in(&m, 0x42), 0x71);
	out(&m, 0x42, 0x10);
	out(&m, COMMAND, 0xe8);
	CU_ASSERT_EQUAL(in(&m, 0x42), 0x71);
	out(&m, 0x42, 0);
	out(&m, COMMAND, 0xe8);
	CU_ASSERT_EQUAL(in(&m, 0x42), 0x31);
	m.now += 10;
	out(&m, COMMAND, 0xe8);
	CU_ASSERT_EQUAL(in(&m, 0x42), 0xb1);
	/* As it was programmed, although 6 means 2. */
	out(&m, COMMAND, 0x9c);
	out(&m, 0x42, 50);
	/* Both: status first, and the first ones hold. */
	out(&m, COMMAND, 0xd8);
	m.now += 20;
	out(&m, COMMAND, 0xb4);
	out(&m, COMMAND, 0xc8);
	out_both(&m, 2, 1000);
	m.now += 200;
	out(&m, COMMAND, 0xc8);
	CU_ASSERT_EQUAL(in(&m, 0x42), 0xf4);
	CU_ASSERT_EQUAL(in_both(&m, 2), 0);
	CU_ASSERT_EQUAL(in_both(&m, 2), 800);
	/* Several at once; counter 1 does not count. */
	program(&m, 0, 2, 2000);
	m.now += 500;
	out(&m, COMMAND, 0xde);
	m.now += 100;
	CU_ASSERT_EQUAL(in_both(&m, 0), 1500);
	CU_ASSERT_EQUAL(in_both(&m, 1), 0);
	CU_ASSERT_EQUAL(in_both(&m, 2), 300);
	CU_ASSERT_EQUAL(in_both(&m, 0), 1400);
	/* Neither. */
	out(&m, COMMAND, 0xfe);
	CU_ASSERT_EQUAL(in_both(&m, 0), 1400);
	teardown(&m);
}

/* A count that is written while another one runs. */
static void test_new_count(void)
{
	struct machine m;

	setup(&m);
	program(&m, 0, 2, 1000);
	CU_ASSERT_EQUAL(m.alarm, 1000);
	CU_ASSERT_EQUAL(pass(&m, 1400), 1);
	out_both(&m, 0, 300);
	CU_ASSERT_EQUAL(in_both(&m, 0), 600);
	out(&m, COMMAND, 0xe2);
	CU_ASSERT_EQUAL(in(&m, 0x40), 0xf4);
	CU_ASSERT_EQUAL(m.alarm, 2000);
	CU_ASSERT_EQUAL(pass(&m, 600), 1);
	CU_ASSERT_EQUAL(in_both(&m, 0), 300);
	out(&m, COMMAND, 0xe2);
	CU_ASSERT_EQUAL(in(&m, 0x40), 0xb4);
	CU_ASSERT_EQUAL(m.alarm, 2300);
	/* Two in one period: the last one. And nobody looked when it began. */
	out_both(&m, 0, 1);
	out_both(&m, 0, 500);
	m.now += 450;
	CU_ASSERT_EQUAL(in_both(&m, 0), 350);
	CU_ASSERT_EQUAL(m.interrupts, 3);
	CU_ASSERT_EQUAL(m.alarm, 2800);
	/* In the last tick of a period: its end is still an interrupt. */
	CU_ASSERT_EQUAL(pass(&m, 349), 0);
	out_both(&m, 0, 700);
	CU_ASSERT_EQUAL(m.alarm, 2800);
	CU_ASSERT_EQUAL(pass(&m, 1), 1);
	CU_ASSERT_EQUAL(m.alarm, 3500);
	/* Mode 4 takes it at once. */
	program(&m, 0, 4, 1000);
	CU_ASSERT_EQUAL(pass(&m, 500), 0);
	out_both(&m, 0, 2000);
	CU_ASSERT_EQUAL(pass(&m, 2000), 0);
	CU_ASSERT_EQUAL(pass(&m, 1), 1);
	CU_ASSERT_EQUAL(m.alarm, NEVER);
	teardown(&m);
}

static void test_interrupts(void)
{
	static const struct {
		unsigned int mode, count;
		uint64_t ticks;
		unsigned int interrupts;
		uint64_t first;
	} cases[] = {
		{ 0, 100, 99, 0, 100 }, { 0, 100, 100, 1, 100 }, { 0, 100, 1000000, 1, 100 },
		{ 0, 1, 1, 1, 1 }, { 0, 0, 65536, 1, 65536 },
		{ 1, 100, 1000000, 0, NEVER }, /* its gate never triggers */
		{ 2, 1000, 999, 0, 1000 }, { 2, 1000, 1000, 1, 1000 },
		{ 2, 1000, 10000, 10, 1000 }, { 2, 0, 655360, 10, 65536 },
		{ 3, 1000, 999, 0, 1000 }, { 3, 1000, 10000, 10, 1000 },
		{ 3, 999, 9990, 10, 999 },
		{ 4, 100, 101, 1, 101 }, { 4, 100, 1000000, 1, 101 },
		{ 5, 100, 1000000, 0, NEVER },
		/* A flood is thinned out to whole periods. */
		{ 2, 1, 239 * 100, 100, 1 }, { 3, 1, 239 * 100, 100, 1 },
		{ 2, 100, 30000, 100, 100 }, { 2, 238, 47600, 100, 238 },
		{ 2, 239, 23900, 100, 239 },
	};
	struct machine m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		setup(&m);
		program(&m, 0, cases[i].mode, cases[i].count);
		CU_ASSERT_EQUAL(m.alarm, cases[i].first);
		CU_ASSERT_EQUAL(pass(&m, cases[i].ticks), cases[i].interrupts);
		teardown(&m);
	}
}

/* A minute and a year of 1000 Hz: the ticks are where they were to be. */
static void test_no_drift(void)
{
	struct machine m;

	setup(&m);
	program(&m, 0, 2, 1193);
	CU_ASSERT_EQUAL(pass(&m, UINT64_C(60) * PIT_HZ), 60 * PIT_HZ / 1193);
	CU_ASSERT_EQUAL(m.alarm % 1193, 0);
	m.now = UINT64_C(365) * 86400 * PIT_HZ;
	pit_alarm(m.pit);
	CU_ASSERT_EQUAL(m.alarm % 1193, 0);
	CU_ASSERT(m.alarm > m.now && m.alarm <= m.now + 1193);
	teardown(&m);
}

/* The host comes late: one interrupt for all that were due, and the next one is in time. */
static void test_late(void)
{
	struct machine m;

	setup(&m);
	program(&m, 0, 2, 1000);
	m.now = 5700;
	pit_alarm(m.pit);
	CU_ASSERT_EQUAL(m.interrupts, 1);
	CU_ASSERT_EQUAL(m.alarm, 6000);
	m.now = 6999;
	pit_alarm(m.pit);
	CU_ASSERT_EQUAL(m.interrupts, 2);
	CU_ASSERT_EQUAL(m.alarm, 7000);
	pit_alarm(m.pit); /* too early is nothing */
	CU_ASSERT_EQUAL(m.interrupts, 2);
	m.now = 7000;
	pit_alarm(m.pit);
	CU_ASSERT_EQUAL(m.interrupts, 3);
	/* The guest comes first: whatever it does, it has been interrupted. */
	m.now = 8000;
	out(&m, COMMAND, 0x30);
	CU_ASSERT_EQUAL(m.interrupts, 4);
	CU_ASSERT_EQUAL(m.alarm, NEVER);
	pit_alarm(m.pit);
	CU_ASSERT_EQUAL(m.interrupts, 4);
	program(&m, 0, 0, 50);
	m.now += 50;
	CU_ASSERT_EQUAL(in_both(&m, 0), 0);
	CU_ASSERT_EQUAL(m.interrupts, 5);
	CU_ASSERT_EQUAL(pass(&m, 1000000), 0);
	teardown(&m);
}

/* Programming it anew and anew does not get around the least period. */
static void test_flood(void)
{
	struct machine m;
	unsigned int i;

	setup(&m);
	for (i = 0; i < PERIOD_MIN * 10; i++) {
		program(&m, 0, 2 + i % 2, 2);
		pass(&m, 5);
	}
	CU_ASSERT(m.interrupts > 10 && m.interrupts <= 5 * 10 + 1);
	teardown(&m);
}

static void test_port_b(void)
{
	struct machine m;
	unsigned int i, toggles = 0, last, now;

	setup(&m);
	CU_ASSERT_EQUAL(in(&m, PORT_B) & ~0x10U, 0x20);
	out(&m, PORT_B, 0xff);
	CU_ASSERT_EQUAL(in(&m, PORT_B) & ~0x10U, 0x23);
	out(&m, PORT_B, 0xfe);
	CU_ASSERT_EQUAL(in(&m, PORT_B) & ~0x10U, 0x22);
	last = in(&m, PORT_B) & 0x10;
	for (i = 0; i < 1800; i++) {
		m.now++;
		now = in(&m, PORT_B) & 0x10;
		toggles += now != last;
		last = now;
	}
	CU_ASSERT_EQUAL(toggles, 100);
	teardown(&m);
}

static void test_sizes(void)
{
	struct machine m;

	setup(&m);
	/* One cycle per byte, from the lowest port on. */
	program(&m, 0, 2, 0x1234);
	program(&m, 1, 2, 0x5678);
	CU_ASSERT_EQUAL(in_size(&m, 0x40, 2), 0x7834);
	CU_ASSERT_EQUAL(in_size(&m, 0x40, 4), 0xff005612);
	CU_ASSERT_EQUAL(in(&m, COMMAND), 0xff);
	out_size(&m, 0x42, 2, 0x34aa); /* and now counter 0 waits for a count */
	out_both(&m, 0, 0x4321);
	CU_ASSERT_EQUAL(in_both(&m, 0), 0x4321);
	/* Beyond the end of the ports there is nobody. */
	CU_ASSERT_EQUAL(in_size(&m, 0x43, 2), 0xffff);
	CU_ASSERT_EQUAL(in_size(&m, 0x60, 2), 0xffff);
	CU_ASSERT_EQUAL(in_size(&m, PORT_B, 2), 0xffff);
	out_size(&m, PORT_B, 2, 0x0303);
	CU_ASSERT_EQUAL(in(&m, PORT_B) & 3, 0);
	teardown(&m);
}

static void test_reset(void)
{
	struct machine m;
	unsigned int i;

	setup(&m);
	for (i = 0; i < 3; i++)
		program(&m, i, 2, 1000);
	out(&m, PORT_B, 3);
	out(&m, COMMAND, 0xce);
	out(&m, 0x40, 0x55);
	pit_reset(m.pit);
	CU_ASSERT_EQUAL(m.alarm, NEVER);
	CU_ASSERT_EQUAL(in(&m, PORT_B) & 3, 0);
	CU_ASSERT_EQUAL(pass(&m, 1000000), 0);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(in_both(&m, i), 0);
	out(&m, COMMAND, 0xee);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(in(&m, (uint16_t)(0x40 + i)), 0xf6);
	/* The gates of counters 0 and 1 are open, that of 2 is not; mode 3 is firmware's. */
	for (i = 0; i < 3; i++)
		out_both(&m, i, 1000);
	CU_ASSERT_EQUAL(m.alarm, m.now + 1000);
	m.now += 100;
	CU_ASSERT_EQUAL(in_both(&m, 0), 800);
	CU_ASSERT_EQUAL(in_both(&m, 1), 800);
	CU_ASSERT_EQUAL(in_both(&m, 2), 0);
	teardown(&m);
}

/* Whatever a guest writes: no crash, and no alarm that does not come to rest or is in the past. */
static void test_random(void)
{
	static const uint8_t sizes[] = { 1, 1, 1, 2, 4, 8 };
	uint32_t state = 12345, i;
	uint16_t port;
	uint8_t size;
	struct machine m;

	setup(&m);
	for (i = 0; i < 200000; i++) {
		state = state * 1664525 + 1013904223;
		port = (uint16_t)(state >> 28 ? 0x40 + (state >> 26) % 4 : PORT_B);
		size = sizes[(state >> 16) % ARRAY_SIZE(sizes)];
		if (state & 0x100000)
			in_size(&m, port, size);
		else
			out_size(&m, port, size, (uint64_t)state * 2654435761);
		CU_ASSERT_FATAL(m.alarm > m.now);
		pass(&m, state >> 8 & (state & 0x200000 ? 0xfff : 7));
	}
	CU_ASSERT(m.interrupts > 100);
	teardown(&m);
}

static void test_ports_taken(void)
{
	static const struct {
		uint16_t port;
		const char *text;
	} cases[] = { { 0x40, "0x40" }, { 0x43, "0x40" }, { 0x61, "0x61" } };
	struct pit *pit = NULL;
	struct error err;
	struct machine m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&m, 0, sizeof(m));
		CU_ASSERT_EQUAL_FATAL(io_bus_new(&m.bus), 0);
		CU_ASSERT_EQUAL(io_bus_add(m.bus, IO_SPACE_PORT, cases[i].port, 1, NULL, NULL), 0);
		CU_ASSERT_EQUAL(pit_new(m.bus, &machine_ops, &m, &pit, &err), -EEXIST);
		CU_ASSERT_PTR_NULL(pit);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].text));
		/* Nothing else is left behind. */
		io_bus_remove(m.bus, IO_SPACE_PORT, cases[i].port);
		CU_ASSERT_EQUAL(io_bus_add(m.bus, IO_SPACE_PORT, 0, 0x10000, NULL, NULL), 0);
		io_bus_free(m.bus);
	}
	pit_free(NULL);
}

static const struct unit_test tests[] = {
	{ "counting", test_counting },
	{ "gate", test_gate },
	{ "access modes", test_access_modes },
	{ "bcd", test_bcd },
	{ "latch", test_latch },
	{ "read-back", test_read_back },
	{ "new count", test_new_count },
	{ "interrupts", test_interrupts },
	{ "no drift", test_no_drift },
	{ "late", test_late },
	{ "flood", test_flood },
	{ "port 0x61", test_port_b },
	{ "sizes", test_sizes },
	{ "reset", test_reset },
	{ "random", test_random },
	{ "ports taken", test_ports_taken },
};

UNIT_MAIN("pit", tests)
