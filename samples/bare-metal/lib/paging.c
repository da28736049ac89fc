/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Adds mappings to the tables of paging.S. Ring 3 may write them, and entries only ever go from
 * absent to present, so no TLB flush (a ring-0 instruction) is needed.
 */
#include "samples/bare-metal/lib/paging.h"

#include <stdbool.h>
#include <stddef.h>

#define PAGE_PRESENT 0x1
#define PAGE_TABLE 0x27
#define PAGE_LARGE 0xe7
#define PAGE_ADDRESS 0x000ffffffffff000
#define LARGE_PAGE_SIZE (2ULL << 20)
#define LOW_END (4ULL << 30)
#define ADDRESS_END (1ULL << 47)

#define SPARE_TABLES 16

extern uint64_t paging_pml4[512];

static _Alignas(4096) uint64_t spare_tables[SPARE_TABLES][512];
static unsigned int spare_used;

/* The table an entry leads to; a spare one is put there if the entry is empty. */
static uint64_t *table_below(volatile uint64_t *entry)
{
	if (!(*entry & PAGE_PRESENT)) {
		if (spare_used == SPARE_TABLES)
			return NULL;
		*entry = (uintptr_t)spare_tables[spare_used++] | PAGE_TABLE;
	}
	return (uint64_t *)(uintptr_t)(*entry & PAGE_ADDRESS);
}

static bool map_large_page(uint64_t address)
{
	uint64_t *pdpt = table_below(&paging_pml4[address >> 39 & 511]);
	uint64_t *pd = pdpt ? table_below(&pdpt[address >> 30 & 511]) : NULL;
	volatile uint64_t *entry;

	if (!pd)
		return false;
	entry = &pd[address >> 21 & 511];
	if (!(*entry & PAGE_PRESENT))
		*entry = address | PAGE_LARGE;
	return true;
}

void *paging_map(uint64_t address, uint64_t size)
{
	uint64_t end;

	if (!size || __builtin_add_overflow(address, size, &end) || end > ADDRESS_END)
		return NULL;
	if (end > LOW_END) {
		uint64_t page = address < LOW_END ? LOW_END : address & ~(LARGE_PAGE_SIZE - 1);

		for (; page < end; page += LARGE_PAGE_SIZE) {
			if (!map_large_page(page))
				return NULL;
		}
	}
	return (void *)(uintptr_t)address;
}
