/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that does anything at all to its PCI devices: configuration accesses in three ways, BAR
 * accesses, interrupts, resets. The bytes are a list of steps. After each step what the guest sees
 * must be what the registers say, nothing may lie over anything else, and the hypervisor's mappings
 * must be those of RAM and of the regions that are placed.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/pci/pci.h"
#include "devicemodel/vm/irq.h"
#include "devicemodel/vm/memory.h"
#include "hw/pci/devices.h"
#include "hw/pci/ivshmem_options.h"
#include "ivshmem/region.h"
#include "lib/fds.h"
#include "lib/util.h"
#include "tests/fake_hv.h"

#define RAM_SIZE UINT64_C(0x1000000)
#define ECAM UINT64_C(0xe0000000)
#define TOP UINT64_C(0xfec00000)
#define REGION_SIZE (2 * MIB)
#define DEVICES 4 /* 0 and 1: ivshmem; 2: with MSI-X; 3: not there */
#define VECTORS 70
#define LINES 3
#define STEPS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct guest {
	struct io_bus *io;
	struct guest_memory *memory;
	struct hv_vm *vm;
	struct irq irq;
	struct pci_bus *bus;
	const uint8_t *data; /* what is left of the steps */
	size_t size;
};

static void check(int holds)
{
	if (!holds)
		abort();
}

/* In place of the region library: two regions, by the last letter of their names. */
static _Alignas(4096) char memories[2][4096];

int ivshmem_region_attach(const struct ivshmem_region_params *params,
			  struct ivshmem_region **ret_region, struct error *err)
{
	(void)err;
	*ret_region = (struct ivshmem_region *)(void *)memories[params->name.text[4] == 'b'];
	return 0;
}

void ivshmem_region_detach(struct ivshmem_region *region)
{
	size_t i;

	/* No guest may see memory that is about to go. */
	for (i = 0; i < ARRAY_SIZE(memories); i++)
		check((char *)region != memories[i] || fake_hv_mappings() <= 2);
}

void *ivshmem_region_memory(const struct ivshmem_region *region)
{
	return (void *)(uintptr_t)region;
}

/* Only devices with vectors ask for these. */
int ivshmem_region_fd(const struct ivshmem_region *region)
{
	(void)region;
	return -1;
}

const char *ivshmem_region_path(const struct ivshmem_region *region)
{
	(void)region;
	return "";
}

uint64_t ivshmem_region_size(const struct ivshmem_region *region)
{
	(void)region;
	return REGION_SIZE;
}

/* Its first vectors are raised by eventfds too. */
struct msix_dev {
	struct pci_dev pci;
	int fds[LINES];
};

static int msix_init(struct pci_dev *pci, const void *options, struct error *err)
{
	static const struct pci_identity identity = { .vendor = 1, .device = 2 };

	struct msix_dev *dev = container_of(pci, struct msix_dev, pci);
	unsigned int i;

	(void)options, (void)err;
	pci_config_identify(pci, &identity);
	pci_bar_add(pci, 0, PCI_BAR_MEM32, false, 16);
	pci_bar_add(pci, 4, PCI_BAR_MEM64, true, UINT64_C(1) << 33);
	check(pci_msix_init(pci, 1, VECTORS) == 0);
	for (i = 0; i < LINES; i++) {
		dev->fds[i] = eventfd_new();
		check(dev->fds[i] >= 0);
		pci_msix_bind_fd(pci, i, dev->fds[i]);
	}
	return 0;
}

static void msix_fini(struct pci_dev *pci)
{
	struct msix_dev *dev = container_of(pci, struct msix_dev, pci);
	unsigned int i;

	for (i = 0; i < LINES; i++)
		fd_close(&dev->fds[i]);
}

static const struct device_class msix_class = { .name = "msix", .summary = "with interrupts" };

static const struct pci_dev_ops msix_ops = {
	.class = &msix_class,
	.instance_size = sizeof(struct msix_dev),
	.init = msix_init,
	.fini = msix_fini,
};

static void serve_io(void *ctx, struct io_access *access)
{
	struct guest *guest = ctx;

	io_bus_access(guest->io, access);
}

static void add(struct guest *guest, uint8_t device, const struct pci_dev_ops *ops,
		const void *options)
{
	struct error err;

	check(pci_bus_add(guest->bus, (struct pci_slot){ 0, device, 0 }, ops, options, &err) == 0);
}

static void begin(struct guest *guest)
{
	static const struct ivshmem_options a = { .name.text = "dm:/a", .size = REGION_SIZE };
	static const struct ivshmem_options b = { .name.text = "dm:/b", .size = REGION_SIZE };
	const struct hv_vm_params params = {
		.name = "fuzz", .vcpus = 1, .io = serve_io, .ctx = guest
	};
	struct pci_bus_params bus = { .irq = &guest->irq, .ecam_base = ECAM };
	struct error err;

	fake_hv_reset();
	check(io_bus_new(&guest->io) == 0);
	check(memory_new(guest->io, RAM_SIZE, 0, &guest->memory, &err) == 0);
	check(hv_fake.vm_create(&params, &guest->vm, &err) == 0);
	check(memory_attach(guest->memory, &hv_fake, guest->vm, &err) == 0);
	check(io_bus_add(guest->io, IO_SPACE_MMIO, TOP, 4 * GIB - TOP, NULL, NULL) == 0);
	guest->irq = (struct irq){ &hv_fake, guest->vm };
	io_bus_attach(guest->io, &hv_fake, guest->vm);
	bus.io = guest->io;
	bus.memory = guest->memory;
	check(pci_bus_new(&bus, &guest->bus, &err) == 0);
	add(guest, 0, &ivshmem_ops, &a);
	add(guest, 1, &ivshmem_ops, &b);
	add(guest, 2, &msix_ops, NULL);
}

static void end(struct guest *guest)
{
	pci_bus_free(guest->bus);
	check(fake_hv_mappings() == 1);
	memory_detach(guest->memory);
	hv_fake.vm_destroy(guest->vm);
	memory_free(guest->memory);
	io_bus_free(guest->io);
	check(fake_hv_complaint() == NULL);
}

/* The next @count bytes as a number; zeros after the end. */
static uint64_t take(struct guest *guest, unsigned int count)
{
	uint64_t value = 0;

	for (; count && guest->size; count--, guest->size--)
		value = value << 8 | *guest->data++;
	return value;
}

static uint64_t access_bus(struct guest *guest, enum io_space space, uint64_t addr,
			   unsigned int size, bool is_write, uint64_t value)
{
	struct io_access access = {
		.space = space,
		.is_write = is_write,
		.size = (uint8_t)size,
		.addr = addr,
		.data = value,
	};

	io_bus_access(guest->io, &access);
	check(is_write || (access.data & ~io_size_mask(size)) == 0);
	return access.data;
}

static struct pci_dev *device(struct guest *guest, unsigned int number)
{
	return pci_bus_device(guest->bus, (struct pci_slot){ 0, (uint8_t)number, 0 });
}

static struct pci_msix *msix(struct guest *guest)
{
	return &device(guest, 2)->msix;
}

/* The address of a BAR, where it is or was to be, so that accesses hit something now and then. */
static uint64_t take_address(struct guest *guest)
{
	struct pci_dev *dev = device(guest, (unsigned int)take(guest, 1) % (DEVICES - 1));
	unsigned int bar = (unsigned int)take(guest, 1) % 3 * 2;

	if (dev->bars[bar].kind == PCI_BAR_NONE)
		bar = 1;
	return pci_bar_address(dev, (int)bar) + take(guest, 2);
}

static void config_step(struct guest *guest, bool is_write)
{
	/* Common registers more often than others: command, BARs, the MSI-X control word. */
	static const uint8_t registers[] = { 0x04, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x40, 0x42 };
	static const uint64_t bases[] = { 0, ECAM, 0 };
	unsigned int number = (unsigned int)take(guest, 1) % DEVICES,
		     way = (unsigned int)take(guest, 1);
	unsigned int reg = (unsigned int)take(guest, 1), size = 1U << take(guest, 1) % 4;
	uint64_t addr;

	reg = way & 0x80 ? reg : registers[reg % ARRAY_SIZE(registers)];
	addr = number << 15 | reg;
	if (way % 3 == 2) {
		access_bus(guest, IO_SPACE_PORT, 0xcf8, 4, true,
			   UINT32_C(0x80000000) | number << 11 | (reg & 0xfc));
		access_bus(guest, IO_SPACE_PORT, 0xcfc + (reg & 3), size, is_write, take(guest, 4));
	} else {
		access_bus(guest, way % 3 ? IO_SPACE_MMIO : IO_SPACE_PCI_CONFIG,
			   bases[way % 3] + addr, size, is_write, take(guest, size));
	}
}

static void step(struct guest *guest)
{
	static const struct pci_windows windows = { 0x80000000, ECAM, 4 * GIB, 64 * GIB };
	unsigned int kind = (unsigned int)take(guest, 1), size;
	uint64_t addr;
	struct error err;

	switch (kind % 8) {
	case 0:
	case 1:
	case 2:
		config_step(guest, true);
		break;
	case 3:
		config_step(guest, false);
		break;
	case 4:
		addr = take_address(guest);
		size = 1U << take(guest, 1) % 4;
		access_bus(guest, IO_SPACE_MMIO, addr, size, kind & 0x80, take(guest, size));
		break;
	case 5:
		if (kind & 0x80)
			eventfd_signal(msix(guest)->lines[take(guest, 1) % LINES].fd);
		else
			pci_msix_fire(device(guest, 2), (unsigned int)take(guest, 1));
		break;
	case 6:
		addr = take(guest, 8);
		size = 1U << take(guest, 1) % 4;
		access_bus(guest, kind & 0x40 ? IO_SPACE_PORT : IO_SPACE_MMIO, addr, size,
			   kind & 0x80, addr);
		break;
	default:
		if (kind & 0x80)
			check(pci_bus_assign(guest->bus, &windows, &err) == 0);
		else
			pci_bus_reset(guest->bus);
	}
}

/* The hypervisor takes the signals of exactly those eventfds whose vectors are open. */
static void check_line(struct guest *guest, unsigned int vector)
{
	const struct pci_msix_line *line = &msix(guest)->lines[vector];
	const struct pci_msix_entry *entry = &msix(guest)->table[vector];
	uint32_t flags = pci_config_get(device(guest, 2), 0x40 + PCI_MSIX_FLAGS, 2);
	uint32_t command = pci_config_get(device(guest, 2), PCI_COMMAND, 2);
	bool open = (flags & PCI_MSIX_FLAGS_ENABLE) && !(flags & PCI_MSIX_FLAGS_MASKALL) &&
		    (command & PCI_COMMAND_MASTER) && !(entry->control & 1);

	check(line->routed == open);
	check(!open || (line->data == entry->data &&
			(uint32_t)line->address == entry->address_low &&
			line->address >> 32 == entry->address_high));
	check(!open || !(msix(guest)->pending[0] & 1U << vector));
}

static bool lies_apart(const struct pci_bar *bar, uint64_t base, uint64_t end)
{
	return bar->placed >= end || bar->placed + (bar->size - 1) < base;
}

/* @bar is placed where its registers say if decode is on, or not placed. */
static void check_bar(struct guest *guest, const struct pci_bar *bar)
{
	const struct pci_bar *other;
	struct pci_dev *dev;
	unsigned int i;

	check(pci_config_get(bar->dev, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY);
	check(bar->placed == pci_bar_address(bar->dev, bar->index));
	check(bar->placed % bar->size == 0);
	check(lies_apart(bar, 0, RAM_SIZE) && lies_apart(bar, ECAM, ECAM + 256 * MIB) &&
	      lies_apart(bar, TOP, 4 * GIB));
	for (i = 0; i < DEVICES; i++) {
		dev = device(guest, i);
		for (other = dev ? dev->bars : NULL; other && other < dev->bars + PCI_BARS; other++)
			if (other != bar && other->size && other->placed != PCI_BAR_UNPLACED)
				check(lies_apart(bar, other->placed,
						 other->placed + (other->size - 1)));
	}
}

static void check_memory(struct guest *guest)
{
	const struct fake_hv_mapping *mapping;
	const struct pci_bar *bar;
	size_t expected = 1;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		bar = &device(guest, i)->bars[2];
		if (bar->placed == PCI_BAR_UNPLACED || bar->placed >> FAKE_HV_WIDTH_DEFAULT)
			continue;
		mapping = fake_hv_mapping(bar->placed);
		check(mapping && mapping->gpa == bar->placed && mapping->host == memories[i]);
		expected++;
	}
	check(fake_hv_mappings() == expected);
	check(fake_hv_complaint() == NULL);
}

static void check_all(struct guest *guest)
{
	const struct pci_bar *bar;
	struct pci_dev *dev;
	unsigned int i;

	for (i = 0; i < DEVICES; i++) {
		dev = device(guest, i);
		for (bar = dev ? dev->bars : NULL; bar && bar < dev->bars + PCI_BARS; bar++)
			if (bar->size && bar->placed != PCI_BAR_UNPLACED)
				check_bar(guest, bar);
		check(!dev || pci_config_get(dev, PCI_VENDOR_ID, 2) == (i < 2 ? 0x1af4 : 1));
	}
	for (i = 0; i < LINES; i++)
		check_line(guest, i);
	check_memory(guest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest guest = { .data = data, .size = size };
	unsigned int steps;

	begin(&guest);
	for (steps = 0; guest.size && steps < STEPS_MAX; steps++) {
		step(&guest);
		check_all(&guest);
	}
	end(&guest);
	return 0;
}
