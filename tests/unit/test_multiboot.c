/* SPDX-License-Identifier: BSD-3-Clause */
/* Multiboot images: the header, what the guest is told, and damaged ones. */
#include "devicemodel/boot/multiboot.h"

#include <CUnit/CUnit.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/boot/acpi.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine_map.h"
#include "lib/util.h"
#include "tests/unit/guarded_memory.h"
#include "tests/unit/load.h"
#include "tests/unit/unit.h"

#define LOW (16 * MIB)
#define MAGIC UINT32_C(0x1badb002)
#define FILE_SIZE 0x3000

/* Indices into the header's words (Multiboot Specification 3.1.1). */
enum { WORD_MAGIC, WORD_FLAGS, WORD_CHECKSUM, WORD_HEADER, WORD_LOAD, WORD_LOAD_END, WORD_BSS_END,
       WORD_ENTRY, WORDS };

struct fake_image {
	uint32_t words[WORDS];
	size_t header_offset, size;
	bool is_elf; /* with one segment, the whole file at 1 MiB */
};

static void set_flags(struct fake_image *fake, uint32_t flags)
{
	fake->words[WORD_FLAGS] = flags;
	fake->words[WORD_CHECKSUM] = 0 - MAGIC - flags;
}

/* A flat binary: the header at byte 0x40, the whole file loaded at 1 MiB, bss to 1 MiB + 64 KiB. */
static void fake_make(struct fake_image *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->header_offset = 0x40;
	fake->size = FILE_SIZE;
	fake->words[WORD_MAGIC] = MAGIC;
	set_flags(fake, 0x10003);
	fake->words[WORD_HEADER] = MIB + 0x40;
	fake->words[WORD_LOAD] = MIB;
	fake->words[WORD_BSS_END] = MIB + 0x10000;
	fake->words[WORD_ENTRY] = MIB + 0x80;
}

static void write_elf(uint8_t *file, size_t size)
{
	const Elf32_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_entry = MIB + 0x90,
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
	};
	const Elf32_Phdr segment = {
		.p_type = PT_LOAD,
		.p_vaddr = MIB,
		.p_paddr = MIB,
		.p_filesz = (uint32_t)size,
		.p_memsz = (uint32_t)size,
	};

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), &segment, sizeof(segment));
}

static void file_make(uint8_t file[FILE_SIZE], const struct fake_image *fake)
{
	size_t room = fake->header_offset < FILE_SIZE ? FILE_SIZE - fake->header_offset : 0;

	memset(file, 0x90, FILE_SIZE);
	if (fake->is_elf)
		write_elf(file, FILE_SIZE);
	memcpy(file + fake->header_offset, fake->words,
	       room < sizeof(fake->words) ? room : sizeof(fake->words));
}

static void image_make(struct image *image, const struct fake_image *fake)
{
	uint8_t file[FILE_SIZE];

	file_make(file, fake);
	test_image_init(image, file, fake->size);
}

static void load_run(struct load *load, const struct fake_image *fake, size_t module_size,
		     const char *bootargs, uint64_t low_size, uint64_t high_size)
{
	uint8_t file[FILE_SIZE];

	file_make(file, fake);
	load_init(load, low_size, high_size, file, fake->size, module_size);
	load->result = multiboot_load(&load->image, load->ramdisk_or_none, bootargs, load->memory,
				      &load->start, &load->err);
}

/* The information structure, as words (Multiboot Specification 3.3). */
static const uint32_t *info_of(const struct load *load)
{
	const uint32_t *info = memory_ram(load->memory, load->start.rbx, 88);

	CU_ASSERT_PTR_NOT_NULL_FATAL(info);
	return info;
}

static const char *string_at(const struct load *load, uint32_t gpa)
{
	const char *string = memory_ram(load->memory, gpa, 256);

	CU_ASSERT_PTR_NOT_NULL_FATAL(string);
	return string;
}

static void check_mmap(const struct load *load, uint64_t low_size, uint64_t high_size)
{
	const struct {
		uint64_t base, length;
		uint32_t type;
	} expected[] = {
		{ 0, 0x9fc00, 1 },
		{ 0x9fc00, 0x400, 2 },
		{ 0xe0000, 0x20000, 2 },
		{ MIB, low_size - MIB, 1 },
		{ 0xe0000000, 0x10000000, 2 },
		{ 4 * GIB, high_size, 1 },
	};
	const uint32_t *info = info_of(load);
	uint32_t count = high_size ? 6 : 5, i, size;
	const char *entry;

	CU_ASSERT_EQUAL_FATAL(info[11], count * 24);
	for (i = 0; i < count; i++) {
		entry = memory_ram(load->memory, info[12] + i * 24, 24);
		memcpy(&size, entry, 4);
		CU_ASSERT_EQUAL(size, 20);
		CU_ASSERT_EQUAL(memcmp(entry + 4, &expected[i], 20), 0);
	}
}

static void test_information(void)
{
	char expected[128];
	const uint32_t *info;
	struct fake_image fake;
	struct load load;

	fake_make(&fake);
	load_run(&load, &fake, 0, "one two", LOW, 2 * MIB);
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	CU_ASSERT_EQUAL(load.start.rax, 0x2badb002);
	CU_ASSERT_EQUAL(load.start.rip, MIB + 0x80);
	CU_ASSERT(!load.start.long_mode);
	CU_ASSERT_EQUAL(load.start.gdt_limit, 31);
	CU_ASSERT(load.start.rbx >= 4096 && load.start.rbx < MACHINE_LOW_RAM_END);
	info = info_of(&load);
	CU_ASSERT_EQUAL(info[0], 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
	CU_ASSERT_EQUAL(info[1], 639);
	CU_ASSERT_EQUAL(info[2], 15 * 1024);
	CU_ASSERT_EQUAL(info[5], 0);
	snprintf(expected, sizeof(expected), "%s one two", load.image.path);
	CU_ASSERT_STRING_EQUAL(string_at(&load, info[4]), expected);
	CU_ASSERT_STRING_EQUAL(string_at(&load, info[16]), "acrn-dm");
	check_mmap(&load, LOW, 2 * MIB);
	load_fini(&load);
	/* Without arguments the path stands alone. */
	load_run(&load, &fake, 0, "", LOW, 0);
	CU_ASSERT_STRING_EQUAL(string_at(&load, info_of(&load)[4]), load.image.path);
	check_mmap(&load, LOW, 0);
	load_fini(&load);
}

static void test_module(void)
{
	const uint32_t *info, *module;
	struct fake_image fake;
	struct load load;

	fake_make(&fake);
	load_run(&load, &fake, 5000, "", LOW, 0);
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	info = info_of(&load);
	CU_ASSERT_EQUAL(info[5], 1);
	module = memory_ram(load.memory, info[6], 16);
	CU_ASSERT_PTR_NOT_NULL_FATAL(module);
	CU_ASSERT_EQUAL(module[0], MIB + 0x10000); /* behind the bss */
	CU_ASSERT_EQUAL(module[1], module[0] + 5000);
	CU_ASSERT_STRING_EQUAL(string_at(&load, module[2]), load.ramdisk.path);
	CU_ASSERT_EQUAL(*(uint8_t *)memory_ram(load.memory, module[0], 1), 0x77);
	CU_ASSERT_EQUAL(*(uint8_t *)memory_ram(load.memory, module[1] - 1, 1), 0x77);
	load_fini(&load);
	load_run(&load, &fake, 15 * MIB - 0x10000, "", LOW, 0);
	CU_ASSERT_EQUAL(load.result, 0);
	load_fini(&load);
	load_run(&load, &fake, 15 * MIB - 0x10000 + 1, "", LOW, 0);
	CU_ASSERT_EQUAL(load.result, -EFAULT);
	CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text,
				      "it needs 17 MiB, the VM has 16 MiB: raise -m"));
	load_fini(&load);
}

static void test_addresses(void)
{
	struct fake_image fake;
	struct load load;

	/* Load from the header on, 0x1000 bytes, no bss. */
	fake_make(&fake);
	fake.words[WORD_HEADER] = fake.words[WORD_LOAD] = 2 * MIB;
	fake.words[WORD_LOAD_END] = 2 * MIB + 0x1000;
	fake.words[WORD_BSS_END] = 0;
	fake.words[WORD_ENTRY] = 2 * MIB + 0xfff;
	load_run(&load, &fake, 0, "", LOW, 0);
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	CU_ASSERT_EQUAL(load.start.rip, 2 * MIB + 0xfff);
	CU_ASSERT_EQUAL(*(uint32_t *)memory_ram(load.memory, 2 * MIB, 4), MAGIC);
	CU_ASSERT_EQUAL(*(uint8_t *)memory_ram(load.memory, 2 * MIB + 0xfff, 1), 0x90);
	CU_ASSERT(guarded_memory_is_zero(load.memory, 2 * MIB + 0x1000, MIB));
	CU_ASSERT(guarded_memory_is_zero(load.memory, MIB, MIB));
	load_fini(&load);
}

static void test_elf(void)
{
	struct fake_image fake;
	struct load load;

	fake_make(&fake);
	fake.is_elf = true;
	fake.header_offset = 0x100;
	set_flags(&fake, 3);
	load_run(&load, &fake, 0, "", LOW, 0);
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	CU_ASSERT_EQUAL(load.start.rip, MIB + 0x90);
	load_fini(&load);
	/* Addresses in the header go before those of the ELF file. */
	fake.words[WORD_HEADER] = MIB + 0x100;
	set_flags(&fake, 0x10003);
	load_run(&load, &fake, 0, "", LOW, 0);
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	CU_ASSERT_EQUAL(load.start.rip, MIB + 0x80);
	load_fini(&load);
}

static void test_search(void)
{
	static const struct {
		size_t offset;
		uint32_t flags;
		bool found;
	} cases[] = {
		{ 0, 3, true },
		{ 4, 0, true },
		{ 2, 3, false },
		{ 8192 - 12, 3, true },
		{ 8192 - 8, 3, false },
		{ 8192 - 32, 0x10003, true },
		{ 8192 - 28, 0x10003, true }, /* a header, but one that is cut: loading says so */
		{ 8192, 3, false },
	};
	struct fake_image fake;
	struct image image;
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_make(&fake);
		fake.header_offset = cases[i].offset;
		set_flags(&fake, cases[i].flags);
		image_make(&image, &fake);
		CU_ASSERT_EQUAL(multiboot_probe(&image), cases[i].found);
		image_fini(&image);
	}
	fake_make(&fake);
	fake.words[WORD_CHECKSUM]++;
	image_make(&image, &fake);
	CU_ASSERT(!multiboot_probe(&image));
	image_fini(&image);
	fake_make(&fake);
	fake.header_offset = 8192 - 28;
	load_run(&load, &fake, 0, "", LOW, 0);
	CU_ASSERT_EQUAL(load.result, -ENODATA);
	CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "do not end before byte 8192"));
	load_fini(&load);
}

static void test_flags(void)
{
	static const struct {
		uint32_t flags;
		int result;
		const char *message;
	} cases[] = {
		{ 0x10000, 0, "" },
		{ 0x10001, 0, "" },
		{ 0xffff0003, 0, "" }, /* what an image only offers */
		{ 0x10004, -ENOTSUP, "demands a video mode (flag bit 2)" },
		{ 0x10007, -ENOTSUP, "demands a video mode (flag bit 2)" },
		{ 0x10008, -ENOTSUP, "something unknown (flag bit 3)" },
		{ 0x18003, -ENOTSUP, "something unknown (flag bit 15)" },
		{ 0x3, -EINVAL, "without addresses (flag bit 16), and is no ELF file" },
	};
	struct fake_image fake;
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_make(&fake);
		set_flags(&fake, cases[i].flags);
		load_run(&load, &fake, 0, "", LOW, 0);
		CU_ASSERT_EQUAL(load.result, cases[i].result);
		CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, cases[i].message));
		load_fini(&load);
	}
}

static void test_damage(void)
{
	static const struct {
		unsigned int word;
		uint32_t value;
		int result;
		const char *message;
	} cases[] = {
		{ WORD_HEADER, MIB - 1, -EINVAL, "the header lies before what is loaded" },
		{ WORD_HEADER, 0, -EINVAL, "the header lies before what is loaded" },
		{ WORD_HEADER, MIB + 0x41, -EINVAL, "begins before the file" },
		{ WORD_HEADER, 0xffffffff, -EINVAL, "begins before the file" },
		{ WORD_LOAD, 0, -EINVAL, "begins before the file" },
		{ WORD_LOAD, 0xffffffff, -EINVAL, "the header lies before" },
		{ WORD_LOAD_END, MIB, -EINVAL, "end before they begin" },
		{ WORD_LOAD_END, 1, -EINVAL, "end before they begin" },
		{ WORD_LOAD_END, MIB + FILE_SIZE + 1, -ENODATA,
		  "the image should end at byte 12289" },
		{ WORD_LOAD_END, 0xffffffff, -EINVAL, "the bss ends before the data" },
		{ WORD_BSS_END, MIB + FILE_SIZE - 1, -EINVAL, "the bss ends before the data" },
		{ WORD_BSS_END, LOW + 1, -EFAULT, "it needs 17 MiB, the VM has 16 MiB: raise -m" },
		{ WORD_BSS_END, 0xffffffff, -EFAULT, "no RAM from 2 GiB" },
		{ WORD_ENTRY, MIB - 1, -EINVAL, "the entry lies outside" },
		{ WORD_ENTRY, MIB + 0x10000, -EINVAL, "the entry lies outside" },
		{ WORD_ENTRY, 0xffffffff, -EINVAL, "the entry lies outside" },
	};
	struct fake_image fake;
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_make(&fake);
		fake.words[cases[i].word] = cases[i].value;
		load_run(&load, &fake, 0, "", LOW, 0);
		CU_ASSERT_EQUAL(load.result, cases[i].result);
		CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, cases[i].message));
		load_fini(&load);
	}
}

static void test_bios_area(void)
{
	static const struct {
		uint32_t base;
		int result;
	} cases[] = {
		{ 0x1000, 0 },
		{ MACHINE_LOW_RAM_END - 0x10000, 0 },
		{ MACHINE_LOW_RAM_END - 0xffff, -EEXIST },
		{ MACHINE_BIOS_BASE, -EEXIST },
		{ ACPI_AREA_END - 1, -EEXIST },
		{ ACPI_AREA_END, 0 },
	};
	struct fake_image fake;
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_make(&fake);
		fake.words[WORD_LOAD] = cases[i].base;
		fake.words[WORD_HEADER] = cases[i].base + 0x40;
		fake.words[WORD_BSS_END] = cases[i].base + 0x10000;
		fake.words[WORD_ENTRY] = cases[i].base;
		load_run(&load, &fake, 0, "", LOW, 0);
		CU_ASSERT_EQUAL(load.result, cases[i].result);
		if (cases[i].result < 0)
			CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "overlaps the BIOS area"));
		/* The information found a place beside the image. */
		CU_ASSERT(!ranges_overlap(load.start.rbx, 1, cases[i].base, 0x10000));
		load_fini(&load);
	}
	/* All of low memory is the image's. */
	fake_make(&fake);
	fake.words[WORD_LOAD] = 0;
	fake.words[WORD_HEADER] = 0x40;
	fake.words[WORD_BSS_END] = (uint32_t)MACHINE_LOW_RAM_END;
	fake.words[WORD_ENTRY] = 0;
	load_run(&load, &fake, 0, "", LOW, 0);
	CU_ASSERT_EQUAL(load.result, -ENOSPC);
	CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "the multiboot information"));
	load_fini(&load);
}

static void test_long_command_line(void)
{
	struct fake_image fake;
	struct load load;
	size_t length = MIB;
	char *line = malloc(length + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(line);
	memset(line, 'x', length);
	line[length] = '\0';
	fake_make(&fake);
	load_run(&load, &fake, 0, line, LOW, 0);
	CU_ASSERT_EQUAL(load.result, -ENOSPC);
	load_fini(&load);
	line[500 * KIB] = '\0';
	load_run(&load, &fake, 0, line, LOW, 0);
	CU_ASSERT_EQUAL(load.result, 0);
	load_fini(&load);
	free(line);
}

static const struct unit_test tests[] = {
	{ "information structure", test_information },
	{ "module", test_module },
	{ "addresses in the header", test_addresses },
	{ "ELF file", test_elf },
	{ "search for the header", test_search },
	{ "flags", test_flags },
	{ "damaged addresses", test_damage },
	{ "images around the BIOS area", test_bios_area },
	{ "long command line", test_long_command_line },
};

UNIT_MAIN("multiboot", tests)
