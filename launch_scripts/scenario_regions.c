/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions of shared memory. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/scenario_reading.h"
#include "launch_scripts/scenario_slot.h"
#include "lib/parse.h"

/* Far above what any device takes; the checks that follow name the sizes that there are. */
#define SIZE_MAX_MB (UINT64_C(1) << 40)

static struct plan_region *add_region(struct scenario_reading *reading, const xmlNode *node)
{
	struct plan_region *region = plan_add_region(reading->plan);

	if (region)
		region->place = xml_place(reading->scenario.file, node);
	else
		reading->scenario.ret = -ENOMEM;
	return region;
}

/* --- version 3: elements ---------------------------------------------------------------------- */

static void read_name(struct xml_reader *reader, struct plan_region *region, const xmlNode *node)
{
	const xmlNode *name = xml_child(node, "NAME");

	if (!xml_is_blank(name))
		region->name = xml_value(reader, name);
	else if (xml_attribute(node, "name", &region->name) < 0)
		reader->ret = -ENOMEM;
	if (region->name && !*region->name) {
		free(region->name);
		region->name = NULL;
	}
	if (!region->name && reader->ret == 0)
		xml_complain(reader, node, "region lacks NAME");
}

static void read_size(struct xml_reader *reader, struct plan_region *region, const xmlNode *node)
{
	const xmlNode *size = xml_child(node, "IVSHMEM_SIZE");

	if (xml_number(reader, size, false, 1, SIZE_MAX_MB, &region->size_mb))
		return;
	region->size_mb = 2;
	if (xml_is_blank(size))
		xml_complain(reader, node, "region %s lacks IVSHMEM_SIZE, in megabytes",
			     plan_region_name(region));
}

static void read_source(struct xml_reader *reader, struct plan_region *region, const xmlNode *node)
{
	static const struct xml_choice sources[] = {
		{ "Hypervisor", IVSHMEM_LAND_HV }, { "Device Model", IVSHMEM_LAND_DM }, { NULL, 0 },
	};
	const xmlNode *source = xml_child(node, "PROVIDED_BY");

	region->land = (enum ivshmem_land)xml_choose(reader, source, sources, IVSHMEM_LAND_DM);
	if (xml_is_blank(source))
		xml_complain(reader, node,
			     "region %s lacks PROVIDED_BY: Hypervisor or Device Model",
			     plan_region_name(region));
}

static const char *const user_single[] = { "VM_NAME", "VBDF", NULL };

static void read_user(struct xml_reader *reader, struct plan_region *region, const xmlNode *node)
{
	const xmlNode *name = xml_child(node, "VM_NAME");
	struct plan_region_user *user;

	if (xml_is_blank(name)) {
		xml_complain(reader, node,
			     "region %s: IVSHMEM_VM lacks VM_NAME: write a VM's name, "
			     "or take the element out",
			     plan_region_name(region));
		return;
	}
	user = plan_region_add_user(region);
	if (!user) {
		reader->ret = -ENOMEM;
		return;
	}
	xml_check_single(reader, node, user_single);
	user->place = xml_place(reader->file, node);
	user->vm_name = xml_value(reader, name);
	scenario_read_slot(reader, node, xml_child(node, "VBDF"), &user->slot);
}

static const char *const single[] = {
	"NAME", "PROVIDED_BY", "IVSHMEM_SIZE", "IVSHMEM_REGION_ID", "IVSHMEM_VECTORS",
	"IVSHMEM_VMS", NULL,
};

static void read_region_elements(struct scenario_reading *reading, const xmlNode *node)
{
	struct plan_region *region = add_region(reading, node);
	struct xml_reader *reader = &reading->scenario;
	const xmlNode *user;

	if (!region)
		return;
	xml_check_single(reader, node, single);
	read_name(reader, region, node);
	read_source(reader, region, node);
	read_size(reader, region, node);
	region->has_id = xml_number(reader, xml_child(node, "IVSHMEM_REGION_ID"), true, 0,
				    UINT64_MAX, &region->id);
	xml_number(reader, xml_child(node, "IVSHMEM_VECTORS"), false, 0, UINT64_MAX,
		   &region->vectors);
	xml_for_each(user, xml_child(node, "IVSHMEM_VMS"), "IVSHMEM_VM")
		read_user(reader, region, user);
}

/* --- version 2: text -------------------------------------------------------------------------- */

/* What is before the next separator in @rest, without white space around. */
static char *next_part(char **rest, char separator)
{
	const char separators[] = { separator, '\0' };
	char *part = strsep(rest, separators), *end;

	if (!part)
		return NULL;
	part += strspn(part, " \t\r\n");
	for (end = part + strlen(part); end > part && strchr(" \t\r\n", end[-1]); end--)
		;
	*end = '\0';
	return part;
}

static bool parse_land(const char *word, enum ivshmem_land *ret_land)
{
	if (strncmp(word, "hv:/", 4) == 0)
		*ret_land = IVSHMEM_LAND_HV;
	else if (strncmp(word, "dm:/", 4) == 0)
		*ret_land = IVSHMEM_LAND_DM;
	else
		return false;
	return word[4] != '\0';
}

bool scenario_parse_region(struct xml_reader *reader, const xmlNode *node, char *text,
			   struct plan_region *ret_region, char **ret_rest)
{
	struct plan_region region = { .place = xml_place(reader->file, node) };
	char quote[XML_QUOTE_MAX], *rest = text, *word, *size;

	xml_quote(text, quote);
	word = next_part(&rest, ',');
	size = next_part(&rest, ',');
	if (!parse_land(word, &region.land)) {
		xml_complain(reader, node, "region \"%s\": start it with hv:/NAME or dm:/NAME",
			     quote);
		return false;
	}
	if (!size || parse_decimal(size, SIZE_MAX_MB, &region.size_mb) < 0 || !region.size_mb) {
		xml_complain(reader, node, "region \"%s\": write its size in megabytes behind the "
			     "name and a comma", quote);
		return false;
	}
	region.name = strdup(word + 4);
	if (!region.name) {
		reader->ret = -ENOMEM;
		return false;
	}
	*ret_region = region;
	*ret_rest = rest;
	return true;
}

static void add_user_by_id(struct scenario_reading *reading, struct plan_region *region,
			   const xmlNode *node, const char *word)
{
	struct xml_reader *reader = &reading->scenario;
	const struct plan_vm *vm = NULL;
	struct plan_region_user *user;
	char quote[XML_QUOTE_MAX];
	uint64_t id;

	if (parse_decimal(word, UINT32_MAX, &id) == 0)
		vm = vm_index_by_id(&reading->vms, id);
	if (!vm) {
		xml_complain(reader, node,
			     "region %s: there is no VM with id \"%s\": write the ids "
			     "of VMs with colons between them (0:2)",
			     plan_region_name(region), xml_quote(word, quote));
		return;
	}
	/* That it has no name is told elsewhere. */
	if (!vm->name)
		return;
	user = plan_region_add_user(region);
	if (!user) {
		reader->ret = -ENOMEM;
		return;
	}
	user->place = user->slot.place = region->place;
	user->vm_name = strdup(vm->name);
	if (!user->vm_name)
		reader->ret = -ENOMEM;
}

static void read_region_line(struct scenario_reading *reading, const xmlNode *node, char *text)
{
	struct plan_region read, *region;
	char *ids, *id;

	if (!scenario_parse_region(&reading->scenario, node, text, &read, &ids))
		return;
	region = add_region(reading, node);
	if (!region) {
		free(read.name);
		return;
	}
	*region = read;
	if (!ids)
		xml_complain(&reading->scenario, node, "region %s: write the ids of the VMs behind "
			     "the size and a comma, with colons between them (0:2)", region->name);
	while (ids && (id = next_part(&ids, ':')))
		add_user_by_id(reading, region, node, id);
}

static void read_region_text(struct scenario_reading *reading, const xmlNode *node)
{
	char *text = xml_value(&reading->scenario, node);

	if (text)
		read_region_line(reading, node, text);
	free(text);
}

/* --- both ------------------------------------------------------------------------------------- */

void scenario_read_regions(struct scenario_reading *reading)
{
	static const struct xml_choice switches[] = {
		{ "y", true }, { "n", false }, { NULL, 0 },
	};
	const xmlNode *root = reading->scenario.file->root, *node;
	const xmlNode *ivshmem = xml_find(root, "hv/FEATURES/IVSHMEM");

	/* Only older files have the switch. */
	if (!xml_choose(&reading->scenario, xml_child(ivshmem, "IVSHMEM_ENABLED"), switches, true))
		return;
	xml_for_each(node, ivshmem, "IVSHMEM_REGION") {
		if (reading->scenario.ret < 0)
			return;
		if (xml_child(node, NULL) || xmlHasProp(node, (const xmlChar *)"name"))
			read_region_elements(reading, node);
		else if (!xml_is_blank(node))
			read_region_text(reading, node);
	}
}
