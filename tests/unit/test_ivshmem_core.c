/* SPDX-License-Identifier: BSD-3-Clause */
/* The ivshmem device without bus, region and server: registers and memory. */
#include "hw/pci/ivshmem_core.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/pci/ivshmem_options.h"
#include "lib/fds.h"
#include "lib/util.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/unit.h"

#define NOWHERE IVSHMEM_UNPLACED

static void test_options_reach_the_region(void)
{
	struct ivshmem_options options = {
		.size = 64 * MIB,
		.keep = true,
		.prefault = true,
		.lock = true,
		.hugepage_size = 2 * MIB,
		.group = "kvm",
		.shm_object = "/demo",
	};
	struct core_carrier carrier = { 0 };
	struct ivshmem_core core;
	struct error err;

	memset(&core_region, 0, sizeof(core_region));
	core_mapped = NOWHERE;
	CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&options.name, "dm:/demo", NULL), 0);
	CU_ASSERT_EQUAL(core_init(&core, &carrier, &options, &err), 0);
	CU_ASSERT_STRING_EQUAL(core_region.params.name.text, "dm:/demo");
	CU_ASSERT_EQUAL(core_region.params.size, 64 * MIB);
	CU_ASSERT(core_region.params.keep);
	CU_ASSERT(core_region.params.prefault);
	CU_ASSERT(core_region.params.lock);
	CU_ASSERT_EQUAL(core_region.params.hugepage_size, 2 * MIB);
	CU_ASSERT_STRING_EQUAL(core_region.params.group, "kvm");
	CU_ASSERT_STRING_EQUAL(core_region.params.shm_object, "/demo");
	/* Nothing is shown to the guest before it placed the BAR. */
	CU_ASSERT_EQUAL(carrier.maps, 0);
	core_end(&core);
}

static void test_no_region(void)
{
	static const struct ivshmem_options options = { .size = CORE_SIZE };
	struct core_carrier carrier = { 0 };
	struct error err = { "" };
	struct ivshmem_core core;

	memset(&core_region, 0, sizeof(core_region));
	core_region.attach_result = -EPERM;
	CU_ASSERT_EQUAL(core_init(&core, &carrier, &options, &err), -EPERM);
	CU_ASSERT_STRING_EQUAL(err.text, "fake region");
	ivshmem_core_fini(&core);
	CU_ASSERT_EQUAL(carrier.unmaps, 0);
}

static void test_registers(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	uint64_t offset;

	core_begin(&core, &carrier);
	for (offset = 0; offset < IVSHMEM_REGISTERS_SIZE; offset += 4)
		CU_ASSERT_EQUAL(core_get(&core, offset, 4), 0);
	for (offset = 0; offset < IVSHMEM_REGISTERS_SIZE; offset += 4)
		ivshmem_core_write(&core, offset, 4, 0xa5000000 + offset);
	CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_INTR_MASK, 4), 0xa5000000);
	CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_INTR_MASK, 4), 0xa5000000);
	CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_INTR_STATUS, 4), 0xa5000004);
	for (offset = 4; offset < IVSHMEM_REGISTERS_SIZE; offset += 4)
		CU_ASSERT_EQUAL(core_get(&core, offset, 4), 0);
	ivshmem_core_write(&core, IVSHMEM_INTR_MASK, 4, 0);
	CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_INTR_MASK, 4), 0);
	core_end(&core);
}

static void test_position(void)
{
	static const uint16_t positions[] = { 0, 1, 0x1234, 0xffff };
	struct core_carrier carrier;
	struct ivshmem_core core;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(positions); i++) {
		core_begin(&core, &carrier);
		CU_ASSERT_EQUAL(core.position, 0);
		core.position = positions[i];
		ivshmem_core_write(&core, IVSHMEM_IV_POSITION, 4, 0xdeadbeef);
		CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_IV_POSITION, 4), positions[i]);
		ivshmem_core_reset(&core);
		CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_IV_POSITION, 4), positions[i]);
		core_end(&core);
	}
}

/* Reads of other sizes and offsets: mask 0x44332211, status 0x88776655, position 0xabcd. */
static void test_odd_reads(void)
{
	static const struct {
		uint64_t offset;
		unsigned int size;
		uint64_t value;
		uint32_t status_after;
	} rows[] = {
		{ 0, 1, 0x11, 0x88776655 },
		{ 0, 2, 0x2211, 0x88776655 },
		{ 0, 8, 0x8877665544332211, 0 },
		{ 1, 1, 0, 0x88776655 },
		{ 2, 1, 0, 0x88776655 },
		{ 2, 2, 0, 0x88776655 },
		{ 3, 4, 0, 0x88776655 },
		{ 1, 8, 0, 0x88776655 },
		{ 4, 1, 0x55, 0 },
		{ 4, 2, 0x6655, 0 },
		{ 4, 8, 0x0000abcd88776655, 0 },
		{ 5, 1, 0, 0x88776655 },
		{ 6, 2, 0, 0x88776655 },
		{ 7, 1, 0, 0x88776655 },
		{ 8, 1, 0xcd, 0x88776655 },
		{ 8, 2, 0xabcd, 0x88776655 },
		{ 8, 8, 0xabcd, 0x88776655 },
		{ 9, 1, 0, 0x88776655 },
		{ 12, 1, 0, 0x88776655 },
		{ 12, 8, 0, 0x88776655 },
		{ 0xf8, 8, 0, 0x88776655 },
		{ 0xff, 1, 0, 0x88776655 },
	};
	struct core_carrier carrier;
	struct ivshmem_core core;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		core_begin(&core, &carrier);
		ivshmem_core_write(&core, 0, 4, 0x44332211);
		ivshmem_core_write(&core, 4, 4, 0x88776655);
		core.position = 0xabcd;
		CU_ASSERT_EQUAL(core_get(&core, rows[i].offset, rows[i].size), rows[i].value);
		CU_ASSERT_EQUAL(core_get(&core, 4, 4), rows[i].status_after);
		CU_ASSERT_EQUAL(core_get(&core, 0, 4), 0x44332211);
		core_end(&core);
	}
}

/* Writes of other sizes and offsets onto all ones: widened with zeros to the whole register. */
static void test_odd_writes(void)
{
	static const struct {
		uint64_t offset;
		unsigned int size;
		uint64_t value;
		uint32_t mask, status;
	} rows[] = {
		{ 0, 1, 0xaa, 0xaa, UINT32_MAX },
		{ 1, 1, 0xaa, 0xaa, UINT32_MAX },
		{ 3, 1, 0xaa, 0xaa, UINT32_MAX },
		{ 0, 2, 0xaabb, 0xaabb, UINT32_MAX },
		{ 2, 2, 0xaabb, 0xaabb, UINT32_MAX },
		{ 4, 1, 0xaa, UINT32_MAX, 0xaa },
		{ 7, 1, 0xaa, UINT32_MAX, 0xaa },
		{ 6, 2, 0xaabb, UINT32_MAX, 0xaabb },
		{ 0, 8, 0x1122334455667788, 0x55667788, 0x11223344 },
		{ 4, 8, 0x1122334455667788, UINT32_MAX, 0x55667788 },
		{ 8, 4, 0, UINT32_MAX, UINT32_MAX },
		{ 8, 8, 0, UINT32_MAX, UINT32_MAX },
		{ 12, 4, 0, UINT32_MAX, UINT32_MAX },
		{ 0xd, 1, 0, UINT32_MAX, UINT32_MAX },
		{ 16, 4, 0, UINT32_MAX, UINT32_MAX },
		{ 0xf8, 8, 0, UINT32_MAX, UINT32_MAX },
		{ 0xff, 1, 0, UINT32_MAX, UINT32_MAX },
	};
	struct core_carrier carrier;
	struct ivshmem_core core;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		core_begin(&core, &carrier);
		ivshmem_core_write(&core, 0, 8, UINT64_MAX);
		ivshmem_core_write(&core, rows[i].offset, rows[i].size, rows[i].value);
		CU_ASSERT_EQUAL(core_get(&core, 0, 4), rows[i].mask);
		CU_ASSERT_EQUAL(core_get(&core, 4, 4), rows[i].status);
		core_end(&core);
	}
}

static void test_reset(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;

	core_begin(&core, &carrier);
	ivshmem_core_write(&core, 0, 8, UINT64_MAX);
	ivshmem_core_place_memory(&core, 0x1000);
	ivshmem_core_reset(&core);
	CU_ASSERT_EQUAL(core_get(&core, 0, 8), 0);
	CU_ASSERT_EQUAL(core_region.attached, 1);
	/* Where the memory is, is the bus's business. */
	CU_ASSERT_EQUAL(core_mapped, 0x1000);
	core_end(&core);
}

static void test_memory_moves(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;

	core_begin(&core, &carrier);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(carrier.maps + carrier.unmaps, 0);
	ivshmem_core_place_memory(&core, 0); /* an address like any other */
	CU_ASSERT_EQUAL(core_mapped, 0);
	ivshmem_core_place_memory(&core, 0);
	CU_ASSERT_EQUAL(carrier.maps, 1);
	ivshmem_core_place_memory(&core, 0x90000000);
	CU_ASSERT_EQUAL(core_mapped, 0x90000000);
	CU_ASSERT_EQUAL(carrier.unmaps, 1);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(core_mapped, NOWHERE);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(carrier.unmaps, 2);
	ivshmem_core_place_memory(&core, 0xa0000000);
	core_end(&core);
	CU_ASSERT_EQUAL(carrier.maps, 3);
	CU_ASSERT_EQUAL(carrier.unmaps, 3);
}

static void test_unmappable(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;

	core_begin(&core, &carrier);
	ivshmem_core_place_memory(&core, 0x90000000);
	carrier.map_result = -EINVAL;
	ivshmem_core_place_memory(&core, 0xfffffffffe000000);
	CU_ASSERT_EQUAL(core_mapped, NOWHERE);
	CU_ASSERT_EQUAL(core.placed, NOWHERE);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(carrier.unmaps, 1);
	carrier.map_result = 0;
	ivshmem_core_place_memory(&core, 0xfffffffffe000000);
	CU_ASSERT_EQUAL(core_mapped, 0xfffffffffe000000);
	core_end(&core);
	CU_ASSERT_EQUAL(carrier.unmaps, 2);
}

/* Where it is not mapped, each access comes to the core. */
static void test_memory_accesses(void)
{
	static const struct {
		uint64_t offset;
		unsigned int size;
		uint64_t value;
	} rows[] = {
		{ 0, 1, 0x30 },
		{ 0, 2, 0x3130 },
		{ 0, 4, 0x33323130 },
		{ 0, 8, 0x3736353433323130 },
		{ 1, 1, 0x31 },
		{ 1, 2, 0x3231 },
		{ 3, 4, 0x36353433 },
		{ 5, 8, 0x0000003938373635 },
		{ CORE_SIZE - 1, 1, 0 },
		{ CORE_SIZE - 8, 8, 0 },
		{ CORE_SIZE - 1, 2, UINT64_MAX },
		{ CORE_SIZE - 4, 8, UINT64_MAX },
		{ CORE_SIZE, 1, UINT64_MAX },
		{ UINT64_MAX, 1, UINT64_MAX },
	};
	unsigned char want[16];
	struct core_carrier carrier;
	struct ivshmem_core core;
	size_t i;

	core_begin(&core, &carrier);
	core_region.fd = memfd_create("test", MFD_CLOEXEC);
	CU_ASSERT_EQUAL_FATAL(ftruncate(core_region.fd, CORE_SIZE), 0);
	memset(core_region.memory, 0, CORE_SIZE);
	memcpy(core_region.memory, "0123456789", 10);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		CU_ASSERT_EQUAL(ivshmem_core_read_memory(&core, rows[i].offset, rows[i].size),
				rows[i].value);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(core_region.memory, 0x55, CORE_SIZE);
		ivshmem_core_write_memory(&core, rows[i].offset, rows[i].size, rows[i].value);
		memset(want, 0x55, sizeof(want));
		if (rows[i].offset < 8)
			memcpy(want + rows[i].offset, &rows[i].value, rows[i].size);
		CU_ASSERT_EQUAL(memcmp(core_region.memory, want, sizeof(want)), 0);
	}
	ivshmem_core_write_memory(&core, CORE_SIZE - 1, 1, 0xaa);
	ivshmem_core_write_memory(&core, CORE_SIZE - 4, 2, 0xccbb);
	CU_ASSERT_EQUAL(ivshmem_core_read_memory(&core, CORE_SIZE - 4, 4), 0xaa55ccbb);
	fd_close(&core_region.fd);
	core_end(&core);
}

static const struct unit_test tests[] = {
	{ "options reach the region", test_options_reach_the_region },
	{ "no region", test_no_region },
	{ "registers", test_registers },
	{ "IVPosition", test_position },
	{ "reads of other sizes and offsets", test_odd_reads },
	{ "writes of other sizes and offsets", test_odd_writes },
	{ "reset", test_reset },
	{ "memory moves", test_memory_moves },
	{ "addresses that cannot be mapped", test_unmappable },
	{ "accesses to memory that is not mapped", test_memory_accesses },
};

UNIT_MAIN("ivshmem core", tests)
