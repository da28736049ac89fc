/* SPDX-License-Identifier: BSD-3-Clause */
/* What the guest guests/doorbell.c prints. */
#ifndef BENCH_DOORBELL_OUTPUT_H
#define BENCH_DOORBELL_OUTPUT_H

#include "bench/bench.h"

/* One way, which is half a round trip. */
struct doorbell_trips {
	double min_us;
	double median_us;
	double p99_us;
};

/* Both find the line of this @name. They return 0 or -EPROTO: there is none. */
int doorbell_output_trips(const struct bench *bench, const char *output, const char *name,
			  struct doorbell_trips *ret_trips, struct error *err);
int doorbell_output_rings(const struct bench *bench, const char *output, const char *name,
			  double *ret_ns_per_ring, struct error *err);

#endif
