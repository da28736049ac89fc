/* SPDX-License-Identifier: BSD-3-Clause */
/* Adding regions to a scenario, taking them out, and changing them. */
#include "launch_scripts/region_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "launch_scripts/edit_arguments.h"
#include "launch_scripts/edit_session.h"
#include "launch_scripts/region_append.h"
#include "launch_scripts/region_list.h"
#include "lib/log.h"

/* --- add -------------------------------------------------------------------------------------- */

/* The text of a scenario that has the VMs of the command line, for a file that is yet to be. */
static char *make_scenario(const struct edit_arguments *args)
{
	struct vm_text *vms = calloc(args->user_count + 1, sizeof(*vms));
	char *text;
	size_t i;

	if (!vms)
		return NULL;
	for (i = 0; i < args->user_count; i++)
		vms[i] = (struct vm_text){
			.id = (unsigned int)i + 1,
			.name = args->users[i].vm_name,
			.memory_mb = VM_TEXT_MEMORY_MB,
			.parameters = args->parameters,
		};
	text = scenario_text(vms, args->user_count);
	free(vms);
	return text;
}

/* "dm:/NAME" says what --source says. Returns 0 or an exit status. */
static int settle_land(const struct edit_arguments *args, const struct region_key *key,
		       enum ivshmem_land *land)
{
	*land = args->given & EDIT_SOURCE ? args->land : IVSHMEM_LAND_DM;
	if (!key->has_land)
		return 0;
	if ((args->given & EDIT_SOURCE) && key->land != *land) {
		log_error(NULL, "region \"%s\": --source says otherwise", args->words[1]);
		return EX_USAGE;
	}
	*land = key->land;
	return 0;
}

static int run_add(const struct edit_arguments *args)
{
	const struct region_key key = region_key_of(args->words[1]);
	struct region_text region = {
		.name = key.name,
		.size_mb = args->size_mb,
		.has_id = args->given & EDIT_ID,
		.id = args->id,
		.vectors = args->vectors,
		.users = args->users,
		.user_count = args->user_count,
	};
	struct edit_session session;
	char *made;
	int ret, status;

	status = settle_land(args, &key, &region.land);
	if (status)
		return status;
	made = make_scenario(args);
	if (!made)
		return edit_session_fail(-ENOMEM);
	ret = edit_session_begin(&session, args->words[0], made);
	if (ret == 0 && args->parameters && !session.edit.made) {
		log_error(NULL, "--parameters is for the VMs of a new scenario, and %s exists:"
			  " \"vm set\" changes a VM", args->words[0]);
		edit_session_drop(&session);
		return EX_USAGE;
	}
	if (ret == 0)
		ret = regions_append(&session.edit.xml, &region, 1);
	return edit_session_end(&session, ret);
}

/* --- remove ----------------------------------------------------------------------------------- */

static int run_remove(const struct edit_arguments *args)
{
	struct edit_session session;
	xmlNode *region = NULL;
	int ret;

	ret = edit_session_begin(&session, args->words[0], NULL);
	if (ret == 0) {
		region = scenario_find_region(&session.edit, args->words[1], &session.problems);
		ret = region ? xml_edit_remove(&session.edit.xml, region) : -ENOENT;
	}
	return edit_session_end(&session, ret);
}

/* --- set -------------------------------------------------------------------------------------- */

/*
 * Elements that a region lacks are written together, behind the last of those that come before its
 * users: so a change to one that is there, and a new one, cannot get in each other's way.
 */
struct region_change {
	struct xml_edit *xml;
	xmlNode *region;
	struct xml_layout layout;
	struct xml_writer missing;
};

static int set_element(struct region_change *change, const char *name, const char *text)
{
	xmlNode *node = xml_child(change->region, name);

	if (node)
		return xml_edit_set_text(change->xml, node, text);
	xml_writer_leaf(&change->missing, name, text);
	return 0;
}

/* Without doorbells a region is as it is elsewhere too: without the element. */
static int set_vectors(struct region_change *change, uint64_t vectors)
{
	xmlNode *node = xml_child(change->region, "IVSHMEM_VECTORS");
	char text[NUMBER_TEXT_MAX];

	if (vectors)
		return set_element(change, "IVSHMEM_VECTORS", number_text(vectors, text));
	return node ? xml_edit_remove(change->xml, node) : 0;
}

static int set_elements(struct region_change *change, const struct edit_arguments *args)
{
	char text[NUMBER_TEXT_MAX];
	int ret = 0;

	if (args->given & EDIT_NAME)
		ret = set_element(change, "NAME", args->name);
	if (ret == 0 && (args->given & EDIT_SOURCE))
		ret = set_element(change, "PROVIDED_BY", land_element_text(args->land));
	if (ret == 0 && (args->given & EDIT_SIZE))
		ret = set_element(change, "IVSHMEM_SIZE", number_text(args->size_mb, text));
	if (ret == 0 && (args->given & EDIT_ID))
		ret = set_element(change, "IVSHMEM_REGION_ID", id_text(args->id, text));
	if (ret == 0 && (args->given & EDIT_VECTORS))
		ret = set_vectors(change, args->vectors);
	return ret;
}

/* Of those that stay; NULL: there is none. */
static xmlNode *last_before_users(const xmlNode *region, bool keeps_vectors)
{
	xmlNode *node, *last = NULL;

	xml_for_each(node, region, NULL)
		if (!xml_is(node, "IVSHMEM_VMS") &&
		    (keeps_vectors || !xml_is(node, "IVSHMEM_VECTORS")))
			last = node;
	return last;
}

static int insert_missing(struct region_change *change, const char *text, bool keeps_vectors)
{
	xmlNode *last = last_before_users(change->region, keeps_vectors);

	if (!*text)
		return 0;
	return last ? xml_edit_insert_after(change->xml, last, text)
		    : xml_edit_append(change->xml, change->region, text);
}

static int change_elements(struct scenario_edit *edit, xmlNode *region,
			   const struct edit_arguments *args)
{
	struct region_change change = { .xml = &edit->xml, .region = region };
	bool keeps_vectors = !(args->given & EDIT_VECTORS) || args->vectors;
	char *text;
	int ret;

	xml_edit_layout(&edit->xml, region, &change.layout);
	if (xml_writer_init(&change.missing, &change.layout) < 0)
		return -ENOMEM;
	ret = set_elements(&change, args);
	text = xml_writer_finish(&change.missing);
	if (ret == 0)
		ret = text ? insert_missing(&change, text, keeps_vectors) : -ENOMEM;
	free(text);
	return ret;
}

static bool is_removed(const struct edit_arguments *args, const xmlNode *user)
{
	size_t i;

	for (i = 0; i < args->removed_count; i++)
		if (node_has_text(xml_child(user, "VM_NAME"), args->removed[i]))
			return true;
	return false;
}

static bool has_user(const xmlNode *users, const char *vm)
{
	xmlNode *user;

	xml_for_each(user, users, "IVSHMEM_VM")
		if (node_has_text(xml_child(user, "VM_NAME"), vm))
			return true;
	return false;
}

static int remove_users(struct edit_session *session, const xmlNode *users,
			const struct edit_arguments *args)
{
	xmlNode *user;
	size_t i;
	int ret = 0;

	for (i = 0; i < args->removed_count; i++) {
		if (has_user(users, args->removed[i]))
			continue;
		problems_add(&session->problems, xml_place(&session->edit.xml.file, users),
			     "region %s has no VM \"%s\"", args->words[1], args->removed[i]);
		return -ENOENT;
	}
	xml_for_each(user, users, "IVSHMEM_VM")
		if (ret == 0 && is_removed(args, user))
			ret = xml_edit_remove(&session->edit.xml, user);
	return ret;
}

static int add_users(struct xml_edit *xml, xmlNode *region, const struct edit_arguments *args)
{
	xmlNode *users = xml_child(region, "IVSHMEM_VMS");
	struct xml_layout layout;
	struct xml_writer writer;
	char *text;
	size_t i;
	int ret;

	if (args->user_count == 0)
		return 0;
	xml_edit_layout(xml, users ? users : region, &layout);
	if (xml_writer_init(&writer, &layout) < 0)
		return -ENOMEM;
	if (!users)
		xml_writer_open(&writer, "IVSHMEM_VMS", "");
	for (i = 0; i < args->user_count; i++)
		region_user_write(&writer, &args->users[i]);
	if (!users)
		xml_writer_close(&writer, "IVSHMEM_VMS");
	text = xml_writer_finish(&writer);
	ret = text ? xml_edit_append(xml, users ? users : region, text) : -ENOMEM;
	free(text);
	return ret;
}

static int change_region(struct edit_session *session, const struct edit_arguments *args)
{
	xmlNode *region, *users;
	int ret;

	region = scenario_find_region(&session->edit, args->words[1], &session->problems);
	if (!region)
		return -ENOENT;
	users = xml_child(region, "IVSHMEM_VMS");
	if (args->given & EDIT_NAME)
		scenario_edit_renamed(&session->edit, args->words[1], args->name);
	ret = change_elements(&session->edit, region, args);
	if (ret == 0)
		ret = remove_users(session, users ? users : region, args);
	if (ret == 0)
		ret = add_users(&session->edit.xml, region, args);
	return ret;
}

static int run_set(const struct edit_arguments *args)
{
	struct edit_session session;
	int ret;

	if (!args->given) {
		log_error(NULL, "region set: nothing is to be changed");
		return EX_USAGE;
	}
	ret = edit_session_begin(&session, args->words[0], NULL);
	if (ret == 0)
		ret = change_region(&session, args);
	return edit_session_end(&session, ret);
}

/* --- all -------------------------------------------------------------------------------------- */

static int run_list(const struct edit_arguments *args)
{
	return region_list(args->words[0], args->launch, args->given & EDIT_JSON);
}

static const struct edit_command commands[] = {
	{ "list", "list [--json] [--launch=LAUNCH.xml] FILE",
	  "the regions of a scenario, of version 2 together with its launch file",
	  EDIT_JSON | EDIT_LAUNCH, 0, 1, run_list },
	{ "add",
	  "add FILE NAME --size=MB [--source=device-model|hypervisor] [--id=N] [--vectors=N]"
	  " --vm=NAME[@VBDF]... [--parameters=TEXT]",
	  "a new region; a FILE that does not exist is made, with these VMs", EDIT_SIZE |
	  EDIT_SOURCE | EDIT_ID | EDIT_VECTORS | EDIT_VM | EDIT_PARAMETERS, EDIT_SIZE | EDIT_VM, 2,
	  run_add },
	{ "remove", "remove FILE NAME", "take a region out", 0, 0, 2, run_remove },
	{ "set",
	  "set FILE NAME [--name=NEW] [--size=MB] [--source=device-model|hypervisor] [--id=N]"
	  " [--vectors=N] [--add-vm=NAME[@VBDF]]... [--remove-vm=NAME]...",
	  "change a region", EDIT_NAME | EDIT_SIZE | EDIT_SOURCE | EDIT_ID | EDIT_VECTORS |
	  EDIT_ADD_VM | EDIT_REMOVE_VM, 0, 2, run_set },
	{ 0 },
};

int region_main(int argc, char **argv)
{
	return edit_main("region", commands, argc, argv);
}
