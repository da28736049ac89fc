/* SPDX-License-Identifier: BSD-3-Clause */
/* Readers of a document: most are served at once, for slow ones it is kept until they have it. */
#include "tools/server_status.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/util.h"
#include "tools/server_socket.h"

#define TICK_MS 100
#define SOCKET_MODE 0600

struct reader {
	struct server_status *status;
	int socket; /* -1: nobody */
	struct event_source *source;
	char *text;
	size_t length, sent;
	uint32_t waited_ms;
};

struct server_status {
	struct server_status_params params;
	struct event_loop *loop;
	struct server_socket socket;
	struct event_source *listen_source;
	struct reader readers[SERVER_STATUS_READERS_MAX];
	/* Ticks while there are readers, or while accepting has failed. */
	int timer;
	struct event_source *timer_source;
};

static void timer_set(struct server_status *status, bool run)
{
	const struct timespec tick = { .tv_nsec = run ? TICK_MS * 1000000L : 0 };
	const struct itimerspec spec = { .it_interval = tick, .it_value = tick };

	timerfd_settime(status->timer, 0, &spec, NULL);
}

static struct reader *free_reader(struct server_status *status)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(status->readers); i++)
		if (status->readers[i].socket < 0)
			return &status->readers[i];
	return NULL;
}

static void reader_end(struct reader *reader)
{
	char rest[256];

	/* With something unread the other side would get a reset, and perhaps not the document. */
	if (reader->socket >= 0 && recv(reader->socket, rest, sizeof(rest), MSG_DONTWAIT) < 0)
		errno = 0;
	event_source_remove(reader->source);
	fd_close(&reader->socket);
	free(reader->text);
	*reader = (struct reader){ .socket = -1 };
}

/* Returns 0: it has all; -EAGAIN: it has to read first; another -errno: it is gone. */
static int reader_send(struct reader *reader)
{
	ssize_t n;

	while (reader->sent < reader->length) {
		n = send(reader->socket, reader->text + reader->sent,
			 reader->length - reader->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		reader->sent += (size_t)n;
		reader->waited_ms = 0;
	}
	return 0;
}

static void reader_ready(void *ctx, uint32_t events)
{
	struct reader *reader = ctx;

	(void)events;
	if (reader_send(reader) == -EAGAIN)
		return;
	event_source_set(reader->status->listen_source, EPOLLIN);
	reader_end(reader);
}

static int write_document(struct reader *reader)
{
	FILE *out = open_memstream(&reader->text, &reader->length);
	bool failed;

	if (!out)
		return -ENOMEM;
	reader->status->params.write(reader->status->params.ctx, out);
	failed = ferror(out);
	return fclose(out) < 0 || failed ? -ENOMEM : 0;
}

static void reader_start(struct server_status *status, struct reader *reader, int socket)
{
	int ret;

	reader->status = status;
	reader->socket = socket;
	ret = write_document(reader);
	if (ret == 0)
		ret = reader_send(reader);
	if (ret == -EAGAIN)
		ret = event_loop_add(status->loop, socket, EPOLLOUT, reader_ready, reader,
				     &reader->source);
	if (reader->source)
		timer_set(status, true);
	else
		reader_end(reader);
}

static void listen_ready(void *ctx, uint32_t events)
{
	struct server_status *status = ctx;
	struct reader *reader = free_reader(status);
	int socket = -1;

	(void)events;
	if (reader) {
		socket = accept4(status->socket.fd, NULL, NULL, SOCK_CLOEXEC);
		if (socket < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
			return;
	}
	if (socket >= 0) {
		reader_start(status, reader, socket);
		return;
	}
	/* No reader's place or no descriptor is free: try again at the next tick. */
	event_source_set(status->listen_source, 0);
	timer_set(status, true);
}

static void timer_ready(void *ctx, uint32_t events)
{
	struct server_status *status = ctx;
	bool busy = false;
	uint64_t ticks;
	size_t i;

	(void)events;
	if (read(status->timer, &ticks, sizeof(ticks)) < 0)
		return;
	for (i = 0; i < ARRAY_SIZE(status->readers); i++) {
		struct reader *reader = &status->readers[i];

		if (reader->socket < 0)
			continue;
		reader->waited_ms += TICK_MS;
		if (reader->waited_ms >= status->params.stall_ms)
			reader_end(reader);
		else
			busy = true;
	}
	event_source_set(status->listen_source, EPOLLIN);
	timer_set(status, busy);
}

static int add_sources(struct server_status *status)
{
	int ret;

	status->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (status->timer < 0)
		return -errno;
	ret = event_loop_add(status->loop, status->timer, EPOLLIN, timer_ready, status,
			     &status->timer_source);
	if (ret == 0)
		ret = event_loop_add(status->loop, status->socket.fd, EPOLLIN, listen_ready,
				     status, &status->listen_source);
	return ret;
}

int server_status_new(const struct server_status_params *params, struct event_loop *loop,
		      struct server_status **ret_status, struct error *err)
{
	struct server_status *status;
	size_t i;
	int ret;

	status = calloc(1, sizeof(*status));
	if (!status)
		return error_set(err, -ENOMEM, "status socket %s: out of memory", params->path);
	status->params = *params;
	status->loop = loop;
	status->socket.fd = -1;
	status->timer = -1;
	for (i = 0; i < ARRAY_SIZE(status->readers); i++)
		status->readers[i].socket = -1;
	ret = server_socket_open(&status->socket, params->path, SOCKET_MODE,
				 SERVER_SOCKET_NO_GROUP, err);
	if (ret < 0)
		goto out_free;
	ret = add_sources(status);
	if (ret < 0) {
		error_set(err, ret, "status socket %s: %s", params->path, strerror(-ret));
		goto out_free;
	}
	*ret_status = status;
	return 0;

out_free:
	server_status_free(status);
	return ret;
}

void server_status_free(struct server_status *status)
{
	size_t i;

	if (!status)
		return;
	for (i = 0; i < ARRAY_SIZE(status->readers); i++)
		reader_end(&status->readers[i]);
	event_source_remove(status->listen_source);
	event_source_remove(status->timer_source);
	server_socket_close(&status->socket);
	fd_close(&status->timer);
	free(status);
}
