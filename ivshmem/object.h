/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory object of a region: a file in /dev/shm (what shm_open(3) would open) or in a
 * hugetlbfs.
 *
 * A new object is made without a name and gets one when it has its whole size and all its memory,
 * so nobody ever opens a half-made one. Who uses an object holds a shared lock on it. That lock,
 * other than the record's, also holds between users that have different runtime directories or
 * reach one object under two names, so that neither takes it for a left-over.
 */
#ifndef IVSHMEM_OBJECT_H
#define IVSHMEM_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ivshmem/ofd_lock.h"
#include "ivshmem/record.h"

/*
 * The bytes of an object that locks are on, whatever the memory holds there. Above them are the
 * leases of ids (ivshmem/server_lease.h).
 */
enum ivshmem_object_byte {
	IVSHMEM_OBJECT_USE = 0,	     /* shared: a user; exclusive: who makes or removes it */
	IVSHMEM_OBJECT_SERVED = 1,   /* exclusive: the one server of this memory */
	IVSHMEM_OBJECT_STARTING = 2, /* exclusive: who is starting the region's own server */
};

#define IVSHMEM_SHM_DIR "/dev/shm"

/* No group: mode 0600. */
#define IVSHMEM_NO_GROUP ((gid_t)-1)

struct ivshmem_object {
	int fd; /* -1: none */
	uint64_t inode;
	uint64_t size; /* bytes, when it was opened */
	mode_t mode;
	gid_t gid;
	char path[IVSHMEM_PATH_MAX];
};

/*
 * Make a zeroed object of @size bytes for @path, without a name yet, its lock held exclusively.
 * With a @gid other than IVSHMEM_NO_GROUP it gets that group and mode 0660, else mode 0600. All
 * memory is allocated here. @hugepage_size tells what to say when there is not enough of it. May
 * take a second per some GiB. The caller ends it with ivshmem_object_close().
 * Returns 0, or with a line -ENOSPC, -EPERM (the group), -EOPNOTSUPP (no tmpfs or hugetlbfs) or
 * another -errno.
 */
int ivshmem_object_make(struct ivshmem_object *ret_object, const char *path, uint64_t size,
			uint64_t hugepage_size, gid_t gid, struct error *err);

/* Give a new object its name. Returns 0, -EEXIST (the name is taken) or -errno, with a line. */
int ivshmem_object_publish(struct ivshmem_object *object, struct error *err);

/*
 * Open the object at @path and take its lock as @lock says. Waits for IVSHMEM_OBJECT_WAIT_MS: a
 * process that dies gives back its locks one after the other. Its size and contents are whatever
 * they are.
 * Returns 0, -ENOENT (without a line), -EBUSY (somebody holds the lock; the line says who), -EPERM
 * (it belongs to somebody else), -ELOOP (a symbolic link), -EINVAL (no regular file) or -errno.
 */
#define IVSHMEM_OBJECT_WAIT_MS 1000
int ivshmem_object_open(struct ivshmem_object *ret_object, const char *path, enum ofd_lock lock,
			struct error *err);

/* From an exclusive lock to a shared one. Returns 0 or -errno. */
int ivshmem_object_share(struct ivshmem_object *object);

/*
 * Give back the lock and close. Closing alone would leave the lock with whoever has another mapping
 * or a duplicate of the descriptor.
 */
void ivshmem_object_release(struct ivshmem_object *object);

/* Remove the name of an object that is held exclusively. Returns 0 or -errno, with a line. */
int ivshmem_object_unlink(struct ivshmem_object *object, struct error *err);

/* Does nothing on one whose fd is -1. */
void ivshmem_object_close(struct ivshmem_object *object);

/*
 * Remove the object at @path, if there is one, if it is the one with @inode (0: whichever), and if
 * nobody holds its lock. The caller must not hold it either.
 * Returns 0 (nothing of that kind is left there), -EBUSY or -errno, with a line.
 */
int ivshmem_object_discard(const char *path, uint64_t inode, struct error *err);

#endif
