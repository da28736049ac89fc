/* SPDX-License-Identifier: BSD-3-Clause */
/* One client of an ivshmem server: its socket and how far it has been told what there is. */
#ifndef IVSHMEM_SERVER_CLIENT_H
#define IVSHMEM_SERVER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ivshmem/server_lease.h"
#include "ivshmem/server_log.h"
#include "ivshmem/wire.h"

struct event_source;
struct ivshmem_server;

enum server_client_state {
	SERVER_CLIENT_IDLE,    /* it has been sent everything */
	SERVER_CLIENT_FULL,    /* its socket takes no more */
	SERVER_CLIENT_WAITING, /* the system takes no more descriptors or memory now */
};

struct server_client {
	TAILQ_ENTRY(server_client) link;
	struct ivshmem_server *server;
	struct event_source *source;
	int socket;
	struct server_lease lease; /* its memory is closed when it was sent */
	struct server_peer *peer;
	struct server_cursor cursor;
	unsigned int greeted; /* messages of the greeting that are out, before the table */
	bool sending;	      /* @out is on its way */
	struct ivshmem_wire_out out;
	enum server_client_state state;
	uint64_t moved_ms; /* when it last took something, while it is not idle */
	int unread;	   /* bytes, as the kernel counts them, that it had not read then */
};

/*
 * Send without blocking what there is for @client. @memory goes with the greeting if there is none
 * of the client's own. *ret_moved tells whether anything went out. Returns 0: all is out; -EAGAIN:
 * its socket is full; -ETOOMANYREFS, -ENOBUFS, -ENOMEM: the system has no room; another -errno: the
 * client is lost.
 */
int server_client_send(struct server_client *client, struct server_log *log, int memory,
		       bool *ret_moved);

/* Messages that are for @client and not in its socket yet. */
size_t server_client_queued(const struct server_client *client, const struct server_log *log);

/* What @client has not read of what is in its socket, in bytes as the kernel counts them. */
int server_client_unread(const struct server_client *client);

/*
 * Has @client, which is not idle, taken nothing for @limit_ms? It need not have been sent anything:
 * reading what it was sent before counts too.
 */
bool server_client_stalled(struct server_client *client, uint64_t now_ms, uint64_t limit_ms);

/*
 * Why the socket of a client, which never has anything to say, can be read from: 0: it closed;
 * -EPROTO: it sent something; another -errno.
 */
int server_client_hangup(const struct server_client *client);

#endif
