/* SPDX-License-Identifier: BSD-3-Clause */
/* The server, run by a thread of its own, and clients that it should and should not like. */
#include "ivshmem/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ivshmem/ofd_lock.h"
#include "ivshmem/server_lease.h"
#include "ivshmem/wire.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

#define PATIENCE_MS 20000

struct fixture {
	struct event_loop *loop;
	struct ivshmem_server *server;
	struct sockaddr_un address;
	int memory, listening;
	pthread_t thread;
	struct leaks before;
	atomic_int left_why, refused_why; /* 1: nothing yet */
	atomic_int admits;
};

struct client {
	int socket;
	struct ivshmem_wire_in in;
};

static bool admit(void *ctx, const struct ucred *who)
{
	struct fixture *f = ctx;

	return f->admits && who->pid == getpid();
}

static void left(void *ctx, uint16_t id, int why, unsigned int left_over)
{
	struct fixture *f = ctx;

	(void)id;
	(void)left_over;
	f->left_why = why;
}

static void refused(void *ctx, int why)
{
	struct fixture *f = ctx;

	f->refused_why = why;
}

static const struct ivshmem_server_events events = {
	.admit = admit,
	.left = left,
	.refused = refused,
};

static void *run_loop(void *arg)
{
	event_loop_run(arg);
	return NULL;
}

/* An abstract address that the kernel picks: there is no file to remove. */
static int listen_anywhere(struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(*address);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)address, sizeof(sa_family_t)), 0);
	CU_ASSERT_EQUAL(listen(fd, 64), 0);
	CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)address, &length), 0);
	return fd;
}

static void start(struct fixture *f, uint32_t vectors)
{
	struct ivshmem_server_params params = {
		.vectors = vectors,
		.stall_ms = 300,
		.events = &events,
		.ctx = f,
	};

	memset(f, 0, sizeof(*f));
	f->before = leaks_count();
	f->left_why = f->refused_why = f->admits = 1;
	f->memory = params.memory = memfd_create("test", MFD_CLOEXEC);
	f->listening = params.listening = listen_anywhere(&f->address);
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&f->loop), 0);
	CU_ASSERT_EQUAL_FATAL(ivshmem_server_new(&params, f->loop, &f->server), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&f->thread, NULL, run_loop, f->loop), 0);
}

static void stop_server(struct fixture *f)
{
	event_loop_stop(f->loop);
	pthread_join(f->thread, NULL);
	ivshmem_server_free(f->server);
}

static void end(struct fixture *f)
{
	struct leaks after;

	event_loop_free(f->loop);
	fd_close(&f->listening);
	fd_close(&f->memory);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&f->before, &after));
}

static void open_client(struct client *client)
{
	*client = (struct client){ .in = IVSHMEM_WIRE_IN_NONE };
	client->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void connect_opened(struct fixture *f, struct client *client)
{
	socklen_t length = sizeof(sa_family_t) + 6; /* a NUL and five digits: unix(7) */

	CU_ASSERT_EQUAL_FATAL(connect(client->socket, (struct sockaddr *)&f->address, length), 0);
}

static void connect_client(struct fixture *f, struct client *client)
{
	open_client(client);
	connect_opened(f, client);
}

static void close_client(struct client *client)
{
	ivshmem_wire_in_fini(&client->in);
	fd_close(&client->socket);
}

static int receive(struct client *client, struct ivshmem_message *message)
{
	struct pollfd poll_fd = { .fd = client->socket, .events = POLLIN };
	int ret;

	do {
		ret = ivshmem_wire_receive(client->socket, &client->in, message);
	} while (ret == -EAGAIN && poll(&poll_fd, 1, PATIENCE_MS) > 0);
	return ret;
}

/* Reads as many messages as @wanted has: "0 1 -1+ " is a version, an id and the memory. */
static void expect(struct client *client, const char *wanted)
{
	struct ivshmem_message message;
	char got[1024] = "";
	size_t length = 0;

	while (length < strlen(wanted) && receive(client, &message) == 0) {
		length += (size_t)snprintf(got + length, sizeof(got) - length, "%d%s ",
					   (int)message.value, message.fd >= 0 ? "+" : "");
		fd_close(&message.fd);
	}
	CU_ASSERT_STRING_EQUAL(got, wanted);
}

static void expect_end(struct client *client)
{
	struct ivshmem_message message;
	int ret = receive(client, &message);

	CU_ASSERT(ret == -ENODATA || ret == -ECONNRESET);
}

static int wait_until_set(atomic_int *value)
{
	int i;

	for (i = 0; *value == 1 && i < PATIENCE_MS; i++)
		usleep(1000);
	return *value;
}

static void test_greeting(void)
{
	struct client a, b;
	struct fixture f;

	start(&f, 2);
	connect_client(&f, &a);
	expect(&a, "0 0 -1+ 0+ 0+ ");
	connect_client(&f, &b);
	expect(&b, "0 1 -1+ 0+ 0+ 1+ 1+ ");
	expect(&a, "1+ 1+ ");
	close_client(&b);
	expect(&a, "1 ");
	CU_ASSERT_EQUAL(wait_until_set(&f.left_why), 0);
	connect_client(&f, &b);
	expect(&b, "0 2 -1+ 0+ 0+ 2+ 2+ ");
	expect(&a, "2+ 2+ ");
	stop_server(&f);
	/* Neither has left. */
	expect_end(&a);
	expect_end(&b);
	close_client(&a);
	close_client(&b);
	end(&f);
}

/* The memory is a client's own open file description, and its alone once it was sent. */
static void test_lease(void)
{
	struct ivshmem_message message;
	struct client a;
	struct fixture f;
	int i;

	start(&f, 1);
	connect_client(&f, &a);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL_FATAL(receive(&a, &message), 0);
	CU_ASSERT_TRUE_FATAL(message.fd >= 0);
	expect(&a, "0+ ");
	CU_ASSERT_EQUAL(ofd_lock_query(f.memory, SERVER_LEASE_BYTE), OFD_LOCK_SHARED);
	CU_ASSERT_EQUAL(ofd_lock_query(message.fd, SERVER_LEASE_BYTE), OFD_LOCK_NONE);
	fd_close(&message.fd);
	CU_ASSERT_EQUAL(ofd_lock_query(f.memory, SERVER_LEASE_BYTE), OFD_LOCK_NONE);
	close_client(&a);
	stop_server(&f);
	end(&f);
}

static void test_no_vectors(void)
{
	struct client a, b;
	struct fixture f;

	start(&f, 0);
	connect_client(&f, &a);
	expect(&a, "0 0 -1+ ");
	connect_client(&f, &b);
	expect(&b, "0 1 -1+ ");
	close_client(&b);
	CU_ASSERT_EQUAL(wait_until_set(&f.left_why), 0);
	stop_server(&f);
	expect_end(&a); /* without a leave of somebody unknown */
	close_client(&a);
	end(&f);
}

static void test_talker(void)
{
	struct client a, b;
	struct fixture f;

	start(&f, 1);
	connect_client(&f, &a);
	expect(&a, "0 0 -1+ 0+ ");
	connect_client(&f, &b);
	expect(&b, "0 1 -1+ 0+ 1+ ");
	CU_ASSERT_EQUAL(write(b.socket, "x", 1), 1);
	expect_end(&b);
	CU_ASSERT_EQUAL(wait_until_set(&f.left_why), -EPROTO);
	expect(&a, "1+ 1 ");
	close_client(&a);
	close_client(&b);
	stop_server(&f);
	end(&f);
}

/* More messages than a socket holds: it is dropped, the others are told once and lose nothing. */
static void test_stall(void)
{
	struct client silent, a;
	struct ivshmem_message message;
	struct fixture f;
	int i, joins = 0;

	start(&f, 600);
	connect_client(&f, &silent);
	while (f.left_why == 1 && joins < 1) {
		connect_client(&f, &a);
		joins++;
	}
	for (i = 0; i < 3 + 600 + 600; i++) {
		if (receive(&a, &message) < 0)
			break;
		fd_close(&message.fd);
	}
	CU_ASSERT_EQUAL(i, 3 + 600 + 600);
	CU_ASSERT_EQUAL(wait_until_set(&f.left_why), -ETIMEDOUT);
	expect(&a, "0 ");
	/* Nobody who has read everything is ever taken for one who stalls. */
	usleep(600000);
	CU_ASSERT_EQUAL(ivshmem_wire_receive(a.socket, &a.in, &message), -EAGAIN);
	stop_server(&f);
	expect_end(&a);
	close_client(&a);
	close_client(&silent);
	end(&f);
}

/* It is turned away without a single message; those who are there keep what they have. */
static void test_no_descriptors(void)
{
	struct rlimit old, limit;
	struct client a, b;
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	limit = old;
	limit.rlim_cur = 128;
	setrlimit(RLIMIT_NOFILE, &limit);
	start(&f, 64);
	connect_client(&f, &a);
	connect_client(&f, &b);
	expect_end(&b);
	CU_ASSERT_EQUAL(wait_until_set(&f.refused_why), -EMFILE);
	expect(&a, "0 0 -1+ 0+ ");
	close_client(&a);
	close_client(&b);
	CU_ASSERT_EQUAL(wait_until_set(&f.left_why), 0);
	stop_server(&f);
	setrlimit(RLIMIT_NOFILE, &old);
	end(&f);
}

/* Who cannot even be turned away waits at the door, which rests and is tried again. */
static void test_rest(void)
{
	struct rlimit old, limit;
	struct client a;
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	limit = old;
	limit.rlim_cur = 3; /* below all that is open: a descriptor that is given up helps nobody */
	start(&f, 1);
	open_client(&a);
	setrlimit(RLIMIT_NOFILE, &limit);
	connect_opened(&f, &a);
	CU_ASSERT_EQUAL(wait_until_set(&f.refused_why), -EBUSY);
	setrlimit(RLIMIT_NOFILE, &old);
	expect(&a, "0 0 -1+ 0+ ");
	close_client(&a);
	stop_server(&f);
	end(&f);
}

static void test_not_admitted(void)
{
	struct client a;
	struct fixture f;

	start(&f, 1);
	f.admits = 0;
	connect_client(&f, &a);
	expect_end(&a);
	CU_ASSERT_EQUAL(wait_until_set(&f.refused_why), -EACCES);
	close_client(&a);
	f.admits = 1;
	connect_client(&f, &a);
	expect(&a, "0 0 -1+ 0+ "); /* an id is not spent on who is refused */
	close_client(&a);
	stop_server(&f);
	end(&f);
}

static void test_connect_and_close(void)
{
	struct client a, b;
	struct fixture f;
	int i;

	start(&f, 8);
	connect_client(&f, &a);
	for (i = 0; i < 500; i++) {
		connect_client(&f, &b);
		close_client(&b);
	}
	expect(&a, "0 0 -1+ 0+ 0+ 0+ 0+ 0+ 0+ 0+ 0+ ");
	stop_server(&f);
	close_client(&a);
	end(&f);
}

static void test_refusals(void)
{
	struct ivshmem_server_params params = { .memory = -1, .listening = -1, .vectors = 2049 };
	struct ivshmem_server *server = NULL;
	struct event_loop *loop;

	CU_ASSERT_EQUAL_FATAL(event_loop_new(&loop), 0);
	CU_ASSERT_EQUAL(ivshmem_server_new(&params, loop, &server), -EINVAL);
	params.vectors = 1;
	CU_ASSERT_EQUAL(ivshmem_server_new(&params, loop, &server), -EBADF);
	CU_ASSERT_PTR_NULL(server);
	ivshmem_server_free(NULL);
	event_loop_free(loop);
}

static const struct unit_test tests[] = {
	{ "greeting, join, leave, end", test_greeting },
	{ "the lease of an id", test_lease },
	{ "no vectors", test_no_vectors },
	{ "a client that talks", test_talker },
	{ "a client that never reads", test_stall },
	{ "no descriptors", test_no_descriptors },
	{ "no descriptors at all, for a while", test_rest },
	{ "not admitted", test_not_admitted },
	{ "connect and close", test_connect_and_close },
	{ "refusals", test_refusals },
};

UNIT_MAIN("server", tests)
