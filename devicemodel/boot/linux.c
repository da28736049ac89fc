/* SPDX-License-Identifier: BSD-3-Clause */
/* Loader for Linux bzImages. Field names are those of struct setup_header. */
#include "devicemodel/boot/linux.h"

#include <asm/bootparam.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "devicemodel/boot/cpu_tables.h"
#include "devicemodel/boot/layout.h"
#include "devicemodel/boot/ram_map.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine_map.h"
#include "devicemodel/vm/memory.h"
#include "lib/util.h"

#define HEADER_OFFSET offsetof(struct boot_params, hdr)
#define HEADER_MAGIC UINT32_C(0x53726448) /* "HdrS" */
#define BOOT_SECTOR_MARK 0xaa55
#define PROTOCOL_2_12 0x020c
#define PROTOCOL_2_14 0x020e
#define SECTOR UINT64_C(512)
#define PARAGRAPH UINT64_C(16)
#define ENTRY_64 UINT64_C(0x200) /* the 64-bit entry, from where the kernel is loaded */
#define LOADER_UNDEFINED 0xff
#define VIDEO_MODE_NORMAL 0xffff

/* A header that says 0 for the number of setup sectors means this (boot.rst, setup_sects). */
#define SETUP_SECTORS_DEFAULT 4

/* What the guest gets beside the kernel and the ramdisk, in one piece of low memory. */
struct linux_data {
	uint8_t paging[CPU_TABLES_PAGING_SIZE];
	struct boot_params params;
	uint8_t gdt[CPU_TABLES_GDT_SIZE];
	char command_line[]; /* with its terminating zero */
};

/* A load in progress. */
struct linux_boot {
	const struct image *kernel, *ramdisk;
	const char *bootargs;
	struct layout layout;
	struct setup_header header;
	uint64_t kernel_offset, kernel_size; /* of the protected-mode kernel in the file */
	uint64_t kernel_gpa, ramdisk_gpa, data_gpa;
};

bool linux_probe(const struct image *image)
{
	struct setup_header header;

	if (image_read(image, HEADER_OFFSET, &header, sizeof(header), "the setup header", NULL) < 0)
		return false;
	return header.boot_flag == BOOT_SECTOR_MARK && header.header == HEADER_MAGIC;
}

/*
 * The header ends where the jump in front of it leads; what a kernel has there beyond the fields we
 * know, or we beyond those that it has, does not count.
 */
static void cut_header(struct setup_header *header)
{
	size_t end = offsetof(struct setup_header, header) + (header->jump >> 8);

	if (end < sizeof(*header))
		memset((char *)header + end, 0, sizeof(*header) - end);
}

static int check_version(const struct image *kernel, const struct setup_header *header,
			 struct error *err)
{
	if (header->version < PROTOCOL_2_12)
		return error_set(err, -ENOTSUP,
				 "%s: is a kernel with boot protocol %u.%02u: 2.12 (Linux 3.8) or "
				 "later is needed",
				 kernel->name, header->version >> 8, header->version & 0xffU);
	if (!(header->loadflags & LOADED_HIGH))
		return error_set(err, -ENOTSUP, "%s: is a zImage: build a bzImage", kernel->name);
	if (!(header->xloadflags & XLF_KERNEL_64))
		return error_set(err, -ENOTSUP,
				 "%s: is a kernel without 64-bit entry point: take one for x86-64",
				 kernel->name);
	return 0;
}

static int read_header(struct linux_boot *boot, struct error *err)
{
	struct setup_header *header = &boot->header;
	uint64_t sectors;
	int ret;

	ret = image_read(boot->kernel, HEADER_OFFSET, header, sizeof(*header), "its setup header",
			 err);
	if (ret < 0)
		return ret;
	if (header->boot_flag != BOOT_SECTOR_MARK || header->header != HEADER_MAGIC)
		return error_set(err, -EINVAL, "%s: is not a bzImage (any more)",
				 boot->kernel->name);
	ret = check_version(boot->kernel, header, err);
	if (ret < 0)
		return ret;
	cut_header(header);
	sectors = header->setup_sects ? header->setup_sects : SETUP_SECTORS_DEFAULT;
	boot->kernel_offset = (sectors + 1) * SECTOR;
	boot->kernel_size = header->syssize * PARAGRAPH;
	if (boot->kernel_size <= ENTRY_64)
		return error_set(err, -EINVAL,
				 "%s: is damaged: its header tells of %" PRIu64 " bytes of kernel",
				 boot->kernel->name, boot->kernel_size);
	return 0;
}

static int check_command_line(const struct linux_boot *boot, struct error *err)
{
	size_t length = strlen(boot->bootargs);

	if (length > boot->header.cmdline_size)
		return error_set(err, -E2BIG,
				 "%s: takes a command line of at most %" PRIu32
				 " bytes, -B has %zu: shorten it",
				 boot->kernel->name, boot->header.cmdline_size, length);
	return 0;
}

/*
 * The kernel runs at pref_address or, loaded above it, at the next address of its alignment; it
 * never moves down, so a lower place would not make it need less memory. init_size is the room that
 * it unpacks itself in.
 */
static int place_kernel(struct linux_boot *boot, struct error *err)
{
	const struct setup_header *header = &boot->header;
	uint64_t room = header->init_size, base = header->pref_address;

	if (base < MIB && header->relocatable_kernel) {
		if (!is_power_of_two(header->kernel_alignment))
			return error_set(err, -EINVAL,
					 "%s: is damaged: kernel_alignment 0x%" PRIx32
					 " is no power of two",
					 boot->kernel->name, header->kernel_alignment);
		base = align_up(MIB, header->kernel_alignment);
	}
	if (base >= MEMORY_HIGH_BASE)
		return error_set(err, -ENOTSUP,
				 "%s: wants to run at 0x%" PRIx64 ", beyond the first 4 GiB",
				 boot->kernel->name, base);
	if (room < boot->kernel_size)
		room = boot->kernel_size;
	boot->kernel_gpa = base;
	return layout_claim(&boot->layout, base, room, "the kernel", err);
}

/* As high as the kernel can reach: below it the kernel makes its first allocations. */
static int place_ramdisk(struct linux_boot *boot, struct error *err)
{
	struct layout_wish wish = {
		.size = boot->ramdisk ? boot->ramdisk->size : 0,
		.alignment = LAYOUT_PAGE,
		.from = MIB,
		.limit = memory_low_size(boot->layout.memory),
		.highest = true,
	};
	uint64_t reach = (uint64_t)boot->header.initrd_addr_max + 1;
	uint64_t end;

	if (!boot->ramdisk)
		return 0;
	if (wish.limit > reach)
		wish.limit = reach;
	if (layout_place(&boot->layout, &wish, "the ramdisk", &boot->ramdisk_gpa, NULL) == 0)
		return 0;
	end = layout_end(&boot->layout) + align_up(boot->ramdisk->size, LAYOUT_PAGE);
	if (end > reach)
		return error_set(err, -EFAULT,
				 "%s: with %" PRIu64 " bytes is larger than what the kernel can "
				 "reach below 0x%" PRIx64 ": make it smaller",
				 boot->ramdisk->name, boot->ramdisk->size, reach);
	return layout_no_memory(&boot->layout, boot->ramdisk->name, layout_end(&boot->layout), end,
				err);
}

static int place_data(struct linux_boot *boot, struct error *err)
{
	const struct layout_wish wish = {
		.size = sizeof(struct linux_data) + strlen(boot->bootargs) + 1,
		.alignment = LAYOUT_PAGE,
		.from = LAYOUT_PAGE,
		.limit = MACHINE_LOW_RAM_END,
		.highest = true,
	};

	return layout_place(&boot->layout, &wish, "the boot data", &boot->data_gpa, err);
}

static void fill_header(const struct linux_boot *boot, struct setup_header *header)
{
	*header = boot->header;
	header->type_of_loader = LOADER_UNDEFINED;
	header->vid_mode = VIDEO_MODE_NORMAL;
	header->code32_start = (uint32_t)boot->kernel_gpa;
	header->cmd_line_ptr =
		(uint32_t)(boot->data_gpa + offsetof(struct linux_data, command_line));
	header->setup_data = 0;
	header->ramdisk_image = (uint32_t)boot->ramdisk_gpa;
	header->ramdisk_size = boot->ramdisk ? (uint32_t)boot->ramdisk->size : 0;
}

static void fill_params(const struct linux_boot *boot, uint64_t rsdp, struct boot_params *params)
{
	struct ram_map_entry entries[RAM_MAP_ENTRIES_MAX];
	unsigned int i, count = ram_map_build(boot->layout.memory, entries);

	memset(params, 0, sizeof(*params));
	fill_header(boot, &params->hdr);
	/* Where older kernels have padding the protocol wants zeros. */
	if (boot->header.version >= PROTOCOL_2_14)
		params->acpi_rsdp_addr = rsdp;
	params->e820_entries = (uint8_t)count;
	for (i = 0; i < count; i++) {
		params->e820_table[i].addr = entries[i].base;
		params->e820_table[i].size = entries[i].size;
		params->e820_table[i].type = entries[i].type;
	}
}

static int write_data(const struct linux_boot *boot, uint64_t rsdp, struct hv_vcpu_start *start,
		      struct error *err)
{
	struct guest_memory *memory = boot->layout.memory;
	size_t length = strlen(boot->bootargs) + 1;
	uint64_t gpa = boot->data_gpa;
	struct linux_data *data = memory_ram(memory, gpa, sizeof(*data) + length);
	struct boot_params params;

	if (!data ||
	    cpu_tables_paging(memory, gpa + offsetof(struct linux_data, paging), start) < 0 ||
	    cpu_tables_gdt(memory, gpa + offsetof(struct linux_data, gdt), true, start) < 0)
		return error_set(err, -EFAULT, "%s: no memory for the boot data",
				 boot->kernel->name);
	fill_params(boot, rsdp, &params);
	memcpy(&data->params, &params, sizeof(params));
	memcpy(data->command_line, boot->bootargs, length);
	start->rip = boot->kernel_gpa + ENTRY_64;
	start->rsi = gpa + offsetof(struct linux_data, params);
	return 0;
}

static int place_all(struct linux_boot *boot, struct error *err)
{
	int ret;

	ret = place_kernel(boot, err);
	if (ret == 0)
		ret = place_ramdisk(boot, err);
	if (ret == 0)
		ret = place_data(boot, err);
	return ret;
}

static int load_files(const struct linux_boot *boot, struct error *err)
{
	int ret;

	ret = image_load(boot->kernel, boot->kernel_offset, boot->layout.memory, boot->kernel_gpa,
			 boot->kernel_size, "the kernel", err);
	if (ret == 0 && boot->ramdisk)
		ret = image_load(boot->ramdisk, 0, boot->layout.memory, boot->ramdisk_gpa,
				 boot->ramdisk->size, "the ramdisk", err);
	return ret;
}

int linux_load(const struct image *kernel, const struct image *ramdisk, const char *bootargs,
	       struct guest_memory *memory, uint64_t rsdp, struct hv_vcpu_start *ret_start,
	       struct error *err)
{
	struct linux_boot boot = { .kernel = kernel, .ramdisk = ramdisk, .bootargs = bootargs };
	struct hv_vcpu_start start = { 0 };
	int ret;

	layout_init(&boot.layout, memory, kernel->name);
	ret = read_header(&boot, err);
	if (ret == 0)
		ret = check_command_line(&boot, err);
	if (ret == 0)
		ret = place_all(&boot, err);
	if (ret == 0)
		ret = load_files(&boot, err);
	if (ret == 0)
		ret = write_data(&boot, rsdp, &start, err);
	if (ret == 0)
		*ret_start = start;
	return ret;
}
