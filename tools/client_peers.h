/* SPDX-License-Identifier: BSD-3-Clause */
/* The doorbells of the other peers, by id and vector. */
#ifndef TOOLS_CLIENT_PEERS_H
#define TOOLS_CLIENT_PEERS_H

#include <stdint.h>

#include "ivshmem/wire.h"

struct client_doorbells {
	unsigned int count;
	int *fds; /* by vector */
};

/* Zero-initialised; end it with client_peers_fini(). */
struct client_peers {
	struct client_doorbells of[IVSHMEM_ID_MAX + 1]; /* by id; count 0: not there */
};

/* @fd, the table's from now on, rings the next vector of @id. Returns 0 or -ENOMEM. */
int client_peers_add(struct client_peers *peers, uint16_t id, int fd);

/* Closes the peer's descriptors; does nothing if there are none. */
void client_peers_remove(struct client_peers *peers, uint16_t id);
void client_peers_fini(struct client_peers *peers);

#endif
