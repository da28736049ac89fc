/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting the monitors that are compared, by command lines that are as alike as can be. */
#ifndef BENCH_VM_COMMAND_H
#define BENCH_VM_COMMAND_H

#include <stdbool.h>

#include "bench/bench.h"
#include "bench/child.h"

enum vm_monitor {
	VM_ACRN_DM,
	/* QEMU's smallest machine, and the same with each device off that can be. */
	VM_QEMU_MICROVM,
	VM_QEMU_MINIMAL,
	/* With a firmware that prints the byte itself, at once: QEMU's own share of the time. */
	VM_QEMU_NO_FIRMWARE,
	/* microvm with the PCI bus that a region needs. */
	VM_QEMU_PCI,
	/* q35, whose PCI bus guests find at ports, with a firmware that is quick. */
	VM_QEMU_Q35,
	/* The same with doorbells that its process answers instead of the kernel. */
	VM_QEMU_NO_IOEVENTFD,
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
	/* The socket of the region's server, or NULL: a device without doorbells. */
	const char *server;
	unsigned int vectors;
	/* Guest memory that can be told from QEMU's own; acrn-dm's always can. */
	bool has_named_ram;
};

/* What a guest that is content makes of the monitors' exit status, by the debug exit port. */
#define VM_STATUS_SUCCESS 33

/* How a reader knows it. */
const char *vm_monitor_label(enum vm_monitor monitor);

/*
 * Start the monitor on processor @cpu (or CHILD_ANY_CPU), its messages going to bench->log_fd.
 * Returns 0, -E2BIG (the command line has no room) or what child_start() returns.
 */
int vm_start(struct child *ret_child, const struct bench *bench, const struct vm_params *params,
	     int cpu, struct error *err);

#endif
