/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's connection to the server of its region: made once before the guest starts, and made
 * again for as long as the device lives should the server die. docs/doorbells.md tells what happens
 * then. If the region's own server is meant, it is started where there is none.
 *
 * All of it belongs to the thread of the event loop, and so do the callbacks.
 */
#ifndef HW_PCI_IVSHMEM_LINK_H
#define HW_PCI_IVSHMEM_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "ivshmem/server_start.h"
#include "lib/error.h"

struct event_loop;
struct ivshmem_link;

/*
 * The server's messages. Descriptors are the callee's, @server is the path of the socket. None may
 * end the link.
 */
struct ivshmem_link_ops {
	/*
	 * A server has given the id @id and its memory. The first of every connection. Returns 0,
	 * or -errno with @err: this server is not used.
	 */
	int (*ready)(void *ctx, const char *server, uint16_t id, int memory_fd, struct error *err);
	/* As in struct ivshmem_peer_ops. */
	void (*joined)(void *ctx, uint16_t id, unsigned int vector, int fd);
	void (*left)(void *ctx, uint16_t id);
	void (*own_vector)(void *ctx, unsigned int vector, int fd);
	/* Descriptors have run out: give up those by which peers are rung, they are told anew. */
	void (*starved)(void *ctx);
	/* All of what was there when the connection was made has been told. */
	void (*settled)(void *ctx, const char *server);
};

struct ivshmem_link_params {
	struct event_loop *loop;
	const char *tag;  /* for the log */
	const char *path; /* of a socket, up to 107 bytes; NULL: of the region's own server */
	/* For a server of one's own; and how many vectors of its own the device waits for. */
	struct ivshmem_server_start_params start;
	const struct ivshmem_link_ops *ops;
	void *ctx;
};

/*
 * Connect, starting the region's own server if it is meant and not there, and run the loop until
 * the server has told of all peers that are present, as far as it does so in 5 s. Blocks for a
 * start, a greeting and that, 25 s together, and for longer only if servers end meanwhile. What
 * @params points to outlives the link.
 *
 * Returns 0 or, with a line, what ivshmem_peer_connect(), ivshmem_server_start() and ready return;
 * -ECONNRESET, -ETIMEDOUT, -EPROTO and others of a greeting that fails; -EINTR: somebody has
 * stopped the loop meanwhile.
 */
int ivshmem_link_open(const struct ivshmem_link_params *params, struct ivshmem_link **ret_link,
		      struct error *err);

/* Leave the server. No callback happens after this. NULL is fine. */
void ivshmem_link_close(struct ivshmem_link *link);

#endif
