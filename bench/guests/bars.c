/* SPDX-License-Identifier: BSD-3-Clause */
/* Lays BARs out one after the other, each aligned to its size (PCI 3.0, 6.2.5.1). */
#include "bench/guests/bars.h"

#include "samples/bare-metal/lib/pci.h"

#define BAR_OFFSET(index) (0x10 + 4 * (index))
#define SPACE_START 0xc0000000U

static uint32_t align_up(uint32_t address, uint32_t size)
{
	return (address + size - 1) & ~(size - 1);
}

void bars_assign(uint16_t vendor, uint16_t device)
{
	struct pci_function function;
	uint32_t next = SPACE_START;
	unsigned int index;

	if (!pci_find(vendor, device, 0, &function))
		return;
	for (index = 0; index < PCI_BAR_COUNT; index++) {
		struct pci_bar bar;

		if (!pci_bar_read(&function, index, &bar) || bar.is_io)
			continue;
		if (!bar.address) {
			uint32_t size = (uint32_t)bar.size;

			next = align_up(next, size < 4096 ? 4096 : size);
			pci_write32(&function, BAR_OFFSET(index), next);
			next += size;
		}
		/* Its upper half, which is 0, is no BAR of its own. */
		index += bar.is_64bit;
	}
}
