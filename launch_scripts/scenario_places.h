/* SPDX-License-Identifier: BSD-3-Clause */
/* Places on the PCI bus for those users of regions that a scenario gives none. */
#ifndef LAUNCH_SCRIPTS_SCENARIO_PLACES_H
#define LAUNCH_SCRIPTS_SCENARIO_PLACES_H

#include <stddef.h>

/*
 * Write into every blank VBDF of a scenario's regions the slot that the generator would choose, so
 * that it stays whatever else comes. The Service VM's stay blank: its bus is that of the board. The
 * caller frees *@ret_text. Returns 0 or -errno: the text cannot be read as a scenario.
 */
int scenario_fill_places(const char *text, size_t size, char **ret_text, size_t *ret_size);

#endif
