/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page tables a guest starts with, complete when the image is loaded: the low 4 GiB, each
 * address mapped to itself, in pages of 2 MiB that ring 3 may use. Building them at run time would
 * take thousands of ring-0 instructions.
 */

/* Present, writable, user; accessed is preset so that the processor has nothing to write back. */
#define PAGE_TABLE 0x27
/* The same, dirty, and a page of 2 MiB instead of a table. */
#define PAGE_LARGE 0xe7
#define PAGE_UNCACHED 0x18

/*
 * The interrupt controllers' registers (from 0xfec00000) are uncached. Nothing below is: BAR2 of
 * an ivshmem device is ordinary memory, and registers of emulated devices never meet a cache.
 */
#define UNCACHED_FROM (0xfec00000 >> 21)

	.section .data.paging, "aw"
	.balign 4096
	.globl paging_pml4
paging_pml4:
	.quad paging_pdpt + PAGE_TABLE
	.fill 511, 8, 0
	.globl paging_pdpt
paging_pdpt:
	.quad paging_pd + PAGE_TABLE
	.quad paging_pd + 0x1000 + PAGE_TABLE
	.quad paging_pd + 0x2000 + PAGE_TABLE
	.quad paging_pd + 0x3000 + PAGE_TABLE
	.fill 508, 8, 0
paging_pd:
	.set page, 0
	.rept UNCACHED_FROM
	.quad (page << 21) + PAGE_LARGE
	.set page, page + 1
	.endr
	.rept 2048 - UNCACHED_FROM
	.quad (page << 21) + PAGE_LARGE + PAGE_UNCACHED
	.set page, page + 1
	.endr

	.section .note.GNU-stack, "", @progbits
