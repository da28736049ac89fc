/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting a region's own server when somebody needs it. Users of a region who find none do this at
 * the same moment, so it happens under a lock of the region's: one starts it, the others wait.
 */
#ifndef IVSHMEM_SERVER_START_H
#define IVSHMEM_SERVER_START_H

#include <stdint.h>

#include "ivshmem/region.h"
#include "lib/error.h"

/* A server that is being started. */
struct ivshmem_server_start;

struct ivshmem_server_start_params {
	const struct ivshmem_region *region; /* the caller is a user of it */
	const struct ivshmem_name *name;     /* of the region */
	unsigned int vectors;		     /* of each client */
	const char *group; /* let this group's members connect too; NULL: only the owner */
	const char *shm_object; /* as in struct ivshmem_region_params */
};

/*
 * Start ivshmem-server for the region, in the background of its own, to end when its last client
 * has left. The program is the one beside the running one, else that in PATH. Does not block.
 * Returns 0 and a start to be ended with ivshmem_server_start_finish(); -EAGAIN: somebody else is
 * starting it; -EALREADY: it listens already; or with a line -ENOENT (no such program),
 * -ENAMETOOLONG and others of ivshmem_server_path(), or another -errno.
 */
int ivshmem_server_start_begin(const struct ivshmem_server_start_params *params,
			       struct ivshmem_server_start **ret_start, struct error *err);

/*
 * Hung up (POLLHUP, which poll(2) and epoll(7) report unasked) once the start has come to its end,
 * well or not. It stays the start's.
 */
int ivshmem_server_start_fd(const struct ivshmem_server_start *start);

/*
 * To be called when that is hung up: does not block then, but for 2 s with a program that has
 * closed its standard error and does not end. Before, it gives the start up. Frees @start. Returns
 * 0: a server listens, this one or one that was there again in the last moment; -ECHILD with a line
 * that has the server's own words; -ECANCELED: it was given up.
 */
int ivshmem_server_start_finish(struct ivshmem_server_start *start, struct error *err);

/*
 * All of it, blocking for at most @timeout_ms. Returns 0: a server listens, whoever has started it;
 * -ETIMEDOUT or what the others return, with a line.
 */
int ivshmem_server_start(const struct ivshmem_server_start_params *params, unsigned int timeout_ms,
			 struct error *err);

#endif
