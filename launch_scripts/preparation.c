/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's side of a VM, as lines of shell. */
#include "launch_scripts/preparation.h"

#include <stdlib.h>
#include <string.h>

#include "launch_scripts/launch_command.h"
#include "launch_scripts/shell_word.h"
#include "lib/util.h"

/* The functions in launch_scripts/shell/, in the order in which they stand in a script. */
static const struct {
	unsigned int needs; /* any of these; 0: always */
	const char *text;
} fragments[] = {
	{ 0,
#include "launch_scripts/shell/common.inc"
	},
	{ NEED_FILES,
#include "launch_scripts/shell/file.inc"
	},
	{ NEED_ROOT,
#include "launch_scripts/shell/root.inc"
	},
	{ NEED_INPUT,
#include "launch_scripts/shell/input.inc"
	},
	{ NEED_MAC,
#include "launch_scripts/shell/mac.inc"
	},
	{ NEED_TAPS,
#include "launch_scripts/shell/tap.inc"
	},
	{ NEED_MOUNTS,
#include "launch_scripts/shell/mount.inc"
	},
	{ NEED_PCI,
#include "launch_scripts/shell/pci.inc"
	},
	{ NEED_CPUS,
#include "launch_scripts/shell/cpu.inc"
	},
	{ NEED_UNDO,
#include "launch_scripts/shell/undo.inc"
	},
};

/* Is the image a file of the host? A word before its path chooses a mode. */
static bool is_host_image(const struct plan_device *device)
{
	return device->kind == PLAN_VIRTIO_BLK && !device->host_name && device->image &&
	       (device->image[0] == '/' || device->image[0] == '.');
}

static unsigned int device_needs(const struct plan_vm *vm, const struct plan_device *device)
{
	char variable[LAUNCH_VARIABLE_MAX];
	bool has_variable = launch_device_variable(vm, device, variable);

	switch (device->kind) {
	case PLAN_VIRTIO_INPUT:
		return has_variable ? NEED_INPUT : 0;
	case PLAN_VIRTIO_NET:
		return (has_variable ? NEED_MAC : 0) | (device->host_name ? NEED_TAPS : 0);
	case PLAN_VIRTIO_BLK:
		return has_variable ? NEED_MOUNTS | NEED_FILES :
		       is_host_image(device) ? NEED_FILES :
					       0;
	case PLAN_PASSTHROUGH:
		return NEED_PCI;
	default:
		return 0;
	}
}

/* Does nobody else run on its CPUs, so that the Service VM must leave them too? */
static bool has_own_cpus(const struct plan *plan, const struct plan_vm *vm)
{
	return vm->type == PLAN_RTVM || vm->own_cpus ||
	       (plan->scheduler && strcmp(plan->scheduler, "SCHED_NOOP") == 0);
}

unsigned int preparation_needs(const struct plan *plan, const struct plan_vm *vm,
			       enum launch_target target)
{
	unsigned int needs = 0;
	size_t i;

	for (i = 0; i < vm->device_count; i++)
		needs |= device_needs(vm, &vm->devices[i]);
	if (target == LAUNCH_ACRN && vm->cpu_count && plan->board.cpu_count &&
	    has_own_cpus(plan, vm))
		needs |= NEED_CPUS;
	return needs;
}

void preparation_print_functions(unsigned int needs, FILE *out)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fragments); i++)
		if (!fragments[i].needs || (needs & fragments[i].needs))
			fprintf(out, "\n%s", fragments[i].text);
}

/* "COMMAND WORD", and a second word if there is one. */
static void print_line(FILE *out, const char *command, const char *word, const char *second)
{
	fprintf(out, "%s ", command);
	shell_word_print(out, word);
	if (second) {
		fputc(' ', out);
		shell_word_print(out, second);
	}
	fputc('\n', out);
}

/* As sysfs calls a device of the host. */
#define HOST_DEVICE_MAX 32
static const char *host_device_text(const struct plan_device *device, char text[HOST_DEVICE_MAX])
{
	snprintf(text, HOST_DEVICE_MAX, "0000:%02x:%02x.%x", device->host_slot.bus,
		 device->host_slot.device, device->host_slot.function);
	return text;
}

/* The path alone, without the options behind it. */
static void print_image_check(const struct plan_device *device, FILE *out)
{
	char *path = strndup(device->image, strcspn(device->image, ","));

	print_line(out, "need_file", path ? path : device->image, "the image of a disk");
	free(path);
}

static void print_device_check(const struct plan_device *device, FILE *out)
{
	char text[HOST_DEVICE_MAX];

	if (device->kind == PLAN_PASSTHROUGH)
		print_line(out, "need_device", host_device_text(device, text), NULL);
	else if (is_host_image(device))
		print_image_check(device, out);
	else if (device->kind == PLAN_VIRTIO_BLK && device->host_name)
		print_line(out, "need_file", device->host_name,
			   "the partition with the image of a disk");
}

void preparation_print_checks(const struct plan_vm *vm, unsigned int needs, FILE *out)
{
	size_t i;

	for (i = 0; i < vm->device_count; i++)
		print_device_check(&vm->devices[i], out);
	if (needs & NEED_TAPS)
		fputs("need_program ip 'makes network devices'\n", out);
	if (needs & NEED_MOUNTS)
		fputs("need_program mount 'mounts partitions'\n", out);
	if (needs & NEED_PCI)
		fputs("need_pci_stub\n", out);
	if (needs & NEED_ROOT)
		fputs("need_root\n", out);
}

/* What is found without changing anything. */
static void print_search(const struct plan_vm *vm, const struct plan_device *device, FILE *out)
{
	char variable[LAUNCH_VARIABLE_MAX];

	if (device->kind != PLAN_VIRTIO_INPUT || !launch_device_variable(vm, device, variable))
		return;
	print_line(out, "find_input", device->host_name, device->image ? device->image : "");
	fprintf(out, "%s=$event\n", variable);
}

static void print_step(const struct plan_vm *vm, const struct plan_device *device, FILE *out)
{
	char variable[LAUNCH_VARIABLE_MAX], text[HOST_DEVICE_MAX];

	switch (device->kind) {
	case PLAN_VIRTIO_NET:
		if (device->host_name)
			print_line(out, "make_tap", device->host_name, NULL);
		break;
	case PLAN_VIRTIO_BLK:
		if (!launch_device_variable(vm, device, variable))
			break;
		print_line(out, "mount_partition", device->host_name, NULL);
		fprintf(out, "%s=$mounted\n", variable);
		if (device->image) {
			fprintf(out, "need_file \"$%s\"/", variable);
			shell_word_print(out, device->image);
			fputs(" 'the image of a disk'\n", out);
		}
		break;
	case PLAN_PASSTHROUGH:
		print_line(out, "take_device", host_device_text(device, text), NULL);
		break;
	default:
		break;
	}
}

/* Those that the board knows: of the others nobody knows the APIC id. */
static void print_cpus(const struct plan *plan, const struct plan_vm *vm, FILE *out)
{
	size_t i, j;

	for (i = 0; i < vm->cpu_count; i++)
		for (j = 0; j < plan->board.cpu_count; j++)
			if (plan->board.cpus[j].id == vm->cpus[i])
				fprintf(out, "take_cpu %u\n", plan->board.cpus[j].apic_id);
}

void preparation_print_steps(const struct plan *plan, const struct plan_vm *vm, unsigned int needs,
			     FILE *out)
{
	size_t i;

	for (i = 0; i < vm->device_count; i++)
		print_search(vm, &vm->devices[i], out);
	if (needs & NEED_MAC)
		fputs("find_mac\n", out);
	if (needs & NEED_PCI)
		fputs("load_pci_stub\n", out);
	for (i = 0; i < vm->device_count; i++)
		print_step(vm, &vm->devices[i], out);
	if (needs & NEED_CPUS)
		print_cpus(plan, vm, out);
}

void preparation_print_undo(unsigned int needs, FILE *out)
{
	fputs("undo_all()\n{\n", out);
	if (needs & NEED_PCI)
		fputs("\tgive_devices_back\n", out);
	if (needs & NEED_MOUNTS)
		fputs("\tunmount_partitions\n", out);
	if (needs & NEED_TAPS)
		fputs("\tremove_taps\n", out);
	fputs("}\n", out);
}
