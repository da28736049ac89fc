/* SPDX-License-Identifier: BSD-3-Clause */
/* From a VM of a plan to the words of acrn-dm's command line. */
#include "launch_scripts/launch_command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/config/command_line.h"
#include "devicemodel/config/vm_config.h"
#include "hw/pci/device_classes.h"
#include "launch_scripts/launch_words.h"
#include "launch_scripts/shell_word.h"

/* Where the packages of ACRN put it. */
#define OVMF_FILE "/usr/share/acrn/bios/OVMF.fd"
/* Nanoseconds between two looks at the queues of a real-time VM's virtio devices. */
#define VIRTIO_POLL "1000000"
/* Interrupts of passed-through devices: so many per second, looked at each 10 s, and so on. */
#define INTERRUPT_MONITOR "10000,10,1,100"
#define LOGGER_SETTING "console,level=4;kmsg,level=3;disk,level=5"

#define MAC_VARIABLE "mac"

/* --- variables -------------------------------------------------------------------------------- */

static bool has_key(const char *options, const char *key)
{
	size_t length = strlen(key);

	for (; options; options = strchr(options, ',')) {
		options += *options == ',';
		if (strncmp(options, key, length) == 0)
			return true;
	}
	return false;
}

/* Two cards of one network must not have one address, also when their VMs run on two boards. */
static bool needs_mac(const struct plan_device *device)
{
	return device->kind == PLAN_VIRTIO_NET && !has_key(device->options, "mac=") &&
	       !has_key(device->options, "mac_seed=");
}

bool launch_device_variable(const struct plan_vm *vm, const struct plan_device *device,
			    char ret_name[LAUNCH_VARIABLE_MAX])
{
	size_t place = (size_t)(device - vm->devices);

	if (device->kind == PLAN_VIRTIO_BLK && device->host_name)
		snprintf(ret_name, LAUNCH_VARIABLE_MAX, "mount_%zu", place);
	else if (device->kind == PLAN_VIRTIO_INPUT && device->host_name)
		snprintf(ret_name, LAUNCH_VARIABLE_MAX, "event_%zu", place);
	else if (needs_mac(device))
		snprintf(ret_name, LAUNCH_VARIABLE_MAX, MAC_VARIABLE);
	else
		return false;
	return true;
}

static void add_variable(struct launch_words *words, const struct plan_vm *vm,
			 const struct plan_device *device, const char *what)
{
	char name[LAUNCH_VARIABLE_MAX], *meaning = NULL;

	launch_device_variable(vm, device, name);
	if (asprintf(&meaning, "<%s%s>", what, device->host_name ? device->host_name : "") < 0) {
		words->ret = -ENOMEM;
		return;
	}
	launch_words_variable(words, name, meaning);
	free(meaning);
}

/* --- devices ---------------------------------------------------------------------------------- */

static void add_slot(struct launch_words *words, struct pci_slot slot, const char *class)
{
	launch_words_add(words, "-s");
	launch_words_begin(words);
	launch_words_literal(words, "%u:%u,%s", slot.device, slot.function, class);
}

static void add_bridge(struct launch_words *words, uint8_t device, const struct device_class *class)
{
	add_slot(words, (struct pci_slot){ .device = device }, class->name);
	launch_words_end(words);
}

static void add_user(struct launch_words *words, const struct plan_region *region,
		     const struct plan_region_user *user)
{
	add_slot(words, user->slot.slot, "ivshmem");
	launch_words_literal(words, ",%s/%s,%" PRIu64,
			     region->land == IVSHMEM_LAND_HV ? "hv:" : "dm:",
			     plan_region_name(region), region->size_mb);
	/* In decimal: that is what every device model reads. */
	if (region->has_id)
		launch_words_literal(words, ",%" PRIu64, region->id);
	if (region->vectors)
		launch_words_literal(words, ",vectors=%" PRIu64, region->vectors);
	launch_words_end(words);
}

static void add_users(struct launch_words *words, const struct plan *plan, const struct plan_vm *vm,
		      enum ivshmem_land land)
{
	const struct plan_region *region;
	size_t i;

	for (i = 0; i < vm->use_count; i++) {
		region = &plan->regions[vm->uses[i].region];
		if (region->land == land)
			add_user(words, region, &region->users[vm->uses[i].user]);
	}
}

/* What stands between the class and the options that the input gives. */
static void add_device_parts(struct launch_words *words, const struct plan_vm *vm,
			     const struct plan_device *device)
{
	switch (device->kind) {
	case PLAN_PASSTHROUGH:
		launch_words_literal(words, ",%02x/%02x/%x", device->host_slot.bus,
				     device->host_slot.device, device->host_slot.function);
		break;
	case PLAN_VIRTIO_INPUT:
		if (!device->host_name)
			break;
		launch_words_literal(words, ",");
		add_variable(words, vm, device, "event node of ");
		break;
	case PLAN_VIRTIO_BLK:
		if (!device->host_name && !device->image)
			break;
		launch_words_literal(words, ",");
		if (device->host_name)
			add_variable(words, vm, device, "mount point of ");
		if (device->image)
			launch_words_literal(words, "%s%s", device->host_name ? "/" : "",
					     device->image);
		break;
	case PLAN_VIRTIO_NET:
		if (device->host_name && !has_key(device->options, "tap="))
			launch_words_literal(words, ",tap=%s", device->host_name);
		break;
	default:
		break;
	}
}

static void add_device(struct launch_words *words, const struct plan_vm *vm,
		       const struct plan_device *device)
{
	add_slot(words, device->slot.slot, plan_device_class(device->kind));
	add_device_parts(words, vm, device);
	if (device->options && *device->options)
		launch_words_literal(words, ",%s", device->options);
	if (needs_mac(device)) {
		launch_words_literal(words, ",mac_seed=");
		launch_words_variable(words, MAC_VARIABLE, "<MAC address of the host>");
		launch_words_literal(words, "-%s", plan_vm_name(vm));
	}
	launch_words_end(words);
}

/* --- options ---------------------------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
	const unsigned int *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

static const struct plan_cpu *find_cpu(const struct plan_board *board, unsigned int id)
{
	size_t i;

	for (i = 0; i < board->cpu_count; i++)
		if (board->cpus[i].id == id)
			return &board->cpus[i];
	return NULL;
}

/* CPUs that no board file gives a local APIC id are left out; checks have told so. */
static void add_affinity(struct launch_words *words, const struct plan_board *board,
			 const struct plan_vm *vm)
{
	unsigned int *ids = calloc(vm->cpu_count + 1, sizeof(*ids));
	const struct plan_cpu *cpu;
	size_t i, count = 0;

	if (!ids) {
		words->ret = -ENOMEM;
		return;
	}
	for (i = 0; i < vm->cpu_count; i++) {
		cpu = find_cpu(board, vm->cpus[i]);
		if (cpu)
			ids[count++] = cpu->apic_id;
	}
	qsort(ids, count, sizeof(*ids), compare_numbers);
	if (count > 0) {
		launch_words_add(words, "--cpu_affinity");
		launch_words_begin(words);
		for (i = 0; i < count; i++)
			launch_words_literal(words, "%s%u", i ? "," : "", ids[i]);
		launch_words_end(words);
	}
	free(ids);
}

static bool has_virtio(const struct plan_vm *vm)
{
	size_t i;

	for (i = 0; i < vm->device_count; i++)
		if (strncmp(plan_device_class(vm->devices[i].kind), "virtio-", 7) == 0)
			return true;
	return false;
}

/* A display controller is not watched: its interrupts are many and meant to be. */
static bool has_watched_device(const struct plan_vm *vm)
{
	size_t i;

	for (i = 0; i < vm->device_count; i++)
		if (vm->devices[i].kind == PLAN_PASSTHROUGH && vm->devices[i].slot.slot.device != 2)
			return true;
	return false;
}

static void add_processors(struct launch_words *words, const struct plan *plan,
			   const struct plan_vm *vm, enum launch_target target)
{
	if (target == LAUNCH_KVM) {
		launch_words_add(words, "--hypervisor");
		launch_words_add(words, "kvm");
		launch_words_add(words, "--cpus");
		launch_words_add(words, "%zu", vm->cpu_count ? vm->cpu_count : 1);
		return;
	}
	if (vm->windows)
		launch_words_add(words, "--windows");
	add_affinity(words, &plan->board, vm);
}

static void add_console(struct launch_words *words, const struct plan_vm *vm)
{
	if (!vm->com1_stdio)
		return;
	launch_words_add(words, "-l");
	launch_words_add(words, "com1,stdio");
}

static void add_real_time(struct launch_words *words, const struct plan_vm *vm)
{
	if (vm->type != PLAN_RTVM)
		return;
	launch_words_add(words, "--rtvm");
	if (vm->lapic_passthrough)
		launch_words_add(words, "--lapic_pt");
}

static void add_monitors(struct launch_words *words, const struct plan_vm *vm)
{
	launch_words_add(words, "--logger_setting");
	launch_words_add(words, LOGGER_SETTING);
	if (has_watched_device(vm)) {
		launch_words_add(words, "--intr_monitor");
		launch_words_add(words, INTERRUPT_MONITOR);
	}
}

static void add_devices(struct launch_words *words, const struct plan *plan,
			const struct plan_vm *vm)
{
	size_t i;

	/* A real-time VM has no ISA bridge: its accesses would leave the guest. */
	if (vm->type != PLAN_RTVM)
		add_bridge(words, 1, &lpc_class);
	add_console(words, vm);
	add_bridge(words, 0, &hostbridge_class);
	add_users(words, plan, vm, IVSHMEM_LAND_DM);
	add_users(words, plan, vm, IVSHMEM_LAND_HV);
	if (vm->type == PLAN_RTVM && has_virtio(vm)) {
		launch_words_add(words, "--virtio_poll");
		launch_words_add(words, VIRTIO_POLL);
	}
	for (i = 0; i < vm->device_count; i++)
		add_device(words, vm, &vm->devices[i]);
}

static void add_all(struct launch_words *words, const struct plan *plan, const struct plan_vm *vm,
		    enum launch_target target)
{
	size_t i;

	add_processors(words, plan, vm, target);
	launch_words_add(words, "-m");
	launch_words_add(words, "%" PRIu64 "M", vm->memory_mb);
	if (vm->ovmf) {
		launch_words_add(words, "--ovmf");
		launch_words_add(words, OVMF_FILE);
	}
	add_devices(words, plan, vm);
	add_real_time(words, vm);
	if (target == LAUNCH_ACRN)
		add_monitors(words, vm);
	for (i = 0; i < vm->parameter_count; i++)
		launch_words_add(words, "%s", vm->parameters[i]);
	launch_words_add(words, "%s", plan_vm_name(vm));
}

/* --- the device model's opinion --------------------------------------------------------------- */

static bool has_parameter(const struct plan_vm *vm, const char *name)
{
	size_t i;

	for (i = 0; i < vm->parameter_count; i++)
		if (strncmp(vm->parameters[i], name, strlen(name)) == 0)
			return true;
	return false;
}

static int check_config(const struct vm_config *config, enum command asked,
			const struct plan_vm *vm, enum launch_target target, struct error *err)
{
	int ret;

	if (asked != COMMAND_RUN)
		return error_set(err, -EINVAL,
				 "further parameters ask acrn-dm to print something and end: take "
				 "out -h, -v, --dump-config and -s help");
	if (!config->name || strcmp(config->name, plan_vm_name(vm)) != 0)
		return error_set(err, -EINVAL,
				 "the last of the further parameters takes the VM's name for its "
				 "value: add the value that it needs");
	if (!config->kernel && !config->elf && !vm->ovmf && !has_parameter(vm, "--ovmf"))
		return error_set(err, -EINVAL,
				 "there is nothing to boot: %sgive -k KERNEL or -E IMAGE among the "
				 "customized parameters",
				 target == LAUNCH_ACRN ? "use the virtual boot loader, or " : "");
	ret = vm_config_validate(config, err);
	if (ret == 0 && target == LAUNCH_KVM && vm_config_check_present(config, err) < 0)
		ret = -EINVAL;
	return ret;
}

static const char *literal(const struct launch_word *word)
{
	return word->is_code ? word->placeholder : word->text;
}

/* getopt wants words that it may reorder, but does not write to. */
static int check_words(char **argv, int count, const struct plan_vm *vm,
		       enum launch_target target, struct error *err)
{
	struct vm_config config;
	enum command asked;
	int ret;

	vm_config_init(&config);
	ret = command_line_parse(count, argv, pci_device_classes, &config, &asked, err);
	if (ret == 0)
		ret = check_config(&config, asked, vm, target, err);
	vm_config_fini(&config);
	return ret;
}

static int check_command(const struct launch_command *command, const struct plan_vm *vm,
			 enum launch_target target, struct error *err)
{
	char **argv = calloc(command->count + 2, sizeof(*argv));
	size_t i, made = 0;
	int ret = -ENOMEM;

	if (!argv)
		return error_set(err, -ENOMEM, "out of memory");
	argv[made++] = strdup("acrn-dm");
	for (i = 0; argv[made - 1] && i < command->count; i++)
		argv[made++] = strdup(literal(&command->words[i]));
	if (argv[made - 1])
		ret = check_words(argv, (int)made, vm, target, err);
	else
		error_set(err, ret, "out of memory");
	for (i = 0; i < made; i++)
		free(argv[i]);
	free(argv);
	return ret;
}

/* --- the whole -------------------------------------------------------------------------------- */

int launch_command_make(const struct plan *plan, const struct plan_vm *vm,
			enum launch_target target, struct launch_command *ret, struct error *err)
{
	struct launch_command command = { NULL, 0 };
	struct launch_words words = { .command = &command };
	int result;

	add_all(&words, plan, vm, target);
	result = words.ret < 0 ? error_set(err, words.ret, "out of memory") :
				 check_command(&command, vm, target, err);
	if (result < 0)
		launch_command_fini(&command);
	else
		*ret = command;
	return result;
}

void launch_command_fini(struct launch_command *command)
{
	size_t i;

	for (i = 0; i < command->count; i++) {
		free(command->words[i].text);
		free(command->words[i].placeholder);
	}
	free(command->words);
	*command = (struct launch_command){ NULL, 0 };
}

void launch_command_print(const struct launch_command *command, FILE *out)
{
	size_t i;

	fputs("acrn-dm", out);
	for (i = 0; i < command->count; i++) {
		fputc(' ', out);
		shell_word_print(out, literal(&command->words[i]));
	}
	fputc('\n', out);
}

const char *launch_command_left_out(const struct plan *plan, const struct plan_vm *vm,
				    enum launch_target target)
{
	if (target == LAUNCH_KVM)
		return vm->cpu_count ? "The VM's CPUs are not bound to any of the host's: use "
				       "taskset(1) or a cgroup." :
				       NULL;
	if (plan->ssram && vm->type == PLAN_RTVM && !has_parameter(vm, "--ssram"))
		return "--ssram is left out: it needs the sizes of the software SRAM, which the "
		       "scenario does not say; give it among the customized parameters.";
	return NULL;
}
