/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACRN: guest memory. Each call that maps takes one of the VM's slots in the driver and keeps it,
 * with the pages pinned, until the VM is destroyed. The driver describes the pages of a call in one
 * allocation, which may be refused where a smaller one is not: such memory is mapped in pieces.
 */
#include "devicemodel/hypervisor/acrn.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "lib/util.h"

/* Of 4 KiB pages: 8192 descriptions of 32 bytes, for which there is room on any host in use. */
#define PIECE_MIN (32 * MIB)

static int set_segment(struct hv_vm *vm, const struct acrn_map *map, uint64_t offset,
		       uint64_t size)
{
	struct acrn_vm_memmap arg = {
		.type = ACRN_MEMMAP_RAM,
		.attr = ACRN_MEM_TYPE_WB | ACRN_MEM_ACCESS_READ | ACRN_MEM_ACCESS_EXEC |
			(map->writable ? ACRN_MEM_ACCESS_WRITE : 0),
		.user_vm_pa = map->gpa + offset,
		.vma_base = (uintptr_t)map->host + offset,
		.len = size,
	};

	return ioctl(vm->fd, ACRN_IOCTL_SET_MEMSEG, &arg) < 0 ? -errno : 0;
}

static uint64_t next_smaller(uint64_t piece)
{
	return UINT64_C(1) << (63 - __builtin_clzll(piece - 1));
}

static bool slots_suffice(const struct hv_vm *vm, uint64_t size, uint64_t piece)
{
	return (size + piece - 1) / piece <= ACRN_MAP_SLOTS - vm->slots_used;
}

/* *@done, which is 0 before: so many bytes are mapped then, also on failure. */
static int set_segments(struct hv_vm *vm, const struct acrn_map *map, uint64_t *done)
{
	uint64_t before = vm->piece_max, piece;
	int ret = 0;

	while (ret == 0 && *done < map->size) {
		piece = map->size - *done;
		if (piece > vm->piece_max)
			piece = vm->piece_max;
		if (!slots_suffice(vm, map->size - *done, piece))
			return -ENOSPC;
		ret = set_segment(vm, map, *done, piece);
		if (ret == 0) {
			vm->slots_used++;
			*done += piece;
		} else if (ret == -ENOMEM && piece > PIECE_MIN) {
			/* What is asked for later meets the same driver. */
			vm->piece_max = next_smaller(piece);
			ret = 0;
		}
	}
	/* If it does not help that they are small, that need not be so next time. */
	if (ret == -ENOMEM)
		vm->piece_max = before;
	return ret;
}

/*
 * The driver knows no way to unmap RAM; but as MMIO it takes out any range, whatever it holds. What
 * it refuses to take out clings to its place.
 */
static int unset_segments(struct hv_vm *vm, struct acrn_map *map)
{
	struct acrn_vm_memmap arg = {
		.type = ACRN_MEMMAP_MMIO,
		.user_vm_pa = map->gpa,
		.len = map->size,
	};

	map->clings = vm->is_created && ioctl(vm->fd, ACRN_IOCTL_UNSET_MEMSEG, &arg) < 0;
	if (map->clings)
		return acrn_explain(vm, -errno);
	map->size = 0;
	return 0;
}

/* What clings in the way of @wish is tried again; what was never unmapped is the caller's fault. */
static int make_room(struct hv_vm *vm, const struct acrn_map *wish)
{
	struct acrn_map *map;
	int ret = 0;

	for (map = vm->maps; ret == 0 && map < vm->maps + ACRN_MAP_SLOTS; map++) {
		if (map->size == 0 || !ranges_overlap(map->gpa, map->size, wish->gpa, wish->size))
			continue;
		ret = map->clings ? unset_segments(vm, map) : -EEXIST;
	}
	return ret;
}

static struct acrn_map *find_clinging(struct hv_vm *vm, const struct acrn_map *wish)
{
	struct acrn_map *map;

	for (map = vm->maps; map < vm->maps + ACRN_MAP_SLOTS; map++)
		if (map->clings && map->size == wish->size && map->gpa == wish->gpa &&
		    map->host == wish->host && map->writable == wish->writable)
			return map;
	return NULL;
}

/* There is one: each takes a slot of the driver's at least, and @map has just taken its own. */
static struct acrn_map *keep(struct hv_vm *vm, const struct acrn_map *map)
{
	struct acrn_map *kept = vm->maps;

	while (kept->size)
		kept++;
	*kept = *map;
	return kept;
}

int acrn_mem_map(struct hv_vm *vm, uint64_t gpa, uint64_t size, void *host, bool writable)
{
	struct acrn_map wish = { .gpa = gpa, .size = size, .host = host, .writable = writable };
	uint64_t limit = UINT64_C(1) << acrn_physical_width(vm), done = 0;
	struct acrn_map *map;
	int ret;

	if (size == 0 || gpa >= limit || size > limit - gpa)
		return -EINVAL;
	map = find_clinging(vm, &wish);
	if (map) {
		map->clings = false;
		return 0;
	}
	ret = make_room(vm, &wish);
	if (ret == 0)
		ret = set_segments(vm, &wish, &done);
	if (ret == 0) {
		keep(vm, &wish);
		return 0;
	}
	wish.size = done;
	if (done > 0)
		unset_segments(vm, keep(vm, &wish));
	/* -EINVAL is for addresses that no guest has, as devices ask for while they are sized. */
	return ret == -EINVAL ? -EREMOTEIO : acrn_explain(vm, ret);
}

int acrn_mem_unmap(struct hv_vm *vm, uint64_t gpa, uint64_t size)
{
	struct acrn_map *map;

	for (map = vm->maps; map < vm->maps + ACRN_MAP_SLOTS; map++)
		if (size && map->size == size && map->gpa == gpa && !map->clings)
			return unset_segments(vm, map);
	return -ENOENT;
}

const char *acrn_mem_error_text(int code)
{
	switch (code) {
	case -ENOMEM:
		return "the service VM's kernel is short of memory, or of memory in one piece; "
		       "huge pages need less of it (--hugepages 2M for RAM, hugepages=2M for a "
		       "region)";
	case -ENOSPC:
		return "of the 256 map slots that ACRN has for a VM too few are left; they come "
		       "back when the guest resets, and memory of huge pages takes fewer "
		       "(--hugepages 2M for RAM, hugepages=2M for a region)";
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
