/* SPDX-License-Identifier: BSD-3-Clause */
/* The bus: its devices, and the three ways to their configuration space. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/pci/pci.h"

/* Mechanism 1, PCI 3.0 3.2.2.3.2: a dword of address, a dword of data. */
#define CONFIG_ADDRESS_PORT 0xcf8
#define CONFIG_DATA_PORT 0xcfc
#define CONFIG_ADDRESS_ENABLE UINT32_C(0x80000000)
#define RESET_PORT_OFFSET 1

#define ECAM_SIZE (UINT64_C(256) << 20)

struct pci_dev *pci_bus_device(const struct pci_bus *bus, struct pci_slot slot)
{
	if (slot.bus != 0 || slot.device >= PCI_DEVICES || slot.function >= PCI_FUNCTIONS)
		return NULL;
	return bus->devices[slot.device][slot.function];
}

static void serve_config(struct pci_bus *bus, struct pci_slot slot, unsigned int reg,
			 struct io_access *access)
{
	struct pci_dev *dev = pci_bus_device(bus, slot);

	/* A quadword is no configuration access (PCI Express 3.0 7.2.2): nobody answers. */
	if (!dev || dev->delegated || access->size > 4)
		return;
	if (access->is_write)
		pci_access_write(dev, reg, access->size, (uint32_t)access->data);
	else
		access->data = pci_access_read(dev, reg, access->size);
}

/* Byte accesses inside the address dword are no configuration accesses; 0xcf9 is the reset port. */
static void serve_address_port(void *ctx, struct io_access *access)
{
	struct pci_bus *bus = ctx;

	if (access->size == 4 && access->is_write)
		bus->config_address = (uint32_t)access->data;
	else if (access->size == 4)
		access->data = bus->config_address;
	else if (access->size == 1 && access->addr == RESET_PORT_OFFSET && bus->reset_port)
		bus->reset_port(bus->reset_port_ctx, access);
}

static void serve_data_port(void *ctx, struct io_access *access)
{
	struct pci_bus *bus = ctx;
	uint32_t address = bus->config_address;
	struct pci_slot slot = {
		(uint8_t)(address >> 16),
		(address >> 11) & 0x1f,
		(address >> 8) & 7,
	};

	if (address & CONFIG_ADDRESS_ENABLE)
		serve_config(bus, slot, (address & 0xfc) + (unsigned int)access->addr, access);
}

/* ECAM and the decoded accesses of a back end have the same address bits. */
static void serve_ecam(void *ctx, struct io_access *access)
{
	uint64_t addr = access->addr;
	struct pci_slot slot = { (uint8_t)(addr >> 20), (addr >> 15) & 0x1f, (addr >> 12) & 7 };

	serve_config(ctx, slot, addr & 0xfff, access);
}

int pci_bus_new(const struct pci_bus_params *params, struct pci_bus **ret_bus, struct error *err)
{
	uint64_t ecam_base = params->ecam_base;
	struct io_bus *io = params->io;
	struct pci_bus *bus;
	int ret;

	bus = calloc(1, sizeof(*bus));
	if (!bus)
		return error_set(err, -ENOMEM, "out of memory");
	bus->io = io;
	bus->memory = params->memory;
	bus->irq = params->irq;
	bus->vdevs = params->vdevs;
	bus->loop = params->loop;
	bus->ecam_base = ecam_base;
	ret = io_bus_add(io, IO_SPACE_PORT, CONFIG_ADDRESS_PORT, 4, serve_address_port, bus);
	if (ret < 0)
		goto out_free;
	ret = io_bus_add(io, IO_SPACE_PORT, CONFIG_DATA_PORT, 4, serve_data_port, bus);
	if (ret < 0)
		goto out_address;
	ret = io_bus_add(io, IO_SPACE_MMIO, ecam_base, ECAM_SIZE, serve_ecam, bus);
	if (ret < 0)
		goto out_data;
	ret = io_bus_add(io, IO_SPACE_PCI_CONFIG, 0, ECAM_SIZE, serve_ecam, bus);
	if (ret < 0)
		goto out_ecam;
	*ret_bus = bus;
	return 0;

out_ecam:
	io_bus_remove(io, IO_SPACE_MMIO, ecam_base);
out_data:
	io_bus_remove(io, IO_SPACE_PORT, CONFIG_DATA_PORT);
out_address:
	io_bus_remove(io, IO_SPACE_PORT, CONFIG_ADDRESS_PORT);
out_free:
	free(bus);
	return error_set(err, ret, "the PCI bus cannot have its ports: %s", strerror(-ret));
}

/* Every BAR leaves the guest, and the device hears of it while it can act. */
static void decode_off(struct pci_dev *dev)
{
	pci_config_set(dev, PCI_COMMAND, 2, 0);
	pci_bars_update(dev);
}

static void device_free(struct pci_dev *dev)
{
	decode_off(dev);
	pci_msix_update(dev);
	if (dev->ops->fini)
		dev->ops->fini(dev);
	pci_msix_fini(dev);
	free(dev);
}

void pci_bus_free(struct pci_bus *bus)
{
	int device, function;

	if (!bus)
		return;
	for (device = PCI_DEVICES - 1; device >= 0; device--)
		for (function = PCI_FUNCTIONS - 1; function >= 0; function--) {
			struct pci_dev *dev = bus->devices[device][function];

			bus->devices[device][function] = NULL;
			if (dev)
				device_free(dev);
		}
	io_bus_remove(bus->io, IO_SPACE_PCI_CONFIG, 0);
	io_bus_remove(bus->io, IO_SPACE_MMIO, bus->ecam_base);
	io_bus_remove(bus->io, IO_SPACE_PORT, CONFIG_DATA_PORT);
	io_bus_remove(bus->io, IO_SPACE_PORT, CONFIG_ADDRESS_PORT);
	free(bus);
}

void pci_bus_set_reset_port(struct pci_bus *bus, io_handler *handler, void *ctx)
{
	bus->reset_port = handler;
	bus->reset_port_ctx = ctx;
}

/* A device with more functions says so in function 0, or guests do not look for them. */
static void mark_multifunction(struct pci_bus *bus, unsigned int device)
{
	struct pci_dev *first = bus->devices[device][0];
	int function;

	for (function = 1; first && function < PCI_FUNCTIONS; function++)
		if (bus->devices[device][function]) {
			first->config[PCI_HEADER_TYPE] |= 0x80;
			first->defaults[PCI_HEADER_TYPE] |= 0x80;
		}
}

int pci_bus_add(struct pci_bus *bus, struct pci_slot slot, const struct pci_dev_ops *ops,
		const void *options, struct error *err)
{
	struct pci_dev *dev;
	int ret;

	if (slot.bus != 0 || slot.device >= PCI_DEVICES || slot.function >= PCI_FUNCTIONS)
		return error_set(err, -EINVAL, "there is no such PCI slot");
	if (pci_bus_device(bus, slot))
		return error_set(err, -EEXIST, "slot %u:%u.%u is occupied by %s", slot.bus,
				 slot.device, slot.function,
				 pci_bus_device(bus, slot)->ops->class->name);
	if (ops->choose)
		ops = ops->choose(options);
	dev = calloc(1, ops->instance_size);
	if (!dev)
		return error_set(err, -ENOMEM, "out of memory");
	dev->ops = ops;
	dev->bus = bus;
	dev->slot = slot;
	snprintf(dev->tag, sizeof(dev->tag), "%02x:%02x.%x %s", slot.bus, slot.device,
		 slot.function, ops->class->name);
	ret = ops->init(dev, options, err);
	if (ret < 0) {
		error_prefix(err, ret, "%s", dev->tag);
		device_free(dev);
		return ret;
	}
	memcpy(dev->defaults, dev->config, sizeof(dev->defaults));
	bus->devices[slot.device][slot.function] = dev;
	mark_multifunction(bus, slot.device);
	return 0;
}

int pci_bus_start(struct pci_bus *bus, struct error *err)
{
	struct pci_dev *const *dev = &bus->devices[0][0];
	int ret;

	for (; dev < &bus->devices[0][0] + PCI_DEVICES * PCI_FUNCTIONS; dev++) {
		ret = *dev && (*dev)->ops->start ? (*dev)->ops->start(*dev, err) : 0;
		if (ret < 0)
			return error_prefix(err, ret, "%s", (*dev)->tag);
	}
	return 0;
}

void pci_dev_delegate(struct pci_dev *dev)
{
	dev->delegated = true;
	decode_off(dev);
}

static void device_reset(struct pci_dev *dev)
{
	dev->delegated = false;
	memcpy(dev->config, dev->defaults, sizeof(dev->config));
	pci_bars_update(dev);
	pci_msix_reset(dev);
	if (dev->ops->reset)
		dev->ops->reset(dev);
}

void pci_bus_reset(struct pci_bus *bus)
{
	struct pci_dev *const *dev = &bus->devices[0][0];

	bus->config_address = 0;
	for (; dev < &bus->devices[0][0] + PCI_DEVICES * PCI_FUNCTIONS; dev++)
		if (*dev)
			device_reset(*dev);
}
