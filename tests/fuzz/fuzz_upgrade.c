/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scenarios of version 2 of unknown origin: what can be read without a problem can be upgraded, and
 * what comes out is of version 3 and has the same VMs, and the same regions with the same users.
 * The text of a launch file may follow, behind a byte 0.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/plan_from_text.h"
#include "launch_scripts/scenario.h"
#include "launch_scripts/scenario_places.h"
#include "launch_scripts/upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
	if (!condition)
		abort();
}

static void must_equal(const char *first, const char *second)
{
	must((first == NULL) == (second == NULL));
	must(!first || strcmp(first, second) == 0);
}

static void compare_vms(const struct plan_vm *old, const struct plan_vm *new)
{
	size_t i;

	must(old->id == new->id && old->number == new->number);
	must_equal(old->name, new->name);
	must(old->load_order == new->load_order && old->type == new->type);
	must(old->lapic_passthrough == new->lapic_passthrough);
	must(old->io_polling == new->io_polling && old->secure_world == new->secure_world);
	if (old->load_order != PLAN_POST_LAUNCHED_VM)
		return;
	must(old->windows == new->windows && old->memory_mb == new->memory_mb);
	must(old->ovmf == new->ovmf && old->com1_stdio == new->com1_stdio);
	must(old->cpu_count == new->cpu_count);
	for (i = 0; i < old->cpu_count; i++)
		must(old->cpus[i] == new->cpus[i]);
	must(old->parameter_count == new->parameter_count);
	for (i = 0; i < old->parameter_count; i++)
		must_equal(old->parameters[i], new->parameters[i]);
}

static void compare_regions(const struct plan_region *old, const struct plan_region *new)
{
	size_t i;

	must_equal(old->name, new->name);
	must(old->land == new->land && old->size_mb == new->size_mb);
	must(old->id == new->id && old->vectors == new->vectors);
	must(old->user_count == new->user_count);
	for (i = 0; i < old->user_count; i++)
		must_equal(old->users[i].vm_name, new->users[i].vm_name);
}

static void compare(const struct plan *old, const struct plan *new)
{
	size_t i;

	must(old->vm_count == new->vm_count);
	for (i = 0; i < old->vm_count; i++)
		compare_vms(&old->vms[i], &new->vms[i]);
	must(old->region_count == new->region_count);
	for (i = 0; i < old->region_count; i++)
		compare_regions(&old->regions[i], &new->regions[i]);
}

/* What is read from  is the same as . */
static void compare_text(const struct plan *old, const char *text, size_t size)
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };

	must(plan_read_text(&plan, "new", text, size, &problems) == 0);
	compare(old, &plan);
	plan_fini(&plan);
	problems_fini(&problems);
}

static void try_upgrade(const struct plan *old, const struct xml_file *launch, const char *text,
			size_t size)
{
	struct problems notes = { 0 };
	size_t new_size, placed_size;
	char *new_text, *placed;

	/* An encoding may be one that cannot be edited. */
	if (upgrade_text("old", text, size, launch, old, &notes, &new_text, &new_size) == 0) {
		compare_text(old, new_text, new_size);
		must(scenario_fill_places(new_text, new_size, &placed, &placed_size) == 0);
		compare_text(old, placed, placed_size);
		free(placed);
		free(new_text);
	} else {
		must(notes.count > 0);
	}
	problems_fini(&notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = memchr(data, '\0', size);
	size_t length = end ? (size_t)(end - text) : size;
	struct xml_file scenario = { 0 }, launch = { 0 };
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	int ret;

	ret = xml_file_parse(&scenario, "old", text, length, &problems);
	if (ret == 0 && end)
		ret = xml_file_parse(&launch, "launch", end + 1, size - length - 1, &problems);
	if (ret == 0 && scenario_is_v2(&scenario))
		ret = scenario_read_xml(&plan, &scenario, end ? &launch : NULL, &problems);
	else
		ret = -EINVAL;
	if (ret == 0 && problems.count == 0)
		try_upgrade(&plan, end ? &launch : NULL, text, length);
	plan_fini(&plan);
	problems_fini(&problems);
	xml_file_fini(&scenario);
	xml_file_fini(&launch);
	return 0;
}
