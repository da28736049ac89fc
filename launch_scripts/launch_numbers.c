/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers of post-launched VMs. */
#include "launch_scripts/launch_numbers.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/parse.h"

struct launch_numbers *launch_numbers_new(struct scenario_reading *reading)
{
	struct launch_numbers *numbers = calloc(1, sizeof(*numbers));
	struct plan_vm *vm = reading->plan->vms;

	if (!numbers)
		reading->launch.ret = -ENOMEM;
	for (; numbers && vm < reading->plan->vms + reading->plan->vm_count; vm++)
		if (vm->load_order == PLAN_POST_LAUNCHED_VM && vm->number < LAUNCH_NUMBERS &&
		    !numbers->vms[vm->number])
			numbers->vms[vm->number] = vm;
	return numbers;
}

static bool is_user_vm(const xmlNode *node)
{
	return xml_is(node, "user_vm") || xml_is(node, "uos");
}

static xmlNode *first_user_vm(xmlNode *node)
{
	while (node && !is_user_vm(node))
		node = node->next;
	return node;
}

xmlNode *launch_numbers_first(const struct scenario_reading *reading)
{
	return reading->launch.file ? first_user_vm(reading->launch.file->root->children) : NULL;
}

xmlNode *launch_numbers_next(const xmlNode *node)
{
	return first_user_vm(node->next);
}

struct plan_vm *launch_numbers_find(struct scenario_reading *reading,
				    struct launch_numbers *numbers, const xmlNode *node,
				    bool complain)
{
	char quote[XML_QUOTE_MAX], *text = NULL;
	struct plan_vm *vm = NULL;
	uint64_t number = 0;
	bool holds, is_second;

	if (xml_attribute(node, "id", &text) < 0) {
		reading->launch.ret = -ENOMEM;
		return NULL;
	}
	holds = text && parse_decimal(text, LAUNCH_NUMBERS - 1, &number) == 0 && number > 0;
	if (holds)
		vm = numbers->vms[number];
	if (complain && !holds)
		xml_complain(&reading->launch, node, "%s id \"%s\": write a post-launched VM's "
			     "number, counted from 1", (const char *)node->name,
			     xml_quote(text ? text : "", quote));
	else if (complain && !vm)
		xml_complain(&reading->launch, node,
			     "%s id %s: the scenario has no post-launched VM "
			     "of this number (a VM's id less that of the Service VM)",
			     (const char *)node->name, text);
	else if (complain && numbers->seen[number])
		xml_complain(&reading->launch, node,
			     "%s id %s is there a second time: take one out",
			     (const char *)node->name, text);
	is_second = complain && vm && numbers->seen[number];
	if (complain && vm)
		numbers->seen[number] = true;
	free(text);
	return is_second ? NULL : vm;
}
