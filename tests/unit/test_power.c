/* SPDX-License-Identifier: BSD-3-Clause */
/* Power-off, reset, debug exit and the PM timer. */
#include "hw/isa/power.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <string.h>

#include "devicemodel/machine_map.h"
#include "devicemodel/vm/io_bus.h"
#include "devicemodel/vm/request.h"
#include "lib/event_loop.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

struct machine {
	struct io_bus *bus;
	struct vm_request request;
	struct power *power;
	uint64_t now; /* ns */
};

static uint64_t machine_now(void *ctx)
{
	const struct machine *m = ctx;

	return m->now;
}

static void setup(struct machine *m, bool debug_exit)
{
	struct power_params params = {
		.request = &m->request, .debug_exit = debug_exit, .now = machine_now, .ctx = m,
	};
	struct error err = { "" };

	memset(m, 0, sizeof(*m));
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&m->request.loop), 0);
	CU_ASSERT_EQUAL_FATAL(io_bus_new(&m->bus), 0);
	CU_ASSERT_EQUAL_FATAL(power_new(m->bus, &params, &m->power, &err), 0);
}

static void teardown(struct machine *m)
{
	power_free(m->power);
	io_bus_free(m->bus);
	event_loop_free(m->request.loop);
}

static uint32_t in(struct machine *m, uint16_t port, uint8_t size)
{
	struct io_access access = { .space = IO_SPACE_PORT, .size = size, .addr = port };

	io_bus_access(m->bus, &access);
	return (uint32_t)access.data;
}

static void out(struct machine *m, uint16_t port, uint8_t size, uint32_t value)
{
	struct io_access access = {
		.space = IO_SPACE_PORT, .is_write = true, .size = size, .addr = port, .data = value,
	};

	io_bus_access(m->bus, &access);
}

static void test_requests(void)
{
	static const struct {
		uint16_t port;
		uint8_t size;
		uint32_t value;
		bool debug_exit;
		enum vm_request_kind kind;
		unsigned char status;
	} cases[] = {
		{ 0x604, 2, 0x2000, false, VM_REQUEST_POWER_OFF, 0 },
		{ 0x604, 2, 0x2001, false, VM_REQUEST_POWER_OFF, 0 },
		{ 0x604, 4, 0x2000, false, VM_REQUEST_POWER_OFF, 0 },
		{ 0x605, 1, 0x20, false, VM_REQUEST_POWER_OFF, 0 },
		{ 0x604, 2, 0x3400, false, VM_REQUEST_NONE, 0 },
		{ 0x604, 2, 0x1400, false, VM_REQUEST_NONE, 0 },
		{ 0x604, 2, 0x0001, false, VM_REQUEST_NONE, 0 },
		{ 0x604, 1, 0x20, false, VM_REQUEST_NONE, 0 },
		{ 0x600, 2, 0x2000, false, VM_REQUEST_NONE, 0 },
		{ 0x608, 4, 0x2000, false, VM_REQUEST_NONE, 0 },
		{ 0x64, 1, 0xfe, false, VM_REQUEST_RESET, 0 },
		{ 0x64, 1, 0xff, false, VM_REQUEST_NONE, 0 },
		{ 0x64, 1, 0xaa, false, VM_REQUEST_NONE, 0 },
		{ 0xf4, 1, 0, true, VM_REQUEST_EXIT, 1 },
		{ 0xf4, 1, 0x10, true, VM_REQUEST_EXIT, 0x21 },
		{ 0xf4, 1, 0xff, true, VM_REQUEST_EXIT, 0xff },
		{ 0xf4, 2, 0x110, true, VM_REQUEST_EXIT, 0x21 },
		{ 0xf4, 4, 0xffffff01, true, VM_REQUEST_EXIT, 3 },
		{ 0xf4, 4, 0x80, true, VM_REQUEST_EXIT, 1 },
		{ 0xf4, 1, 0x10, false, VM_REQUEST_NONE, 0 },
		{ 0xf4, 4, 0x10, false, VM_REQUEST_NONE, 0 },
	};
	unsigned char status;
	struct machine m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		setup(&m, cases[i].debug_exit);
		out(&m, cases[i].port, cases[i].size, cases[i].value);
		CU_ASSERT_EQUAL(vm_request_take(&m.request, &status), cases[i].kind);
		CU_ASSERT_EQUAL(status, cases[i].status);
		teardown(&m);
	}
}

static void test_reset_port(void)
{
	static const struct {
		uint8_t value, reads;
		enum vm_request_kind kind;
	} cases[] = {
		{ 0x00, 0x00, VM_REQUEST_NONE }, { 0x02, 0x02, VM_REQUEST_NONE },
		{ 0x0a, 0x0a, VM_REQUEST_NONE }, { 0xf1, 0x00, VM_REQUEST_NONE },
		{ 0x04, 0x00, VM_REQUEST_RESET }, { 0x06, 0x02, VM_REQUEST_RESET },
		{ MACHINE_RESET_VALUE, 0x0a, VM_REQUEST_RESET },
	};
	struct io_access access;
	unsigned char status;
	struct machine m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		setup(&m, false);
		access = (struct io_access){ .is_write = true, .size = 1, .data = cases[i].value };
		power_reset_port_access(m.power, &access);
		CU_ASSERT_EQUAL(vm_request_take(&m.request, &status), cases[i].kind);
		access.is_write = false;
		power_reset_port_access(m.power, &access);
		CU_ASSERT_EQUAL(access.data, cases[i].reads);
		power_reset(m.power);
		power_reset_port_access(m.power, &access);
		CU_ASSERT_EQUAL(access.data, 0);
		teardown(&m);
	}
	/* The port itself is left to whoever has the PCI configuration ports. */
	setup(&m, false);
	CU_ASSERT_EQUAL(io_bus_add(m.bus, IO_SPACE_PORT, 0xcf8, 8, NULL, NULL), 0);
	teardown(&m);
}

static void test_pm1_registers(void)
{
	struct machine m;

	setup(&m, false);
	CU_ASSERT_EQUAL(in(&m, 0x600, 4), 0);
	CU_ASSERT_EQUAL(in(&m, 0x604, 2), 1);
	CU_ASSERT_EQUAL(in(&m, 0x606, 2), 0);
	CU_ASSERT_EQUAL(in(&m, 0x60c, 4), 0);
	/* Enable bits read back, or operating systems think that the hardware is broken. */
	out(&m, 0x602, 2, 0x0120);
	CU_ASSERT_EQUAL(in(&m, 0x602, 2), 0x0120);
	out(&m, 0x600, 4, 0xffffffff);
	CU_ASSERT_EQUAL(in(&m, 0x600, 4), 0x47210000);
	/* SCI_EN cannot be cleared; SLP_EN and GBL_RLS are write-only. */
	out(&m, 0x604, 2, 0x1406);
	CU_ASSERT_EQUAL(in(&m, 0x604, 2), 0x1403);
	power_reset(m.power);
	CU_ASSERT_EQUAL(in(&m, 0x600, 4), 0);
	CU_ASSERT_EQUAL(in(&m, 0x604, 2), 1);
	CU_ASSERT_EQUAL(in(&m, 0x64, 1), 0);
	teardown(&m);
}

static void test_pm_timer(void)
{
	static const struct {
		uint64_t ns;
		uint32_t ticks;
	} cases[] = {
		{ 0, 0 },
		{ 279, 0 },
		{ 280, 1 },
		{ UINT64_C(1000000000), 3579545 },
		{ UINT64_C(4686968596), 0xffffff },
		{ UINT64_C(4686968875), 0 },
		{ UINT64_C(100000000000000000), 13728000 }, /* three years */
	};
	struct machine m;
	size_t i;

	setup(&m, false);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		m.now = cases[i].ns;
		CU_ASSERT_EQUAL(in(&m, 0x608, 4), cases[i].ticks);
		CU_ASSERT_EQUAL(in(&m, 0x608, 1), cases[i].ticks & 0xff);
		CU_ASSERT_EQUAL(in(&m, 0x60a, 1), cases[i].ticks >> 16);
		CU_ASSERT_EQUAL(in(&m, 0x60a, 2), cases[i].ticks >> 16);
	}
	out(&m, 0x608, 4, 0xffffffff);
	CU_ASSERT_EQUAL(in(&m, 0x608, 4), cases[i - 1].ticks);
	teardown(&m);
}

static void test_ports_taken(void)
{
	static const struct {
		uint16_t port;
		const char *text;
	} cases[] = { { 0x60f, "0x600" }, { 0x64, "0x64" }, { 0xf7, "0xf4" } };
	struct power *power = NULL;
	struct power_params params = { .debug_exit = true };
	struct error err;
	struct machine m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&m, 0, sizeof(m));
		CU_ASSERT_EQUAL_FATAL(io_bus_new(&m.bus), 0);
		CU_ASSERT_EQUAL(io_bus_add(m.bus, IO_SPACE_PORT, cases[i].port, 1, NULL, NULL), 0);
		CU_ASSERT_EQUAL(power_new(m.bus, &params, &power, &err), -EEXIST);
		CU_ASSERT_PTR_NULL(power);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].text));
		/* Nothing else is left behind. */
		io_bus_remove(m.bus, IO_SPACE_PORT, cases[i].port);
		CU_ASSERT_EQUAL(io_bus_add(m.bus, IO_SPACE_PORT, 0, 0x10000, NULL, NULL), 0);
		io_bus_free(m.bus);
	}
	power_free(NULL);
}

static const struct unit_test tests[] = {
	{ "requests", test_requests },
	{ "reset port", test_reset_port },
	{ "pm1 registers", test_pm1_registers },
	{ "pm timer", test_pm_timer },
	{ "ports taken", test_ports_taken },
};

UNIT_MAIN("power", tests)
