/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of an ivshmem server share; nobody else includes it. Calls go one way:
 *
 *   server.c          its life, and its clock
 *   server_door.c     who comes in
 *   server_telling.c  who is told what, and who leaves
 *
 * All of it runs in the thread of the event loop.
 */
#ifndef IVSHMEM_SERVER_STATE_H
#define IVSHMEM_SERVER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "ivshmem/server.h"
#include "ivshmem/server_client.h"
#include "ivshmem/server_ids.h"
#include "ivshmem/server_listen.h"
#include "ivshmem/server_log.h"

TAILQ_HEAD(server_client_list, server_client);

struct ivshmem_server {
	struct ivshmem_server_params params;
	struct event_loop *loop;
	struct server_ids ids;
	struct server_log log;
	struct server_client_list clients;
	unsigned int client_count;
	size_t fd_budget; /* for sockets, eventfds and unsent memory of clients */
	size_t lease_fds; /* memory that is still to be sent */
	struct server_listen listen;
	struct event_source *listen_source;
	bool listen_rests; /* until the next tick */
	/* Wakes the loop when the log has something new, so that many joins are told in one go. */
	int work;
	struct event_source *work_source;
	/* Ticks while somebody is not idle or the listening socket rests. */
	int timer;
	struct event_source *timer_source;
	bool timer_runs;
};

/*
 * Accept clients at the server's params.listening. All of the server's own descriptors are open, so
 * that what is left can be counted. Returns 0 or -errno; then too server_door_fini() is to follow.
 */
int server_door_init(struct ivshmem_server *server);

/* Nobody comes in any more. Those who did stay. Accepts one that failed to start. */
void server_door_fini(struct ivshmem_server *server);

/* A tick has passed: accept again, if that had to rest. */
void server_door_tick(struct ivshmem_server *server);

/*
 * Start an empty log with its wake-up. Returns 0 or -errno; then too server_telling_fini() is to
 * follow.
 */
int server_telling_init(struct ivshmem_server *server);

/*
 * Tell each client what there is left to tell, waiting for room a second in all, and drop them all.
 * Accepts one that failed to start.
 */
void server_telling_fini(struct ivshmem_server *server);

/*
 * Serve @client, whose server and socket are set, whenever its socket is ready, and drop it when it
 * hangs up. By then it is to be among the clients, with an id and a place in the log; until then
 * its source is the caller's to remove. Returns 0 or -errno.
 */
int server_telling_watch(struct ivshmem_server *server, struct server_client *client);

/*
 * A tick has passed: try again with those who wait, and drop those who stall. Returns whether
 * anybody is not idle.
 */
bool server_telling_tick(struct ivshmem_server *server);

/* Let the timer tick from now on, or stop it. */
void server_timer_set(struct ivshmem_server *server, bool run);

#endif
