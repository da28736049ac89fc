/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The time-stamp counter, and a pause for loops that poll.
 */
#ifndef SAMPLES_BARE_METAL_LIB_TSC_H
#define SAMPLES_BARE_METAL_LIB_TSC_H

#include <stdint.h>

/* The frequency assumed where only a bound matters: no processor of today counts faster. */
#define TSC_HZ_MAX 4000000000ULL

static inline uint64_t tsc_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void tsc_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

#endif
