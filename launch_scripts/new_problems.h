/* SPDX-License-Identifier: BSD-3-Clause */
/* What a change has made worse. */
#ifndef LAUNCH_SCRIPTS_NEW_PROBLEMS_H
#define LAUNCH_SCRIPTS_NEW_PROBLEMS_H

#include <stddef.h>

#include "launch_scripts/problems.h"

/* What the change has renamed: a problem that it had is no new one. NULLs: nothing. */
struct name_change {
	const char *old_name, *new_name;
};

/*
 * Add to @problems those of @after that are not among @before, each of which counts once: lines may
 * have moved, so their texts are compared. They are located at the file @name only, since their
 * lines are those of a text that nobody sees. Returns how many.
 */
size_t new_problems_add(struct problems *problems, const char *name, const struct problems *before,
			const struct problems *after, const struct name_change *change);

#endif
