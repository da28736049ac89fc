/* SPDX-License-Identifier: BSD-3-Clause */
/* Series of some hundred figures: ranks are counted instead of sorted, so that nothing can fail. */
#include "bench/samples.h"

#include <errno.h>
#include <stdlib.h>

int samples_add(struct samples *samples, double value)
{
	if (samples->count == samples->capacity) {
		size_t capacity = samples->capacity ? samples->capacity * 2 : 64;
		double *values = reallocarray(samples->values, capacity, sizeof(*values));

		if (!values)
			return -ENOMEM;
		samples->values = values;
		samples->capacity = capacity;
	}
	samples->values[samples->count++] = value;
	return 0;
}

static size_t count_not_above(const struct samples *samples, double value)
{
	size_t i, count = 0;

	for (i = 0; i < samples->count; i++)
		count += samples->values[i] <= value;
	return count;
}

double samples_quantile(const struct samples *samples, double q)
{
	double wanted = q * (double)samples->count;
	double best = 0;
	size_t i;
	int found = 0;

	for (i = 0; i < samples->count; i++) {
		double value = samples->values[i];

		if (found && value >= best)
			continue;
		if ((double)count_not_above(samples, value) >= wanted) {
			best = value;
			found = 1;
		}
	}
	return best;
}

struct summary samples_summary(const struct samples *samples)
{
	const struct summary summary = {
		.min = samples_quantile(samples, 0),
		.median = samples_quantile(samples, 0.5),
		.p99 = samples_quantile(samples, 0.99),
		.count = samples->count,
	};

	return summary;
}

int samples_pair_ratios(const struct samples *first, const struct samples *second,
			struct samples *ratios)
{
	size_t i, count = first->count < second->count ? first->count : second->count;
	int ret = 0;

	for (i = 0; i < count && ret == 0; i++) {
		if (second->values[i] != 0)
			ret = samples_add(ratios, first->values[i] / second->values[i]);
	}
	return ret;
}

void samples_fini(struct samples *samples)
{
	free(samples->values);
	*samples = (struct samples){ 0 };
}
