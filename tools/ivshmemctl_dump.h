/* SPDX-License-Identifier: BSD-3-Clause */
/* The contents of a region, without becoming a user of it. */
#ifndef TOOLS_IVSHMEMCTL_DUMP_H
#define TOOLS_IVSHMEMCTL_DUMP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ivshmem/region_list.h"
#include "lib/error.h"

/*
 * Write @length bytes from @offset on, fewer if the region ends before, to @out: as they are if
 * @raw, else in lines of 16 with equal ones left out, like "hexdump -C". @info tells where.
 * Returns 0, -EINVAL (@offset is behind the end) or -errno, with a line.
 */
int dump_region(FILE *out, const struct ivshmem_region_info *info, uint64_t offset, uint64_t length,
		bool raw, struct error *err);

#endif
