/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of plan_check(), each of which looks at one thing; and what they share. */
#ifndef LAUNCH_SCRIPTS_CHECKS_H
#define LAUNCH_SCRIPTS_CHECKS_H

#include "launch_scripts/plan.h"
#include "launch_scripts/problems.h"

/* Names, script numbers and memory sizes of the VMs. Returns 0 or -ENOMEM, as all of them. */
int check_vms(const struct plan *plan, struct problems *problems);
/* Names, sizes, ids, vectors and users of the regions. */
int check_regions(const struct plan *plan, struct problems *problems);
/* Slots that the input gives. */
int check_slots(const struct plan *plan, struct problems *problems);
/* CPUs and memory, against each other and what the board has. */
int check_resources(const struct plan *plan, struct problems *problems);

/*
 * @count pointers to the elements (of @size bytes) of @list, sorted by @compare, which gets
 * pointers to two such pointers. To be freed; NULL: out of memory.
 */
const void **checks_sort(const void *list, size_t count, size_t size,
			 int (*compare)(const void *a, const void *b));

/* " (FILE:LINE)" of something else that a problem is about; empty: nowhere. Returns @text. */
#define CHECKS_PLACE_TEXT_MAX 160
const char *checks_place_text(struct plan_place place, char text[CHECKS_PLACE_TEXT_MAX]);

#endif
