/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ivshmem device (1af4:1110) that a guest is meant to use: its shared memory, and its doorbells
 * where it has them.
 */
#ifndef SAMPLES_BARE_METAL_LIB_IVSHMEM_H
#define SAMPLES_BARE_METAL_LIB_IVSHMEM_H

#include <stdint.h>

#include "samples/bare-metal/lib/msix.h"
#include "samples/bare-metal/lib/pci.h"

/* How many doorbell vectors ivshmem_listen() can route: those of interrupts.h. */
#define IVSHMEM_VECTORS_MAX 63

struct ivshmem {
	struct pci_function function;
	uint16_t subsystem_id;
	uint64_t address;
	uint64_t size;
	void *memory;
	volatile uint32_t *registers;
	struct msix msix;
};

/*
 * Finds the device that the command line asks for: slot=N (device number), id=N (subsystem id, the
 * region id), both, or neither for the first one; turns memory decoding on and maps BAR0 and BAR2,
 * the latter at least min_size bytes. If there is none, prints why and ends the machine as failed.
 */
void ivshmem_init(struct ivshmem *ret_ivshmem, uint64_t min_size);

/*
 * Has the doorbell vectors 0, 1, ... of the device come as interrupts ivshmem_interrupt(0),
 * ivshmem_interrupt(1), ..., at most max of them, max being at most IVSHMEM_VECTORS_MAX. Needs
 * interrupts_enable(). Returns how many there are; 0 if the device has no doorbells (no MSI-X).
 */
unsigned int ivshmem_listen(struct ivshmem *ivshmem, unsigned int max);

/* The interrupt of a doorbell vector (below IVSHMEM_VECTORS_MAX), for interrupts.h. */
unsigned int ivshmem_interrupt(unsigned int vector);

/* The peer number of this device; means nothing if it has no doorbells. */
uint16_t ivshmem_position(const struct ivshmem *ivshmem);

/*
 * Rings a vector of a peer, which may be this device. What was written before is there when the
 * interrupt comes. Whether there is such a peer, or such a vector, cannot be told.
 */
void ivshmem_ring(const struct ivshmem *ivshmem, uint16_t peer, uint16_t vector);

#endif
