/* SPDX-License-Identifier: BSD-3-Clause */
/* A server of a region in the background, which also ends when its last client has left. */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <sys/types.h>

#include "bench/bench.h"

#define SERVER_TEXT_MAX 108

struct server {
	/* Both of this process only: the region's name without dm:/ and the socket. */
	char region[48];
	char socket[SERVER_TEXT_MAX];
	pid_t pid;
	int pidfd;
};

/* None yet, or not any more. */
#define SERVER_NONE { .pidfd = -1 }

/*
 * Start one for a new region of @size_mib with @vectors for each client; @name tells it from others
 * of the same process. It listens when this returns. Returns 0 or -errno.
 */
int server_start(struct server *ret_server, const struct bench *bench, const char *name,
		 unsigned int size_mib, unsigned int vectors, struct error *err);

/* Wait until it has ended since its clients have left, a second at most, or end it. */
void server_stop(struct server *server);

#endif
