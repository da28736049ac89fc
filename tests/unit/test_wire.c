/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of the ivshmem protocol, whole, in pieces and cut. */
#include "ivshmem/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd_passing.h"
#include "lib/fds.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

static void new_pair(int pair[2])
{
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

static void close_pair(int pair[2])
{
	fd_close(&pair[0]);
	fd_close(&pair[1]);
}

static int send_message(int socket, int64_t value, int fd)
{
	struct ivshmem_wire_out out = { .message = { .value = value, .fd = fd } };

	return ivshmem_wire_send(socket, &out);
}

static void test_bytes(void)
{
	static const struct {
		int64_t value;
		const char *bytes;
	} cases[] = {
		{ 0, "\0\0\0\0\0\0\0\0" },
		{ 1, "\1\0\0\0\0\0\0\0" },
		{ 65535, "\xff\xff\0\0\0\0\0\0" },
		{ -1, "\xff\xff\xff\xff\xff\xff\xff\xff" },
		{ INT64_MIN, "\0\0\0\0\0\0\0\x80" },
		{ 0x0102030405060708, "\x8\7\6\5\4\3\2\1" },
	};
	struct ivshmem_wire_in in = IVSHMEM_WIRE_IN_NONE;
	struct ivshmem_message message;
	char bytes[16];
	int pair[2];
	size_t i;

	new_pair(pair);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(send_message(pair[0], cases[i].value, -1), 0);
		CU_ASSERT_EQUAL(read(pair[1], bytes, sizeof(bytes)), IVSHMEM_WIRE_BYTES);
		CU_ASSERT_EQUAL(memcmp(bytes, cases[i].bytes, IVSHMEM_WIRE_BYTES), 0);
		CU_ASSERT_EQUAL(write(pair[0], cases[i].bytes, IVSHMEM_WIRE_BYTES), 8);
		CU_ASSERT_EQUAL(ivshmem_wire_receive(pair[1], &in, &message), 0);
		CU_ASSERT_EQUAL(message.value, cases[i].value);
		CU_ASSERT_EQUAL(message.fd, -1);
	}
	CU_ASSERT_EQUAL(ivshmem_wire_receive(pair[1], &in, &message), -EAGAIN);
	close_pair(pair);
}

/* Byte by byte, the descriptor with any of them. */
static void test_pieces(void)
{
	static const char bytes[] = "\5\0\0\0\0\0\0\0";
	struct ivshmem_wire_in in = IVSHMEM_WIRE_IN_NONE;
	int pair[2], event = eventfd_new(), i, where, ret;
	struct ivshmem_message message;

	new_pair(pair);
	for (where = 0; where < IVSHMEM_WIRE_BYTES; where++) {
		for (i = 0; i < IVSHMEM_WIRE_BYTES; i++) {
			CU_ASSERT_EQUAL(fd_passing_send(pair[0], bytes + i, 1,
							i == where ? event : -1), 1);
			ret = ivshmem_wire_receive(pair[1], &in, &message);
			CU_ASSERT_EQUAL(ret, i == IVSHMEM_WIRE_BYTES - 1 ? 0 : -EAGAIN);
		}
		CU_ASSERT_EQUAL(message.value, 5);
		CU_ASSERT_TRUE(message.fd >= 0);
		fd_close(&message.fd);
	}
	fd_close(&event);
	close_pair(pair);
}

/* Two messages in one write, and two descriptors in one message. */
static void test_together(void)
{
	static const char bytes[] = "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0";
	struct ivshmem_wire_in in = IVSHMEM_WIRE_IN_NONE;
	int pair[2], event = eventfd_new();
	struct ivshmem_message message;
	struct leaks before, after;

	new_pair(pair);
	before = leaks_count();
	CU_ASSERT_EQUAL(write(pair[0], bytes, 16), 16);
	CU_ASSERT_EQUAL(ivshmem_wire_receive(pair[1], &in, &message), 0);
	CU_ASSERT_EQUAL(message.value, 1);
	CU_ASSERT_EQUAL(ivshmem_wire_receive(pair[1], &in, &message), 0);
	CU_ASSERT_EQUAL(message.value, 2);
	CU_ASSERT_EQUAL(fd_passing_send(pair[0], bytes, 4, event), 4);
	CU_ASSERT_EQUAL(fd_passing_send(pair[0], bytes + 4, 4, event), 4);
	CU_ASSERT_EQUAL(ivshmem_wire_receive(pair[1], &in, &message), 0);
	CU_ASSERT_EQUAL(message.value, 1);
	CU_ASSERT_TRUE(message.fd >= 0);
	fd_close(&message.fd);
	after = leaks_count();
	CU_ASSERT_TRUE(leaks_equal(&before, &after));
	fd_close(&event);
	close_pair(pair);
}

static void test_ends(void)
{
	struct ivshmem_wire_in in = IVSHMEM_WIRE_IN_NONE;
	int pair[2], event = eventfd_new();
	struct ivshmem_message message;
	struct leaks before, after;

	new_pair(pair);
	fd_close(&pair[0]);
	CU_ASSERT_EQUAL(ivshmem_wire_receive(pair[1], &in, &message), -ENODATA);
	CU_ASSERT_EQUAL(send_message(pair[1], 0, -1), -EPIPE);
	close_pair(pair);

	before = leaks_count();
	new_pair(pair);
	CU_ASSERT_EQUAL(fd_passing_send(pair[0], "abcdefg", 7, event), 7);
	fd_close(&pair[0]);
	CU_ASSERT_EQUAL(ivshmem_wire_receive(pair[1], &in, &message), -EPROTO);
	ivshmem_wire_in_fini(&in);
	ivshmem_wire_in_fini(&in);
	close_pair(pair);
	after = leaks_count();
	CU_ASSERT_TRUE(leaks_equal(&before, &after));
	fd_close(&event);
}

/* A socket takes what it can; the rest goes out later, in order and complete. */
static void test_full(void)
{
	struct ivshmem_wire_in in = IVSHMEM_WIRE_IN_NONE;
	int pair[2], event = eventfd_new(), sent = 0, received = 0, ret;
	struct ivshmem_wire_out out;
	struct ivshmem_message message;

	new_pair(pair);
	do {
		out = (struct ivshmem_wire_out){ .message = { .value = sent, .fd = event } };
		ret = ivshmem_wire_send(pair[0], &out);
		sent += ret == 0;
	} while (ret == 0);
	CU_ASSERT_EQUAL(ret, -EAGAIN);
	CU_ASSERT_TRUE(sent > 0);
	do {
		ret = ivshmem_wire_receive(pair[1], &in, &message);
		if (ret == 0) {
			CU_ASSERT_EQUAL(message.value, received);
			CU_ASSERT_TRUE(message.fd >= 0);
			fd_close(&message.fd);
			received++;
		}
		if (received == sent && out.sent < IVSHMEM_WIRE_BYTES) {
			CU_ASSERT_EQUAL(ivshmem_wire_send(pair[0], &out), 0);
			CU_ASSERT_EQUAL(ivshmem_wire_send(pair[0], &out), 0);
			ret = 0;
		}
	} while (ret == 0);
	CU_ASSERT_EQUAL(ret, -EAGAIN);
	CU_ASSERT_EQUAL(received, sent + 1);
	fd_close(&event);
	close_pair(pair);
}

static const struct unit_test tests[] = {
	{ "bytes", test_bytes },
	{ "in pieces", test_pieces },
	{ "together", test_together },
	{ "the end of the stream", test_ends },
	{ "a full socket", test_full },
};

UNIT_MAIN("wire", tests)
