/* SPDX-License-Identifier: BSD-3-Clause */
/* Open file description locks with a bounded wait. */
#include "ivshmem/ofd_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/util.h"

/* Pauses between tries grow up to this. A critical section takes some ten microseconds. */
#define PAUSE_MAX_NS 2000000
#define PAUSE_MIN_NS 50000

static const short lock_types[] = {
	[OFD_LOCK_NONE] = F_UNLCK,
	[OFD_LOCK_SHARED] = F_RDLCK,
	[OFD_LOCK_EXCLUSIVE] = F_WRLCK,
};

static struct flock byte_lock(int byte, enum ofd_lock kind)
{
	return (struct flock){
		.l_type = lock_types[kind],
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};
}

int ofd_lock_try(int fd, int byte, enum ofd_lock kind)
{
	struct flock lock = byte_lock(byte, kind);

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	return errno == EACCES ? -EAGAIN : -errno;
}

/*
 * F_OFD_SETLKW has no time limit, and a library may not borrow a signal to interrupt it; so this
 * asks again and again.
 */
int ofd_lock_wait(int fd, int byte, enum ofd_lock kind, unsigned int timeout_ms)
{
	const int64_t deadline = now_ms() + timeout_ms;
	struct timespec pause = { .tv_nsec = PAUSE_MIN_NS };
	int ret;

	while ((ret = ofd_lock_try(fd, byte, kind)) == -EAGAIN) {
		if (now_ms() >= deadline)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < PAUSE_MAX_NS)
			pause.tv_nsec *= 2;
	}
	return ret;
}

int ofd_lock_query(int fd, int byte)
{
	struct flock lock = byte_lock(byte, OFD_LOCK_EXCLUSIVE);
	size_t kind;

	/* For this command l_pid must be 0 on the way in; it comes back as -1. */
	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return -errno;
	for (kind = 0; kind < ARRAY_SIZE(lock_types); kind++)
		if (lock_types[kind] == lock.l_type)
			return (int)kind;
	return -EIO;
}
