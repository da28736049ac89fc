/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients that keep nothing but their connection: a descriptor is closed when it has been seen. */
#include "bench/crowd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ivshmem/wire.h"
#include "lib/fds.h"

#define COMPLETE_TIMEOUT_MS 120000
#define EVENTS_MAX 64
/* Version, own id and memory come before the clients. */
#define GREETING_MESSAGES 3

struct client {
	int socket;
	struct ivshmem_wire_in in;
	uint64_t received;
};

struct crowd {
	const char *path;
	unsigned int count;
	unsigned int vectors;
	struct client *clients;
	unsigned int connected;
	unsigned int complete;
	int epoll;
};

/* Ids of a new server go up from 0, and everybody hears of them in that order, himself included. */
static bool is_expected(const struct crowd *crowd, const struct client *client,
			const struct ivshmem_message *message)
{
	uint64_t index = client->received;

	switch (index) {
	case 0:
		return message->value == IVSHMEM_WIRE_VERSION && message->fd < 0;
	case 1:
		return message->value == client - crowd->clients && message->fd < 0;
	case 2:
		return message->value == IVSHMEM_WIRE_MEMORY && message->fd >= 0;
	default:
		return message->fd >= 0 && message->value == (int64_t)((index - GREETING_MESSAGES) /
								       crowd->vectors);
	}
}

/* Until nothing is there any more. */
static bool client_receive(struct crowd *crowd, struct client *client)
{
	uint64_t wanted = GREETING_MESSAGES + (uint64_t)crowd->count * crowd->vectors;
	struct ivshmem_message message;
	int ret;

	while ((ret = ivshmem_wire_receive(client->socket, &client->in, &message)) == 0) {
		bool is_good = client->received >= wanted || is_expected(crowd, client, &message);

		fd_close(&message.fd);
		if (!is_good) {
			fprintf(stderr, "client %td: message %" PRIu64 " is %" PRId64 "\n",
				client - crowd->clients, client->received, message.value);
			return false;
		}
		client->received++;
		crowd->complete += client->received == wanted;
	}
	if (ret != -EAGAIN)
		fprintf(stderr, "client %td: %s\n", client - crowd->clients, strerror(-ret));
	return ret == -EAGAIN;
}

static bool client_connect(struct crowd *crowd)
{
	struct client *client = &crowd->clients[crowd->connected];
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*client = (struct client){ .in = IVSHMEM_WIRE_IN_NONE };
	client->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", crowd->path);
	if (client->socket < 0 ||
	    connect(client->socket, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, client->socket, &event) < 0) {
		fprintf(stderr, "client %u: %s: %s\n", crowd->connected, crowd->path,
			strerror(errno));
		return false;
	}
	crowd->connected++;
	return true;
}

/* Connects while there is somebody left, and in between reads whatever has come. */
static bool crowd_turn(struct crowd *crowd)
{
	struct epoll_event events[EVENTS_MAX];
	bool all = crowd->connected == crowd->count;
	int i, count;

	if (!all && !client_connect(crowd))
		return false;
	count = epoll_wait(crowd->epoll, events, EVENTS_MAX, all ? -1 : 0);
	for (i = 0; i < count; i++) {
		if (!client_receive(crowd, events[i].data.ptr))
			return false;
	}
	return count >= 0 || errno == EINTR;
}

/* In the process of its own, whose end disconnects them all. */
static int crowd_run(void *ctx)
{
	struct crowd *crowd = ctx;
	bool told = false;

	crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
	crowd->clients = calloc(crowd->count, sizeof(*crowd->clients));
	if (crowd->epoll < 0 || !crowd->clients)
		return EXIT_FAILURE;
	while (crowd_turn(crowd)) {
		if (told || crowd->complete < crowd->count)
			continue;
		told = true;
		putchar('!');
		fflush(stdout);
	}
	return EXIT_FAILURE;
}

int crowd_start(struct child *ret_child, const struct bench *bench, const struct server *server,
		unsigned int count, unsigned int vectors, uint64_t *ret_ns, struct error *err)
{
	struct crowd crowd = { .path = server->socket, .count = count, .vectors = vectors };
	const struct child_params params = {
		.function = crowd_run,
		.ctx = &crowd,
		.cpu = CHILD_ANY_CPU,
		.log_fd = bench->log_fd,
	};
	struct child child;
	int ret;

	ret = child_start(&child, &params, err);
	if (ret < 0)
		return ret;
	ret = child_expect_byte(&child, '!', COMPLETE_TIMEOUT_MS, ret_ns, err);
	if (ret < 0) {
		child_end(&child);
		return error_prefix(err, ret, "%u clients", count);
	}
	*ret_child = child;
	return 0;
}
