/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of the kinds that a guest gets, for a process on the host. Never unmapped, as the process
 * ends soon.
 */
#ifndef BENCH_HOST_MEMORY_H
#define BENCH_HOST_MEMORY_H

#include <stddef.h>

/* As a region's: allocated in /dev/shm, without a name. NULL on failure, with a line on stderr. */
void *host_memory_region(size_t size);

/* As a guest's memory: from a memfd. */
void *host_memory_ram(size_t size);

#endif
