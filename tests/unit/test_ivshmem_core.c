/* SPDX-License-Identifier: BSD-3-Clause */
/* The ivshmem device without a bus and without a region: registers, and where its memory goes. */
#include "hw/pci/ivshmem_core.h"

#include <errno.h>
#include <string.h>

#include "devicemodel/hypervisor/io_access.h"
#include "hw/pci/ivshmem_options.h"
#include "ivshmem/region.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

#define SIZE (2 * MIB)
#define NOWHERE IVSHMEM_UNPLACED

/* In place of the region library: one region, which remembers how it was asked for. */
static struct {
	struct ivshmem_region_params params;
	int attach_result;
	int attached;
	int fd;
	char memory[1];
} region;

int ivshmem_region_attach(const struct ivshmem_region_params *params,
			  struct ivshmem_region **ret_region, struct error *err)
{
	region.params = *params;
	if (region.attach_result < 0)
		return error_set(err, region.attach_result, "fake region");
	region.attached++;
	*ret_region = (struct ivshmem_region *)(void *)&region;
	return 0;
}

static uint64_t host_mapped; /* where the carrier has the memory */

void ivshmem_region_detach(struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &region);
	/* The guest must not see memory that is gone. */
	CU_ASSERT_EQUAL(host_mapped, NOWHERE);
	region.attached--;
}

void *ivshmem_region_memory(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &region);
	return region.memory;
}

uint64_t ivshmem_region_size(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &region);
	return SIZE;
}

int ivshmem_region_fd(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &region);
	return region.fd;
}

const char *ivshmem_region_path(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &region);
	return "/dev/shm/fake";
}

struct carrier {
	unsigned int maps, unmaps;
	int map_result;
};

static int map_memory(void *ctx, uint64_t gpa, void *memory, uint64_t size)
{
	struct carrier *carrier = ctx;

	carrier->maps++;
	CU_ASSERT_EQUAL(host_mapped, NOWHERE);
	CU_ASSERT_PTR_EQUAL(memory, region.memory);
	CU_ASSERT_EQUAL(size, SIZE);
	if (carrier->map_result < 0)
		return carrier->map_result;
	host_mapped = gpa;
	return 0;
}

static void unmap_memory(void *ctx, uint64_t gpa)
{
	struct carrier *carrier = ctx;

	carrier->unmaps++;
	CU_ASSERT_EQUAL(gpa, host_mapped);
	host_mapped = NOWHERE;
}

static const struct ivshmem_host host = { .map_memory = map_memory, .unmap_memory = unmap_memory };

static int init(struct ivshmem_core *core, struct carrier *carrier,
		const struct ivshmem_options *options, struct error *err)
{
	const struct ivshmem_carrier carried = { .host = &host, .ctx = carrier, .tag = "test" };

	return ivshmem_core_init(core, options, &carried, err);
}

static void begin(struct ivshmem_core *core, struct carrier *carrier)
{
	static const struct ivshmem_options options = { .size = SIZE };
	struct error err;

	memset(&region, 0, sizeof(region));
	*carrier = (struct carrier){ 0 };
	host_mapped = NOWHERE;
	CU_ASSERT_EQUAL_FATAL(init(core, carrier, &options, &err), 0);
	CU_ASSERT_EQUAL(region.attached, 1);
}

static void end(struct ivshmem_core *core)
{
	ivshmem_core_fini(core);
	CU_ASSERT_EQUAL(region.attached, 0);
	/* Twice does not harm. */
	ivshmem_core_fini(core);
	CU_ASSERT_EQUAL(region.attached, 0);
}

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
	struct carrier carrier = { 0 };
	struct ivshmem_core core;
	struct error err;

	memset(&region, 0, sizeof(region));
	host_mapped = NOWHERE;
	CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&options.name, "dm:/demo", NULL), 0);
	CU_ASSERT_EQUAL(init(&core, &carrier, &options, &err), 0);
	CU_ASSERT_STRING_EQUAL(region.params.name.text, "dm:/demo");
	CU_ASSERT_EQUAL(region.params.size, 64 * MIB);
	CU_ASSERT(region.params.keep && region.params.prefault && region.params.lock);
	CU_ASSERT_EQUAL(region.params.hugepage_size, 2 * MIB);
	CU_ASSERT_STRING_EQUAL(region.params.group, "kvm");
	CU_ASSERT_STRING_EQUAL(region.params.shm_object, "/demo");
	/* Nothing is shown to the guest before it placed the BAR. */
	CU_ASSERT_EQUAL(carrier.maps, 0);
	end(&core);
}

static void test_no_region(void)
{
	static const struct ivshmem_options options = { .size = SIZE };
	struct carrier carrier = { 0 };
	struct error err = { "" };
	struct ivshmem_core core;

	memset(&region, 0, sizeof(region));
	region.attach_result = -EPERM;
	CU_ASSERT_EQUAL(init(&core, &carrier, &options, &err), -EPERM);
	CU_ASSERT_STRING_EQUAL(err.text, "fake region");
	ivshmem_core_fini(&core);
	CU_ASSERT_EQUAL(carrier.unmaps, 0);
}

static uint64_t get(struct ivshmem_core *core, uint64_t offset, unsigned int size)
{
	return ivshmem_core_read(core, offset, size) & io_size_mask(size);
}

static void test_registers(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	uint64_t offset;

	begin(&core, &carrier);
	for (offset = 0; offset < IVSHMEM_REGISTERS_SIZE; offset += 4)
		CU_ASSERT_EQUAL(get(&core, offset, 4), 0);
	for (offset = 0; offset < IVSHMEM_REGISTERS_SIZE; offset += 4)
		ivshmem_core_write(&core, offset, 4, 0xa5000000 + offset);
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_INTR_MASK, 4), 0xa5000000);
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_INTR_MASK, 4), 0xa5000000);
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_INTR_STATUS, 4), 0xa5000004);
	for (offset = 4; offset < IVSHMEM_REGISTERS_SIZE; offset += 4)
		CU_ASSERT_EQUAL(get(&core, offset, 4), 0);
	ivshmem_core_write(&core, IVSHMEM_INTR_MASK, 4, 0);
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_INTR_MASK, 4), 0);
	end(&core);
}

static void test_position(void)
{
	static const uint16_t positions[] = { 0, 1, 0x1234, 0xffff };
	struct carrier carrier;
	struct ivshmem_core core;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(positions); i++) {
		begin(&core, &carrier);
		CU_ASSERT_EQUAL(core.position, 0);
		core.position = positions[i];
		ivshmem_core_write(&core, IVSHMEM_IV_POSITION, 4, 0xdeadbeef);
		CU_ASSERT_EQUAL(get(&core, IVSHMEM_IV_POSITION, 4), positions[i]);
		ivshmem_core_reset(&core);
		CU_ASSERT_EQUAL(get(&core, IVSHMEM_IV_POSITION, 4), positions[i]);
		end(&core);
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
	struct carrier carrier;
	struct ivshmem_core core;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&core, &carrier);
		ivshmem_core_write(&core, 0, 4, 0x44332211);
		ivshmem_core_write(&core, 4, 4, 0x88776655);
		core.position = 0xabcd;
		CU_ASSERT_EQUAL(get(&core, rows[i].offset, rows[i].size), rows[i].value);
		CU_ASSERT_EQUAL(get(&core, 4, 4), rows[i].status_after);
		CU_ASSERT_EQUAL(get(&core, 0, 4), 0x44332211);
		end(&core);
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
	struct carrier carrier;
	struct ivshmem_core core;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&core, &carrier);
		ivshmem_core_write(&core, 0, 8, UINT64_MAX);
		ivshmem_core_write(&core, rows[i].offset, rows[i].size, rows[i].value);
		CU_ASSERT_EQUAL(get(&core, 0, 4), rows[i].mask);
		CU_ASSERT_EQUAL(get(&core, 4, 4), rows[i].status);
		end(&core);
	}
}

static void test_reset(void)
{
	struct carrier carrier;
	struct ivshmem_core core;

	begin(&core, &carrier);
	ivshmem_core_write(&core, 0, 8, UINT64_MAX);
	ivshmem_core_place_memory(&core, 0x1000);
	ivshmem_core_reset(&core);
	CU_ASSERT_EQUAL(get(&core, 0, 8), 0);
	CU_ASSERT_EQUAL(region.attached, 1);
	/* Where the memory is, is the bus's business. */
	CU_ASSERT_EQUAL(host_mapped, 0x1000);
	end(&core);
}

static void test_memory_moves(void)
{
	struct carrier carrier;
	struct ivshmem_core core;

	begin(&core, &carrier);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(carrier.maps + carrier.unmaps, 0);
	ivshmem_core_place_memory(&core, 0); /* an address like any other */
	CU_ASSERT_EQUAL(host_mapped, 0);
	ivshmem_core_place_memory(&core, 0);
	CU_ASSERT_EQUAL(carrier.maps, 1);
	ivshmem_core_place_memory(&core, 0x90000000);
	CU_ASSERT_EQUAL(host_mapped, 0x90000000);
	CU_ASSERT_EQUAL(carrier.unmaps, 1);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(host_mapped, NOWHERE);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(carrier.unmaps, 2);
	ivshmem_core_place_memory(&core, 0xa0000000);
	end(&core);
	CU_ASSERT_EQUAL(carrier.maps, 3);
	CU_ASSERT_EQUAL(carrier.unmaps, 3);
}

static void test_unmappable(void)
{
	struct carrier carrier;
	struct ivshmem_core core;

	begin(&core, &carrier);
	ivshmem_core_place_memory(&core, 0x90000000);
	carrier.map_result = -EINVAL;
	ivshmem_core_place_memory(&core, 0xfffffffffe000000);
	CU_ASSERT_EQUAL(host_mapped, NOWHERE);
	CU_ASSERT_EQUAL(core.placed, NOWHERE);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(carrier.unmaps, 1);
	carrier.map_result = 0;
	ivshmem_core_place_memory(&core, 0xfffffffffe000000);
	CU_ASSERT_EQUAL(host_mapped, 0xfffffffffe000000);
	end(&core);
	CU_ASSERT_EQUAL(carrier.unmaps, 2);
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
};

UNIT_MAIN("ivshmem core", tests)
