/* SPDX-License-Identifier: BSD-3-Clause */
/* The device's connection, to real servers in the same loop and to ones that follow a script. */
#include "hw/pci/ivshmem_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "ivshmem/wire.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"
#include "lib/util.h"
#include "tests/leaks.h"
#include "tests/unit/link_fixture.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/program_fixture.h"
#include "tests/unit/unit.h"

/* What is ready when it begins is called back, and what gets ready meanwhile. */
static void run_loop(struct link_fixture *f, long ms)
{
	struct stopper stopper;

	stopper_begin(&stopper, f->loop, ms);
	CU_ASSERT_EQUAL(event_loop_run(f->loop), 0);
	stopper_end(&stopper);
}

/* --- opening -------------------------------------------------------------------------------- */

static void test_alone(void)
{
	struct link_fixture f;

	link_fixture_begin(&f);
	link_start_server(&f, 3);
	link_open(&f);
	link_wait_for(&f, "settled");
	CU_ASSERT_STRING_EQUAL(f.log, "ready 0, own 0, own 1, own 2, settled");
	link_fixture_end(&f);
}

/* Who is present is told before the guest starts, however many they are. */
static void test_peers_present(void)
{
	const unsigned int peers = 40;
	struct link_fixture f;
	unsigned int i;

	link_fixture_begin(&f);
	link_start_server(&f, 2);
	for (i = 0; i < peers; i++)
		link_add_other(&f);
	link_open(&f);
	CU_ASSERT_EQUAL(f.joins, 2 * peers);
	CU_ASSERT_PTR_EQUAL(strstr(f.log, "ready 40, join 0.0, join 0.1, join 1.0, join 1.1, "),
			    f.log);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.log, ", join 39.1, own 0"));
	link_fixture_end(&f);
}

/* So are all vectors that the device has, and no more are waited for than the server has. */
static void test_own_vectors(void)
{
	struct link_fixture f;

	link_fixture_begin(&f);
	f.params.start.vectors = 40;
	link_start_server(&f, 40);
	link_open(&f);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.log, "own 38, own 39"));
	CU_ASSERT_PTR_NULL(strstr(f.log, "settled"));
	link_fixture_end(&f);

	link_fixture_begin(&f);
	f.params.start.vectors = 3;
	link_start_server(&f, 2);
	link_open(&f);
	CU_ASSERT_STRING_EQUAL(f.log, "ready 0, own 0, own 1");
	link_wait_for(&f, "settled");
	link_fixture_end(&f);
}

static void tell(struct link_fixture *f, int64_t id)
{
	struct ivshmem_wire_out out = { .message = { .value = id, .fd = eventfd_new() } };
	unsigned int i;

	for (i = 0; i < f->accepts; i++)
		CU_ASSERT_EQUAL(ivshmem_wire_send(f->sockets[i], &out), 0);
	fd_close(&out.message.fd);
}

/* How many a server has that takes its time is not said before it has told them. */
static void test_slow_own_vectors(void)
{
	static const char *const scripts[] = { "v3m+3", NULL };
	struct link_fixture f;

	link_fixture_begin(&f);
	f.params.start.vectors = 2;
	link_start_scripted(&f, scripts);
	link_open(&f);
	CU_ASSERT_STRING_EQUAL(f.log, "ready 3, own 0");
	tell(&f, 3);
	link_wait_for(&f, "settled");
	CU_ASSERT_STRING_EQUAL(f.log, "ready 3, own 0, own 1, settled");
	link_fixture_end(&f);
}

static void test_join_and_leave(void)
{
	struct link_fixture f;

	link_fixture_begin(&f);
	link_start_server(&f, 2);
	link_open(&f);
	link_wait_for(&f, "own 1");
	f.log[0] = '\0';
	link_add_other(&f);
	link_wait_for(&f, "join 1.1");
	link_add_other(&f);
	link_wait_for(&f, "join 2.1");
	fd_close(&f.others[0]);
	link_wait_for(&f, "left 1");
	CU_ASSERT_STRING_EQUAL(f.log, "join 1.0, join 1.1, join 2.0, join 2.1, left 1");
	link_fixture_end(&f);
}

/* There is nothing to wait for but silence. */
static void test_no_vectors(void)
{
	struct link_fixture f;

	link_fixture_begin(&f);
	link_start_server(&f, 0);
	link_add_other(&f);
	link_open(&f);
	link_wait_for(&f, "settled");
	CU_ASSERT_STRING_EQUAL(f.log, "ready 1, settled");
	link_fixture_end(&f);
}

static void test_refused_by_device(void)
{
	static const char *const scripts[] = { "v7m+1+7", NULL };
	struct link_fixture f;
	char words[160];

	link_fixture_begin(&f);
	link_start_scripted(&f, scripts);
	f.ready_result = -EINVAL;
	snprintf(words, sizeof(words), "ivshmem server %s: as asked", f.path);
	link_refuse(&f, -EINVAL, words);
	/* Nothing of a server that is not used. */
	CU_ASSERT_STRING_EQUAL(f.log, "ready 7");
	CU_ASSERT_EQUAL(f.accepts, 1);
	link_fixture_end(&f);
}

static void test_bad_paths(void)
{
	struct link_fixture f;

	link_fixture_begin(&f);
	link_refuse(&f, -ENOENT, f.path);
	fixture_write_file(f.path, "", 0);
	link_refuse(&f, -ECONNREFUSED, f.path);
	unlink(f.path);
	/* The socket of a server that was killed. */
	link_start_server(&f, 1);
	link_stop_servers(&f);
	link_refuse(&f, -ECONNREFUSED, "nobody listens");
	f.params.path = "/";
	link_refuse(&f, -ECONNREFUSED, "ivshmem server /");
	f.params.path = "";
	link_refuse(&f, -ENOENT, "empty");
	CU_ASSERT_STRING_EQUAL(f.log, "");
	link_fixture_end(&f);
}

static void test_bad_greetings(void)
{
	static const struct {
		const char *script;
		int code;
		const char *words;
	} rows[] = {
		{ ".", -ECONNRESET, "in its greeting" },
		{ "v.", -ECONNRESET, "in its greeting" },
		{ "v3.", -ECONNRESET, "in its greeting" },
		{ "v3m.", -ECONNRESET, "closed the connection" },
		{ "v3m+1.", -ECONNRESET, "closed the connection" },
		{ "5", -EPROTONOSUPPORT, "version" },
		{ "vm", -EPROTO, "-1" },
		{ "v3+1", -EPROTO, "" },
		{ "v3mm", -EPROTO, "a second time" },
	};
	const char *scripts[2] = { NULL, NULL };
	struct link_fixture f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		link_fixture_begin(&f);
		scripts[0] = rows[i].script;
		link_start_scripted(&f, scripts);
		link_refuse(&f, rows[i].code, rows[i].words);
		/* A socket that somebody named is not tried again. */
		CU_ASSERT_EQUAL(f.accepts, 1);
		link_fixture_end(&f);
	}
}

static void test_interrupted(void)
{
	static const char *const rows[][2] = {
		{ "", NULL }, { "v", NULL }, { "v3", NULL }, { "v3m", NULL }, { "v3m+5", NULL },
	};
	struct stopper stopper;
	struct link_fixture f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		link_fixture_begin(&f);
		link_start_scripted(&f, rows[i]);
		stopper_begin(&stopper, f.loop, 20);
		f.before.fds++;
		link_refuse(&f, -EINTR, "interrupted");
		f.before.fds--;
		stopper_end(&stopper);
		CU_ASSERT_PTR_NULL(strstr(f.log, "settled"));
		link_fixture_end(&f);
	}
}

static int chatter_timer;
static int64_t chatter_id;
static unsigned int chatter_count;

static void chatter(void *ctx, uint32_t events)
{
	(void)events;
	eventfd_drain(chatter_timer);
	tell(ctx, chatter_id);
	chatter_count++;
}

/* Opens the link to a server that tells of @id every @ms. */
static void open_to_chatter(struct link_fixture *f, int64_t id, long ms)
{
	const struct timespec tick = { .tv_nsec = ms * 1000000 };
	const struct itimerspec spec = { .it_value = tick, .it_interval = tick };
	static const char *const scripts[] = { "v3m", NULL };
	struct event_source *source;

	link_start_scripted(f, scripts);
	chatter_id = id;
	chatter_count = 0;
	chatter_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	timerfd_settime(chatter_timer, 0, &spec, NULL);
	CU_ASSERT_EQUAL(event_loop_add(f->loop, chatter_timer, EPOLLIN, chatter, f, &source), 0);
	alarm(60);
	link_open(f);
	alarm(0);
	event_source_remove(source);
	fd_close(&chatter_timer);
}

/* The guest does not wait until such a server has told everything. */
static void test_never_ends_telling(void)
{
	struct link_fixture f;

	link_fixture_begin(&f);
	open_to_chatter(&f, 9, 200);
	CU_ASSERT(f.joins > 0);
	link_fixture_end(&f);

	/* Nor all vectors, each soon after the one before. */
	link_fixture_begin(&f);
	f.params.start.vectors = IVSHMEM_VECTORS_MAX;
	open_to_chatter(&f, 3, 20);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.log, "own 1"));
	CU_ASSERT(chatter_count < IVSHMEM_VECTORS_MAX);
	link_fixture_end(&f);
}

/* --- losing the server ------------------------------------------------------------------------ */

static void test_reconnects(void)
{
	struct link_fixture f;

	link_fixture_begin(&f);
	log_set_level((enum log_level)-1);
	link_start_server(&f, 1);
	link_add_other(&f);
	link_add_other(&f);
	link_open(&f);
	/* The next server knows nobody. */
	link_kill_server(&f);
	f.log[0] = '\0';
	link_start_server(&f, 2);
	link_wait_for(&f, "own 1");
	link_add_other(&f);
	link_wait_for(&f, "join 0.1");
	CU_ASSERT_PTR_NOT_NULL(strstr(f.log, "ready 2, own 0, own 1, join 0.0, join 0.1"));
	/* And once more. */
	link_kill_server(&f);
	f.log[0] = '\0';
	link_start_server(&f, 1);
	link_add_other(&f);
	link_wait_for(&f, "own 0");
	CU_ASSERT_PTR_NOT_NULL(strstr(f.log, "ready 2, "));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.log, "join 0.0"));
	log_set_level(LOG_LEVEL_WARNING);
	link_fixture_end(&f);
}

/* It asks for the id that it had first, whatever it was given since. */
static void test_claims(void)
{
	static const char *const first[] = { "v3m+3", NULL }, *const next[] = { "v5m+5", NULL };
	struct link_fixture f;

	link_fixture_begin(&f);
	log_set_level((enum log_level)-1);
	link_start_scripted(&f, first);
	link_open(&f);
	CU_ASSERT_EQUAL(f.claim, LINK_NOBODY);
	link_kill_server(&f);
	link_start_scripted(&f, next);
	link_wait_for(&f, "ready 5, own 0");
	CU_ASSERT_EQUAL(f.claim, 3);
	link_kill_server(&f);
	f.log[0] = '\0';
	link_start_scripted(&f, next);
	link_wait_for(&f, "ready 5, own 0");
	CU_ASSERT_EQUAL(f.claim, 3);
	log_set_level(LOG_LEVEL_WARNING);
	link_fixture_end(&f);
}

static unsigned int tries_left;

static int refuse_some(void *ctx, const char *server, uint16_t id, int memory_fd,
		       struct error *err)
{
	struct link_fixture *f = ctx;

	f->ready_result = tries_left > 0 ? -EINVAL : 0;
	tries_left -= tries_left > 0;
	return link_fixture_ops.ready(ctx, server, id, memory_fd, err);
}

/* A server that turns up with other memory is left alone, and looked for again. */
static void test_refused_later(void)
{
	static const char *const scripts[] = { "v3m+3", NULL };
	struct ivshmem_link_ops ops = link_fixture_ops;
	struct link_fixture f;

	link_fixture_begin(&f);
	log_set_level((enum log_level)-1);
	ops.ready = refuse_some;
	f.params.ops = &ops;
	link_start_scripted(&f, scripts);
	link_open(&f);
	link_wait_for(&f, "own 0");
	link_kill_server(&f);
	f.log[0] = '\0';
	tries_left = 2;
	link_start_scripted(&f, scripts);
	link_wait_for(&f, "own 0");
	CU_ASSERT_STRING_EQUAL(f.log, "ready 3, ready 3, ready 3, own 0");
	CU_ASSERT_EQUAL(f.accepts, 3);
	log_set_level(LOG_LEVEL_WARNING);
	link_fixture_end(&f);
}

static bool is_accepted(struct link_fixture *f)
{
	return f->accepts;
}

/* What it fails with now may not be what it failed with before. */
static void test_log_of_causes(void)
{
	static const char *const scripts[] = { "v3.", "v3.", "v7m", NULL };
	struct link_fixture f;
	const char *text;

	link_fixture_begin(&f);
	link_start_server(&f, 1);
	link_open(&f);
	log_capture_begin();
	link_kill_server(&f);
	f.ready_result = -EINVAL;
	link_start_scripted(&f, scripts);
	link_wait_for(&f, "ready 7");
	CU_ASSERT_EQUAL(log_capture_end(&text), 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "not connected again yet: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, ": as asked"));
	link_fixture_end(&f);
}

/* A line when it goes, one for all tries that fail alike, one when it is there again. */
static void test_log(void)
{
	static const char *const closes[] = { "v3.", NULL };
	struct link_fixture f;
	unsigned int i;
	const char *text;

	link_fixture_begin(&f);
	link_start_server(&f, 1);
	link_open(&f);
	log_capture_begin();
	for (i = 0; i < 2; i++) {
		link_kill_server(&f);
		link_start_scripted(&f, closes);
		link_wait_until(&f, is_accepted);
		link_kill_server(&f);
		link_start_server(&f, 1);
		f.log[0] = '\0';
		link_wait_for(&f, "own 0");
	}
	CU_ASSERT_EQUAL(log_capture_end(&text), 2 * 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "it has closed the connection; the peers known"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "not connected again yet: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "connected again, to ivshmem server /"));
	if (!strstr(text, "connected again, to"))
		printf("# %s\n", text);
	link_fixture_end(&f);
}

/* --- the region's own server ------------------------------------------------------------------ */

/* One that ends under the feet of whoever connects is tried again, and nothing else is told. */
static void test_own_server_ends(void)
{
	static const char *const scripts[] = { ".", "v3.", "v4m+1.", "v5m+2+5", NULL };
	struct link_fixture f;

	link_fixture_begin_own(&f);
	link_start_scripted(&f, scripts);
	link_open(&f);
	CU_ASSERT_STRING_EQUAL(f.log, "ready 4, join 1.0, ready 5, join 2.0, own 0");
	CU_ASSERT_EQUAL(f.accepts, 4);
	CU_ASSERT_EQUAL(f.claim, LINK_NOBODY);
	link_fixture_end(&f);
}

static void test_own_server_always_ends(void)
{
	static const char *const scripts[] = { "v3.", NULL };
	struct link_fixture f;

	link_fixture_begin_own(&f);
	link_start_scripted(&f, scripts);
	link_refuse(&f, -ECONNRESET, f.path);
	CU_ASSERT(f.accepts > 1);
	link_fixture_end(&f);
}

static void test_own_server_does_not_start(void)
{
	struct link_fixture f;

	link_fixture_begin_own(&f);
	program_fixture_write("echo 'ivshmem-server: the weather is bad' >&2; exit 1");
	link_refuse(&f, -ECHILD, "ivshmem-server does not start: the weather is bad");
	/* It says that it listens and does not. */
	program_fixture_write("echo x >>\"${0%/*}/starts\"");
	link_refuse(&f, -ENOENT, f.path);
	CU_ASSERT(strlen(program_fixture_read("starts")) > 2);
	link_fixture_end(&f);
}

/* The greeting is under way again: what was timed for the one before is over. */
static void test_own_server_ends_then_hangs(void)
{
	static const char *const scripts[] = { "v3m.", "v3", NULL };
	struct stopper stopper;
	struct link_fixture f;

	link_fixture_begin_own(&f);
	link_start_scripted(&f, scripts);
	/* Later than any silence is waited for. */
	stopper_begin(&stopper, f.loop, 1500);
	link_refuse(&f, -EINTR, "interrupted");
	CU_ASSERT_STRING_EQUAL(f.log, "ready 3");
	stopper_end(&stopper);
	link_fixture_end(&f);
}

static void close_after_last_vector(void *ctx, unsigned int vector, int fd)
{
	struct link_fixture *f = ctx;

	link_fixture_ops.own_vector(ctx, vector, fd);
	if (f->readies == 1 && vector == 1)
		fd_close(&f->sockets[0]);
}

/* It ends in the very moment in which it was found to be good. */
static void test_own_server_ends_late(void)
{
	static const char *const scripts[] = { "v3m+3+3", "v4m+4+4", NULL };
	struct ivshmem_link_ops ops = link_fixture_ops;
	struct link_fixture f;

	link_fixture_begin_own(&f);
	ops.own_vector = close_after_last_vector;
	f.params.ops = &ops;
	link_start_scripted(&f, scripts);
	link_open(&f);
	CU_ASSERT_STRING_EQUAL(f.log, "ready 3, own 0, own 1, ready 4, own 0, own 1");
	link_fixture_end(&f);
}

static bool is_started(struct link_fixture *f)
{
	(void)f;
	return program_fixture_read("args")[0];
}

/* It is started again, and connected to once somebody listens. */
static void test_own_server_started_again(void)
{
	struct link_fixture f;

	link_fixture_begin_own(&f);
	log_set_level((enum log_level)-1);
	program_fixture_write("echo \"$@\" >\"${0%/*}/args\"");
	link_start_server(&f, 2);
	link_open(&f);
	CU_ASSERT_FALSE(is_started(&f));
	link_kill_server(&f);
	link_wait_until(&f, is_started);
	CU_ASSERT_PTR_NOT_NULL(strstr(program_fixture_read("args"), f.region_params.name.text));
	f.log[0] = '\0';
	link_start_server(&f, 2);
	link_wait_for(&f, "own 1");
	CU_ASSERT_STRING_EQUAL(f.log, "ready 0, own 0, own 1");
	log_set_level(LOG_LEVEL_WARNING);
	link_fixture_end(&f);
}

/* Another user of the region is starting it: this one waits, and does not start one as well. */
static void test_own_server_started_by_another(void)
{
	struct ivshmem_server_start *another;
	struct ivshmem_region *region;
	struct link_fixture f;

	link_fixture_begin_own(&f);
	log_set_level((enum log_level)-1);
	program_fixture_write("echo x >>\"${0%/*}/args\"; exec sleep 1000");
	link_start_server(&f, 2);
	link_open(&f);
	link_kill_server(&f);
	region = fixture_attach(&f.region_params);
	f.params.start.region = region;
	CU_ASSERT_EQUAL_FATAL(ivshmem_server_start_begin(&f.params.start, &another, NULL), 0);
	link_wait_until(&f, is_started);
	run_loop(&f, 400);
	CU_ASSERT_STRING_EQUAL(program_fixture_read("args"), "x\n");
	f.log[0] = '\0';
	link_start_server(&f, 2);
	link_wait_for(&f, "own 1");
	CU_ASSERT_EQUAL(ivshmem_server_start_finish(another, NULL), -ECANCELED);
	ivshmem_region_detach(region);
	log_set_level(LOG_LEVEL_WARNING);
	link_fixture_end(&f);
}

static bool has_failed_twice(struct link_fixture *f)
{
	(void)f;
	return strlen(program_fixture_read("starts")) >= 4;
}

/* The program says that it listens, and does not: no reason to start it in a hurry. */
static void test_own_server_never_listens(void)
{
	struct link_fixture f;

	link_fixture_begin_own(&f);
	log_set_level((enum log_level)-1);
	program_fixture_write("echo x >>\"${0%/*}/args\"");
	link_start_server(&f, 2);
	link_open(&f);
	link_kill_server(&f);
	run_loop(&f, 700);
	/* After 100, 200 and 400 ms; later on a slow machine, but at all. */
	CU_ASSERT(strlen(program_fixture_read("args")) <= 3 * strlen("x\n"));
	link_wait_until(&f, is_started);
	log_set_level(LOG_LEVEL_WARNING);
	link_fixture_end(&f);
}

/* A start that fails is tried again, later. */
static void test_own_server_starts_fail(void)
{
	struct link_fixture f;
	const char *text;

	link_fixture_begin_own(&f);
	program_fixture_write("echo x >>\"${0%/*}/starts\"; echo no luck >&2; exit 1");
	link_start_server(&f, 2);
	link_open(&f);
	log_capture_begin();
	link_kill_server(&f);
	link_wait_until(&f, has_failed_twice);
	program_fixture_remove();
	link_start_server(&f, 2);
	f.log[0] = '\0';
	link_wait_for(&f, "own 1");
	CU_ASSERT_EQUAL(log_capture_end(&text), 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ivshmem-server does not start: no luck"));
	link_fixture_end(&f);
}

/* A start that hangs is given up, and another one made. */
static void test_own_server_start_hangs(void)
{
	struct link_fixture f;
	const char *text;

	link_fixture_begin_own(&f);
	program_fixture_write("echo x >>\"${0%/*}/starts\"; exec sleep 1000");
	link_start_server(&f, 2);
	link_open(&f);
	log_capture_begin();
	link_kill_server(&f);
	link_wait_until(&f, has_failed_twice);
	CU_ASSERT(log_capture_end(&text) >= 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ivshmem-server does not come up"));
	link_fixture_end(&f);
}

/* --- leaving, in whatever state --------------------------------------------------------------- */

/* Nothing is called back when it is gone. */
static void close_link(struct link_fixture *f)
{
	f->log[0] = '\0';
	ivshmem_link_close(f->link);
	f->link = NULL;
	run_loop(f, 200);
	CU_ASSERT_STRING_EQUAL(f->log, "");
}

static void begin_and_lose(struct link_fixture *f)
{
	link_fixture_begin(f);
	link_start_server(f, 1);
	link_open(f);
	link_kill_server(f);
}

static void close_and_end(struct link_fixture *f)
{
	close_link(f);
	link_fixture_end(f);
}

static void test_close(void)
{
	static const char *const silent[] = { "v", NULL }, *const telling[] = { "v3m+1", NULL };
	struct link_fixture f;

	log_set_level((enum log_level)-1);
	ivshmem_link_close(NULL);
	/* Connected, others are present. */
	link_fixture_begin(&f);
	link_start_server(&f, 1);
	link_add_other(&f);
	link_open(&f);
	close_and_end(&f);
	/* The server is gone, which was noticed or not. */
	begin_and_lose(&f);
	close_and_end(&f);
	begin_and_lose(&f);
	run_loop(&f, 20);
	close_and_end(&f);
	/* In the greeting of the next one, and behind it. */
	begin_and_lose(&f);
	link_start_scripted(&f, silent);
	link_wait_until(&f, is_accepted);
	close_and_end(&f);
	begin_and_lose(&f);
	link_start_scripted(&f, telling);
	link_wait_for(&f, "join 1.0");
	close_and_end(&f);
	log_set_level(LOG_LEVEL_WARNING);
}

/* A start that does not end is given up. */
static void test_close_while_starting(void)
{
	struct link_fixture f;

	link_fixture_begin_own(&f);
	log_set_level((enum log_level)-1);
	program_fixture_write("echo x >\"${0%/*}/args\"; exec sleep 1000");
	link_start_server(&f, 1);
	link_open(&f);
	link_kill_server(&f);
	link_wait_until(&f, is_started);
	close_link(&f);
	log_set_level(LOG_LEVEL_WARNING);
	link_fixture_end(&f);
}

static const struct unit_test tests[] = {
	{ "alone", test_alone },
	{ "peers that are present", test_peers_present },
	{ "join and leave", test_join_and_leave },
	{ "own vectors", test_own_vectors },
	{ "slow own vectors", test_slow_own_vectors },
	{ "no vectors", test_no_vectors },
	{ "refused by the device", test_refused_by_device },
	{ "bad paths", test_bad_paths },
	{ "bad greetings", test_bad_greetings },
	{ "interrupted", test_interrupted },
	{ "a server that never ends telling", test_never_ends_telling },
	{ "connected again", test_reconnects },
	{ "the former id is asked for", test_claims },
	{ "refused by the device, later", test_refused_later },
	{ "what is logged", test_log },
	{ "what is logged of other causes", test_log_of_causes },
	{ "own server: ends, and another", test_own_server_ends },
	{ "own server: always ends", test_own_server_always_ends },
	{ "own server: does not start", test_own_server_does_not_start },
	{ "own server: ends, the next one hangs", test_own_server_ends_then_hangs },
	{ "own server: ends late, and another", test_own_server_ends_late },
	{ "own server: is started again", test_own_server_started_again },
	{ "own server: is started by another", test_own_server_started_by_another },
	{ "own server: starts that achieve nothing", test_own_server_never_listens },
	{ "own server: starts that fail", test_own_server_starts_fail },
	{ "own server: a start that hangs", test_own_server_start_hangs },
	{ "left in whatever state", test_close },
	{ "left while the server starts", test_close_while_starting },
};

UNIT_MAIN("ivshmem link", tests)
