/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A doorbell device as a test sees it: nothing that a driver would keep from it. MSI-X entries are
 * sent to processor vectors in turn, so that those DOORBELL_COUNTED apart share one.
 */
#ifndef TESTS_GUEST_DOORBELL_DEVICE_H
#define TESTS_GUEST_DOORBELL_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/ivshmem.h"

#define DOORBELL_INTR_MASK 0
#define DOORBELL_INTR_STATUS 4
#define DOORBELL_POSITION 8
#define DOORBELL_RING 12

#define DOORBELL_ENTRY_SIZE 16
#define DOORBELL_ENTRY_DATA 8
#define DOORBELL_ENTRY_CONTROL 12

/* The last vector is left for the console. */
#define DOORBELL_COUNTED (INTERRUPTS_LAST - INTERRUPTS_FIRST)
#define DOORBELL_CONSOLE_VECTOR INTERRUPTS_LAST

/* Where nothing is at first. */
#define DOORBELL_OTHER_PLACE 0xd0000000

#define DOORBELL_PATIENCE 20 /* seconds for what must come */

struct doorbell_device {
	struct ivshmem ivshmem;
	uint64_t registers, home; /* BAR0: where it is, and where it was at first */
	uint64_t table, pba, bar1, bar1_size;
	uint32_t pba_offset;
	unsigned int capability, vectors; /* 0: no MSI-X */
};

/*
 * Finds the device (slot= and id= as ivshmem_init() takes them) and changes nothing, but that
 * interrupts are let in. Ends the machine if there is none.
 */
void doorbell_init(struct doorbell_device *device);

uint32_t doorbell_position(const struct doorbell_device *device);
void doorbell_ring(const struct doorbell_device *device, unsigned int peer, unsigned int vector);

/* MSI-X of the whole function; bus mastering. */
void doorbell_enable(const struct doorbell_device *device, bool enable);
void doorbell_mask_function(const struct doorbell_device *device, bool mask);
void doorbell_master(const struct doorbell_device *device, bool on);

/* An entry: masked; masked, then sent to its processor vector; or only unmasked. */
void doorbell_mask(const struct doorbell_device *device, unsigned int entry);
void doorbell_route(const struct doorbell_device *device, unsigned int entry);
void doorbell_unmask(const struct doorbell_device *device, unsigned int entry);
/* Routes and unmasks all of them, and enables MSI-X and bus mastering. */
void doorbell_open_all(const struct doorbell_device *device);

bool doorbell_pending(const struct doorbell_device *device, unsigned int entry);

/* Gives BAR0 another address; 0: the first one. */
void doorbell_move(struct doorbell_device *device, uint64_t address);

/* Interrupts by the entry so far, and by all of them. */
unsigned int doorbell_vector(unsigned int entry);
uint64_t doorbell_count(unsigned int entry);
uint64_t doorbell_total(void);

/* Sleeps until the entry's count is at least @count or has long not come; returns what it is. */
uint64_t doorbell_await(unsigned int entry, uint64_t count);
/* The same for its pending bit to be set, awake. */
bool doorbell_await_pending(const struct doorbell_device *device, unsigned int entry);

/* A moment in which what must not come would. */
void doorbell_settle(void);

#endif
