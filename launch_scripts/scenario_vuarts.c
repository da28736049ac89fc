/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtual UARTs that connect two VMs. */
#include <errno.h>
#include <stdlib.h>

#include "launch_scripts/device_readers.h"
#include "launch_scripts/scenario_reading.h"
#include "launch_scripts/scenario_slot.h"

enum vuart_type {
	VUART_UNKNOWN,
	VUART_LEGACY,
	VUART_PCI,
};

/*
 * A VM's connections are numbered from 1, those of legacy UARTs among them, and its PCI UART is
 * named by that number.
 */
static void read_endpoint(struct scenario_reading *reading, const xmlNode *node,
			  enum vuart_type type, struct plan_vm *vm, unsigned int *numbers)
{
	struct xml_reader *reader = &reading->scenario;
	unsigned int number = ++numbers[vm - reading->plan->vms];
	struct plan_device *device;

	if (type != VUART_PCI)
		return;
	device = device_add_uart(reader, vm, node, number);
	if (device)
		scenario_read_slot(reader, node, xml_child(node, "vbdf"), &device->slot);
}

/* The VM at an end; NULL, with a problem or reader->ret: there is none. */
static struct plan_vm *find_vm(struct scenario_reading *reading, const xmlNode *node)
{
	struct xml_reader *reader = &reading->scenario;
	const xmlNode *name = xml_child(node, "vm_name");
	char quote[XML_QUOTE_MAX], *text;
	struct plan_vm *vm;

	if (xml_is_blank(name)) {
		xml_complain(reader, node, "endpoint of a vUART connection lacks vm_name");
		return NULL;
	}
	text = xml_value(reader, name);
	if (!text)
		return NULL;
	vm = vm_index_by_name(&reading->vms, text);
	if (!vm)
		xml_complain(reader, name,
			     "vUART connection: there is no VM \"%s\": write the name "
			     "of one of the scenario's",
			     xml_quote(text, quote));
	free(text);
	return vm;
}

static void read_connection(struct scenario_reading *reading, const xmlNode *node,
			    unsigned int *numbers)
{
	static const struct xml_choice types[] = {
		{ "legacy", VUART_LEGACY }, { "pci", VUART_PCI }, { NULL, 0 },
	};
	const xmlNode *kind = xml_child(node, "type"), *end;
	struct plan_vm *vm, *other = NULL;
	enum vuart_type type;
	unsigned int count = 0;

	type = (enum vuart_type)xml_choose(&reading->scenario, kind, types, VUART_UNKNOWN);
	if (xml_is_blank(kind))
		xml_complain(&reading->scenario, node,
			     "vUART connection lacks type: legacy or pci");
	xml_for_each(end, node, "endpoint") {
		vm = find_vm(reading, end);
		if (vm && vm == other)
			xml_complain(&reading->scenario, end, "vUART connection: VM %s is at both "
				     "ends: name another one", plan_vm_name(vm));
		else if (vm)
			read_endpoint(reading, end, type, vm, numbers);
		other = vm;
		count++;
	}
	if (count != 2)
		xml_complain(&reading->scenario, node, "vUART connection with %u endpoints: it "
			     "needs two", count);
}

void scenario_read_vuarts(struct scenario_reading *reading)
{
	const xmlNode *root = reading->scenario.file->root, *node;
	unsigned int *numbers = calloc(reading->plan->vm_count + 1, sizeof(*numbers));

	if (!numbers) {
		reading->scenario.ret = -ENOMEM;
		return;
	}
	xml_for_each(node, xml_find(root, "hv/vuart_connections"), "vuart_connection")
		read_connection(reading, node, numbers);
	free(numbers);
}
