/* SPDX-License-Identifier: BSD-3-Clause */
/* A client of an ivshmem server, as a state machine on an event loop. */
#include "ivshmem/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "ivshmem/peer_claim.h"
#include "ivshmem/peer_greeting.h"
#include "lib/clock.h"
#include "lib/fds.h"

/* So that a server with much to tell does not keep the loop from everything else. */
#define MESSAGES_PER_EVENT 64

/* A full queue of an AF_UNIX listener cannot be waited for: it has to be asked again. */
#define CONNECT_RETRY_MS 20

#define NS_PER_MS 1000000LL
#define MS_PER_S 1000LL

struct ivshmem_peer {
	struct event_loop *loop;
	const struct ivshmem_peer_ops *ops;
	void *ctx;
	char name[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* or the start of a longer one */
	int socket, timer;
	struct event_source *socket_source; /* once it is connected */
	struct event_source *timer_source;
	unsigned int timeout_ms;
	int64_t deadline_ms; /* CLOCK_MONOTONIC */
	struct ivshmem_wire_in in;
	struct ivshmem_greeting greeting;
	bool *freed; /* tells the function below a callback that the peer is gone; NULL outside */
	uint16_t vectors[IVSHMEM_ID_MAX + 1]; /* how many were seen of each id */
};

/* Returns 0 or -errno. */
static int arm_timer(struct ivshmem_peer *peer, int64_t at_ms)
{
	struct itimerspec when = {
		.it_value = {
			.tv_sec = at_ms / MS_PER_S,
			.tv_nsec = at_ms % MS_PER_S * NS_PER_MS,
		},
	};

	return timerfd_settime(peer->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0 ? -errno : 0;
}

static void drop_timer(struct ivshmem_peer *peer)
{
	event_source_remove(peer->timer_source);
	peer->timer_source = NULL;
	fd_close(&peer->timer);
}

static void disconnect(struct ivshmem_peer *peer)
{
	drop_timer(peer);
	event_source_remove(peer->socket_source);
	peer->socket_source = NULL;
	fd_close(&peer->socket);
	ivshmem_wire_in_fini(&peer->in);
	ivshmem_greeting_fini(&peer->greeting);
}

static int prefix(const struct ivshmem_peer *peer, int code, struct error *err)
{
	return error_prefix(err, code, "ivshmem server %s", peer->name);
}

/* The peer may be gone afterwards. */
static void lose(struct ivshmem_peer *peer, int code, struct error *err)
{
	disconnect(peer);
	prefix(peer, code, err);
	peer->ops->lost(peer->ctx, code, err);
}

/* What ended the connection, in words. Returns the code for it. */
static int receive_error(const struct ivshmem_peer *peer, int code, struct error *err)
{
	bool greeted = peer->greeting.step == IVSHMEM_GREETING_DONE;

	switch (code) {
	case -ENODATA:
	case -ECONNRESET:
		if (greeted)
			return error_set(err, -ECONNRESET, "it has closed the connection");
		return error_set(err, -ECONNRESET, "it closed the connection in its greeting; its"
				 " own messages tell why");
	case -EPROTO:
		return error_set(err, code, "the connection ended inside a message");
	case -EMFILE:
		return error_set(err, code, "there is no room for another descriptor: raise the"
				 " limit of open files (ulimit -n)");
	default:
		return error_set(err, code, "%s", strerror(-code));
	}
}

/* Owners read and write these in an event loop, which nobody's descriptor may block. */
static void set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && !(flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static void take_vector(struct ivshmem_peer *peer, uint16_t id, int fd)
{
	unsigned int vector = peer->vectors[id];

	if (vector == IVSHMEM_VECTORS_MAX) {
		fd_close(&fd);
		return;
	}
	peer->vectors[id]++;
	if (id == peer->greeting.id)
		peer->ops->own_vector(peer->ctx, vector, fd);
	else
		peer->ops->joined(peer->ctx, id, vector, fd);
}

static void take_leave(struct ivshmem_peer *peer, uint16_t id)
{
	/* Peers without vectors are never told of, but their leave is. */
	if (id == peer->greeting.id || peer->vectors[id] == 0)
		return;
	peer->vectors[id] = 0;
	peer->ops->left(peer->ctx, id);
}

static int take_greeting(struct ivshmem_peer *peer, struct ivshmem_message *message,
			 struct error *err)
{
	int fd, ret;

	ret = ivshmem_greeting_take(&peer->greeting, message, err);
	if (ret < 0) {
		fd_close(&message->fd);
		return ret;
	}
	if (peer->greeting.step != IVSHMEM_GREETING_DONE)
		return 0;
	drop_timer(peer);
	fd = peer->greeting.memory_fd;
	peer->greeting.memory_fd = -1;
	peer->ops->ready(peer->ctx, peer->greeting.id, fd, peer->greeting.size);
	return 0;
}

/* Consumes the descriptor. A callback may free the peer, so nothing comes after one. */
static int take_message(struct ivshmem_peer *peer, struct ivshmem_message *message,
			struct error *err)
{
	int64_t value = message->value;

	if (message->fd >= 0)
		set_nonblocking(message->fd);
	if (peer->greeting.step != IVSHMEM_GREETING_DONE)
		return take_greeting(peer, message, err);
	if (value < 0 || value > IVSHMEM_ID_MAX) {
		fd_close(&message->fd);
		if (value == IVSHMEM_WIRE_MEMORY)
			return error_set(err, -EPROTO, "it sent the memory a second time");
		return error_set(err, -EPROTO, "it told of a peer %" PRId64
				 ", which is not in 0 to %d", value, IVSHMEM_ID_MAX);
	}
	/* Anything else could block its owner, or be ready for ever. */
	if (message->fd >= 0 && !fd_is_eventfd(message->fd)) {
		fd_close(&message->fd);
		return error_set(err, -EPROTO, "the descriptor that came for peer %" PRId64
				 " is no eventfd", value);
	}
	if (message->fd >= 0 && value == peer->greeting.id && eventfd_is_semaphore(message->fd)) {
		fd_close(&message->fd);
		return error_set(err, -EPROTO, "its eventfds are semaphores");
	}
	if (message->fd >= 0)
		take_vector(peer, (uint16_t)value, message->fd);
	else
		take_leave(peer, (uint16_t)value);
	return 0;
}

static void socket_ready(void *ctx, uint32_t events)
{
	struct ivshmem_peer *peer = ctx;
	struct ivshmem_message message;
	struct error err = { "" };
	bool freed = false;
	int i, ret = 0;

	(void)events;
	peer->freed = &freed;
	for (i = 0; i < MESSAGES_PER_EVENT && ret == 0; i++) {
		ret = ivshmem_wire_receive(peer->socket, &peer->in, &message);
		if (ret == 0)
			ret = take_message(peer, &message, &err);
		else if (ret != -EAGAIN)
			ret = receive_error(peer, ret, &err);
		if (freed)
			return;
	}
	peer->freed = NULL;
	if (ret < 0 && ret != -EAGAIN)
		lose(peer, ret, &err);
}

/* Returns 0, -EAGAIN (the queue is full) or another -errno. */
static int try_connect(struct ivshmem_peer *peer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int ret;

	memcpy(address.sun_path, peer->name, sizeof(address.sun_path));
	do {
		ret = connect(peer->socket, (struct sockaddr *)&address, sizeof(address));
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	return event_loop_add(peer->loop, peer->socket, EPOLLIN, socket_ready, peer,
			      &peer->socket_source);
}

/* Connects, or sees to it that it is tried again. */
static int connect_step(struct ivshmem_peer *peer, struct error *err)
{
	int64_t next = now_ms() + CONNECT_RETRY_MS;
	int ret;

	ret = try_connect(peer);
	if (ret == 0)
		ret = arm_timer(peer, peer->deadline_ms);
	else if (ret == -EAGAIN)
		ret = arm_timer(peer, next < peer->deadline_ms ? next : peer->deadline_ms);
	if (ret == -ENOENT || ret == -ECONNREFUSED)
		return error_set(err, ret, "nobody listens there (%s): start one, or name the"
				 " socket of one that runs", strerror(-ret));
	if (ret < 0)
		return error_set(err, ret, "cannot connect: %s", strerror(-ret));
	return 0;
}

static int time_out(const struct ivshmem_peer *peer, struct error *err)
{
	if (peer->socket_source)
		return error_set(err, -ETIMEDOUT, "no greeting came within %u ms; is it stopped, or"
				 " another kind of server?", peer->timeout_ms);
	return error_set(err, -ETIMEDOUT, "its queue of connections has been full for %u ms; is it"
			 " stopped?", peer->timeout_ms);
}

static void timer_expired(void *ctx, uint32_t events)
{
	struct ivshmem_peer *peer = ctx;
	struct error err = { "" };
	int ret;

	(void)events;
	/* As an eventfd, it counts in 8 bytes. */
	if (!eventfd_drain(peer->timer))
		return;
	if (now_ms() >= peer->deadline_ms)
		ret = time_out(peer, &err);
	else
		ret = connect_step(peer, &err);
	if (ret < 0)
		lose(peer, ret, &err);
}

/* All but the socket. */
static int peer_new(struct event_loop *loop, const struct ivshmem_peer_params *params,
		    struct ivshmem_peer **ret_peer)
{
	struct ivshmem_peer *peer;
	int ret;

	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return -ENOMEM;
	peer->loop = loop;
	peer->ops = params->ops;
	peer->ctx = params->ctx;
	snprintf(peer->name, sizeof(peer->name), "%s", params->path);
	peer->socket = -1;
	peer->in = (struct ivshmem_wire_in)IVSHMEM_WIRE_IN_NONE;
	peer->greeting = (struct ivshmem_greeting)IVSHMEM_GREETING_START;
	peer->timeout_ms = params->timeout_ms ? params->timeout_ms : IVSHMEM_PEER_TIMEOUT_MS;
	peer->deadline_ms = now_ms() + peer->timeout_ms;
	peer->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (peer->timer < 0) {
		ret = -errno;
		goto out_free;
	}
	ret = event_loop_add(loop, peer->timer, EPOLLIN, timer_expired, peer, &peer->timer_source);
	if (ret < 0)
		goto out_free;
	*ret_peer = peer;
	return 0;

out_free:
	ivshmem_peer_free(peer);
	return ret;
}

static int open_socket(struct ivshmem_peer *peer, const struct ivshmem_peer_params *params,
		       struct error *err)
{
	peer->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (peer->socket < 0)
		return error_set(err, -errno, "socket: %s", strerror(errno));
	/* It may fail, where a sandbox forbids it: then the server gives whatever id it likes. */
	if (params->has_former_id)
		ivshmem_claim_bind(peer->socket, params->former_id);
	return 0;
}

int ivshmem_peer_connect(struct event_loop *loop, const struct ivshmem_peer_params *params,
			 struct ivshmem_peer **ret_peer, struct error *err)
{
	const char *path = params->path;
	struct ivshmem_peer *peer;
	int ret;

	if (!path[0])
		return error_set(err, -ENOENT, "the path of the ivshmem server's socket is empty");
	if (strlen(path) >= sizeof(peer->name))
		return error_set(err, -ENAMETOOLONG,
				 "ivshmem server %s: the path of a socket has at most %zu bytes",
				 path, sizeof(peer->name) - 1);
	ret = peer_new(loop, params, &peer);
	if (ret < 0)
		return error_set(err, ret, "ivshmem server %s: %s", path, strerror(-ret));
	ret = open_socket(peer, params, err);
	if (ret == 0)
		ret = connect_step(peer, err);
	if (ret < 0) {
		prefix(peer, ret, err);
		ivshmem_peer_free(peer);
		return ret;
	}
	*ret_peer = peer;
	return 0;
}

int ivshmem_peer_from_fd(struct event_loop *loop, int fd, const struct ivshmem_peer_params *params,
			 struct ivshmem_peer **ret_peer, struct error *err)
{
	struct ivshmem_peer *peer;
	int ret;

	ret = peer_new(loop, params, &peer);
	if (ret < 0)
		return error_set(err, ret, "ivshmem server %s: %s", params->path, strerror(-ret));
	ret = event_loop_add(loop, fd, EPOLLIN, socket_ready, peer, &peer->socket_source);
	if (ret == 0)
		ret = arm_timer(peer, peer->deadline_ms);
	if (ret < 0) {
		ivshmem_peer_free(peer);
		return error_set(err, ret, "ivshmem server %s: %s", params->path, strerror(-ret));
	}
	peer->socket = fd;
	*ret_peer = peer;
	return 0;
}

void ivshmem_peer_free(struct ivshmem_peer *peer)
{
	if (!peer)
		return;
	if (peer->freed)
		*peer->freed = true;
	disconnect(peer);
	free(peer);
}
