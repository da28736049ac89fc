/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The start script of a VM: for any POSIX shell, checks that everything is there, prepares what the
 * VM needs of the host, starts the device model, passes signals and its exit status on, and undoes
 * the preparation. What it consists of is in launch_scripts/shell/.
 */
#ifndef LAUNCH_SCRIPTS_SCRIPT_H
#define LAUNCH_SCRIPTS_SCRIPT_H

#include <stdio.h>

#include "launch_scripts/launch_target.h"
#include "launch_scripts/plan.h"
#include "lib/error.h"

/*
 * Write the script of @vm, a post-launched VM of @plan that launch_command_make() takes, to @out.
 * The same plan gives the same bytes. Returns 0, or what launch_command_make() does, with @err;
 * then nothing is written. Whether @out took it all is for the caller to see (ferror()).
 */
int script_write(const struct plan *plan, const struct plan_vm *vm, enum launch_target target,
		 FILE *out, struct error *err);

#endif
