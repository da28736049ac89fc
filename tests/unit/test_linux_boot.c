/* SPDX-License-Identifier: BSD-3-Clause */
/* bzImages: what the kernel finds, and damaged or unfitting ones. */
#include "devicemodel/boot/linux.h"

#include <CUnit/CUnit.h>
#include <asm/bootparam.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/boot/cpu_tables.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine_map.h"
#include "lib/util.h"
#include "tests/unit/guarded_memory.h"
#include "tests/unit/load.h"
#include "tests/unit/unit.h"

#define RSDP UINT64_C(0xe0000)
#define LOW (128 * MIB)
#define PREFERRED (16 * MIB)
#define INIT_SIZE (4 * MIB)
#define SETUP_SECTORS 2
#define SETUP_SIZE ((SETUP_SECTORS + 1) * 512)
#define KERNEL_SIZE 4096
#define SIGNATURE_SIZE 100 /* what signing tools append does not belong to the kernel */
#define FILE_SIZE (SETUP_SIZE + KERNEL_SIZE + SIGNATURE_SIZE)

struct fake_kernel {
	uint8_t bytes[FILE_SIZE];
	size_t size; /* of the file */
};

static struct setup_header *header_of(struct fake_kernel *kernel)
{
	return (struct setup_header *)(void *)(kernel->bytes + offsetof(struct boot_params, hdr));
}

/* A kernel as today's are: protocol 2.15, relocatable. */
static void kernel_make(struct fake_kernel *kernel)
{
	struct setup_header *header = header_of(kernel);

	memset(kernel->bytes, 0xee, sizeof(kernel->bytes));
	memset(kernel->bytes + SETUP_SIZE, 0x90, KERNEL_SIZE);
	kernel->size = sizeof(kernel->bytes);
	memset(header, 0, sizeof(*header));
	header->setup_sects = SETUP_SECTORS;
	header->syssize = KERNEL_SIZE / 16;
	header->boot_flag = 0xaa55;
	header->jump = 0xeb | 0x6a << 8; /* to 0x26c, behind kernel_info_offset */
	header->header = 0x53726448;
	header->version = 0x020f;
	header->loadflags = LOADED_HIGH;
	header->initrd_addr_max = 0x7fffffff;
	header->kernel_alignment = 0x200000;
	header->relocatable_kernel = 1;
	header->xloadflags = XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G;
	header->cmdline_size = 2047;
	header->setup_data = 0x1234;
	header->pref_address = PREFERRED;
	header->init_size = INIT_SIZE;
}

static void load_run(struct load *load, const struct fake_kernel *kernel, size_t ramdisk_size,
		     const char *bootargs, uint64_t low_size, uint64_t high_size)
{
	load_init(load, low_size, high_size, kernel->bytes, kernel->size, ramdisk_size);
	CU_ASSERT(linux_probe(&load->image));
	load->result = linux_load(&load->image, load->ramdisk_or_none, bootargs, load->memory, RSDP,
				  &load->start, &load->err);
}

static const struct boot_params *params_of(const struct load *load)
{
	const struct boot_params *params =
		memory_ram(load->memory, load->start.rsi, sizeof(*params));

	CU_ASSERT_PTR_NOT_NULL_FATAL(params);
	return params;
}

static void check_e820(const struct load *load, uint64_t low_size, uint64_t high_size)
{
	const struct boot_e820_entry expected[] = {
		{ 0, 0x9fc00, 1 },
		{ 0x9fc00, 0x400, 2 },
		{ 0xe0000, 0x20000, 2 },
		{ MIB, low_size - MIB, 1 },
		{ 0xe0000000, 0x10000000, 2 },
		{ 4 * GIB, high_size, 1 },
	};
	const struct boot_params *params = params_of(load);
	unsigned int count = high_size ? 6 : 5;

	CU_ASSERT_EQUAL(params->e820_entries, count);
	CU_ASSERT_EQUAL(memcmp(params->e820_table, expected, count * sizeof(expected[0])), 0);
}

static void check_kernel(const struct load *load, uint64_t gpa)
{
	const uint8_t *kernel = memory_ram(load->memory, gpa, KERNEL_SIZE);

	CU_ASSERT_PTR_NOT_NULL_FATAL(kernel);
	CU_ASSERT_EQUAL(load->start.rip, gpa + 0x200);
	CU_ASSERT_EQUAL(kernel[0], 0x90);
	CU_ASSERT_EQUAL(memcmp(kernel, kernel + 1, KERNEL_SIZE - 1), 0);
	CU_ASSERT(guarded_memory_is_zero(load->memory, gpa + KERNEL_SIZE, INIT_SIZE - KERNEL_SIZE));
}

static void test_zero_page(void)
{
	const struct boot_params *params;
	struct fake_kernel kernel;
	struct load load;
	const char *line;

	kernel_make(&kernel);
	load_run(&load, &kernel, 0, "console=ttyS0 root=/dev/ram", LOW, 2 * MIB);
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	check_kernel(&load, PREFERRED);
	check_e820(&load, LOW, 2 * MIB);
	params = params_of(&load);
	CU_ASSERT_EQUAL(params->acpi_rsdp_addr, RSDP);
	CU_ASSERT_EQUAL(params->sentinel, 0);
	CU_ASSERT_EQUAL(params->hdr.type_of_loader, 0xff);
	CU_ASSERT_EQUAL(params->hdr.vid_mode, 0xffff);
	CU_ASSERT_EQUAL(params->hdr.setup_data, 0);
	CU_ASSERT_EQUAL(params->hdr.init_size, INIT_SIZE);
	CU_ASSERT_EQUAL(params->hdr.ramdisk_image, 0);
	CU_ASSERT_EQUAL(params->hdr.ramdisk_size, 0);
	line = memory_ram(load.memory, params->hdr.cmd_line_ptr, 28);
	CU_ASSERT_STRING_EQUAL(line, "console=ttyS0 root=/dev/ram");
	CU_ASSERT(load.start.rsi < MACHINE_LOW_RAM_END);
	load_fini(&load);
}

static void check_page_tables(const struct load *load)
{
	const uint64_t *pml4 = memory_ram(load->memory, load->start.cr3, 4096);
	const uint64_t *pdpt, *directory;
	uint64_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(pml4);
	CU_ASSERT_EQUAL(load->start.cr3 & 0xfff, 0);
	CU_ASSERT_EQUAL(pml4[0] & 0xfff, 3);
	pdpt = memory_ram(load->memory, pml4[0] & ~UINT64_C(0xfff), 4096);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pdpt);
	for (i = 0; i < 4 * 512; i++) {
		directory = memory_ram(load->memory, pdpt[i / 512] & ~UINT64_C(0xfff), 4096);
		CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
		if (directory[i % 512] != (i * 2 * MIB | 0x83))
			CU_FAIL_FATAL("a page is not mapped to itself");
	}
	CU_ASSERT_EQUAL(pml4[1], 0);
	CU_ASSERT_EQUAL(pdpt[4], 0);
}

static void test_processor(void)
{
	struct fake_kernel kernel;
	const uint64_t *gdt;
	struct load load;

	kernel_make(&kernel);
	load_run(&load, &kernel, 0, "", LOW, 0);
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	CU_ASSERT(load.start.long_mode);
	CU_ASSERT(!load.start.waits_for_sipi);
	CU_ASSERT_EQUAL(load.start.gdt_limit, 31);
	gdt = memory_ram(load.memory, load.start.gdt_base, 32);
	CU_ASSERT_PTR_NOT_NULL_FATAL(gdt);
	CU_ASSERT_EQUAL(gdt[2], UINT64_C(0x00af9b000000ffff)); /* SDM 3A 3.4.5: code, L, present */
	CU_ASSERT_EQUAL(gdt[3], UINT64_C(0x00cf93000000ffff)); /* data, writable, present */
	check_page_tables(&load);
	load_fini(&load);
}

static void test_ramdisk(void)
{
	static const struct {
		size_t size;
		uint32_t reach; /* initrd_addr_max */
		uint64_t expected;
	} cases[] = {
		{ 1, 0x7fffffff, LOW - 0x1000 },
		{ 0x1000, 0x7fffffff, LOW - 0x1000 },
		{ 0x1001, 0x7fffffff, LOW - 0x2000 },
		{ 0x1000, 0xffffffff, LOW - 0x1000 },
		{ 0x1000, 0x37fffff, 0x3800000 - 0x1000 },
		{ 0x1000, 0x3800800, 0x3800000 - 0x1000 + 0x0 },
		{ 0x1000, PREFERRED + INIT_SIZE - 1, PREFERRED - 0x1000 },
	};
	struct fake_kernel kernel;
	const uint8_t *ramdisk;
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		kernel_make(&kernel);
		header_of(&kernel)->initrd_addr_max = cases[i].reach;
		load_run(&load, &kernel, cases[i].size, "", LOW, 0);
		CU_ASSERT_EQUAL_FATAL(load.result, 0);
		CU_ASSERT_EQUAL(params_of(&load)->hdr.ramdisk_image, cases[i].expected);
		CU_ASSERT_EQUAL(params_of(&load)->hdr.ramdisk_size, cases[i].size);
		ramdisk = memory_ram(load.memory, cases[i].expected, cases[i].size);
		CU_ASSERT_EQUAL(ramdisk[0], 0x77);
		CU_ASSERT_EQUAL(ramdisk[cases[i].size - 1], 0x77);
		check_kernel(&load, PREFERRED);
		load_fini(&load);
	}
}

static void test_placement(void)
{
	static const struct {
		uint64_t preferred;
		uint32_t alignment;
		uint8_t relocatable;
		uint64_t expected;
	} cases[] = {
		{ 0, 0x200000, 1, 2 * MIB },
		{ 0, 0x1000, 1, MIB },
		{ 0x1000, 0x400000, 1, 4 * MIB },
		{ 3 * MIB, 0x200000, 1, 3 * MIB },
		{ MIB, 0, 0, MIB },
		{ 32 * MIB, 0, 0, 32 * MIB },
	};
	struct fake_kernel kernel;
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		kernel_make(&kernel);
		header_of(&kernel)->pref_address = cases[i].preferred;
		header_of(&kernel)->kernel_alignment = cases[i].alignment;
		header_of(&kernel)->relocatable_kernel = cases[i].relocatable;
		load_run(&load, &kernel, 0, "", LOW, 0);
		CU_ASSERT_EQUAL_FATAL(load.result, 0);
		check_kernel(&load, cases[i].expected);
		load_fini(&load);
	}
}

/* A kernel that asks for less room than it takes still has its own to itself. */
static void test_small_init_size(void)
{
	struct fake_kernel kernel;
	struct load load;

	kernel_make(&kernel);
	header_of(&kernel)->init_size = 0;
	load_run(&load, &kernel, 4096, "", PREFERRED + KERNEL_SIZE, 0);
	CU_ASSERT_EQUAL_FATAL(load.result, 0);
	CU_ASSERT_EQUAL(params_of(&load)->hdr.ramdisk_image, PREFERRED - 4096);
	CU_ASSERT_EQUAL(*(uint8_t *)memory_ram(load.memory, PREFERRED, 1), 0x90);
	load_fini(&load);
}

static void test_protocols(void)
{
	static const struct {
		uint16_t version;
		uint64_t rsdp;
	} cases[] = { { 0x020c, 0 }, { 0x020d, 0 }, { 0x020e, RSDP }, { 0x020f, RSDP } };
	struct fake_kernel kernel;
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		kernel_make(&kernel);
		header_of(&kernel)->version = cases[i].version;
		/* A header that ends before kernel_info_offset. */
		header_of(&kernel)->jump = 0xeb | 0x66 << 8;
		header_of(&kernel)->kernel_info_offset = 0xdeadbeef;
		load_run(&load, &kernel, 0, "", LOW, 0);
		CU_ASSERT_EQUAL_FATAL(load.result, 0);
		CU_ASSERT_EQUAL(params_of(&load)->acpi_rsdp_addr, cases[i].rsdp);
		CU_ASSERT_EQUAL(params_of(&load)->hdr.kernel_info_offset, 0);
		CU_ASSERT_EQUAL(params_of(&load)->hdr.init_size, INIT_SIZE);
		load_fini(&load);
	}
}

static void test_command_line_limit(void)
{
	struct fake_kernel kernel;
	char line[65] = "";
	struct load load;

	memset(line, 'x', 64);
	kernel_make(&kernel);
	header_of(&kernel)->cmdline_size = 64;
	load_run(&load, &kernel, 0, line, LOW, 0);
	CU_ASSERT_EQUAL(load.result, 0);
	load_fini(&load);
	header_of(&kernel)->cmdline_size = 63;
	load_run(&load, &kernel, 0, line, LOW, 0);
	CU_ASSERT_EQUAL(load.result, -E2BIG);
	CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "at most 63 bytes, -B has 64"));
	load_fini(&load);
}

/* One byte or field of a good kernel changed. */
static void test_damage(void)
{
#define FIELD(name) offsetof(struct setup_header, name), sizeof(((struct setup_header *)0)->name)
	static const struct {
		size_t offset, size;
		uint64_t value;
		int result;
		const char *message;
	} cases[] = {
		{ FIELD(version), 0x020b, -ENOTSUP, "protocol 2.11: 2.12 (Linux 3.8) or later" },
		{ FIELD(version), 0x0000, -ENOTSUP, "or later is needed" },
		{ FIELD(loadflags), 0, -ENOTSUP, "build a bzImage" },
		{ FIELD(xloadflags), XLF_CAN_BE_LOADED_ABOVE_4G, -ENOTSUP, "without 64-bit entry" },
		{ FIELD(setup_sects), 0, -ENODATA, "the kernel should end at byte 6656" },
		{ FIELD(setup_sects), 255, -ENODATA, "the file has 5732 bytes" },
		{ FIELD(syssize), 0, -EINVAL, "0 bytes of kernel" },
		{ FIELD(syssize), 32, -EINVAL, "512 bytes of kernel" },
		{ FIELD(syssize), KERNEL_SIZE / 16 + 7, -ENODATA, "is truncated" },
		{ FIELD(syssize), 0xffffffff, -EFAULT, "does not fit in memory" },
		{ FIELD(init_size), 0xffffffff, -EFAULT, "no RAM from 2 GiB" },
		{ FIELD(init_size), LOW, -EFAULT,
		  "it needs 144 MiB, the VM has 128 MiB: raise -m" },
		{ FIELD(pref_address), LOW, -EFAULT, "it needs 132 MiB" },
		{ FIELD(pref_address), 0xfffff000, -EFAULT, "no RAM" },
		{ FIELD(pref_address), 4 * GIB, -ENOTSUP, "beyond the first 4 GiB" },
		{ FIELD(pref_address), UINT64_MAX, -ENOTSUP, "beyond the first 4 GiB" },
		{ FIELD(jump), 0x00eb, -E2BIG, "at most 0 bytes" },
	};
	struct fake_kernel kernel;
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		kernel_make(&kernel);
		memcpy((char *)header_of(&kernel) + cases[i].offset, &cases[i].value,
		       cases[i].size);
		load_run(&load, &kernel, 0, "quiet", LOW, 0);
		CU_ASSERT_EQUAL(load.result, cases[i].result);
		CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, cases[i].message));
		CU_ASSERT_EQUAL(strncmp(load.err.text, "/proc/self/fd/", 14), 0);
		load_fini(&load);
	}
#undef FIELD
}

static void test_alignment_damage(void)
{
	static const uint32_t alignments[] = { 0, 3, 0x80000001 };
	struct fake_kernel kernel;
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(alignments); i++) {
		kernel_make(&kernel);
		header_of(&kernel)->pref_address = 0;
		header_of(&kernel)->kernel_alignment = alignments[i];
		load_run(&load, &kernel, 0, "", LOW, 0);
		CU_ASSERT_EQUAL(load.result, -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "is no power of two"));
		load_fini(&load);
	}
}

/* Every length of the file: too short for a header it is no bzImage, else it is truncated. */
static void test_truncation(void)
{
	size_t header_end = offsetof(struct boot_params, hdr) + sizeof(struct setup_header);
	struct fake_kernel kernel;
	struct image image;
	struct load load;

	kernel_make(&kernel);
	for (kernel.size = 1; kernel.size < header_end; kernel.size++) {
		test_image_init(&image, kernel.bytes, kernel.size);
		CU_ASSERT(!linux_probe(&image));
		image_fini(&image);
	}
	for (; kernel.size < SETUP_SIZE + KERNEL_SIZE; kernel.size += 31) {
		load_run(&load, &kernel, 0, "", LOW, 0);
		CU_ASSERT_EQUAL(load.result, -ENODATA);
		CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "the kernel should end at byte 5632"));
		load_fini(&load);
	}
	kernel.size = SETUP_SIZE + KERNEL_SIZE;
	load_run(&load, &kernel, 0, "", LOW, 0);
	CU_ASSERT_EQUAL(load.result, 0);
	load_fini(&load);
}

static void test_too_little_memory(void)
{
	static const struct {
		uint64_t low_size;
		size_t ramdisk_size;
		int result;
		const char *message;
	} cases[] = {
		{ 4096, 0, -EFAULT, "it needs 20 MiB, the VM has 0 MiB: raise -m" },
		{ PREFERRED, 0, -EFAULT, "it needs 20 MiB, the VM has 16 MiB: raise -m" },
		{ PREFERRED + INIT_SIZE - 4096, 0, -EFAULT, "it needs 20 MiB" },
		{ PREFERRED + INIT_SIZE, 0, 0, "" },
		{ PREFERRED + INIT_SIZE, 15 * MIB, 0, "" }, /* below the kernel */
		{ PREFERRED + INIT_SIZE, 15 * MIB + 1, -EFAULT,
		  "it needs 36 MiB, the VM has 20 MiB" },
		{ PREFERRED + INIT_SIZE + 16 * MIB, 15 * MIB + 1, 0, "" },
	};
	struct fake_kernel kernel;
	struct load load;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		kernel_make(&kernel);
		load_run(&load, &kernel, cases[i].ramdisk_size, "", cases[i].low_size, 0);
		CU_ASSERT_EQUAL(load.result, cases[i].result);
		CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, cases[i].message));
		load_fini(&load);
	}
	kernel_make(&kernel);
	header_of(&kernel)->initrd_addr_max = MIB;
	load_run(&load, &kernel, 4096, "", LOW, 0);
	CU_ASSERT_EQUAL(load.result, -EFAULT);
	CU_ASSERT_PTR_NOT_NULL(strstr(load.err.text, "can reach below 0x100001"));
	load_fini(&load);
}

static const struct unit_test tests[] = {
	{ "zero page", test_zero_page },
	{ "processor and its tables", test_processor },
	{ "ramdisk", test_ramdisk },
	{ "place of the kernel", test_placement },
	{ "room of the kernel", test_small_init_size },
	{ "protocol versions", test_protocols },
	{ "length of the command line", test_command_line_limit },
	{ "damaged header", test_damage },
	{ "damaged alignment", test_alignment_damage },
	{ "truncated file", test_truncation },
	{ "too little memory", test_too_little_memory },
};

UNIT_MAIN("linux boot", tests)
