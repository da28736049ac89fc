/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The round trip that is measured, for two guests (pingpong.c) and for two threads on the host:
 * one side writes a number to its line and waits until the other has written it to the other line.
 */
#ifndef BENCH_GUESTS_PINGPONG_LOOP_H
#define BENCH_GUESTS_PINGPONG_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "samples/bare-metal/lib/tsc.h"

/* Lines are 128 bytes apart, since processors like to fetch two of 64 at once. */
struct pingpong {
	_Alignas(128) uint64_t ping;
	/* Round trips to come; written before the first ping. */
	uint64_t count;
	_Alignas(128) uint64_t pong;
};

/* Some ten seconds or more of looking: the other side must be gone. */
#define PINGPONG_SPINS (1ULL << 33)

/* Waits for the value, without a pause. Returns false if it does not come. */
static inline bool pingpong_wait(const uint64_t *word, uint64_t value)
{
	uint64_t spins;

	for (spins = 0; spins < PINGPONG_SPINS; spins++) {
		if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value)
			return true;
	}
	return false;
}

/*
 * The driving side: count round trips with the numbers base + 1 to base + count. The cycles of
 * every count / samples_max-th, rounded up, go to samples; *ret_min is the least of all. Returns
 * how many samples there are, 0 if the other side fell silent.
 */
static inline size_t pingpong_drive(struct pingpong *pingpong, uint64_t base, uint64_t count,
				    uint32_t *samples, size_t samples_max, uint64_t *ret_min)
{
	uint64_t stride = (count + samples_max - 1) / samples_max;
	uint64_t next_sample = stride;
	uint64_t min = UINT64_MAX;
	size_t used = 0;
	uint64_t before = tsc_read();
	uint64_t i;

	for (i = 1; i <= count; i++) {
		uint64_t now, cycles;

		__atomic_store_n(&pingpong->ping, base + i, __ATOMIC_RELEASE);
		if (!pingpong_wait(&pingpong->pong, base + i))
			return 0;
		now = tsc_read();
		cycles = now - before;
		before = now;
		if (cycles < min)
			min = cycles;
		if (i == next_sample) {
			samples[used++] = cycles < UINT32_MAX ? (uint32_t)cycles : UINT32_MAX;
			next_sample += stride;
		}
	}
	*ret_min = min;
	return used;
}

/* The serving side. Returns false if the other side fell silent. */
static inline bool pingpong_serve(struct pingpong *pingpong, uint64_t base, uint64_t count)
{
	uint64_t i;

	for (i = 1; i <= count; i++) {
		if (!pingpong_wait(&pingpong->ping, base + i))
			return false;
		__atomic_store_n(&pingpong->pong, base + i, __ATOMIC_RELEASE);
	}
	return true;
}

#endif
