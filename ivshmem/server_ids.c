/* SPDX-License-Identifier: BSD-3-Clause */
/* Ids as bit maps that are searched from where the last search ended. */
#include "ivshmem/server_ids.h"

#include <errno.h>

#define ID_COUNT (IVSHMEM_ID_MAX + 1)

static bool has(const uint64_t *map, uint32_t id)
{
	return map[id / SERVER_IDS_WORD_BITS] >> (id % SERVER_IDS_WORD_BITS) & 1;
}

static void set(uint64_t *map, uint32_t id)
{
	map[id / SERVER_IDS_WORD_BITS] |= UINT64_C(1) << (id % SERVER_IDS_WORD_BITS);
}

/* Returns the next id that is not in @map, or -ENOSPC. */
static int next_outside(const struct server_ids *ids, const uint64_t *map)
{
	uint32_t i, id;

	for (i = 0; i < ID_COUNT; i++) {
		id = (ids->next + i) % ID_COUNT;
		if (!has(map, id))
			return (int)id;
	}
	return -ENOSPC;
}

int server_ids_propose(struct server_ids *ids)
{
	int id = next_outside(ids, ids->passed);

	if (id < 0)
		id = next_outside(ids, ids->given);
	if (id < 0)
		id = next_outside(ids, ids->taken);
	if (id < 0)
		return id;
	set(ids->passed, (uint32_t)id);
	ids->next = ((uint32_t)id + 1) % ID_COUNT;
	return id;
}

bool server_ids_is_fresh(const struct server_ids *ids, uint16_t id)
{
	return !has(ids->given, id);
}

void server_ids_take(struct server_ids *ids, uint16_t id)
{
	set(ids->taken, id);
	set(ids->given, id);
	set(ids->passed, id);
}

void server_ids_give_back(struct server_ids *ids, uint16_t id)
{
	ids->taken[id / SERVER_IDS_WORD_BITS] &= ~(UINT64_C(1) << (id % SERVER_IDS_WORD_BITS));
}
