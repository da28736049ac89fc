/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors, eventfds, and transfers of all bytes. */
#include "lib/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static int temporary_file(void)
{
	char path[] = "/tmp/fds-test-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	unlink(path);
	return fd;
}

static void test_close(void)
{
	int fd = temporary_file(), old = fd, none = -1;

	errno = ENOTTY;
	fd_close(&fd);
	CU_ASSERT_EQUAL(fd, -1);
	CU_ASSERT_EQUAL(errno, ENOTTY);
	CU_ASSERT_EQUAL(fcntl(old, F_GETFD), -1);
	errno = ENOTTY;
	fd_close(&none);
	CU_ASSERT_EQUAL(errno, ENOTTY);
}

/* Descriptor 0 is one like any other. */
static void test_close_zero(void)
{
	int keep = dup(0), zero = 0;

	fd_close(&zero);
	CU_ASSERT_EQUAL(fcntl(0, F_GETFD), -1);
	CU_ASSERT_EQUAL(eventfd_new(), 0);
	dup2(keep, 0);
	close(keep);
}

static void test_eventfd(void)
{
	uint64_t most = UINT64_MAX - 1;
	int fd = eventfd_new();

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CU_ASSERT(fcntl(fd, F_GETFL) & O_NONBLOCK);
	CU_ASSERT_FALSE(eventfd_drain(fd));
	eventfd_signal(fd);
	eventfd_signal(fd);
	CU_ASSERT_TRUE(eventfd_drain(fd));
	CU_ASSERT_FALSE(eventfd_drain(fd));
	/* A full counter neither blocks nor wraps. */
	CU_ASSERT_EQUAL(write(fd, &most, sizeof(most)), sizeof(most));
	eventfd_signal(fd);
	CU_ASSERT_TRUE(eventfd_drain(fd));
	CU_ASSERT_FALSE(eventfd_drain(fd));
	fd_close(&fd);
}

static void test_is_eventfd(void)
{
	int fd = eventfd_new(), file = temporary_file(), pipes[2];

	CU_ASSERT(fd_is_eventfd(fd));
	CU_ASSERT_FALSE(fd_is_eventfd(file));
	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	CU_ASSERT_FALSE(fd_is_eventfd(pipes[0]));
	fd_close(&pipes[0]);
	fd_close(&pipes[1]);
	fd_close(&file);
	CU_ASSERT_FALSE(fd_is_eventfd(fd + 1000));
	fd_close(&fd);
}

/* That it tells semaphores where it can is shown with the peer. */
static void test_is_semaphore(void)
{
	int plain = eventfd_new();

	CU_ASSERT_FALSE(eventfd_is_semaphore(plain));
	CU_ASSERT_FALSE(eventfd_is_semaphore(-1));
	fd_close(&plain);
}

static void test_no_descriptor(void)
{
	struct rlimit old, none;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	CU_ASSERT_EQUAL(eventfd_new(), -EMFILE);
	setrlimit(RLIMIT_NOFILE, &old);
}

static void test_reopen(void)
{
	int fd = temporary_file(), copy;
	char byte = 0;

	CU_ASSERT_EQUAL(fd_write_all(fd, "ab", 2, 0), 0);
	copy = fd_reopen(fd);
	CU_ASSERT_FATAL(copy >= 0 && copy != fd);
	CU_ASSERT(fcntl(copy, F_GETFD) & FD_CLOEXEC);
	/* A duplicate would share the position. */
	CU_ASSERT_EQUAL(lseek(fd, 2, SEEK_SET), 2);
	CU_ASSERT_EQUAL(lseek(copy, 0, SEEK_CUR), 0);
	CU_ASSERT_EQUAL(fd_write_all(copy, "c", 1, 1), 0);
	CU_ASSERT_EQUAL(fd_read_all(fd, &byte, 1, 1), 0);
	CU_ASSERT_EQUAL(byte, 'c');
	fd_close(&copy);
	fd_close(&fd);
	CU_ASSERT_EQUAL(fd_reopen(-1), -ENOENT);
}

static void test_raise_limit(void)
{
	struct rlimit old, less, now;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	less = old;
	less.rlim_cur = 32;
	setrlimit(RLIMIT_NOFILE, &less);
	fds_raise_limit();
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &now), 0);
	CU_ASSERT_EQUAL(now.rlim_cur, old.rlim_max);
	setrlimit(RLIMIT_NOFILE, &old);
}

static void test_transfers(void)
{
	char buffer[10] = "";
	int fd = temporary_file(), pipes[2];

	CU_ASSERT_EQUAL(fd_write_all(fd, "0123456789", 10, 5), 0);
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_END), 15);
	CU_ASSERT_EQUAL(fd_read_all(fd, buffer, 10, 5), 0);
	CU_ASSERT_EQUAL(memcmp(buffer, "0123456789", 10), 0);
	CU_ASSERT_EQUAL(fd_read_all(fd, buffer, 10, 6), -ENODATA);
	CU_ASSERT_EQUAL(fd_read_all(fd, buffer, 1, 15), -ENODATA);
	CU_ASSERT_EQUAL(fd_read_all(fd, buffer, 0, 100), 0);
	CU_ASSERT_EQUAL(fd_write_all(fd, buffer, 0, 100), 0);
	CU_ASSERT_EQUAL(fd_read_all(fd, buffer, 1, -1), -EINVAL);
	CU_ASSERT_EQUAL(fd_read_all(-1, buffer, 1, 0), -EBADF);
	CU_ASSERT_EQUAL(fd_write_all(-1, buffer, 1, 0), -EBADF);
	fd_close(&fd);
	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	CU_ASSERT_EQUAL(fd_read_all(pipes[0], buffer, 1, 0), -ESPIPE);
	fd_close(&pipes[0]);
	fd_close(&pipes[1]);
}

/* Descriptors that others have too, who may have made them blocking. */
static void test_blocking_eventfd(void)
{
	uint64_t most = UINT64_MAX - 1;
	int fd = eventfd_new();

	CU_ASSERT_EQUAL_FATAL(fcntl(fd, F_SETFL, 0), 0);
	/* What waits would wait for ever. */
	alarm(20);
	CU_ASSERT_FALSE(eventfd_drain(fd));
	eventfd_signal(fd);
	CU_ASSERT(eventfd_drain(fd));
	CU_ASSERT_EQUAL(write(fd, &most, sizeof(most)), sizeof(most));
	eventfd_signal(fd);
	CU_ASSERT(eventfd_drain(fd));
	CU_ASSERT_FALSE(eventfd_drain(fd));
	alarm(0);
	fd_close(&fd);
}

static const struct unit_test tests[] = {
	{ "close", test_close },
	{ "close descriptor 0", test_close_zero },
	{ "eventfd", test_eventfd },
	{ "eventfd that blocks", test_blocking_eventfd },
	{ "is it an eventfd", test_is_eventfd },
	{ "is it a semaphore", test_is_semaphore },
	{ "no descriptor", test_no_descriptor },
	{ "reopen", test_reopen },
	{ "raise the limit", test_raise_limit },
	{ "transfers", test_transfers },
};

UNIT_MAIN("fds", tests)
