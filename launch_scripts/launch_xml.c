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
#include "launch_scripts/region_index.h"
#include "launch_scripts/scenario_reading.h"
#include "lib/parse.h"

/* Ids of VMs have 16 bits, and so have numbers of scripts. */
#define NUMBERS 65536

#define UART_INDEX_MAX 255

/* Post-launched VMs by their numbers. */
struct launch_numbers {
	struct plan_vm *vms[NUMBERS];
	bool seen[NUMBERS];
};

static struct launch_numbers *number_vms(struct scenario_reading *reading)
{
	struct launch_numbers *numbers = calloc(1, sizeof(*numbers));
	struct plan_vm *vm = reading->plan->vms;

	if (!numbers)
		reading->launch.ret = -ENOMEM;
	for (; numbers && vm < reading->plan->vms + reading->plan->vm_count; vm++)
		if (vm->load_order == PLAN_POST_LAUNCHED_VM && vm->number < NUMBERS &&
		    !numbers->vms[vm->number])
			numbers->vms[vm->number] = vm;
	return numbers;
}

static bool is_user_vm(const xmlNode *node)
{
	return xml_is(node, "user_vm") || xml_is(node, "uos");
}

/* The VM that @node is about; NULL: there is none. @complain: then that is a problem. */
static struct plan_vm *find_vm(struct scenario_reading *reading, struct launch_numbers *numbers,
			       const xmlNode *node, bool complain)
{
	char quote[XML_QUOTE_MAX], *text = NULL;
	struct plan_vm *vm = NULL;
	uint64_t number = 0;
	bool holds;

	if (xml_attribute(node, "id", &text) < 0) {
		reading->launch.ret = -ENOMEM;
		return NULL;
	}
	holds = text && parse_decimal(text, NUMBERS - 1, &number) == 0 && number > 0;
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
	else if (complain)
		numbers->seen[number] = true;
	free(text);
	return vm;
}

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

static void read_vm(struct scenario_reading *reading, struct plan_vm *vm, const xmlNode *node)
{
	struct xml_reader *reader = &reading->launch;

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

static void complain_about_missing(struct scenario_reading *reading)
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
	struct launch_numbers *numbers = number_vms(reading);
	struct plan_vm *vm;
	const xmlNode *node;

	xml_for_each(node, reading->launch.file ? reading->launch.file->root : NULL, NULL) {
		if (reading->launch.ret < 0)
			break;
		if (!is_user_vm(node))
			continue;
		vm = find_vm(reading, numbers, node, true);
		if (vm)
			read_vm(reading, vm, node);
	}
	if (numbers)
		complain_about_missing(reading);
	free(numbers);
}

/* --- the regions that it uses ----------------------------------------------------------------- */

/* Regions of the plan, and those of them that the VM at hand has asked for. */
struct asking {
	struct region_index all, seen;
};

static void add_user(struct xml_reader *reader, struct plan_region *region,
		     const struct plan_vm *vm, const xmlNode *node)
{
	struct plan_region_user *user = plan_region_add_user(region);

	if (!user) {
		reader->ret = -ENOMEM;
		return;
	}
	user->place = user->slot.place = xml_place(reader->file, node);
	user->vm_name = strdup(plan_vm_name(vm));
	if (!user->vm_name)
		reader->ret = -ENOMEM;
}

static bool has_user(const struct plan_region *region, const struct plan_vm *vm)
{
	size_t i;

	for (i = 0; i < region->user_count; i++)
		if (strcmp(region->users[i].vm_name, plan_vm_name(vm)) == 0)
			return true;
	return false;
}

/* The hypervisor lets in who the scenario lists; the device model lets in who asks. */
static void join_region(struct scenario_reading *reading, struct asking *asking, size_t position,
			const struct plan_region *asked, const struct plan_vm *vm,
			const xmlNode *node)
{
	struct plan_region *region = &reading->plan->regions[position];

	if (region_index_add(&asking->seen, region->land, region->name, position) < 0)
		reading->launch.ret = -ENOMEM;
	if (region->size_mb != asked->size_mb)
		xml_complain(&reading->launch, node, "region %s: VM %s says %" PRIu64 " MB, others "
			     "%" PRIu64 ": write the same size everywhere", region->name,
			     plan_vm_name(vm), asked->size_mb, region->size_mb);
	if (asked->has_id && region->has_id && asked->id != region->id)
		xml_complain(&reading->launch, node, "region %s: VM %s says id %" PRIu64 ", others "
			     "%" PRIu64 ": write the same id everywhere", region->name,
			     plan_vm_name(vm), asked->id, region->id);
	if (asked->has_id && !region->has_id) {
		region->has_id = true;
		region->id = asked->id;
	}
	if (has_user(region, vm))
		return;
	if (region->land == IVSHMEM_LAND_HV)
		xml_complain(&reading->launch, node, "region hv:/%s: the scenario does not list VM "
			     "%s: add its id %u there", region->name, plan_vm_name(vm), vm->id);
	else
		add_user(&reading->launch, region, vm, node);
}

static void make_region(struct scenario_reading *reading, struct asking *asking,
			struct plan_region *asked, const struct plan_vm *vm, const xmlNode *node)
{
	struct plan_region *region;
	size_t position;

	if (asked->land == IVSHMEM_LAND_HV) {
		xml_complain(&reading->launch, node, "region hv:/%s is not in the scenario: add it "
			     "there, with the ids of its VMs", asked->name);
		return;
	}
	region = plan_add_region(reading->plan);
	if (!region) {
		reading->launch.ret = -ENOMEM;
		return;
	}
	*region = *asked;
	asked->name = NULL;
	position = reading->plan->region_count - 1;
	if (region_index_add(&asking->all, region->land, region->name, position) < 0 ||
	    region_index_add(&asking->seen, region->land, region->name, position) < 0)
		reading->launch.ret = -ENOMEM;
	add_user(&reading->launch, region, vm, node);
}

/* "hv:/name, 2", and the id that the device model takes too. */
static void read_region(struct scenario_reading *reading, struct asking *asking,
			const struct plan_vm *vm, const xmlNode *node, char *text)
{
	struct xml_reader *reader = &reading->launch;
	struct plan_region asked;
	char *rest;
	size_t found;

	if (!scenario_parse_region(reader, node, text, &asked, &rest))
		return;
	if (rest) {
		rest += strspn(rest, " \t\r\n");
		asked.has_id = parse_number(rest, UINT64_MAX, &asked.id) == 0;
		if (!asked.has_id)
			xml_complain(reader, node, "region %s: what stands behind its size is no "
				     "number", asked.name);
	}
	if (region_index_find(&asking->seen, asked.land, asked.name, &found))
		xml_complain(reader, node, "region %s is listed twice for VM %s: take one out",
			     asked.name, plan_vm_name(vm));
	else if (region_index_find(&asking->all, asked.land, asked.name, &found))
		join_region(reading, asking, found, &asked, vm, node);
	else
		make_region(reading, asking, &asked, vm, node);
	free(asked.name);
}

static void read_regions(struct scenario_reading *reading, struct asking *asking,
			 const struct plan_vm *vm, const xmlNode *shm_regions)
{
	const xmlNode *node;
	char *text;

	xml_for_each(node, shm_regions, "shm_region") {
		if (xml_is_blank(node))
			continue;
		text = xml_value(&reading->launch, node);
		if (text)
			read_region(reading, asking, vm, node, text);
		free(text);
	}
}

void launch_xml_read_regions(struct scenario_reading *reading)
{
	struct launch_numbers *numbers = number_vms(reading);
	struct asking asking = { { NULL }, { NULL } };
	const struct plan_vm *vm;
	const xmlNode *node;

	if (region_index_init(&asking.all, reading->plan) < 0)
		reading->launch.ret = -ENOMEM;
	xml_for_each(node, reading->launch.file ? reading->launch.file->root : NULL, NULL) {
		if (reading->launch.ret < 0)
			break;
		vm = is_user_vm(node) ? find_vm(reading, numbers, node, false) : NULL;
		if (vm)
			read_regions(reading, &asking, vm, xml_child(node, "shm_regions"));
		region_index_fini(&asking.seen);
	}
	region_index_fini(&asking.seen);
	region_index_fini(&asking.all);
	free(numbers);
}
