/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of acrn-dm, one table of options for parsing, help and refusals. */
#ifndef DEVICEMODEL_CONFIG_COMMAND_LINE_H
#define DEVICEMODEL_CONFIG_COMMAND_LINE_H

#include <stdio.h>

#include "devicemodel/config/device_class.h"
#include "lib/error.h"

struct vm_config;

/* What the command line asks the program to do. */
enum command {
	COMMAND_RUN,
	COMMAND_DUMP_CONFIG,
	COMMAND_HELP,
	COMMAND_DEVICE_HELP,
	COMMAND_VERSION,
};

/*
 * Fill @config (after vm_config_init()) from the words of main(); @argv may be reordered. The two
 * helps and the version win over everything after them. Nothing is opened.
 * Returns 0; -EINVAL with @err naming the bad word; -ENOMEM. Not thread-safe (getopt).
 */
int command_line_parse(int argc, char **argv, const struct device_class *const *classes,
		       struct vm_config *config, enum command *ret_command, struct error *err);

/* The text of -h. */
void command_line_help(FILE *out);

#endif
