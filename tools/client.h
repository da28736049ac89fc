/* SPDX-License-Identifier: BSD-3-Clause */
/* A client of an ivshmem server for people and scripts: its connection, doorbells and memory. */
#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ivshmem/peer.h"
#include "lib/event_loop.h"
#include "tools/client_memory.h"
#include "tools/client_peers.h"

struct client;

/* An own vector: others ring it. */
struct client_vector {
	struct client *client;
	struct event_source *source;
	int fd;
	uint64_t rings; /* that no wait has taken yet */
};

struct client {
	struct event_loop *loop;
	struct ivshmem_peer *peer;
	bool json, verbose;
	unsigned int timeout_s;
	int status; /* of the program */
	uint16_t id;
	struct client_memory memory;
	unsigned int vector_count;
	struct client_vector vectors[IVSHMEM_VECTORS_MAX];
	struct client_peers peers;
	/*
	 * What the commands wait for: until they are all known at first, then for a ring. The
	 * timer ends the one and limits the other.
	 */
	enum client_state {
		CLIENT_GREETING,
		CLIENT_SETTLING,
		CLIENT_COMMANDS,
		CLIENT_RING, /* of wait_vector, or of any if that is -1 */
	} state;
	int wait_vector;
	int timer;
	struct event_source *timer_source;
	/* Called whenever the state has become CLIENT_COMMANDS. */
	void (*run_commands)(void *ctx);
	void *ctx;
};

/*
 * A client without a connection, to be ended with client_free(), or NULL with a line. The caller
 * sets json, verbose, run_commands and ctx before it connects.
 */
struct client *client_new(unsigned int timeout_s, struct error *err);

/* Begin to connect to the socket at @path. Returns 0 or -errno, with a line. */
int client_connect(struct client *client, const char *path, struct error *err);

void client_free(struct client *client);

/* Run until client_finish(). Returns the exit status. */
int client_run(struct client *client);
void client_finish(struct client *client);

/* A failure: its line on standard error, and exit status 1. */
void client_fail(struct client *client, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Take a ring of @vector (-1: of any). True: there was one, and it is told. Else the state is
 * CLIENT_RING until one comes or the time is over.
 */
bool client_wait(struct client *client, int vector);

#endif
