/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors over sockets: none lost, none left behind. */
#include "lib/fd_passing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fds.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

#define MANY 253 /* the kernel's limit for one message */

static void new_pair(int pair[2])
{
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

static void close_pair(int pair[2])
{
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

/* The same descriptor @count times in one message with one byte. */
static void send_many(int socket, int fd, size_t count)
{
	char control[CMSG_SPACE(MANY * sizeof(int))] __attribute__((aligned(8))) = { 0 };
	char byte = 'x';
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	size_t i;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (i = 0; i < count; i++)
		memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof(fd));
	CU_ASSERT_EQUAL(sendmsg(socket, &message, 0), 1);
}

static void test_with_and_without(void)
{
	int pair[2], event = eventfd_new(), fd = -2;
	char buffer[8];

	new_pair(pair);
	CU_ASSERT_EQUAL(fd_passing_receive(pair[1], buffer, 8, &fd), -EAGAIN);
	CU_ASSERT_EQUAL(fd, -2);
	CU_ASSERT_EQUAL(fd_passing_send(pair[0], "abc", 3, -1), 3);
	CU_ASSERT_EQUAL(fd_passing_receive(pair[1], buffer, 8, &fd), 3);
	CU_ASSERT_EQUAL(fd, -1);
	CU_ASSERT_EQUAL(memcmp(buffer, "abc", 3), 0);
	CU_ASSERT_EQUAL(fd_passing_send(pair[0], "de", 2, event), 2);
	CU_ASSERT_EQUAL(fd_passing_receive(pair[1], buffer, 1, &fd), 1);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
	eventfd_signal(fd);
	CU_ASSERT_TRUE(eventfd_drain(event));
	fd_close(&fd);
	/* The second byte is alone. */
	CU_ASSERT_EQUAL(fd_passing_receive(pair[1], buffer, 8, &fd), 1);
	CU_ASSERT_EQUAL(fd, -1);
	fd_close(&event);
	close_pair(pair);
}

static void test_more_than_one(void)
{
	static const size_t counts[] = { 1, 2, 7, MANY };
	int pair[2], event = eventfd_new(), fd;
	struct leaks before, after;
	char byte;
	size_t i;

	new_pair(pair);
	before = leaks_count();
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		send_many(pair[0], event, counts[i]);
		CU_ASSERT_EQUAL(fd_passing_receive(pair[1], &byte, 1, &fd), 1);
		CU_ASSERT_TRUE(fd >= 0);
		fd_close(&fd);
		after = leaks_count();
		CU_ASSERT_TRUE(leaks_equal(&before, &after));
	}
	fd_close(&event);
	close_pair(pair);
}

/* A descriptor that cannot be taken is told, even if others could be. */
static void test_no_room(void)
{
	int pair[2], event = eventfd_new(), next, fd = -2;
	struct leaks before, after;
	struct rlimit old, less;
	unsigned int room;
	char byte;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	new_pair(pair);
	before = leaks_count();
	for (room = 0; room < 3; room++) {
		next = dup(event);
		close(next);
		send_many(pair[0], event, 3);
		less = old;
		less.rlim_cur = (rlim_t)next + room;
		setrlimit(RLIMIT_NOFILE, &less);
		CU_ASSERT_EQUAL(fd_passing_receive(pair[1], &byte, 1, &fd), -EMFILE);
		CU_ASSERT_EQUAL(fd, -2);
		setrlimit(RLIMIT_NOFILE, &old);
		after = leaks_count();
		CU_ASSERT_TRUE(leaks_equal(&before, &after));
	}
	fd_close(&event);
	close_pair(pair);
}

static void test_ends(void)
{
	int pair[2], fd = -2;
	char buffer[8];

	new_pair(pair);
	CU_ASSERT_EQUAL(fd_passing_send(pair[0], "a", 1, -1), 1);
	fd_close(&pair[0]);
	CU_ASSERT_EQUAL(fd_passing_receive(pair[1], buffer, 8, &fd), 1);
	CU_ASSERT_EQUAL(fd_passing_receive(pair[1], buffer, 8, &fd), 0);
	/* Without SIGPIPE, whose default would end this program. */
	signal(SIGPIPE, SIG_DFL);
	CU_ASSERT_EQUAL(fd_passing_send(pair[1], "a", 1, -1), -EPIPE);
	close_pair(pair);
	CU_ASSERT_EQUAL(fd_passing_receive(-1, buffer, 8, &fd), -EBADF);
	CU_ASSERT_EQUAL(fd_passing_send(-1, "a", 1, -1), -EBADF);
}

static void test_full(void)
{
	int pair[2], fd;
	ssize_t n = 0;
	char byte;

	new_pair(pair);
	do {
		n = fd_passing_send(pair[0], "a", 1, -1);
	} while (n == 1);
	CU_ASSERT_EQUAL(n, -EAGAIN);
	do {
		n = fd_passing_receive(pair[1], &byte, 1, &fd);
	} while (n == 1);
	CU_ASSERT_EQUAL(n, -EAGAIN);
	CU_ASSERT_EQUAL(fd_passing_send(pair[0], "a", 1, -1), 1);
	close_pair(pair);
}

static const struct unit_test tests[] = {
	{ "with and without a descriptor", test_with_and_without },
	{ "more than one descriptor", test_more_than_one },
	{ "no room for descriptors", test_no_room },
	{ "the other side is gone", test_ends },
	{ "a full socket", test_full },
};

UNIT_MAIN("fd_passing", tests)
