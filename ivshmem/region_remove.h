/* SPDX-License-Identifier: BSD-3-Clause */
/* Removing regions by hand: kept ones, and what crashes left. Nothing in use is ever removed. */
#ifndef IVSHMEM_REGION_REMOVE_H
#define IVSHMEM_REGION_REMOVE_H

#include <stddef.h>
#include <stdint.h>

#include "ivshmem/name.h"
#include "lib/error.h"

/*
 * Remove the region with its memory, kept, stale or an orphan. A foreign object that it was made on
 * stays. Blocks as ivshmem_region_attach() does.
 * Returns 0, -ENOENT (there is none), -EBUSY (in use; the line names by whom), -ETIMEDOUT or
 * -errno, with a line.
 */
int ivshmem_region_remove(const struct ivshmem_name *name, struct error *err);

struct ivshmem_removed {
	size_t regions;
	uint64_t bytes; /* of memory */
};

/*
 * Remove all stale regions: those whose users died, which are not to be kept. Goes on after a
 * failure.
 * Returns 0 or the first failure, with its line.
 */
int ivshmem_region_remove_stale(struct ivshmem_removed *ret_removed, struct error *err);

/*
 * Remove all memory of this user that looks like a region's, has no record in the runtime directory
 * and is unused. That may be the memory of a region that is kept from another runtime directory.
 * Returns as ivshmem_region_remove_stale().
 */
int ivshmem_region_remove_orphans(struct ivshmem_removed *ret_removed, struct error *err);

#endif
