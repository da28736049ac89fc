/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a scenario, a launch and a board file, with form feeds (which XML does not have)
 * between them. A refusal must say where and why in one line; a plan without problems must hold.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/board.h"
#include "launch_scripts/scenario.h"

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
	plan_fini(&plan);
	problems_fini(&problems);
	xml_file_fini(&scenario);
	xml_file_fini(&launch);
	xml_file_fini(&board);
	return 0;
}
