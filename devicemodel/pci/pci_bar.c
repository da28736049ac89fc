/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BARs: what the guest writes into them, and where it then sees them. The I/O bus decides whether
 * an address is free. While it is not, the BAR stays unplaced: guests size BARs with decode on, so
 * for a moment one may lie over RAM, an interrupt controller or another device.
 */
#include <errno.h>

#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/pci/pci.h"

static unsigned int bar_register(int index)
{
	return PCI_BASE_ADDRESS_0 + 4 * (unsigned int)index;
}

static void serve_device(void *ctx, struct io_access *access)
{
	struct pci_bar *bar = ctx;
	const struct pci_dev_ops *ops = bar->dev->ops;

	if (access->is_write && ops->bar_write)
		ops->bar_write(bar->dev, bar->index, access->addr, access->size, access->data);
	else if (!access->is_write && ops->bar_read)
		access->data = ops->bar_read(bar->dev, bar->index, access->addr, access->size);
}

static void bar_init(struct pci_dev *dev, int index, enum pci_bar_kind kind, uint64_t size)
{
	dev->bars[index] = (struct pci_bar){
		.dev = dev,
		.index = index,
		.kind = kind,
		.size = size,
		.placed = PCI_BAR_UNPLACED,
		.handler = serve_device,
	};
}

void pci_bar_add(struct pci_dev *dev, int index, enum pci_bar_kind kind, bool prefetchable,
		 uint64_t size)
{
	uint32_t flags = 0;

	bar_init(dev, index, kind, size);
	dev->bars[index].prefetchable = prefetchable;
	if (prefetchable)
		flags |= PCI_BASE_ADDRESS_MEM_PREFETCH;
	pci_config_allow(dev, bar_register(index), 4, (uint32_t)~(size - 1));
	if (kind == PCI_BAR_MEM64) {
		flags |= PCI_BASE_ADDRESS_MEM_TYPE_64;
		bar_init(dev, index + 1, PCI_BAR_UPPER, 0);
		pci_config_allow(dev, bar_register(index + 1), 4, (uint32_t)(~(size - 1) >> 32));
	}
	pci_config_set(dev, bar_register(index), 4, flags);
}

void pci_bar_set_handler(struct pci_dev *dev, int index, io_handler *handler)
{
	dev->bars[index].handler = handler;
}

int pci_bar_signal_on_write(struct pci_dev *dev, int bar, uint64_t offset, unsigned int size,
			    uint64_t value, int fd, bool on)
{
	const struct hv_ioeventfd write = {
		.space = IO_SPACE_MMIO,
		.addr = dev->bars[bar].placed + offset,
		.size = (uint8_t)size,
		.datamatch = true,
		.data = value,
		.fd = fd,
	};

	if (dev->bars[bar].placed == PCI_BAR_UNPLACED)
		return -ENODEV;
	return io_bus_signal_on_write(dev->bus->io, &write, on);
}

uint64_t pci_bar_address(const struct pci_dev *dev, int index)
{
	uint64_t addr = pci_config_get(dev, bar_register(index), 4) & PCI_BASE_ADDRESS_MEM_MASK;

	if (dev->bars[index].kind == PCI_BAR_MEM64)
		addr |= (uint64_t)pci_config_get(dev, bar_register(index + 1), 4) << 32;
	return addr;
}

void pci_bar_set_address(struct pci_dev *dev, int index, uint64_t addr)
{
	uint32_t flags = pci_config_get(dev, bar_register(index), 4) &
			 ~(uint32_t)PCI_BASE_ADDRESS_MEM_MASK;

	pci_config_set(dev, bar_register(index), 4, (uint32_t)addr | flags);
	if (dev->bars[index].kind == PCI_BAR_MEM64)
		pci_config_set(dev, bar_register(index + 1), 4, (uint32_t)(addr >> 32));
}

static bool bar_is_wanted(const struct pci_bar *bar)
{
	return (bar->kind == PCI_BAR_MEM32 || bar->kind == PCI_BAR_MEM64) &&
	       pci_config_get(bar->dev, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY;
}

static void bar_unplace(struct pci_bar *bar)
{
	struct pci_dev *dev = bar->dev;
	uint64_t addr = bar->placed;

	/* The device may still need the address, to take back what it did there. */
	if (dev->ops->bar_moved)
		dev->ops->bar_moved(dev, bar->index, PCI_BAR_UNPLACED);
	bar->placed = PCI_BAR_UNPLACED;
	io_bus_remove(dev->bus->io, IO_SPACE_MMIO, addr);
}

/* Returns whether the guest sees it now. */
static bool bar_place(struct pci_bar *bar)
{
	struct pci_dev *dev = bar->dev;
	uint64_t addr = pci_bar_address(dev, bar->index);

	if (io_bus_add(dev->bus->io, IO_SPACE_MMIO, addr, bar->size, bar->handler, bar) < 0)
		return false;
	bar->placed = addr;
	if (dev->ops->bar_moved)
		dev->ops->bar_moved(dev, bar->index, addr);
	return true;
}

void pci_bars_update_all(struct pci_bus *bus)
{
	struct pci_dev *const *dev = &bus->devices[0][0];
	struct pci_bar *bar;

	for (; dev < &bus->devices[0][0] + PCI_DEVICES * PCI_FUNCTIONS; dev++)
		for (bar = *dev ? (*dev)->bars : NULL; bar && bar < (*dev)->bars + PCI_BARS; bar++)
			if (bar->placed == PCI_BAR_UNPLACED && bar->dev && bar_is_wanted(bar))
				bar_place(bar);
}

void pci_bars_update(struct pci_dev *dev)
{
	struct pci_bar *bar;

	for (bar = dev->bars; bar < dev->bars + PCI_BARS; bar++) {
		if (!bar->dev || bar->placed == PCI_BAR_UNPLACED)
			continue;
		if (!bar_is_wanted(bar) || pci_bar_address(dev, bar->index) != bar->placed)
			bar_unplace(bar);
	}
	pci_bars_update_all(dev->bus);
}
