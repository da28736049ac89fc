/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan from the text of a scenario that may not be a file yet. */
#ifndef LAUNCH_SCRIPTS_PLAN_FROM_TEXT_H
#define LAUNCH_SCRIPTS_PLAN_FROM_TEXT_H

#include <stddef.h>

#include "launch_scripts/plan.h"
#include "launch_scripts/problems.h"

/*
 * As scenario_read() and plan_resolve() of a file called @name, which outlives @plan; plan_check()
 * is not called. Returns 0, also with problems, or -errno with one.
 */
int plan_read_text(struct plan *plan, const char *name, const char *text, size_t size,
		   struct problems *problems);

#endif
