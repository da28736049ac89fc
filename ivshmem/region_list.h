/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What regions there are, for people and programs that look after them. A snapshot: everything may
 * have changed by the time it is read.
 */
#ifndef IVSHMEM_REGION_LIST_H
#define IVSHMEM_REGION_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ivshmem/record.h"
#include "ivshmem/users.h"
#include "lib/error.h"

enum ivshmem_region_state {
	IVSHMEM_REGION_USED, /* somebody uses it */
	IVSHMEM_REGION_KEPT, /* unused, stays with its contents until it is removed */
	IVSHMEM_REGION_STALE, /* its users died; the next one makes it anew */
	IVSHMEM_REGION_DAMAGED, /* used, but its record or its object were tampered with */
	IVSHMEM_REGION_BUSY, /* somebody is joining or leaving, or was stopped while at it */
	IVSHMEM_REGION_ORPHAN, /* a region's memory without a record, unused */
	IVSHMEM_REGION_ELSEWHERE, /* same, but used with another runtime directory or user */
};

const char *ivshmem_region_state_text(enum ivshmem_region_state state);

struct ivshmem_region_info {
	char key[IVSHMEM_KEY_MAX];
	enum ivshmem_region_state state;
	bool has_record; /* @record is there and whole */
	struct ivshmem_record record;
	char path[IVSHMEM_PATH_MAX]; /* where the object is, or would be */
	bool has_object; /* the rest is known */
	uint64_t inode, size, allocated; /* bytes */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	struct ivshmem_users users; /* see there for who is missing */
};

struct ivshmem_region_list {
	struct ivshmem_region_info *infos; /* by name, those without one last */
	size_t count;
};

/*
 * All regions with a record in the runtime directory and all objects that look like a region's in
 * /dev/shm and hugetlbfs. Waits IVSHMEM_REGION_LIST_WAIT_MS for a region that is being joined or
 * left.
 * Returns 0 or -errno, with a line. The caller ends it with ivshmem_region_list_fini().
 */
#define IVSHMEM_REGION_LIST_WAIT_MS 300
int ivshmem_region_list_read(struct ivshmem_region_list *ret_list, struct error *err);
void ivshmem_region_list_fini(struct ivshmem_region_list *list);

/*
 * One region. Returns 0, -ENOENT (there is neither record nor object) or -errno, with a line. The
 * caller ends it with ivshmem_region_info_fini().
 */
int ivshmem_region_info_read(const struct ivshmem_name *name, struct ivshmem_region_info *ret_info,
			     struct error *err);
void ivshmem_region_info_fini(struct ivshmem_region_info *info);

/* What to call it in front of people: its name, or where there is no record its object's path. */
const char *ivshmem_region_info_name(const struct ivshmem_region_info *info);

#endif
