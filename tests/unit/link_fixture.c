/* SPDX-License-Identifier: BSD-3-Clause */
/* A device and its servers, for the tests of the link. */
#include "tests/unit/link_fixture.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
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
#include "ivshmem/wire.h"
#include "lib/fds.h"
#include "tests/unit/program_fixture.h"
#include "tests/unit/unit.h"

#define SIZE 65536
#define TICK_MS 5
#define PATIENCE_TICKS (20000 / TICK_MS)

/* --- the device ----------------------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3))) say(struct link_fixture *f, const char *fmt, ...)
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
	struct link_fixture *f = ctx;
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
	struct link_fixture *f = ctx;

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

static void on_starved(void *ctx)
{
	say(ctx, "starved");
}

static void on_settled(void *ctx, const char *server)
{
	struct link_fixture *f = ctx;

	say(f, "settled");
	CU_ASSERT_STRING_EQUAL(server, f->path);
}

const struct ivshmem_link_ops link_fixture_ops = {
	.ready = on_ready,
	.joined = on_joined,
	.left = on_left,
	.own_vector = on_own_vector,
	.starved = on_starved,
	.settled = on_settled,
};

/* --- servers --------------------------------------------------------------------------------- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, LINK_OTHERS_MAX), 0);
	return fd;
}

static void on_client(void *ctx, uint16_t id, const struct ucred *who)
{
	struct link_fixture *f = ctx;

	(void)id, (void)who;
	f->clients++;
}

static const struct ivshmem_server_events server_events = { .joined = on_client };

void link_start_server(struct link_fixture *f, uint32_t vectors)
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

static void play(struct link_fixture *f, int *socket, const char *script)
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
	struct link_fixture *f = ctx;
	uint16_t id;
	int socket;

	(void)events;
	CU_ASSERT_FATAL(f->accepts < LINK_OTHERS_MAX);
	socket = accept4(f->listening, (struct sockaddr *)&address, &length,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	CU_ASSERT_FATAL(socket >= 0);
	f->claim = ivshmem_claim_parse(&address, length, &id) == 0 ? id : LINK_NOBODY;
	play(f, &socket, f->scripts[0]);
	f->sockets[f->accepts++] = socket;
	if (f->scripts[1])
		f->scripts++;
}

void link_start_scripted(struct link_fixture *f, const char *const *scripts)
{
	f->scripts = scripts;
	f->accepts = 0;
	f->listening = listen_at(f->path);
	CU_ASSERT_EQUAL_FATAL(event_loop_add(f->loop, f->listening, EPOLLIN, scripted_accept, f,
					     &f->source), 0);
}

void link_stop_servers(struct link_fixture *f)
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

void link_kill_server(struct link_fixture *f)
{
	link_stop_servers(f);
	CU_ASSERT_EQUAL(unlink(f->path), 0);
}

/* --- time ----------------------------------------------------------------------------------- */

static void stop_loop(void *ctx, uint32_t events)
{
	(void)events;
	event_loop_stop(ctx);
}

void stopper_begin(struct stopper *stopper, struct event_loop *loop, long ms)
{
	const struct timespec when = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	const struct itimerspec spec = { .it_value = when, .it_interval = when };

	stopper->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	timerfd_settime(stopper->timer, 0, &spec, NULL);
	CU_ASSERT_EQUAL_FATAL(event_loop_add(loop, stopper->timer, EPOLLIN, stop_loop, loop,
					     &stopper->source), 0);
}

void stopper_end(struct stopper *stopper)
{
	event_source_remove(stopper->source);
	fd_close(&stopper->timer);
}

bool link_wait_until(struct link_fixture *f, bool (*done)(struct link_fixture *f))
{
	struct stopper stopper;
	bool is_done;
	int ticks;

	stopper_begin(&stopper, f->loop, TICK_MS);
	for (ticks = 0; !(is_done = done(f)) && ticks < PATIENCE_TICKS; ticks++) {
		CU_ASSERT_EQUAL(event_loop_run(f->loop), 0);
		eventfd_drain(stopper.timer);
	}
	stopper_end(&stopper);
	CU_ASSERT(is_done);
	return is_done;
}

static const char *awaited;

static bool has_said(struct link_fixture *f)
{
	return strstr(f->log, awaited);
}

void link_wait_for(struct link_fixture *f, const char *words)
{
	awaited = words;
	if (!link_wait_until(f, has_said))
		printf("# \"%s\" is not in: %s\n", words, f->log);
}

bool link_are_clients(struct link_fixture *f)
{
	return f->clients == f->other_count + (f->link != NULL);
}

void link_add_other(struct link_fixture *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(f->other_count < LINK_OTHERS_MAX);
	strcpy(address.sun_path, f->path);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	f->others[f->other_count++] = fd;
	link_wait_until(f, link_are_clients);
}

/* --- what each test begins and ends with ------------------------------------------------------ */

void link_fixture_begin(struct link_fixture *f)
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
		.ops = &link_fixture_ops,
		.ctx = f,
	};
}

void link_fixture_begin_own(struct link_fixture *f)
{
	link_fixture_begin(f);
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

void link_fixture_end(struct link_fixture *f)
{
	struct leaks after;

	ivshmem_link_close(f->link);
	link_stop_servers(f);
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

void link_open(struct link_fixture *f)
{
	struct error err = { "" };
	int ret = ivshmem_link_open(&f->params, &f->link, &err);

	CU_ASSERT_EQUAL(ret, 0);
	if (ret < 0)
		printf("# %s\n", err.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f->link);
}

void link_refuse(struct link_fixture *f, int code, const char *words)
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
