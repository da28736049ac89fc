/* SPDX-License-Identifier: BSD-3-Clause */
/* Scenario files: which version they are of, what is the same in both, and in which order. */
#include "launch_scripts/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/scenario_reading.h"
#include "lib/util.h"

/* --- which file it is ------------------------------------------------------------------------- */

static bool is_board(const xmlNode *root)
{
	return xml_child(root, "BIOS_INFO") || xml_child(root, "processors");
}

static bool is_launch(const xmlNode *root)
{
	return xml_child(root, "user_vm") || xml_child(root, "uos");
}

static int check_scenario(const struct xml_reader *reader)
{
	const xmlNode *root = reader->file->root;
	char quote[XML_QUOTE_MAX];

	if (!xml_is(root, "acrn-config"))
		xml_complain(reader, root, "is no ACRN scenario: its root element is %s, not "
			     "acrn-config", xml_quote((const char *)root->name, quote));
	else if (is_launch(root))
		xml_complain(reader, root,
			     "is a launch file: name it with --launch, and a scenario "
			     "with --scenario");
	else if (is_board(root))
		xml_complain(reader, root, "is a board file: name it with --board, and a scenario "
			     "with --scenario");
	else if (!xml_child(root, "vm"))
		xml_complain(reader, root, "has no VMs: a scenario needs <vm> elements");
	else
		return 0;
	return -EINVAL;
}

static int check_launch(const struct xml_reader *reader)
{
	const xmlNode *root = reader->file->root;

	if (xml_is(root, "acrn-config") && is_launch(root))
		return 0;
	xml_complain(reader, root, "is no launch file: it has no <user_vm> in an <acrn-config>");
	return -EINVAL;
}

/* Whether the element's text starts with one of the words that version 2 puts in front of VM_. */
static bool is_v2_type(const xmlNode *type)
{
	static const char *const words[] = {
		"PRE_", "POST_", "SOS_", "SERVICE_", "SAFETY_", "KATA_",
	};
	const xmlNode *child;
	const char *text;
	size_t i;

	for (child = type ? type->children : NULL; child; child = child->next) {
		text = child->type == XML_TEXT_NODE ? (const char *)child->content : "";
		text += strspn(text, " \t\r\n");
		for (i = 0; i < ARRAY_SIZE(words); i++)
			if (strncmp(text, words[i], strlen(words[i])) == 0)
				return true;
	}
	return false;
}

bool scenario_is_v2(const struct xml_file *file)
{
	bool is_v2 = false;
	const xmlNode *vm;

	xml_for_each(vm, file->root, "vm") {
		if (xml_child(vm, "load_order"))
			return false;
		is_v2 |= is_v2_type(xml_child(vm, "vm_type"));
	}
	return is_v2;
}

/* --- the scenario as a whole ------------------------------------------------------------------ */

static void read_scheduler(struct scenario_reading *reading, const xmlNode *node)
{
	static const struct xml_choice schedulers[] = {
		{ "SCHED_NOOP", 1 }, { "SCHED_IORR", 2 }, { "SCHED_BVT", 3 },
		{ "SCHED_PRIO", 4 }, { NULL, 0 },
	};
	int choice = xml_choose(&reading->scenario, node, schedulers, 0);

	if (choice == 0)
		return;
	reading->plan->scheduler = strdup(schedulers[choice - 1].word);
	if (!reading->plan->scheduler)
		reading->scenario.ret = -ENOMEM;
}

static void check_board_name(struct scenario_reading *reading)
{
	const struct xml_reader *reader = &reading->scenario;
	char quote[XML_QUOTE_MAX], *board = NULL;

	if (xml_attribute(reader->file->root, "board", &board) < 0)
		reading->scenario.ret = -ENOMEM;
	if (board && *board && reading->plan->board.name &&
	    strcmp(board, reading->plan->board.name) != 0)
		xml_complain(reader, reader->file->root, "is for board \"%s\", but the board file "
			     "is of board %s: name the one that it was made for",
			     xml_quote(board, quote), reading->plan->board.name);
	free(board);
}

static const char *const root_single[] = { "hv", NULL };
static const char *const hv_single[] = { "FEATURES", "vuart_connections", NULL };
static const char *const features_single[] = { "SCHEDULER", "SSRAM", "PSRAM", "IVSHMEM", NULL };

static void read_whole(struct scenario_reading *reading)
{
	const xmlNode *root = reading->scenario.file->root;
	const xmlNode *features = xml_find(root, "hv/FEATURES");

	if (xml_attribute(root, "scenario", &reading->plan->scenario) < 0)
		reading->scenario.ret = -ENOMEM;
	xml_check_single(&reading->scenario, root, root_single);
	xml_check_single(&reading->scenario, xml_child(root, "hv"), hv_single);
	xml_check_single(&reading->scenario, features, features_single);
	check_board_name(reading);
	read_scheduler(reading, xml_child(features, "SCHEDULER"));
	reading->plan->ssram =
		xml_yes(&reading->scenario, xml_child(features, "SSRAM"), "SSRAM_ENABLED") ||
		xml_yes(&reading->scenario, xml_child(features, "PSRAM"), "PSRAM_ENABLED");
}

/* --- numbers of launch scripts ---------------------------------------------------------------- */

static const struct plan_vm *find_service_vm(struct scenario_reading *reading)
{
	const struct plan_vm *found = NULL, *vm = reading->plan->vms;

	for (; vm < reading->plan->vms + reading->plan->vm_count; vm++) {
		if (vm->load_order != PLAN_SERVICE_VM)
			continue;
		if (found)
			problems_add(reading->scenario.problems, vm->place,
				     "VM %s is a second Service VM beside VM %s: there can be only "
				     "one", plan_vm_name(vm), plan_vm_name(found));
		else
			found = vm;
	}
	return found;
}

/* @position is another one for each, and far from numbers that follow from ids. */
static unsigned int number_vm(struct scenario_reading *reading, const struct plan_vm *vm,
			      const struct plan_vm *service, unsigned int position)
{
	if (!service)
		problems_add(reading->scenario.problems, vm->place,
			     "VM %s is a post-launched one, but there is no Service VM that could "
			     "launch it: add one", plan_vm_name(vm));
	else if (vm->id <= service->id)
		problems_add(reading->scenario.problems, vm->place,
			     "VM %s has id %u, but post-launched VMs come after the Service VM, "
			     "whose id is %u: give it a higher one", plan_vm_name(vm), vm->id,
			     service->id);
	else
		return vm->id - service->id;
	return position;
}

static void number_vms(struct scenario_reading *reading)
{
	const struct plan_vm *service = find_service_vm(reading);
	struct plan_vm *vm = reading->plan->vms;
	unsigned int position = 1 << 20;

	for (; vm < reading->plan->vms + reading->plan->vm_count; vm++)
		if (vm->load_order == PLAN_POST_LAUNCHED_VM)
			vm->number = number_vm(reading, vm, service, position++);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* VMs that the file gives no name have had these ones ever since. */
static void name_vms(struct scenario_reading *reading)
{
	struct plan_vm *vm = reading->plan->vms;
	int length;

	for (; vm < reading->plan->vms + reading->plan->vm_count; vm++) {
		if (vm->name)
			continue;
		length = vm->load_order == PLAN_POST_LAUNCHED_VM ?
				 asprintf(&vm->name, "post_vm_id%u", vm->number) :
				 asprintf(&vm->name, "vm_id%u", vm->id);
		if (length < 0) {
			vm->name = NULL;
			reading->scenario.ret = -ENOMEM;
		}
	}
}

static int reading_result(const struct scenario_reading *reading)
{
	return reading->scenario.ret ? reading->scenario.ret : reading->launch.ret;
}

static int read_v3(struct scenario_reading *reading)
{
	scenario_v3_read_vms(reading);
	if (reading_result(reading) < 0)
		return reading_result(reading);
	number_vms(reading);
	reading->scenario.ret = vm_index_init(&reading->vms, reading->plan);
	if (reading_result(reading) == 0)
		scenario_read_regions(reading);
	if (reading_result(reading) == 0)
		scenario_read_vuarts(reading);
	if (reading_result(reading) == 0)
		scenario_v3_read_devices(reading);
	return reading_result(reading);
}

static int read_v2(struct scenario_reading *reading)
{
	scenario_v2_read_vms(reading);
	if (reading_result(reading) < 0)
		return reading_result(reading);
	number_vms(reading);
	launch_xml_read_vms(reading);
	name_vms(reading);
	launch_xml_check_vms(reading);
	if (reading_result(reading) == 0)
		reading->scenario.ret = vm_index_init(&reading->vms, reading->plan);
	if (reading_result(reading) == 0)
		scenario_read_regions(reading);
	if (reading_result(reading) == 0)
		launch_xml_read_regions(reading);
	return reading_result(reading);
}

int scenario_read_xml(struct plan *plan, const struct xml_file *file,
		      const struct xml_file *launch, struct problems *problems)
{
	struct scenario_reading reading = {
		.plan = plan,
		.scenario = { .file = file, .problems = problems },
		.launch = { .file = launch, .problems = problems },
	};
	bool is_v2;
	int ret;

	ret = check_scenario(&reading.scenario);
	if (ret < 0 || (launch && (ret = check_launch(&reading.launch)) < 0))
		return ret;
	is_v2 = scenario_is_v2(file);
	if (launch && !is_v2)
		xml_complain(&reading.launch, launch->root,
			     "is not needed: a scenario of version 3 "
			     "holds everything itself; leave --launch out");
	read_whole(&reading);
	ret = is_v2 ? read_v2(&reading) : read_v3(&reading);
	vm_index_fini(&reading.vms);
	return ret;
}

/* --- files ------------------------------------------------------------------------------------ */

static int read_file(struct plan *plan, const char *path, struct xml_file *ret_file,
		     struct problems *problems)
{
	const char *name = plan_add_file(plan, path);

	return name ? xml_file_read(ret_file, name, problems) : -ENOMEM;
}

int scenario_read(struct plan *plan, const char *path, const char *launch_path,
		  struct problems *problems)
{
	struct xml_file file = { 0 }, launch = { 0 };
	int ret, launch_ret = 0;

	/* Both, so that what is wrong with them is told at once. */
	ret = read_file(plan, path, &file, problems);
	if (launch_path)
		launch_ret = read_file(plan, launch_path, &launch, problems);
	if (ret == 0)
		ret = launch_ret;
	if (ret == 0)
		ret = scenario_read_xml(plan, &file, launch_path ? &launch : NULL, problems);
	xml_file_fini(&file);
	xml_file_fini(&launch);
	return ret;
}
