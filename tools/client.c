/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens to a client: its server's messages, rings, the end of its patience. */
#include "tools/client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/fds.h"
#include "lib/log.h"

/*
 * Nothing in the protocol ends the list of peers that are there already. The own vectors come after
 * it, so little time is left for the rest of them; a server may also give none at all.
 */
#define SETTLE_FIRST_MS 300
#define SETTLE_NEXT_MS 30

#define MS_PER_S 1000
#define NS_PER_MS 1000000L

void client_fail(struct client *client, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_error(NULL, "%s", text);
	client->status = 1;
}

void client_finish(struct client *client)
{
	event_loop_stop(client->loop);
}

/* 0 stops it. */
static void set_timer(struct client *client, unsigned int ms)
{
	struct itimerspec when = {
		.it_value = {
			.tv_sec = ms / MS_PER_S,
			.tv_nsec = ms % MS_PER_S * NS_PER_MS,
		},
	};

	timerfd_settime(client->timer, 0, &when, NULL);
}

static void go_on(struct client *client)
{
	set_timer(client, 0);
	client->state = CLIENT_COMMANDS;
	client->run_commands(client->ctx);
}

/* --- the server's messages -------------------------------------------------------------------- */

static void on_ready(void *ctx, uint16_t id, int memory_fd, uint64_t size)
{
	struct client *client = ctx;
	struct error err = { "" };

	client->id = id;
	if (client_memory_map(&client->memory, memory_fd, size, &err) < 0) {
		fd_close(&memory_fd);
		client_fail(client, "%s", err.text);
		client_finish(client);
		return;
	}
	if (client->json)
		printf("{\"event\": \"ready\", \"id\": %u, \"size\": %" PRIu64 "}\n", id, size);
	else if (client->verbose)
		printf("our_id = %u, memory of %" PRIu64 " bytes\n", id, size);
	client->state = CLIENT_SETTLING;
	set_timer(client, SETTLE_FIRST_MS);
}

static void on_joined(void *ctx, uint16_t id, unsigned int vector, int fd)
{
	struct client *client = ctx;

	if (client_peers_add(&client->peers, id, fd) < 0) {
		client_fail(client, "out of memory for peer_id = %u", id);
		client_finish(client);
		return;
	}
	if (client->json)
		printf("{\"event\": \"joined\", \"peer\": %u, \"vector\": %u}\n", id, vector);
	else if (client->verbose)
		printf("peer_id = %u has joined with vector %u\n", id, vector);
}

static void on_left(void *ctx, uint16_t id)
{
	struct client *client = ctx;

	client_peers_remove(&client->peers, id);
	if (client->json)
		printf("{\"event\": \"left\", \"peer\": %u}\n", id);
	else if (client->verbose)
		printf("peer_id = %u has left\n", id);
}

static void on_ring(void *ctx, uint32_t events)
{
	struct client_vector *vector = ctx;
	struct client *client = vector->client;
	unsigned int index = (unsigned int)(vector - client->vectors);

	if (!eventfd_drain(vector->fd)) {
		/* Another peer can have taken the ring; what hangs up is no eventfd. */
		if (events & (EPOLLHUP | EPOLLERR)) {
			event_source_remove(vector->source);
			vector->source = NULL;
		}
		return;
	}
	vector->rings++;
	if (client->json)
		printf("{\"event\": \"ring\", \"id\": %u, \"vector\": %u}\n", client->id, index);
	else
		printf("receive notification from peer_id=%u vector=%u\n", client->id, index);
	if (client->state == CLIENT_RING && client_wait(client, client->wait_vector))
		go_on(client);
}

static void on_own_vector(void *ctx, unsigned int index, int fd)
{
	struct client *client = ctx;
	struct client_vector *vector = &client->vectors[index];
	int ret;

	vector->client = client;
	vector->fd = fd;
	client->vector_count = index + 1;
	ret = event_loop_add(client->loop, fd, EPOLLIN, on_ring, vector, &vector->source);
	if (ret < 0) {
		client_fail(client, "own vector %u: %s", index, strerror(-ret));
		client_finish(client);
	}
	if (client->state == CLIENT_SETTLING)
		set_timer(client, SETTLE_NEXT_MS);
}

static void on_lost(void *ctx, int code, const struct error *err)
{
	struct client *client = ctx;

	(void)code;
	client_fail(client, "%s", err->text);
	client_finish(client);
}

static const struct ivshmem_peer_ops peer_ops = {
	.ready = on_ready,
	.joined = on_joined,
	.left = on_left,
	.own_vector = on_own_vector,
	.lost = on_lost,
};

/* --- waiting ---------------------------------------------------------------------------------- */

static void on_timer(void *ctx, uint32_t events)
{
	struct client *client = ctx;

	(void)events;
	if (!eventfd_drain(client->timer))
		return;
	if (client->state == CLIENT_RING)
		client_fail(client, "wait: nobody has rung for %u s", client->timeout_s);
	go_on(client);
}

bool client_wait(struct client *client, int vector)
{
	unsigned int i, first = 0, end = client->vector_count;

	if (vector >= 0) {
		first = (unsigned int)vector;
		end = first + 1;
	}
	for (i = first; i < end; i++) {
		if (client->vectors[i].rings == 0)
			continue;
		client->vectors[i].rings--;
		if (client->json)
			printf("{\"command\": \"wait\", \"vector\": %u}\n", i);
		else
			printf("vector %u was rung\n", i);
		return true;
	}
	if (client->state != CLIENT_RING)
		set_timer(client, client->timeout_s * MS_PER_S);
	client->state = CLIENT_RING;
	client->wait_vector = vector;
	return false;
}

/* --- beginning and end ------------------------------------------------------------------------ */

struct client *client_new(unsigned int timeout_s, struct error *err)
{
	struct client *client = calloc(1, sizeof(*client));
	int ret;

	if (!client) {
		error_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	client->timeout_s = timeout_s;
	client->memory = (struct client_memory)CLIENT_MEMORY_NONE;
	client->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	ret = client->timer < 0 ? -errno : event_loop_new(&client->loop);
	if (ret == 0)
		ret = event_loop_add(client->loop, client->timer, EPOLLIN, on_timer, client,
				     &client->timer_source);
	if (ret < 0) {
		error_set(err, ret, "cannot wait for events: %s", strerror(-ret));
		client_free(client);
		return NULL;
	}
	return client;
}

int client_connect(struct client *client, const char *path, struct error *err)
{
	const struct ivshmem_peer_params params = {
		.path = path,
		.timeout_ms = client->timeout_s * MS_PER_S,
		.ops = &peer_ops,
		.ctx = client,
	};

	return ivshmem_peer_connect(client->loop, &params, &client->peer, err);
}

void client_free(struct client *client)
{
	unsigned int i;

	if (!client)
		return;
	ivshmem_peer_free(client->peer);
	for (i = 0; i < client->vector_count; i++) {
		event_source_remove(client->vectors[i].source);
		fd_close(&client->vectors[i].fd);
	}
	client_peers_fini(&client->peers);
	client_memory_unmap(&client->memory);
	event_source_remove(client->timer_source);
	event_loop_free(client->loop);
	fd_close(&client->timer);
	free(client);
}

int client_run(struct client *client)
{
	int ret = event_loop_run(client->loop);

	if (ret < 0)
		client_fail(client, "cannot wait for events: %s", strerror(-ret));
	return client->status;
}
