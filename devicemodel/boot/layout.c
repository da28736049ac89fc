/* SPDX-License-Identifier: BSD-3-Clause */
/* The division of guest memory among an image and what is loaded with it. */
#include "devicemodel/boot/layout.h"

#include <errno.h>
#include <inttypes.h>

#include "devicemodel/boot/acpi.h"
#include "devicemodel/machine_map.h"
#include "devicemodel/vm/memory.h"
#include "lib/util.h"

void layout_init(struct layout *layout, struct guest_memory *memory, const char *name)
{
	layout->memory = memory;
	layout->name = name;
	layout->count = 1;
	layout->ranges[0].base = MACHINE_LOW_RAM_END;
	layout->ranges[0].size = ACPI_AREA_END - MACHINE_LOW_RAM_END;
	layout->ranges[0].what = "the BIOS area";
}

/* Rounded up: "needs 64 MiB" must be an amount that is enough. */
static uint64_t to_mib(uint64_t bytes)
{
	return bytes / MIB + (bytes % MIB ? 1 : 0);
}

int layout_no_memory(const struct layout *layout, const char *what, uint64_t base, uint64_t end,
		     struct error *err)
{
	uint64_t size = memory_size(layout->memory), needed = end;

	if (base >= MEMORY_HIGH_BASE)
		needed = end - MEMORY_HIGH_BASE + MEMORY_LOW_LIMIT;
	else if (end > MEMORY_LOW_LIMIT)
		return error_set(err, -EFAULT,
				 "%s: %s (0x%" PRIx64 " to 0x%" PRIx64 ") does not fit in memory: "
				 "this machine has no RAM from 2 GiB to 4 GiB",
				 layout->name, what, base, end);
	return error_set(err, -EFAULT,
			 "%s: %s (0x%" PRIx64 " to 0x%" PRIx64 ") does not fit in memory: "
			 "it needs %" PRIu64 " MiB, the VM has %" PRIu64 " MiB: raise -m",
			 layout->name, what, base, end, to_mib(needed), size / MIB);
}

/* The index of a range that shares a byte with [@base, @base + @size), or -1. No wrap. */
static int find_overlap(const struct layout *layout, uint64_t base, uint64_t size)
{
	unsigned int i;

	for (i = 0; i < layout->count; i++)
		if (ranges_overlap(base, size, layout->ranges[i].base, layout->ranges[i].size))
			return (int)i;
	return -1;
}

static int layout_add(struct layout *layout, uint64_t base, uint64_t size, const char *what,
		      struct error *err)
{
	if (layout->count == LAYOUT_RANGES_MAX)
		return error_set(err, -E2BIG, "%s: has more parts than the %d that can be loaded",
				 layout->name, LAYOUT_RANGES_MAX);
	layout->ranges[layout->count].base = base;
	layout->ranges[layout->count].size = size;
	layout->ranges[layout->count].what = what;
	layout->count++;
	return 0;
}

int layout_claim(struct layout *layout, uint64_t base, uint64_t size, const char *what,
		 struct error *err)
{
	uint64_t end;
	int other;

	if (size == 0)
		return 0;
	if (__builtin_add_overflow(base, size, &end))
		return error_set(err, -EFAULT,
				 "%s: %s (0x%" PRIx64 " bytes at 0x%" PRIx64
				 ") does not fit in memory",
				 layout->name, what, size, base);
	if (!memory_ram(layout->memory, base, size))
		return layout_no_memory(layout, what, base, end, err);
	other = find_overlap(layout, base, size);
	if (other >= 0)
		return error_set(err, -EEXIST,
				 "%s: %s (0x%" PRIx64 " to 0x%" PRIx64
				 ") overlaps %s (0x%" PRIx64 " to 0x%" PRIx64 ")",
				 layout->name, what, base, end, layout->ranges[other].what,
				 layout->ranges[other].base,
				 layout->ranges[other].base + layout->ranges[other].size);
	return layout_add(layout, base, size, what, err);
}

/* Each step moves beyond one range, so both walks end after at most that many steps. */
static bool find_lowest(const struct layout *layout, const struct layout_wish *wish,
			uint64_t *ret_base)
{
	uint64_t base = align_up(wish->from, wish->alignment);
	int other;

	while (base <= wish->limit && wish->size <= wish->limit - base) {
		other = find_overlap(layout, base, wish->size);
		if (other < 0) {
			*ret_base = base;
			return true;
		}
		base = align_up(layout->ranges[other].base + layout->ranges[other].size,
				wish->alignment);
	}
	return false;
}

static bool find_highest(const struct layout *layout, const struct layout_wish *wish,
			 uint64_t *ret_base)
{
	uint64_t top = wish->limit, base;
	int other;

	while (top >= wish->from && wish->size <= top - wish->from) {
		base = (top - wish->size) & ~(wish->alignment - 1);
		if (base < wish->from)
			return false;
		other = find_overlap(layout, base, wish->size);
		if (other < 0) {
			*ret_base = base;
			return true;
		}
		top = layout->ranges[other].base;
	}
	return false;
}

int layout_place(struct layout *layout, const struct layout_wish *wish, const char *what,
		 uint64_t *ret_base, struct error *err)
{
	uint64_t base;
	int ret;

	if (!(wish->highest ? find_highest : find_lowest)(layout, wish, &base) ||
	    !memory_ram(layout->memory, base, wish->size))
		return error_set(err, -ENOSPC,
				 "%s: %s (%" PRIu64
				 " bytes) does not fit in memory beside the rest; "
				 "the VM has %" PRIu64 " MiB: raise -m",
				 layout->name, what, wish->size, memory_size(layout->memory) / MIB);
	ret = layout_add(layout, base, wish->size, what, err);
	if (ret == 0)
		*ret_base = base;
	return ret;
}

bool layout_has(const struct layout *layout, uint64_t gpa)
{
	return find_overlap(layout, gpa, 1) > 0;
}

uint64_t layout_end(const struct layout *layout)
{
	uint64_t end = MIB;
	unsigned int i;

	for (i = 0; i < layout->count; i++)
		if (layout->ranges[i].base + layout->ranges[i].size > end)
			end = layout->ranges[i].base + layout->ranges[i].size;
	return end;
}
