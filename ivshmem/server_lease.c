/* SPDX-License-Identifier: BSD-3-Clause */
/* Ids and their leases. */
#include "ivshmem/server_lease.h"

#include <errno.h>
#include <stdbool.h>

#include "ivshmem/object.h"
#include "ivshmem/ofd_lock.h"
#include "ivshmem/peer_claim.h"
#include "lib/fds.h"

/*
 * How many ids on lease are passed over for one client: far more than a host has peers, and few
 * enough that nobody has to wait for long because somebody has locked all bytes there are.
 */
#define LEASES_PASSED_MAX 4096

/*
 * A duplicate would do for the memory, but it would share its locks. These are shared ones, so that
 * a client which claims its id can have it on the old and the new memory.
 */
static int open_lease(int memory, uint16_t id)
{
	int fd = fd_reopen(memory);

	if (fd < 0)
		return -1;
	/* Who has the memory is one of its users, or a new server would take new memory. */
	ofd_lock_try(fd, IVSHMEM_OBJECT_USE, OFD_LOCK_SHARED);
	ofd_lock_try(fd, SERVER_LEASE_BYTE + id, OFD_LOCK_SHARED);
	return fd;
}

static bool is_on_lease(int memory, int id)
{
	return ofd_lock_query(memory, SERVER_LEASE_BYTE + id) > OFD_LOCK_NONE;
}

static int find_id(struct server_ids *ids, int memory)
{
	int i, id;

	for (i = 0; i <= LEASES_PASSED_MAX; i++) {
		id = server_ids_propose(ids);
		if (id < 0 || !is_on_lease(memory, id))
			return id;
	}
	return id;
}

static bool is_claimed(int socket, uint16_t *ret_id)
{
	struct sockaddr_un address;
	socklen_t length = sizeof(address);

	return getpeername(socket, (struct sockaddr *)&address, &length) == 0 &&
	       ivshmem_claim_parse(&address, length, ret_id) == 0;
}

int server_lease_take(struct server_lease *ret_lease, struct server_ids *ids, int socket,
		      int memory)
{
	uint16_t claimed;
	int id;

	if (is_claimed(socket, &claimed) && server_ids_is_fresh(ids, claimed))
		id = claimed;
	else
		id = find_id(ids, memory);
	if (id < 0)
		return id;
	server_ids_take(ids, (uint16_t)id);
	*ret_lease = (struct server_lease){
		.id = (uint16_t)id,
		.memory = open_lease(memory, (uint16_t)id),
	};
	return 0;
}

void server_lease_close(struct server_lease *lease)
{
	fd_close(&lease->memory);
}
