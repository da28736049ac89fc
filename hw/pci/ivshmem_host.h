/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the ivshmem device asks of whatever device model carries it. The carrier's lock is held, or
 * no guest runs yet or any more, when the device calls any of these but lock. None may call the
 * device in turn, and none may block for long.
 */
#ifndef HW_PCI_IVSHMEM_HOST_H
#define HW_PCI_IVSHMEM_HOST_H

#include <stdbool.h>
#include <stdint.h>

struct ivshmem_host {
	/*
	 * Show @size bytes at @memory to the guest at @gpa, without an exit per access. Returns 0
	 * or -errno: it cannot be mapped there. Accesses to it that reach the carrier, then or at
	 * any time, are for ivshmem_core_read_memory() and ivshmem_core_write_memory().
	 */
	int (*map_memory)(void *ctx, uint64_t gpa, void *memory, uint64_t size);
	void (*unmap_memory)(void *ctx, uint64_t gpa);

	/* The rest is for devices with vectors. */

	/*
	 * Keep guest accesses out of the device: what the carrier itself does around them. Taken
	 * in callbacks of the event loop, never twice.
	 */
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);
	/*
	 * Have each signal of the eventfd @fd raise @vector, what it holds already included, until
	 * another one is bound; -1: none. @fd stays the device's and open until then.
	 */
	void (*bind_vector)(void *ctx, unsigned int vector, int fd);
	/* Raise @vector once. */
	void (*raise_vector)(void *ctx, unsigned int vector);
	/*
	 * Have a write of @value, 4 bytes, to the doorbell register signal @fd and go no further;
	 * or (@on false) no longer. Returns 0 or -errno: such writes reach the device as others do.
	 */
	int (*catch_ring)(void *ctx, uint32_t value, int fd, bool on);
};

#endif
