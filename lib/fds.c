/* SPDX-License-Identifier: BSD-3-Clause */
/* File descriptors and eventfds. */
#include "lib/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

void fd_close(int *fd)
{
	int saved_errno = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved_errno;
}

int fds_fill_standard(void)
{
	int fd;

	/* Only where one is missing: a bare chroot has no /dev/null. */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return -errno;
	return 0;
}

void fds_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int fd_reopen(int fd)
{
	char path[32];
	int copy;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	copy = open(path, O_RDWR | O_CLOEXEC);
	return copy < 0 ? -errno : copy;
}

int fd_duplicate(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : copy;
}

int eventfd_new(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

bool fd_is_eventfd(int fd)
{
	static const char kind[] = "anon_inode:[eventfd]";
	char path[32], target[sizeof(kind)];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, target, sizeof(target));
	if (length < 0)
		return fcntl(fd, F_GETFD) >= 0; /* there is no /proc to tell */
	return length == sizeof(kind) - 1 && memcmp(target, kind, sizeof(kind) - 1) == 0;
}

bool eventfd_is_semaphore(int fd)
{
	char path[40], text[512];
	ssize_t n;
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	n = info < 0 ? 0 : read(info, text, sizeof(text) - 1);
	fd_close(&info);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, "eventfd-semaphore: 1");
}

/*
 * Whoever has a duplicate can clear O_NONBLOCK and fill the counter. A write that waits after all
 * ends with the next signal; there is nothing to add then, so it is not tried again.
 */
void eventfd_signal(int fd)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	const uint64_t one = 1;

	if (poll(&room, 1, 0) == 1 && write(fd, &one, sizeof(one)) < 0) {
		/* It is full. */
	}
}

bool eventfd_drain(int fd)
{
	uint64_t count;
	struct iovec part = { .iov_base = &count, .iov_len = sizeof(count) };
	ssize_t n;

	do {
		n = preadv2(fd, &part, 1, -1, RWF_NOWAIT);
		/* Timers of older kernels; nobody else has those. */
		if (n < 0 && errno == EOPNOTSUPP)
			n = read(fd, &count, sizeof(count));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(count);
}

int fd_read_all(int fd, void *buffer, size_t length, long long offset)
{
	char *p = buffer;
	ssize_t n;

	while (length > 0) {
		n = pread(fd, p, length, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA;
		p += n;
		offset += n;
		length -= (size_t)n;
	}
	return 0;
}

int fd_write_all(int fd, const void *buffer, size_t length, long long offset)
{
	const char *p = buffer;
	ssize_t n;

	while (length > 0) {
		n = pwrite(fd, p, length, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		offset += n;
		length -= (size_t)n;
	}
	return 0;
}
