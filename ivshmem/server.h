/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ivshmem server: gives each client that connects an id, the shared memory and eventfds, and
 * tells all of them who comes and goes (ivshmem/wire.h has the messages). It gives no id twice
 * before all have been given, and none that a client of a former server still has
 * (docs/doorbells.md).
 *
 * It runs in the thread of its event loop and never blocks. No client can harm the others: one that
 * takes nothing for the time allowed, or that says anything at all, is disconnected and its leave
 * announced, once.
 */
#ifndef IVSHMEM_SERVER_H
#define IVSHMEM_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct event_loop;
struct ivshmem_server; /* opaque */

#define IVSHMEM_SERVER_STALL_MS 30000

/* What the owner may want to know. Each may be NULL; none may call the server. */
struct ivshmem_server_events {
	/* May this process be a client? */
	bool (*admit)(void *ctx, const struct ucred *who);
	void (*joined)(void *ctx, uint16_t id, const struct ucred *who);
	/*
	 * @why: 0: it closed its socket; -EPROTO: it sent something; -ETIMEDOUT: it stalled;
	 * -ESHUTDOWN: the server ends; another -errno of its socket. @left are still there.
	 */
	void (*left)(void *ctx, uint16_t id, int why, unsigned int left);
	/*
	 * Somebody was disconnected before the greeting began. @why: -EMFILE, -ENFILE: no
	 * descriptors; -ENOSPC: no id; -EACCES: not admitted; -ENOMEM and others.
	 */
	void (*refused)(void *ctx, int why);
};

struct ivshmem_server_params {
	/* Both stay the caller's and outlive the server. */
	int memory;    /* what clients are sent; open for reading and writing, without locks */
	int listening; /* AF_UNIX stream, made non-blocking */
	uint32_t vectors;  /* of each client, 0 to IVSHMEM_VECTORS_MAX */
	uint32_t stall_ms; /* 0: IVSHMEM_SERVER_STALL_MS */
	const struct ivshmem_server_events *events; /* NULL: nobody wants to know */
	void *ctx; /* for @events */
};

/*
 * Clients are accepted once @loop runs; @params is copied. Of the process's descriptors
 * (RLIMIT_NOFILE when this is called) a few are left alone. Returns 0, -EINVAL (too many vectors)
 * or another -errno.
 */
int ivshmem_server_new(const struct ivshmem_server_params *params, struct event_loop *loop,
		       struct ivshmem_server **ret_server);

/*
 * Accept clients at @listening from now on, after those who wait at the socket it was until now;
 * -1: nowhere. Both stay the caller's. Returns 0 or -errno: then too none comes in any more.
 */
int ivshmem_server_listen(struct ivshmem_server *server, int listening);

struct ivshmem_server_client_info {
	uint16_t id;
	struct ucred who; /* all -1 if the system does not say */
	size_t queued;	  /* messages that it has no room for yet */
	bool unread;	  /* it has not read all that it was sent */
};

/* Call @visit for each client in the order of joining. It may not call the server. */
void ivshmem_server_visit(const struct ivshmem_server *server,
			  void (*visit)(void *ctx, const struct ivshmem_server_client_info *info),
			  void *ctx);

/*
 * Disconnect all clients, once each has what there was to tell; for those who make no room this
 * waits a second in all. Nobody is told that the others leave, since they do not: they go on
 * ringing each other. NULL is fine.
 */
void ivshmem_server_free(struct ivshmem_server *server);

#endif
