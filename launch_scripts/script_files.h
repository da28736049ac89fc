/* SPDX-License-Identifier: BSD-3-Clause */
/* The scripts of a plan as files. */
#ifndef LAUNCH_SCRIPTS_SCRIPT_FILES_H
#define LAUNCH_SCRIPTS_SCRIPT_FILES_H

#include "launch_scripts/launch_target.h"
#include "launch_scripts/plan.h"
#include "lib/error.h"

/*
 * Write launch_user_vm_id<N>.sh, which anybody may run, into @directory for each post-launched VM
 * of @plan, or only for the one with @number if that is not 0. The directory is made if it is
 * missing. All of them are written or none. Returns 0, or -errno with @err; -ENOENT: no VM has
 * that number. Not thread-safe (getopt).
 */
int script_files_write(const struct plan *plan, unsigned int number, enum launch_target target,
		       const char *directory, struct error *err);

#endif
