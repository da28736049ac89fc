/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest is told about its physical addresses, whatever boot protocol tells it. */
#ifndef DEVICEMODEL_BOOT_RAM_MAP_H
#define DEVICEMODEL_BOOT_RAM_MAP_H

#include <stdint.h>

struct guest_memory;

/* Address range types as ACPI 4.0, 14.1 numbers them; the boot protocols use the same numbers. */
enum ram_map_type {
	RAM_MAP_RAM = 1,
	RAM_MAP_RESERVED = 2,
};

struct ram_map_entry {
	uint64_t base, size; /* bytes; size is not 0 */
	enum ram_map_type type;
};

#define RAM_MAP_ENTRIES_MAX 6

/* Fill @entries, ascending and without overlap. Returns how many there are. */
unsigned int ram_map_build(const struct guest_memory *memory,
			   struct ram_map_entry entries[RAM_MAP_ENTRIES_MAX]);

#endif
