/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ivshmem device without its bus: registers, region, where the memory is mapped. It knows a PCI
 * core only through struct ivshmem_host, so that another device model can carry it.
 *
 * Not thread-safe: the carrier serialises calls.
 */
#ifndef HW_PCI_IVSHMEM_CORE_H
#define HW_PCI_IVSHMEM_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

struct ivshmem_options;
struct ivshmem_region;

/* BAR0 is exactly this large; the Windows driver refuses anything else. */
#define IVSHMEM_REGISTERS_SIZE 256

/* Registers: ivshmem specification of QEMU, "Device Register Space", revision 1. */
enum ivshmem_register {
	IVSHMEM_INTR_MASK = 0,
	IVSHMEM_INTR_STATUS = 4,
	IVSHMEM_IV_POSITION = 8,
	IVSHMEM_DOORBELL = 12,
};

#define IVSHMEM_UNPLACED UINT64_MAX

/* What the device asks of its carrier. */
struct ivshmem_host {
	/*
	 * Show @size bytes at @memory to the guest at @gpa, without an exit per access. Returns 0
	 * or -errno: the address cannot be mapped, and the guest sees nothing there.
	 */
	int (*map_memory)(void *ctx, uint64_t gpa, void *memory, uint64_t size);
	void (*unmap_memory)(void *ctx, uint64_t gpa);
};

struct ivshmem_core {
	const struct ivshmem_host *host;
	void *host_ctx;
	struct ivshmem_region *region;
	uint64_t placed; /* guest address of the memory, or IVSHMEM_UNPLACED */
	uint32_t intr_mask, intr_status;
	uint16_t position; /* this peer's id */
};

/*
 * Attach to the region that @options names. Returns 0 or what ivshmem_region_attach() returns, with
 * @err. Either way ivshmem_core_fini() may be called.
 */
int ivshmem_core_init(struct ivshmem_core *core, const struct ivshmem_options *options,
		      const struct ivshmem_host *host, void *host_ctx, struct error *err);
void ivshmem_core_fini(struct ivshmem_core *core);

/* Registers as after power-on; the region keeps its contents. */
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

/* BAR2 is decoded at @gpa now, or (IVSHMEM_UNPLACED) not at all: move the memory there. */
void ivshmem_core_place_memory(struct ivshmem_core *core, uint64_t gpa);

#endif
