/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory: what is mapped where, and the slots that maps use up. */
#include <errno.h>
#include <string.h>

#include "tests/hsm_sim/hsm_vm.h"
#include "tests/hsm_sim/machine.h"
#include "tests/hsm_sim/tracee.h"

#define PAGE 4096
/* mm.c: one array holds an operation of 32 bytes per page; an allocation has 4 MiB at most. */
#define OPERATION_BYTES 32
#define OPERATIONS_HEADER 24
#define ALLOCATION_MAX (UINT64_C(4) << 20)

bool vm_memory_overlaps(const struct hsm_vm *vm, uint64_t gpa, uint64_t size)
{
	unsigned int i;

	for (i = 0; i < vm->mapping_count; i++)
		if (gpa < vm->mappings[i].gpa + vm->mappings[i].size &&
		    vm->mappings[i].gpa < gpa + size)
			return true;
	return false;
}

bool vm_memory_find(const struct hsm_vm *vm, uint64_t gpa, uint64_t size, uint64_t *ret_host)
{
	const struct mapping *mapping;
	unsigned int i;

	for (i = 0; i < vm->mapping_count; i++) {
		mapping = &vm->mappings[i];
		if (gpa >= mapping->gpa && gpa - mapping->gpa < mapping->size &&
		    size <= mapping->size - (gpa - mapping->gpa)) {
			*ret_host = mapping->host + (gpa - mapping->gpa);
			return true;
		}
	}
	return false;
}

static bool range_good(struct hsm_vm *vm, const struct acrn_vm_memmap *map)
{
	uint64_t end;

	if (map->len == 0 || map->len % PAGE || map->user_vm_pa % PAGE) {
		report_violation(vm->report, "0x%llx bytes at 0x%llx are not whole pages",
				 (unsigned long long)map->len,
				 (unsigned long long)map->user_vm_pa);
		return false;
	}
	if (__builtin_add_overflow(map->user_vm_pa, map->len, &end)) {
		report_violation(vm->report, "the range wraps around");
		return false;
	}
	return true;
}

/* hypercall.c: memory of a running VM changes only for those that are at least as severe. */
static bool may_change(const struct hsm_vm *vm)
{
	return vm->state != VM_RUNNING || vm_severity_allows(vm);
}

static bool attributes_good(struct hsm_vm *vm, uint32_t attr)
{
	uint32_t type = attr & ACRN_MEM_TYPE_MASK;

	if (attr & ~(uint32_t)(ACRN_MEM_ACCESS_RIGHT_MASK | ACRN_MEM_TYPE_MASK))
		report_violation(vm->report, "attr 0x%x has unknown bits", attr);
	else if (!(attr & ACRN_MEM_ACCESS_READ))
		report_violation(vm->report, "attr 0x%x: nobody can read that memory", attr);
	/* mm.c: RAM is mapped write-back whatever is asked for. */
	else if (type != 0 && type != ACRN_MEM_TYPE_WB)
		report_violation(vm->report, "attr 0x%x asks for RAM that is not write-back", attr);
	else
		return true;
	return false;
}

int vm_set_memseg(struct hsm_vm *vm, void *data, uint64_t argument)
{
	const struct acrn_vm_memmap *map = data;
	uint64_t page;

	(void)argument;
	/* A device model has no physical addresses of the service VM's, which type MMIO takes. */
	if (map->type != ACRN_MEMMAP_RAM) {
		report_violation(vm->report, "type %u is not RAM", map->type);
		return -EINVAL;
	}
	if (!range_good(vm, map) || !attributes_good(vm, map->attr))
		return -EINVAL;
	if (map->vma_base % PAGE) {
		report_violation(vm->report, "vma_base 0x%llx is not aligned to 4096",
				 (unsigned long long)map->vma_base);
		return -EINVAL;
	}
	if (vm_memory_overlaps(vm, map->user_vm_pa, map->len)) {
		report_violation(vm->report, "0x%llx has memory already",
				 (unsigned long long)map->user_vm_pa);
		return -EINVAL;
	}
	/* mm.c: pages are pinned for writing. */
	if (!tracee_maps_writable(vm->pid, map->vma_base, map->len)) {
		report_violation(vm->report, "vma_base 0x%llx is not all mapped and writable",
				 (unsigned long long)map->vma_base);
		return -EFAULT;
	}
	/* mm.c: a slot of the table is given back by DESTROY_VM only. */
	if (vm->slots_used == MAP_SLOTS)
		return -ENOMEM;
	if (map->len / PAGE * OPERATION_BYTES + OPERATIONS_HEADER > ALLOCATION_MAX) {
		page = tracee_page_size(vm->pid, map->vma_base);
		if (map->len / page * OPERATION_BYTES + OPERATIONS_HEADER > ALLOCATION_MAX)
			return -ENOMEM;
	}
	if (!may_change(vm))
		return -EPERM;
	vm->slots_used++;
	vm->mappings[vm->mapping_count++] =
		(struct mapping){ map->user_vm_pa, map->len, map->vma_base };
	machine_sync(vm);
	return 0;
}

/* How much of [gpa, gpa + size) is mapped. */
static uint64_t mapped_bytes(const struct hsm_vm *vm, uint64_t gpa, uint64_t size)
{
	uint64_t start, end, bytes = 0;
	unsigned int i;

	for (i = 0; i < vm->mapping_count; i++) {
		start = vm->mappings[i].gpa;
		end = start + vm->mappings[i].size;
		if (start < gpa)
			start = gpa;
		if (end > gpa + size)
			end = gpa + size;
		if (start < end)
			bytes += end - start;
	}
	return bytes;
}

/* Take it out of the mapping, which may leave a piece before and one after it. */
static void cut(struct hsm_vm *vm, unsigned int index, uint64_t gpa, uint64_t size)
{
	struct mapping old = vm->mappings[index];
	uint64_t before = gpa > old.gpa ? gpa - old.gpa : 0;
	uint64_t end = gpa + size, old_end = old.gpa + old.size;

	vm->mappings[index] = vm->mappings[--vm->mapping_count];
	if (before > 0)
		vm->mappings[vm->mapping_count++] = (struct mapping){ old.gpa, before, old.host };
	if (end < old_end)
		vm->mappings[vm->mapping_count++] =
			(struct mapping){ end, old_end - end, old.host + (end - old.gpa) };
}

int vm_unset_memseg(struct hsm_vm *vm, void *data, uint64_t argument)
{
	const struct acrn_vm_memmap *map = data;
	unsigned int i;

	(void)argument;
	/* mm.c: refused for RAM; for MMIO the range goes, whatever was mapped there. */
	if (map->type != ACRN_MEMMAP_MMIO) {
		report_violation(vm->report, "type %u: only MMIO can be unmapped", map->type);
		return -EINVAL;
	}
	if (!range_good(vm, map))
		return -EINVAL;
	/* The hypervisor wants the whole range to be mapped. */
	if (mapped_bytes(vm, map->user_vm_pa, map->len) != map->len) {
		report_violation(vm->report, "0x%llx bytes at 0x%llx are not all mapped",
				 (unsigned long long)map->len,
				 (unsigned long long)map->user_vm_pa);
		return -EINVAL;
	}
	if (!may_change(vm))
		return -EPERM;
	if (vm->mapping_count + 1 >= sizeof(vm->mappings) / sizeof(vm->mappings[0]))
		return -ENOMEM;
	for (i = vm->mapping_count; i-- > 0;)
		if (vm->mappings[i].gpa < map->user_vm_pa + map->len &&
		    map->user_vm_pa < vm->mappings[i].gpa + vm->mappings[i].size)
			cut(vm, i, map->user_vm_pa, map->len);
	machine_sync(vm);
	return 0;
}
