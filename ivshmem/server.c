/* SPDX-License-Identifier: BSD-3-Clause */
/* The server: who comes, who goes, and who is to be told. */
#include "ivshmem/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "ivshmem/server_client.h"
#include "ivshmem/server_ids.h"
#include "ivshmem/server_lease.h"
#include "ivshmem/server_listen.h"
#include "ivshmem/server_log.h"
#include "lib/clock.h"
#include "lib/event_loop.h"
#include "lib/fds.h"

#define TICK_MS 50
#define FAREWELL_MS 1000
#define ACCEPTS_PER_EVENT 16
/* Descriptors that are left to the rest of the program. */
#define FDS_RESERVED 16

#define CLIENT_EVENTS (EPOLLIN | EPOLLRDHUP)

TAILQ_HEAD(server_client_list, server_client);

struct ivshmem_server {
	struct ivshmem_server_params params;
	struct event_loop *loop;
	struct server_ids ids;
	struct server_log log;
	struct server_client_list clients;
	unsigned int client_count;
	size_t fd_budget; /* for sockets, eventfds and unsent memory of clients */
	size_t lease_fds; /* memory that is still to be sent */
	struct server_listen listen;
	struct event_source *listen_source;
	bool listen_rests; /* until the next tick */
	/* Wakes the loop when the log has something new, so that many joins are told in one go. */
	int work;
	struct event_source *work_source;
	/* Ticks while somebody is not idle or the listening socket rests. */
	int timer;
	struct event_source *timer_source;
	bool timer_runs;
};

static const struct ivshmem_server_events no_events;

static void timer_set(struct ivshmem_server *server, bool run)
{
	const struct timespec tick = { .tv_nsec = run ? TICK_MS * 1000000L : 0 };
	const struct itimerspec spec = { .it_interval = tick, .it_value = tick };

	if (server->timer_runs == run)
		return;
	timerfd_settime(server->timer, 0, &spec, NULL);
	server->timer_runs = run;
}

static void refuse(const struct ivshmem_server *server, int why)
{
	if (server->params.events->refused)
		server->params.events->refused(server->params.ctx, why);
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
		timer_set(server, true);
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

/* Try again with those who wait, and drop those who stall. Returns whether anybody is not idle. */
static bool tick_clients(struct ivshmem_server *server)
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

static void timer_ready(void *ctx, uint32_t events)
{
	struct ivshmem_server *server = ctx;
	uint64_t ticks;

	(void)events;
	if (read(server->timer, &ticks, sizeof(ticks)) < 0)
		return;
	if (server->listen_rests)
		event_source_set(server->listen_source, EPOLLIN);
	server->listen_rests = false;
	timer_set(server, tick_clients(server));
	if (server->log.dead > 0)
		eventfd_signal(server->work);
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
	ret = event_loop_add(server->loop, socket, CLIENT_EVENTS, client_ready, client,
			     &client->source);
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
		timer_set(server, true);
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

static int open_fds(struct ivshmem_server *server)
{
	int ret;

	ret = server_listen_init(&server->listen, server->params.listening);
	if (ret < 0)
		return ret;
	server->work = eventfd_new();
	if (server->work < 0)
		return server->work;
	server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (server->timer < 0)
		return -errno;
	server->fd_budget = fd_budget(server->work);
	return 0;
}

static int add_sources(struct ivshmem_server *server)
{
	int ret;

	ret = event_loop_add(server->loop, server->work, EPOLLIN, work_ready, server,
			     &server->work_source);
	if (ret == 0)
		ret = event_loop_add(server->loop, server->timer, EPOLLIN, timer_ready, server,
				     &server->timer_source);
	if (ret == 0)
		ret = event_loop_add(server->loop, server->params.listening, EPOLLIN, listen_ready,
				     server, &server->listen_source);
	return ret;
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
	ret = server_log_init(&server->log, params->vectors);
	if (ret == 0)
		ret = open_fds(server);
	if (ret == 0)
		ret = add_sources(server);
	if (ret < 0) {
		ivshmem_server_free(server);
		return ret;
	}
	*ret_server = server;
	return 0;
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
	event_source_remove(server->listen_source);
	server->listen_source = NULL;
	server->listen_rests = false;
	server_listen_fini(&server->listen);
	server->listen.socket = -1;
	server->params.listening = listening;
	if (listening < 0)
		return 0;
	ret = server_listen_init(&server->listen, listening);
	if (ret < 0)
		return ret;
	return event_loop_add(server->loop, listening, EPOLLIN, listen_ready, server,
			      &server->listen_source);
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

void ivshmem_server_free(struct ivshmem_server *server)
{
	uint64_t deadline = now_ms() + FAREWELL_MS;
	struct server_client *client, *next;

	if (!server)
		return;
	for (client = TAILQ_FIRST(&server->clients); client; client = next) {
		next = TAILQ_NEXT(client, link);
		say_farewell(server, client, deadline);
	}
	/* Nobody is told of these: they are alive and can go on ringing each other. */
	while ((client = TAILQ_FIRST(&server->clients)))
		drop(server, client, -ESHUTDOWN);
	event_source_remove(server->listen_source);
	event_source_remove(server->work_source);
	event_source_remove(server->timer_source);
	server_listen_fini(&server->listen);
	fd_close(&server->work);
	fd_close(&server->timer);
	server_log_fini(&server->log);
	free(server);
}
