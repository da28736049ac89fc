/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACRN: guest memory. Each mapping takes one of the VM's slots in the driver and keeps it, with the
 * pages pinned, until the VM is destroyed. So the last slots are spent sparingly: there, what is
 * unmapped stays where it is, to be had again for nothing, until its addresses are needed.
 */
#include "devicemodel/hypervisor/acrn.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "lib/util.h"

/* A guest that sizes its BARs and loads a driver uses some dozens. */
#define SLOTS_SPENT_FREELY 192

static int set_segment(struct hv_vm *vm, const struct acrn_map *map)
{
	struct acrn_vm_memmap arg = {
		.type = ACRN_MEMMAP_RAM,
		.attr = ACRN_MEM_TYPE_WB | ACRN_MEM_ACCESS_READ | ACRN_MEM_ACCESS_EXEC |
			(map->writable ? ACRN_MEM_ACCESS_WRITE : 0),
		.user_vm_pa = map->gpa,
		.vma_base = (uintptr_t)map->host,
		.len = map->size,
	};

	return ioctl(vm->fd, ACRN_IOCTL_SET_MEMSEG, &arg) < 0 ? -errno : 0;
}

/* The driver knows no way to unmap RAM; but as MMIO it takes out any range, whatever it holds. */
static int unset_segment(struct hv_vm *vm, struct acrn_map *map)
{
	struct acrn_vm_memmap arg = {
		.type = ACRN_MEMMAP_MMIO,
		.user_vm_pa = map->gpa,
		.len = map->size,
	};

	if (vm->is_created && ioctl(vm->fd, ACRN_IOCTL_UNSET_MEMSEG, &arg) < 0)
		return acrn_explain(vm, -errno);
	map->size = 0;
	return 0;
}

/* What lingers in the way of @wish goes; what was never unmapped is a mistake of the caller. */
static int make_room(struct hv_vm *vm, const struct acrn_map *wish)
{
	struct acrn_map *map;
	int ret = 0;

	for (map = vm->maps; ret == 0 && map < vm->maps + ACRN_MAP_SLOTS; map++) {
		if (map->size == 0 || !ranges_overlap(map->gpa, map->size, wish->gpa, wish->size))
			continue;
		ret = map->lingers ? unset_segment(vm, map) : -EEXIST;
	}
	return ret;
}

static struct acrn_map *find_lingering(struct hv_vm *vm, const struct acrn_map *wish)
{
	struct acrn_map *map;

	for (map = vm->maps; map < vm->maps + ACRN_MAP_SLOTS; map++)
		if (map->lingers && map->size == wish->size && map->gpa == wish->gpa &&
		    map->host == wish->host && map->writable == wish->writable)
			return map;
	return NULL;
}

/* There is one as long as the driver has a slot: no more mappings can be there than it took. */
static struct acrn_map *find_free(struct hv_vm *vm)
{
	struct acrn_map *map = vm->maps;

	while (map->size)
		map++;
	return map;
}

int acrn_mem_map(struct hv_vm *vm, uint64_t gpa, uint64_t size, void *host, bool writable)
{
	const struct acrn_map wish = { .gpa = gpa, .size = size, .host = host,
				       .writable = writable };
	uint64_t limit = UINT64_C(1) << acrn_physical_width(vm);
	struct acrn_map *map;
	int ret;

	if (size == 0 || gpa >= limit || size > limit - gpa)
		return -EINVAL;
	map = find_lingering(vm, &wish);
	if (map) {
		map->lingers = false;
		return 0;
	}
	ret = make_room(vm, &wish);
	if (ret < 0)
		return ret;
	if (vm->slots_used == ACRN_MAP_SLOTS)
		return -ENOSPC;
	ret = set_segment(vm, &wish);
	/* -EINVAL is for addresses that no guest has, as devices ask for while they are sized. */
	if (ret < 0)
		return ret == -EINVAL ? -EREMOTEIO : acrn_explain(vm, ret);
	vm->slots_used++;
	*find_free(vm) = wish;
	return 0;
}

int acrn_mem_unmap(struct hv_vm *vm, uint64_t gpa, uint64_t size)
{
	struct acrn_map *map;
	int ret = 0;

	for (map = vm->maps; map < vm->maps + ACRN_MAP_SLOTS; map++)
		if (size && map->size == size && map->gpa == gpa && !map->lingers)
			break;
	if (map == vm->maps + ACRN_MAP_SLOTS)
		return -ENOENT;
	if (vm->slots_used <= SLOTS_SPENT_FREELY)
		ret = unset_segment(vm, map);
	/* Refused, it is still there as well, and not to be mapped a second time. */
	map->lingers = map->size != 0;
	return ret;
}

const char *acrn_mem_error_text(int code)
{
	switch (code) {
	case -ENOMEM:
		/* 512 MB are 131,072 pages of 32 bytes of description: more than kmalloc() has. */
		return "the ACRN driver takes less than 512 MB of 4 KiB pages at once, and on a "
		       "fragmented host still less; use huge pages (--hugepages 2M for RAM, "
		       "hugepages=2M for a region)";
	case -ENOSPC:
		return "all 256 map slots that ACRN has for a VM are used up; they come back when "
		       "the guest resets";
	case -EPERM:
		return "the hypervisor lets nobody change the memory of a running VM that stands "
		       "above the service VM";
	case -EREMOTEIO:
		return "ACRN_IOCTL_SET_MEMSEG: Invalid argument: ACRN has no use for such memory "
		       "or such an address";
	case -ENOTTY:
		return "the kernel's ACRN driver is too old for it";
	default:
		return NULL;
	}
}
