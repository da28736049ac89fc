/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The copy that is measured, for the guest (copy.c) and for a program on the host that maps the
 * same region. In assembly, so that both run the same instructions whatever compiles them.
 */
#ifndef BENCH_GUESTS_COPY_LOOP_H
#define BENCH_GUESTS_COPY_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include "samples/bare-metal/lib/tsc.h"

/* The buffer on the side that is not the region. */
#define COPY_BUFFER_SIZE (1UL << 20)

enum copy_direction {
	/* Region to buffer, buffer to region, first half of the region to the second. */
	COPY_READ,
	COPY_WRITE,
	COPY_WITHIN,
};

/* Copies size bytes, a multiple of 64 and not 0. */
static inline void copy_block(void *to, const void *from, size_t size)
{
	__asm__ volatile(".p2align 6\n"
			 "1:	mov (%1), %%r8\n"
			 "	mov 8(%1), %%r9\n"
			 "	mov 16(%1), %%r10\n"
			 "	mov 24(%1), %%r11\n"
			 "	mov %%r8, (%0)\n"
			 "	mov %%r9, 8(%0)\n"
			 "	mov %%r10, 16(%0)\n"
			 "	mov %%r11, 24(%0)\n"
			 "	mov 32(%1), %%r8\n"
			 "	mov 40(%1), %%r9\n"
			 "	mov 48(%1), %%r10\n"
			 "	mov 56(%1), %%r11\n"
			 "	mov %%r8, 32(%0)\n"
			 "	mov %%r9, 40(%0)\n"
			 "	mov %%r10, 48(%0)\n"
			 "	mov %%r11, 56(%0)\n"
			 "	add $64, %1\n"
			 "	add $64, %0\n"
			 "	sub $64, %2\n"
			 "	jnz 1b\n"
			 : "+r"(to), "+r"(from), "+r"(size)
			 :
			 : "r8", "r9", "r10", "r11", "memory", "cc");
}

/*
 * Copies rounds times in one direction: the whole region piece by piece to or from the buffer (of
 * COPY_BUFFER_SIZE), or one half of the region to the other. size is a multiple of 128.
 */
static inline void copy_rounds(enum copy_direction direction, char *region, size_t size,
			       char *buffer, unsigned int rounds)
{
	for (; rounds; rounds--) {
		size_t done, piece;

		if (direction == COPY_WITHIN) {
			copy_block(region + size / 2, region, size / 2);
			continue;
		}
		for (done = 0; done < size; done += piece) {
			piece = size - done < COPY_BUFFER_SIZE ? size - done : COPY_BUFFER_SIZE;
			if (direction == COPY_READ)
				copy_block(buffer, region + done, piece);
			else
				copy_block(region + done, buffer, piece);
		}
	}
}

/* Bytes that copy_rounds() moves in one round. */
static inline uint64_t copy_round_size(enum copy_direction direction, size_t size)
{
	return direction == COPY_WITHIN ? size / 2 : size;
}

/* One pass: copy_rounds(), timed. Returns cycles of the time-stamp counter. */
static inline uint64_t copy_pass(enum copy_direction direction, char *region, size_t size,
				 char *buffer, unsigned int rounds)
{
	uint64_t start = tsc_read();

	copy_rounds(direction, region, size, buffer, rounds);
	return tsc_read() - start;
}

#endif
