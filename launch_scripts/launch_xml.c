/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Launch files, which belong to scenarios of version 2: a <user_vm> (once: <uos>) for each
 * post-launched VM. Its id is the number of the VM's launch script.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/device_readers.h"
#include "launch_scripts/launch_numbers.h"
#include "launch_scripts/scenario_reading.h"

#define UART_INDEX_MAX 255

/* --- what a VM is ----------------------------------------------------------------------------- */

static void read_name(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	const xmlNode *element = xml_child(node, "vm_name");
	char quote[XML_QUOTE_MAX], *name;

	if (xml_is_blank(element))
		return;
	name = xml_value(reader, element);
	if (!name)
		return;
	if (!vm->name) {
		vm->name = name;
		return;
	}
	if (strcmp(vm->name, name) != 0)
		xml_complain(reader, element, "vm_name \"%s\": the scenario calls the VM %s: write "
			     "the same in both", xml_quote(name, quote), vm->name);
	free(name);
}

static void read_system(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	static const struct xml_choice systems[] = {
		{ "WINDOWS", true },	     { "CLEARLINUX", false }, { "ANDROID", false },
		{ "ALIOS", false },	     { "YOCTO", false },      { "UBUNTU", false },
		{ "GENERIC LINUX", false },  { "VXWORKS", false },    { "ZEPHYR", false },
		{ "PREEMPT-RT LINUX", false }, { NULL, 0 },
	};
	const xmlNode *system = xml_child(node, "user_vm_type");

	if (!system)
		system = xml_child(node, "uos_type");
	vm->windows = xml_choose(reader, system, systems, false);
}

static void read_real_time(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	static const struct xml_choice kinds[] = {
		{ "no", 0 }, { "Soft RT", 1 }, { "Hard RT", 2 }, { NULL, 0 },
	};
	int kind = xml_choose(reader, xml_child(node, "rtos_type"), kinds, 0);

	if (kind > 0)
		vm->type = PLAN_RTVM;
	if (kind == 2)
		vm->lapic_passthrough = true;
}

static void read_boot(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	static const struct xml_choice loaders[] = {
		{ "no", 0 }, { "ovmf", 1 }, { "vsbl", 2 }, { NULL, 0 },
	};
	const xmlNode *element = xml_child(node, "vbootloader");
	int loader = xml_choose(reader, element, loaders, 0);

	vm->ovmf = loader == 1;
	if (loader == 2)
		xml_complain(reader, element,
			     "VM %s: vbootloader vsbl is no more: write ovmf or no",
			     plan_vm_name(vm));
}

static void read_memory(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	const xmlNode *size = xml_child(node, "mem_size");

	if (xml_number(reader, size, false, 1, UINT64_MAX >> 20, &vm->memory_mb))
		return;
	vm->memory_mb = SCENARIO_MEMORY_MB;
	if (xml_is_blank(size))
		xml_complain(reader, node, "VM %s lacks mem_size, in megabytes", plan_vm_name(vm));
}

static void read_cpus(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	const xmlNode *affinity = xml_child(node, "cpu_affinity"), *cpu;

	/* Those that the scenario has count unless there are others here. */
	xml_for_each(cpu, affinity, NULL)
		if (!xml_is_blank(cpu)) {
			vm->cpu_count = 0;
			scenario_read_cpus(reader, vm, affinity);
			return;
		}
}

static void read_poweroff(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	static const struct xml_choice channels[] = {
		{ "IOC", 1 }, { "PowerButton", 2 }, { "vuart1(pty)", 3 }, { "vuart1(tty)", 3 },
		{ NULL, 0 },
	};
	const xmlNode *element = xml_child(node, "poweroff_channel");
	int channel = xml_choose(reader, element, channels, 0);

	if (channel == 3)
		xml_complain(reader, element,
			     "VM %s: poweroff_channel by a vUART is no more: leave "
			     "it empty",
			     plan_vm_name(vm));
	else if (channel > 0 &&
		 (plan_vm_add_parameter(vm, "--pm_notify_channel") < 0 ||
		  plan_vm_add_parameter(vm, channel == 1 ? "ioc" : "power_button") < 0))
		reader->ret = -ENOMEM;
}

/* --- its devices ------------------------------------------------------------------------------ */

static void read_uarts(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	const xmlNode *console = xml_child(node, "console_vuart"), *uart;
	uint64_t number;

	if (xml_yes(reader, node, "console_vuart")) {
		vm->console = PLAN_CONSOLE_PCI;
		device_add_uart(reader, vm, console, 0);
	}
	xml_for_each(uart, xml_child(node, "communication_vuarts"), "communication_vuart")
		if (xml_number(reader, uart, false, 1, UART_INDEX_MAX, &number))
			device_add_uart(reader, vm, uart, number);
}

static void read_gvt(struct xml_reader *reader, const struct plan_board *board, struct plan_vm *vm,
		     const xmlNode *node)
{
	const xmlNode *gvt = xml_child(node, "gvt_args");

	if (!xml_is_blank(gvt))
		xml_complain(reader, gvt,
			     "VM %s: gvt_args is no more: leave it empty, and name the "
			     "GPU in passthrough_devices/gpu to pass it through",
			     plan_vm_name(vm));
	device_read_passthrough(reader, board, vm, xml_find(node, "sriov/gpu"));
	gvt = xml_find(node, "sriov/network");
	if (!xml_is_blank(gvt))
		xml_complain(reader, gvt, "VM %s: sriov/network is no more: name the virtual "
			     "function in passthrough_devices", plan_vm_name(vm));
}

static void read_devices(struct xml_reader *reader, const struct plan_board *board,
			 struct plan_vm *vm, const xmlNode *node)
{
	read_uarts(reader, vm, node);
	devices_read_usb(reader, vm, xml_child(node, "usb_xhci"));
	devices_read_virtio(reader, vm, xml_child(node, "virtio_devices"), "tap_");
	devices_read_passthrough(reader, board, vm, xml_child(node, "passthrough_devices"));
	read_gvt(reader, board, vm, node);
}

static const char *const single[] = {
	"vm_name", "user_vm_type", "uos_type", "rtos_type", "mem_size", "vbootloader", "vuart0",
	"enable_ptm", "cpu_affinity", "poweroff_channel", "console_vuart", "communication_vuarts",
	"usb_xhci", "virtio_devices", "passthrough_devices", "gvt_args", "sriov", "shm_regions",
	NULL,
};

static void read_vm(struct scenario_reading *reading, struct plan_vm *vm, const xmlNode *node)
{
	struct xml_reader *reader = &reading->launch;

	xml_check_single(reader, node, single);
	read_name(reader, vm, node);
	read_system(reader, vm, node);
	read_real_time(reader, vm, node);
	read_memory(reader, vm, node);
	read_boot(reader, vm, node);
	vm->com1_stdio = xml_yes(reader, node, "vuart0");
	vm->ptm = xml_yes(reader, node, "enable_ptm");
	read_cpus(reader, vm, node);
	read_poweroff(reader, vm, node);
	read_devices(reader, &reading->plan->board, vm, node);
}

void launch_xml_check_vms(struct scenario_reading *reading)
{
	struct plan_vm *vm = reading->plan->vms;

	for (; vm < reading->plan->vms + reading->plan->vm_count; vm++) {
		if (vm->load_order != PLAN_POST_LAUNCHED_VM || vm->memory_mb)
			continue;
		vm->memory_mb = SCENARIO_MEMORY_MB;
		if (reading->launch.file)
			problems_add(reading->launch.problems, vm->place,
				     "VM %s is not in launch file %s: add it there as <user_vm "
				     "id=\"%u\">", plan_vm_name(vm), reading->launch.file->name,
				     vm->number);
		else
			problems_add(reading->launch.problems, vm->place,
				     "VM %s: a scenario of version 2 does not tell how it is "
				     "launched: name the launch file with --launch",
				     plan_vm_name(vm));
	}
}

void launch_xml_read_vms(struct scenario_reading *reading)
{
	struct launch_numbers *numbers = launch_numbers_new(reading);
	struct plan_vm *vm;
	const xmlNode *node;

	for (node = launch_numbers_first(reading); numbers && node;
	     node = launch_numbers_next(node)) {
		vm = launch_numbers_find(reading, numbers, node, true);
		if (vm && reading->launch.ret == 0)
			read_vm(reading, vm, node);
	}
	free(numbers);
}
