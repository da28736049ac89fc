/* SPDX-License-Identifier: BSD-3-Clause */
/* Which functions of a VM's PCI bus are in use. */
#ifndef LAUNCH_SCRIPTS_SLOT_MAP_H
#define LAUNCH_SCRIPTS_SLOT_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "devicemodel/config/pci_slot.h"

/*
 * What a scenario may give away of bus 0. Device 0 is the host bridge, 1 the ISA bridge, 2 a
 * passed-through display controller, 31 the bridge that such a one wants to see.
 */
#define SLOT_DISPLAY 2
#define SLOT_FIRST 3
#define SLOT_LAST 30

/* All zero: nothing is in use. */
struct slot_map {
	uint8_t functions[32]; /* a bit for each, by device */
};

void slot_map_take(struct slot_map *map, struct pci_slot slot);
bool slot_map_is_taken(const struct slot_map *map, struct pci_slot slot);

/*
 * The slot for the next comer: function 0 of the lowest device that has others only (guests would
 * not find them); else the lowest device that is free; else the lowest free function. Returns false
 * if there is none.
 */
bool slot_map_find(const struct slot_map *map, struct pci_slot *ret_slot);

#endif
