/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X: table, pending bits and delivery (PCI 3.0 6.8.2 and 6.8.3). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/pci/pci.h"
#include "devicemodel/vm/irq.h"
#include "lib/util.h"

#define VECTORS_MAX 2048
#define PBA_OFFSET_MIN 0x800
#define BAR_SIZE_MIN 4096

/* The PBA counts in quadwords (6.8.2.4); here each is two dwords, as guests may read them. */
static size_t pba_dwords(const struct pci_msix *msix)
{
	return (msix->vectors + 63) / 64 * 2;
}

void pci_msix_fini(struct pci_dev *dev)
{
	free(dev->msix.table);
	free(dev->msix.pending);
	dev->msix = (struct pci_msix){ 0 };
}

void pci_msix_reset(struct pci_dev *dev)
{
	struct pci_msix *msix = &dev->msix;
	unsigned int i;

	if (!msix->capability)
		return;
	for (i = 0; i < msix->vectors; i++)
		msix->table[i] = (struct pci_msix_entry){ .control = PCI_MSIX_ENTRY_CTRL_MASKBIT };
	memset(msix->pending, 0, pba_dwords(msix) * sizeof(*msix->pending));
}

static bool vector_is_open(const struct pci_dev *dev, unsigned int vector)
{
	uint32_t flags = pci_config_get(dev, dev->msix.capability + PCI_MSIX_FLAGS, 2);

	return (flags & PCI_MSIX_FLAGS_ENABLE) && !(flags & PCI_MSIX_FLAGS_MASKALL) &&
	       !(dev->msix.table[vector].control & PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

void pci_msix_fire(struct pci_dev *dev, unsigned int vector)
{
	struct pci_msix *msix = &dev->msix;
	const struct pci_msix_entry *entry;

	if (!msix->capability || vector >= msix->vectors ||
	    !(pci_config_get(dev, PCI_COMMAND, 2) & PCI_COMMAND_MASTER))
		return;
	if (!vector_is_open(dev, vector)) {
		msix->pending[vector / 32] |= UINT32_C(1) << (vector % 32);
		return;
	}
	entry = &msix->table[vector];
	/* A message to an address that means nothing goes nowhere, as on the real bus. */
	irq_send_msi(dev->bus->irq, (uint64_t)entry->address_high << 32 | entry->address_low,
		     entry->data);
}

static void fire_if_pending(struct pci_dev *dev, unsigned int vector)
{
	uint32_t *word = &dev->msix.pending[vector / 32], bit = UINT32_C(1) << (vector % 32);

	if (!(*word & bit) || !vector_is_open(dev, vector))
		return;
	*word &= ~bit;
	pci_msix_fire(dev, vector);
}

void pci_msix_control_written(struct pci_dev *dev)
{
	unsigned int vector;

	for (vector = 0; vector < dev->msix.vectors; vector++)
		fire_if_pending(dev, vector);
}

/* The dword of table or PBA at @offset, a multiple of 4; NULL: there is none. */
static uint32_t *msix_dword(struct pci_msix *msix, uint64_t offset, bool *ret_in_table)
{
	uint64_t table_size = msix->vectors * sizeof(*msix->table);

	*ret_in_table = offset < table_size;
	if (*ret_in_table)
		return (uint32_t *)msix->table + offset / 4;
	if (offset >= msix->pba_offset &&
	    offset - msix->pba_offset < pba_dwords(msix) * sizeof(*msix->pending))
		return msix->pending + (offset - msix->pba_offset) / 4;
	return NULL;
}

static bool access_is_good(uint64_t offset, unsigned int size)
{
	return (size == 4 || size == 8) && offset % size == 0;
}

static uint64_t read_bar(struct pci_dev *dev, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;
	const uint32_t *dword;
	unsigned int i;
	bool in_table;

	if (!access_is_good(offset, size))
		return 0;
	for (i = 0; i < size; i += 4) {
		dword = msix_dword(&dev->msix, offset + i, &in_table);
		value |= (uint64_t)(dword ? *dword : 0) << (8 * i);
	}
	return value;
}

static void write_bar(struct pci_dev *dev, uint64_t offset, unsigned int size, uint64_t value)
{
	uint32_t *dword;
	unsigned int i;
	bool in_table;

	if (!access_is_good(offset, size))
		return;
	for (i = 0; i < size; i += 4) {
		dword = msix_dword(&dev->msix, offset + i, &in_table);
		if (!dword || !in_table)
			continue;
		*dword = (uint32_t)(value >> (8 * i));
		if ((offset + i) % PCI_MSIX_ENTRY_SIZE == PCI_MSIX_ENTRY_VECTOR_CTRL)
			fire_if_pending(dev, (unsigned int)((offset + i) / PCI_MSIX_ENTRY_SIZE));
	}
}

static void serve_bar(void *ctx, struct io_access *access)
{
	struct pci_bar *bar = ctx;

	if (access->is_write)
		write_bar(bar->dev, access->addr, access->size, access->data);
	else
		access->data = read_bar(bar->dev, access->addr, access->size);
}

int pci_msix_init(struct pci_dev *dev, int bar, unsigned int vectors)
{
	struct pci_msix *msix = &dev->msix;
	uint64_t size = BAR_SIZE_MIN;
	int reg;

	if (vectors == 0 || vectors > VECTORS_MAX)
		return -EINVAL;
	msix->vectors = vectors;
	msix->bar = bar;
	msix->pba_offset = vectors * PCI_MSIX_ENTRY_SIZE;
	if (msix->pba_offset < PBA_OFFSET_MIN)
		msix->pba_offset = PBA_OFFSET_MIN;
	msix->table = calloc(vectors, sizeof(*msix->table));
	msix->pending = calloc(pba_dwords(msix), sizeof(*msix->pending));
	if (!msix->table || !msix->pending)
		return -ENOMEM;
	reg = pci_config_add_capability(dev, PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF);
	if (reg < 0)
		return reg;
	msix->capability = (unsigned int)reg;
	pci_config_set(dev, msix->capability + PCI_MSIX_FLAGS, 2, vectors - 1);
	pci_config_allow(dev, msix->capability + PCI_MSIX_FLAGS, 2,
			 PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	pci_config_set(dev, msix->capability + PCI_MSIX_TABLE, 4, (uint32_t)bar);
	pci_config_set(dev, msix->capability + PCI_MSIX_PBA, 4,
		       (uint32_t)msix->pba_offset | (uint32_t)bar);
	while (size < msix->pba_offset + pba_dwords(msix) * sizeof(*msix->pending))
		size *= 2;
	pci_bar_add(dev, bar, PCI_BAR_MEM32, false, size);
	pci_bar_set_handler(dev, bar, serve_bar);
	pci_msix_reset(dev);
	return 0;
}
