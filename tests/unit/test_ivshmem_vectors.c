/* SPDX-License-Identifier: BSD-3-Clause */
/* The device's own eventfds: bound as long as their server is the present one, then listened to. */
#include "hw/pci/ivshmem_vectors.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "hw/pci/ivshmem_host.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/util.h"
#include "tests/leaks.h"
#include "tests/unit/loop_turn.h"
#include "tests/unit/unit.h"

#define VECTORS 3
#define FORMER_MAX IVSHMEM_VECTORS_FORMER_MAX

struct fixture {
	struct event_loop *loop;
	struct ivshmem_vectors *vectors;
	struct leaks before;
	/* The carrier's: */
	int bound[VECTORS]; /* -1: none */
	unsigned int binds, raised[VECTORS];
	bool locked;
};

static void lock(void *ctx)
{
	struct fixture *f = ctx;

	CU_ASSERT_FALSE(f->locked);
	f->locked = true;
}

static void unlock(void *ctx)
{
	struct fixture *f = ctx;

	CU_ASSERT(f->locked);
	f->locked = false;
}

static void bind_vector(void *ctx, unsigned int vector, int fd)
{
	struct fixture *f = ctx;

	CU_ASSERT(f->locked);
	CU_ASSERT_FATAL(vector < VECTORS);
	/* What is bound stays open until something else is. */
	CU_ASSERT(f->bound[vector] < 0 || fcntl(f->bound[vector], F_GETFD) >= 0);
	CU_ASSERT(fd < 0 || fcntl(fd, F_GETFD) >= 0);
	f->bound[vector] = fd;
	f->binds++;
}

static void raise_vector(void *ctx, unsigned int vector)
{
	struct fixture *f = ctx;

	CU_ASSERT(f->locked);
	CU_ASSERT_FATAL(vector < VECTORS);
	f->raised[vector]++;
}

static const struct ivshmem_host host = {
	.lock = lock,
	.unlock = unlock,
	.bind_vector = bind_vector,
	.raise_vector = raise_vector,
};

static void begin(struct fixture *f, unsigned int count)
{
	int i;

	*f = (struct fixture){ .before = leaks_count() };
	for (i = 0; i < VECTORS; i++)
		f->bound[i] = -1;
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&f->loop), 0);
	CU_ASSERT_EQUAL_FATAL(ivshmem_vectors_new(&host, f, f->loop, count, &f->vectors), 0);
	lock(f);
}

static void end(struct fixture *f)
{
	struct leaks after;
	int i;

	ivshmem_vectors_free(f->vectors);
	for (i = 0; i < VECTORS; i++)
		CU_ASSERT_EQUAL(f->bound[i], -1);
	unlock(f);
	event_loop_free(f->loop);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&f->before, &after));
}

/* Gives it an eventfd and returns another descriptor of that, to be rung and closed by the test. */
static int set(struct fixture *f, unsigned int vector)
{
	int fd = eventfd_new(), peer = fd_duplicate(fd);

	CU_ASSERT_FATAL(fd >= 0 && peer >= 0);
	ivshmem_vectors_set(f->vectors, vector, fd);
	return peer;
}

/* Whether the carrier listens to what @peer rings. */
static bool is_bound(const struct fixture *f, unsigned int vector, int peer)
{
	bool bound;

	if (f->bound[vector] < 0)
		return false;
	eventfd_signal(peer);
	bound = eventfd_drain(f->bound[vector]);
	eventfd_drain(peer);
	return bound;
}

/* Everything that is ready now is called back, with the lock free as it is in a device model. */
static void turn_loop(struct fixture *f)
{
	unlock(f);
	loop_turn(f->loop);
	lock(f);
}

/* What was raised since the last look: each vector's count as a decimal digit, vector 0 first. */
static unsigned int raised(struct fixture *f)
{
	unsigned int i, digits = 0;

	turn_loop(f);
	for (i = 0; i < VECTORS; i++) {
		digits = digits * 10 + f->raised[i];
		f->raised[i] = 0;
	}
	return digits;
}

static void close_all(int *fds, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		fd_close(&fds[i]);
}

static void test_set(void)
{
	struct fixture f;
	unsigned int i;
	int peer[VECTORS];

	begin(&f, VECTORS);
	CU_ASSERT_EQUAL(ivshmem_vectors_count(f.vectors), 0);
	for (i = 0; i < VECTORS; i++) {
		peer[i] = set(&f, i);
		CU_ASSERT_EQUAL(ivshmem_vectors_count(f.vectors), i + 1);
		CU_ASSERT(is_bound(&f, i, peer[i]));
	}
	CU_ASSERT_EQUAL(f.binds, VECTORS);
	/* It is the carrier that listens now. */
	eventfd_signal(peer[0]);
	CU_ASSERT_EQUAL(raised(&f), 0);
	CU_ASSERT(eventfd_drain(peer[0]));
	close_all(peer, VECTORS);
	end(&f);
}

/* A server with more vectors than the device, or one that is out of step. */
static void test_too_many(void)
{
	static const unsigned int wrong[] = { 0, 2, 3, 2048, 65536, -1U };
	struct fixture f;
	int peer, other;
	size_t i;

	begin(&f, 2);
	peer = set(&f, 0);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		other = set(&f, wrong[i]);
		CU_ASSERT_EQUAL(ivshmem_vectors_count(f.vectors), 1);
		fd_close(&other);
	}
	CU_ASSERT_EQUAL(f.binds, 1);
	CU_ASSERT(is_bound(&f, 0, peer));
	other = set(&f, 1);
	CU_ASSERT(is_bound(&f, 1, other));
	fd_close(&other);
	/* In order now, but there is no such vector. */
	other = set(&f, 2);
	CU_ASSERT_EQUAL(ivshmem_vectors_count(f.vectors), 2);
	CU_ASSERT_EQUAL(f.binds, 2);
	fd_close(&other);
	fd_close(&peer);
	end(&f);
}

static void test_retire(void)
{
	struct fixture f;
	int old[VECTORS], new[VECTORS];
	unsigned int i;

	begin(&f, VECTORS);
	for (i = 0; i < VECTORS; i++)
		old[i] = set(&f, i);
	ivshmem_vectors_retire(f.vectors);
	CU_ASSERT_EQUAL(ivshmem_vectors_count(f.vectors), 0);
	for (i = 0; i < VECTORS; i++)
		CU_ASSERT_EQUAL(f.bound[i], -1);
	/* There is no new one yet, and a ring arrives. */
	eventfd_signal(old[1]);
	CU_ASSERT_EQUAL(raised(&f), 10);
	CU_ASSERT_EQUAL(raised(&f), 0);
	for (i = 0; i < VECTORS; i++) {
		new[i] = set(&f, i);
		CU_ASSERT(is_bound(&f, i, new[i]));
		CU_ASSERT_FALSE(is_bound(&f, i, old[i]));
	}
	/* From then on both are good. */
	for (i = 0; i < VECTORS; i++)
		eventfd_signal(old[i]);
	eventfd_signal(old[2]);
	eventfd_signal(new[0]);
	CU_ASSERT_EQUAL(raised(&f), 111);
	CU_ASSERT(eventfd_drain(new[0]));
	close_all(old, VECTORS);
	close_all(new, VECTORS);
	end(&f);
}

/* Rung before it became a former one, and not yet noticed by the carrier. */
static void test_rung_before(void)
{
	struct fixture f;
	int peer;

	begin(&f, 1);
	peer = set(&f, 0);
	eventfd_signal(peer);
	ivshmem_vectors_retire(f.vectors);
	CU_ASSERT_EQUAL(raised(&f), 100);
	fd_close(&peer);
	end(&f);
}

/* A server that gave none, or ended before it gave any: nothing is retired, no set is used up. */
static void test_retire_nothing(void)
{
	struct fixture f;
	int peer, i;

	begin(&f, 1);
	ivshmem_vectors_retire(f.vectors);
	peer = set(&f, 0);
	for (i = 0; i < 3 * FORMER_MAX; i++)
		ivshmem_vectors_retire(f.vectors);
	eventfd_signal(peer);
	CU_ASSERT_EQUAL(raised(&f), 100);
	fd_close(&peer);
	end(&f);
}

/* The eventfds of a few servers are kept, the oldest are closed. */
static void test_many_servers(void)
{
	int peers[FORMER_MAX + 4], i, lives = (int)ARRAY_SIZE(peers);
	struct leaks now, then;
	struct fixture f;

	begin(&f, 2);
	then = leaks_count();
	for (i = 0; i < lives; i++) {
		peers[i] = set(&f, 0);
		/* Some give both vectors, some give one. */
		if (i % 2) {
			int other = set(&f, 1);

			fd_close(&other);
		}
		if (i < lives - 1)
			ivshmem_vectors_retire(f.vectors);
	}
	for (i = 0; i < lives; i++) {
		eventfd_signal(peers[i]);
		CU_ASSERT_EQUAL(raised(&f),
				i >= lives - 1 - FORMER_MAX && i < lives - 1 ? 100 : 0);
	}
	close_all(peers, ARRAY_SIZE(peers));
	/* Of four former servers and the present one, three gave one vector or two in turn. */
	now = leaks_count();
	CU_ASSERT_EQUAL(now.fds - then.fds, FORMER_MAX / 2 * 3 + 2);
	end(&f);
}

/* The former one is given up, the others are not. */
static void test_cannot_listen(void)
{
	int peer, file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct fixture f;

	begin(&f, 2);
	/* In the place of an eventfd: epoll(7) takes no regular file. */
	ivshmem_vectors_set(f.vectors, 0, fd_duplicate(file));
	peer = set(&f, 1);
	ivshmem_vectors_retire(f.vectors);
	eventfd_signal(peer);
	CU_ASSERT_EQUAL(raised(&f), 10);
	fd_close(&peer);
	end(&f);
	fd_close(&file);
}

static void test_free_nothing(void)
{
	struct fixture f;

	ivshmem_vectors_free(NULL);
	begin(&f, VECTORS);
	end(&f);
}

static const struct unit_test tests[] = {
	{ "bound in order", test_set },
	{ "too many, out of order", test_too_many },
	{ "former ones are listened to", test_retire },
	{ "rung just before", test_rung_before },
	{ "nothing to retire", test_retire_nothing },
	{ "many servers", test_many_servers },
	{ "one that cannot be listened to", test_cannot_listen },
	{ "nothing to free", test_free_nothing },
};

UNIT_MAIN("ivshmem vectors", tests)
