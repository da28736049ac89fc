/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of ivshmem-access that work on the shared memory. */
#ifndef SAMPLES_LINUX_MEMORY_H
#define SAMPLES_LINUX_MEMORY_H

#include <stdbool.h>

#include "samples/linux/device.h"

enum format { FORMAT_HEX, FORMAT_TEXT, FORMAT_RAW };

struct access_options {
	struct device_choice choice;
	long timeout_s;		/* -1: none */
	bool phys;
	enum format format;
};

/*
 * Each takes the words that follow its name (see --help), refuses a range that leaves the
 * memory, and returns the exit status after saying what is wrong.
 */
int memory_read(const struct window *win, const struct access_options *opts, char **args);
int memory_write(const struct window *win, const struct access_options *opts, char **args);
int memory_fill(const struct window *win, const struct access_options *opts, char **args);
int memory_checksum(const struct window *win, const struct access_options *opts, char **args);
/* Blocks until the text is there, or opts->timeout_s seconds. */
int memory_wait(const struct window *win, const struct access_options *opts, char **args);

#endif
