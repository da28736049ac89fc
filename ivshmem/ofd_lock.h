/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Advisory locks on single bytes of a file that belong to the open file description (fcntl(2),
 * "Open file description locks"): threads of one process exclude each other, and the kernel drops
 * them with the last descriptor, however the holder ends. The byte need not exist in the file.
 */
#ifndef IVSHMEM_OFD_LOCK_H
#define IVSHMEM_OFD_LOCK_H

enum ofd_lock {
	OFD_LOCK_NONE,
	OFD_LOCK_SHARED,
	OFD_LOCK_EXCLUSIVE,
};

/*
 * Change what @fd (open for reading and writing) holds on @byte, in one step. Never blocks. What
 * was held before stays held on failure. Returns 0, -EAGAIN (somebody else holds it) or -errno.
 */
int ofd_lock_try(int fd, int byte, enum ofd_lock kind);

/*
 * Same, but waits up to @timeout_ms milliseconds for others. Returns 0, -ETIMEDOUT or -errno.
 * There is no queue: who waits longest need not be next.
 */
int ofd_lock_wait(int fd, int byte, enum ofd_lock kind, unsigned int timeout_ms);

/* What others than @fd hold on @byte, without touching it: an enum ofd_lock, or -errno. */
int ofd_lock_query(int fd, int byte);

#endif
