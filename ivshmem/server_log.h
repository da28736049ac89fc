/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an ivshmem server has to tell its clients, once for all of them: a list of events (a peer
 * joined, a peer left) in the order in which they happened, and for each client a cursor into it.
 *
 * The joins of peers that are still there stay in the list. So a newcomer who reads it from its
 * beginning finds exactly the table that the protocol wants: who is there in the order of joining,
 * then itself, then all that happens later; and no client needs a queue of its own.
 */
#ifndef IVSHMEM_SERVER_LOG_H
#define IVSHMEM_SERVER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ivshmem/wire.h"

struct server_event;
struct server_peer;

TAILQ_HEAD(server_event_list, server_event);

struct server_log {
	/* The last one is always blank: where cursors wait that have read everything. */
	struct server_event_list events;
	uint32_t vectors;
	uint64_t number; /* of the blank event */
	size_t dead;	 /* events that no newcomer needs */
	size_t fds;	 /* eventfds that are open */
};

/* Where a client is in the log. */
struct server_cursor {
	struct server_event *at;
	uint32_t vector;
	uint64_t born; /* the number of its own join */
};

/* Each peer gets @vectors eventfds. Returns 0 or -ENOMEM. */
int server_log_init(struct server_log *log, uint32_t vectors);

/* Peers and cursors are gone with it. Accepts one that was zeroed or failed to start. */
void server_log_fini(struct server_log *log);

/*
 * A peer joins: make its eventfds, append the event and put @ret_cursor at the beginning of the
 * log. Returns 0, -ENOMEM or what eventfd(2) says (-EMFILE, -ENFILE).
 */
int server_log_join(struct server_log *log, uint16_t id, struct server_peer **ret_peer,
		    struct server_cursor *ret_cursor);

/* It leaves; its @cursor ends. Never fails. */
void server_log_leave(struct server_log *log, struct server_peer *peer,
		      struct server_cursor *cursor);

/*
 * The message that the client at @cursor is to get now. Its descriptor stays the log's, open as
 * long as the cursor is where it is. False: nothing is to be told.
 */
bool server_cursor_message(struct server_log *log, struct server_cursor *cursor,
			   struct ivshmem_message *ret_message);

/* How many messages the client at @cursor is still to get. Takes a moment per event. */
size_t server_cursor_count(const struct server_log *log, const struct server_cursor *cursor);

/* That message is out. */
void server_cursor_advance(struct server_log *log, struct server_cursor *cursor);

/* Drop what every cursor has passed and no newcomer needs. Takes a moment per peer. */
void server_log_trim(struct server_log *log);

#endif
