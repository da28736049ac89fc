/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process that is measured: its standard output is read, the moment of its exec is known, and it
 * is gone when child_end() returns. It gets a SIGTERM should this process die first.
 */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"

#define CHILD_ANY_CPU (-1)

struct child_params {
	/* What is to run: a program, or in a copy of this process a function that may print. */
	const char *const *argv;
	int (*function)(void *ctx);
	void *ctx;
	/* The processor that it is confined to, or CHILD_ANY_CPU. */
	int cpu;
	/* Takes its standard error. */
	int log_fd;
};

struct child {
	/* For messages. */
	char name[64];
	pid_t pid;
	int pidfd;
	int output;
	/* Shared with the child, which stores the time there, of its exec or function's start. */
	uint64_t *exec_ns;
};

/*
 * From now on SIGINT and SIGTERM do not end this process but let no further child start, so that
 * what there is gets cleaned up.
 */
void child_stop_on_signals(void);

/* CLOCK_MONOTONIC. */
uint64_t clock_now_ns(void);

/* Returns 0, -ECANCELED after a signal, or another -errno. */
int child_start(struct child *ret_child, const struct child_params *params, struct error *err);

/* For a guest to come up. */
#define CHILD_START_TIMEOUT_MS 10000

/*
 * Wait until the child has printed @byte; what comes before it is dropped. *ret_ns is the time from
 * exec, or the start of its function, to its arrival. Returns 0, -ETIMEDOUT or -ENODATA (it ended
 * before).
 */
int child_expect_byte(struct child *child, char byte, unsigned int timeout_ms, uint64_t *ret_ns,
		      struct error *err);

/*
 * Read all that the child prints until it closes its output, into @text as a string. Returns 0,
 * -ETIMEDOUT (after a minute) or -E2BIG (@size is too small).
 */
int child_read_all(struct child *child, char *text, size_t size, struct error *err);

/*
 * Wait for the end, at most ten seconds, and clean up. Returns 0, or -ECHILD if the exit status is
 * not @wanted or a signal had to end it.
 */
int child_wait(struct child *child, int wanted, struct error *err);

/*
 * Both of the two before, for one that ends by itself: read all, then wait for the end. It is gone
 * afterwards in any case. Returns what they return.
 */
int child_finish(struct child *child, int wanted, char *text, size_t size, struct error *err);

/* End it whatever it does: SIGTERM, then SIGKILL. One that has been ended is left alone. */
void child_end(struct child *child);

#endif
