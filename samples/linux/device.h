/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ivshmem device of this machine, found with libpciaccess, and its shared memory. What fails is
 * reported to the user; functions return 0 or the exit status. pci_system_init() comes first.
 */
#ifndef SAMPLES_LINUX_DEVICE_H
#define SAMPLES_LINUX_DEVICE_H

#include <pciaccess.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define IVSHMEM_MEMORY_BAR	2

/* Which device is meant; both unset: the only one there is. */
struct device_choice {
	const char *slot;	/* "[[domain:]bus:]dev[.func]" in hex, or NULL */
	long region_id;		/* or -1 */
};

/*
 * The shared memory of a device. It is write-combining or uncached: fast to write in order, slow
 * to read byte by byte, so move it in chunks.
 */
struct window {
	uint8_t *base;
	uint64_t size;		/* bytes */
};

/* Is the PCI subsystem id of this device a region id? */
bool device_has_region_id(const struct pci_device *dev);

/* Finds the one device that @choice means. It belongs to libpciaccess. */
int device_find(const struct device_choice *choice, struct pci_device **ret_dev);

/* Prints a line for every device. */
int device_list(FILE *out);

/* The guest physical address that BAR2 holds now, which need not be the kernel's idea of it. */
int device_memory_address(struct pci_device *dev, uint64_t *ret_address);

/*
 * Turns memory decode on and maps BAR2: what the kernel offers or, with @phys, the address that
 * the BAR holds now, through /dev/mem.
 */
int window_map(struct pci_device *dev, bool phys, struct window *ret_win);
void window_unmap(struct window *win);

#endif
