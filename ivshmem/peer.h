/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of an ivshmem server: it connects, checks the greeting and tells who joins and leaves,
 * all from the thread of an event loop and without ever blocking it. The protocol is in
 * ivshmem/wire.h.
 */
#ifndef IVSHMEM_PEER_H
#define IVSHMEM_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "ivshmem/wire.h"
#include "lib/error.h"
#include "lib/event_loop.h"

/* Opaque. All functions and callbacks belong to the thread that runs the loop. */
struct ivshmem_peer;

/*
 * What happens, in the order of the server's messages. Every descriptor is the callee's from then
 * on and is close-on-exec and non-blocking. Each callback may free the peer.
 */
struct ivshmem_peer_ops {
	/*
	 * The greeting is over: the own id and the memory of @size bytes, a power of two. Once.
	 * @memory_fd carries the lease of the id: as long as it or a duplicate of it is open, no
	 * server of this memory, not even a new one, gives the id to anybody else. So keep it open
	 * for as long as the id is used, also after lost().
	 */
	void (*ready)(void *ctx, uint16_t id, int memory_fd, uint64_t size);
	/* Writing to the eventfd @fd rings @vector of peer @id; vectors come in order, from 0. */
	void (*joined)(void *ctx, uint16_t id, unsigned int vector, int fd);
	/* The peer @id, all of whose vectors that were told are void now. */
	void (*left)(void *ctx, uint16_t id);
	/* @fd can be read when somebody has rung the own @vector; in order, from 0. */
	void (*own_vector)(void *ctx, unsigned int vector, int fd);
	/*
	 * The end of the connection, also of one that was never made; nothing is called after it.
	 * What was told so far stays valid. @code is a negative errno: -ECONNRESET: the server is
	 * gone; -ETIMEDOUT: no greeting in time; -EPROTO: not the message that belongs there;
	 * -EMFILE: a descriptor could not be taken; or one of ivshmem_greeting_take().
	 */
	void (*lost)(void *ctx, int code, const struct error *err);
};

#define IVSHMEM_PEER_TIMEOUT_MS 10000

struct ivshmem_peer_params {
	const char *path;	 /* of the server's socket; copied */
	unsigned int timeout_ms; /* for greeting and a wait for room in the server's queue
				    together; 0: IVSHMEM_PEER_TIMEOUT_MS */
	bool has_former_id;	 /* ask for the id that a server before gave, which may refuse */
	uint16_t former_id;
	const struct ivshmem_peer_ops *ops; /* it, the context and the loop outlive the peer */
	void *ctx;
};

/*
 * Connect to a server. Does not block. Returns 0 and a peer to be ended with ivshmem_peer_free(),
 * or with a line -ENAMETOOLONG (a path above 107 bytes), -ENOENT, -ECONNREFUSED (nobody listens),
 * -EACCES, -ENOMEM or another -errno.
 */
int ivshmem_peer_connect(struct event_loop *loop, const struct ivshmem_peer_params *params,
			 struct ivshmem_peer **ret_peer, struct error *err);

/*
 * The same over a stream socket that is connected already, which is the peer's if this succeeds.
 * The path only stands for it in messages, and no id is asked for.
 */
int ivshmem_peer_from_fd(struct event_loop *loop, int fd, const struct ivshmem_peer_params *params,
			 struct ivshmem_peer **ret_peer, struct error *err);

/* Leave: the connection is closed, and no callback happens after this. NULL is fine. */
void ivshmem_peer_free(struct ivshmem_peer *peer);

#endif
