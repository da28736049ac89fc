/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of an ivshmem server that outlives servers as a device does, of one vector:
 *
 *   id_keeper SOCKET [FORMER-ID]
 *
 * It prints "id N", "joined P", "left P", "rung", "lost" as these happen, and obeys lines of input:
 * "ring P", "again" (connect once more and ask for the id it has). The end of input ends it. What
 * it was given stays open: the memory until it has another with the same id, own eventfds for good.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ivshmem/peer.h"
#include "lib/fds.h"

#define TIMEOUT_MS 20000
#define LINE_MAX_BYTES 64
#define LIVES_MAX 8

struct keeper {
	struct event_loop *loop;
	struct ivshmem_peer_params params;
	struct ivshmem_peer *peer;
	struct event_source *input_source;
	char line[LINE_MAX_BYTES];
	size_t length;
	int memory, status;
	bool has_id;
	uint16_t id;
	int own[LIVES_MAX], lives; /* an eventfd of each server's */
	int doorbells[IVSHMEM_ID_MAX + 1]; /* 0: none */
};

static void fail(struct keeper *keeper, const char *text)
{
	printf("failed: %s\n", text);
	keeper->status = 1;
	event_loop_stop(keeper->loop);
}

static void on_ready(void *ctx, uint16_t id, int memory_fd, uint64_t size)
{
	struct keeper *keeper = ctx;

	(void)size;
	if (!keeper->has_id || keeper->id == id)
		fd_close(&keeper->memory);
	keeper->memory = memory_fd;
	keeper->has_id = true;
	keeper->id = id;
	printf("id %u\n", id);
}

static void on_joined(void *ctx, uint16_t id, unsigned int vector, int fd)
{
	struct keeper *keeper = ctx;

	(void)vector;
	if (keeper->doorbells[id])
		fd_close(&keeper->doorbells[id]);
	keeper->doorbells[id] = fd;
	printf("joined %u\n", id);
}

static void on_left(void *ctx, uint16_t id)
{
	struct keeper *keeper = ctx;

	fd_close(&keeper->doorbells[id]);
	keeper->doorbells[id] = 0;
	printf("left %u\n", id);
}

static void on_rung(void *ctx, uint32_t events)
{
	const int *fd = ctx;

	(void)events;
	if (eventfd_drain(*fd))
		puts("rung");
}

static void on_own_vector(void *ctx, unsigned int vector, int fd)
{
	struct keeper *keeper = ctx;
	struct event_source *source; /* goes with the loop */

	if (vector > 0 || keeper->lives == LIVES_MAX) {
		fail(keeper, "too many own vectors");
		return;
	}
	keeper->own[keeper->lives] = fd;
	if (event_loop_add(keeper->loop, fd, EPOLLIN, on_rung, &keeper->own[keeper->lives++],
			   &source) < 0)
		fail(keeper, "event loop");
}

static void on_lost(void *ctx, int code, const struct error *err)
{
	(void)ctx;
	(void)code;
	(void)err;
	puts("lost");
}

static const struct ivshmem_peer_ops ops = {
	.ready = on_ready,
	.joined = on_joined,
	.left = on_left,
	.own_vector = on_own_vector,
	.lost = on_lost,
};

static void connect_again(struct keeper *keeper)
{
	struct error err = { "" };

	if (keeper->has_id) {
		keeper->params.has_former_id = true;
		keeper->params.former_id = keeper->id;
	}
	ivshmem_peer_free(keeper->peer);
	keeper->peer = NULL;
	if (ivshmem_peer_connect(keeper->loop, &keeper->params, &keeper->peer, &err) < 0)
		fail(keeper, err.text);
}

static void obey(struct keeper *keeper)
{
	unsigned int peer;

	if (!strcmp(keeper->line, "again"))
		connect_again(keeper);
	else if (sscanf(keeper->line, "ring %u", &peer) == 1 && peer <= IVSHMEM_ID_MAX &&
		 keeper->doorbells[peer])
		eventfd_signal(keeper->doorbells[peer]);
	else
		fail(keeper, keeper->line);
}

static void on_input(void *ctx, uint32_t events)
{
	struct keeper *keeper = ctx;
	char c;

	(void)events;
	if (read(STDIN_FILENO, &c, 1) != 1) {
		event_loop_stop(keeper->loop);
		return;
	}
	if (c != '\n' && keeper->length < sizeof(keeper->line) - 1) {
		keeper->line[keeper->length++] = c;
		return;
	}
	keeper->line[keeper->length] = '\0';
	keeper->length = 0;
	obey(keeper);
}

int main(int argc, char **argv)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	int status;

	if (argc < 2 || argc > 3 || !keeper) {
		fputs("usage: id_keeper SOCKET [FORMER-ID]\n", stderr);
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	keeper->memory = -1;
	keeper->params = (struct ivshmem_peer_params){
		.path = argv[1],
		.timeout_ms = TIMEOUT_MS,
		.has_former_id = argc == 3,
		.former_id = argc == 3 ? (uint16_t)atoi(argv[2]) : 0,
		.ops = &ops,
		.ctx = keeper,
	};
	if (event_loop_new(&keeper->loop) < 0 ||
	    event_loop_add(keeper->loop, STDIN_FILENO, EPOLLIN, on_input, keeper,
			   &keeper->input_source) < 0)
		return 1;
	connect_again(keeper);
	if (keeper->status == 0)
		event_loop_run(keeper->loop);
	status = keeper->status;
	ivshmem_peer_free(keeper->peer);
	event_loop_free(keeper->loop);
	free(keeper);
	return status;
}
