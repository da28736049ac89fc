/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans made by hand. Out of memory ends the test. */
#include "tests/unit/plan_fixture.h"

#include <stdlib.h>
#include <string.h>

static struct plan_place at(unsigned int line)
{
	return (struct plan_place){ PLAN_FILE, line };
}

static char *copy(const char *text)
{
	char *copied = text ? strdup(text) : NULL;

	if (text && !copied)
		abort();
	return copied;
}

static void *need(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

static struct plan_slot slot_at(const char *word, unsigned int line)
{
	struct plan_slot slot = { .place = at(line) };

	if (!word)
		return slot;
	slot.given = true;
	slot.placed = pci_slot_parse(word, &slot.slot, NULL) == 0;
	return slot;
}

struct plan_vm *plan_put_vm(struct plan *plan, const char *name, enum plan_load_order load_order,
			    unsigned int line)
{
	unsigned int number = 1;
	struct plan_vm *vm;
	size_t i;

	for (i = 0; i < plan->vm_count; i++)
		number += plan->vms[i].load_order == PLAN_POST_LAUNCHED_VM;
	vm = need(plan_add_vm(plan));
	vm->name = copy(name);
	vm->load_order = load_order;
	vm->id = (unsigned int)plan->vm_count - 1;
	vm->number = load_order == PLAN_POST_LAUNCHED_VM ? number : 0;
	vm->memory_mb = 256;
	vm->ovmf = true;
	vm->place = at(line);
	return vm;
}

struct plan_region *plan_put_region(struct plan *plan, const char *name, enum ivshmem_land land,
				    unsigned int line)
{
	struct plan_region *region = need(plan_add_region(plan));

	region->name = copy(name);
	region->land = land;
	region->size_mb = 2;
	region->place = at(line);
	return region;
}

void plan_put_user(struct plan_region *region, const char *vm, const char *slot, unsigned int line)
{
	struct plan_region_user *user = need(plan_region_add_user(region));

	user->vm_name = copy(vm);
	user->slot = slot_at(slot, line);
	user->place = at(line);
}

struct plan_device *plan_put_device(struct plan_vm *vm, enum plan_device_kind kind,
				    const char *options, const char *slot, unsigned int line)
{
	struct plan_device *device = need(plan_vm_add_device(vm));

	device->kind = kind;
	device->options = copy(options);
	device->slot = slot_at(slot, line);
	device->place = at(line);
	return device;
}

void plan_put_board(struct plan *plan, unsigned int cpus, uint64_t memory_mb)
{
	unsigned int i;

	plan->board.name = copy("bench-board");
	plan->board.memory_size = memory_mb << 20;
	plan->board.cpus = need(calloc(cpus + 1, sizeof(*plan->board.cpus)));
	plan->board.cpu_count = cpus;
	for (i = 0; i < cpus; i++)
		plan->board.cpus[i] = (struct plan_cpu){ .id = i, .apic_id = 2 * i };
}

void plan_put_pair(struct plan *plan)
{
	struct plan_region *region;

	plan_put_vm(plan, "service", PLAN_SERVICE_VM, 1);
	plan_put_vm(plan, "a", PLAN_POST_LAUNCHED_VM, 10);
	plan_put_vm(plan, "b", PLAN_POST_LAUNCHED_VM, 20);
	region = plan_put_region(plan, "shm", IVSHMEM_LAND_DM, 30);
	plan_put_user(region, "a", NULL, 31);
	plan_put_user(region, "b", NULL, 32);
}

bool problems_have(const struct problems *problems, unsigned int line, const char *words)
{
	size_t i;

	for (i = 0; i < problems->count; i++)
		if ((!line || problems->list[i].place.line == line) &&
		    strstr(problems->list[i].text, words))
			return true;
	return false;
}

void problems_show(const struct problems *problems)
{
	size_t i;

	for (i = 0; i < problems->count; i++)
		fprintf(stderr, "# %u: %s\n", problems->list[i].place.line, problems->list[i].text);
}
