/* SPDX-License-Identifier: BSD-3-Clause */
/* Ids and leases: what a server and its successors give, while clients come, stay and go. */
#include "ivshmem/server_lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ivshmem/object.h"
#include "ivshmem/peer_claim.h"
#include "lib/fds.h"
#include "lib/util.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

#define SIZE 4096
#define NO_CLAIM (-1)

static int new_memory(void)
{
	int fd = memfd_create("test_server_lease", MFD_CLOEXEC);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(ftruncate(fd, SIZE), 0);
	return fd;
}

/* A client connects. Returns its lease, whose memory it is that has it from now on. */
static struct server_lease join(struct server_ids *ids, int memory, int claim)
{
	struct server_lease lease = { .memory = -1 };
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	if (claim != NO_CLAIM)
		CU_ASSERT_EQUAL_FATAL(ivshmem_claim_bind(pair[1], (uint16_t)claim), 0);
	CU_ASSERT_EQUAL(server_lease_take(&lease, ids, pair[0], memory), 0);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	return lease;
}

static bool is_locked(int memory, int byte)
{
	return ofd_lock_query(memory, byte) != OFD_LOCK_NONE;
}

static void test_life(void)
{
	struct leaks before = leaks_count(), after;
	struct server_ids ids = { 0 };
	int memory = new_memory();
	struct server_lease lease;
	void *map;

	CU_ASSERT_FALSE(is_locked(memory, SERVER_LEASE_BYTE));
	lease = join(&ids, memory, NO_CLAIM);
	CU_ASSERT_EQUAL(lease.id, 0);
	CU_ASSERT(lease.memory >= 0 && lease.memory != memory);
	CU_ASSERT_TRUE(is_locked(memory, SERVER_LEASE_BYTE));
	CU_ASSERT_FALSE(is_locked(memory, SERVER_LEASE_BYTE + 1));
	CU_ASSERT_EQUAL(ofd_lock_query(memory, IVSHMEM_OBJECT_USE), OFD_LOCK_SHARED);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, lease.memory, 0);
	CU_ASSERT_TRUE_FATAL(map != MAP_FAILED);
	server_lease_close(&lease);
	CU_ASSERT_TRUE(is_locked(memory, SERVER_LEASE_BYTE));
	munmap(map, SIZE);
	CU_ASSERT_FALSE(is_locked(memory, SERVER_LEASE_BYTE));
	CU_ASSERT_FALSE(is_locked(memory, IVSHMEM_OBJECT_USE));
	server_lease_close(&lease);
	fd_close(&memory);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
}

static void test_successor(void)
{
	struct server_ids first = { 0 }, second = { 0 }, third = { 0 };
	int memory = new_memory();
	struct server_lease old[3], new[2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(old); i++)
		old[i] = join(&first, memory, NO_CLAIM);
	CU_ASSERT_EQUAL(old[2].id, 2);
	server_lease_close(&old[1]);
	new[0] = join(&second, memory, NO_CLAIM);
	new[1] = join(&second, memory, NO_CLAIM);
	CU_ASSERT_EQUAL(new[0].id, 1);
	CU_ASSERT_EQUAL(new[1].id, 3);
	for (i = 0; i < ARRAY_SIZE(old); i++)
		server_lease_close(&old[i]);
	server_lease_close(&new[0]);
	new[0] = join(&third, memory, NO_CLAIM);
	CU_ASSERT_EQUAL(new[0].id, 0);
	server_lease_close(&new[0]);
	server_lease_close(&new[1]);
	fd_close(&memory);
}

/* The claimant has the old lease and gets a new one; either is enough. */
static void test_claim(void)
{
	struct server_ids first = { 0 }, second = { 0 }, third = { 0 };
	struct server_lease old, other, new;
	int memory = new_memory();

	other = join(&first, memory, NO_CLAIM);
	old = join(&first, memory, NO_CLAIM);
	new = join(&second, memory, old.id);
	CU_ASSERT_EQUAL(new.id, old.id);
	CU_ASSERT_TRUE(new.memory >= 0);
	server_lease_close(&old);
	CU_ASSERT_TRUE(is_locked(memory, SERVER_LEASE_BYTE + new.id));
	old = join(&third, memory, NO_CLAIM);
	CU_ASSERT_EQUAL(old.id, 2);
	server_lease_close(&old);
	server_lease_close(&other);
	server_lease_close(&new);
	CU_ASSERT_FALSE(is_locked(memory, SERVER_LEASE_BYTE + 1));
	fd_close(&memory);
}

/* Not what this server has given, to somebody who is there or to somebody who has left. */
static void test_claim_refused(void)
{
	struct server_ids ids = { 0 };
	int memory = new_memory();
	struct server_lease lease[5];
	size_t i;

	lease[0] = join(&ids, memory, 7);
	CU_ASSERT_EQUAL(lease[0].id, 7);
	lease[1] = join(&ids, memory, 7);
	CU_ASSERT_EQUAL(lease[1].id, 0);
	server_ids_give_back(&ids, 7);
	server_lease_close(&lease[0]);
	lease[2] = join(&ids, memory, 7);
	CU_ASSERT_EQUAL(lease[2].id, 1);
	lease[3] = join(&ids, memory, 65535);
	CU_ASSERT_EQUAL(lease[3].id, 65535);
	lease[4] = join(&ids, memory, 2);
	CU_ASSERT_EQUAL(lease[4].id, 2);
	for (i = 0; i < ARRAY_SIZE(lease); i++)
		server_lease_close(&lease[i]);
	lease[0] = join(&ids, memory, NO_CLAIM);
	CU_ASSERT_EQUAL(lease[0].id, 3);
	server_lease_close(&lease[0]);
	fd_close(&memory);
}

static void test_no_claim(void)
{
	static const char *const names[] = { "", "ivshmem-peer/5", "ivshmem-peer/5/x", "5" };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct server_ids ids = { 0 };
	int memory = new_memory(), pair[2];
	struct server_lease lease;
	socklen_t length;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		length = (socklen_t)(sizeof(sa_family_t) + 1 + strlen(names[i]));
		CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		strcpy(address.sun_path + 1, names[i]);
		CU_ASSERT_EQUAL(bind(pair[1], (struct sockaddr *)&address, length), 0);
		CU_ASSERT_EQUAL(server_lease_take(&lease, &ids, pair[0], memory), 0);
		CU_ASSERT_EQUAL(lease.id, i);
		server_lease_close(&lease);
		fd_close(&pair[0]);
		fd_close(&pair[1]);
	}
	CU_ASSERT_EQUAL(server_lease_take(&lease, &ids, -1, memory), 0);
	CU_ASSERT_EQUAL(lease.id, i);
	server_lease_close(&lease);
	fd_close(&memory);
}

/* Somebody who may write the memory locks all that there is: newcomers get ids all the same. */
static void test_all_locked(void)
{
	struct flock all = { .l_type = F_WRLCK, .l_start = 0, .l_len = 0 };
	struct server_ids ids = { 0 };
	int memory = new_memory(), evil;
	struct server_lease one, two;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	evil = open(path, O_RDWR | O_CLOEXEC);
	CU_ASSERT_TRUE_FATAL(evil >= 0);
	CU_ASSERT_EQUAL_FATAL(fcntl(evil, F_OFD_SETLK, &all), 0);
	one = join(&ids, memory, 9);
	two = join(&ids, memory, NO_CLAIM);
	CU_ASSERT_EQUAL(one.id, 9);
	CU_ASSERT_NOT_EQUAL(two.id, 9);
	server_lease_close(&one);
	server_lease_close(&two);
	fd_close(&evil);
	fd_close(&memory);
}

/* What cannot be opened anew has no leases, but it can be served. */
static void test_no_lease(void)
{
	struct server_ids ids = { 0 };
	struct server_lease lease;
	int memory = eventfd_new();

	lease = join(&ids, memory, NO_CLAIM);
	CU_ASSERT_EQUAL(lease.id, 0);
	CU_ASSERT_EQUAL(lease.memory, -1);
	lease = join(&ids, memory, 5);
	CU_ASSERT_EQUAL(lease.id, 5);
	CU_ASSERT_EQUAL(lease.memory, -1);
	fd_close(&memory);
}

static void test_no_id(void)
{
	struct server_ids ids = { 0 };
	struct server_lease lease = { .id = 4711, .memory = -1 };
	int memory = new_memory();
	uint32_t id;

	for (id = 0; id <= IVSHMEM_ID_MAX; id++)
		server_ids_take(&ids, (uint16_t)id);
	CU_ASSERT_EQUAL(server_lease_take(&lease, &ids, -1, memory), -ENOSPC);
	CU_ASSERT_EQUAL(lease.id, 4711);
	server_ids_give_back(&ids, 12);
	CU_ASSERT_EQUAL(server_lease_take(&lease, &ids, -1, memory), 0);
	CU_ASSERT_EQUAL(lease.id, 12);
	server_lease_close(&lease);
	fd_close(&memory);
}

static const struct unit_test tests[] = {
	{ "from the first descriptor to the last mapping", test_life },
	{ "a successor", test_successor },
	{ "a claim", test_claim },
	{ "a claim that is refused", test_claim_refused },
	{ "addresses that claim nothing", test_no_claim },
	{ "everything is locked", test_all_locked },
	{ "no lease", test_no_lease },
	{ "no id", test_no_id },
};

UNIT_MAIN("server lease", tests)
