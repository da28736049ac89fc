/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions that come into a scenario. */
#ifndef LAUNCH_SCRIPTS_REGION_APPEND_H
#define LAUNCH_SCRIPTS_REGION_APPEND_H

#include "launch_scripts/scenario_nodes.h"
#include "launch_scripts/xml_edit.h"

/*
 * Append @regions to those that are there, in hv/FEATURES/IVSHMEM, which is made as far as it is
 * missing. Once per edit. Returns 0 or -ENOMEM.
 */
int regions_append(struct xml_edit *xml, const struct region_text *regions, size_t count);

#endif
