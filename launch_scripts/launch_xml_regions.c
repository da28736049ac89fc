/* SPDX-License-Identifier: BSD-3-Clause */
/* The regions that launch files let VMs use. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/launch_numbers.h"
#include "launch_scripts/region_index.h"
#include "launch_scripts/scenario_reading.h"
#include "lib/parse.h"

/* Regions of the plan, and those of them that the VM at hand has asked for. */
struct asking {
	struct region_index all, seen;
};

static void add_user(struct xml_reader *reader, struct plan_region *region,
		     const struct plan_vm *vm, const xmlNode *node)
{
	struct plan_region_user *user = plan_region_add_user(region);

	if (!user) {
		reader->ret = -ENOMEM;
		return;
	}
	user->place = user->slot.place = xml_place(reader->file, node);
	user->vm_name = strdup(plan_vm_name(vm));
	if (!user->vm_name)
		reader->ret = -ENOMEM;
}

/* Behind the users that the scenario lists are those that have asked, which they do once each. */
static bool is_listed(const struct scenario_reading *reading, const struct plan_region *region,
		      const struct plan_vm *vm)
{
	const char *file = reading->scenario.file->name;
	size_t i;

	for (i = 0; i < region->user_count && region->users[i].place.file == file; i++)
		if (strcmp(region->users[i].vm_name, plan_vm_name(vm)) == 0)
			return true;
	return false;
}

/* The hypervisor lets in who the scenario lists; the device model lets in who asks. */
static void join_region(struct scenario_reading *reading, struct asking *asking, size_t position,
			const struct plan_region *asked, const struct plan_vm *vm,
			const xmlNode *node)
{
	struct plan_region *region = &reading->plan->regions[position];

	if (region_index_add(&asking->seen, region->land, region->name, position) < 0)
		reading->launch.ret = -ENOMEM;
	if (region->size_mb != asked->size_mb)
		xml_complain(&reading->launch, node, "region %s: VM %s says %" PRIu64 " MB, others "
			     "%" PRIu64 ": write the same size everywhere", region->name,
			     plan_vm_name(vm), asked->size_mb, region->size_mb);
	if (asked->has_id && region->has_id && asked->id != region->id)
		xml_complain(&reading->launch, node, "region %s: VM %s says id %" PRIu64 ", others "
			     "%" PRIu64 ": write the same id everywhere", region->name,
			     plan_vm_name(vm), asked->id, region->id);
	if (asked->has_id && !region->has_id) {
		region->has_id = true;
		region->id = asked->id;
	}
	if (is_listed(reading, region, vm))
		return;
	if (region->land == IVSHMEM_LAND_HV)
		xml_complain(&reading->launch, node, "region hv:/%s: the scenario does not list VM "
			     "%s: add its id %u there", region->name, plan_vm_name(vm), vm->id);
	else
		add_user(&reading->launch, region, vm, node);
}

static void make_region(struct scenario_reading *reading, struct asking *asking,
			struct plan_region *asked, const struct plan_vm *vm, const xmlNode *node)
{
	struct plan_region *region;
	size_t position;

	if (asked->land == IVSHMEM_LAND_HV) {
		xml_complain(&reading->launch, node, "region hv:/%s is not in the scenario: add it "
			     "there, with the ids of its VMs", asked->name);
		return;
	}
	region = plan_add_region(reading->plan);
	if (!region) {
		reading->launch.ret = -ENOMEM;
		return;
	}
	*region = *asked;
	asked->name = NULL;
	position = reading->plan->region_count - 1;
	if (region_index_add(&asking->all, region->land, region->name, position) < 0 ||
	    region_index_add(&asking->seen, region->land, region->name, position) < 0)
		reading->launch.ret = -ENOMEM;
	add_user(&reading->launch, region, vm, node);
}

/* "hv:/name, 2", and the id that the device model takes too. */
static void read_region(struct scenario_reading *reading, struct asking *asking,
			const struct plan_vm *vm, const xmlNode *node, char *text)
{
	struct xml_reader *reader = &reading->launch;
	struct plan_region asked;
	char *rest;
	size_t found;

	if (!scenario_parse_region(reader, node, text, &asked, &rest))
		return;
	if (rest) {
		rest += strspn(rest, " \t\r\n");
		asked.has_id = parse_number(rest, UINT64_MAX, &asked.id) == 0;
		if (!asked.has_id)
			xml_complain(reader, node, "region %s: what stands behind its size is no "
				     "number", asked.name);
	}
	if (region_index_find(&asking->seen, asked.land, asked.name, &found))
		xml_complain(reader, node, "region %s is listed twice for VM %s: take one out",
			     asked.name, plan_vm_name(vm));
	else if (region_index_find(&asking->all, asked.land, asked.name, &found))
		join_region(reading, asking, found, &asked, vm, node);
	else
		make_region(reading, asking, &asked, vm, node);
	free(asked.name);
}

static void read_regions(struct scenario_reading *reading, struct asking *asking,
			 const struct plan_vm *vm, const xmlNode *shm_regions)
{
	const xmlNode *node;
	char *text;

	xml_for_each(node, shm_regions, "shm_region") {
		if (xml_is_blank(node))
			continue;
		text = xml_value(&reading->launch, node);
		if (text)
			read_region(reading, asking, vm, node, text);
		free(text);
	}
}

void launch_xml_read_regions(struct scenario_reading *reading)
{
	struct launch_numbers *numbers = launch_numbers_new(reading);
	struct asking asking = { { NULL }, { NULL } };
	const struct plan_vm *vm;
	const xmlNode *node;

	if (region_index_init(&asking.all, reading->plan) < 0)
		reading->launch.ret = -ENOMEM;
	for (node = launch_numbers_first(reading); node && reading->launch.ret == 0;
	     node = launch_numbers_next(node)) {
		vm = launch_numbers_find(reading, numbers, node, false);
		if (vm)
			read_regions(reading, &asking, vm, xml_child(node, "shm_regions"));
		region_index_fini(&asking.seen);
	}
	region_index_fini(&asking.all);
	free(numbers);
}
