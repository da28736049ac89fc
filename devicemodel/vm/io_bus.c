/* SPDX-License-Identifier: BSD-3-Clause */
/* The I/O bus: a sorted array of ranges per address space. */
#include "devicemodel/vm/io_bus.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/hypervisor/hypervisor.h"

struct io_range {
	uint64_t base;
	uint64_t last; /* inclusive, so that a range may end at the top of the address space */
	io_handler *handler;
	void *ctx;
};

struct io_space_map {
	struct io_range *ranges; /* ascending, disjoint */
	size_t count, capacity;
};

struct io_bus {
	pthread_mutex_t lock; /* guards the maps and the state of every device behind them */
	struct io_space_map spaces[IO_SPACES];
	const struct hv_ops *ops;
	struct hv_vm *vm;
};

int io_bus_new(struct io_bus **ret_bus)
{
	struct io_bus *bus;

	bus = calloc(1, sizeof(*bus));
	if (!bus)
		return -ENOMEM;
	pthread_mutex_init(&bus->lock, NULL);
	*ret_bus = bus;
	return 0;
}

void io_bus_free(struct io_bus *bus)
{
	int i;

	if (!bus)
		return;
	for (i = 0; i < IO_SPACES; i++)
		free(bus->spaces[i].ranges);
	pthread_mutex_destroy(&bus->lock);
	free(bus);
}

void io_bus_lock(struct io_bus *bus)
{
	pthread_mutex_lock(&bus->lock);
}

void io_bus_unlock(struct io_bus *bus)
{
	pthread_mutex_unlock(&bus->lock);
}

/* Index of the first range that ends at or after @addr. */
static size_t find_slot(const struct io_space_map *map, uint64_t addr)
{
	size_t low = 0, high = map->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (map->ranges[middle].last < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int grow(struct io_space_map *map)
{
	size_t capacity = map->capacity ? map->capacity * 2 : 16;
	struct io_range *ranges;

	if (map->count < map->capacity)
		return 0;
	ranges = reallocarray(map->ranges, capacity, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	map->ranges = ranges;
	map->capacity = capacity;
	return 0;
}

int io_bus_add(struct io_bus *bus, enum io_space space, uint64_t base, uint64_t size,
	       io_handler *handler, void *ctx)
{
	struct io_space_map *map = &bus->spaces[space];
	uint64_t last;
	size_t slot;
	int ret;

	if (size == 0 || __builtin_add_overflow(base, size - 1, &last))
		return -EINVAL;
	slot = find_slot(map, base);
	if (slot < map->count && map->ranges[slot].base <= last)
		return -EEXIST;
	ret = grow(map);
	if (ret < 0)
		return ret;
	memmove(map->ranges + slot + 1, map->ranges + slot,
		(map->count - slot) * sizeof(*map->ranges));
	map->ranges[slot] = (struct io_range){ base, last, handler, ctx };
	map->count++;
	return 0;
}

void io_bus_remove(struct io_bus *bus, enum io_space space, uint64_t base)
{
	struct io_space_map *map = &bus->spaces[space];
	size_t slot = find_slot(map, base);

	if (slot == map->count || map->ranges[slot].base != base)
		return;
	map->count--;
	memmove(map->ranges + slot, map->ranges + slot + 1,
		(map->count - slot) * sizeof(*map->ranges));
}

void io_bus_attach(struct io_bus *bus, const struct hv_ops *ops, struct hv_vm *vm)
{
	bus->ops = ops;
	bus->vm = vm;
}

int io_bus_signal_on_write(struct io_bus *bus, const struct hv_ioeventfd *write, bool on)
{
	if (!bus->vm)
		return -ENODEV;
	if (write->datamatch && !(bus->ops->capabilities & HV_CAP_IOEVENTFD_PASSES_UNMATCHED))
		return -EOPNOTSUPP;
	return bus->ops->ioeventfd(bus->vm, write, on);
}

static void serve(struct io_bus *bus, struct io_access *access)
{
	const struct io_space_map *map = &bus->spaces[access->space];
	size_t slot = find_slot(map, access->addr);
	struct io_range range;
	uint64_t addr = access->addr;

	if (slot == map->count)
		return;
	/* A copy: the handler may change the map, when a BAR moves. */
	range = map->ranges[slot];
	if (!range.handler || addr < range.base || access->size - UINT64_C(1) > range.last - addr)
		return;
	access->addr = addr - range.base;
	range.handler(range.ctx, access);
	access->addr = addr;
}

void io_bus_access(struct io_bus *bus, struct io_access *access)
{
	if (!access->is_write)
		access->data = IO_READ_NONE;
	io_bus_lock(bus);
	serve(bus, access);
	io_bus_unlock(bus);
	if (!access->is_write)
		access->data &= io_size_mask(access->size);
}
