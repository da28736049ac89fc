/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of acrn-launch-gen, where it makes scripts. */
#ifndef LAUNCH_SCRIPTS_LAUNCH_OPTIONS_H
#define LAUNCH_SCRIPTS_LAUNCH_OPTIONS_H

#include <stdbool.h>

#include "launch_scripts/launch_target.h"
#include "lib/error.h"

struct launch_options {
	bool help, version;
	bool print; /* the command lines, instead of writing scripts */
	bool check; /* nothing else */
	const char *scenario;
	const char *board;  /* NULL: none */
	const char *launch; /* NULL: none */
	const char *out;    /* directory of the scripts */
	unsigned int user_vmid; /* number of the script; 0: all */
	enum launch_target target;
};

/* Nothing is opened. The words stay the caller's. Returns 0 or -EINVAL with a line. */
int launch_options_parse(struct launch_options *ret_options, int argc, char **argv,
			 struct error *err);

extern const char launch_options_help[];

#endif
