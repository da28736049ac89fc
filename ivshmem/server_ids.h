/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ids of an ivshmem server's clients. They go round: an id that was given back is the last to
 * be given out again, since a client that knew its former owner may still have traces of it.
 */
#ifndef IVSHMEM_SERVER_IDS_H
#define IVSHMEM_SERVER_IDS_H

#include <stdint.h>

#include "ivshmem/wire.h"

#define SERVER_IDS_WORD_BITS 64
#define SERVER_IDS_WORDS ((IVSHMEM_ID_MAX + 1) / SERVER_IDS_WORD_BITS)

/* All zero: nothing is taken and the first id is 0. */
struct server_ids {
	uint64_t taken[SERVER_IDS_WORDS];
	uint32_t next;
};

/* Returns the next free id, 0 to IVSHMEM_ID_MAX, or -ENOSPC. */
int server_ids_take(struct server_ids *ids);

/* @id is one that was taken. */
void server_ids_give_back(struct server_ids *ids, uint16_t id);

#endif
