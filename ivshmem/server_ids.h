/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ids of an ivshmem server's clients. Each is given once in the server's life; only when all of
 * them have been, they go round, since a client that knew the former owner of an id may still have
 * traces of it.
 */
#ifndef IVSHMEM_SERVER_IDS_H
#define IVSHMEM_SERVER_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "ivshmem/wire.h"

#define SERVER_IDS_WORD_BITS 64
#define SERVER_IDS_WORDS ((IVSHMEM_ID_MAX + 1) / SERVER_IDS_WORD_BITS)

/* All zero: nothing is taken and the first id is 0. */
struct server_ids {
	/* Each set has the one before in it. */
	uint64_t taken[SERVER_IDS_WORDS];  /* somebody has it now */
	uint64_t given[SERVER_IDS_WORDS];  /* somebody has had it, ever */
	uint64_t passed[SERVER_IDS_WORDS]; /* it was given or at least proposed */
	uint32_t next;
};

/*
 * An id that can be taken, or -ENOSPC: one that was not proposed before, else one that was never
 * given, else one that is free. The next call proposes another one if there is any.
 */
int server_ids_propose(struct server_ids *ids);

/* Has @id never been given? Then it can be taken, too. */
bool server_ids_is_fresh(const struct server_ids *ids, uint16_t id);

/* Give @id, which was proposed or is fresh, to somebody. */
void server_ids_take(struct server_ids *ids, uint16_t id);

/* @id is one that was taken. */
void server_ids_give_back(struct server_ids *ids, uint16_t id);

#endif
