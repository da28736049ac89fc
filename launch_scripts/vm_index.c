/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs in order of their ids and of their names. */
#include "launch_scripts/vm_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_ids(const void *a, const void *b)
{
	const struct plan_vm *first = *(struct plan_vm *const *)a;
	const struct plan_vm *second = *(struct plan_vm *const *)b;
	int order = (first->id > second->id) - (first->id < second->id);

	return order ? order : (first > second) - (first < second);
}

static int compare_names(const void *a, const void *b)
{
	const struct plan_vm *first = *(struct plan_vm *const *)a;
	const struct plan_vm *second = *(struct plan_vm *const *)b;
	int order = strcmp(first->name, second->name);

	return order ? order : (first > second) - (first < second);
}

int vm_index_init(struct vm_index *index, const struct plan *plan)
{
	size_t i;

	*index = (struct vm_index){ .count = plan->vm_count };
	index->by_id = calloc(plan->vm_count + 1, sizeof(*index->by_id));
	index->by_name = calloc(plan->vm_count + 1, sizeof(*index->by_name));
	if (!index->by_id || !index->by_name) {
		vm_index_fini(index);
		return -ENOMEM;
	}
	for (i = 0; i < plan->vm_count; i++) {
		index->by_id[i] = &plan->vms[i];
		if (plan->vms[i].name)
			index->by_name[index->named++] = &plan->vms[i];
	}
	qsort(index->by_id, index->count, sizeof(*index->by_id), compare_ids);
	qsort(index->by_name, index->named, sizeof(*index->by_name), compare_names);
	return 0;
}

void vm_index_fini(struct vm_index *index)
{
	free(index->by_id);
	free(index->by_name);
	*index = (struct vm_index){ 0 };
}

struct plan_vm *vm_index_by_id(const struct vm_index *index, uint64_t id)
{
	size_t low = 0, high = index->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (index->by_id[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < index->count && index->by_id[low]->id == id ? index->by_id[low] : NULL;
}

struct plan_vm *vm_index_by_name(const struct vm_index *index, const char *name)
{
	size_t low = 0, high = index->named, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(index->by_name[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == index->named || strcmp(index->by_name[low]->name, name) != 0)
		return NULL;
	return index->by_name[low];
}
