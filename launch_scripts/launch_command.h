/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words after "acrn-dm" that start a VM of a plan. Most are literal; some hold what only the
 * machine that runs the script knows (where a partition is mounted), and are shell code.
 *
 * Property: the literal words, and the placeholders of the others, are a command line that acrn-dm
 * understands; all VMs of a region are told the same name, size, id and vectors.
 */
#ifndef LAUNCH_SCRIPTS_LAUNCH_COMMAND_H
#define LAUNCH_SCRIPTS_LAUNCH_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "launch_scripts/launch_target.h"
#include "launch_scripts/plan.h"
#include "lib/error.h"

struct launch_word {
	char *text; /* as it is; with is_code: one word of shell code, its literal parts quoted */
	bool is_code;
	char *placeholder; /* with is_code: literal, says what the code will put there */
};

struct launch_command {
	struct launch_word *words;
	size_t count;
};

/*
 * Make the command line of @vm, a post-launched VM of @plan whose slots are all placed and that has
 * passed plan_check() and plan_check_target(). @ret is to be freed by launch_command_fini().
 * Returns 0; -EINVAL: acrn-dm would not take it (what the input's further parameters say is checked
 * here), with its line in @err; -ENOMEM. Not thread-safe (getopt).
 */
int launch_command_make(const struct plan *plan, const struct plan_vm *vm,
			enum launch_target target, struct launch_command *ret, struct error *err);
void launch_command_fini(struct launch_command *command);

/* "acrn-dm" and the words as one line for a shell, with the placeholders instead of code. */
void launch_command_print(const struct launch_command *command, FILE *out);

/*
 * The shell variables that words of code use, for whoever prepares them:
 *
 *   mount_N   virtio-blk with a partition (host_name): the directory where that is mounted
 *   event_N   virtio-input with the name of a device (host_name): its /dev/input/eventN
 *   mac       virtio-net without an address of its own: the address of a network card of the host
 *
 * N is the place of @device among the VM's devices, from 0. Returns false if it uses none.
 */
#define LAUNCH_VARIABLE_MAX 32
bool launch_device_variable(const struct plan_vm *vm, const struct plan_device *device,
			    char ret_name[LAUNCH_VARIABLE_MAX]);

/*
 * What the scenario asks for and the command line lacks, as one sentence for a comment in the
 * script; NULL: nothing. The sentence is static.
 */
const char *launch_command_left_out(const struct plan *plan, const struct plan_vm *vm,
				    enum launch_target target);

#endif
