/* SPDX-License-Identifier: BSD-3-Clause */
/* The command lines of the monitors that are compared. */
#ifndef BENCH_VM_COMMAND_H
#define BENCH_VM_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/bench.h"

enum vm_monitor {
	VM_ACRN_DM,
	/* QEMU's smallest machine, and the same with each device off that can be. */
	VM_QEMU_MICROVM,
	VM_QEMU_MINIMAL,
	/* With a firmware that prints the byte itself, at once: QEMU's own share of the time. */
	VM_QEMU_NO_FIRMWARE,
	/* microvm with the PCI bus that a region needs. */
	VM_QEMU_PCI,
};

struct vm_params {
	enum vm_monitor monitor;
	unsigned int memory_mib;
	/* Name of an image in the build directory's samples, without .elf. */
	const char *guest;
	/* The guest's command line, or NULL. */
	const char *arguments;
	/* For acrn-dm the name of a region and its size; 0 is none. QEMU gets memory of its own. */
	const char *region;
	unsigned int region_mib;
	/* Guest memory that can be told from QEMU's own; acrn-dm's always can. */
	bool has_named_ram;
};

#define VM_ARGS_MAX 40
#define VM_TEXT_MAX 2048

/* argv points into text: not to be copied. */
struct vm_command {
	const char *argv[VM_ARGS_MAX];
	size_t count;
	char text[VM_TEXT_MAX];
	size_t used;
};

/* What a guest that is content makes of the monitors' exit status, by the debug exit port. */
#define VM_STATUS_SUCCESS 33

/* How a reader knows it. */
const char *vm_monitor_label(enum vm_monitor monitor);

/* Returns 0 or -E2BIG. */
int vm_command_set(struct vm_command *command, const struct bench *bench,
		   const struct vm_params *params, struct error *err);

#endif
