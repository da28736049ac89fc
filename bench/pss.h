/* SPDX-License-Identifier: BSD-3-Clause */
/* The proportional set size of a process (proc(5), smaps). */
#ifndef BENCH_PSS_H
#define BENCH_PSS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"

/*
 * Add up what the process has: everything if @is_wanted is NULL, else the mappings of which it says
 * so when it is shown their line of addresses and name. Returns 0 or -errno.
 */
int pss_read(pid_t pid, bool (*is_wanted)(const char *line), uint64_t *ret_kib, struct error *err);

#endif
