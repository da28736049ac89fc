/* SPDX-License-Identifier: BSD-3-Clause */
/* The device's connection, to real servers in the same loop and to ones that follow a script. */
#include "hw/pci/ivshmem_link.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "ivshmem/peer_claim.h"
#include "ivshmem/server.h"
#include "ivshmem/server_path.h"
#include "ivshmem/wire.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"
#include "lib/util.h"
#include "tests/leaks.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/program_fixture.h"
#include "tests/unit/region_fixture.h"
#include "tests/unit/unit.h"

#define SIZE 65536
#define TICK_MS 5
#define PATIENCE_TICKS (20000 / TICK_MS)
#define OTHERS_MAX 64

#define NOBODY 0x10000 /* in place of an id */

struct fixture {
	struct event_loop *loop;
	struct ivshmem_link *link;
	struct ivshmem_link_params params;
	struct leaks before;
	int memory;
	char path[IVSHMEM_SERVER_PATH_MAX];

	/* What the device is told: "ready 1, join 0.0, own 0, left 0, settled". */
	char log[1024];
	unsigned int readies, joins, settlings;
	int ready_result;

	/* Whoever listens at the path: a real server ... */
	int listening;
	struct ivshmem_server *server;
	unsigned int clients;
	/* ... or one that does as scripts[connection] says, the last one again and again. */
	struct event_source *source;
	const char *const *scripts;
	unsigned int accepts;
	uint32_t claim; /* of the latest client */
	int sockets[OTHERS_MAX];

	/* Other clients of a real server. They read nothing. */
	int others[OTHERS_MAX];
	unsigned int other_count;

	struct ivshmem_region_params region_params;
	struct ivshmem_region *region;
};

/* --- the device ----------------------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3))) say(struct fixture *f, const char *fmt, ...)
{
	size_t length = strlen(f->log);
	va_list args;

	if (length)
		length += (size_t)snprintf(f->log + length, sizeof(f->log) - length, ", ");
	va_start(args, fmt);
	if (length < sizeof(f->log))
		vsnprintf(f->log + length, sizeof(f->log) - length, fmt, args);
	va_end(args);
}

static int on_ready(void *ctx, const char *server, uint16_t id, int memory_fd, struct error *err)
{
	struct fixture *f = ctx;
	struct stat ours, theirs;

	f->readies++;
	say(f, "ready %u", id);
	CU_ASSERT_STRING_EQUAL(server, f->path);
	CU_ASSERT_EQUAL(fstat(f->memory, &ours), 0);
	CU_ASSERT_EQUAL(fstat(memory_fd, &theirs), 0);
	CU_ASSERT_EQUAL(ours.st_ino, theirs.st_ino);
	fd_close(&memory_fd);
	return f->ready_result < 0 ? error_set(err, f->ready_result, "as asked") : 0;
}

static void on_joined(void *ctx, uint16_t id, unsigned int vector, int fd)
{
	struct fixture *f = ctx;

	f->joins++;
	say(f, "join %u.%u", id, vector);
	eventfd_signal(fd);
	CU_ASSERT(eventfd_drain(fd));
	fd_close(&fd);
}

static void on_left(void *ctx, uint16_t id)
{
	say(ctx, "left %u", id);
}

static void on_own_vector(void *ctx, unsigned int vector, int fd)
{
	say(ctx, "own %u", vector);
	fd_close(&fd);
}

static void on_settled(void *ctx, const char *server)
{
	struct fixture *f = ctx;

	f->settlings++;
	say(f, "settled");
	CU_ASSERT_STRING_EQUAL(server, f->path);
}

static const struct ivshmem_link_ops link_ops = {
	.ready = on_ready,
	.joined = on_joined,
	.left = on_left,
	.own_vector = on_own_vector,
	.settled = on_settled,
};

/* --- servers --------------------------------------------------------------------------------- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, OTHERS_MAX), 0);
	return fd;
}

static void on_client(void *ctx, uint16_t id, const struct ucred *who)
{
	struct fixture *f = ctx;

	(void)id, (void)who;
	f->clients++;
}

static const struct ivshmem_server_events server_events = { .joined = on_client };

static void start_server(struct fixture *f, uint32_t vectors)
{
	struct ivshmem_server_params params = {
		.memory = f->memory,
		.vectors = vectors,
		.events = &server_events,
		.ctx = f,
	};

	f->clients = 0;
	f->listening = params.listening = listen_at(f->path);
	CU_ASSERT_EQUAL_FATAL(ivshmem_server_new(&params, f->loop, &f->server), 0);
}

static void send_message(int socket, int64_t value, int fd)
{
	struct ivshmem_wire_out out = { .message = { value, fd } };

	CU_ASSERT_EQUAL(ivshmem_wire_send(socket, &out), 0);
}

/*
 * A script: "v" the version, "5" the number 5, "m" the memory, "+5" an eventfd of peer 5; with "."
 * in the end it closes the connection.
 */
static void play(struct fixture *f, int *socket, const char *script)
{
	int fd;

	for (; *script; script++)
		switch (*script) {
		case 'v':
			send_message(*socket, IVSHMEM_WIRE_VERSION, -1);
			break;
		case 'm':
			send_message(*socket, IVSHMEM_WIRE_MEMORY, f->memory);
			break;
		case '+':
			fd = eventfd_new();
			send_message(*socket, *++script - '0', fd);
			fd_close(&fd);
			break;
		case '.':
			fd_close(socket);
			break;
		default:
			send_message(*socket, *script - '0', -1);
			break;
		}
}

static void scripted_accept(void *ctx, uint32_t events)
{
	struct sockaddr_un address;
	socklen_t length = sizeof(address);
	struct fixture *f = ctx;
	uint16_t id;
	int socket;

	(void)events;
	CU_ASSERT_FATAL(f->accepts < OTHERS_MAX);
	socket = accept4(f->listening, (struct sockaddr *)&address, &length,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	CU_ASSERT_FATAL(socket >= 0);
	f->claim = ivshmem_claim_parse(&address, length, &id) == 0 ? id : NOBODY;
	play(f, &socket, f->scripts[0]);
	f->sockets[f->accepts++] = socket;
	if (f->scripts[1])
		f->scripts++;
}

static void start_scripted(struct fixture *f, const char *const *scripts)
{
	f->scripts = scripts;
	f->accepts = 0;
	f->listening = listen_at(f->path);
	CU_ASSERT_EQUAL_FATAL(event_loop_add(f->loop, f->listening, EPOLLIN, scripted_accept, f,
					     &f->source), 0);
}

/* Its socket stays in the file system, as if it had been killed. */
static void stop_servers(struct fixture *f)
{
	unsigned int i;

	ivshmem_server_free(f->server);
	f->server = NULL;
	event_source_remove(f->source);
	f->source = NULL;
	for (i = 0; i < f->accepts; i++)
		fd_close(&f->sockets[i]);
	f->accepts = 0;
	for (i = 0; i < f->other_count; i++)
		fd_close(&f->others[i]);
	f->other_count = 0;
	fd_close(&f->listening);
}

static void kill_server(struct fixture *f)
{
	stop_servers(f);
	CU_ASSERT_EQUAL(unlink(f->path), 0);
}

/* --- time ----------------------------------------------------------------------------------- */

static void stop_loop(void *ctx, uint32_t events)
{
	(void)events;
	event_loop_stop(ctx);
}

/* Stops the loop @ms later, and every @ms from then on. Ended by stop_stopping(). */
struct stopper {
	int timer;
	struct event_source *source;
};

static void stop_every(struct stopper *stopper, struct event_loop *loop, long ms)
{
	const struct timespec when = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	const struct itimerspec spec = { .it_value = when, .it_interval = when };

	stopper->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	timerfd_settime(stopper->timer, 0, &spec, NULL);
	CU_ASSERT_EQUAL_FATAL(event_loop_add(loop, stopper->timer, EPOLLIN, stop_loop, loop,
					     &stopper->source), 0);
}

static void stop_stopping(struct stopper *stopper)
{
	event_source_remove(stopper->source);
	fd_close(&stopper->timer);
}

static bool wait_until(struct fixture *f, bool (*done)(struct fixture *f))
{
	struct stopper stopper;
	bool is_done;
	int ticks;

	stop_every(&stopper, f->loop, TICK_MS);
	for (ticks = 0; !(is_done = done(f)) && ticks < PATIENCE_TICKS; ticks++) {
		CU_ASSERT_EQUAL(event_loop_run(f->loop), 0);
		eventfd_drain(stopper.timer);
	}
	stop_stopping(&stopper);
	CU_ASSERT(is_done);
	return is_done;
}

static const char *awaited;

static bool has_said(struct fixture *f)
{
	return strstr(f->log, awaited);
}

/* Until the device was told this, too. */
static void wait_for(struct fixture *f, const char *words)
{
	awaited = words;
	if (!wait_until(f, has_said))
		printf("# \"%s\" is not in: %s\n", words, f->log);
}

static bool are_clients(struct fixture *f)
{
	return f->clients == f->other_count + (f->link != NULL);
}

/* One more client of the server. */
static void add_other(struct fixture *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(f->other_count < OTHERS_MAX);
	strcpy(address.sun_path, f->path);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	f->others[f->other_count++] = fd;
	wait_until(f, are_clients);
}

/* --- what each test begins and ends with ------------------------------------------------------ */

/* A device that is told to connect to a path. */
static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	fixture_begin();
	f->before = leaks_count();
	f->listening = -1;
	f->memory = memfd_create("test", MFD_CLOEXEC);
	CU_ASSERT_EQUAL(ftruncate(f->memory, SIZE), 0);
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&f->loop), 0);
	snprintf(f->path, sizeof(f->path), "%s/socket", fixture_dir());
	f->params = (struct ivshmem_link_params){
		.loop = f->loop,
		.tag = "test",
		.path = f->path,
		.ops = &link_ops,
		.ctx = f,
	};
}

/* A device that uses the region's own server. */
static void begin_own(struct fixture *f)
{
	begin(f);
	program_fixture_begin();
	f->region_params = fixture_params("link");
	f->region = fixture_attach(&f->region_params);
	fd_close(&f->memory);
	f->memory = fd_duplicate(ivshmem_region_fd(f->region));
	CU_ASSERT_EQUAL(ivshmem_server_path(&f->region_params.name, f->path, NULL), 0);
	f->params.path = NULL;
	f->params.start = (struct ivshmem_server_start_params){
		.region = f->region,
		.name = &f->region_params.name,
		.vectors = 2,
	};
}

static void end(struct fixture *f)
{
	struct leaks after;

	ivshmem_link_close(f->link);
	stop_servers(f);
	fd_close(&f->memory);
	event_loop_free(f->loop);
	if (f->region) {
		ivshmem_region_detach(f->region);
		program_fixture_end();
	}
	unlink(f->path);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&f->before, &after));
	fixture_end();
}

static void open_link(struct fixture *f)
{
	struct error err = { "" };
	int ret = ivshmem_link_open(&f->params, &f->link, &err);

	CU_ASSERT_EQUAL(ret, 0);
	if (ret < 0)
		printf("# %s\n", err.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f->link);
}

/* It must fail with @code and a line that has @words, and leave nothing. */
static void refuse_link(struct fixture *f, int code, const char *words)
{
	struct leaks before = leaks_count(), after;
	struct error err = { "" };
	unsigned int i;
	int ret;

	ret = ivshmem_link_open(&f->params, &f->link, &err);
	CU_ASSERT_EQUAL(ret, code);
	CU_ASSERT_PTR_NULL(f->link);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
	if (ret != code || !strstr(err.text, words))
		printf("# %d: %s\n", ret, err.text);
	for (i = 0; i < f->accepts; i++)
		fd_close(&f->sockets[i]);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
}

/* --- opening -------------------------------------------------------------------------------- */

static void test_alone(void)
{
	struct fixture f;

	begin(&f);
	start_server(&f, 3);
	open_link(&f);
	wait_for(&f, "settled");
	CU_ASSERT_STRING_EQUAL(f.log, "ready 0, own 0, own 1, own 2, settled");
	end(&f);
}

/* Who is present is told before the guest starts, however many they are. */
static void test_peers_present(void)
{
	const unsigned int peers = 40;
	struct fixture f;
	unsigned int i;

	begin(&f);
	start_server(&f, 2);
	for (i = 0; i < peers; i++)
		add_other(&f);
	open_link(&f);
	CU_ASSERT_EQUAL(f.joins, 2 * peers);
	CU_ASSERT_PTR_EQUAL(strstr(f.log, "ready 40, join 0.0, join 0.1, join 1.0, join 1.1, "),
			    f.log);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.log, ", join 39.1, own 0"));
	end(&f);
}

static void test_join_and_leave(void)
{
	struct fixture f;

	begin(&f);
	start_server(&f, 2);
	open_link(&f);
	wait_for(&f, "own 1");
	f.log[0] = '\0';
	add_other(&f);
	wait_for(&f, "join 1.1");
	add_other(&f);
	wait_for(&f, "join 2.1");
	fd_close(&f.others[0]);
	wait_for(&f, "left 1");
	CU_ASSERT_STRING_EQUAL(f.log, "join 1.0, join 1.1, join 2.0, join 2.1, left 1");
	end(&f);
}

/* There is nothing to wait for but silence. */
static void test_no_vectors(void)
{
	struct fixture f;

	begin(&f);
	start_server(&f, 0);
	add_other(&f);
	open_link(&f);
	wait_for(&f, "settled");
	CU_ASSERT_STRING_EQUAL(f.log, "ready 1, settled");
	end(&f);
}

static void test_refused_by_device(void)
{
	static const char *const scripts[] = { "v7m+1+7", NULL };
	struct fixture f;
	char words[160];

	begin(&f);
	start_scripted(&f, scripts);
	f.ready_result = -EINVAL;
	snprintf(words, sizeof(words), "ivshmem server %s: as asked", f.path);
	refuse_link(&f, -EINVAL, words);
	/* Nothing of a server that is not used. */
	CU_ASSERT_STRING_EQUAL(f.log, "ready 7");
	CU_ASSERT_EQUAL(f.accepts, 1);
	end(&f);
}

static void test_bad_paths(void)
{
	struct fixture f;

	begin(&f);
	refuse_link(&f, -ENOENT, f.path);
	fixture_write_file(f.path, "", 0);
	refuse_link(&f, -ECONNREFUSED, f.path);
	unlink(f.path);
	/* The socket of a server that was killed. */
	start_server(&f, 1);
	stop_servers(&f);
	refuse_link(&f, -ECONNREFUSED, "nobody listens");
	f.params.path = "/";
	refuse_link(&f, -ECONNREFUSED, "ivshmem server /");
	f.params.path = "";
	refuse_link(&f, -ENOENT, "empty");
	CU_ASSERT_STRING_EQUAL(f.log, "");
	end(&f);
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
	struct fixture f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&f);
		scripts[0] = rows[i].script;
		start_scripted(&f, scripts);
		refuse_link(&f, rows[i].code, rows[i].words);
		/* A socket that somebody named is not tried again. */
		CU_ASSERT_EQUAL(f.accepts, 1);
		end(&f);
	}
}

static void test_interrupted(void)
{
	static const char *const rows[][2] = { { "", NULL }, { "v", NULL }, { "v3", NULL } };
	struct stopper stopper;
	struct fixture f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&f);
		start_scripted(&f, rows[i]);
		stop_every(&stopper, f.loop, 20);
		f.before.fds++;
		refuse_link(&f, -EINTR, "interrupted");
		f.before.fds--;
		stop_stopping(&stopper);
		CU_ASSERT_STRING_EQUAL(f.log, "");
		end(&f);
	}
}

/* --- losing the server ------------------------------------------------------------------------ */

static void test_reconnects(void)
{
	struct fixture f;

	begin(&f);
	log_set_level((enum log_level)-1);
	start_server(&f, 1);
	add_other(&f);
	add_other(&f);
	open_link(&f);
	/* The next server knows nobody. */
	kill_server(&f);
	f.log[0] = '\0';
	start_server(&f, 2);
	wait_for(&f, "own 1");
	add_other(&f);
	wait_for(&f, "join 0.1");
	CU_ASSERT_PTR_NOT_NULL(strstr(f.log, "ready 2, own 0, own 1, join 0.0, join 0.1"));
	/* And once more. */
	kill_server(&f);
	f.log[0] = '\0';
	start_server(&f, 1);
	add_other(&f);
	wait_for(&f, "own 0");
	CU_ASSERT_PTR_NOT_NULL(strstr(f.log, "ready 2, "));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.log, "join 0.0"));
	log_set_level(LOG_LEVEL_WARNING);
	end(&f);
}

/* It asks for the id that it had first, whatever it was given since. */
static void test_claims(void)
{
	static const char *const first[] = { "v3m+3", NULL }, *const next[] = { "v5m+5", NULL };
	struct fixture f;

	begin(&f);
	log_set_level((enum log_level)-1);
	start_scripted(&f, first);
	open_link(&f);
	CU_ASSERT_EQUAL(f.claim, NOBODY);
	kill_server(&f);
	start_scripted(&f, next);
	wait_for(&f, "ready 5, own 0");
	CU_ASSERT_EQUAL(f.claim, 3);
	kill_server(&f);
	f.log[0] = '\0';
	start_scripted(&f, next);
	wait_for(&f, "ready 5, own 0");
	CU_ASSERT_EQUAL(f.claim, 3);
	log_set_level(LOG_LEVEL_WARNING);
	end(&f);
}

static unsigned int tries_left;

static int refuse_some(void *ctx, const char *server, uint16_t id, int memory_fd,
		       struct error *err)
{
	struct fixture *f = ctx;

	f->ready_result = tries_left > 0 ? -EINVAL : 0;
	tries_left -= tries_left > 0;
	return on_ready(ctx, server, id, memory_fd, err);
}

/* A server that turns up with other memory is left alone, and looked for again. */
static void test_refused_later(void)
{
	static const char *const scripts[] = { "v3m+3", NULL };
	struct ivshmem_link_ops ops = link_ops;
	struct fixture f;

	begin(&f);
	log_set_level((enum log_level)-1);
	ops.ready = refuse_some;
	f.params.ops = &ops;
	start_scripted(&f, scripts);
	open_link(&f);
	wait_for(&f, "own 0");
	kill_server(&f);
	f.log[0] = '\0';
	tries_left = 2;
	start_scripted(&f, scripts);
	wait_for(&f, "own 0");
	CU_ASSERT_STRING_EQUAL(f.log, "ready 3, ready 3, ready 3, own 0");
	CU_ASSERT_EQUAL(f.accepts, 3);
	log_set_level(LOG_LEVEL_WARNING);
	end(&f);
}

static bool is_accepted(struct fixture *f)
{
	return f->accepts;
}

/* A line when it goes, one for all tries that fail, one when it is there again. */
static void test_log(void)
{
	static const char *const closes[] = { "v3.", NULL };
	struct fixture f;
	unsigned int i;
	const char *text;

	begin(&f);
	start_server(&f, 1);
	open_link(&f);
	log_capture_begin();
	for (i = 0; i < 2; i++) {
		kill_server(&f);
		start_scripted(&f, closes);
		wait_until(&f, is_accepted);
		kill_server(&f);
		start_server(&f, 1);
		f.log[0] = '\0';
		wait_for(&f, "own 0");
	}
	CU_ASSERT_EQUAL(log_capture_end(&text), 2 * 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "it has closed the connection; the peers known"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "not connected again yet: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "connected again, to ivshmem server /"));
	if (!strstr(text, "connected again, to"))
		printf("# %s\n", text);
	end(&f);
}

/* --- the region's own server ------------------------------------------------------------------ */

/* One that ends under the feet of whoever connects is tried again, and nothing else is told. */
static void test_own_server_ends(void)
{
	static const char *const scripts[] = { ".", "v3.", "v4m+1.", "v5m+2+5", NULL };
	struct fixture f;

	begin_own(&f);
	start_scripted(&f, scripts);
	open_link(&f);
	CU_ASSERT_STRING_EQUAL(f.log, "ready 4, join 1.0, ready 5, join 2.0, own 0");
	CU_ASSERT_EQUAL(f.accepts, 4);
	CU_ASSERT_EQUAL(f.claim, NOBODY);
	end(&f);
}

static void test_own_server_always_ends(void)
{
	static const char *const scripts[] = { "v3.", NULL };
	struct fixture f;

	begin_own(&f);
	start_scripted(&f, scripts);
	refuse_link(&f, -ECONNRESET, f.path);
	CU_ASSERT(f.accepts > 1);
	end(&f);
}

static void test_own_server_does_not_start(void)
{
	struct fixture f;

	begin_own(&f);
	program_fixture_write("echo 'ivshmem-server: the weather is bad' >&2; exit 1");
	refuse_link(&f, -ECHILD, "ivshmem-server does not start: the weather is bad");
	/* It says that it listens and does not. */
	program_fixture_write("echo x >>\"${0%/*}/starts\"");
	refuse_link(&f, -ENOENT, f.path);
	CU_ASSERT(strlen(program_fixture_read("starts")) > 2);
	end(&f);
}

/* The greeting is under way again: what was timed for the one before is over. */
static void test_own_server_ends_then_hangs(void)
{
	static const char *const scripts[] = { "v3m.", "v3", NULL };
	struct stopper stopper;
	struct fixture f;

	begin_own(&f);
	start_scripted(&f, scripts);
	/* Later than any silence is waited for. */
	stop_every(&stopper, f.loop, 1500);
	refuse_link(&f, -EINTR, "interrupted");
	CU_ASSERT_STRING_EQUAL(f.log, "ready 3");
	stop_stopping(&stopper);
	end(&f);
}

static void close_when_settled(void *ctx, const char *server)
{
	struct fixture *f = ctx;

	on_settled(ctx, server);
	if (f->settlings == 1)
		fd_close(&f->sockets[0]);
}

/* It ends in the very moment in which it was found to be good. */
static void test_own_server_ends_late(void)
{
	static const char *const scripts[] = { "v3m", "v4m+4", NULL };
	struct ivshmem_link_ops ops = link_ops;
	struct fixture f;

	begin_own(&f);
	ops.settled = close_when_settled;
	f.params.ops = &ops;
	start_scripted(&f, scripts);
	open_link(&f);
	CU_ASSERT_STRING_EQUAL(f.log, "ready 3, settled, ready 4, own 0");
	end(&f);
}

static bool is_started(struct fixture *f)
{
	(void)f;
	return program_fixture_read("args")[0];
}

/* It is started again, and connected to once somebody listens. */
static void test_own_server_started_again(void)
{
	struct fixture f;

	begin_own(&f);
	log_set_level((enum log_level)-1);
	program_fixture_write("echo \"$@\" >\"${0%/*}/args\"");
	start_server(&f, 2);
	open_link(&f);
	CU_ASSERT_FALSE(is_started(&f));
	kill_server(&f);
	wait_until(&f, is_started);
	CU_ASSERT_PTR_NOT_NULL(strstr(program_fixture_read("args"), f.region_params.name.text));
	f.log[0] = '\0';
	start_server(&f, 2);
	wait_for(&f, "own 1");
	CU_ASSERT_STRING_EQUAL(f.log, "ready 0, own 0, own 1");
	log_set_level(LOG_LEVEL_WARNING);
	end(&f);
}

/* Another user of the region is starting it: this one waits, and does not start one as well. */
static void test_own_server_started_by_another(void)
{
	struct ivshmem_server_start *another;
	struct ivshmem_region *region;
	struct fixture f;
	int i;

	begin_own(&f);
	log_set_level((enum log_level)-1);
	program_fixture_write("echo x >>\"${0%/*}/args\"; exec sleep 1000");
	start_server(&f, 2);
	open_link(&f);
	kill_server(&f);
	region = fixture_attach(&f.region_params);
	f.params.start.region = region;
	CU_ASSERT_EQUAL_FATAL(ivshmem_server_start_begin(&f.params.start, &another, NULL), 0);
	wait_until(&f, is_started);
	for (i = 0; i < 4; i++) {
		struct stopper stopper;

		stop_every(&stopper, f.loop, 100);
		CU_ASSERT_EQUAL(event_loop_run(f.loop), 0);
		stop_stopping(&stopper);
	}
	CU_ASSERT_STRING_EQUAL(program_fixture_read("args"), "x\n");
	f.log[0] = '\0';
	start_server(&f, 2);
	wait_for(&f, "own 1");
	CU_ASSERT_EQUAL(ivshmem_server_start_finish(another, NULL), -ECANCELED);
	ivshmem_region_detach(region);
	log_set_level(LOG_LEVEL_WARNING);
	end(&f);
}

static bool has_failed_twice(struct fixture *f)
{
	(void)f;
	return strlen(program_fixture_read("starts")) >= 4;
}

/* The program says that it listens, and does not: no reason to start it in a hurry. */
static void test_own_server_never_listens(void)
{
	struct stopper stopper;
	struct fixture f;

	begin_own(&f);
	log_set_level((enum log_level)-1);
	program_fixture_write("echo x >>\"${0%/*}/args\"");
	start_server(&f, 2);
	open_link(&f);
	kill_server(&f);
	stop_every(&stopper, f.loop, 700);
	CU_ASSERT_EQUAL(event_loop_run(f.loop), 0);
	/* After 100, 200 and 400 ms; later on a slow machine. */
	CU_ASSERT(strlen(program_fixture_read("args")) <= 3 * strlen("x\n"));
	stop_stopping(&stopper);
	log_set_level(LOG_LEVEL_WARNING);
	end(&f);
}

/* A start that fails is tried again, later. */
static void test_own_server_starts_fail(void)
{
	struct fixture f;
	const char *text;

	begin_own(&f);
	program_fixture_write("echo x >>\"${0%/*}/starts\"; echo no luck >&2; exit 1");
	start_server(&f, 2);
	open_link(&f);
	log_capture_begin();
	kill_server(&f);
	wait_until(&f, has_failed_twice);
	program_fixture_remove();
	start_server(&f, 2);
	f.log[0] = '\0';
	wait_for(&f, "own 1");
	CU_ASSERT_EQUAL(log_capture_end(&text), 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ivshmem-server does not start: no luck"));
	end(&f);
}

/* --- leaving, in whatever state --------------------------------------------------------------- */

/* Nothing is called back when it is gone. */
static void close_link(struct fixture *f)
{
	struct stopper stopper;
	int i;

	f->log[0] = '\0';
	ivshmem_link_close(f->link);
	f->link = NULL;
	stop_every(&stopper, f->loop, 50);
	for (i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(event_loop_run(f->loop), 0);
		eventfd_drain(stopper.timer);
	}
	stop_stopping(&stopper);
	CU_ASSERT_STRING_EQUAL(f->log, "");
}

static void test_close(void)
{
	static const char *const silent[] = { "v", NULL }, *const telling[] = { "v3m+1", NULL };
	struct fixture f;

	log_set_level((enum log_level)-1);
	ivshmem_link_close(NULL);
	/* Connected, others are present. */
	begin(&f);
	start_server(&f, 1);
	add_other(&f);
	open_link(&f);
	close_link(&f);
	end(&f);
	/* The server is gone, which was noticed or not. */
	begin(&f);
	start_server(&f, 1);
	open_link(&f);
	kill_server(&f);
	close_link(&f);
	end(&f);
	begin(&f);
	start_server(&f, 1);
	open_link(&f);
	kill_server(&f);
	wait_until(&f, are_clients);
	close_link(&f);
	end(&f);
	/* In the greeting of the next one, and behind it. */
	begin(&f);
	start_server(&f, 1);
	open_link(&f);
	kill_server(&f);
	start_scripted(&f, silent);
	wait_until(&f, is_accepted);
	close_link(&f);
	end(&f);
	begin(&f);
	start_server(&f, 1);
	open_link(&f);
	kill_server(&f);
	start_scripted(&f, telling);
	wait_for(&f, "join 1.0");
	close_link(&f);
	end(&f);
	log_set_level(LOG_LEVEL_WARNING);
}

/* A start that does not end is given up. */
static void test_close_while_starting(void)
{
	struct fixture f;

	begin_own(&f);
	log_set_level((enum log_level)-1);
	program_fixture_write("echo x >\"${0%/*}/args\"; exec sleep 1000");
	start_server(&f, 1);
	open_link(&f);
	kill_server(&f);
	wait_until(&f, is_started);
	close_link(&f);
	log_set_level(LOG_LEVEL_WARNING);
	end(&f);
}

static const struct unit_test tests[] = {
	{ "alone", test_alone },
	{ "peers that are present", test_peers_present },
	{ "join and leave", test_join_and_leave },
	{ "no vectors", test_no_vectors },
	{ "refused by the device", test_refused_by_device },
	{ "bad paths", test_bad_paths },
	{ "bad greetings", test_bad_greetings },
	{ "interrupted", test_interrupted },
	{ "connected again", test_reconnects },
	{ "the former id is asked for", test_claims },
	{ "refused by the device, later", test_refused_later },
	{ "what is logged", test_log },
	{ "own server: ends, and another", test_own_server_ends },
	{ "own server: always ends", test_own_server_always_ends },
	{ "own server: does not start", test_own_server_does_not_start },
	{ "own server: ends, the next one hangs", test_own_server_ends_then_hangs },
	{ "own server: ends late, and another", test_own_server_ends_late },
	{ "own server: is started again", test_own_server_started_again },
	{ "own server: is started by another", test_own_server_started_by_another },
	{ "own server: starts that achieve nothing", test_own_server_never_listens },
	{ "own server: starts that fail", test_own_server_starts_fail },
	{ "left in whatever state", test_close },
	{ "left while the server starts", test_close_while_starting },
};

UNIT_MAIN("ivshmem link", tests)
