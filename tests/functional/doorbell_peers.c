/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many peers in one process that count, in the shared memory, what rings them:
 *
 *   doorbell_peers SOCKET COUNT VECTORS
 *
 * It connects one after the other, prints "ready FIRST-ID LAST-ID" and stays until its
 * input ends. 32-bit words, of this machine's byte order: at 64 all rings, at 4096 one for each
 * vector of each id, those of an id together. Rings that come together count as many as they were.
 */
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ivshmem/peer.h"
#include "lib/event_loop.h"

#define TOTAL 64
#define EACH 4096

struct crowd {
	struct event_loop *loop;
	uint8_t *memory;
	uint64_t size;
	unsigned int vectors;
};

struct member {
	struct crowd *crowd;
	struct ivshmem_peer *peer;
	uint16_t id;
	bool ready;
};

struct bell {
	struct member *member;
	unsigned int vector;
	int fd;
	struct event_source *source;
};

static void add_to(struct crowd *crowd, uint64_t offset, uint64_t count)
{
	if (offset + sizeof(uint32_t) > crowd->size)
		errx(1, "the memory is too small for all peers");
	__atomic_fetch_add((uint32_t *)(void *)(crowd->memory + offset), (uint32_t)count,
			   __ATOMIC_SEQ_CST);
}

static void was_rung(void *ctx, uint32_t events)
{
	struct bell *bell = ctx;
	struct crowd *crowd = bell->member->crowd;
	uint64_t count;

	(void)events;
	if (read(bell->fd, &count, sizeof(count)) != sizeof(count))
		return;
	add_to(crowd, EACH + 4 * ((uint64_t)bell->member->id * crowd->vectors + bell->vector),
	       count);
	/* Last: it is what a waiting guest looks at. */
	add_to(crowd, TOTAL, count);
}

static void ready(void *ctx, uint16_t id, int memory_fd, uint64_t size)
{
	struct member *member = ctx;
	struct crowd *crowd = member->crowd;

	member->id = id;
	if (!crowd->memory) {
		crowd->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
		if (crowd->memory == MAP_FAILED)
			err(1, "mmap");
		crowd->size = size;
	}
	/* The descriptor stays open: the id is the client's as long as it is. */
	member->ready = true;
}

static void joined(void *ctx, uint16_t id, unsigned int vector, int fd)
{
	(void)ctx;
	(void)id;
	(void)vector;
	close(fd);
}

static void left(void *ctx, uint16_t id)
{
	(void)ctx;
	(void)id;
}

static void own_vector(void *ctx, unsigned int vector, int fd)
{
	struct bell *bell = calloc(1, sizeof(*bell));
	struct member *member = ctx;

	if (!bell)
		err(1, "memory");
	*bell = (struct bell){ .member = member, .vector = vector, .fd = fd };
	if (event_loop_add(member->crowd->loop, fd, EPOLLIN, was_rung, bell, &bell->source) < 0)
		errx(1, "cannot wait for vector %u", vector);
	if (vector + 1 == member->crowd->vectors)
		event_loop_stop(member->crowd->loop);
}

/* Being left alone is no reason to stop counting. */
static void lost(void *ctx, int code, const struct error *err)
{
	struct member *member = ctx;

	(void)code;
	if (!member->ready)
		errx(1, "%s", err->text);
	member->peer = NULL;
}

static const struct ivshmem_peer_ops ops = {
	.ready = ready,
	.joined = joined,
	.left = left,
	.own_vector = own_vector,
	.lost = lost,
};

static void join(struct member *member, struct crowd *crowd, const char *path)
{
	const struct ivshmem_peer_params params = { .path = path, .ops = &ops, .ctx = member };
	struct error err;

	member->crowd = crowd;
	if (ivshmem_peer_connect(crowd->loop, &params, &member->peer, &err) < 0)
		errx(1, "%s", err.text);
	event_loop_run(crowd->loop);
}

static void input_ended(void *ctx, uint32_t events)
{
	char byte;

	(void)events;
	if (read(0, &byte, 1) <= 0)
		event_loop_stop(ctx);
}

int main(int argc, char **argv)
{
	struct crowd crowd = { 0 };
	struct event_source *input;
	struct member *members;
	int i, count;

	if (argc != 4)
		errx(64, "usage: doorbell_peers SOCKET COUNT VECTORS");
	count = atoi(argv[2]);
	crowd.vectors = (unsigned int)atoi(argv[3]);
	members = calloc((size_t)count, sizeof(*members));
	if (!members || event_loop_new(&crowd.loop) < 0)
		errx(1, "memory");
	for (i = 0; i < count; i++)
		join(&members[i], &crowd, argv[1]);
	printf("ready %u %u\n", members[0].id, members[count - 1].id);
	fflush(stdout);
	if (event_loop_add(crowd.loop, 0, EPOLLIN, input_ended, crowd.loop, &input) == 0)
		event_loop_run(crowd.loop);
	return 0;
}
