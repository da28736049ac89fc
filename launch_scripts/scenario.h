/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading ACRN scenario files: those of version 3 (each VM has a load_order, a region is an element
 * with elements in it), and those of version 2 (the load order is part of vm_type, a region is a
 * line of text) with the launch file that belongs to them.
 */
#ifndef LAUNCH_SCRIPTS_SCENARIO_H
#define LAUNCH_SCRIPTS_SCENARIO_H

#include "launch_scripts/plan.h"
#include "launch_scripts/xml_file.h"

/*
 * Fill @plan, which has no VMs and regions yet, from file @path and, if it is not NULL, launch file
 * @launch_path. Where the board matters (classes of passed-through devices), it is asked if
 * board_read() came before. Call plan_resolve() afterwards.
 *
 * Returns 0, also if there are problems with the contents: what they are about has values then
 * that hold, and nothing should be written. Returns -errno, and has added a problem, for a file
 * that cannot be read at all or is no such file; -ENOMEM.
 */
int scenario_read(struct plan *plan, const char *path, const char *launch_path,
		  struct problems *problems);

/* The same of files that are parsed already, whose names outlive @plan; @launch may be NULL. */
int scenario_read_xml(struct plan *plan, const struct xml_file *file,
		      const struct xml_file *launch, struct problems *problems);

/* Whether it is of version 2. */
bool scenario_is_v2(const struct xml_file *file);

#endif
