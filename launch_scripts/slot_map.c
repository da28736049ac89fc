/* SPDX-License-Identifier: BSD-3-Clause */
/* A byte for each device, a bit for each function. */
#include "launch_scripts/slot_map.h"

#include <stddef.h>

#include "lib/util.h"

void slot_map_take(struct slot_map *map, struct pci_slot slot)
{
	map->functions[slot.device % 32] |= (uint8_t)(1u << slot.function % 8);
}

bool slot_map_is_taken(const struct slot_map *map, struct pci_slot slot)
{
	return map->functions[slot.device % 32] & 1u << slot.function % 8;
}

static bool is_lonely(uint8_t functions)
{
	return functions && !(functions & 1);
}

static bool is_free(uint8_t functions)
{
	return functions == 0;
}

static bool has_room(uint8_t functions)
{
	return functions != 0xff;
}

bool slot_map_find(const struct slot_map *map, struct pci_slot *ret_slot)
{
	static bool (*const wishes[])(uint8_t functions) = { is_lonely, is_free, has_room };
	uint8_t device, function;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wishes); i++)
		for (device = SLOT_FIRST; device <= SLOT_LAST; device++) {
			if (!wishes[i](map->functions[device]))
				continue;
			for (function = 0; map->functions[device] & 1u << function; function++)
				;
			*ret_slot = (struct pci_slot){ 0, device, function };
			return true;
		}
	return false;
}
