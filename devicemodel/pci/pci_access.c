/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest's accesses to configuration space, and who has to hear of them. */
#include "devicemodel/pci/pci.h"

static bool access_is_good(unsigned int reg, unsigned int size)
{
	return (size == 1 || size == 2 || size == 4) && reg % size == 0 && reg < PCI_CONFIG_SIZE;
}

uint32_t pci_access_read(const struct pci_dev *dev, unsigned int reg, unsigned int size)
{
	return access_is_good(reg, size) ? pci_config_get(dev, reg, size) : UINT32_MAX;
}

static bool touches(unsigned int reg, unsigned int size, unsigned int first, unsigned int count)
{
	return reg < first + count && first < reg + size;
}

void pci_access_write(struct pci_dev *dev, unsigned int reg, unsigned int size, uint32_t value)
{
	if (!access_is_good(reg, size))
		return;
	pci_config_merge(dev, reg, size, value);
	if (touches(reg, size, PCI_COMMAND, 2) ||
	    touches(reg, size, PCI_BASE_ADDRESS_0, 4 * PCI_BARS))
		pci_bars_update(dev);
	if (touches(reg, size, PCI_COMMAND, 2) ||
	    touches(reg, size, dev->msix.capability + PCI_MSIX_FLAGS, 2))
		pci_msix_update(dev);
	if (dev->ops->cfg_write)
		dev->ops->cfg_write(dev, reg, size);
}
