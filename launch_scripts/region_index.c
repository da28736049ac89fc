/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions in a balanced tree (tsearch(3)). */
#include "launch_scripts/region_index.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct region_entry {
	enum ivshmem_land land;
	const char *name;
	size_t position;
};

static int compare(const void *a, const void *b)
{
	const struct region_entry *first = a, *second = b;

	if (first->land != second->land)
		return first->land < second->land ? -1 : 1;
	return strcmp(first->name, second->name);
}

int region_index_add(struct region_index *index, enum ivshmem_land land, const char *name,
		     size_t position)
{
	struct region_entry *entry = malloc(sizeof(*entry)), **found;

	if (!entry)
		return -ENOMEM;
	*entry = (struct region_entry){ land, name, position };
	found = tsearch(entry, &index->tree, compare);
	if (!found || *found != entry)
		free(entry);
	return found ? 0 : -ENOMEM;
}

bool region_index_find(const struct region_index *index, enum ivshmem_land land, const char *name,
		       size_t *ret_position)
{
	const struct region_entry wanted = { land, name, 0 };
	struct region_entry *const *found = tfind(&wanted, &index->tree, compare);

	if (!found)
		return false;
	*ret_position = (*found)->position;
	return true;
}

int region_index_init(struct region_index *index, const struct plan *plan)
{
	size_t i;
	int ret = 0;

	*index = (struct region_index){ 0 };
	for (i = 0; i < plan->region_count && ret == 0; i++)
		if (plan->regions[i].name)
			ret = region_index_add(index, plan->regions[i].land, plan->regions[i].name,
					       i);
	if (ret < 0)
		region_index_fini(index);
	return ret;
}

void region_index_fini(struct region_index *index)
{
	tdestroy(index->tree, free);
	index->tree = NULL;
}
