/* SPDX-License-Identifier: BSD-3-Clause */
/* What each cursor reads, whoever comes and goes meanwhile, and what is kept for it. */
#include "ivshmem/server_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/leaks.h"
#include "tests/unit/unit.h"

#define VECTORS 2

struct reader {
	struct server_peer *peer;
	struct server_cursor cursor;
};

static void join(struct server_log *log, struct reader *reader, uint16_t id)
{
	CU_ASSERT_EQUAL_FATAL(server_log_join(log, id, &reader->peer, &reader->cursor), 0);
}

static void leave(struct server_log *log, struct reader *reader)
{
	server_log_leave(log, reader->peer, &reader->cursor);
}

/* Reads up to @count messages into text: "0+0+" is a join of 0 with two vectors, "0-" its leave. */
static const char *read_some(struct server_log *log, struct reader *reader, unsigned int count,
			     char text[256])
{
	struct ivshmem_message message;
	size_t promised = server_cursor_count(log, &reader->cursor);
	size_t length = 0, came = 0;

	text[0] = '\0';
	while (count-- > 0 && server_cursor_message(log, &reader->cursor, &message)) {
		length += (size_t)snprintf(text + length, 256 - length, "%d%s",
					   (int)message.value, message.fd >= 0 ? "+" : "-");
		server_cursor_advance(log, &reader->cursor);
		came++;
	}
	CU_ASSERT_EQUAL(came + server_cursor_count(log, &reader->cursor), promised);
	return text;
}

static void expect(struct server_log *log, struct reader *reader, unsigned int count,
		   const char *wanted)
{
	char text[256];

	CU_ASSERT_STRING_EQUAL(read_some(log, reader, count, text), wanted);
}

static void test_order(void)
{
	struct leaks before = leaks_count(), after;
	struct reader a, b, c;
	struct server_log log;

	CU_ASSERT_EQUAL_FATAL(server_log_init(&log, VECTORS), 0);
	join(&log, &a, 0);
	expect(&log, &a, 99, "0+0+");
	expect(&log, &a, 99, "");
	join(&log, &b, 1);
	join(&log, &c, 2);
	expect(&log, &c, 99, "0+0+1+1+2+2+");
	expect(&log, &a, 99, "1+1+2+2+");
	expect(&log, &b, 99, "0+0+1+1+2+2+");
	leave(&log, &b);
	expect(&log, &a, 99, "1-");
	expect(&log, &c, 99, "1-");
	server_log_fini(&log);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
}

/* Who leaves before a newcomer comes is unknown to it; who leaves after that was there for it. */
static void test_leave_meanwhile(void)
{
	struct reader a, b, c, slow;
	struct server_log log;

	CU_ASSERT_EQUAL_FATAL(server_log_init(&log, VECTORS), 0);
	join(&log, &a, 10);
	join(&log, &b, 11);
	leave(&log, &a);
	join(&log, &slow, 12);
	expect(&log, &slow, 1, "11+");
	leave(&log, &b); /* in the midst of its vectors */
	join(&log, &c, 13);
	leave(&log, &c);
	server_log_trim(&log);
	CU_ASSERT_EQUAL(log.fds, 3 * VECTORS);
	expect(&log, &slow, 99, "11+12+12+11-13+13+13-");
	server_log_trim(&log);
	CU_ASSERT_EQUAL(log.fds, VECTORS);
	CU_ASSERT_EQUAL(log.dead, 0);
	expect(&log, &slow, 99, "");
	leave(&log, &slow);
	server_log_trim(&log);
	CU_ASSERT_EQUAL(log.fds, 0);
	server_log_fini(&log);
}

/* Neither joins nor leaves are told. */
static void test_no_vectors(void)
{
	struct reader a, b;
	struct server_log log;

	CU_ASSERT_EQUAL_FATAL(server_log_init(&log, 0), 0);
	join(&log, &a, 0);
	join(&log, &b, 1);
	leave(&log, &b);
	expect(&log, &a, 99, "");
	server_log_trim(&log);
	CU_ASSERT_EQUAL(log.dead, 0);
	server_log_fini(&log);
	server_log_fini(&log);
}

static void test_no_descriptors(void)
{
	struct leaks before = leaks_count(), after;
	struct rlimit old, limit;
	struct server_log log;
	struct reader reader;
	int ret;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	CU_ASSERT_EQUAL_FATAL(server_log_init(&log, 64), 0);
	limit = old;
	limit.rlim_cur = 40;
	setrlimit(RLIMIT_NOFILE, &limit);
	ret = server_log_join(&log, 0, &reader.peer, &reader.cursor);
	setrlimit(RLIMIT_NOFILE, &old);
	CU_ASSERT_EQUAL(ret, -EMFILE);
	CU_ASSERT_EQUAL(log.fds, 0);
	join(&log, &reader, 0);
	CU_ASSERT_EQUAL(log.fds, 64);
	server_log_fini(&log);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
}

static const struct unit_test tests[] = {
	{ "order", test_order },
	{ "leave meanwhile", test_leave_meanwhile },
	{ "no vectors", test_no_vectors },
	{ "no descriptors", test_no_descriptors },
};

UNIT_MAIN("server log", tests)
