/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file "<key>.region" in the runtime directory: a region's record and its two locks.
 *
 * - The mutex is held for the moments in which somebody joins, leaves, changes or reads the region.
 * - The use lock is held shared by everybody who uses the region, as long as they do. It is only
 *   changed under the mutex. Who can have it exclusively is the only one, and may then do anything
 *   to the region. Two locks, because a single one could not be had exclusively by a second user,
 *   and two last users could each take the other one for a remaining user.
 *
 * Both vanish with a process that dies. One open file belongs to one thread at a time.
 */
#ifndef IVSHMEM_RECORD_FILE_H
#define IVSHMEM_RECORD_FILE_H

#include <stdbool.h>

#include "ivshmem/record.h"
#include "ivshmem/runtime_dir.h"

/* The bytes that the locks are on. */
#define IVSHMEM_RECORD_MUTEX 0
#define IVSHMEM_RECORD_USE 1

#define IVSHMEM_RECORD_SUFFIX ".region"

struct ivshmem_record_file {
	int fd; /* -1: none */
	struct ivshmem_runtime_dir dir;
	char file_name[IVSHMEM_KEY_MAX + sizeof(IVSHMEM_RECORD_SUFFIX)];
};

/*
 * Open the record of @key in @dir, with the mutex held; an empty one is made if there is none and
 * @create is set. Waits up to @timeout_ms for the mutex. @dir stays the caller's and may be closed
 * at once. The caller ends the file with ivshmem_record_file_close().
 * Returns 0, -ENOENT (without @create), -ETIMEDOUT, -ELOOP (a symbolic link), -EINVAL (no regular
 * file) or -errno, with a line except for -ENOENT.
 */
int ivshmem_record_file_open(struct ivshmem_record_file *ret_file,
			     const struct ivshmem_runtime_dir *dir, const char *key, bool create,
			     unsigned int timeout_ms, struct error *err);

/* Gives back all locks. Does nothing on one whose fd is -1. */
void ivshmem_record_file_close(struct ivshmem_record_file *file);

/* The mutex again, after ivshmem_record_file_unlock(). Returns 0, -ETIMEDOUT or -errno. */
int ivshmem_record_file_lock(struct ivshmem_record_file *file, unsigned int timeout_ms);
void ivshmem_record_file_unlock(struct ivshmem_record_file *file);

/* With the mutex held: be the only user. Returns 0, -EAGAIN (there are others) or -errno. */
int ivshmem_record_file_claim(struct ivshmem_record_file *file);

/* With the mutex held: be one user of many. Returns 0 or -errno. */
int ivshmem_record_file_share(struct ivshmem_record_file *file);

/* With the mutex held. Returns 0, -EBADMSG (empty, cut or no record) or -errno. */
int ivshmem_record_file_read(const struct ivshmem_record_file *file,
			     struct ivshmem_record *ret_record);

/*
 * With the mutex held, as the only user. A writer that dies leaves no whole record.
 * Returns 0 or -errno.
 */
int ivshmem_record_file_write(struct ivshmem_record_file *file,
			      const struct ivshmem_record *record);

/*
 * With the mutex held: write a record that differs from the present one in nothing but flags. It is
 * whole at any time, so this may be done under other users. Returns 0 or -errno.
 */
int ivshmem_record_file_set_flags(struct ivshmem_record_file *file,
				  const struct ivshmem_record *record);

/* As the only user. The file is gone for everybody; who waits for its mutex starts over. */
int ivshmem_record_file_remove(struct ivshmem_record_file *file);

#endif
