/* SPDX-License-Identifier: BSD-3-Clause */
/* The event loop: who is called, who is no longer, and how it ends. */
#include "lib/event_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/fds.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

#define SOURCES 100 /* more than one batch of events */

struct counter {
	struct event_loop *loop;
	struct event_source *source, *victim;
	unsigned int calls, until_stop;
	int fd;
	uint32_t events;
};

static struct event_loop *new_loop(void)
{
	struct event_loop *loop = NULL;

	CU_ASSERT_EQUAL_FATAL(event_loop_new(&loop), 0);
	return loop;
}

static void count(void *ctx, uint32_t events)
{
	struct counter *counter = ctx;

	counter->calls++;
	counter->events |= events;
	if (counter->calls == counter->until_stop)
		event_loop_stop(counter->loop);
}

static void add(struct counter *counter, struct event_loop *loop, event_callback *callback)
{
	int ret;

	counter->loop = loop;
	counter->fd = eventfd_new();
	ret = event_loop_add(loop, counter->fd, EPOLLIN, callback, counter, &counter->source);
	CU_ASSERT_EQUAL_FATAL(ret, 0);
}

static void test_stop_before_run(void)
{
	struct event_loop *loop = new_loop();

	event_loop_stop(loop);
	event_loop_stop(loop);
	CU_ASSERT_EQUAL(event_loop_run(loop), 0);
	/* Once per stop, however often it was said. */
	event_loop_stop(loop);
	CU_ASSERT_EQUAL(event_loop_run(loop), 0);
	event_loop_free(loop);
	event_loop_free(NULL);
	event_source_remove(NULL);
}

static void test_level_triggered(void)
{
	struct counter counter = { .until_stop = 3 };
	struct event_loop *loop = new_loop();

	add(&counter, loop, count);
	eventfd_signal(counter.fd);
	CU_ASSERT_EQUAL(event_loop_run(loop), 0);
	/* What is ready together with the stop may still be served. */
	CU_ASSERT(counter.calls == 3 || counter.calls == 4);
	CU_ASSERT_EQUAL(counter.events, EPOLLIN);
	event_source_remove(counter.source);
	event_loop_free(loop);
	fd_close(&counter.fd);
}

static void test_rest(void)
{
	struct counter counter = { 0 };
	struct event_loop *loop = new_loop();

	add(&counter, loop, count);
	eventfd_signal(counter.fd);
	CU_ASSERT_EQUAL(event_source_set(counter.source, 0), 0);
	event_loop_stop(loop);
	CU_ASSERT_EQUAL(event_loop_run(loop), 0);
	CU_ASSERT_EQUAL(counter.calls, 0);
	counter.until_stop = 1;
	CU_ASSERT_EQUAL(event_source_set(counter.source, EPOLLIN | EPOLLOUT), 0);
	CU_ASSERT_EQUAL(event_loop_run(loop), 0);
	CU_ASSERT_EQUAL(counter.events, EPOLLIN | EPOLLOUT);
	event_loop_free(loop); /* with a source in it */
	fd_close(&counter.fd);
}

/* Removes itself and another one, whose event is in the same batch. */
static void remove_both(void *ctx, uint32_t events)
{
	struct counter *counter = ctx;

	count(ctx, events);
	event_source_remove(counter->victim);
	event_source_remove(counter->source);
	if (counter->victim)
		event_loop_stop(counter->loop);
}

static void test_remove_in_callback(void)
{
	struct counter a = { 0 }, b = { 0 };
	struct event_loop *loop = new_loop();

	add(&a, loop, remove_both);
	add(&b, loop, remove_both);
	a.victim = b.source;
	b.victim = a.source;
	eventfd_signal(a.fd);
	eventfd_signal(b.fd);
	CU_ASSERT_EQUAL(event_loop_run(loop), 0);
	CU_ASSERT_EQUAL(a.calls + b.calls, 1);
	event_loop_stop(loop);
	CU_ASSERT_EQUAL(event_loop_run(loop), 0);
	CU_ASSERT_EQUAL(a.calls + b.calls, 1);
	event_loop_free(loop);
	fd_close(&a.fd);
	fd_close(&b.fd);
}

static void drain(void *ctx, uint32_t events)
{
	struct counter *counter = ctx;

	eventfd_drain(counter->fd);
	counter->calls++;
	(void)events;
	if (--*(unsigned int *)counter->victim == 0)
		event_loop_stop(counter->loop);
}

static void test_many(void)
{
	struct counter counters[SOURCES] = { 0 };
	struct event_loop *loop = new_loop();
	unsigned int left = SOURCES, i;

	for (i = 0; i < SOURCES; i++) {
		add(&counters[i], loop, drain);
		counters[i].victim = (struct event_source *)(void *)&left;
		eventfd_signal(counters[i].fd);
	}
	CU_ASSERT_EQUAL(event_loop_run(loop), 0);
	for (i = 0; i < SOURCES; i++) {
		CU_ASSERT_EQUAL(counters[i].calls, 1);
		event_source_remove(counters[i].source);
		fd_close(&counters[i].fd);
	}
	event_loop_free(loop);
}

static void *stop_from_thread(void *arg)
{
	event_loop_stop(arg);
	return NULL;
}

static void test_stop_from_thread(void)
{
	struct event_loop *loop = new_loop();
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, stop_from_thread, loop), 0);
	CU_ASSERT_EQUAL(event_loop_run(loop), 0);
	pthread_join(thread, NULL);
	event_loop_free(loop);
}

static struct event_loop *loop_of_handler;

static void stop_from_handler(int number)
{
	(void)number;
	event_loop_stop(loop_of_handler);
}

/* A signal interrupts the wait (EINTR is no error), and its handler may stop the loop. */
static void test_signal(void)
{
	struct sigaction action = { .sa_handler = stop_from_handler }, old;

	loop_of_handler = new_loop();
	sigaction(SIGALRM, &action, &old);
	alarm(1);
	CU_ASSERT_EQUAL(event_loop_run(loop_of_handler), 0);
	sigaction(SIGALRM, &old, NULL);
	event_loop_free(loop_of_handler);
}

static void test_refusals(void)
{
	struct event_source *source = NULL;
	struct event_loop *loop = new_loop();
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd = eventfd_new();

	CU_ASSERT_EQUAL(event_loop_add(loop, file, EPOLLIN, count, NULL, &source), -EPERM);
	CU_ASSERT_EQUAL(event_loop_add(loop, -1, EPOLLIN, count, NULL, &source), -EBADF);
	CU_ASSERT_PTR_NULL(source);
	CU_ASSERT_EQUAL(event_loop_add(loop, fd, EPOLLIN, count, NULL, &source), 0);
	CU_ASSERT_EQUAL(event_loop_add(loop, fd, EPOLLIN, count, NULL, &source), -EEXIST);
	event_loop_free(loop);
	fd_close(&file);
	fd_close(&fd);
}

static void test_no_descriptors(void)
{
	struct leaks before = leaks_count(), after;
	struct event_loop *loop = NULL;
	struct rlimit old, limit;
	int ret;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	limit = old;
	for (limit.rlim_cur = 0; limit.rlim_cur < 20; limit.rlim_cur++) {
		setrlimit(RLIMIT_NOFILE, &limit);
		ret = event_loop_new(&loop);
		setrlimit(RLIMIT_NOFILE, &old);
		CU_ASSERT(ret == -EMFILE || ret == 0);
		if (ret == 0)
			event_loop_free(loop);
		after = leaks_count();
		CU_ASSERT(leaks_equal(&before, &after));
	}
	CU_ASSERT_EQUAL(ret, 0);
}

static void stop_again(void *ctx, uint32_t events)
{
	struct counter *counter = ctx;

	count(counter, events);
	eventfd_drain(counter->fd);
	event_loop_stop(counter->loop);
}

/* Who is stopped twice in one turn is stopped once: the next run is as good as any. */
static void test_stop_twice(void)
{
	struct event_loop *loop = new_loop();
	struct counter second = { 0 }, later = { .until_stop = 3 };

	add(&second, loop, stop_again);
	event_loop_stop(loop);
	eventfd_signal(second.fd);
	CU_ASSERT_EQUAL(event_loop_run(loop), 0);
	CU_ASSERT_EQUAL(second.calls, 1);
	add(&later, loop, count);
	eventfd_signal(later.fd);
	CU_ASSERT_EQUAL(event_loop_run(loop), 0);
	CU_ASSERT(later.calls >= 3);
	event_loop_free(loop);
	fd_close(&second.fd);
	fd_close(&later.fd);
}

static const struct unit_test tests[] = {
	{ "stop before run", test_stop_before_run },
	{ "stopped twice", test_stop_twice },
	{ "level-triggered", test_level_triggered },
	{ "rest", test_rest },
	{ "remove in callback", test_remove_in_callback },
	{ "many", test_many },
	{ "stop from a thread", test_stop_from_thread },
	{ "signal", test_signal },
	{ "refusals", test_refusals },
	{ "no descriptors", test_no_descriptors },
};

UNIT_MAIN("event loop", tests)
