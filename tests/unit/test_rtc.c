/* SPDX-License-Identifier: BSD-3-Clause */
/* The MC146818, with a clock that the test sets. */
#include "hw/isa/rtc.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "devicemodel/vm/io_bus.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

#define NS_PER_S INT64_C(1000000000)
#define T_2024 INT64_C(1709247599) /* Thursday 2024-02-29 22:59:59 UTC */

struct machine {
	struct io_bus *bus;
	struct rtc *rtc;
	int64_t now; /* ns */
};

static int64_t machine_now(void *ctx)
{
	const struct machine *m = ctx;

	return m->now;
}

static void setup_memory(struct machine *m, uint64_t low, uint64_t high)
{
	struct rtc_params params = {
		.low_memory = low, .high_memory = high, .now = machine_now, .ctx = m,
	};
	struct error err = { "" };

	m->now = T_2024 * NS_PER_S;
	CU_ASSERT_EQUAL_FATAL(io_bus_new(&m->bus), 0);
	CU_ASSERT_EQUAL_FATAL(rtc_new(m->bus, &params, &m->rtc, &err), 0);
}

static void setup(struct machine *m)
{
	setup_memory(m, 256 * MIB, 0);
}

static void teardown(struct machine *m)
{
	rtc_free(m->rtc);
	io_bus_free(m->bus);
}

static void out(struct machine *m, unsigned int port, uint8_t value)
{
	struct io_access access = {
		.space = IO_SPACE_PORT, .is_write = true, .size = 1, .addr = port, .data = value,
	};

	io_bus_access(m->bus, &access);
}

static uint8_t cmos_read(struct machine *m, uint8_t reg)
{
	struct io_access access = { .space = IO_SPACE_PORT, .size = 1, .addr = 0x71 };

	out(m, 0x70, reg);
	io_bus_access(m->bus, &access);
	return (uint8_t)access.data;
}

static void cmos_write(struct machine *m, uint8_t reg, uint8_t value)
{
	out(m, 0x70, reg);
	out(m, 0x71, value);
}

/* Seconds, minutes, hours, weekday, day, month, year, century. */
static const uint8_t time_registers[8] = { 0, 2, 4, 6, 7, 8, 9, 0x32 };

static void check_time(struct machine *m, const uint8_t expected[8])
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(time_registers); i++)
		CU_ASSERT_EQUAL(cmos_read(m, time_registers[i]), expected[i]);
}

static void test_formats(void)
{
	static const struct {
		int64_t time;
		uint8_t control; /* 4: binary, 2: 24 h */
		uint8_t expected[8];
	} cases[] = {
		{ T_2024, 2, { 0x59, 0x59, 0x22, 5, 0x29, 2, 0x24, 0x20 } },
		{ T_2024, 6, { 59, 59, 22, 5, 29, 2, 24, 20 } },
		{ T_2024, 0, { 0x59, 0x59, 0x90, 5, 0x29, 2, 0x24, 0x20 } },
		{ T_2024, 4, { 59, 59, 0x8a, 5, 29, 2, 24, 20 } },
		{ T_2024 + 3601, 2, { 0, 0, 0, 6, 1, 3, 0x24, 0x20 } },
		{ T_2024 + 3601, 0, { 0, 0, 0x12, 6, 1, 3, 0x24, 0x20 } },
		{ T_2024 + 3601 + 12 * 3600, 0, { 0, 0, 0x92, 6, 1, 3, 0x24, 0x20 } },
		{ T_2024 + 3601 + 12 * 3600, 4, { 0, 0, 0x8c, 6, 1, 3, 24, 20 } },
		{ 0, 2, { 0, 0, 0, 5, 1, 1, 0x70, 0x19 } },
		{ 946684799, 2, { 0x59, 0x59, 0x23, 6, 0x31, 0x12, 0x99, 0x19 } },
		{ -1, 2, { 0x59, 0x59, 0x23, 4, 0x31, 0x12, 0x69, 0x19 } },
		{ INT64_C(4102444800), 2, { 0, 0, 0, 6, 1, 1, 0, 0x21 } },
	};
	struct machine m;
	size_t i;

	setup(&m);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		m.now = cases[i].time * NS_PER_S;
		cmos_write(&m, 11, cases[i].control);
		check_time(&m, cases[i].expected);
	}
	teardown(&m);
}

/* A guest sets the clock: it stands still meanwhile, and then goes on from there. */
static void test_set(void)
{
	static const struct {
		uint8_t control;
		uint8_t values[8];
	} cases[] = {
		{ 0x02, { 0x58, 0x59, 0x23, 1, 0x31, 0x12, 0x99, 0x20 } },
		{ 0x06, { 58, 59, 23, 1, 31, 12, 99, 20 } },
		{ 0x00, { 0x58, 0x59, 0x91, 1, 0x31, 0x12, 0x99, 0x20 } },
		{ 0x04, { 58, 59, 0x8b, 1, 31, 12, 99, 20 } },
	};
	static const uint8_t later[8] = { 0, 0, 0, 6, 1, 1, 0, 0x21 };
	struct machine m;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		setup(&m);
		cmos_write(&m, 11, cases[i].control | 0x80);
		for (j = 0; j < ARRAY_SIZE(time_registers); j++) {
			cmos_write(&m, time_registers[j], cases[i].values[j]);
			m.now += NS_PER_S;
		}
		check_time(&m, cases[i].values);
		cmos_write(&m, 11, cases[i].control);
		m.now += 2 * NS_PER_S;
		cmos_write(&m, 11, 2);
		check_time(&m, later);
		/* The battery keeps it. */
		rtc_reset(m.rtc);
		check_time(&m, later);
		teardown(&m);
	}
}

static void test_set_without_change(void)
{
	struct machine m;

	setup(&m);
	cmos_write(&m, 11, 0x82);
	m.now += 30 * NS_PER_S;
	CU_ASSERT_EQUAL(cmos_read(&m, 0), 0x59);
	cmos_write(&m, 11, 0x02);
	CU_ASSERT_EQUAL(cmos_read(&m, 0), 0x29);
	/* A field may also be written while the clock runs. */
	cmos_write(&m, 2, 0x17);
	CU_ASSERT_EQUAL(cmos_read(&m, 2), 0x17);
	CU_ASSERT_EQUAL(cmos_read(&m, 0), 0x29);
	/* A guest that dies with SET on leaves a clock that runs after the reset. */
	cmos_write(&m, 11, 0x82);
	rtc_reset(m.rtc);
	m.now += NS_PER_S;
	CU_ASSERT_EQUAL(cmos_read(&m, 0), 0x30);
	teardown(&m);
}

/* Whatever a guest writes, the registers read back as some time. */
static void test_nonsense_dates(void)
{
	static const uint8_t values[] = { 0, 0x0f, 0x7f, 0x99, 0xff };
	struct machine m;
	uint8_t month;
	size_t i, j;

	setup(&m);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		for (j = 0; j < ARRAY_SIZE(time_registers); j++)
			cmos_write(&m, time_registers[j], values[i]);
		cmos_write(&m, 11, 0x86);
		for (j = 0; j < ARRAY_SIZE(time_registers); j++)
			cmos_write(&m, time_registers[j], values[i]);
		cmos_write(&m, 11, 0x06);
		month = cmos_read(&m, 8);
		CU_ASSERT(month >= 1 && month <= 12);
		CU_ASSERT(cmos_read(&m, 0) < 60);
	}
	teardown(&m);
}

/* Each of these writes moves the date by years, while the clock runs. */
static void test_dates_stay_in_range(void)
{
	static const uint8_t months[] = { 255, 0 };
	struct machine m;
	size_t i;
	int n;

	setup(&m);
	cmos_write(&m, 11, 0x06);
	for (i = 0; i < ARRAY_SIZE(months); i++) {
		for (n = 0; n < 12000; n++)
			cmos_write(&m, 8, months[i]);
		CU_ASSERT(cmos_read(&m, 0x32) < 100);
		CU_ASSERT(cmos_read(&m, 9) < 100);
	}
	teardown(&m);
}

static void test_update_in_progress(void)
{
	static const struct {
		int64_t ns;
		uint8_t control, uip;
	} cases[] = {
		{ 0, 2, 0 },
		{ 500000000, 2, 0 },
		{ NS_PER_S - 244001, 2, 0 },
		{ NS_PER_S - 244000, 2, 0x80 },
		{ NS_PER_S - 1, 2, 0x80 },
		{ NS_PER_S, 2, 0 },
		{ NS_PER_S - 1, 0x82, 0 },
	};
	struct machine m;
	size_t i;

	setup(&m);
	CU_ASSERT_EQUAL(cmos_read(&m, 10), 0x26);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		m.now = T_2024 * NS_PER_S + cases[i].ns;
		cmos_write(&m, 11, cases[i].control);
		CU_ASSERT_EQUAL(cmos_read(&m, 10) & 0x80, cases[i].uip);
	}
	cmos_write(&m, 10, 0xff);
	m.now = T_2024 * NS_PER_S;
	CU_ASSERT_EQUAL(cmos_read(&m, 10), 0x7f);
	teardown(&m);
}

static void test_flags(void)
{
	struct machine m;

	setup(&m);
	CU_ASSERT_EQUAL(cmos_read(&m, 13), 0x80);
	CU_ASSERT_EQUAL(cmos_read(&m, 12), 0);
	m.now += NS_PER_S / 1024 + 1;
	CU_ASSERT_EQUAL(cmos_read(&m, 12), 0x40);
	CU_ASSERT_EQUAL(cmos_read(&m, 12), 0);
	m.now += NS_PER_S;
	CU_ASSERT_EQUAL(cmos_read(&m, 12), 0x50);
	CU_ASSERT_EQUAL(cmos_read(&m, 12), 0);
	/* No periodic rate; and IRQF follows an enable bit. */
	cmos_write(&m, 10, 0x20);
	cmos_write(&m, 11, 0x12);
	m.now += NS_PER_S;
	CU_ASSERT_EQUAL(cmos_read(&m, 12), 0x90);
	rtc_reset(m.rtc);
	CU_ASSERT_EQUAL(cmos_read(&m, 11), 0x02);
	/* Rate 1 is 256 Hz. */
	cmos_write(&m, 10, 0x21);
	m.now = (T_2024 + 10) * NS_PER_S;
	cmos_read(&m, 12);
	m.now += NS_PER_S / 256 - 1;
	CU_ASSERT_EQUAL(cmos_read(&m, 12), 0);
	m.now += 1;
	CU_ASSERT_EQUAL(cmos_read(&m, 12), 0x40);
	teardown(&m);
}

static void test_memory_sizes(void)
{
	static const struct {
		uint64_t low, high;
		uint16_t base, above_1m, above_16m;
		uint32_t above_4g;
	} cases[] = {
		{ 2 * MIB, 0, 640, 1024, 0, 0 },
		{ 512 * KIB, 0, 512, 0, 0, 0 },
		{ 16 * MIB, 0, 640, 15360, 0, 0 },
		{ 256 * MIB, 0, 640, 0xffff, 3840, 0 },
		{ 2 * GIB, 6 * GIB, 640, 0xffff, 32512, 98304 },
		{ 2 * GIB, 2 * TIB, 640, 0xffff, 32512, 0xffffff },
	};
	struct machine m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		setup_memory(&m, cases[i].low, cases[i].high);
		CU_ASSERT_EQUAL(cmos_read(&m, 0x15) | cmos_read(&m, 0x16) << 8, cases[i].base);
		CU_ASSERT_EQUAL(cmos_read(&m, 0x17) | cmos_read(&m, 0x18) << 8, cases[i].above_1m);
		CU_ASSERT_EQUAL(cmos_read(&m, 0x30) | cmos_read(&m, 0x31) << 8, cases[i].above_1m);
		CU_ASSERT_EQUAL(cmos_read(&m, 0x34) | cmos_read(&m, 0x35) << 8, cases[i].above_16m);
		CU_ASSERT_EQUAL(cmos_read(&m, 0x5b) | cmos_read(&m, 0x5c) << 8 |
				(uint32_t)cmos_read(&m, 0x5d) << 16, cases[i].above_4g);
		teardown(&m);
	}
}

static void test_ram_and_index(void)
{
	struct io_access both = {
		.space = IO_SPACE_PORT, .is_write = true, .size = 2, .addr = 0x70, .data = 0x7740,
	};
	struct machine m;

	setup(&m);
	cmos_write(&m, 0x7f, 0xa5);
	cmos_write(&m, 0xc0, 0x11); /* with the NMI bit: register 0x40 */
	CU_ASSERT_EQUAL(cmos_read(&m, 0x40), 0x11);
	CU_ASSERT_EQUAL(cmos_read(&m, 0xff), 0xa5);
	cmos_write(&m, 1, 0x30); /* an alarm register */
	CU_ASSERT_EQUAL(cmos_read(&m, 1), 0x30);
	io_bus_access(m.bus, &both);
	CU_ASSERT_EQUAL(cmos_read(&m, 0x40), 0x77);
	/* Registers C and D are read-only. */
	cmos_write(&m, 13, 0);
	CU_ASSERT_EQUAL(cmos_read(&m, 13), 0x80);
	cmos_write(&m, 0x34, 0);
	rtc_reset(m.rtc);
	CU_ASSERT_EQUAL(cmos_read(&m, 0x34) | cmos_read(&m, 0x35) << 8, 3840);
	CU_ASSERT_EQUAL(cmos_read(&m, 0x40), 0x77);
	teardown(&m);
}

static void test_host_clock_and_conflict(void)
{
	struct rtc_params params = { .low_memory = 16 * MIB };
	struct rtc *second = NULL;
	struct error err = { "" };
	struct machine m;

	setup(&m);
	CU_ASSERT_EQUAL(rtc_new(m.bus, &params, &second, &err), -EEXIST);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "0x70"));
	rtc_free(m.rtc);
	CU_ASSERT_EQUAL_FATAL(rtc_new(m.bus, &params, &m.rtc, &err), 0);
	CU_ASSERT_EQUAL(cmos_read(&m, 0x32), 0x20);
	CU_ASSERT(cmos_read(&m, 9) >= 0x24);
	rtc_free(NULL);
	teardown(&m);
}

static const struct unit_test tests[] = {
	{ "formats", test_formats },
	{ "set", test_set },
	{ "set without change", test_set_without_change },
	{ "nonsense dates", test_nonsense_dates },
	{ "dates stay in range", test_dates_stay_in_range },
	{ "update in progress", test_update_in_progress },
	{ "flags", test_flags },
	{ "memory sizes", test_memory_sizes },
	{ "ram and index", test_ram_and_index },
	{ "host clock and conflict", test_host_clock_and_conflict },
};

UNIT_MAIN("rtc", tests)
