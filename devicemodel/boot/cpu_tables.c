/* SPDX-License-Identifier: BSD-3-Clause */
/* The GDT and the page tables of a processor that is about to start. */
#include "devicemodel/boot/cpu_tables.h"

#include <errno.h>

#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/vm/memory.h"
#include "lib/util.h"

/* Flat segments, accessed already, so that no processor has a reason to write to the table. */
#define GDT_CODE_32 UINT64_C(0x00cf9b000000ffff)
#define GDT_CODE_64 UINT64_C(0x00af9b000000ffff)
#define GDT_DATA UINT64_C(0x00cf93000000ffff)

#define TABLE_ENTRIES 512
#define TABLE_SIZE (TABLE_ENTRIES * sizeof(uint64_t))
#define PAGE_DIRECTORIES 4 /* 1 GiB each */
#define ENTRY_PRESENT_WRITABLE UINT64_C(0x3)
#define ENTRY_LARGE UINT64_C(0x80)
#define LARGE_PAGE (2 * MIB)

int cpu_tables_gdt(struct guest_memory *memory, uint64_t gpa, bool long_mode,
		   struct hv_vcpu_start *start)
{
	const uint64_t gdt[] = { 0, 0, long_mode ? GDT_CODE_64 : GDT_CODE_32, GDT_DATA };

	_Static_assert(sizeof(gdt) == CPU_TABLES_GDT_SIZE, "the size that others make room for");
	if (memory_write(memory, gpa, gdt, sizeof(gdt)) < 0)
		return -EFAULT;
	start->long_mode = long_mode;
	start->gdt_base = gpa;
	start->gdt_limit = sizeof(gdt) - 1;
	return 0;
}

int cpu_tables_paging(struct guest_memory *memory, uint64_t gpa, struct hv_vcpu_start *start)
{
	uint64_t pdpt_gpa = gpa + TABLE_SIZE, directory_gpa = pdpt_gpa + TABLE_SIZE;
	uint64_t *pml4 = memory_ram(memory, gpa, CPU_TABLES_PAGING_SIZE);
	uint64_t *pdpt, *directory;
	uint64_t i;

	if (!pml4)
		return -EFAULT;
	pdpt = pml4 + TABLE_ENTRIES;
	directory = pdpt + TABLE_ENTRIES;
	pml4[0] = pdpt_gpa | ENTRY_PRESENT_WRITABLE;
	for (i = 0; i < PAGE_DIRECTORIES; i++)
		pdpt[i] = (directory_gpa + i * TABLE_SIZE) | ENTRY_PRESENT_WRITABLE;
	for (i = 0; i < PAGE_DIRECTORIES * TABLE_ENTRIES; i++)
		directory[i] = i * LARGE_PAGE | ENTRY_PRESENT_WRITABLE | ENTRY_LARGE;
	start->cr3 = gpa;
	return 0;
}
