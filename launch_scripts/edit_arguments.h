/* SPDX-License-Identifier: BSD-3-Clause */
/* The command lines of "region ..." and "vm ...": words, options, and what they may be. */
#ifndef LAUNCH_SCRIPTS_EDIT_ARGUMENTS_H
#define LAUNCH_SCRIPTS_EDIT_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "ivshmem/name.h"
#include "launch_scripts/scenario_nodes.h"

/* One bit per option, so that a command can tell which ones it takes. */
enum edit_option {
	EDIT_JSON = 1 << 0,
	EDIT_SIZE = 1 << 1,
	EDIT_SOURCE = 1 << 2,
	EDIT_ID = 1 << 3,
	EDIT_VECTORS = 1 << 4,
	EDIT_VM = 1 << 5,
	EDIT_NAME = 1 << 6,
	EDIT_ADD_VM = 1 << 7,
	EDIT_REMOVE_VM = 1 << 8,
	EDIT_MEMORY = 1 << 9,
	EDIT_PARAMETERS = 1 << 10,
	EDIT_LAUNCH = 1 << 11,
	EDIT_HELP = 1 << 12,
};

#define EDIT_WORDS_MAX 3

struct edit_arguments {
	int given; /* bits of the options */
	const char *words[EDIT_WORDS_MAX]; /* the file, and names */
	size_t word_count;
	uint64_t size_mb, id, vectors, memory_mb;
	enum ivshmem_land land;
	const char *name, *parameters, *launch;
	struct region_user_text *users; /* of --vm and --add-vm; names in @user_names */
	size_t user_count;
	char **user_names;
	const char **removed; /* of --remove-vm */
	size_t removed_count;
};

struct edit_command {
	const char *name, *usage, *help;
	int options, needed; /* bits */
	size_t words;
	int (*run)(const struct edit_arguments *args); /* the exit status */
};

/*
 * Do what "@noun COMMAND ..." says: @argv[0] is the noun, @commands end with one without a name.
 * Complaints go to the log. Returns an exit status.
 */
int edit_main(const char *noun, const struct edit_command *commands, int argc, char **argv);

#endif
