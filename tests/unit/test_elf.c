/* SPDX-License-Identifier: BSD-3-Clause */
/* ELF images: where their segments go, and damaged ones. */
#include "devicemodel/boot/elf.h"

#include <CUnit/CUnit.h>
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "devicemodel/boot/acpi.h"
#include "devicemodel/boot/layout.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine_map.h"
#include "lib/util.h"
#include "tests/unit/guarded_memory.h"
#include "tests/unit/load.h"
#include "tests/unit/unit.h"

#define LOW (16 * MIB)
#define FILE_SIZE 0x4000
#define DATA_OFFSET 0x1000 /* byte i of the file has value i >> 8 from here on */

/* In the wider types; written to the file in either class. */
struct fake_elf {
	bool is_64;
	Elf64_Ehdr header;
	Elf64_Phdr segments[80];
	size_t size;
};

static void elf_make(struct fake_elf *elf, bool is_64)
{
	memset(elf, 0, sizeof(*elf));
	elf->is_64 = is_64;
	elf->size = FILE_SIZE;
	memcpy(elf->header.e_ident, ELFMAG, SELFMAG);
	elf->header.e_ident[EI_CLASS] = is_64 ? ELFCLASS64 : ELFCLASS32;
	elf->header.e_ident[EI_DATA] = ELFDATA2LSB;
	elf->header.e_ident[EI_VERSION] = EV_CURRENT;
	elf->header.e_type = ET_EXEC;
	elf->header.e_machine = is_64 ? EM_X86_64 : EM_386;
	elf->header.e_version = EV_CURRENT;
	elf->header.e_entry = MIB + 0x10;
	elf->header.e_phoff = 0x100;
	elf->header.e_phentsize = is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	elf->header.e_phnum = 2;
	elf->segments[0] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = 0x1000,
		.p_vaddr = MIB,
		.p_paddr = MIB,
		.p_filesz = 0x1000,
		.p_memsz = 0x1000,
	};
	elf->segments[1] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = 0x2000,
		.p_vaddr = 2 * MIB,
		.p_paddr = 2 * MIB,
		.p_filesz = 0x800,
		.p_memsz = 0x3000,
	};
}

static void write_header_32(const Elf64_Ehdr *from, uint8_t *file)
{
	Elf32_Ehdr to = {
		.e_type = from->e_type,
		.e_machine = from->e_machine,
		.e_version = from->e_version,
		.e_entry = (uint32_t)from->e_entry,
		.e_phoff = (uint32_t)from->e_phoff,
		.e_phentsize = from->e_phentsize,
		.e_phnum = from->e_phnum,
	};

	memcpy(to.e_ident, from->e_ident, EI_NIDENT);
	memcpy(file, &to, sizeof(to));
}

static void write_segment_32(const Elf64_Phdr *from, uint8_t *file)
{
	const Elf32_Phdr to = {
		.p_type = from->p_type,
		.p_offset = (uint32_t)from->p_offset,
		.p_vaddr = (uint32_t)from->p_vaddr,
		.p_paddr = (uint32_t)from->p_paddr,
		.p_filesz = (uint32_t)from->p_filesz,
		.p_memsz = (uint32_t)from->p_memsz,
	};

	memcpy(file, &to, sizeof(to));
}

static void elf_write(const struct fake_elf *elf, uint8_t file[FILE_SIZE])
{
	unsigned int i;

	memset(file, 0, DATA_OFFSET);
	for (i = DATA_OFFSET; i < FILE_SIZE; i++)
		file[i] = (uint8_t)(i >> 8);
	if (elf->is_64) {
		memcpy(file, &elf->header, sizeof(elf->header));
		memcpy(file + 0x100, elf->segments, 60 * sizeof(elf->segments[0]));
		return;
	}
	write_header_32(&elf->header, file);
	for (i = 0; i < ARRAY_SIZE(elf->segments); i++)
		write_segment_32(&elf->segments[i], file + 0x100 + i * sizeof(Elf32_Phdr));
}

static void load_run(struct load *load, const struct fake_elf *elf)
{
	static uint8_t file[FILE_SIZE];

	elf_write(elf, file);
	load_init(load, LOW, 2 * MIB, file, elf->size, 0);
	load->result = elf_boot(&load->image, load->memory, &load->start, &load->err);
}

static uint8_t byte_at(const struct load *load, uint64_t gpa)
{
	const uint8_t *byte = memory_ram(load->memory, gpa, 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(byte);
	return *byte;
}

static void test_segments(void)
{
	struct fake_elf elf;
	struct load load;
	int is_64;

	for (is_64 = 0; is_64 <= 1; is_64++) {
		elf_make(&elf, is_64);
		load_run(&load, &elf);
		CU_ASSERT_EQUAL_FATAL(load.result, 0);
		CU_ASSERT_EQUAL(load.start.rip, MIB + 0x10);
		CU_ASSERT_EQUAL(load.start.rax, 0);
		CU_ASSERT_EQUAL(load.start.rbx, 0);
		CU_ASSERT(!load.start.long_mode);
		CU_ASSERT_EQUAL(byte_at(&load, MIB), 0x10);
		CU_ASSERT_EQUAL(byte_at(&load, MIB + 0xfff), 0x1f);
		CU_ASSERT_EQUAL(byte_at(&load, 2 * MIB), 0x20);
		CU_ASSERT_EQUAL(byte_at(&load, 2 * MIB + 0x7ff), 0x27);
		CU_ASSERT(guarded_memory_is_zero(load.memory, MIB + 0x1000, MIB - 0x1000));
		CU_ASSERT(guarded_memory_is_zero(load.memory, 2 * MIB + 0x800, MIB));
		load_fini(&load);
	}
}

static void test_gdt(void)
{
	struct fake_elf elf;
	const uint64_t *gdt;
	struct load load;

	/* Low memory is the image's but for one page, which the GDT finds. */
	elf_make(&elf, false);
	elf.header.e_phnum = 3;
	elf.segments[1].p_paddr = 0;
	elf.segments[1].p_memsz = 0x40000;
	elf.segments[2] = elf.segments[1];
	elf.segments[2].p_paddr = 0x41000;
	elf.segments[2].p_memsz = MACHINE_LOW_RAM_END - 0x41000;
	load_run(&load, &elf);
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	CU_ASSERT_EQUAL(load.start.gdt_base, 0x40000);
	CU_ASSERT_EQUAL(load.start.gdt_limit, 31);
	gdt = memory_ram(load.memory, load.start.gdt_base, 32);
	CU_ASSERT_PTR_NOT_NULL_FATAL(gdt);
	CU_ASSERT_EQUAL(gdt[2], UINT64_C(0x00cf9b000000ffff)); /* SDM 3A 3.4.5: code, D, present */
	CU_ASSERT_EQUAL(gdt[3], UINT64_C(0x00cf93000000ffff));
	CU_ASSERT_EQUAL(byte_at(&load, 0), 0x20);
	CU_ASSERT_EQUAL(byte_at(&load, 0x41000), 0x20);
	load_fini(&load);
	/* And then not even that one. */
	elf.segments[1].p_memsz = 0x41000;
	load_run(&load, &elf);
	CU_ASSERT_EQUAL(load.result, -ENOSPC);
	CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "the GDT (32 bytes) does not fit"));
	load_fini(&load);
}

/* Linkers put the file's headers in front of a text section at 1 MiB. */
static void test_just_below_text(void)
{
	struct fake_elf elf;
	struct load load;

	elf_make(&elf, true);
	elf.segments[1].p_paddr = MIB - 0x1000;
	elf.segments[1].p_memsz = 0x1000;
	load_run(&load, &elf);
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	CU_ASSERT_EQUAL(byte_at(&load, MIB - 0x1000), 0x20);
	load_fini(&load);
}

static void test_entries(void)
{
	static const struct {
		uint64_t vaddr, entry;
		int result;
		uint64_t expected;
	} cases[] = {
		{ MIB, MIB, 0, MIB },
		{ MIB, MIB + 0xfff, 0, MIB + 0xfff },
		{ MIB, MIB + 0x1000, -EINVAL, 0 },
		{ MIB, MIB - 1, -EINVAL, 0 },
		{ MIB, 0, -EINVAL, 0 },
		{ MIB, 2 * MIB + 0x2fff, 0, 2 * MIB + 0x2fff },
		{ 0xc0100000, 0xc0100010, 0, MIB + 0x10 }, /* linked high, entry virtual */
		{ 0xc0100000, 0x100010, 0, MIB + 0x10 },   /* and physical */
		{ 0xc0100000, 0xc0101000, -EINVAL, 0 },
	};
	struct fake_elf elf;
	struct load load;
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		elf_make(&elf, i & 1);
		elf.segments[0].p_vaddr = cases[i / 2].vaddr;
		elf.header.e_entry = cases[i / 2].entry;
		load_run(&load, &elf);
		CU_ASSERT_EQUAL(load.result, cases[i / 2].result);
		CU_ASSERT_EQUAL(load.start.rip, load.result == 0 ? cases[i / 2].expected : 77);
		if (load.result < 0)
			CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "lies in no segment"));
		load_fini(&load);
	}
}

static void test_above_4g(void)
{
	struct fake_elf elf;
	struct load load;

	elf_make(&elf, true);
	elf.segments[1].p_paddr = 4 * GIB;
	load_run(&load, &elf);
	CU_ASSERT_EQUAL(load.result, 0);
	CU_ASSERT_EQUAL(byte_at(&load, 4 * GIB), 0x20);
	load_fini(&load);
	elf.header.e_entry = 4 * GIB + 0x10;
	elf.segments[1].p_vaddr = 4 * GIB;
	load_run(&load, &elf);
	CU_ASSERT_EQUAL(load.result, -ENOTSUP);
	CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "beyond the 4 GiB"));
	load_fini(&load);
}

#define HEADER(name) offsetof(struct fake_elf, header.name), sizeof(((Elf64_Ehdr *)0)->name)
#define IDENT(index) offsetof(struct fake_elf, header.e_ident) + (index), 1
#define SEGMENT(n, name)                                                                           \
	offsetof(struct fake_elf, segments[n].name), sizeof(((Elf64_Phdr *)0)->name)

struct damage {
	size_t offset, size;
	uint64_t value;
	int result;
	const char *message;
};

static void check_damage(const struct damage *damage, bool is_64)
{
	struct fake_elf elf;
	struct load load;

	elf_make(&elf, is_64);
	memcpy((char *)&elf + damage->offset, &damage->value, damage->size);
	load_run(&load, &elf);
	CU_ASSERT_EQUAL(load.result, damage->result);
	CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, damage->message));
	CU_ASSERT_EQUAL(strncmp(load.err.text, "/proc/self/fd/", 14), 0);
	load_fini(&load);
}

static void test_damage(void)
{
	static const struct damage cases[] = {
		{ IDENT(0), 0, -EINVAL, "is not an ELF file" },
		{ IDENT(EI_CLASS), 3, -EINVAL, "class 3 is neither" },
		{ IDENT(EI_CLASS), 0, -EINVAL, "class 0 is neither" },
		{ IDENT(EI_DATA), ELFDATA2MSB, -ENOTSUP, "little-endian" },
		{ IDENT(EI_VERSION), 0, -EINVAL, "version 0 is not 1" },
		{ HEADER(e_type), ET_REL, -ENOTSUP, "of type 1: link it" },
		{ HEADER(e_type), ET_CORE, -ENOTSUP, "of type 4" },
		{ HEADER(e_machine), EM_AARCH64, -ENOTSUP, "for machine 183, not for x86" },
		{ HEADER(e_phnum), 0, -EINVAL, "no segments" },
		{ HEADER(e_phnum), 257, -E2BIG, "257 program headers, at most 256" },
		{ HEADER(e_phnum), PN_XNUM, -E2BIG, "65535 program headers" },
		{ HEADER(e_phentsize), 0, -EINVAL, "program headers of 0 bytes" },
		{ HEADER(e_phentsize), 57, -EINVAL, "program headers of 57 bytes" },
		{ HEADER(e_phoff), FILE_SIZE, -ENODATA, "program header table should end at" },
		{ HEADER(e_phoff), 0xffffffff, -ENODATA, "program header table should end at" },
		{ SEGMENT(0, p_offset), FILE_SIZE - 0xfff, -ENODATA,
		  "a segment should end at byte 16385" },
		{ SEGMENT(0, p_offset), 0xffffffff, -ENODATA, "a segment should end at" },
		{ SEGMENT(0, p_filesz), 0x1001, -EINVAL,
		  "0x1001 bytes in the file but 0x1000 in memory" },
		{ SEGMENT(0, p_memsz), 0xfff, -EINVAL,
		  "0x1000 bytes in the file but 0xfff in memory" },
		{ SEGMENT(0, p_memsz), MIB + 1, -EEXIST, "overlaps a segment" },
		{ SEGMENT(1, p_memsz), 14 * MIB + 1, -EFAULT, "needs 17 MiB, the VM has 18 MiB" },
		{ SEGMENT(1, p_memsz), 0xffffffff, -EFAULT, "no RAM" },
		{ SEGMENT(1, p_paddr), MIB + 0xfff, -EEXIST,
		  "overlaps a segment (0x100000 to 0x101000)" },
		{ SEGMENT(1, p_paddr), MACHINE_BIOS_BASE, -EEXIST, "overlaps the BIOS area" },
		{ SEGMENT(1, p_paddr), ACPI_AREA_END - 1, -EEXIST, "overlaps the BIOS area" },
		{ SEGMENT(1, p_paddr), 0xa0000, -EEXIST, "overlaps the BIOS area" },
		{ SEGMENT(1, p_paddr), LOW, -EFAULT, "raise -m" },
		{ SEGMENT(1, p_paddr), 0x80000000, -EFAULT, "no RAM" },
		{ SEGMENT(1, p_paddr), 0xfffff000, -EFAULT, "no RAM" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		check_damage(&cases[i], false);
		check_damage(&cases[i], true);
	}
}

static void test_damage_64(void)
{
	static const struct damage cases[] = {
		{ HEADER(e_machine), EM_386, -ENOTSUP, "for machine 3" },
		{ HEADER(e_phoff), UINT64_MAX, -ENODATA, "program header table should end at" },
		{ SEGMENT(0, p_offset), UINT64_MAX, -ENODATA, "a segment should end at" },
		{ SEGMENT(0, p_offset), UINT64_MAX - 0xfff, -ENODATA, "a segment should end at" },
		{ SEGMENT(0, p_memsz), UINT64_MAX, -EFAULT, "does not fit in memory" },
		{ SEGMENT(1, p_paddr), UINT64_MAX, -EFAULT, "does not fit in memory" },
		{ SEGMENT(1, p_paddr), UINT64_MAX - 0x2fff, -EFAULT, "does not fit in memory" },
		{ SEGMENT(1, p_paddr), 4 * GIB - 1, -EFAULT, "no RAM" },
		{ SEGMENT(1, p_paddr), 4 * GIB + 2 * MIB, -EFAULT, "raise -m" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_damage(&cases[i], true);
	check_damage(&(struct damage){ HEADER(e_machine), EM_X86_64, -ENOTSUP, "for machine 62" },
		     false);
}

static void test_many_segments(void)
{
	struct fake_elf elf;
	struct load load;
	unsigned int i;

	/* All but the first are empty: they take nothing and are not looked at. */
	elf_make(&elf, false);
	elf.header.e_phnum = 80;
	for (i = 1; i < 80; i++)
		elf.segments[i] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_paddr = 0xfffff000 };
	load_run(&load, &elf);
	CU_ASSERT_EQUAL(load.result, 0);
	load_fini(&load);
	for (i = 1; i < 80; i++)
		elf.segments[i] = (Elf64_Phdr){
			.p_type = PT_LOAD, .p_paddr = 2 * MIB + i * 16, .p_memsz = 16,
		};
	load_run(&load, &elf);
	CU_ASSERT_EQUAL(load.result, -E2BIG);
	CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "more parts than the 64"));
	load_fini(&load);
}

static void test_truncation(void)
{
	struct fake_elf elf;
	struct load load;
	int is_64;

	for (is_64 = 0; is_64 <= 1; is_64++) {
		elf_make(&elf, is_64);
		for (elf.size = 1; elf.size < 0x2800; elf.size += elf.size < 0x200 ? 1 : 61) {
			load_run(&load, &elf);
			CU_ASSERT_EQUAL(load.result, -ENODATA);
			CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "is truncated or damaged"));
			load_fini(&load);
		}
		elf.size = 0x2800;
		load_run(&load, &elf);
		CU_ASSERT_EQUAL(load.result, 0);
		load_fini(&load);
	}
}

static const struct unit_test tests[] = {
	{ "segments", test_segments },
	{ "place of the GDT", test_gdt },
	{ "headers below a text section at 1 MiB", test_just_below_text },
	{ "entry points", test_entries },
	{ "segments above 4 GiB", test_above_4g },
	{ "damage", test_damage },
	{ "damage that only one class can have", test_damage_64 },
	{ "many segments", test_many_segments },
	{ "truncated file", test_truncation },
};

UNIT_MAIN("elf", tests)
