/* SPDX-License-Identifier: BSD-3-Clause */
/* Where huge pages of a size can be had, and how many. */
#ifndef IVSHMEM_HUGEPAGES_H
#define IVSHMEM_HUGEPAGES_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/*
 * The first mounted hugetlbfs with pages of @page_size bytes.
 * Returns 0, -ENODEV (none is mounted) or -errno, with a line that tells how to mount one.
 */
int hugepages_mount(uint64_t page_size, char *ret_path, size_t path_size, struct error *err);

/*
 * The line for the user after an allocation of @bytes failed: pages needed and free, and what to
 * write where. Returns @code.
 */
int hugepages_shortage(uint64_t page_size, uint64_t bytes, int code, struct error *err);

#endif
