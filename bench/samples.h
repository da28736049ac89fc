/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Figures of one kind, in the order in which they were measured, and what statistics say of them.
 * All of the arithmetic of the report is here.
 */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>

/* All zero is an empty one. */
struct samples {
	double *values;
	size_t count;
	size_t capacity;
};

/* What the report shows of a series. */
struct summary {
	double min;
	double median;
	double p99;
	size_t count;
};

/* Returns 0 or -ENOMEM. */
int samples_add(struct samples *samples, double value);

/*
 * The quantile @q of 0 to 1 by nearest rank: the least value that is not below at least the share
 * @q of all. Always one of the values; 0 of an empty series.
 */
double samples_quantile(const struct samples *samples, double q);

struct summary samples_summary(const struct samples *samples);

/*
 * Add to @ratios first[i] / second[i] for each i that both have: what was measured one right after
 * the other is compared with each other. A second of 0 is left out. Returns 0 or -ENOMEM.
 */
int samples_pair_ratios(const struct samples *first, const struct samples *second,
			struct samples *ratios);

/* Leaves an empty series. */
void samples_fini(struct samples *samples);

#endif
