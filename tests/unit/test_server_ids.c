/* SPDX-License-Identifier: BSD-3-Clause */
/* Ids of clients: each once, then round and round, and never the same twice at once. */
#include "ivshmem/server_ids.h"

#include <errno.h>

#include "tests/unit/unit.h"

static int give(struct server_ids *ids)
{
	int id = server_ids_propose(ids);

	if (id >= 0)
		server_ids_take(ids, (uint16_t)id);
	return id;
}

static void test_order(void)
{
	struct server_ids ids = { 0 };

	CU_ASSERT_EQUAL(give(&ids), 0);
	CU_ASSERT_EQUAL(give(&ids), 1);
	server_ids_give_back(&ids, 0);
	server_ids_give_back(&ids, 1);
	/* Not the lowest that is free. */
	CU_ASSERT_EQUAL(give(&ids), 2);
}

static void test_round(void)
{
	struct server_ids ids = { 0 };
	int i, wrong = 0;

	CU_ASSERT_EQUAL(give(&ids), 0); /* and keeps it */
	for (i = 1; i <= IVSHMEM_ID_MAX; i++) {
		wrong += give(&ids) != i;
		server_ids_give_back(&ids, (uint16_t)i);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(give(&ids), 1);
}

static void test_all_taken(void)
{
	struct server_ids ids = { 0 };
	int i;

	for (i = 0; i <= IVSHMEM_ID_MAX; i++)
		give(&ids);
	CU_ASSERT_EQUAL(give(&ids), -ENOSPC);
	server_ids_give_back(&ids, 4711);
	CU_ASSERT_EQUAL(give(&ids), 4711);
	CU_ASSERT_EQUAL(give(&ids), -ENOSPC);
}

/* Out of turn: never again in its turn, before all others. */
static void test_claimed(void)
{
	struct server_ids ids = { 0 };
	int i, id, wrong = 0;

	CU_ASSERT_TRUE(server_ids_is_fresh(&ids, 3));
	server_ids_take(&ids, 3);
	CU_ASSERT_FALSE(server_ids_is_fresh(&ids, 3));
	server_ids_give_back(&ids, 3);
	CU_ASSERT_FALSE(server_ids_is_fresh(&ids, 3));
	CU_ASSERT_EQUAL(give(&ids), 0);
	CU_ASSERT_EQUAL(give(&ids), 1);
	CU_ASSERT_EQUAL(give(&ids), 2);
	for (i = 4; i <= IVSHMEM_ID_MAX; i++) {
		id = give(&ids);
		wrong += id != i || server_ids_is_fresh(&ids, (uint16_t)id);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(give(&ids), 3);
}

/* What was proposed and not taken comes after what was not proposed, and before all else. */
static void test_passed_over(void)
{
	struct server_ids ids = { 0 };
	int i, wrong = 0;

	CU_ASSERT_EQUAL(server_ids_propose(&ids), 0);
	CU_ASSERT_EQUAL(server_ids_propose(&ids), 1);
	CU_ASSERT_EQUAL(give(&ids), 2);
	server_ids_give_back(&ids, 2);
	CU_ASSERT_TRUE(server_ids_is_fresh(&ids, 1));
	for (i = 3; i <= IVSHMEM_ID_MAX; i++)
		wrong += give(&ids) != i;
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(server_ids_propose(&ids), 0);
	CU_ASSERT_EQUAL(server_ids_propose(&ids), 1);
	CU_ASSERT_EQUAL(give(&ids), 0);
	CU_ASSERT_EQUAL(give(&ids), 1);
	CU_ASSERT_EQUAL(give(&ids), 2);
	CU_ASSERT_EQUAL(give(&ids), -ENOSPC);
}

static const struct unit_test tests[] = {
	{ "order", test_order },
	{ "round", test_round },
	{ "all taken", test_all_taken },
	{ "claimed", test_claimed },
	{ "passed over", test_passed_over },
};

UNIT_MAIN("server ids", tests)
