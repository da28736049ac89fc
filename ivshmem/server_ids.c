/* SPDX-License-Identifier: BSD-3-Clause */
/* Ids as a bit map that is searched from where the last search ended. */
#include "ivshmem/server_ids.h"

#include <errno.h>

#define ID_COUNT (IVSHMEM_ID_MAX + 1)

static uint64_t bit_of(uint32_t id)
{
	return UINT64_C(1) << (id % SERVER_IDS_WORD_BITS);
}

int server_ids_take(struct server_ids *ids)
{
	uint32_t i, id;

	for (i = 0; i < ID_COUNT; i++) {
		id = (ids->next + i) % ID_COUNT;
		if (ids->taken[id / SERVER_IDS_WORD_BITS] & bit_of(id))
			continue;
		ids->taken[id / SERVER_IDS_WORD_BITS] |= bit_of(id);
		ids->next = (id + 1) % ID_COUNT;
		return (int)id;
	}
	return -ENOSPC;
}

void server_ids_give_back(struct server_ids *ids, uint16_t id)
{
	ids->taken[id / SERVER_IDS_WORD_BITS] &= ~bit_of(id);
}
