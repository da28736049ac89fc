/* SPDX-License-Identifier: BSD-3-Clause */
/* Loader for ELF images with a PVH entry point. */
#include "devicemodel/boot/pvh.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "devicemodel/boot/cpu_tables.h"
#include "devicemodel/boot/elf.h"
#include "devicemodel/boot/layout.h"
#include "devicemodel/boot/ram_map.h"
#include "devicemodel/boot/ramdisk.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine_map.h"
#include "devicemodel/vm/memory.h"

#define NOTE_OWNER "Xen"
#define NOTE_PHYS32_ENTRY 18
#define START_INFO_MAGIC 0x336ec578

/* The ABI's structures. All addresses are physical. */
struct pvh_start_info {
	uint32_t magic;
	uint32_t version; /* 1: with the memory map */
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules;
	uint64_t command_line;
	uint64_t rsdp;
	uint64_t memory_map;
	uint32_t memory_map_entries;
	uint32_t reserved;
};

struct pvh_module {
	uint64_t base, size;
	uint64_t command_line;
	uint64_t reserved;
};

struct pvh_memory_map_entry {
	uint64_t base, size;
	uint32_t type;
	uint32_t reserved;
};

/* What the guest gets beside the image and the ramdisk, in one piece of low memory. */
struct pvh_data {
	struct pvh_start_info info;
	struct pvh_module module;
	struct pvh_memory_map_entry memory_map[RAM_MAP_ENTRIES_MAX];
	uint8_t gdt[CPU_TABLES_GDT_SIZE];
	char command_line[];
};

/* The entry's size is that of a word of the ELF file's class, but the address has 32 bits. */
static int find_entry(const struct image *image, uint32_t *ret_entry)
{
	return elf_find_note(image, NOTE_OWNER, NOTE_PHYS32_ENTRY, ret_entry, sizeof(*ret_entry));
}

bool pvh_probe(const struct image *image)
{
	uint32_t entry;

	return elf_probe(image) && find_entry(image, &entry) == 0;
}

static unsigned int fill_memory_map(const struct guest_memory *memory,
				    struct pvh_memory_map_entry map[RAM_MAP_ENTRIES_MAX])
{
	struct ram_map_entry entries[RAM_MAP_ENTRIES_MAX];
	unsigned int i, count = ram_map_build(memory, entries);

	for (i = 0; i < count; i++)
		map[i] = (struct pvh_memory_map_entry){
			.base = entries[i].base,
			.size = entries[i].size,
			.type = entries[i].type,
		};
	return count;
}

static int write_data(struct layout *layout, const char *bootargs, const struct pvh_module *module,
		      uint64_t rsdp, struct hv_vcpu_start *start, struct error *err)
{
	const struct layout_wish wish = {
		.size = sizeof(struct pvh_data) + strlen(bootargs) + 1,
		.alignment = LAYOUT_PAGE,
		.from = LAYOUT_PAGE,
		.limit = MACHINE_LOW_RAM_END,
		.highest = true,
	};
	struct pvh_data *data;
	uint64_t gpa;
	int ret;

	ret = layout_place(layout, &wish, "the start info", &gpa, err);
	if (ret < 0)
		return ret;
	data = memory_ram(layout->memory, gpa, wish.size);
	if (!data ||
	    cpu_tables_gdt(layout->memory, gpa + offsetof(struct pvh_data, gdt), false, start) < 0)
		return error_set(err, -EFAULT, "%s: no memory for the start info", layout->name);
	data->info = (struct pvh_start_info){
		.magic = START_INFO_MAGIC,
		.version = 1,
		.module_count = module->size ? 1 : 0,
		.modules = module->size ? gpa + offsetof(struct pvh_data, module) : 0,
		.command_line = gpa + offsetof(struct pvh_data, command_line),
		.rsdp = rsdp,
		.memory_map = gpa + offsetof(struct pvh_data, memory_map),
	};
	data->info.memory_map_entries = fill_memory_map(layout->memory, data->memory_map);
	data->module = *module;
	memcpy(data->command_line, bootargs, strlen(bootargs) + 1);
	start->rbx = gpa + offsetof(struct pvh_data, info);
	return 0;
}

/* The address in the note must be one that the image has loaded something at. */
static int load_image(const struct image *image, struct layout *layout, uint64_t *ret_entry,
		      struct error *err)
{
	uint64_t elf_entry;
	uint32_t entry;
	int ret;

	ret = find_entry(image, &entry);
	if (ret < 0)
		return error_set(err, ret, "%s: has no PVH entry point (any more)", image->name);
	ret = elf_load(image, layout, &elf_entry, err);
	if (ret < 0)
		return ret;
	if (!layout_has(layout, entry))
		return error_set(err, -EINVAL, "%s: its PVH entry point 0x%x lies in no segment",
				 image->name, entry);
	*ret_entry = entry;
	return 0;
}

int pvh_load(const struct image *image, const struct image *ramdisk, const char *bootargs,
	     struct guest_memory *memory, uint64_t rsdp, struct hv_vcpu_start *ret_start,
	     struct error *err)
{
	struct hv_vcpu_start start = { 0 };
	struct pvh_module module = { 0 };
	struct layout layout;
	int ret;

	layout_init(&layout, memory, image->name);
	ret = load_image(image, &layout, &start.rip, err);
	if (ret == 0 && ramdisk) {
		module.size = ramdisk->size;
		ret = ramdisk_load(ramdisk, &layout, &module.base, err);
	}
	if (ret == 0)
		ret = write_data(&layout, bootargs, &module, rsdp, &start, err);
	if (ret == 0)
		*ret_start = start;
	return ret;
}
