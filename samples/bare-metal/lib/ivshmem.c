/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chooses among several ivshmem devices, maps memory and registers of one and speaks to it.
 */
#include "samples/bare-metal/lib/ivshmem.h"

#include <stdbool.h>

#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/paging.h"
#include "samples/bare-metal/lib/print.h"

#define IVSHMEM_VENDOR 0x1af4
#define IVSHMEM_DEVICE 0x1110
#define IVSHMEM_REGISTERS_BAR 0
#define IVSHMEM_MEMORY_BAR 2

/* The registers that matter, in 32-bit words. */
#define IVSHMEM_POSITION 2
#define IVSHMEM_DOORBELL 3
#define IVSHMEM_REGISTERS_SIZE 16

/* Not a slot, not an id. */
#define ANY UINT32_MAX

static bool ivshmem_matches(const struct pci_function *function, uint64_t slot, uint64_t id)
{
	return (slot == ANY || function->slot == slot) &&
	       (id == ANY || pci_read16(function, PCI_SUBSYSTEM_ID) == id);
}

/* Returns how many ivshmem devices were looked at, the last of them wanted if *ret_found. */
static unsigned int ivshmem_find(struct pci_function *ret_function, bool *ret_found)
{
	uint64_t slot = cmdline_number("slot", 0, 31, ANY);
	uint64_t id = cmdline_number("id", 0, 0xffff, ANY);
	unsigned int index;

	*ret_found = false;
	for (index = 0; pci_find(IVSHMEM_VENDOR, IVSHMEM_DEVICE, index, ret_function); index++) {
		if (ivshmem_matches(ret_function, slot, id)) {
			*ret_found = true;
			return index + 1;
		}
	}
	return index;
}

/* Maps a BAR, and ends the machine if it is not as it should be. */
static void *ivshmem_map(const struct pci_function *function, unsigned int index,
			 uint64_t min_size, struct pci_bar *ret_bar)
{
	void *memory;

	if (!pci_bar_read(function, index, ret_bar) || ret_bar->is_io || !ret_bar->address ||
	    ret_bar->size < min_size) {
		print("ivshmem: BAR%u of %02x:%02x.%x is missing, unassigned or below %lu bytes\n",
		      index, function->bus, function->slot, function->function, min_size);
		machine_exit(1);
	}
	memory = paging_map(ret_bar->address, ret_bar->size);
	if (!memory) {
		print("ivshmem: cannot map %lu KiB at 0x%lx\n", ret_bar->size >> 10,
		      ret_bar->address);
		machine_exit(1);
	}
	return memory;
}

void ivshmem_init(struct ivshmem *ret_ivshmem, uint64_t min_size)
{
	struct pci_function *function = &ret_ivshmem->function;
	struct pci_bar bar;
	unsigned int seen;
	bool found;

	seen = ivshmem_find(function, &found);
	if (!found) {
		print("ivshmem: %s\n", seen ? "no device has the slot= and id= given" :
		      "no device 1af4:1110 on the PCI bus");
		machine_exit(1);
	}
	ret_ivshmem->registers = ivshmem_map(function, IVSHMEM_REGISTERS_BAR,
					     IVSHMEM_REGISTERS_SIZE, &bar);
	ret_ivshmem->memory = ivshmem_map(function, IVSHMEM_MEMORY_BAR, min_size, &bar);
	ret_ivshmem->subsystem_id = pci_read16(function, PCI_SUBSYSTEM_ID);
	ret_ivshmem->address = bar.address;
	ret_ivshmem->size = bar.size;
	pci_write16(function, PCI_COMMAND, pci_read16(function, PCI_COMMAND) | PCI_COMMAND_MEMORY);
}

unsigned int ivshmem_listen(struct ivshmem *ivshmem, unsigned int max)
{
	unsigned int count, i;

	if (msix_init(&ivshmem->msix, &ivshmem->function) < 0)
		return 0;
	count = ivshmem->msix.entries;
	if (count > max)
		count = max;
	if (count > IVSHMEM_VECTORS_MAX)
		count = IVSHMEM_VECTORS_MAX;
	for (i = 0; i < count; i++)
		msix_route(&ivshmem->msix, i, ivshmem_interrupt(i));
	return count;
}

unsigned int ivshmem_interrupt(unsigned int vector)
{
	_Static_assert(IVSHMEM_VECTORS_MAX == INTERRUPTS_LAST - INTERRUPTS_FIRST + 1,
		       "a doorbell vector for each interrupt");
	return INTERRUPTS_FIRST + vector;
}

uint16_t ivshmem_position(const struct ivshmem *ivshmem)
{
	return (uint16_t)ivshmem->registers[IVSHMEM_POSITION];
}

void ivshmem_ring(const struct ivshmem *ivshmem, uint16_t peer, uint16_t vector)
{
	/* The processor may move earlier stores past a load, but not past another store. */
	__asm__ volatile("" : : : "memory");
	ivshmem->registers[IVSHMEM_DOORBELL] = (uint32_t)peer << 16 | vector;
}
