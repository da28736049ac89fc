/* SPDX-License-Identifier: BSD-3-Clause */
/* The I/O bus: claims, lookups, and the lock. */
#include "devicemodel/vm/io_bus.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

struct seen {
	unsigned int count;
	struct io_access last;
	uint64_t answer;
	struct io_bus *bus; /* to be changed by the handler, or NULL */
	uint64_t move_from, move_to;
};

static void serve(void *ctx, struct io_access *access)
{
	struct seen *seen = ctx;
	int ret;

	seen->count++;
	seen->last = *access;
	if (!access->is_write)
		access->data = seen->answer;
	if (seen->bus) {
		io_bus_remove(seen->bus, IO_SPACE_MMIO, seen->move_from);
		ret = io_bus_add(seen->bus, IO_SPACE_MMIO, seen->move_to, 16, serve, seen);
		CU_ASSERT_EQUAL(ret, 0);
	}
}

/* The handler is given up without an answer. */
static void ignore(void *ctx, struct io_access *access)
{
	(void)ctx, (void)access;
}

static struct io_bus *new_bus(void)
{
	struct io_bus *bus = NULL;

	CU_ASSERT_EQUAL_FATAL(io_bus_new(&bus), 0);
	return bus;
}

static uint64_t get(struct io_bus *bus, enum io_space space, uint64_t addr, uint8_t size)
{
	struct io_access access = { .space = space, .size = size, .addr = addr, .data = 0x5555 };

	io_bus_access(bus, &access);
	CU_ASSERT_EQUAL(access.addr, addr);
	return access.data;
}

static void test_claims(void)
{
	static const struct {
		uint64_t base, size;
		int ret;
	} rows[] = {
		{ 0x1000, 0x1000, 0 },
		{ 0x1000, 0x1000, -EEXIST },
		{ 0x1fff, 1, -EEXIST },
		{ 0x0fff, 2, -EEXIST },
		{ 0x0, 0x10000, -EEXIST },
		{ 0x1800, 0x10, -EEXIST },
		{ 0x2000, 1, 0 },
		{ 0x0fff, 1, 0 },
		{ 0x5000, 0, -EINVAL },
		{ UINT64_MAX, 2, -EINVAL },
		{ UINT64_MAX - 15, 16, 0 },
		{ UINT64_MAX, 1, -EEXIST },
		{ UINT64_MAX - 16, UINT64_MAX, -EINVAL },
		{ 0x3000, UINT64_MAX - 0x3000, -EEXIST },
		{ 0, UINT64_MAX, -EEXIST },
		{ 0, 0xfff, 0 },
	};
	struct io_bus *bus = new_bus();
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ret = io_bus_add(bus, IO_SPACE_MMIO, rows[i].base, rows[i].size, NULL, NULL);
		CU_ASSERT_EQUAL(ret, rows[i].ret);
	}
	/* Spaces are apart. */
	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_PORT, 0x1000, 0x1000, NULL, NULL), 0);
	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_PCI_CONFIG, 0x1000, 0x1000, NULL, NULL), 0);
	/* Only by its base is a range given up. */
	io_bus_remove(bus, IO_SPACE_MMIO, 0x1001);
	io_bus_remove(bus, IO_SPACE_MMIO, 0x9000);
	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_MMIO, 0x1800, 1, NULL, NULL), -EEXIST);
	io_bus_remove(bus, IO_SPACE_MMIO, 0x1000);
	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_MMIO, 0x1800, 1, NULL, NULL), 0);
	io_bus_free(bus);
	io_bus_free(NULL);
}

static void test_accesses(void)
{
	struct seen seen = { .answer = 0x1122334455667788 }, top = { .answer = 7 };
	struct io_bus *bus = new_bus();
	struct io_access write = {
		.space = IO_SPACE_MMIO, .is_write = true, .size = 2, .addr = 0x1006, .data = 0xabcd,
	};

	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_MMIO, 0x1000, 16, serve, &seen), 0);
	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_MMIO, UINT64_MAX - 15, 16, serve, &top), 0);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0x1008, 8), 0x1122334455667788);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0x1008, 4), 0x55667788);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0x100f, 1), 0x88);
	CU_ASSERT_EQUAL(seen.last.addr, 15);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, UINT64_MAX, 1), 7);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, UINT64_MAX - 7, 8), 7);
	io_bus_access(bus, &write);
	CU_ASSERT_EQUAL(seen.last.addr, 6);
	CU_ASSERT_EQUAL(seen.last.data, 0xabcd);
	CU_ASSERT_EQUAL(seen.last.size, 2);
	CU_ASSERT_TRUE(seen.last.is_write);
	io_bus_free(bus);
}

static void test_nobody(void)
{
	struct seen seen = { 0 };
	struct io_bus *bus = new_bus();
	struct io_access write = {
		.space = IO_SPACE_MMIO, .is_write = true, .size = 8, .addr = 0x100c
	};

	CU_ASSERT_EQUAL(get(bus, IO_SPACE_PORT, 0x80, 1), 0xff);
	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_MMIO, 0x1000, 16, serve, &seen), 0);
	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_MMIO, 0x1010, 16, NULL, NULL), 0);
	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_MMIO, 0x1020, 16, ignore, NULL), 0);
	/* Below, across either end, reserved, above, in another space. */
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0xfff, 1), 0xff);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0xffe, 4), 0xffffffff);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0x100d, 4), 0xffffffff);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0x1009, 8), UINT64_MAX);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0x1014, 2), 0xffff);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0x1020, 2), 0xffff);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0x1030, 1), 0xff);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, UINT64_MAX, 8), UINT64_MAX);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_PORT, 0x1000, 4), 0xffffffff);
	io_bus_access(bus, &write);
	CU_ASSERT_EQUAL(seen.count, 0);
	io_bus_free(bus);
}

/* Many ranges, added and removed in no order: always the right one answers. */
static void test_many(void)
{
	struct seen seen[200];
	struct io_bus *bus = new_bus();
	bool there[200] = { false };
	uint32_t seed = 7;
	unsigned int round, i, k;
	int ret;

	for (i = 0; i < 200; i++)
		seen[i] = (struct seen){ .answer = i };
	for (round = 0; round < 2000; round++) {
		seed = seed * 1664525 + 1013904223;
		i = (seed >> 16) % 200;
		ret = 0;
		if (there[i])
			io_bus_remove(bus, IO_SPACE_MMIO, i * 32);
		else
			ret = io_bus_add(bus, IO_SPACE_MMIO, i * 32, 1 + i % 32, serve, &seen[i]);
		CU_ASSERT_EQUAL(ret, 0);
		there[i] = !there[i];
		if (round % 50 == 0)
			for (k = 0; k < 200; k++) {
				CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, k * 32 + k % 32, 1),
						there[k] ? k : 0xff);
				CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, k * 32 + k % 32 + 1, 1),
						k % 32 == 31 && k < 199 && there[k + 1] ? k + 1
											: 0xff);
			}
	}
	io_bus_free(bus);
}

/* A handler may move its own range: that is what a BAR does. */
static void test_change_from_handler(void)
{
	struct seen seen = { .answer = 9, .move_from = 0x1000, .move_to = 0x100 };
	struct io_bus *bus = new_bus();

	seen.bus = bus;
	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_MMIO, 0x1000, 16, serve, &seen), 0);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0x1000, 1), 9);
	seen.bus = NULL;
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0x1000, 1), 0xff);
	CU_ASSERT_EQUAL(get(bus, IO_SPACE_MMIO, 0x100, 1), 9);
	io_bus_free(bus);
}

/* Counts without care: only the bus's lock keeps two threads apart. */
static void count(void *ctx, struct io_access *access)
{
	volatile unsigned int *counter = ctx;

	*counter = *counter + 1;
	access->data = 0;
}

#define ACCESSES 20000

static void *hammer(void *arg)
{
	struct io_access access = { .space = IO_SPACE_PORT, .size = 1, .addr = 0x80 };
	unsigned int i;

	for (i = 0; i < ACCESSES; i++)
		io_bus_access(arg, &access);
	return NULL;
}

static void test_lock(void)
{
	unsigned int counter = 0, i;
	struct io_bus *bus = new_bus();
	pthread_t threads[2];

	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_PORT, 0x80, 1, count, &counter), 0);
	for (i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, hammer, bus), 0);
	for (i = 0; i < ACCESSES; i++) {
		io_bus_lock(bus);
		counter++;
		io_bus_unlock(bus);
	}
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(counter, 3 * ACCESSES);
	io_bus_free(bus);
}

static const struct unit_test tests[] = {
	{ "claims", test_claims },
	{ "accesses", test_accesses },
	{ "where nobody answers", test_nobody },
	{ "many", test_many },
	{ "changed by a handler", test_change_from_handler },
	{ "lock", test_lock },
};

UNIT_MAIN("io bus", tests)
