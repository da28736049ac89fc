/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs the vector table in the device's BAR.
 */
#include "samples/bare-metal/lib/msix.h"

#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/paging.h"

#define MSIX_CAPABILITY 0x11
#define MSIX_CONTROL 2
#define MSIX_CONTROL_SIZE 0x07ff
#define MSIX_CONTROL_MASK_ALL 0x4000
#define MSIX_CONTROL_ENABLE 0x8000
#define MSIX_TABLE 4
#define MSIX_TABLE_BAR 7

/* A table entry in 32-bit words. */
#define ENTRY_ADDRESS_LOW 0
#define ENTRY_ADDRESS_HIGH 1
#define ENTRY_DATA 2
#define ENTRY_CONTROL 3
#define ENTRY_CONTROL_MASKED 1
#define ENTRY_WORDS 4
#define ENTRY_SIZE 16U

int msix_init(struct msix *ret_msix, const struct pci_function *function)
{
	struct msix msix = { .function = *function };
	struct pci_bar bar;
	uint32_t place, offset;
	uint16_t control;
	unsigned int i;

	msix.capability = pci_capability_find(function, MSIX_CAPABILITY);
	if (!msix.capability)
		return -1;
	control = pci_read16(function, msix.capability + MSIX_CONTROL);
	msix.entries = (control & MSIX_CONTROL_SIZE) + 1;
	place = pci_read32(function, msix.capability + MSIX_TABLE);
	offset = place & ~(uint32_t)MSIX_TABLE_BAR;
	if ((place & MSIX_TABLE_BAR) >= PCI_BAR_COUNT ||
	    !pci_bar_read(function, place & MSIX_TABLE_BAR, &bar) || bar.is_io ||
	    bar.size < offset || bar.size - offset < msix.entries * ENTRY_SIZE)
		return -1;
	msix.table = paging_map(bar.address + offset, msix.entries * ENTRY_SIZE);
	if (!msix.table)
		return -1;

	for (i = 0; i < msix.entries; i++)
		msix_mask(&msix, i);
	control &= (uint16_t)~MSIX_CONTROL_MASK_ALL;
	pci_write16(function, msix.capability + MSIX_CONTROL, control | MSIX_CONTROL_ENABLE);
	pci_write16(function, PCI_COMMAND, pci_read16(function, PCI_COMMAND) | PCI_COMMAND_MASTER);
	*ret_msix = msix;
	return 0;
}

void msix_route(struct msix *msix, unsigned int entry, unsigned int vector)
{
	volatile uint32_t *words = msix->table + entry * ENTRY_WORDS;

	words[ENTRY_ADDRESS_LOW] = interrupts_msi_address();
	words[ENTRY_ADDRESS_HIGH] = 0;
	words[ENTRY_DATA] = vector;
	words[ENTRY_CONTROL] = 0;
}

void msix_mask(struct msix *msix, unsigned int entry)
{
	msix->table[entry * ENTRY_WORDS + ENTRY_CONTROL] = ENTRY_CONTROL_MASKED;
}
