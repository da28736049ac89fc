/* SPDX-License-Identifier: BSD-3-Clause */
/* Carrying the slots that the plan was given back into the file. */
#include "launch_scripts/scenario_places.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/bdf.h"
#include "launch_scripts/plan.h"
#include "launch_scripts/plan_from_text.h"
#include "launch_scripts/scenario_nodes.h"
#include "launch_scripts/slot_map.h"
#include "launch_scripts/slots.h"
#include "launch_scripts/xml_edit.h"

static struct plan_slot *slot_of_use(struct plan *plan, const struct plan_use *use)
{
	return &plan->regions[use->region].users[use->user].slot;
}

/* As place_slots() does for those that have a script. */
static void place_pre_launched(struct plan *plan, struct plan_vm *vm)
{
	struct slot_map map = { { 0 } };
	struct plan_slot *slot;
	size_t i;

	for (i = 0; i < vm->use_count; i++) {
		slot = slot_of_use(plan, &vm->uses[i]);
		if (slot->placed && slot->slot.bus == 0)
			slot_map_take(&map, slot->slot);
	}
	for (i = 0; i < vm->use_count; i++) {
		slot = slot_of_use(plan, &vm->uses[i]);
		if (slot->placed || !slot_map_find(&map, &slot->slot))
			continue;
		slot->placed = true;
		slot_map_take(&map, slot->slot);
	}
}

static int make_plan(struct plan *plan, const char *text, size_t size)
{
	struct problems problems = { 0 };
	size_t i;
	int ret;

	ret = plan_read_text(plan, "scenario", text, size, &problems);
	if (ret == 0)
		ret = place_slots(plan, &problems);
	for (i = 0; i < plan->vm_count && ret == 0; i++)
		if (plan->vms[i].load_order == PLAN_PRE_LAUNCHED_VM)
			place_pre_launched(plan, &plan->vms[i]);
	problems_fini(&problems);
	return ret;
}

static bool is_blank(const xmlNode *node)
{
	return node_has_text(node, "");
}

/*
 * The next user of that name that got a slot and has not been written yet; where a file names a
 * region or a VM twice, both have the same order.
 */
static struct plan_slot *find_slot_in(struct plan_region *region, const char *vm)
{
	struct plan_region_user *user;
	size_t i;

	for (i = 0; i < region->user_count; i++) {
		user = &region->users[i];
		if (user->slot.placed && !user->slot.given && user->vm_name &&
		    !strcmp(user->vm_name, vm))
			return &user->slot;
	}
	return NULL;
}

static struct plan_slot *find_slot(struct plan *plan, const struct region_key *key, const char *vm)
{
	struct plan_region *region;
	struct plan_slot *slot = NULL;
	size_t i;

	for (i = 0; i < plan->region_count && !slot; i++) {
		region = &plan->regions[i];
		if (region->land == key->land && region->name && !strcmp(region->name, key->name))
			slot = find_slot_in(region, vm);
	}
	return slot;
}

static int write_place(struct xml_edit *edit, const xmlNode *user, struct pci_slot slot)
{
	const xmlNode *node = xml_child(user, "VBDF");
	char vbdf[BDF_TEXT_MAX], *text;
	struct xml_layout layout;
	struct xml_writer writer;
	int ret;

	bdf_text(slot, vbdf);
	if (node)
		return xml_edit_set_text(edit, node, vbdf);
	xml_edit_layout(edit, user, &layout);
	if (xml_writer_init(&writer, &layout) < 0)
		return -ENOMEM;
	xml_writer_leaf(&writer, "VBDF", vbdf);
	text = xml_writer_finish(&writer);
	ret = text ? xml_edit_append(edit, user, text) : -ENOMEM;
	free(text);
	return ret;
}

static int fill_user(struct xml_edit *edit, struct plan *plan, const struct region_key *key,
		     const xmlNode *user)
{
	char *vm = xml_text(xml_child(user, "VM_NAME"));
	struct plan_slot *slot;
	int ret = vm ? 0 : -ENOMEM;

	if (vm && is_blank(xml_child(user, "VBDF"))) {
		slot = find_slot(plan, key, vm);
		if (slot) {
			slot->given = true;
			ret = write_place(edit, user, slot->slot);
		}
	}
	free(vm);
	return ret;
}

static int fill_region(struct xml_edit *edit, struct plan *plan, const xmlNode *region)
{
	char *name = region_node_name(region);
	struct region_key key = { name, true, region_node_land(region) };
	int ret = name ? 0 : -ENOMEM;
	xmlNode *user;

	xml_for_each(user, xml_child(region, "IVSHMEM_VMS"), "IVSHMEM_VM")
		if (ret == 0)
			ret = fill_user(edit, plan, &key, user);
	free(name);
	return ret;
}

static int fill_all(struct xml_edit *edit, struct plan *plan)
{
	xmlNode *region;
	int ret = 0;

	xml_for_each(region, scenario_regions(edit->file.root), "IVSHMEM_REGION")
		if (ret == 0)
			ret = fill_region(edit, plan, region);
	return ret;
}

int scenario_fill_places(const char *text, size_t size, char **ret_text, size_t *ret_size)
{
	struct problems problems = { 0 };
	struct xml_edit edit = { 0 };
	struct plan plan = { 0 };
	int ret;

	ret = make_plan(&plan, text, size);
	if (ret == 0)
		ret = xml_edit_init(&edit, "scenario", text, size, &problems);
	if (ret == 0)
		ret = fill_all(&edit, &plan);
	if (ret == 0)
		ret = xml_edit_apply(&edit, ret_text, ret_size);
	xml_edit_fini(&edit);
	plan_fini(&plan);
	problems_fini(&problems);
	return ret;
}
