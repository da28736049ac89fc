/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs of scenario files of version 2; much of what a post-launched one is is in a launch file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/scenario_reading.h"
#include "lib/util.h"

static const struct vm_kind {
	const char *word;
	enum plan_load_order load_order;
	enum plan_vm_type type;
} kinds[] = {
	{ "SERVICE_VM", PLAN_SERVICE_VM, PLAN_STANDARD_VM },
	{ "SOS_VM", PLAN_SERVICE_VM, PLAN_STANDARD_VM },
	{ "SAFETY_VM", PLAN_PRE_LAUNCHED_VM, PLAN_STANDARD_VM },
	{ "PRE_STD_VM", PLAN_PRE_LAUNCHED_VM, PLAN_STANDARD_VM },
	{ "PRE_RT_VM", PLAN_PRE_LAUNCHED_VM, PLAN_RTVM },
	{ "POST_STD_VM", PLAN_POST_LAUNCHED_VM, PLAN_STANDARD_VM },
	{ "POST_RT_VM", PLAN_POST_LAUNCHED_VM, PLAN_RTVM },
	{ "KATA_VM", PLAN_POST_LAUNCHED_VM, PLAN_STANDARD_VM },
};

static const struct vm_kind *find_kind(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].word, word) == 0)
			return &kinds[i];
	return NULL;
}

static void read_kind(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	static const struct vm_kind unknown = { NULL, PLAN_PRE_LAUNCHED_VM, PLAN_STANDARD_VM };
	const xmlNode *element = xml_child(node, "vm_type");
	char quote[XML_QUOTE_MAX], *text = xml_value(reader, element);
	const struct vm_kind *kind = text ? find_kind(text) : NULL;

	if (text && !kind)
		xml_complain(
			reader, element ? element : node,
			"VM %s: vm_type \"%s\": write "
			"SERVICE_VM, SAFETY_VM, PRE_STD_VM, PRE_RT_VM, POST_STD_VM, POST_RT_VM "
			"or KATA_VM",
			plan_vm_name(vm), xml_quote(text, quote));
	if (!kind)
		kind = &unknown;
	vm->load_order = kind->load_order;
	vm->type = kind->type;
	free(text);
}

static void read_flag(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	char *text = xml_value(reader, node);

	if (!text)
		return;
	if (strcmp(text, "GUEST_FLAG_RT") == 0)
		vm->type = PLAN_RTVM;
	else if (strcmp(text, "GUEST_FLAG_LAPIC_PASSTHROUGH") == 0)
		vm->lapic_passthrough = true;
	else if (strcmp(text, "GUEST_FLAG_IO_COMPLETION_POLLING") == 0)
		vm->io_polling = true;
	else if (strcmp(text, "GUEST_FLAG_SECURE_WORLD_ENABLED") == 0)
		vm->secure_world = true;
	free(text);
}

static const char *const single[] = {
	"vm_type", "name", "guest_flags", "memory", "cpu_affinity", NULL,
};

static void read_vm(struct scenario_reading *reading, const xmlNode *node)
{
	struct xml_reader *reader = &reading->scenario;
	struct plan_vm *vm = plan_add_vm(reading->plan);
	const xmlNode *flag;

	if (!vm) {
		reader->ret = -ENOMEM;
		return;
	}
	xml_check_single(reader, node, single);
	scenario_read_vm_identity(reading, vm, node);
	read_kind(reader, vm, node);
	xml_for_each(flag, xml_child(node, "guest_flags"), "guest_flag")
		read_flag(reader, vm, flag);
	if (vm->load_order != PLAN_POST_LAUNCHED_VM)
		scenario_read_memory(reader, vm, node);
	scenario_read_cpus(reader, vm, xml_child(node, "cpu_affinity"));
}

void scenario_v2_read_vms(struct scenario_reading *reading)
{
	const xmlNode *node;

	xml_for_each(node, reading->scenario.file->root, "vm")
		if (reading->scenario.ret == 0)
			read_vm(reading, node);
}
