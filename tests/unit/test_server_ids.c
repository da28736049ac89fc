/* SPDX-License-Identifier: BSD-3-Clause */
/* Ids of clients: round and round, and never the same twice at once. */
#include "ivshmem/server_ids.h"

#include <errno.h>

#include "tests/unit/unit.h"

static void test_order(void)
{
	struct server_ids ids = { 0 };

	CU_ASSERT_EQUAL(server_ids_take(&ids), 0);
	CU_ASSERT_EQUAL(server_ids_take(&ids), 1);
	server_ids_give_back(&ids, 0);
	server_ids_give_back(&ids, 1);
	/* Not the lowest that is free. */
	CU_ASSERT_EQUAL(server_ids_take(&ids), 2);
}

static void test_round(void)
{
	struct server_ids ids = { 0 };
	int i, wrong = 0;

	CU_ASSERT_EQUAL(server_ids_take(&ids), 0); /* and keeps it */
	for (i = 1; i <= IVSHMEM_ID_MAX; i++) {
		wrong += server_ids_take(&ids) != i;
		server_ids_give_back(&ids, (uint16_t)i);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(server_ids_take(&ids), 1);
}

static void test_all_taken(void)
{
	struct server_ids ids = { 0 };
	int i;

	for (i = 0; i <= IVSHMEM_ID_MAX; i++)
		server_ids_take(&ids);
	CU_ASSERT_EQUAL(server_ids_take(&ids), -ENOSPC);
	server_ids_give_back(&ids, 4711);
	CU_ASSERT_EQUAL(server_ids_take(&ids), 4711);
	CU_ASSERT_EQUAL(server_ids_take(&ids), -ENOSPC);
}

static const struct unit_test tests[] = {
	{ "order", test_order },
	{ "round", test_round },
	{ "all taken", test_all_taken },
};

UNIT_MAIN("server ids", tests)
