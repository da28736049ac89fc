/* SPDX-License-Identifier: BSD-3-Clause */
/* The decision, under the mutex of a region's record, which memory a new user gets. */
#ifndef IVSHMEM_REGION_JOIN_H
#define IVSHMEM_REGION_JOIN_H

#include <stdbool.h>

#include "ivshmem/object.h"
#include "ivshmem/record_file.h"

/* What a user asks for, checked and resolved. */
struct ivshmem_region_request {
	const char *name;
	char path[IVSHMEM_PATH_MAX]; /* where the object is made if there is none */
	bool literal; /* @path was given by the user and is not derived from the name */
	uint64_t size, hugepage_size;
	gid_t gid; /* or IVSHMEM_NO_GROUP */
	bool keep;
};

struct ivshmem_region_seat {
	struct ivshmem_record record;
	struct ivshmem_object object;
	bool created; /* this user made the region */
};

/*
 * With the mutex of @file held: find or make the memory and become a user of it. On success both
 * locks, the record's use lock and the object's, are held shared, and the caller ends
 * @ret_seat->object. On failure nothing is left that was not there before, the record included.
 * Returns 0 or -errno as ivshmem_region_attach(), with a line.
 */
int ivshmem_region_join(const struct ivshmem_region_request *request,
			struct ivshmem_record_file *file, struct ivshmem_region_seat *ret_seat,
			struct error *err);

/*
 * With the mutex held, as the only user and without the object's lock: remove the object if it is
 * the region's own, and the record. @record NULL: it is damaged; then the object at @path is
 * removed.
 * Returns 0, -EBUSY (the object is used under another name; a whole record stays, so that the
 * object is not forgotten) or -errno, with a line.
 */
int ivshmem_region_erase(struct ivshmem_record_file *file, const struct ivshmem_record *record,
			 const char *path, struct error *err);

#endif
