/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory map of the machine. */
#include "devicemodel/boot/ram_map.h"

#include "devicemodel/machine_map.h"
#include "devicemodel/vm/memory.h"
#include "lib/util.h"

#define LOW_HOLE_BASE UINT64_C(0xa0000) /* where a PC has its display memory */

unsigned int ram_map_build(const struct guest_memory *memory,
			   struct ram_map_entry entries[RAM_MAP_ENTRIES_MAX])
{
	uint64_t low_end = memory_low_size(memory), high_end = memory_high_end(memory);
	const struct {
		uint64_t base, end;
		enum ram_map_type type;
	} all[RAM_MAP_ENTRIES_MAX] = {
		{ 0, MACHINE_LOW_RAM_END, RAM_MAP_RAM },
		{ MACHINE_LOW_RAM_END, LOW_HOLE_BASE, RAM_MAP_RESERVED },
		{ MACHINE_BIOS_BASE, MACHINE_BIOS_BASE + MACHINE_BIOS_SIZE, RAM_MAP_RESERVED },
		{ MIB, low_end, RAM_MAP_RAM },
		/* Linux uses ECAM from the start if it is reserved here, later by the DSDT. */
		{ MACHINE_ECAM_BASE, MACHINE_ECAM_BASE + MACHINE_ECAM_SIZE, RAM_MAP_RESERVED },
		{ MEMORY_HIGH_BASE, high_end, RAM_MAP_RAM },
	};
	unsigned int i, count = 0;

	for (i = 0; i < RAM_MAP_ENTRIES_MAX; i++) {
		if (all[i].end <= all[i].base)
			continue;
		entries[count].base = all[i].base;
		entries[count].size = all[i].end - all[i].base;
		entries[count].type = all[i].type;
		count++;
	}
	return count;
}
