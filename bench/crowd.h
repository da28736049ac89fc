/* SPDX-License-Identifier: BSD-3-Clause */
/* A process with many clients of one server. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "bench/bench.h"
#include "bench/child.h"
#include "bench/server.h"

/*
 * Connect @count clients to a server that has none yet and read all that each is told: the greeting
 * and every client with its @vectors, in order, each with a descriptor. *ret_ns is the time from
 * the first connection until the last client knows all. They stay, and go on reading, until
 * child_end(). Returns 0 or -errno; what was wrong with a message is in the log.
 */
int crowd_start(struct child *ret_child, const struct bench *bench, const struct server *server,
		unsigned int count, unsigned int vectors, uint64_t *ret_ns, struct error *err);

#endif
