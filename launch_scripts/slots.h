/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finding a place on the PCI bus for what the input gives none. Deterministic: the same plan gets
 * the same slots.
 */
#ifndef LAUNCH_SCRIPTS_SLOTS_H
#define LAUNCH_SCRIPTS_SLOTS_H

#include "launch_scripts/plan.h"
#include "launch_scripts/problems.h"

/*
 * Place every user of a region and every device of the post-launched VMs of @plan, which is
 * resolved. What is placed stays. The others come in order, regions before devices, and take of
 * devices 3 to 30 the lowest of: function 0 where only other functions are in use; a device that is
 * free; where none is, a free function.
 *
 * A VM that is full is a problem, located at what found no place; the rest is placed.
 * Returns 0, also then.
 */
int place_slots(struct plan *plan, struct problems *problems);

#endif
