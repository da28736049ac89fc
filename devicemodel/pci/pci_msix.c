/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X: table, pending bits and delivery (PCI 3.0 6.8.2 and 6.8.3). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/pci/pci.h"
#include "devicemodel/vm/irq.h"
#include "lib/fds.h"
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
	free(dev->msix.lines);
	dev->msix = (struct pci_msix){ 0 };
}

static uint64_t entry_address(const struct pci_msix_entry *entry)
{
	return (uint64_t)entry->address_high << 32 | entry->address_low;
}

static bool vector_is_open(const struct pci_dev *dev, unsigned int vector)
{
	uint32_t flags = pci_config_get(dev, dev->msix.capability + PCI_MSIX_FLAGS, 2);

	return (pci_config_get(dev, PCI_COMMAND, 2) & PCI_COMMAND_MASTER) &&
	       (flags & PCI_MSIX_FLAGS_ENABLE) && !(flags & PCI_MSIX_FLAGS_MASKALL) &&
	       !(dev->msix.table[vector].control & PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

/* Returns whether it was. */
static bool pending_clear(struct pci_msix *msix, unsigned int vector)
{
	uint32_t *word = &msix->pending[vector / 32], bit = UINT32_C(1) << (vector % 32);
	bool was = *word & bit;

	*word &= ~bit;
	return was;
}

void pci_msix_fire(struct pci_dev *dev, unsigned int vector)
{
	struct pci_msix *msix = &dev->msix;
	const struct pci_msix_entry *entry;

	if (!msix->capability || vector >= msix->vectors)
		return;
	if (!vector_is_open(dev, vector)) {
		msix->pending[vector / 32] |= UINT32_C(1) << (vector % 32);
		return;
	}
	entry = &msix->table[vector];
	/* A message to an address that means nothing goes nowhere, as on the real bus. */
	irq_send_msi(dev->bus->irq, entry_address(entry), entry->data);
}

static void line_unroute(struct pci_dev *dev, struct pci_msix_line *line)
{
	int ret = irq_bind_fd(dev->bus->irq, line->fd, line->address, line->data, false);

	line->routed = false;
	if (ret < 0)
		log_limited(&dev->msix.unroutable, LOG_LEVEL_ERROR, dev->tag,
			    "signals of MSI-X vector %u may still reach the guest as they did: the "
			    "hypervisor does not let go of them: %s",
			    (unsigned int)(line - dev->msix.lines), strerror(-ret));
}

/* The hypervisor looks at the descriptor once at the start, so no earlier signal is lost. */
static void line_route(struct pci_dev *dev, unsigned int vector)
{
	const struct pci_msix_entry *entry = &dev->msix.table[vector];
	struct pci_msix_line *line = &dev->msix.lines[vector];
	int ret;

	line->address = entry_address(entry);
	line->data = entry->data;
	ret = irq_bind_fd(dev->bus->irq, line->fd, line->address, line->data, true);
	line->routed = ret == 0;
	if (ret < 0)
		log_limited(&dev->msix.unroutable, LOG_LEVEL_ERROR, dev->tag,
			    "signals of MSI-X vector %u wait until the guest masks and unmasks "
			    "it: the hypervisor does not take them (address 0x%llx, data 0x%x): %s",
			    vector, (unsigned long long)line->address, line->data,
			    ret == -ENOSPC ? "it has no more routes" : strerror(-ret));
}

/* Bring delivery in line with what the guest has written. */
static void vector_update(struct pci_dev *dev, unsigned int vector)
{
	const struct pci_msix_entry *entry = &dev->msix.table[vector];
	struct pci_msix_line *line = &dev->msix.lines[vector];
	bool open = vector_is_open(dev, vector);

	if (line->routed &&
	    (!open || line->address != entry_address(entry) || line->data != entry->data))
		line_unroute(dev, line);
	if (!open)
		return;
	if (pending_clear(&dev->msix, vector)) {
		/* What the descriptor holds is the same interrupt, if it came while masked too. */
		if (line->fd >= 0 && !line->routed)
			eventfd_drain(line->fd);
		pci_msix_fire(dev, vector);
	}
	if (line->fd >= 0 && !line->routed)
		line_route(dev, vector);
}

void pci_msix_update(struct pci_dev *dev)
{
	unsigned int vector;

	for (vector = 0; vector < dev->msix.vectors; vector++)
		vector_update(dev, vector);
}

void pci_msix_bind_fd(struct pci_dev *dev, unsigned int vector, int fd)
{
	struct pci_msix_line *line = &dev->msix.lines[vector];

	if (line->routed)
		line_unroute(dev, line);
	line->fd = fd;
	vector_update(dev, vector);
}

void pci_msix_reset(struct pci_dev *dev)
{
	struct pci_msix *msix = &dev->msix;
	unsigned int i;

	if (!msix->capability)
		return;
	for (i = 0; i < msix->vectors; i++)
		msix->table[i] = (struct pci_msix_entry){ .control = PCI_MSIX_ENTRY_CTRL_MASKBIT };
	pci_msix_update(dev);
	/* What came for the guest before the reset is not for the one after it. */
	for (i = 0; i < msix->vectors; i++)
		if (msix->lines[i].fd >= 0)
			eventfd_drain(msix->lines[i].fd);
	memset(msix->pending, 0, pba_dwords(msix) * sizeof(*msix->pending));
}

/* Let the PBA say what the descriptors hold, for the vectors of the dword at @index. */
static void pending_collect(struct pci_msix *msix, size_t index)
{
	unsigned int vector = (unsigned int)index * 32, end = vector + 32;
	const struct pci_msix_line *line;

	for (; vector < end && vector < msix->vectors; vector++) {
		line = &msix->lines[vector];
		if (line->fd >= 0 && !line->routed && eventfd_drain(line->fd))
			msix->pending[index] |= UINT32_C(1) << (vector % 32);
	}
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

/* Returns 0 where there is nothing. */
static uint32_t read_dword(struct pci_msix *msix, uint64_t offset)
{
	bool in_table;
	uint32_t *dword = msix_dword(msix, offset, &in_table);

	if (!dword)
		return 0;
	if (!in_table)
		pending_collect(msix, (size_t)(dword - msix->pending));
	return *dword;
}

static uint64_t read_bar(struct pci_dev *dev, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;
	unsigned int i;

	if (!access_is_good(offset, size))
		return 0;
	for (i = 0; i < size; i += 4)
		value |= (uint64_t)read_dword(&dev->msix, offset + i) << (8 * i);
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
		vector_update(dev, (unsigned int)((offset + i) / PCI_MSIX_ENTRY_SIZE));
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
	unsigned int i;
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
	msix->lines = calloc(vectors, sizeof(*msix->lines));
	if (!msix->table || !msix->pending || !msix->lines) {
		pci_msix_fini(dev);
		return -ENOMEM;
	}
	for (i = 0; i < vectors; i++)
		msix->lines[i].fd = -1;
	reg = pci_config_add_capability(dev, PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF);
	if (reg < 0) {
		pci_msix_fini(dev);
		return reg;
	}
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
