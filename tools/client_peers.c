/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of doorbells. */
#include "tools/client_peers.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/fds.h"

int client_peers_add(struct client_peers *peers, uint16_t id, int fd)
{
	struct client_doorbells *doorbells = &peers->of[id];
	int *fds;

	fds = reallocarray(doorbells->fds, doorbells->count + 1, sizeof(*fds));
	if (!fds) {
		fd_close(&fd);
		return -ENOMEM;
	}
	fds[doorbells->count++] = fd;
	doorbells->fds = fds;
	return 0;
}

void client_peers_remove(struct client_peers *peers, uint16_t id)
{
	struct client_doorbells *doorbells = &peers->of[id];

	while (doorbells->count > 0)
		fd_close(&doorbells->fds[--doorbells->count]);
	free(doorbells->fds);
	doorbells->fds = NULL;
}

void client_peers_fini(struct client_peers *peers)
{
	unsigned int id;

	for (id = 0; id <= IVSHMEM_ID_MAX; id++)
		client_peers_remove(peers, (uint16_t)id);
}
