/* SPDX-License-Identifier: BSD-3-Clause */
/* Post-launched VMs by their numbers, which launch files and names of launch scripts use. */
#ifndef LAUNCH_SCRIPTS_LAUNCH_NUMBERS_H
#define LAUNCH_SCRIPTS_LAUNCH_NUMBERS_H

#include "launch_scripts/scenario_reading.h"

/* Ids of VMs have 16 bits, and so have numbers of scripts. */
#define LAUNCH_NUMBERS 65536

struct launch_numbers {
	struct plan_vm *vms[LAUNCH_NUMBERS];
	bool seen[LAUNCH_NUMBERS]; /* the launch file has told about it */
};

/* Of the VMs in the plan, for free(). NULL: out of memory, as reading->launch.ret says. */
struct launch_numbers *launch_numbers_new(struct scenario_reading *reading);

/* The first <user_vm> (once: <uos>) of the launch file, and the next one; NULL: there is none. */
xmlNode *launch_numbers_first(const struct scenario_reading *reading);
xmlNode *launch_numbers_next(const xmlNode *node);

/*
 * The VM that @node is about; NULL: there is none. With @complain that is a problem, and so is a
 * second @node about a VM, for which NULL is returned.
 */
struct plan_vm *launch_numbers_find(struct scenario_reading *reading,
				    struct launch_numbers *numbers, const xmlNode *node,
				    bool complain);

#endif
