/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding a plan's regions by land and name, quickly also where there are many. */
#ifndef LAUNCH_SCRIPTS_REGION_INDEX_H
#define LAUNCH_SCRIPTS_REGION_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "launch_scripts/plan.h"

/* All zero is an empty one. It holds the names of the plan, not copies. */
struct region_index {
	void *tree;
};

/* Of the regions that @plan has now. Returns 0 or -ENOMEM. */
int region_index_init(struct region_index *index, const struct plan *plan);
void region_index_fini(struct region_index *index);

/* Number @position of the plan's. Returns 0, also if there is one of the name already; -ENOMEM. */
int region_index_add(struct region_index *index, enum ivshmem_land land, const char *name,
		     size_t position);

bool region_index_find(const struct region_index *index, enum ivshmem_land land, const char *name,
		       size_t *ret_position);

#endif
