/* SPDX-License-Identifier: BSD-3-Clause */
/* ELF images with a PVH entry point: the note, and what the guest is told. */
#include "devicemodel/boot/pvh.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <string.h>

#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine_map.h"
#include "lib/util.h"
#include "tests/unit/fake_images.h"
#include "tests/unit/guarded_memory.h"
#include "tests/unit/load.h"
#include "tests/unit/unit.h"

#define LOW (16 * MIB)
#define HIGH (1 * MIB)
#define RSDP UINT64_C(0xe0000)
#define NOTE_NAME_SIZE (FAKE_PVH_NOTES + 20)
#define NOTE_SIZE (FAKE_PVH_NOTES + 24)
#define NOTE_TYPE (FAKE_PVH_NOTES + 28)
#define NOTE_OWNER (FAKE_PVH_NOTES + 32)
#define NOTE_ENTRY (FAKE_PVH_NOTES + 36)
#define OTHER_SIZE (FAKE_PVH_NOTES + 4)

static void load_run(struct load *load, const uint8_t *file, size_t ramdisk_size,
		     const char *bootargs)
{
	load_init(load, LOW, HIGH, file, FAKE_IMAGE_SIZE, ramdisk_size);
	load->result = pvh_load(&load->image, load->ramdisk_or_none, bootargs, load->memory, RSDP,
				&load->start, &load->err);
}

static uint64_t word_at(const struct load *load, uint64_t gpa, size_t size)
{
	const void *ram = memory_ram(load->memory, gpa, size);
	uint64_t word = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(ram);
	memcpy(&word, ram, size);
	return word;
}

static void check_memory_map(const struct load *load)
{
	const struct {
		uint64_t base, size;
		uint32_t type, reserved;
	} expected[] = {
		{ 0, 0x9fc00, 1, 0 },
		{ 0x9fc00, 0x400, 2, 0 },
		{ 0xe0000, 0x20000, 2, 0 },
		{ MIB, LOW - MIB, 1, 0 },
		{ 0xe0000000, 0x10000000, 2, 0 },
		{ 4 * GIB, HIGH, 1, 0 },
	};
	uint64_t map = word_at(load, load->start.rbx + 40, 8);

	CU_ASSERT_EQUAL_FATAL(word_at(load, load->start.rbx + 48, 4), ARRAY_SIZE(expected));
	CU_ASSERT_EQUAL(memcmp(memory_ram(load->memory, map, sizeof(expected)), expected,
			       sizeof(expected)), 0);
}

static void test_start_info(void)
{
	uint8_t file[FAKE_IMAGE_SIZE];
	struct load load;
	uint64_t info;

	fake_image_make(FAKE_PVH, file);
	load_run(&load, file, 0, "one two");
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	CU_ASSERT_EQUAL(load.start.rip, MIB + 0x10);
	CU_ASSERT(!load.start.long_mode);
	CU_ASSERT_EQUAL(load.start.gdt_limit, 31);
	info = load.start.rbx;
	CU_ASSERT(info < MACHINE_LOW_RAM_END);
	CU_ASSERT_EQUAL(word_at(&load, info, 4), 0x336ec578);
	CU_ASSERT_EQUAL(word_at(&load, info + 4, 4), 1);
	CU_ASSERT_EQUAL(word_at(&load, info + 8, 4), 0);
	CU_ASSERT_EQUAL(word_at(&load, info + 12, 4), 0);
	CU_ASSERT_EQUAL(word_at(&load, info + 16, 8), 0);
	CU_ASSERT_STRING_EQUAL(memory_ram(load.memory, word_at(&load, info + 24, 8), 8), "one two");
	CU_ASSERT_EQUAL(word_at(&load, info + 32, 8), RSDP);
	check_memory_map(&load);
	load_fini(&load);
}

static void test_ramdisk(void)
{
	uint8_t file[FAKE_IMAGE_SIZE];
	uint64_t module, base;
	struct load load;

	fake_image_make(FAKE_PVH, file);
	load_run(&load, file, 5000, "");
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	CU_ASSERT_EQUAL(word_at(&load, load.start.rbx + 12, 4), 1);
	module = word_at(&load, load.start.rbx + 16, 8);
	base = word_at(&load, module, 8);
	CU_ASSERT_EQUAL(base, MIB + FAKE_IMAGE_SIZE);
	CU_ASSERT_EQUAL(word_at(&load, module + 8, 8), 5000);
	CU_ASSERT_EQUAL(word_at(&load, base, 1), 0x77);
	CU_ASSERT_EQUAL(word_at(&load, base + 4999, 2), 0x77);
	load_fini(&load);
	load_run(&load, file, 15 * MIB, "");
	CU_ASSERT_EQUAL(load.result, -EFAULT);
	CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text,
				      "it needs 17 MiB, the VM has 17 MiB: raise -m"));
	load_fini(&load);
}

static void test_notes(void)
{
	static const struct {
		size_t offset;
		uint32_t value;
		bool found;
	} cases[] = {
		{ NOTE_ENTRY, MIB, true },
		{ NOTE_TYPE, 17, false },
		{ NOTE_OWNER, 0x00554e47, false },
		{ NOTE_OWNER, 0x6e6e6558, false },
		{ NOTE_NAME_SIZE, 3, false },
		{ NOTE_NAME_SIZE, 5, false },
		{ NOTE_NAME_SIZE, 0xffffffff, false },
		{ NOTE_SIZE, 3, false },
		{ NOTE_SIZE, 5, false },
		{ NOTE_SIZE, 0xffffffff, false },
		{ NOTE_SIZE, 0xfffffffd, false },
		{ OTHER_SIZE, 0, false },
		{ OTHER_SIZE, 3, true },
		{ OTHER_SIZE, 0xffffffff, false },
		{ 0x38, 0, false }, /* no program headers */
		{ 0, 0, false },    /* no ELF file */
	};
	uint8_t file[FAKE_IMAGE_SIZE];
	struct image image;
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_image_make(FAKE_PVH, file);
		memcpy(file + cases[i].offset, &cases[i].value, sizeof(cases[i].value));
		test_image_init(&image, file, sizeof(file));
		CU_ASSERT_EQUAL(pvh_probe(&image), cases[i].found);
		image_fini(&image);
		load_run(&load, file, 0, "");
		CU_ASSERT_EQUAL(load.result, cases[i].found ? 0 : -ENOENT);
		load_fini(&load);
	}
}

static void test_entry_outside(void)
{
	static const uint32_t entries[] = {
		0, MIB - 1, MIB + FAKE_IMAGE_SIZE, MACHINE_BIOS_BASE, 0xffffffff,
	};
	uint8_t file[FAKE_IMAGE_SIZE];
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		fake_image_make(FAKE_PVH, file);
		memcpy(file + NOTE_ENTRY, &entries[i], sizeof(entries[i]));
		load_run(&load, file, 0, "");
		CU_ASSERT_EQUAL(load.result, -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "lies in no segment"));
		load_fini(&load);
	}
}

static const struct unit_test tests[] = {
	{ "start info", test_start_info },
	{ "ramdisk", test_ramdisk },
	{ "notes", test_notes },
	{ "entry point outside of the image", test_entry_outside },
};

UNIT_MAIN("pvh", tests)
