/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a scenario, a launch and a board file, with form feeds (which XML does not have)
 * between them. A refusal must say where and why in one line; a plan without problems must hold,
 * and a checked one give command lines that name each VM and use no slot twice.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/config/command_line.h"
#include "devicemodel/config/vm_config.h"
#include "hw/pci/device_classes.h"
#include "launch_scripts/board.h"
#include "launch_scripts/check.h"
#include "launch_scripts/launch_command.h"
#include "launch_scripts/scenario.h"
#include "launch_scripts/slots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
	if (!holds)
		abort();
}

/* The bytes up to the next form feed; *@rest is NULL behind the last ones. */
static const char *next_part(const char **rest, const char *end, size_t *size)
{
	const char *part = *rest, *feed;

	feed = part ? memchr(part, '\f', (size_t)(end - part)) : NULL;
	*rest = feed ? feed + 1 : NULL;
	*size = part ? (size_t)((feed ? feed : end) - part) : 0;
	return part;
}

/* Read one of the files; false: it is not there, or does not hold. */
static bool parse(struct xml_file *file, const char *name, const char *data, size_t size,
		  struct problems *problems)
{
	size_t before = problems->count;
	int ret;

	if (!data)
		return false;
	ret = xml_file_parse(file, name, data, size, problems);
	check((ret < 0) == (problems->count > before));
	check(ret < 0 || (file->root && xml_place(file, file->root).line > 0));
	return ret == 0;
}

static void check_problems(const struct problems *problems, size_t size)
{
	const struct problem *problem;
	size_t i;

	for (i = 0; i < problems->count; i++) {
		problem = &problems->list[i];
		check(problem->place.file != NULL);
		check(problem->place.line <= size + 1);
		check(problem->text[0] != '\0' && !strpbrk(problem->text, "\n\r\033"));
	}
}

static void check_slot(const struct plan_slot *slot)
{
	check(!slot->given || slot->placed);
	check(slot->slot.device < 32 && slot->slot.function < 8);
	check(slot->place.file != NULL);
}

static void check_vm(const struct plan_vm *vm)
{
	size_t i;

	check(vm->place.file != NULL);
	check(vm->load_order != PLAN_POST_LAUNCHED_VM || (vm->number > 0 && vm->memory_mb > 0));
	for (i = 0; i < vm->device_count; i++)
		check_slot(&vm->devices[i].slot);
	for (i = 0; i < vm->parameter_count; i++)
		check(vm->parameters[i] != NULL);
}

/* Also one with problems is filled with what holds. */
static void check_plan(const struct plan *plan)
{
	size_t i, j;

	for (i = 0; i < plan->vm_count; i++)
		check_vm(&plan->vms[i]);
	for (i = 0; i < plan->region_count; i++) {
		check(plan->regions[i].size_mb > 0 && plan->regions[i].place.file);
		for (j = 0; j < plan->regions[i].user_count; j++) {
			check(plan->regions[i].users[j].vm_name != NULL);
			check_slot(&plan->regions[i].users[j].slot);
		}
	}
	for (i = 1; i < plan->board.cpu_count; i++)
		check(plan->board.cpus[i - 1].id <= plan->board.cpus[i].id);
}

/* As acrn-dm reads it. */
static void check_command(const struct launch_command *command, const struct plan_vm *vm)
{
	char **argv = calloc(command->count + 2, sizeof(*argv)), program[] = "acrn-dm";
	const struct launch_word *word;
	struct vm_config config;
	enum command asked;
	size_t i, j;

	check(argv != NULL);
	argv[0] = program;
	for (i = 0; i < command->count; i++) {
		word = &command->words[i];
		check(word->is_code == (word->placeholder != NULL));
		argv[i + 1] = word->is_code ? word->placeholder : word->text;
	}
	vm_config_init(&config);
	check(command_line_parse((int)command->count + 1, argv, pci_device_classes, &config,
				 &asked, NULL) == 0);
	check(strcmp(config.name, vm->name) == 0);
	for (i = 0; i < config.device_count; i++)
		for (j = 0; j < i; j++)
			check(!pci_slot_equal(config.devices[i].slot, config.devices[j].slot));
	vm_config_fini(&config);
	free(argv);
}

static void make_command(const struct plan *plan, const struct plan_vm *vm,
			 enum launch_target target)
{
	struct launch_command command;
	struct error err = { "" };

	if (launch_command_make(plan, vm, target, &command, &err) == 0) {
		check_command(&command, vm);
		launch_command_fini(&command);
	} else {
		check(err.text[0] != '\0');
	}
}

/* Everything behind the readers. */
static void use_plan(struct plan *plan, enum launch_target target, size_t size)
{
	struct problems problems = { 0 };
	size_t i;

	plan_check(plan, &problems);
	plan_check_target(plan, target, &problems);
	check(place_slots(plan, &problems) == 0);
	check_problems(&problems, size);
	for (i = 0; i < plan->vm_count && problems.count == 0; i++)
		if (plan->vms[i].load_order == PLAN_POST_LAUNCHED_VM)
			make_command(plan, &plan->vms[i], target);
	problems_fini(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *rest = (const char *)data, *end = rest + size, *part;
	struct xml_file scenario = { 0 }, launch = { 0 }, board = { 0 };
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	bool has_scenario, has_launch;
	size_t length;
	int ret;

	part = next_part(&rest, end, &length);
	has_scenario = parse(&scenario, "scenario", part, length, &problems);
	part = next_part(&rest, end, &length);
	has_launch = parse(&launch, "launch", part, length, &problems);
	part = next_part(&rest, end, &length);
	if (parse(&board, "board", part, length, &problems)) {
		ret = board_read_xml(&plan, &board, &problems);
		check(ret == 0 || problems.count > 0);
	}
	if (has_scenario) {
		ret = scenario_read_xml(&plan, &scenario, has_launch ? &launch : NULL, &problems);
		check(ret == 0 || problems.count > 0);
	}
	check(plan_resolve(&plan) == 0);
	check_problems(&problems, size);
	check_plan(&plan);
	use_plan(&plan, size % 2 ? LAUNCH_KVM : LAUNCH_ACRN, size);
	plan_fini(&plan);
	problems_fini(&problems);
	xml_file_fini(&scenario);
	xml_file_fini(&launch);
	xml_file_fini(&board);
	return 0;
}
