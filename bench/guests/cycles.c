/* SPDX-License-Identifier: BSD-3-Clause */
/* Shell sort: no recursion, no memory, fast enough for this many. */
#include "bench/guests/cycles.h"

void cycles_sort(struct cycles *cycles)
{
	uint32_t *values = cycles->values;
	size_t gap, i, j;

	for (gap = cycles->count / 2; gap; gap /= 2) {
		for (i = gap; i < cycles->count; i++) {
			uint32_t value = values[i];

			for (j = i; j >= gap && values[j - gap] > value; j -= gap)
				values[j] = values[j - gap];
			values[j] = value;
		}
	}
}
