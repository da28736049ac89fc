/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ivshmem device without its bus: registers, region, where the memory is mapped, doorbells. It
 * knows a PCI core only through struct ivshmem_host, so that another device model can carry it.
 *
 * Not thread-safe: the carrier serialises calls. Init and fini belong to the thread of the event
 * loop.
 */
#ifndef HW_PCI_IVSHMEM_CORE_H
#define HW_PCI_IVSHMEM_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/pci/ivshmem_host.h"
#include "hw/pci/ivshmem_identity.h"
#include "lib/error.h"
#include "lib/log.h"

struct event_loop;
struct ivshmem_doorbell;
struct ivshmem_link;
struct ivshmem_options;
struct ivshmem_region;
struct ivshmem_vectors;

/* Registers: ivshmem specification of QEMU, "Device Register Space", revision 1. */
enum ivshmem_register {
	IVSHMEM_INTR_MASK = 0,
	IVSHMEM_INTR_STATUS = 4,
	IVSHMEM_IV_POSITION = 8,
	IVSHMEM_DOORBELL = 12,
};

#define IVSHMEM_UNPLACED UINT64_MAX

/* Who carries the device. All of it outlives the core. */
struct ivshmem_carrier {
	const struct ivshmem_host *host;
	void *ctx;
	const char *tag; /* the device's name in the log */
	struct event_loop *loop; /* may be NULL for a device without vectors */
};

struct ivshmem_core {
	struct ivshmem_carrier carrier;
	struct ivshmem_region *region;
	uint64_t placed; /* guest address of the memory, or IVSHMEM_UNPLACED */
	uint32_t intr_mask, intr_status;
	uint16_t position; /* this peer's id */
	/* Only with vectors, else NULL and -1. */
	unsigned int vector_count;
	struct ivshmem_doorbell *doorbell;
	struct ivshmem_vectors *vectors;
	struct ivshmem_link *link;
	/* Descriptors that keep the position, and another id, from others: see ivshmem/peer.h. */
	int lease, other_lease;
	struct log_limit odd_servers, unringable;
};

/*
 * Attach to the region that @options, which outlive the core, name; with vectors connect to its
 * server as well. Returns 0 or what ivshmem_region_attach() and ivshmem_link_open() return, with
 * @err. Either way ivshmem_core_fini() may be called.
 */
int ivshmem_core_init(struct ivshmem_core *core, const struct ivshmem_options *options,
		      const struct ivshmem_carrier *carrier, struct error *err);
void ivshmem_core_fini(struct ivshmem_core *core);

/* Registers as after power-on; contents of the region, id and connection stay. */
void ivshmem_core_reset(struct ivshmem_core *core);

/*
 * BAR0 at @offset below IVSHMEM_REGISTERS_SIZE, @size 1, 2, 4 or 8. Aligned dwords are the
 * contract; the rest is as QEMU has it: a smaller read at a register's own offset gives its low
 * bytes, one elsewhere 0; a smaller write is widened with zeros and goes to the register it
 * touches; a quadword is two dwords.
 */
uint64_t ivshmem_core_read(struct ivshmem_core *core, uint64_t offset, unsigned int size);
void ivshmem_core_write(struct ivshmem_core *core, uint64_t offset, unsigned int size,
			uint64_t value);

/*
 * BAR2 at @offset, @size 1, 2, 4 or 8, where it is not mapped: slow, but the same bytes. Aligned
 * accesses are one access to whoever shares the memory, as those of a processor are.
 */
uint64_t ivshmem_core_read_memory(const struct ivshmem_core *core, uint64_t offset,
				  unsigned int size);
void ivshmem_core_write_memory(struct ivshmem_core *core, uint64_t offset, unsigned int size,
			       uint64_t value);

/* BAR0 is about to be decoded elsewhere, or not at all. */
void ivshmem_core_move_registers(struct ivshmem_core *core);

/* BAR2 is decoded at @gpa now, or (IVSHMEM_UNPLACED) not at all: move the memory there. */
void ivshmem_core_place_memory(struct ivshmem_core *core, uint64_t gpa);

#endif
