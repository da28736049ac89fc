/* SPDX-License-Identifier: BSD-3-Clause */
/* A server's door: who comes in, and who is turned away. */
#include "ivshmem/server_state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ivshmem/server_lease.h"
#include "lib/event_loop.h"
#include "lib/fds.h"

#define ACCEPTS_PER_EVENT 16
/* Descriptors that are left to the rest of the program. */
#define FDS_RESERVED 16

static void refuse(const struct ivshmem_server *server, int why)
{
	if (server->params.events->refused)
		server->params.events->refused(server->params.ctx, why);
}

/* Who connects only to go, or has something to say, need not be given an id. */
static bool is_hung_up(int socket)
{
	struct pollfd poll_fd = { .fd = socket, .events = POLLIN | POLLRDHUP };

	return poll(&poll_fd, 1, 0) > 0;
}

static bool is_admitted(const struct ivshmem_server *server, int socket, struct ucred *ret_who)
{
	socklen_t length = sizeof(*ret_who);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, ret_who, &length) < 0)
		return false;
	return !server->params.events->admit ||
	       server->params.events->admit(server->params.ctx, ret_who);
}

static bool has_fds(const struct ivshmem_server *server)
{
	size_t used = server->log.fds + server->client_count + server->lease_fds;

	/* A socket and the memory. */
	return used + 2 + server->params.vectors <= server->fd_budget;
}

/* Takes over @socket. On failure nobody has heard of the client. */
static int client_add(struct ivshmem_server *server, int socket, struct server_client **ret_client)
{
	struct server_client *client;
	int ret;

	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	client->server = server;
	client->socket = socket;
	ret = server_lease_take(&client->lease, &server->ids, socket, server->params.memory);
	if (ret < 0)
		goto out_free;
	ret = server_telling_watch(server, client);
	if (ret < 0)
		goto out_give_back;
	ret = server_log_join(&server->log, client->lease.id, &client->peer, &client->cursor);
	if (ret < 0)
		goto out_remove;
	server->lease_fds += client->lease.memory >= 0;
	TAILQ_INSERT_TAIL(&server->clients, client, link);
	server->client_count++;
	*ret_client = client;
	return 0;

out_remove:
	event_source_remove(client->source);
out_give_back:
	server_ids_give_back(&server->ids, client->lease.id);
	server_lease_close(&client->lease);
out_free:
	free(client);
	return ret;
}

static void welcome(struct ivshmem_server *server, int socket)
{
	struct server_client *client;
	struct ucred who;
	int ret;

	if (is_hung_up(socket))
		ret = -ECONNRESET;
	else if (!is_admitted(server, socket, &who))
		ret = -EACCES;
	else if (!has_fds(server))
		ret = -EMFILE;
	else
		ret = client_add(server, socket, &client);
	if (ret < 0) {
		fd_close(&socket);
		refuse(server, ret);
		return;
	}
	eventfd_signal(server->work);
	if (server->params.events->joined)
		server->params.events->joined(server->params.ctx, client->lease.id, &who);
}

static void listen_ready(void *ctx, uint32_t events)
{
	struct ivshmem_server *server = ctx;
	int i, ret, socket;

	(void)events;
	for (i = 0; i < ACCEPTS_PER_EVENT; i++) {
		ret = server_listen_accept(&server->listen, &socket);
		if (ret == -EAGAIN)
			return;
		if (ret == 0) {
			welcome(server, socket);
			continue;
		}
		refuse(server, ret);
		if (ret == -EMFILE)
			continue;
		/* The connection stays in the queue; without a pause the loop would spin. */
		event_source_set(server->listen_source, 0);
		server->listen_rests = true;
		server_timer_set(server, true);
		return;
	}
}

/* What RLIMIT_NOFILE leaves to clients. */
static size_t fd_budget(int any_fd)
{
	struct rlimit limit;
	int lowest;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	/* The lowest free number is about how many are open. */
	lowest = fcntl(any_fd, F_DUPFD_CLOEXEC, 0);
	if (lowest < 0)
		return 0;
	close(lowest);
	if (limit.rlim_cur < (rlim_t)lowest + FDS_RESERVED)
		return 0;
	return (size_t)(limit.rlim_cur - (rlim_t)lowest - FDS_RESERVED);
}

static int listen_at(struct ivshmem_server *server, int listening)
{
	int ret;

	ret = server_listen_init(&server->listen, listening);
	if (ret < 0)
		return ret;
	return event_loop_add(server->loop, listening, EPOLLIN, listen_ready, server,
			      &server->listen_source);
}

int server_door_init(struct ivshmem_server *server)
{
	int ret;

	ret = listen_at(server, server->params.listening);
	if (ret < 0)
		return ret;
	server->fd_budget = fd_budget(server->params.listening);
	return 0;
}

void server_door_fini(struct ivshmem_server *server)
{
	event_source_remove(server->listen_source);
	server->listen_source = NULL;
	server->listen_rests = false;
	server_listen_fini(&server->listen);
	server->listen.socket = -1;
}

void server_door_tick(struct ivshmem_server *server)
{
	if (server->listen_rests)
		event_source_set(server->listen_source, EPOLLIN);
	server->listen_rests = false;
}

int ivshmem_server_listen(struct ivshmem_server *server, int listening)
{
	int ret, socket;

	/* A socket that was shut down says -EINVAL when nobody is left. */
	while ((ret = server_listen_accept(&server->listen, &socket)) == 0 || ret == -EMFILE)
		if (ret == 0)
			welcome(server, socket);
		else
			refuse(server, ret);
	server_door_fini(server);
	server->params.listening = listening;
	return listening < 0 ? 0 : listen_at(server, listening);
}
