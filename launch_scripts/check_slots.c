/* SPDX-License-Identifier: BSD-3-Clause */
/* Slots that the input gives: none twice, none that is somebody else's, none out of sight. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/bdf.h"
#include "launch_scripts/checks.h"
#include "launch_scripts/slot_map.h"
#include "lib/util.h"

/* What sits in a slot: a region, or a device where that is NULL. */
struct occupant {
	const struct plan_region *region;
	const struct plan_device *device;
	struct pci_slot slot;
	struct plan_place place;
	size_t order; /* in which they come in the input */
};

struct occupants {
	struct occupant *list; /* given slots, sorted */
	size_t count;
	size_t blank; /* how many there are without */
};

#define WHAT_MAX 64

/* "region shm_a" or "the virtio-net". */
static const char *what(const struct occupant *occupant, char text[WHAT_MAX])
{
	if (occupant->region)
		snprintf(text, WHAT_MAX, "region %s", plan_region_name(occupant->region));
	else
		snprintf(text, WHAT_MAX, "the %s", plan_device_class(occupant->device->kind));
	return text;
}

static void add(struct occupants *occupants, const struct plan_slot *slot,
		struct plan_place whole, const struct plan_region *region,
		const struct plan_device *device)
{
	if (!slot->given || !slot->placed) {
		occupants->blank += !slot->placed || slot->slot.device != SLOT_DISPLAY;
		return;
	}
	occupants->list[occupants->count] = (struct occupant){
		.region = region,
		.device = device,
		.slot = slot->slot,
		.place = slot->place.file ? slot->place : whole,
		.order = occupants->count,
	};
	occupants->count++;
}

static int compare_slots(struct pci_slot a, struct pci_slot b)
{
	int first = a.bus << 16 | a.device << 8 | a.function;
	int second = b.bus << 16 | b.device << 8 | b.function;

	return (first > second) - (first < second);
}

static int compare(const void *a, const void *b)
{
	const struct occupant *first = a, *second = b;
	int order = compare_slots(first->slot, second->slot);

	return order ? order : (first->order > second->order) - (first->order < second->order);
}

static int gather(struct occupants *occupants, const struct plan *plan, const struct plan_vm *vm)
{
	const struct plan_region_user *user;
	const struct plan_region *region;
	size_t i;

	*occupants = (struct occupants){
		.list = calloc(vm->use_count + vm->device_count + 1, sizeof(*occupants->list)),
	};
	if (!occupants->list)
		return -ENOMEM;
	for (i = 0; i < vm->use_count; i++) {
		region = &plan->regions[vm->uses[i].region];
		user = &region->users[vm->uses[i].user];
		add(occupants, &user->slot, user->place, region, NULL);
	}
	for (i = 0; i < vm->device_count; i++)
		add(occupants, &vm->devices[i].slot, vm->devices[i].place, NULL, &vm->devices[i]);
	qsort(occupants->list, occupants->count, sizeof(*occupants->list), compare);
	return 0;
}

static void check_clashes(const struct occupants *occupants, const struct plan_vm *vm,
			  struct problems *problems)
{
	char first[WHAT_MAX], second[WHAT_MAX], slot[BDF_TEXT_MAX];
	char where[CHECKS_PLACE_TEXT_MAX];
	const struct occupant *before, *now;
	size_t i;

	for (i = 1; i < occupants->count; i++) {
		before = &occupants->list[i - 1];
		now = &occupants->list[i];
		if (!pci_slot_equal(before->slot, now->slot))
			continue;
		problems_add(problems, now->place,
			     "VM %s: %s is at slot %s, where %s is already%s: choose another slot, "
			     "or leave it empty",
			     plan_vm_name(vm), what(now, second),
			     bdf_text(now->slot, slot), what(before, first),
			     checks_place_text(before->place, where));
	}
}

/* What a device number is reserved for; NULL: it may be given. */
static const char *reserved_for(const struct occupant *occupant, enum plan_load_order load_order)
{
	if (occupant->slot.device == 0)
		return "the host bridge";
	if (load_order != PLAN_POST_LAUNCHED_VM)
		return NULL;
	switch (occupant->slot.device) {
	case 1:
		return "the ISA bridge";
	case SLOT_DISPLAY:
		return occupant->device && occupant->device->kind == PLAN_PASSTHROUGH ?
			       NULL :
			       "a display controller";
	case 31:
		return "a display controller's bridge";
	default:
		return NULL;
	}
}

static void check_reserved(const struct occupants *occupants, const struct plan_vm *vm,
			   struct problems *problems)
{
	char slot[BDF_TEXT_MAX], text[WHAT_MAX];
	const struct occupant *now;
	const char *reserved;

	for (now = occupants->list; now < occupants->list + occupants->count; now++) {
		bdf_text(now->slot, slot);
		if (now->slot.bus != 0) {
			problems_add(problems, now->place,
				     "VM %s: %s is at slot %s, and there is only bus 0: write "
				     "00:%s, or leave it empty",
				     plan_vm_name(vm), what(now, text), slot, slot + 3);
			continue;
		}
		reserved = reserved_for(now, vm->load_order);
		if (reserved)
			problems_add(problems, now->place,
				     "VM %s: %s is at slot %s, which is for %s: choose one from "
				     "00:03.0 to 00:1e.7, or leave it empty",
				     plan_vm_name(vm), what(now, text), slot, reserved);
	}
}

/*
 * Guests do not look behind a function 0 that is not there. Those without a slot will be put there,
 * so the first of these devices may be without.
 */
static void check_functions(const struct occupants *occupants, const struct plan_vm *vm,
			    struct problems *problems)
{
	char slot[BDF_TEXT_MAX], text[WHAT_MAX];
	const struct occupant *now, *before = NULL;
	size_t blank = occupants->blank;

	for (now = occupants->list; now < occupants->list + occupants->count; before = now++) {
		if (now->slot.bus != 0 || now->slot.function == 0 ||
		    (before && before->slot.bus == 0 && before->slot.device == now->slot.device))
			continue;
		if (now->slot.device >= SLOT_FIRST && now->slot.device <= SLOT_LAST && blank > 0) {
			blank--;
			continue;
		}
		problems_add(problems, now->place,
			     "VM %s: %s is at slot %s, but nothing is at 00:%02x.0: guests would "
			     "not find it; use that slot",
			     plan_vm_name(vm), what(now, text), bdf_text(now->slot, slot),
			     now->slot.device);
	}
}

/* --- the Service VM, which has the board's own bus -------------------------------------------- */

static int compare_devices(const void *a, const void *b)
{
	const struct plan_host_device *first = *(const struct plan_host_device *const *)a;
	const struct plan_host_device *second = *(const struct plan_host_device *const *)b;

	return compare_slots(first->slot, second->slot);
}

static int check_native(const struct occupants *occupants, const struct plan *plan,
			const struct plan_vm *vm, struct problems *problems)
{
	const void **devices = checks_sort(plan->board.devices, plan->board.device_count,
					   sizeof(*plan->board.devices), compare_devices);
	char slot[BDF_TEXT_MAX], text[WHAT_MAX];
	struct plan_host_device wanted = { 0 };
	const struct plan_host_device *key = &wanted;
	const struct occupant *now;

	if (!devices)
		return -ENOMEM;
	for (now = occupants->list; now < occupants->list + occupants->count; now++) {
		wanted.slot = now->slot;
		if (bsearch(&key, devices, plan->board.device_count, sizeof(*devices),
			    compare_devices))
			problems_add(problems, now->place,
				     "VM %s: %s is at slot %s, where the board has a device of its "
				     "own: choose another slot",
				     plan_vm_name(vm), what(now, text),
				     bdf_text(now->slot, slot));
	}
	free(devices);
	return 0;
}

static int check_vm(const struct plan *plan, const struct plan_vm *vm, struct problems *problems)
{
	struct occupants occupants;
	int ret;

	ret = gather(&occupants, plan, vm);
	if (ret < 0)
		return ret;
	check_clashes(&occupants, vm, problems);
	if (vm->load_order == PLAN_SERVICE_VM)
		ret = check_native(&occupants, plan, vm, problems);
	else
		check_reserved(&occupants, vm, problems);
	if (vm->load_order == PLAN_POST_LAUNCHED_VM)
		check_functions(&occupants, vm, problems);
	free(occupants.list);
	return ret;
}

int check_slots(const struct plan *plan, struct problems *problems)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < plan->vm_count && ret == 0; i++)
		ret = check_vm(plan, &plan->vms[i], problems);
	return ret;
}
