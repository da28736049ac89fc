/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables in guest memory that a processor needs at its first instruction: a flat GDT and, for
 * 64-bit entry, identity page tables (Intel SDM 3A, 3.4.5 and 4.5).
 */
#ifndef DEVICEMODEL_BOOT_CPU_TABLES_H
#define DEVICEMODEL_BOOT_CPU_TABLES_H

#include <stdbool.h>
#include <stdint.h>

struct guest_memory;
struct hv_vcpu_start;

#define CPU_TABLES_GDT_SIZE 32	     /* bytes */
#define CPU_TABLES_PAGING_SIZE 0x6000 /* bytes: a PML4, a PDPT, four page directories */

/*
 * Write the GDT at @gpa, 8-byte aligned: selector 0x10 is code (64-bit with @long_mode), 0x18 data,
 * both flat; and note it in @start. Returns 0 or -EFAULT.
 */
int cpu_tables_gdt(struct guest_memory *memory, uint64_t gpa, bool long_mode,
		   struct hv_vcpu_start *start);

/*
 * Write page tables at @gpa, page-aligned, that map the first 4 GiB to themselves with pages of
 * 2 MiB, and note them in @start. Returns 0 or -EFAULT.
 */
int cpu_tables_paging(struct guest_memory *memory, uint64_t gpa, struct hv_vcpu_start *start);

#endif
