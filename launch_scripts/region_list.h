/* SPDX-License-Identifier: BSD-3-Clause */
/* Showing the regions of a scenario. */
#ifndef LAUNCH_SCRIPTS_REGION_LIST_H
#define LAUNCH_SCRIPTS_REGION_LIST_H

#include <stdbool.h>

/*
 * Print the regions of the scenario @path, with launch file @launch (NULL: none), as a table or as
 * JSON. What is wrong with it goes to standard error. Returns an exit status: 1 if it does not hold
 * or cannot be read.
 */
int region_list(const char *path, const char *launch, bool json);

#endif
