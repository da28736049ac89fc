/* SPDX-License-Identifier: BSD-3-Clause */
/* Loader for multiboot images. */
#include "devicemodel/boot/multiboot.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/boot/cpu_tables.h"
#include "devicemodel/boot/elf.h"
#include "devicemodel/boot/layout.h"
#include "devicemodel/boot/ram_map.h"
#include "devicemodel/boot/ramdisk.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine_map.h"
#include "devicemodel/vm/memory.h"
#include "lib/util.h"

#define HEADER_MAGIC UINT32_C(0x1badb002)
#define SEARCH_SIZE UINT64_C(8192)
#define HEADER_ALIGNMENT 4
#define LOADER_NAME "acrn-dm"

/* Flags of the header: what an image demands (0 to 15), and what it only offers (16 to 31). */
#define FLAG_PAGE_ALIGN (UINT32_C(1) << 0)
#define FLAG_MEMORY_INFO (UINT32_C(1) << 1)
#define FLAG_VIDEO_MODE (UINT32_C(1) << 2)
#define FLAGS_MANDATORY UINT32_C(0xffff)
#define FLAGS_SERVED (FLAG_PAGE_ALIGN | FLAG_MEMORY_INFO)
#define FLAG_ADDRESSES (UINT32_C(1) << 16)

/* Specification 3.1.1. Without FLAG_ADDRESSES a header ends after the checksum. */
struct multiboot_header {
	uint32_t magic;
	uint32_t flags;
	uint32_t checksum;
	uint32_t header_addr;
	uint32_t load_addr;
	uint32_t load_end_addr;
	uint32_t bss_end_addr;
	uint32_t entry_addr;
};
#define HEADER_SHORT_SIZE offsetof(struct multiboot_header, header_addr)

/* Flags of the information structure: which of its fields are valid. */
#define INFO_MEMORY (UINT32_C(1) << 0)
#define INFO_COMMAND_LINE (UINT32_C(1) << 2)
#define INFO_MODULES (UINT32_C(1) << 3)
#define INFO_MEMORY_MAP (UINT32_C(1) << 6)
#define INFO_LOADER_NAME (UINT32_C(1) << 9)

/* Specification 3.3. */
struct multiboot_info {
	uint32_t flags;
	uint32_t mem_lower, mem_upper; /* KiB */
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count, mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length, mmap_addr;
	uint32_t drives_length, drives_addr;
	uint32_t config_table;
	uint32_t boot_loader_name;
	uint32_t apm_table;
};

struct multiboot_module {
	uint32_t start, end; /* end is one past the last byte */
	uint32_t string;
	uint32_t reserved;
};

struct multiboot_mmap_entry {
	uint32_t size; /* of the entry, without this field */
	uint64_t base, length;
	uint32_t type;
} __attribute__((packed));

/* What the guest gets beside the image and the module, in one piece. */
struct multiboot_data {
	struct multiboot_info info;
	uint8_t gdt[CPU_TABLES_GDT_SIZE] __attribute__((aligned(8)));
	struct multiboot_module module;
	struct multiboot_mmap_entry mmap[RAM_MAP_ENTRIES_MAX];
	char loader_name[sizeof(LOADER_NAME)];
	char strings[]; /* the command line, then the module's path, each with its zero */
};

/* A load in progress. */
struct multiboot_boot {
	const struct image *image, *module;
	const char *bootargs;
	struct layout layout;
	struct multiboot_header header;
	uint64_t header_offset; /* in the file */
	uint64_t entry, module_gpa, data_gpa;
};

/* Copies the header out of @buffer; fields that lie beyond the @size bytes there are left 0. */
static bool header_at(const char *buffer, size_t size, struct multiboot_header *header)
{
	memset(header, 0, sizeof(*header));
	if (size < HEADER_SHORT_SIZE)
		return false;
	memcpy(header, buffer, size < sizeof(*header) ? size : sizeof(*header));
	return header->magic == HEADER_MAGIC &&
	       (uint32_t)(header->magic + header->flags + header->checksum) == 0;
}

/*
 * Returns 0; -ENOENT: there is no header; -ENODATA: it has addresses, but the file or the searched
 * part ends before them; -errno.
 */
static int find_header(const struct image *image, struct multiboot_header *ret_header,
		       uint64_t *ret_offset, struct error *err)
{
	uint64_t size = image->size < SEARCH_SIZE ? image->size : SEARCH_SIZE;
	struct multiboot_header header;
	char buffer[SEARCH_SIZE];
	uint64_t offset;
	int ret;

	ret = image_read(image, 0, buffer, size, "its beginning", err);
	if (ret < 0)
		return ret;
	for (offset = 0; offset < size; offset += HEADER_ALIGNMENT)
		if (header_at(buffer + offset, size - offset, &header))
			break;
	if (offset >= size)
		return error_set(err, -ENOENT, "%s: has no multiboot header (any more)",
				 image->name);
	if (header.flags & FLAG_ADDRESSES && size - offset < sizeof(header))
		return error_set(err, -ENODATA,
				 "%s: is truncated or damaged: the addresses of its multiboot "
				 "header at byte %" PRIu64 " do not end before byte %" PRIu64,
				 image->name, offset, size);
	*ret_header = header;
	*ret_offset = offset;
	return 0;
}

bool multiboot_probe(const struct image *image)
{
	struct multiboot_header header;
	uint64_t offset;
	int ret;

	ret = find_header(image, &header, &offset, NULL);
	return ret == 0 || ret == -ENODATA;
}

static int check_flags(const struct multiboot_boot *boot, struct error *err)
{
	uint32_t unserved = boot->header.flags & FLAGS_MANDATORY & ~FLAGS_SERVED;

	if (unserved & FLAG_VIDEO_MODE)
		return error_set(err, -ENOTSUP,
				 "%s: its multiboot header demands a video mode (flag bit 2), and "
				 "this machine has no display",
				 boot->image->name);
	if (unserved)
		return error_set(err, -ENOTSUP,
				 "%s: its multiboot header demands something unknown (flag bit %d)",
				 boot->image->name, __builtin_ctz(unserved));
	return 0;
}

/* What the header's addresses stand for in the file and in memory (specification 3.1.3). */
struct address_range {
	uint64_t file_offset, file_size;
	uint64_t base, memory_size;
};

static int bad_addresses(const struct multiboot_boot *boot, const char *what, struct error *err)
{
	const struct multiboot_header *header = &boot->header;

	return error_set(err, -EINVAL,
			 "%s: is damaged: the addresses of its multiboot header do not fit "
			 "together (%s): header 0x%" PRIx32 ", load 0x%" PRIx32 " to 0x%" PRIx32
			 ", bss end 0x%" PRIx32 ", entry 0x%" PRIx32,
			 boot->image->name, what, header->header_addr, header->load_addr,
			 header->load_end_addr, header->bss_end_addr, header->entry_addr);
}

static int resolve_addresses(const struct multiboot_boot *boot, struct address_range *range,
			     struct error *err)
{
	const struct multiboot_header *header = &boot->header;
	uint64_t before = (uint64_t)header->header_addr - header->load_addr;

	if (header->load_addr > header->header_addr)
		return bad_addresses(boot, "the header lies before what is loaded", err);
	if (before > boot->header_offset)
		return bad_addresses(boot, "what is loaded begins before the file", err);
	range->file_offset = boot->header_offset - before;
	range->file_size = boot->image->size - range->file_offset;
	range->base = header->load_addr;
	if (header->load_end_addr) {
		if (header->load_end_addr <= header->load_addr)
			return bad_addresses(boot, "the load addresses end before they begin", err);
		range->file_size = header->load_end_addr - header->load_addr;
	}
	range->memory_size = range->file_size;
	if (header->bss_end_addr) {
		if (header->bss_end_addr < range->base + range->file_size)
			return bad_addresses(boot, "the bss ends before the data", err);
		range->memory_size = header->bss_end_addr - range->base;
	}
	if (header->entry_addr < range->base ||
	    header->entry_addr - range->base >= range->memory_size)
		return bad_addresses(boot, "the entry lies outside of what is loaded", err);
	return 0;
}

static int load_by_addresses(struct multiboot_boot *boot, struct error *err)
{
	struct address_range range = { 0 };
	int ret;

	ret = resolve_addresses(boot, &range, err);
	if (ret == 0)
		ret = layout_claim(&boot->layout, range.base, range.memory_size, "the image", err);
	if (ret == 0)
		ret = image_load(boot->image, range.file_offset, boot->layout.memory, range.base,
				 range.file_size, "the image", err);
	if (ret == 0)
		boot->entry = boot->header.entry_addr;
	return ret;
}

static int load_image(struct multiboot_boot *boot, struct error *err)
{
	int ret;

	ret = find_header(boot->image, &boot->header, &boot->header_offset, err);
	if (ret == 0)
		ret = check_flags(boot, err);
	if (ret < 0)
		return ret;
	if (boot->header.flags & FLAG_ADDRESSES)
		return load_by_addresses(boot, err);
	if (!elf_probe(boot->image))
		return error_set(err, -EINVAL,
				 "%s: has a multiboot header without addresses (flag bit 16), and "
				 "is no ELF file either",
				 boot->image->name);
	return elf_load(boot->image, &boot->layout, &boot->entry, err);
}

/* An allocated string; NULL: out of memory. */
static char *command_line(const struct multiboot_boot *boot)
{
	char *line;

	if (asprintf(&line, "%s%s%s", boot->image->path, *boot->bootargs ? " " : "",
		     boot->bootargs) < 0)
		return NULL;
	return line;
}

static unsigned int fill_mmap(const struct multiboot_boot *boot,
			      struct multiboot_mmap_entry mmap[RAM_MAP_ENTRIES_MAX])
{
	struct ram_map_entry entries[RAM_MAP_ENTRIES_MAX];
	unsigned int i, count = ram_map_build(boot->layout.memory, entries);

	for (i = 0; i < count; i++)
		mmap[i] = (struct multiboot_mmap_entry){
			.size = sizeof(mmap[i]) - sizeof(mmap[i].size),
			.base = entries[i].base,
			.length = entries[i].size,
			.type = entries[i].type,
		};
	return count;
}

static void fill_data(const struct multiboot_boot *boot, const char *line,
		      struct multiboot_data *data)
{
	uint64_t low_size = memory_low_size(boot->layout.memory);
	uint32_t gpa = (uint32_t)boot->data_gpa;
	uint32_t strings = gpa + (uint32_t)offsetof(struct multiboot_data, strings);
	uint32_t line_size = (uint32_t)strlen(line) + 1;

	data->info = (struct multiboot_info){
		.flags = INFO_MEMORY | INFO_COMMAND_LINE | INFO_MODULES | INFO_MEMORY_MAP |
			 INFO_LOADER_NAME,
		.mem_lower = (uint32_t)(MACHINE_LOW_RAM_END / KIB),
		.mem_upper = low_size > MIB ? (uint32_t)((low_size - MIB) / KIB) : 0,
		.cmdline = strings,
		.mods_addr = gpa + (uint32_t)offsetof(struct multiboot_data, module),
		.mmap_addr = gpa + (uint32_t)offsetof(struct multiboot_data, mmap),
		.boot_loader_name = gpa + (uint32_t)offsetof(struct multiboot_data, loader_name),
	};
	data->info.mmap_length = fill_mmap(boot, data->mmap) * (uint32_t)sizeof(data->mmap[0]);
	memcpy(data->loader_name, LOADER_NAME, sizeof(LOADER_NAME));
	memcpy(data->strings, line, line_size);
	if (!boot->module)
		return;
	data->info.mods_count = 1;
	data->module.start = (uint32_t)boot->module_gpa;
	data->module.end = (uint32_t)(boot->module_gpa + boot->module->size);
	data->module.string = strings + line_size;
	memcpy(data->strings + line_size, boot->module->path, strlen(boot->module->path) + 1);
}

/* High in low memory: kernels like to use the beginning of it early. */
static int write_data(struct multiboot_boot *boot, const char *line, struct hv_vcpu_start *start,
		      struct error *err)
{
	struct guest_memory *memory = boot->layout.memory;
	struct layout_wish wish = {
		.size = sizeof(struct multiboot_data) + strlen(line) + 1 +
			(boot->module ? strlen(boot->module->path) + 1 : 0),
		.alignment = LAYOUT_PAGE,
		.from = LAYOUT_PAGE,
		.limit = MACHINE_LOW_RAM_END,
		.highest = true,
	};
	struct multiboot_data *data;
	uint64_t gdt;
	int ret;

	ret = layout_place(&boot->layout, &wish, "the multiboot information", &boot->data_gpa, err);
	if (ret < 0)
		return ret;
	data = memory_ram(memory, boot->data_gpa, wish.size);
	gdt = boot->data_gpa + offsetof(struct multiboot_data, gdt);
	if (!data || cpu_tables_gdt(memory, gdt, false, start) < 0)
		return error_set(err, -EFAULT, "%s: no memory for the multiboot information",
				 boot->image->name);
	fill_data(boot, line, data);
	start->rip = boot->entry;
	start->rax = MULTIBOOT_BOOT_MAGIC;
	start->rbx = boot->data_gpa + offsetof(struct multiboot_data, info);
	return 0;
}

int multiboot_load(const struct image *image, const struct image *module, const char *bootargs,
		   struct guest_memory *memory, struct hv_vcpu_start *ret_start, struct error *err)
{
	struct multiboot_boot boot = { .image = image, .module = module, .bootargs = bootargs };
	struct hv_vcpu_start start = { 0 };
	char *line;
	int ret;

	layout_init(&boot.layout, memory, image->name);
	ret = load_image(&boot, err);
	if (ret == 0 && module)
		ret = ramdisk_load(module, &boot.layout, &boot.module_gpa, err);
	if (ret < 0)
		return ret;
	line = command_line(&boot);
	if (!line)
		return error_set(err, -ENOMEM, "out of memory");
	ret = write_data(&boot, line, &start, err);
	free(line);
	if (ret == 0)
		*ret_start = start;
	return ret;
}
