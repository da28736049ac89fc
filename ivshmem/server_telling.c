/* SPDX-License-Identifier: BSD-3-Clause */
/* A server's telling: who is to be told what, and who leaves. */
#include "ivshmem/server_state.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "ivshmem/server_lease.h"
#include "lib/clock.h"
#include "lib/event_loop.h"
#include "lib/fds.h"

#define TICK_MS 50
#define FAREWELL_MS 1000

#define CLIENT_EVENTS (EPOLLIN | EPOLLRDHUP)

void server_timer_set(struct ivshmem_server *server, bool run)
{
	const struct timespec tick = { .tv_nsec = run ? TICK_MS * 1000000L : 0 };
	const struct itimerspec spec = { .it_interval = tick, .it_value = tick };

	if (server->timer_runs == run)
		return;
	timerfd_settime(server->timer, 0, &spec, NULL);
	server->timer_runs = run;
}

static void close_lease(struct ivshmem_server *server, struct server_client *client)
{
	server->lease_fds -= client->lease.memory >= 0;
	server_lease_close(&client->lease);
}

/* Everybody hears of it, at the next opportunity. */
static void drop(struct ivshmem_server *server, struct server_client *client, int why)
{
	uint16_t id = client->lease.id;

	/* Sending found out before reading did. */
	if (why == -EPIPE || why == -ECONNRESET)
		why = 0;
	server_log_leave(&server->log, client->peer, &client->cursor);
	server_ids_give_back(&server->ids, id);
	close_lease(server, client);
	TAILQ_REMOVE(&server->clients, client, link);
	server->client_count--;
	event_source_remove(client->source);
	fd_close(&client->socket);
	free(client);
	eventfd_signal(server->work);
	if (server->params.events->left)
		server->params.events->left(server->params.ctx, id, why, server->client_count);
}

static void client_set_state(struct ivshmem_server *server, struct server_client *client,
			     enum server_client_state state)
{
	bool was_full = client->state == SERVER_CLIENT_FULL, full = state == SERVER_CLIENT_FULL;

	client->state = state;
	if (was_full != full)
		event_source_set(client->source, CLIENT_EVENTS | (full ? EPOLLOUT : 0));
	if (state != SERVER_CLIENT_IDLE)
		server_timer_set(server, true);
}

/* Returns 0 or the -errno for which the client is to be dropped. */
static int serve(struct ivshmem_server *server, struct server_client *client)
{
	bool was_idle = client->state == SERVER_CLIENT_IDLE, moved;
	int ret;

	server->lease_fds -= client->lease.memory >= 0;
	ret = server_client_send(client, &server->log, server->params.memory, &moved);
	server->lease_fds += client->lease.memory >= 0;
	if (was_idle || moved)
		client->moved_ms = now_ms();
	switch (ret) {
	case 0:
		client_set_state(server, client, SERVER_CLIENT_IDLE);
		return 0;
	case -EAGAIN:
		client_set_state(server, client, SERVER_CLIENT_FULL);
		return 0;
	case -ETOOMANYREFS:
	case -ENOBUFS:
	case -ENOMEM:
		client_set_state(server, client, SERVER_CLIENT_WAITING);
		return 0;
	default:
		return ret;
	}
}

/* Tell the news to those who have read everything so far. */
static void work_ready(void *ctx, uint32_t events)
{
	struct ivshmem_server *server = ctx;
	struct server_client *client, *next;
	int ret;

	(void)events;
	eventfd_drain(server->work);
	for (client = TAILQ_FIRST(&server->clients); client; client = next) {
		next = TAILQ_NEXT(client, link);
		if (client->state != SERVER_CLIENT_IDLE)
			continue;
		ret = serve(server, client);
		if (ret < 0)
			drop(server, client, ret);
	}
	server_log_trim(&server->log);
}

static void client_ready(void *ctx, uint32_t events)
{
	struct server_client *client = ctx;
	struct ivshmem_server *server = client->server;
	int ret;

	if (events & ~(uint32_t)EPOLLOUT) {
		drop(server, client, server_client_hangup(client));
		return;
	}
	ret = serve(server, client);
	if (ret < 0)
		drop(server, client, ret);
	else if (client->state == SERVER_CLIENT_IDLE && server->log.dead > 0)
		eventfd_signal(server->work); /* which trims the log */
}

int server_telling_watch(struct ivshmem_server *server, struct server_client *client)
{
	return event_loop_add(server->loop, client->socket, CLIENT_EVENTS, client_ready, client,
			      &client->source);
}

bool server_telling_tick(struct ivshmem_server *server)
{
	struct server_client *client, *next;
	uint64_t now = now_ms();
	bool busy = false;
	int ret;

	for (client = TAILQ_FIRST(&server->clients); client; client = next) {
		next = TAILQ_NEXT(client, link);
		ret = client->state == SERVER_CLIENT_WAITING ? serve(server, client) : 0;
		if (ret == 0 && client->state != SERVER_CLIENT_IDLE &&
		    server_client_stalled(client, now, server->params.stall_ms))
			ret = -ETIMEDOUT;
		if (ret < 0)
			drop(server, client, ret);
		else
			busy |= client->state != SERVER_CLIENT_IDLE;
	}
	return busy;
}

int server_telling_init(struct ivshmem_server *server)
{
	int ret;

	ret = server_log_init(&server->log, server->params.vectors);
	if (ret < 0)
		return ret;
	server->work = eventfd_new();
	if (server->work < 0)
		return server->work;
	return event_loop_add(server->loop, server->work, EPOLLIN, work_ready, server,
			      &server->work_source);
}

/* Send @client what it has not got, waiting for room until @deadline_ms. */
static void say_farewell(struct ivshmem_server *server, struct server_client *client,
			 uint64_t deadline_ms)
{
	struct pollfd room = { .fd = client->socket, .events = POLLOUT };
	uint64_t now;

	while (serve(server, client) == 0 && client->state == SERVER_CLIENT_FULL) {
		now = now_ms();
		if (now >= deadline_ms || poll(&room, 1, (int)(deadline_ms - now)) <= 0)
			return;
	}
}

void server_telling_fini(struct ivshmem_server *server)
{
	uint64_t deadline = now_ms() + FAREWELL_MS;
	struct server_client *client, *next;

	for (client = TAILQ_FIRST(&server->clients); client; client = next) {
		next = TAILQ_NEXT(client, link);
		say_farewell(server, client, deadline);
	}
	/* Nobody is told of these: they are alive and can go on ringing each other. */
	while ((client = TAILQ_FIRST(&server->clients)))
		drop(server, client, -ESHUTDOWN);
	event_source_remove(server->work_source);
	fd_close(&server->work);
	server_log_fini(&server->log);
}
