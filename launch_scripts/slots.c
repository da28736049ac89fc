/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving slots to what has none. */
#include "launch_scripts/slots.h"

#include "launch_scripts/slot_map.h"

/* What the input gives or implies, and what an earlier call has found, is in use. */
static void take(struct slot_map *map, const struct plan_slot *slot)
{
	if (slot->placed && slot->slot.bus == 0)
		slot_map_take(map, slot->slot);
}

static struct plan_slot *slot_of_use(struct plan *plan, const struct plan_use *use)
{
	return &plan->regions[use->region].users[use->user].slot;
}

/* Returns false if there is no room. */
static bool place(struct slot_map *map, struct plan_slot *slot)
{
	if (slot->placed)
		return true;
	if (!slot_map_find(map, &slot->slot))
		return false;
	slot->placed = true;
	slot_map_take(map, slot->slot);
	return true;
}

static void place_use(struct plan *plan, struct slot_map *map, const struct plan_vm *vm,
		      const struct plan_use *use, struct problems *problems)
{
	struct plan_region *region = &plan->regions[use->region];
	struct plan_region_user *user = &region->users[use->user];

	if (!place(map, &user->slot))
		problems_add(problems, user->place,
			     "region %s: VM %s has no free slot left on its PCI bus: take it "
			     "out of a region, or take out a device",
			     plan_region_name(region), plan_vm_name(vm));
}

static void place_vm(struct plan *plan, struct plan_vm *vm, struct problems *problems)
{
	struct slot_map map = { { 0 } };
	struct plan_device *device;
	size_t i;

	for (i = 0; i < vm->use_count; i++)
		take(&map, slot_of_use(plan, &vm->uses[i]));
	for (i = 0; i < vm->device_count; i++)
		take(&map, &vm->devices[i].slot);
	for (i = 0; i < vm->use_count; i++)
		place_use(plan, &map, vm, &vm->uses[i], problems);
	for (i = 0; i < vm->device_count; i++) {
		device = &vm->devices[i];
		if (!place(&map, &device->slot))
			problems_add(problems, device->place,
				     "VM %s has no free slot left on its PCI bus for a %s: take it "
				     "out of a region, or take out a device",
				     plan_vm_name(vm), plan_device_class(device->kind));
	}
}

int place_slots(struct plan *plan, struct problems *problems)
{
	size_t i;

	for (i = 0; i < plan->vm_count; i++)
		if (plan->vms[i].load_order == PLAN_POST_LAUNCHED_VM)
			place_vm(plan, &plan->vms[i], problems);
	return 0;
}
