/* SPDX-License-Identifier: BSD-3-Clause */
/* Ringing peers, on the slow way and on the fast one. */
#include "hw/pci/ivshmem_doorbell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hw/pci/ivshmem_host.h"
#include "ivshmem/wire.h"
#include "lib/fds.h"

#define PEERS_MAX (IVSHMEM_ID_MAX + 1)

/*
 * How many rings on the slow way make a pair hot: a few while there is room, and so many when
 * another one has to go that changing places costs little beside them, in whatever order a guest
 * rings.
 */
#define HOT_AFTER 4
#define HOT_INSTEAD_AFTER 64

struct bell {
	int fd;
	uint16_t rings; /* on the slow way, since it last changed */
	bool hot;
};

struct bell_peer {
	unsigned int count, capacity;
	struct bell bells[];
};

struct ivshmem_doorbell {
	const struct ivshmem_host *host;
	void *ctx;
	uint64_t missed;
	/* Values of the hot pairs, who was made hot first comes first. */
	uint32_t hot[IVSHMEM_DOORBELL_HOT_MAX];
	unsigned int hot_count;
	bool refused; /* the carrier has declined one, so ask no more until something changes */
	struct bell_peer *peers[PEERS_MAX];
};

int ivshmem_doorbell_new(const struct ivshmem_host *host, void *ctx,
			 struct ivshmem_doorbell **ret_doorbell)
{
	struct ivshmem_doorbell *doorbell = calloc(1, sizeof(*doorbell));

	if (!doorbell)
		return -ENOMEM;
	doorbell->host = host;
	doorbell->ctx = ctx;
	*ret_doorbell = doorbell;
	return 0;
}

void ivshmem_doorbell_free(struct ivshmem_doorbell *doorbell)
{
	unsigned int id;

	if (!doorbell)
		return;
	for (id = 0; id < PEERS_MAX; id++)
		ivshmem_doorbell_remove(doorbell, (uint16_t)id);
	free(doorbell);
}

/* NULL: there is no such pair. */
static struct bell *bell_find(struct ivshmem_doorbell *doorbell, uint32_t value)
{
	struct bell_peer *peer = doorbell->peers[value >> 16];
	unsigned int vector = value & 0xffff;

	return peer && vector < peer->count ? &peer->bells[vector] : NULL;
}

static void bell_cool(struct ivshmem_doorbell *doorbell, uint32_t value)
{
	struct bell *bell = bell_find(doorbell, value);
	uint32_t *at = doorbell->hot;

	while (*at != value)
		at++;
	doorbell->hot_count--;
	memmove(at, at + 1, (size_t)(doorbell->hot + doorbell->hot_count - at) * sizeof(*at));
	doorbell->host->catch_ring(doorbell->ctx, value, bell->fd, false);
	bell->hot = false;
	bell->rings = 0;
}

static void bell_heat(struct ivshmem_doorbell *doorbell, uint32_t value, struct bell *bell)
{
	if (doorbell->hot_count == IVSHMEM_DOORBELL_HOT_MAX)
		bell_cool(doorbell, doorbell->hot[0]);
	bell->rings = 0;
	if (doorbell->host->catch_ring(doorbell->ctx, value, bell->fd, true) < 0) {
		doorbell->refused = true;
		return;
	}
	bell->hot = true;
	doorbell->hot[doorbell->hot_count++] = value;
}

void ivshmem_doorbell_ring(struct ivshmem_doorbell *doorbell, uint32_t value)
{
	bool full = doorbell->hot_count == IVSHMEM_DOORBELL_HOT_MAX;
	struct bell *bell = bell_find(doorbell, value);

	if (!bell) {
		doorbell->missed++;
		return;
	}
	eventfd_signal(bell->fd);
	/* One that is hot comes here too if the guest writes it in an unusual size. */
	if (bell->hot || doorbell->refused)
		return;
	if (++bell->rings >= (full ? HOT_INSTEAD_AFTER : HOT_AFTER))
		bell_heat(doorbell, value, bell);
}

void ivshmem_doorbell_cool(struct ivshmem_doorbell *doorbell)
{
	while (doorbell->hot_count)
		bell_cool(doorbell, doorbell->hot[doorbell->hot_count - 1]);
	doorbell->refused = false;
}

/* Returns the peer with room for one more vector, or NULL. */
static struct bell_peer *peer_grow(struct ivshmem_doorbell *doorbell, uint16_t id)
{
	struct bell_peer *peer = doorbell->peers[id], *grown;
	unsigned int capacity = peer ? peer->capacity : 0;

	if (peer && peer->count < capacity)
		return peer;
	capacity = capacity ? capacity * 2 : 2;
	grown = realloc(peer, sizeof(*grown) + capacity * sizeof(grown->bells[0]));
	if (!grown)
		return NULL;
	if (!peer)
		grown->count = 0;
	grown->capacity = capacity;
	doorbell->peers[id] = grown;
	return grown;
}

int ivshmem_doorbell_add(struct ivshmem_doorbell *doorbell, uint16_t id, unsigned int vector,
			 int fd)
{
	uint32_t value = (uint32_t)id << 16 | vector;
	struct bell_peer *peer = doorbell->peers[id];
	unsigned int count = peer ? peer->count : 0;
	struct bell *bell;

	if (vector < count) {
		bell = &peer->bells[vector];
		if (bell->hot)
			bell_cool(doorbell, value);
		fd_close(&bell->fd);
		*bell = (struct bell){ .fd = fd };
		return 0;
	}
	peer = vector == count ? peer_grow(doorbell, id) : NULL;
	if (!peer) {
		fd_close(&fd);
		return vector == count ? -ENOMEM : -EINVAL;
	}
	peer->bells[peer->count++] = (struct bell){ .fd = fd };
	return 0;
}

void ivshmem_doorbell_remove(struct ivshmem_doorbell *doorbell, uint16_t id)
{
	struct bell_peer *peer = doorbell->peers[id];
	unsigned int vector;

	if (!peer)
		return;
	for (vector = 0; vector < peer->count; vector++) {
		if (peer->bells[vector].hot)
			bell_cool(doorbell, (uint32_t)id << 16 | vector);
		fd_close(&peer->bells[vector].fd);
	}
	free(peer);
	doorbell->peers[id] = NULL;
}

void ivshmem_doorbell_remove_others(struct ivshmem_doorbell *doorbell, uint16_t id)
{
	unsigned int other;

	for (other = 0; other < PEERS_MAX; other++)
		if (other != id)
			ivshmem_doorbell_remove(doorbell, (uint16_t)other);
}

uint64_t ivshmem_doorbell_missed(const struct ivshmem_doorbell *doorbell)
{
	return doorbell->missed;
}
