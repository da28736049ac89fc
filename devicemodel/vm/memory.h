/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest memory: RAM and whatever else of this process the guest sees as memory (BAR2 of ivshmem).
 *
 * Layout: RAM below MEMORY_LOW_LIMIT starts at 0, the rest starts at 4 GiB; in between lie the
 * windows for BARs, ECAM and the interrupt controllers (devicemodel/machine_map.h).
 */
#ifndef DEVICEMODEL_VM_MEMORY_H
#define DEVICEMODEL_VM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

struct hv_ops;
struct hv_vm;
struct io_bus;
struct guest_memory;

#define MEMORY_LOW_LIMIT UINT64_C(0x80000000)
#define MEMORY_HIGH_BASE UINT64_C(0x100000000)

/*
 * Make @size bytes of zeroed RAM (a memfd; @hugepage_size 0, or 2 MiB or 1 GiB for pages of that
 * size) and claim its addresses on @bus. Guests see it once memory_attach() was called.
 * Returns 0; -ENOMEM: not enough memory or huge pages, @err says which; -errno.
 */
int memory_new(struct io_bus *bus, uint64_t size, uint64_t hugepage_size,
	       struct guest_memory **ret_memory, struct error *err);
void memory_free(struct guest_memory *memory);

/* Give the hypervisor's VM all that is mapped, now and later. Returns 0 or -errno with @err. */
int memory_attach(struct guest_memory *memory, const struct hv_ops *ops, struct hv_vm *vm,
		  struct error *err);
/* The VM object is about to go away; what was mapped waits for the next one. */
void memory_detach(struct guest_memory *memory);

/* All RAM reads as zero again, as after power-on. Only while no vCPU runs. */
void memory_clear(struct guest_memory *memory);

/* Bytes of RAM: in all, and from address 0 without a hole. */
uint64_t memory_size(const struct guest_memory *memory);
uint64_t memory_low_size(const struct guest_memory *memory);
/* One past the last byte of RAM at or above 4 GiB; MEMORY_HIGH_BASE if there is none. */
uint64_t memory_high_end(const struct guest_memory *memory);

/*
 * Where [@gpa, @gpa + @length) of RAM lies in this process; NULL if any byte of it is not RAM. The
 * only way from a guest's address to a host's; guest code may change the bytes at any time.
 */
void *memory_ram(const struct guest_memory *memory, uint64_t gpa, uint64_t length);

/* Copy into RAM. Returns 0 or -EFAULT, and then nothing is written. */
int memory_write(struct guest_memory *memory, uint64_t gpa, const void *data, uint64_t length);

/*
 * Show @size bytes at @host to the guest at @gpa, page-aligned all. The caller has claimed the
 * addresses on the I/O bus and keeps @host mapped until memory_unmap().
 * Returns 0; -EINVAL: alignment, or outside the guest's physical width; -errno of the back end.
 */
int memory_map(struct guest_memory *memory, uint64_t gpa, uint64_t size, void *host);
/* What that -errno means: the back end's words, or strerror()'s. */
const char *memory_error_text(const struct guest_memory *memory, int code);
/* Undo it; nothing happens if nothing was mapped at @gpa. */
void memory_unmap(struct guest_memory *memory, uint64_t gpa);

#endif
