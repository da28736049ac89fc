/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine that the figures come from, as far as they depend on it. */
#ifndef BENCH_ENVIRONMENT_H
#define BENCH_ENVIRONMENT_H

#include "lib/error.h"

#define ENVIRONMENT_TEXT_MAX 160

struct environment {
	char processor[ENVIRONMENT_TEXT_MAX];
	char kernel[ENVIRONMENT_TEXT_MAX];
	char kvm[ENVIRONMENT_TEXT_MAX];
	/* The first line of its version, or empty: there is none. */
	char qemu[ENVIRONMENT_TEXT_MAX];
	unsigned int cpu_count;
	/* The first two processors that this process may use; the same one twice if that is all. */
	int cpus[2];
	double tsc_hz;
	double load;
};

/*
 * Looks around, for about a tenth of a second.
 * Returns 0, or what keeps /dev/kvm from being used: -errno of opening it.
 */
int environment_probe(struct environment *ret_environment, struct error *err);

#endif
