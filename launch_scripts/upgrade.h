/* SPDX-License-Identifier: BSD-3-Clause */
/* "acrn-launch-gen upgrade": a scenario of version 3 out of one of version 2. */
#ifndef LAUNCH_SCRIPTS_UPGRADE_H
#define LAUNCH_SCRIPTS_UPGRADE_H

#include <stddef.h>

#include "launch_scripts/plan.h"
#include "launch_scripts/problems.h"
#include "launch_scripts/xml_file.h"

/* @argv[0] is "upgrade". Returns an exit status. */
int upgrade_main(int argc, char **argv);

/*
 * Make the text of a scenario of version 3 out of @text, which is one of version 2 and was read,
 * with @launch (NULL: none), into @plan. What version 3 has no place for, or what is not known
 * here, is added to @notes; elements that both versions have in common stay as they are. The
 * caller frees *@ret_text. Returns 0 or -errno.
 */
int upgrade_text(const char *name, const char *text, size_t size, const struct xml_file *launch,
		 const struct plan *plan, struct problems *notes, char **ret_text,
		 size_t *ret_size);

#endif
