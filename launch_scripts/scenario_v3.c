/* SPDX-License-Identifier: BSD-3-Clause */
/* VMs of scenario files of version 3. */
#include <errno.h>
#include <stdlib.h>

#include "launch_scripts/device_readers.h"
#include "launch_scripts/scenario_reading.h"
#include "launch_scripts/words.h"

static const struct xml_choice load_orders[] = {
	{ "SERVICE_VM", PLAN_SERVICE_VM },
	{ "PRE_LAUNCHED_VM", PLAN_PRE_LAUNCHED_VM },
	{ "POST_LAUNCHED_VM", PLAN_POST_LAUNCHED_VM },
	{ NULL, 0 },
};

static const struct xml_choice vm_types[] = {
	{ "STANDARD_VM", PLAN_STANDARD_VM }, { "RTVM", PLAN_RTVM }, { "TEE_VM", PLAN_TEE_VM },
	{ "REE_VM", PLAN_REE_VM },	     { NULL, 0 },
};

static const struct xml_choice os_types[] = {
	{ "Windows OS", true }, { "Non-Windows OS", false }, { NULL, 0 },
};

static const struct xml_choice console_vuarts[] = {
	{ "None", PLAN_CONSOLE_NONE },	     { "COM Port 1", PLAN_CONSOLE_COM },
	{ "COM Port 2", PLAN_CONSOLE_COM },  { "COM Port 3", PLAN_CONSOLE_COM },
	{ "COM Port 4", PLAN_CONSOLE_COM },  { "PCI", PLAN_CONSOLE_PCI },
	{ NULL, 0 },
};

/* --- further words for the device model ------------------------------------------------------- */

static void add_parameters(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node,
			   const char *text)
{
	struct error err = { "" };
	size_t i, count;
	char **words;
	int ret;

	ret = words_split(text, &words, &count, &err);
	if (ret == -ENOMEM)
		reader->ret = ret;
	if (ret < 0) {
		xml_complain(reader, node, "VM %s: customized_parameters: %s", plan_vm_name(vm),
			     err.text);
		return;
	}
	for (i = 0; i < count; i++)
		if (plan_vm_add_parameter(vm, words[i]) < 0)
			reader->ret = -ENOMEM;
	words_free(words);
}

static void read_parameters(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	char *text = xml_is_blank(node) ? NULL : xml_value(reader, node);

	if (text)
		add_parameters(reader, vm, node, text);
	free(text);
}

/* --- VMs -------------------------------------------------------------------------------------- */

static void read_load_order(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	const xmlNode *order = xml_child(node, "load_order");

	vm->load_order = (enum plan_load_order)xml_choose(reader, order, load_orders,
							  PLAN_PRE_LAUNCHED_VM);
	if (xml_is_blank(order))
		xml_complain(reader, node, "VM %s lacks load_order: SERVICE_VM, PRE_LAUNCHED_VM or "
			     "POST_LAUNCHED_VM", plan_vm_name(vm));
}

static void read_kind(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	vm->type = (enum plan_vm_type)xml_choose(reader, xml_child(node, "vm_type"), vm_types,
						 PLAN_STANDARD_VM);
	vm->windows = xml_choose(reader, xml_child(node, "os_type"), os_types, false);
	vm->own_cpus = xml_yes(reader, node, "own_pcpu");
	vm->lapic_passthrough = xml_yes(reader, node, "lapic_passthrough");
	vm->io_polling = xml_yes(reader, node, "io_completion_polling");
	vm->secure_world = xml_yes(reader, node, "secure_world_support");
	vm->ptm = xml_yes(reader, node, "PTM");
	vm->ovmf = xml_yes(reader, node, "vbootloader");
	vm->com1_stdio = xml_yes(reader, node, "vuart0");
}

static void read_console(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	const xmlNode *console = xml_child(node, "console_vuart");

	vm->console = (enum plan_console_vuart)xml_choose(reader, console, console_vuarts,
							  PLAN_CONSOLE_NONE);
	if (vm->console == PLAN_CONSOLE_PCI && vm->load_order == PLAN_POST_LAUNCHED_VM)
		device_add_uart(reader, vm, console, 0);
}

static const char *const single[] = {
	"load_order", "vm_type", "name", "os_type", "own_pcpu", "lapic_passthrough",
	"io_completion_polling", "secure_world_support", "PTM", "vbootloader", "vuart0", "memory",
	"cpu_affinity", "console_vuart", "customized_parameters", "usb_xhci", "virtio_devices",
	"pci_devs", NULL,
};

static void read_vm(struct scenario_reading *reading, const xmlNode *node)
{
	struct xml_reader *reader = &reading->scenario;
	struct plan_vm *vm = plan_add_vm(reading->plan);

	if (!vm) {
		reader->ret = -ENOMEM;
		return;
	}
	xml_check_single(reader, node, single);
	scenario_read_vm_identity(reading, vm, node);
	read_load_order(reader, vm, node);
	read_kind(reader, vm, node);
	scenario_read_memory(reader, vm, node);
	scenario_read_cpus(reader, vm, xml_child(node, "cpu_affinity"));
	read_console(reader, vm, node);
	if (vm->load_order == PLAN_POST_LAUNCHED_VM)
		read_parameters(reader, vm, xml_child(node, "customized_parameters"));
}

void scenario_v3_read_vms(struct scenario_reading *reading)
{
	const xmlNode *node;

	xml_for_each(node, reading->scenario.file->root, "vm")
		if (reading->scenario.ret == 0)
			read_vm(reading, node);
}

static void read_devices(struct scenario_reading *reading, struct plan_vm *vm, const xmlNode *node)
{
	struct xml_reader *reader = &reading->scenario;

	devices_read_usb(reader, vm, xml_child(node, "usb_xhci"));
	devices_read_virtio(reader, vm, xml_child(node, "virtio_devices"), "");
	devices_read_passthrough(reader, &reading->plan->board, vm, xml_child(node, "pci_devs"));
}

void scenario_v3_read_devices(struct scenario_reading *reading)
{
	struct plan_vm *vm = reading->plan->vms;
	const xmlNode *node;

	xml_for_each(node, reading->scenario.file->root, "vm") {
		if (reading->scenario.ret < 0)
			return;
		if (vm->load_order == PLAN_POST_LAUNCHED_VM)
			read_devices(reading, vm, node);
		vm++;
	}
}
