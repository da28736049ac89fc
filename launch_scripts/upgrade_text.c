/* SPDX-License-Identifier: BSD-3-Clause */
/* All of an upgrade but its command line: regions, and each VM. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/region_append.h"
#include "launch_scripts/scenario_nodes.h"
#include "launch_scripts/upgrade.h"
#include "launch_scripts/upgrade_vm.h"
#include "lib/parse.h"

/* --- regions ---------------------------------------------------------------------------------- */

static size_t count_users(const struct plan *plan)
{
	size_t i, count = 0;

	for (i = 0; i < plan->region_count; i++)
		count += plan->regions[i].user_count;
	return count;
}

static struct region_user_text user_text(const struct plan_region_user *user)
{
	return (struct region_user_text){
		.vm_name = user->vm_name ? user->vm_name : "",
		.has_slot = user->slot.given,
		.slot = user->slot.slot,
	};
}

/* @texts and @users have room for all of the plan. */
static void fill_texts(const struct plan *plan, struct region_text *texts,
		       struct region_user_text *users)
{
	const struct plan_region *region;
	size_t i, j;

	for (i = 0; i < plan->region_count; i++) {
		region = &plan->regions[i];
		texts[i] = (struct region_text){
			.name = region->name ? region->name : "",
			.land = region->land,
			.size_mb = region->size_mb,
			.has_id = region->has_id,
			.id = region->id,
			.vectors = region->vectors,
			.users = users,
			.user_count = region->user_count,
		};
		for (j = 0; j < region->user_count; j++)
			*users++ = user_text(&region->users[j]);
	}
}

static int append_regions(struct upgrade *upgrade)
{
	const struct plan *plan = upgrade->plan;
	struct region_user_text *users = calloc(count_users(plan) + 1, sizeof(*users));
	struct region_text *texts = calloc(plan->region_count + 1, sizeof(*texts));
	int ret = -ENOMEM;

	if (texts && users) {
		fill_texts(plan, texts, users);
		ret = regions_append(&upgrade->xml, texts, plan->region_count);
	}
	free(texts);
	free(users);
	return ret;
}

/* The switch was off: what stands there was not in use. */
static void note_unused(struct upgrade *upgrade, const xmlNode *list)
{
	const xmlNode *region;

	if (!node_has_text(xml_child(list, "IVSHMEM_ENABLED"), "n"))
		return;
	xml_for_each(region, list, "IVSHMEM_REGION")
		if (!node_has_text(region, ""))
			upgrade_note(upgrade, &upgrade->xml.file, region, "IVSHMEM_ENABLED is n");
}

/* Lines of text become elements; those of the launch file come to them. */
static int upgrade_regions(struct upgrade *upgrade)
{
	const xmlNode *list = scenario_regions(upgrade->xml.file.root), *node;
	int ret = 0;

	note_unused(upgrade, list);
	xml_for_each(node, list, NULL)
		if (ret == 0 && (xml_is(node, "IVSHMEM_ENABLED") || xml_is(node, "IVSHMEM_REGION")))
			ret = xml_edit_remove(&upgrade->xml, node);
	if (ret < 0 || upgrade->plan->region_count == 0)
		return ret;
	return append_regions(upgrade);
}

/* --- VMs -------------------------------------------------------------------------------------- */

/* The launch file's element of the VM with that number; NULL: there is none. */
static const xmlNode *find_user_vm(const struct upgrade *upgrade, unsigned int number)
{
	const xmlNode *node;
	uint64_t id;
	char *text;

	if (!upgrade->launch)
		return NULL;
	xml_for_each(node, upgrade->launch->root, NULL) {
		text = NULL;
		if ((xml_is(node, "user_vm") || xml_is(node, "uos")) &&
		    xml_attribute(node, "id", &text) == 0 && text &&
		    parse_decimal(text, UINT32_MAX, &id) == 0 && id == number) {
			free(text);
			return node;
		}
		free(text);
	}
	return NULL;
}

/* The plan has a VM for each element, in order. */
static int upgrade_vms(struct upgrade *upgrade)
{
	const struct plan_vm *vm = upgrade->plan->vms;
	const xmlNode *user_vm;
	xmlNode *node;
	int ret = 0;

	xml_for_each(node, upgrade->xml.file.root, "vm") {
		if (ret < 0)
			break;
		if (vm == upgrade->plan->vms + upgrade->plan->vm_count)
			return -EINVAL;
		user_vm = vm->load_order == PLAN_POST_LAUNCHED_VM ?
			  find_user_vm(upgrade, vm->number) : NULL;
		ret = upgrade_vm(upgrade, node, vm, user_vm);
		vm++;
	}
	return ret;
}

int upgrade_text(const char *name, const char *text, size_t size, const struct xml_file *launch,
		 const struct plan *plan, struct problems *notes, char **ret_text,
		 size_t *ret_size)
{
	struct upgrade upgrade = { .launch = launch, .plan = plan, .notes = notes };
	int ret;

	ret = xml_edit_init(&upgrade.xml, name, text, size, notes);
	if (ret < 0)
		return ret;
	ret = upgrade_vuarts(&upgrade.xml, plan, &upgrade.pairs);
	if (ret == 0)
		ret = upgrade_regions(&upgrade);
	if (ret == 0)
		ret = upgrade_vms(&upgrade);
	if (ret == 0)
		ret = xml_edit_apply(&upgrade.xml, ret_text, ret_size);
	vuart_pairs_fini(&upgrade.pairs);
	xml_edit_fini(&upgrade.xml);
	return ret;
}
