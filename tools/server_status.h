/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A socket where whoever connects reads one document and then the end. It lives in the thread of
 * its event loop and never blocks it, whatever the readers do.
 */
#ifndef TOOLS_SERVER_STATUS_H
#define TOOLS_SERVER_STATUS_H

#include <stdint.h>
#include <stdio.h>

#include "lib/error.h"

struct event_loop;
struct server_status; /* opaque */

/* So many readers at a time may be slow; more have to wait. */
#define SERVER_STATUS_READERS_MAX 4

struct server_status_params {
	const char *path;  /* stays as long as the socket; the file's mode is 0600 */
	uint32_t stall_ms; /* who takes nothing for so long is disconnected */
	void (*write)(void *ctx, FILE *out);
	void *ctx;
};

/* Returns 0 or, with a line, what server_socket_open() or the event loop say. */
int server_status_new(const struct server_status_params *params, struct event_loop *loop,
		      struct server_status **ret_status, struct error *err);

/* Disconnects the readers and removes the file. NULL is fine. */
void server_status_free(struct server_status *status);

#endif
