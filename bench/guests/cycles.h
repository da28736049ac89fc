/* SPDX-License-Identifier: BSD-3-Clause */
/* Cycles of single trips, as many as there is room for, and what a guest prints of them. */
#ifndef BENCH_GUESTS_CYCLES_H
#define BENCH_GUESTS_CYCLES_H

#include <stddef.h>
#include <stdint.h>

#define CYCLES_MAX 65536

struct cycles {
	uint32_t values[CYCLES_MAX];
	size_t count;
};

/* Into ascending order, so that values[count / 2] is the median. */
void cycles_sort(struct cycles *cycles);

/* One more; what is above 32 bits becomes the largest value, and what has no room is dropped. */
static inline void cycles_add(struct cycles *cycles, uint64_t value)
{
	if (cycles->count < CYCLES_MAX)
		cycles->values[cycles->count++] = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

#endif
