/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared-memory regions of the Service VM: memory with a name, a size and a count of its users, who
 * may be devices, several in one process, and other programs. The first user makes the region,
 * zeroed; the last one to leave removes it, unless it is to be kept. A user that dies leaves too,
 * and the next one finds nothing of it but a name.
 */
#ifndef IVSHMEM_REGION_H
#define IVSHMEM_REGION_H

#include <stdbool.h>
#include <stdint.h>

#include "ivshmem/name.h"
#include "lib/error.h"

/* Opaque. Any thread may use it, one at a time; different regions need no care at all. */
struct ivshmem_region;

/* 1 TiB. The smallest size is one page of the machine. */
#define IVSHMEM_REGION_SIZE_MAX (UINT64_C(1) << 40)

struct ivshmem_region_params {
	struct ivshmem_name name; /* dm:/ only */
	uint64_t size; /* bytes, a power of two */
	bool keep; /* the region outlives its users; once asked for by anyone, it stays so */
	bool prefault; /* have all pages mapped now */
	bool lock; /* never page it out */
	uint64_t hugepage_size; /* 2 MiB or 1 GiB: from hugetlbfs; 0: wherever the region is */
	const char *group; /* let this group's members open the object too; NULL: only the owner */
	const char *shm_object; /* "/object": memory of this POSIX name; NULL: the region's own */
};

/*
 * Become a user of the region, making it if it has none. Blocks while others join or leave; gives
 * up after IVSHMEM_REGION_WAIT_MS plus a second per GiB if one of them is stopped in the midst of
 * it.
 *
 * With @shm_object, an object that is there already, of whatever origin, is used with its contents
 * and left alone afterwards.
 *
 * Returns 0 and a region to be ended with ivshmem_region_detach(). On failure nothing is left
 * behind that was not there before, and @err has a line with the cause and the remedy:
 * -EINVAL: parameters are wrong, or do not fit the region as it is (size, object, group, pages)
 * -EPERM, -ELOOP: object, record or runtime directory belong to somebody else or are links
 * -ENOSPC: not enough memory; -ENOMEM, -EPERM, -EAGAIN also: it cannot be mapped or locked
 * -EBUSY: the object is used under another name or from another runtime directory
 * -ENODEV: no hugetlbfs; -ETIMEDOUT: see above; -EBADMSG: the record of a used region is damaged
 */
#define IVSHMEM_REGION_WAIT_MS 5000
int ivshmem_region_attach(const struct ivshmem_region_params *params,
			  struct ivshmem_region **ret_region, struct error *err);

/*
 * Unmap it and leave. The last user removes record and memory. If some other process is stopped
 * while it joins or leaves, this waits no longer than attaching would and then leaves the rest to
 * the next user or to "ivshmemctl remove --all-stale". A child process that was forked without exec
 * while the region was attached still shares its locks and must not outlive it. NULL is fine.
 */
void ivshmem_region_detach(struct ivshmem_region *region);

/* The mapping, readable and writable, page-aligned, until the region is detached. */
void *ivshmem_region_memory(const struct ivshmem_region *region);
uint64_t ivshmem_region_size(const struct ivshmem_region *region);

/* The object's descriptor, to be mapped elsewhere or sent to a peer. It stays the region's. */
int ivshmem_region_fd(const struct ivshmem_region *region);

/* The object's absolute path. */
const char *ivshmem_region_path(const struct ivshmem_region *region);

#endif
