/* SPDX-License-Identifier: BSD-3-Clause */
/* A slot on a VM's PCI bus as a scenario has it. */
#ifndef LAUNCH_SCRIPTS_SCENARIO_SLOT_H
#define LAUNCH_SCRIPTS_SCENARIO_SLOT_H

#include "launch_scripts/plan.h"
#include "launch_scripts/xml_value.h"

/*
 * The address in element @vbdf, if there is one, as the place of what @owner describes. Without
 * one, or with one that does not hold and is a problem, the slot is left to the allocator.
 */
void scenario_read_slot(struct xml_reader *reader, const xmlNode *owner, const xmlNode *vbdf,
			struct plan_slot *slot);

#endif
