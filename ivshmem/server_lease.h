/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client's id, and the lease by which it keeps the id from the server's successors: a lock on an
 * open file description of the memory that is the client's alone once it was sent. It lives as long
 * as the client has the memory. docs/doorbells.md has the whole of it.
 */
#ifndef IVSHMEM_SERVER_LEASE_H
#define IVSHMEM_SERVER_LEASE_H

#include <stdint.h>

#include "ivshmem/server_ids.h"

/* The lock of id 0; the others follow. Far below are those of enum ivshmem_object_byte. */
#define SERVER_LEASE_BYTE 0x10000

struct server_lease {
	uint16_t id;
	int memory; /* what carries it, open for reading and writing; -1: there is none */
};

/*
 * Take an id of @ids: the one that the address of @socket's other end claims, if it is fresh, or
 * else one on which there is no lease, as far as a search that others cannot prolong finds one.
 * @memory is the shared descriptor. Where it cannot be opened anew there is an id and no lease.
 * Returns 0 or -ENOSPC (no id is free).
 */
int server_lease_take(struct server_lease *ret_lease, struct server_ids *ids, int socket,
		      int memory);

/* Close this side's descriptor of it. The lease stays with whoever was sent it. */
void server_lease_close(struct server_lease *lease);

#endif
