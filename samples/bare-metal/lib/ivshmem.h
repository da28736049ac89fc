/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ivshmem device (1af4:1110) that a guest is meant to use, and its shared memory.
 */
#ifndef SAMPLES_BARE_METAL_LIB_IVSHMEM_H
#define SAMPLES_BARE_METAL_LIB_IVSHMEM_H

#include <stdint.h>

#include "samples/bare-metal/lib/pci.h"

struct ivshmem {
	struct pci_function function;
	uint16_t subsystem_id;
	uint64_t address;
	uint64_t size;
	void *memory;
};

/*
 * Finds the device that the command line asks for: slot=N (device number), id=N (subsystem id, the
 * region id), both, or neither for the first one; turns memory decoding on and maps BAR2, at least
 * min_size bytes. If there is none, prints why and ends the machine as failed.
 */
void ivshmem_init(struct ivshmem *ret_ivshmem, uint64_t min_size);

#endif
