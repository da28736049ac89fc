/* SPDX-License-Identifier: BSD-3-Clause */
/* The little that a scenario's VMs need so that regions can be had without an editor. */
#include "launch_scripts/vm_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "launch_scripts/edit_arguments.h"
#include "launch_scripts/edit_session.h"
#include "lib/log.h"
#include "lib/parse.h"

/* --- add -------------------------------------------------------------------------------------- */

/* One above the highest that there is; VMs without one are counted by their position. */
static int next_id(const xmlNode *root, unsigned int *ret_id)
{
	unsigned int next = 0, position = 0;
	uint64_t id;
	char *text;
	xmlNode *vm;

	xml_for_each(vm, root, "vm") {
		if (xml_attribute(vm, "id", &text) < 0)
			return -ENOMEM;
		if (!text || parse_decimal(text, UINT16_MAX, &id) < 0)
			id = position;
		free(text);
		if (id >= next)
			next = (unsigned int)id + 1;
		position++;
	}
	*ret_id = next;
	return 0;
}

static int append_vm(struct xml_edit *xml, const struct edit_arguments *args)
{
	struct vm_text vm = {
		.name = args->words[1],
		.memory_mb = args->given & EDIT_MEMORY ? args->memory_mb : VM_TEXT_MEMORY_MB,
		.parameters = args->parameters,
	};
	struct xml_layout layout;
	struct xml_writer writer;
	char *text;
	int ret;

	ret = next_id(xml->file.root, &vm.id);
	if (ret < 0)
		return ret;
	xml_edit_layout(xml, xml->file.root, &layout);
	if (xml_writer_init(&writer, &layout) < 0)
		return -ENOMEM;
	vm_write(&writer, &vm);
	text = xml_writer_finish(&writer);
	ret = text ? xml_edit_append(xml, xml->file.root, text) : -ENOMEM;
	free(text);
	return ret;
}

static int run_add(const struct edit_arguments *args)
{
	struct edit_session session;
	char *made = scenario_text(NULL, 0);
	int ret;

	if (!made)
		return edit_session_fail(-ENOMEM);
	ret = edit_session_begin(&session, args->words[0], made);
	if (ret == 0)
		ret = append_vm(&session.edit.xml, args);
	return edit_session_end(&session, ret);
}

/* --- set -------------------------------------------------------------------------------------- */

/* A new element behind what the VM has; @parent NULL: right in it. */
static int append_element(struct xml_edit *xml, xmlNode *vm, const char *parent, const char *name,
			  const char *value)
{
	struct xml_layout layout;
	struct xml_writer writer;
	xmlNode *last = NULL, *node;
	char *text;
	int ret;

	xml_edit_layout(xml, vm, &layout);
	if (xml_writer_init(&writer, &layout) < 0)
		return -ENOMEM;
	if (parent)
		xml_writer_open(&writer, parent, "");
	xml_writer_leaf(&writer, name, value);
	if (parent)
		xml_writer_close(&writer, parent);
	text = xml_writer_finish(&writer);
	xml_for_each(node, vm, NULL)
		last = node;
	if (!text)
		return -ENOMEM;
	ret = last ? xml_edit_insert_after(xml, last, text) : xml_edit_append(xml, vm, text);
	free(text);
	return ret;
}

static int set_memory(struct xml_edit *xml, xmlNode *vm, uint64_t memory_mb)
{
	xmlNode *memory = xml_child(vm, "memory"), *size = xml_child(memory, "size");
	char number[NUMBER_TEXT_MAX];

	number_text(memory_mb, number);
	if (size)
		return xml_edit_set_text(xml, size, number);
	return append_element(xml, memory ? memory : vm, memory ? NULL : "memory", "size", number);
}

static int set_parameters(struct xml_edit *xml, xmlNode *vm, const char *parameters)
{
	xmlNode *node = xml_child(vm, "customized_parameters");

	if (node)
		return xml_edit_set_text(xml, node, parameters);
	if (!*parameters)
		return 0;
	return append_element(xml, vm, NULL, "customized_parameters", parameters);
}

static int change_vm(struct edit_session *session, const struct edit_arguments *args)
{
	struct xml_edit *xml = &session->edit.xml;
	xmlNode *vm = scenario_find_vm(&session->edit, args->words[1], &session->problems);
	int ret = 0;

	if (!vm)
		return -ENOENT;
	if (!node_has_text(xml_child(vm, "load_order"), "POST_LAUNCHED_VM")) {
		problems_add(&session->problems, xml_place(&xml->file, vm),
			     "VM %s is not launched by a script: only POST_LAUNCHED_VMs have memory"
			     " and parameters to set here", args->words[1]);
		return -EINVAL;
	}
	if (args->given & EDIT_MEMORY)
		ret = set_memory(xml, vm, args->memory_mb);
	if (ret == 0 && (args->given & EDIT_PARAMETERS))
		ret = set_parameters(xml, vm, args->parameters);
	return ret;
}

static int run_set(const struct edit_arguments *args)
{
	struct edit_session session;
	int ret;

	if (!args->given) {
		log_error(NULL, "vm set: nothing is to be changed");
		return EX_USAGE;
	}
	ret = edit_session_begin(&session, args->words[0], NULL);
	if (ret == 0)
		ret = change_vm(&session, args);
	return edit_session_end(&session, ret);
}

/* --- rename ----------------------------------------------------------------------------------- */

static int rename_node(struct xml_edit *xml, const xmlNode *node, const struct edit_arguments *args)
{
	return node_has_text(node, args->words[1]) ?
	       xml_edit_set_text(xml, node, args->words[2]) : 0;
}

static int rename_in_regions(struct xml_edit *xml, const struct edit_arguments *args)
{
	xmlNode *region, *user;
	int ret = 0;

	xml_for_each(region, scenario_regions(xml->file.root), "IVSHMEM_REGION")
		xml_for_each(user, xml_child(region, "IVSHMEM_VMS"), "IVSHMEM_VM")
			if (ret == 0)
				ret = rename_node(xml, xml_child(user, "VM_NAME"), args);
	return ret;
}

/* Serial lines between VMs name them, too. */
static int rename_in_connections(struct xml_edit *xml, const struct edit_arguments *args)
{
	xmlNode *connection, *endpoint;
	int ret = 0;

	xml_for_each(connection, xml_find(xml->file.root, "hv/vuart_connections"),
		     "vuart_connection")
		xml_for_each(endpoint, connection, "endpoint")
			if (ret == 0)
				ret = rename_node(xml, xml_child(endpoint, "vm_name"), args);
	return ret;
}

static int run_rename(const struct edit_arguments *args)
{
	struct edit_session session;
	struct xml_edit *xml = &session.edit.xml;
	xmlNode *vm;
	int ret;

	ret = edit_session_begin(&session, args->words[0], NULL);
	if (ret == 0) {
		vm = scenario_find_vm(&session.edit, args->words[1], &session.problems);
		scenario_edit_renamed(&session.edit, args->words[1], args->words[2]);
		ret = vm ? rename_node(xml, xml_child(vm, "name"), args) : -ENOENT;
	}
	if (ret == 0)
		ret = rename_in_regions(xml, args);
	if (ret == 0)
		ret = rename_in_connections(xml, args);
	return edit_session_end(&session, ret);
}

/* --- all -------------------------------------------------------------------------------------- */

static const struct edit_command commands[] = {
	{ "add", "add FILE NAME [--memory=MB] [--parameters=TEXT]",
	  "a new post-launched VM; a FILE that does not exist is made",
	  EDIT_MEMORY | EDIT_PARAMETERS, 0, 2, run_add },
	{ "set", "set FILE NAME [--memory=MB] [--parameters=TEXT]",
	  "change a post-launched VM's memory, or its further parameters for acrn-dm",
	  EDIT_MEMORY | EDIT_PARAMETERS, 0, 2, run_set },
	{ "rename", "rename FILE OLD NEW",
	  "rename a VM, in regions and serial connections too", 0, 0, 3, run_rename },
	{ 0 },
};

int vm_main(int argc, char **argv)
{
	return edit_main("vm", commands, argc, argv);
}
