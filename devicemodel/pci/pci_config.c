/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration space as bytes, and which bits a guest may write (PCI 3.0 6.1 to 6.3, 6.7). */
#include <errno.h>
#include <string.h>

#include "devicemodel/pci/pci.h"

#define CAPABILITIES_BASE 0x40

/* What is writable in every device; bit 10 must be, or uio_pci_generic does not bind. */
#define COMMAND_WRITABLE \
	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_SERR | \
	 PCI_COMMAND_INTX_DISABLE)

/* Says "no interrupt line" (PCI 3.0 6.2.4, for x86). */
#define INTERRUPT_LINE_NONE 0xff

static uint32_t load(const uint8_t *bytes, unsigned int size)
{
	uint32_t value = 0;

	while (size--)
		value = value << 8 | bytes[size];
	return value;
}

static void store(uint8_t *bytes, unsigned int size, uint32_t value)
{
	for (; size--; value >>= 8)
		*bytes++ = (uint8_t)value;
}

uint32_t pci_config_get(const struct pci_dev *dev, unsigned int reg, unsigned int size)
{
	return load(dev->config + reg, size);
}

void pci_config_set(struct pci_dev *dev, unsigned int reg, unsigned int size, uint32_t value)
{
	store(dev->config + reg, size, value);
}

void pci_config_allow(struct pci_dev *dev, unsigned int reg, unsigned int size, uint32_t mask)
{
	store(dev->writable + reg, size, mask);
}

void pci_config_merge(struct pci_dev *dev, unsigned int reg, unsigned int size, uint32_t value)
{
	uint32_t mask = load(dev->writable + reg, size);

	store(dev->config + reg, size, (load(dev->config + reg, size) & ~mask) | (value & mask));
}

void pci_config_identify(struct pci_dev *dev, const struct pci_identity *identity)
{
	pci_config_set(dev, PCI_VENDOR_ID, 2, identity->vendor);
	pci_config_set(dev, PCI_DEVICE_ID, 2, identity->device);
	pci_config_set(dev, PCI_CLASS_REVISION, 4, identity->class_code << 8 | identity->revision);
	pci_config_set(dev, PCI_SUBSYSTEM_VENDOR_ID, 2, identity->subsystem_vendor);
	pci_config_set(dev, PCI_SUBSYSTEM_ID, 2, identity->subsystem);
	pci_config_set(dev, PCI_INTERRUPT_LINE, 1, INTERRUPT_LINE_NONE);
	pci_config_allow(dev, PCI_COMMAND, 2, COMMAND_WRITABLE);
	pci_config_allow(dev, PCI_CACHE_LINE_SIZE, 1, 0xff);
	pci_config_allow(dev, PCI_INTERRUPT_LINE, 1, 0xff);
}

int pci_config_add_capability(struct pci_dev *dev, uint8_t id, unsigned int size)
{
	unsigned int reg = dev->capability_end ? dev->capability_end : CAPABILITIES_BASE;
	unsigned int link = PCI_CAPABILITY_LIST;

	size = (size + 3) & ~3U;
	if (size > PCI_CONFIG_SIZE - reg)
		return -ENOSPC;
	while (dev->config[link])
		link = dev->config[link] + PCI_CAP_LIST_NEXT;
	dev->config[link] = (uint8_t)reg;
	dev->config[reg + PCI_CAP_LIST_ID] = id;
	dev->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	dev->capability_end = reg + size;
	return (int)reg;
}
