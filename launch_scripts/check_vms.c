/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtual machines, each for itself and beside the others. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/config/command_line.h"
#include "devicemodel/config/vm_config.h"
#include "hw/pci/device_classes.h"
#include "launch_scripts/checks.h"

/* As the device model has it: in a configuration where nothing else is wrong. */
static int check_name(const struct plan_vm *vm, struct problems *problems)
{
	struct vm_config config;
	struct error err = { "" };
	int ret = -ENOMEM;

	vm_config_init(&config);
	config.name = strdup(vm->name);
	config.elf = strdup("image");
	if (config.name && config.elf) {
		ret = vm_config_validate(&config, &err);
		if (ret < 0)
			problems_add(problems, vm->place, "%s", err.text);
		ret = 0;
	}
	vm_config_fini(&config);
	return ret;
}

static void check_memory(const struct plan_vm *vm, struct problems *problems)
{
	char program[] = "acrn-dm", option[] = "-m", size[32];
	char *argv[] = { program, option, size, NULL };
	struct error err = { "" };
	struct vm_config config;
	enum command command;

	snprintf(size, sizeof(size), "%" PRIu64 "M", vm->memory_mb);
	vm_config_init(&config);
	if (command_line_parse(3, argv, pci_device_classes, &config, &command, &err) < 0)
		problems_add(problems, vm->place, "VM %s: %s", plan_vm_name(vm), err.text);
	vm_config_fini(&config);
}

static int check_one(const struct plan_vm *vm, struct problems *problems)
{
	if (!vm->name)
		problems_add(problems, vm->place, "a VM without a name: give it one");
	if (vm->load_order != PLAN_POST_LAUNCHED_VM)
		return 0;
	check_memory(vm, problems);
	return vm->name ? check_name(vm, problems) : 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct plan_vm *first = *(const struct plan_vm *const *)a;
	const struct plan_vm *second = *(const struct plan_vm *const *)b;
	int order = strcmp(first->name ? first->name : "", second->name ? second->name : "");

	return order ? order : (first > second) - (first < second);
}

static int check_unique_names(const struct plan *plan, struct problems *problems)
{
	const void **sorted =
		checks_sort(plan->vms, plan->vm_count, sizeof(*plan->vms), compare_names);
	char where[CHECKS_PLACE_TEXT_MAX];
	const struct plan_vm *vm, *before;
	size_t i;

	if (!sorted)
		return -ENOMEM;
	for (i = 1; i < plan->vm_count; i++) {
		before = sorted[i - 1];
		vm = sorted[i];
		if (vm->name && before->name && strcmp(vm->name, before->name) == 0)
			problems_add(problems, vm->place,
				     "VM %s: there is another one of this name%s; rename one",
				     vm->name, checks_place_text(before->place, where));
	}
	free(sorted);
	return 0;
}

/* Post-launched VMs first, by number. */
static int compare_numbers(const void *a, const void *b)
{
	const struct plan_vm *first = *(const struct plan_vm *const *)a;
	const struct plan_vm *second = *(const struct plan_vm *const *)b;
	bool is_last = first->load_order != PLAN_POST_LAUNCHED_VM;
	int order = (int)is_last - (int)(second->load_order != PLAN_POST_LAUNCHED_VM);

	if (order == 0)
		order = (first->number > second->number) - (first->number < second->number);
	return order ? order : (first > second) - (first < second);
}

static int check_unique_numbers(const struct plan *plan, struct problems *problems)
{
	const void **sorted =
		checks_sort(plan->vms, plan->vm_count, sizeof(*plan->vms), compare_numbers);
	const struct plan_vm *vm, *before;
	char where[CHECKS_PLACE_TEXT_MAX];
	size_t i;

	if (!sorted)
		return -ENOMEM;
	for (i = 1; i < plan->vm_count; i++) {
		before = sorted[i - 1];
		vm = sorted[i];
		if (vm->load_order == PLAN_POST_LAUNCHED_VM && vm->number == before->number)
			problems_add(problems, vm->place,
				     "VM %s has id %u, which VM %s has too%s: one script would "
				     "overwrite the other; give it another id",
				     plan_vm_name(vm), vm->id, plan_vm_name(before),
				     checks_place_text(before->place, where));
	}
	free(sorted);
	return 0;
}

int check_vms(const struct plan *plan, struct problems *problems)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < plan->vm_count && ret == 0; i++)
		ret = check_one(&plan->vms[i], problems);
	if (ret == 0)
		ret = check_unique_names(plan, problems);
	if (ret == 0)
		ret = check_unique_numbers(plan, problems);
	return ret;
}
