/* SPDX-License-Identifier: BSD-3-Clause */
/* Single accesses of a given size, at any alignment. */
#ifndef TESTS_GUEST_MMIO_H
#define TESTS_GUEST_MMIO_H

#include <stdint.h>

/* Plain moves: volatile would leave the compiler free to split what is not aligned. */
static inline uint64_t mmio_read(uint64_t address, unsigned int size)
{
	uint64_t value = 0;

	switch (size) {
	case 1:
		__asm__ volatile("movb (%1), %b0" : "+q"(value) : "r"(address) : "memory");
		break;
	case 2:
		__asm__ volatile("movw (%1), %w0" : "+r"(value) : "r"(address) : "memory");
		break;
	case 4:
		__asm__ volatile("movl (%1), %k0" : "+r"(value) : "r"(address) : "memory");
		break;
	default:
		__asm__ volatile("movq (%1), %0" : "+r"(value) : "r"(address) : "memory");
		break;
	}
	return value;
}

static inline void mmio_write(uint64_t address, unsigned int size, uint64_t value)
{
	switch (size) {
	case 1:
		__asm__ volatile("movb %b0, (%1)" : : "q"(value), "r"(address) : "memory");
		break;
	case 2:
		__asm__ volatile("movw %w0, (%1)" : : "r"(value), "r"(address) : "memory");
		break;
	case 4:
		__asm__ volatile("movl %k0, (%1)" : : "r"(value), "r"(address) : "memory");
		break;
	default:
		__asm__ volatile("movq %0, (%1)" : : "r"(value), "r"(address) : "memory");
		break;
	}
}

/* All ones of that size: what a read gives where nobody answers. */
static inline uint64_t mmio_nobody(unsigned int size)
{
	return UINT64_MAX >> (64 - 8 * size);
}

#endif
