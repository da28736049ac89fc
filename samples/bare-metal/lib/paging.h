/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page tables: the low 4 GiB are mapped to themselves from the start, more can be added.
 */
#ifndef SAMPLES_BARE_METAL_LIB_PAGING_H
#define SAMPLES_BARE_METAL_LIB_PAGING_H

#include <stdint.h>

/*
 * Makes physical memory from address to address + size usable, cached, at the same virtual
 * address. Memory below 4 GiB is already mapped and needs nothing. There is no way to unmap.
 *
 * Returns the pointer, or NULL if the range is empty, wraps or lies above 128 TiB (the lower half
 * of the 48-bit address space), or if the few spare tables are used up (each holds 1 GiB).
 */
void *paging_map(uint64_t address, uint64_t size);

#endif
