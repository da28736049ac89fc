/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chooses among several ivshmem devices and maps the memory of one.
 */
#include "samples/bare-metal/lib/ivshmem.h"

#include <stdbool.h>

#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/paging.h"
#include "samples/bare-metal/lib/print.h"

#define IVSHMEM_VENDOR 0x1af4
#define IVSHMEM_DEVICE 0x1110
#define IVSHMEM_MEMORY_BAR 2

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
	if (!pci_bar_read(function, IVSHMEM_MEMORY_BAR, &bar) || bar.is_io || !bar.address ||
	    bar.size < min_size) {
		print("ivshmem: BAR2 of %02x:%02x.%x is missing, unassigned or below %lu KiB\n",
		      function->bus, function->slot, function->function, min_size >> 10);
		machine_exit(1);
	}
	pci_write16(function, PCI_COMMAND, pci_read16(function, PCI_COMMAND) | PCI_COMMAND_MEMORY);
	ret_ivshmem->subsystem_id = pci_read16(function, PCI_SUBSYSTEM_ID);
	ret_ivshmem->address = bar.address;
	ret_ivshmem->size = bar.size;
	ret_ivshmem->memory = paging_map(bar.address, bar.size);
	if (!ret_ivshmem->memory) {
		print("ivshmem: cannot map %lu KiB at 0x%lx\n", bar.size >> 10, bar.address);
		machine_exit(1);
	}
}
