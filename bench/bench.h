/* SPDX-License-Identifier: BSD-3-Clause */
/* The measurements, and what all of them need to know. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdint.h>

#include "bench/environment.h"
#include "bench/report.h"
#include "lib/error.h"

struct bench {
	/* The directory with acrn-dm and the guests. */
	const char *build;
	struct environment environment;
	struct report *report;
	/* How often the quickest measurement is repeated; the others derive theirs from it. */
	unsigned int runs;
	/* The name of the region that is used, of this process only; or how several begin. */
	char region[32];
	/* A directory that is removed at the end. */
	char scratch[32];
	/* Where children write what goes wrong. */
	int log_fd;
};

/* The share of bench->runs for one measurement: a @divisor-th, at least 3. */
unsigned int bench_runs(const struct bench *bench, unsigned int divisor);

/*
 * Each measures what its name says, the two sides by turns, and adds its cases to the report. Takes
 * seconds to a minute. Returns 0 or -errno.
 */
int measure_start(struct bench *bench, struct error *err);
int measure_memory(struct bench *bench, struct error *err);
int measure_copy(struct bench *bench, struct error *err);
int measure_round_trip(struct bench *bench, struct error *err);
int measure_doorbell(struct bench *bench, struct error *err);
int measure_ring(struct bench *bench, struct error *err);
int measure_joins(struct bench *bench, struct error *err);
int measure_ioreq(struct bench *bench, struct error *err);
int measure_launch(struct bench *bench, struct error *err);

#endif
