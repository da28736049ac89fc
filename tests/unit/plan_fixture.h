/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans made by hand, and questions about the problems that they have. */
#ifndef TESTS_UNIT_PLAN_FIXTURE_H
#define TESTS_UNIT_PLAN_FIXTURE_H

#include "launch_scripts/plan.h"

/* Every place is in this file. */
#define PLAN_FILE "plan.xml"

/* A VM that holds, of 256 MB; post-launched ones are numbered in the order they are added. */
struct plan_vm *plan_put_vm(struct plan *plan, const char *name, enum plan_load_order load_order,
			    unsigned int line);

/* A region of 2 MB without users. */
struct plan_region *plan_put_region(struct plan *plan, const char *name, enum ivshmem_land land,
				    unsigned int line);

/* @slot: "8", "8:1" as -s takes it; NULL: blank. */
void plan_put_user(struct plan_region *region, const char *vm, const char *slot,
		   unsigned int line);
struct plan_device *plan_put_device(struct plan_vm *vm, enum plan_device_kind kind,
				    const char *options, const char *slot, unsigned int line);

/* A board with CPUs 0 to @cpus - 1, whose APIC ids are twice as large, and so much memory. */
void plan_put_board(struct plan *plan, unsigned int cpus, uint64_t memory_mb);

/* Two post-launched VMs, "a" and "b", with a region "shm" of the device model, slots left blank. */
void plan_put_pair(struct plan *plan);

/* Is there one at that line (0: anywhere) whose text has @words in it? */
bool problems_have(const struct problems *problems, unsigned int line, const char *words);

/* For a test that fails: on stderr. */
void problems_show(const struct problems *problems);

#endif
