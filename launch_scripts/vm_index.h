/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding a plan's virtual machines by what files call them, quickly also where there are many. */
#ifndef LAUNCH_SCRIPTS_VM_INDEX_H
#define LAUNCH_SCRIPTS_VM_INDEX_H

#include <stddef.h>

#include "launch_scripts/plan.h"

/* All zero is one without VMs. */
struct vm_index {
	struct plan_vm **by_id, **by_name; /* sorted; the latter without those that have no name */
	size_t count, named;
};

/* Of the VMs that @plan has now; it holds until one is added or renamed. Returns 0 or -ENOMEM. */
int vm_index_init(struct vm_index *index, const struct plan *plan);
void vm_index_fini(struct vm_index *index);

/* The first in the plan, or NULL: there is none. */
struct plan_vm *vm_index_by_id(const struct vm_index *index, uint64_t id);
struct plan_vm *vm_index_by_name(const struct vm_index *index, const char *name);

#endif
