/* SPDX-License-Identifier: BSD-3-Clause */
/* The status socket: documents small and large, and readers that are slow or not there. */
#include "tools/server_status.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/event_loop.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

/* More than any socket buffer takes at once. */
#define LARGE (1 << 20)

struct fixture {
	char dir[32], path[48];
	struct event_loop *loop;
	struct server_status *status;
	pthread_t thread;
	struct leaks before;
	atomic_size_t length; /* of the document */
};

static void *run_loop(void *arg)
{
	event_loop_run(arg);
	return NULL;
}

static void write_letters(void *ctx, FILE *out)
{
	struct fixture *f = ctx;
	size_t i;

	for (i = 0; i < f->length; i++)
		putc('a' + (int)(i % 26), out);
}

static void begin(struct fixture *f, size_t length, uint32_t stall_ms)
{
	struct server_status_params params = { .stall_ms = stall_ms, .write = write_letters };
	struct error err = { "" };

	*f = (struct fixture){ .dir = "/tmp/ivshmem-test-XXXXXX", .length = length };
	f->before = leaks_count();
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/socket", f->dir);
	params.path = f->path;
	params.ctx = f;
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&f->loop), 0);
	CU_ASSERT_EQUAL_FATAL(server_status_new(&params, f->loop, &f->status, &err), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&f->thread, NULL, run_loop, f->loop), 0);
}

static void end(struct fixture *f)
{
	struct leaks after;

	event_loop_stop(f->loop);
	CU_ASSERT_EQUAL(pthread_join(f->thread, NULL), 0);
	server_status_free(f->status);
	event_loop_free(f->loop);
	/* The socket is gone, or this would fail. */
	CU_ASSERT_EQUAL(rmdir(f->dir), 0);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&f->before, &after));
}

static int connect_to(const struct fixture *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, f->path);
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Reads to the end; -1 if what comes is wrong. */
static ssize_t read_document(int fd)
{
	char text[65536];
	ssize_t n, i, total = 0;

	while ((n = read(fd, text, sizeof(text))) > 0)
		for (i = 0; i < n; i++, total++)
			if (text[i] != 'a' + (int)(total % 26))
				return -1;
	close(fd);
	return n < 0 ? -1 : total;
}

static void test_documents(void)
{
	struct fixture f;
	struct stat st;
	int i;

	begin(&f, 1000, 60000);
	CU_ASSERT_EQUAL(stat(f.path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	for (i = 0; i < 20; i++)
		CU_ASSERT_EQUAL(read_document(connect_to(&f)), 1000);
	f.length = 0;
	CU_ASSERT_EQUAL(read_document(connect_to(&f)), 0);
	f.length = LARGE;
	CU_ASSERT_EQUAL(read_document(connect_to(&f)), LARGE);
	end(&f);
}

static void test_many_readers(void)
{
	int fds[3 * SERVER_STATUS_READERS_MAX];
	struct fixture f;
	size_t i;

	begin(&f, LARGE, 60000);
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		fds[i] = connect_to(&f);
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		CU_ASSERT_EQUAL(read_document(fds[i]), LARGE);
	end(&f);
}

static void test_rude_readers(void)
{
	struct fixture f;
	int fds[SERVER_STATUS_READERS_MAX], i;

	begin(&f, LARGE, 300);
	for (i = 0; i < 50; i++)
		close(connect_to(&f));
	/* All places are taken by readers that do not read, until these are dropped. */
	for (i = 0; i < SERVER_STATUS_READERS_MAX; i++)
		fds[i] = connect_to(&f);
	CU_ASSERT_EQUAL(read_document(connect_to(&f)), LARGE);
	for (i = 0; i < SERVER_STATUS_READERS_MAX; i++) {
		ssize_t got = read_document(fds[i]);

		CU_ASSERT(got > 0 && got < LARGE);
	}
	/* Who talks is served all the same. */
	f.length = 100;
	i = connect_to(&f);
	CU_ASSERT(send(i, "GET\n", 4, MSG_NOSIGNAL) == 4 || errno == EPIPE);
	close(i);
	CU_ASSERT_EQUAL(read_document(connect_to(&f)), 100);
	/* And one that is in the midst of it when the server ends. */
	f.length = LARGE;
	i = connect_to(&f);
	CU_ASSERT_EQUAL(poll(&(struct pollfd){ .fd = i, .events = POLLIN }, 1, 20000), 1);
	f.before.fds++; /* this one */
	end(&f);
	close(i);
}

static void test_refused(void)
{
	struct server_status_params params = { .path = "/nowhere/at/all", .stall_ms = 1000 };
	struct server_status *status = NULL;
	struct error err = { "" };
	struct event_loop *loop;

	CU_ASSERT_EQUAL_FATAL(event_loop_new(&loop), 0);
	CU_ASSERT_EQUAL(server_status_new(&params, loop, &status, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "socket /nowhere/at/all: "));
	CU_ASSERT_PTR_NULL(status);
	event_loop_free(loop);
}

static const struct unit_test tests[] = {
	{ "documents", test_documents },
	{ "many readers", test_many_readers },
	{ "rude readers", test_rude_readers },
	{ "refused", test_refused },
};

UNIT_MAIN("server status", tests)
