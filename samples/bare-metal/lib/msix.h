/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MSI-X (PCI 3.0, 6.8.2): sends a device's messages to vectors of this processor.
 */
#ifndef SAMPLES_BARE_METAL_LIB_MSIX_H
#define SAMPLES_BARE_METAL_LIB_MSIX_H

#include <stdint.h>

#include "samples/bare-metal/lib/pci.h"

struct msix {
	struct pci_function function;
	uint8_t capability;
	uint16_t entries;
	volatile uint32_t *table;
};

/*
 * Finds and maps the table, masks every entry, then turns MSI-X and bus mastering on. Memory
 * decoding has to be on. Returns 0, or -1 if there is no MSI-X or its table does not fit the BAR.
 */
int msix_init(struct msix *ret_msix, const struct pci_function *function);

/* Routes a table entry (below entries) to an interrupt vector of interrupts.h and unmasks it. */
void msix_route(struct msix *msix, unsigned int entry, unsigned int vector);

void msix_mask(struct msix *msix, unsigned int entry);

#endif
