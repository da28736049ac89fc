/* SPDX-License-Identifier: BSD-3-Clause */
/* Claims and places in guest memory. */
#include "devicemodel/boot/layout.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <string.h>

#include "devicemodel/boot/acpi.h"
#include "devicemodel/machine_map.h"
#include "lib/util.h"
#include "tests/unit/guarded_memory.h"
#include "tests/unit/unit.h"

#define LOW (8 * MIB)
#define HIGH (4 * MIB)

static void test_claims(void)
{
	static const struct {
		uint64_t base, size;
		int result;
		const char *message;
	} cases[] = {
		{ 0x1000, 0x1000, 0, "" },
		{ 0x1fff, 1, -EEXIST, "overlaps a part (0x1000 to 0x2000)" },
		{ 0x0, 0x1001, -EEXIST, "overlaps a part" },
		{ 0x0, 0x1000, 0, "" },
		{ 0x2000, 0, 0, "" },
		{ UINT64_MAX, 0, 0, "" },
		{ MACHINE_LOW_RAM_END - 1, 2, -EEXIST, "overlaps the BIOS area" },
		{ ACPI_AREA_END - 1, 1, -EEXIST, "overlaps the BIOS area" },
		{ ACPI_AREA_END, MIB - ACPI_AREA_END, 0, "" },
		{ LOW - 1, 1, 0, "" },
		{ LOW - 4, 2 * MIB, -EFAULT, "it needs 10 MiB, the VM has 12 MiB: raise -m" },
		{ LOW, 1, -EFAULT, "raise -m" },
		{ MEMORY_LOW_LIMIT - 1, 2, -EFAULT, "no RAM from 2 GiB to 4 GiB" },
		{ MEMORY_HIGH_BASE - 1, 2, -EFAULT, "no RAM from 2 GiB to 4 GiB" },
		{ MEMORY_HIGH_BASE, HIGH, 0, "" },
		{ MEMORY_HIGH_BASE + HIGH, 1, -EFAULT, "it needs 2053 MiB" },
		{ UINT64_MAX, 1, -EFAULT, "does not fit" },
		{ UINT64_MAX, UINT64_MAX, -EFAULT, "does not fit" },
		{ 0x3000, UINT64_MAX - 0x3000, -EFAULT, "does not fit" },
	};
	struct guest_memory *memory = guarded_memory_new(LOW, HIGH);
	struct layout layout;
	struct error err;
	size_t i;

	layout_init(&layout, memory, "image");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		err.text[0] = '\0';
		CU_ASSERT_EQUAL(layout_claim(&layout, cases[i].base, cases[i].size, "a part", &err),
				cases[i].result);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].message));
		CU_ASSERT_EQUAL(cases[i].result == 0, err.text[0] == '\0');
	}
	guarded_memory_free(memory);
}

static void test_places(void)
{
	static const struct {
		struct layout_wish wish;
		int result;
		uint64_t base;
	} cases[] = {
		/* Each takes its place, the next finds it taken. */
		{ { 0x10, 0x1000, 0x1000, 0x4000, true }, 0, 0x3000 },
		{ { 0x10, 0x10, 0x1000, 0x4000, true }, 0, 0x3ff0 },
		{ { 0x10, 0x1000, 0x1000, 0x4000, true }, 0, 0x2000 },
		{ { 0x10, 0x1000, 0x1000, 0x4000, false }, 0, 0x1000 },
		{ { 0x10, 0x1000, 0x1000, 0x4000, false }, -ENOSPC, 0 },
		{ { 0x10, 0x1000, 0x1000, 0x4000, true }, -ENOSPC, 0 },
		{ { 0x1000, 0x1000, 0x98000, MIB, false }, 0, 0x98000 },
		{ { 0x8000, 0x1000, 0x98000, MIB + 0x8000, false }, 0, ACPI_AREA_END },
		{ { 0x8000, 0x1000, 0, LOW, true }, 0, LOW - 0x8000 },
		{ { 0x8000, 0x1000, 0, LOW, true }, 0, LOW - 0x10000 },
		{ { LOW, 0x1000, 0, LOW, true }, -ENOSPC, 0 },
		{ { LOW, 0x1000, 0, LOW, false }, -ENOSPC, 0 },
		{ { UINT64_MAX, 0x1000, 0, LOW, true }, -ENOSPC, 0 },
		{ { UINT64_MAX, 0x1000, 0, LOW, false }, -ENOSPC, 0 },
		{ { 1, 0x1000, LOW, 2 * LOW, false }, -ENOSPC, 0 },
		{ { 1, 0x1000, 2 * LOW, LOW, false }, -ENOSPC, 0 },
		{ { 1, 0x1000, 2 * LOW, LOW, true }, -ENOSPC, 0 },
	};
	struct guest_memory *memory = guarded_memory_new(LOW, 0);
	struct layout layout;
	struct error err;
	uint64_t base;
	size_t i;

	layout_init(&layout, memory, "image");
	CU_ASSERT_EQUAL(layout_end(&layout), MIB);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		base = 0;
		CU_ASSERT_EQUAL(layout_place(&layout, &cases[i].wish, "it", &base, &err),
				cases[i].result);
		CU_ASSERT_EQUAL(base, cases[i].base);
	}
	CU_ASSERT_EQUAL(layout_end(&layout), LOW);
	guarded_memory_free(memory);
}

static void test_too_many(void)
{
	const struct layout_wish wish = { .size = 1, .alignment = 1, .from = 0, .limit = 0x1000 };
	struct guest_memory *memory = guarded_memory_new(LOW, 0);
	struct error err = { "" };
	struct layout layout;
	uint64_t base = 7;
	uint64_t i;

	layout_init(&layout, memory, "image");
	for (i = 1; i < LAYOUT_RANGES_MAX; i++)
		CU_ASSERT_EQUAL(layout_claim(&layout, 2 * i, 1, "it", &err), 0);
	CU_ASSERT_EQUAL(layout_claim(&layout, 2 * i, 1, "it", &err), -E2BIG);
	CU_ASSERT_EQUAL(layout_place(&layout, &wish, "it", &base, &err), -E2BIG);
	CU_ASSERT_EQUAL(base, 7);
	guarded_memory_free(memory);
}

static const struct unit_test tests[] = {
	{ "claims are RAM that nobody has", test_claims },
	{ "places are found from either end", test_places },
	{ "the number of parts is bounded", test_too_many },
};

UNIT_MAIN("layout", tests)
