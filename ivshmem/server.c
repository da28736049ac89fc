/* SPDX-License-Identifier: BSD-3-Clause */
/* The server: its life, its clock, and a look at who is there. */
#include "ivshmem/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "ivshmem/server_state.h"
#include "lib/event_loop.h"
#include "lib/fds.h"

static const struct ivshmem_server_events no_events;

static void timer_ready(void *ctx, uint32_t events)
{
	struct ivshmem_server *server = ctx;
	uint64_t ticks;

	(void)events;
	if (read(server->timer, &ticks, sizeof(ticks)) < 0)
		return;
	server_door_tick(server);
	server_timer_set(server, server_telling_tick(server));
	if (server->log.dead > 0)
		eventfd_signal(server->work);
}

static int timer_init(struct ivshmem_server *server)
{
	server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (server->timer < 0)
		return -errno;
	return event_loop_add(server->loop, server->timer, EPOLLIN, timer_ready, server,
			      &server->timer_source);
}

int ivshmem_server_new(const struct ivshmem_server_params *params, struct event_loop *loop,
		       struct ivshmem_server **ret_server)
{
	struct ivshmem_server *server;
	int ret;

	if (params->vectors > IVSHMEM_VECTORS_MAX)
		return -EINVAL;
	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->params = *params;
	if (!params->events)
		server->params.events = &no_events;
	if (params->stall_ms == 0)
		server->params.stall_ms = IVSHMEM_SERVER_STALL_MS;
	server->loop = loop;
	TAILQ_INIT(&server->clients);
	server->listen.spare = -1;
	server->work = -1;
	server->timer = -1;
	ret = server_telling_init(server);
	if (ret == 0)
		ret = timer_init(server);
	if (ret == 0)
		ret = server_door_init(server);
	if (ret < 0) {
		ivshmem_server_free(server);
		return ret;
	}
	*ret_server = server;
	return 0;
}

void ivshmem_server_visit(const struct ivshmem_server *server,
			  void (*visit)(void *ctx, const struct ivshmem_server_client_info *info),
			  void *ctx)
{
	struct ivshmem_server_client_info info;
	const struct server_client *client;
	socklen_t length;

	TAILQ_FOREACH(client, &server->clients, link) {
		info = (struct ivshmem_server_client_info){
			.id = client->lease.id,
			.who = { .pid = -1, .uid = (uid_t)-1, .gid = (gid_t)-1 },
			.queued = server_client_queued(client, &server->log),
			.unread = server_client_unread(client) > 0,
		};
		length = sizeof(info.who);
		getsockopt(client->socket, SOL_SOCKET, SO_PEERCRED, &info.who, &length);
		visit(ctx, &info);
	}
}

void ivshmem_server_free(struct ivshmem_server *server)
{
	if (!server)
		return;
	server_telling_fini(server);
	server_door_fini(server);
	event_source_remove(server->timer_source);
	fd_close(&server->timer);
	free(server);
}
