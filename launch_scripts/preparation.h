/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VM needs of its host besides the device model, as the lines of a script that see whether
 * it is there, prepare it, and undo that. The functions that the lines call are in
 * launch_scripts/shell/.
 */
#ifndef LAUNCH_SCRIPTS_PREPARATION_H
#define LAUNCH_SCRIPTS_PREPARATION_H

#include <stdio.h>

#include "launch_scripts/launch_target.h"
#include "launch_scripts/plan.h"

enum {
	NEED_FILES = 1 << 0,  /* images */
	NEED_INPUT = 1 << 1,  /* input devices by name */
	NEED_MAC = 1 << 2,    /* an address to make others from */
	NEED_TAPS = 1 << 3,   /* network devices */
	NEED_MOUNTS = 1 << 4, /* partitions with images on them */
	NEED_PCI = 1 << 5,    /* devices of the host */
	NEED_CPUS = 1 << 6,   /* CPUs that nobody else runs on */

	NEED_UNDO = NEED_TAPS | NEED_MOUNTS | NEED_PCI, /* when the VM has ended */
	NEED_ROOT = NEED_UNDO | NEED_CPUS,
};

/* Which of these @vm of @plan, whose slots are all placed, has on @target. */
unsigned int preparation_needs(const struct plan *plan, const struct plan_vm *vm,
			       enum launch_target target);

/* The functions for @needs. */
void preparation_print_functions(unsigned int needs, FILE *out);

/* See that everything is there; change nothing. */
void preparation_print_checks(const struct plan_vm *vm, unsigned int needs, FILE *out);

/* Prepare, what cannot be undone last. */
void preparation_print_steps(const struct plan *plan, const struct plan_vm *vm, unsigned int needs,
			     FILE *out);

/* The function undo_all: whatever has been prepared, the last first. */
void preparation_print_undo(unsigned int needs, FILE *out);

#endif
