/* SPDX-License-Identifier: BSD-3-Clause */
/* Own eventfds: bound to interrupts, or listened to. */
#include "hw/pci/ivshmem_vectors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "hw/pci/ivshmem_host.h"
#include "lib/event_loop.h"
#include "lib/fds.h"

struct former {
	struct ivshmem_vectors *vectors;
	unsigned int vector;
	int fd;
	struct event_source *source;
};

/* The eventfds of one server. */
struct former_set {
	struct former *formers; /* NULL: no such set */
	unsigned int count;
};

struct ivshmem_vectors {
	const struct ivshmem_host *host;
	void *ctx;
	struct event_loop *loop;
	unsigned int capacity, count;
	struct former_set sets[IVSHMEM_VECTORS_FORMER_MAX]; /* the youngest first */
	int fds[]; /* of the present server, as many as count */
};

int ivshmem_vectors_new(const struct ivshmem_host *host, void *ctx, struct event_loop *loop,
			unsigned int count, struct ivshmem_vectors **ret_vectors)
{
	struct ivshmem_vectors *vectors;

	vectors = calloc(1, sizeof(*vectors) + count * sizeof(vectors->fds[0]));
	if (!vectors)
		return -ENOMEM;
	vectors->host = host;
	vectors->ctx = ctx;
	vectors->loop = loop;
	vectors->capacity = count;
	*ret_vectors = vectors;
	return 0;
}

static void set_drop(struct former_set *set)
{
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		event_source_remove(set->formers[i].source);
		fd_close(&set->formers[i].fd);
	}
	free(set->formers);
	*set = (struct former_set){ 0 };
}

static void unbind_all(struct ivshmem_vectors *vectors)
{
	unsigned int i;

	for (i = 0; i < vectors->count; i++)
		vectors->host->bind_vector(vectors->ctx, i, -1);
}

void ivshmem_vectors_free(struct ivshmem_vectors *vectors)
{
	unsigned int i;

	if (!vectors)
		return;
	unbind_all(vectors);
	for (i = 0; i < vectors->count; i++)
		fd_close(&vectors->fds[i]);
	for (i = 0; i < IVSHMEM_VECTORS_FORMER_MAX; i++)
		set_drop(&vectors->sets[i]);
	free(vectors);
}

void ivshmem_vectors_set(struct ivshmem_vectors *vectors, unsigned int vector, int fd)
{
	if (vector >= vectors->capacity || vector != vectors->count) {
		fd_close(&fd);
		return;
	}
	vectors->fds[vectors->count++] = fd;
	vectors->host->bind_vector(vectors->ctx, vector, fd);
}

static void former_rung(void *ctx, uint32_t events)
{
	struct former *former = ctx;
	struct ivshmem_vectors *vectors = former->vectors;

	(void)events;
	vectors->host->lock(vectors->ctx);
	if (eventfd_drain(former->fd))
		vectors->host->raise_vector(vectors->ctx, former->vector);
	vectors->host->unlock(vectors->ctx);
}

/* Listen to what was bound; one that cannot be listened to is given up. */
static void set_fill(struct former_set *set, struct ivshmem_vectors *vectors)
{
	struct former *former;
	unsigned int i;

	set->formers = calloc(vectors->count, sizeof(*set->formers));
	for (i = 0; i < vectors->count; i++) {
		former = set->formers ? &set->formers[set->count] : NULL;
		if (former)
			*former = (struct former){ .vectors = vectors, .vector = i,
						   .fd = vectors->fds[i] };
		if (former && event_loop_add(vectors->loop, former->fd, EPOLLIN, former_rung,
					     former, &former->source) == 0)
			set->count++;
		else
			fd_close(&vectors->fds[i]);
	}
}

void ivshmem_vectors_retire(struct ivshmem_vectors *vectors)
{
	const size_t last = IVSHMEM_VECTORS_FORMER_MAX - 1;

	if (vectors->count == 0)
		return;
	unbind_all(vectors);
	set_drop(&vectors->sets[last]);
	memmove(&vectors->sets[1], &vectors->sets[0], last * sizeof(vectors->sets[0]));
	vectors->sets[0] = (struct former_set){ 0 };
	set_fill(&vectors->sets[0], vectors);
	vectors->count = 0;
}

unsigned int ivshmem_vectors_count(const struct ivshmem_vectors *vectors)
{
	return vectors->count;
}
