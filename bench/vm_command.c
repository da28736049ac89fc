/* SPDX-License-Identifier: BSD-3-Clause */
/* Same image and memory, one processor and one serial port for each; no more than they need. */
#include "bench/vm_command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VM_ARGS_MAX 40
#define VM_TEXT_MAX 2048

/* argv points into text: not to be copied. */
struct vm_command {
	const char *argv[VM_ARGS_MAX];
	size_t count;
	char text[VM_TEXT_MAX];
	size_t used;
};

const char *vm_monitor_label(enum vm_monitor monitor)
{
	static const char *const labels[] = {
		[VM_ACRN_DM] = "acrn-dm",
		[VM_QEMU_MICROVM] = "QEMU, microvm",
		[VM_QEMU_MINIMAL] = "QEMU, minimal microvm",
		[VM_QEMU_NO_FIRMWARE] = "QEMU, no firmware",
		[VM_QEMU_PCI] = "QEMU, microvm with PCI",
		[VM_QEMU_Q35] = "QEMU, q35",
		[VM_QEMU_NO_IOEVENTFD] = "QEMU, ioeventfd=off",
	};

	return labels[monitor];
}

/* One more argument. The count also goes up without room, which set_command() notices. */
static void add(struct vm_command *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void add(struct vm_command *command, const char *fmt, ...)
{
	size_t left = VM_TEXT_MAX - command->used;
	char *word = command->text + command->used;
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(word, left, fmt, args);
	va_end(args);
	if (length < 0 || (size_t)length >= left || command->count >= VM_ARGS_MAX - 1) {
		command->count = VM_ARGS_MAX;
		return;
	}
	command->used += (size_t)length + 1;
	command->argv[command->count++] = word;
}

static void add_acrn_dm(struct vm_command *command, const struct bench *bench,
			const struct vm_params *params)
{
	add(command, "%s/acrn-dm", bench->build);
	add(command, "-m");
	add(command, "%u", params->memory_mib);
	add(command, "-l");
	add(command, "com1,stdio");
	add(command, "--debugexit");
	add(command, "-k");
	add(command, "%s/samples/%s.elf", bench->build, params->guest);
	if (params->arguments) {
		add(command, "-B");
		add(command, "%s", params->arguments);
	}
	if (params->region_mib) {
		add(command, "-s");
		if (params->server)
			add(command, "6,ivshmem,dm:/%s,%u,vectors=%u,server=%s", params->region,
			    params->region_mib, params->vectors, params->server);
		else
			add(command, "6,ivshmem,dm:/%s,%u", params->region, params->region_mib);
	}
	add(command, "bench");
}

static void add_qemu_region(struct vm_command *command, const struct vm_params *params)
{
	if (params->server) {
		add(command, "-chardev");
		add(command, "socket,id=server,path=%s", params->server);
		add(command, "-device");
		add(command, "ivshmem-doorbell,chardev=server,vectors=%u,addr=6%s", params->vectors,
		    params->monitor == VM_QEMU_NO_IOEVENTFD ? ",ioeventfd=off" : "");
		return;
	}
	add(command, "-object");
	add(command, "memory-backend-memfd,id=region,share=on,size=%uM", params->region_mib);
	add(command, "-device");
	add(command, "ivshmem-plain,memdev=region");
}

static const char *machine_type(enum vm_monitor monitor)
{
	switch (monitor) {
	case VM_QEMU_MICROVM:
		return "microvm";
	case VM_QEMU_PCI:
		/* Without ACPI tables it does not have the bus. */
		return "microvm,pit=off,pic=off,rtc=off,pcie=on";
	case VM_QEMU_Q35:
	case VM_QEMU_NO_IOEVENTFD:
		return "q35";
	default:
		return "microvm,pit=off,pic=off,rtc=off,acpi=off";
	}
}

/* The oldest of the processor models is taken: no feature that a host may not have. */
static void add_qemu(struct vm_command *command, const struct bench *bench,
		     const struct vm_params *params)
{
	add(command, "qemu-system-x86_64");
	add(command, "-M");
	add(command, "%s%s", machine_type(params->monitor),
	    params->has_named_ram ? ",memory-backend=ram" : "");
	add(command, "-accel");
	add(command, "kvm");
	add(command, "-cpu");
	add(command, "qemu64");
	add(command, "-m");
	add(command, "%u", params->memory_mib);
	if (params->has_named_ram) {
		add(command, "-object");
		add(command, "memory-backend-memfd,id=ram,share=on,size=%uM", params->memory_mib);
	}
	add(command, "-nodefaults");
	add(command, "-no-user-config");
	add(command, "-display");
	add(command, "none");
	add(command, "-serial");
	add(command, "stdio");
	add(command, "-device");
	add(command, "isa-debug-exit,iobase=0xf4,iosize=4");
	if (params->monitor == VM_QEMU_NO_FIRMWARE) {
		add(command, "-bios");
		add(command, "%s/bench/firmware.bin", bench->build);
	}
	if (params->monitor == VM_QEMU_Q35 || params->monitor == VM_QEMU_NO_IOEVENTFD) {
		add(command, "-bios");
		add(command, "qboot.rom");
	}
	if (params->region_mib)
		add_qemu_region(command, params);
	add(command, "-kernel");
	add(command, "%s/samples/%s.elf", bench->build, params->guest);
	if (params->arguments) {
		add(command, "-append");
		add(command, "%s", params->arguments);
	}
}

static int set_command(struct vm_command *command, const struct bench *bench,
		       const struct vm_params *params, struct error *err)
{
	command->count = 0;
	command->used = 0;
	if (params->monitor == VM_ACRN_DM)
		add_acrn_dm(command, bench, params);
	else
		add_qemu(command, bench, params);
	if (command->count >= VM_ARGS_MAX)
		return error_set(err, -E2BIG, "the build directory's name is too long: %.100s",
				 bench->build);
	command->argv[command->count] = NULL;
	return 0;
}

int vm_start(struct child *ret_child, const struct bench *bench, const struct vm_params *params,
	     int cpu, struct error *err)
{
	struct vm_command command;
	const struct child_params child_params = {
		.argv = command.argv,
		.cpu = cpu,
		.log_fd = bench->log_fd,
	};
	int ret;

	ret = set_command(&command, bench, params, err);
	return ret < 0 ? ret : child_start(ret_child, &child_params, err);
}
