/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the information structure where the loader left it.
 */
#include "samples/bare-metal/lib/multiboot.h"

#include <stddef.h>

#define LOADER_MAGIC 0x2badb002

#define INFO_MEMORY (1U << 0)
#define INFO_COMMAND_LINE (1U << 2)
#define INFO_MEMORY_MAP (1U << 6)

#define MEMORY_MAP_USABLE 1

struct multiboot_info {
	uint32_t flags;
	uint32_t memory_lower;
	uint32_t memory_upper;
	uint32_t boot_device;
	uint32_t command_line;
	uint32_t modules_count;
	uint32_t modules_address;
	uint32_t symbols[4];
	uint32_t map_length;
	uint32_t map_address;
};

/* The size field does not count itself, and entries are not aligned. */
struct multiboot_map_entry {
	uint32_t size;
	uint64_t address;
	uint64_t length;
	uint32_t type;
} __attribute__((packed));

/* Written by start.S from EAX and EBX; in .data, whatever clears .bss and when. */
extern uint32_t multiboot_magic;
extern uint32_t multiboot_address;

uint32_t multiboot_magic = 1;
uint32_t multiboot_address = 1;

static const struct multiboot_info *multiboot_info(void)
{
	if (multiboot_magic != LOADER_MAGIC)
		return NULL;
	return (const struct multiboot_info *)(uintptr_t)multiboot_address;
}

static uint64_t map_usable(const struct multiboot_info *info)
{
	uintptr_t next = info->map_address;
	uintptr_t end = next + info->map_length;
	uint64_t usable = 0;

	while (next + sizeof(struct multiboot_map_entry) <= end) {
		const struct multiboot_map_entry *entry = (const struct multiboot_map_entry *)next;

		if (entry->type == MEMORY_MAP_USABLE)
			usable += entry->length;
		next += entry->size + sizeof(entry->size);
	}
	return usable;
}

uint64_t multiboot_memory_size(void)
{
	const struct multiboot_info *info = multiboot_info();

	if (!info)
		return 0;
	if (info->flags & INFO_MEMORY_MAP)
		return map_usable(info);
	if (info->flags & INFO_MEMORY)
		return ((uint64_t)info->memory_lower + info->memory_upper) << 10;
	return 0;
}

const char *multiboot_command_line(void)
{
	const struct multiboot_info *info = multiboot_info();

	if (!info || !(info->flags & INFO_COMMAND_LINE))
		return "";
	return (const char *)(uintptr_t)info->command_line;
}
