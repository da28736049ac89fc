/* SPDX-License-Identifier: BSD-3-Clause */
/* A PCI bus for tests. */
#include "tests/unit/pci_fixture.h"

#include "devicemodel/vm/memory.h"
#include "lib/event_loop.h"
#include "lib/util.h"
#include "tests/fake_hv.h"
#include "tests/unit/unit.h"

static void serve_io(void *ctx, struct io_access *access)
{
	io_bus_access(ctx, access);
}

static void begin(struct pci_fixture *fixture, const struct hv_ops *ops)
{
	struct hv_vm_params params = { .name = "test", .vcpus = 1, .io = serve_io };
	struct pci_bus_params bus = {
		.irq = &fixture->irq,
		.vdevs = &fixture->vdevs,
		.ecam_base = FIXTURE_ECAM,
	};
	struct error err = { "" };

	*fixture = (struct pci_fixture){ 0 };
	fake_hv_reset();
	CU_ASSERT_EQUAL_FATAL(io_bus_new(&fixture->io), 0);
	params.ctx = fixture->io;
	CU_ASSERT_EQUAL_FATAL(memory_new(fixture->io, FIXTURE_RAM_SIZE, 0, &fixture->memory, &err),
			      0);
	CU_ASSERT_EQUAL_FATAL(ops->vm_create(&params, &fixture->vm, &err), 0);
	CU_ASSERT_EQUAL_FATAL(memory_attach(fixture->memory, ops, fixture->vm, &err), 0);
	io_bus_attach(fixture->io, ops, fixture->vm);
	fixture->irq = (struct irq){ ops, fixture->vm };
	fixture->vdevs = (struct vdevs){ ops, fixture->vm, params.name };
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&fixture->loop), 0);
	bus.io = fixture->io;
	bus.memory = fixture->memory;
	bus.loop = fixture->loop;
	CU_ASSERT_EQUAL_FATAL(pci_bus_new(&bus, &fixture->bus, &err), 0);
}

void pci_fixture_begin(struct pci_fixture *fixture)
{
	begin(fixture, &hv_fake);
}

void pci_fixture_begin_acrn(struct pci_fixture *fixture)
{
	begin(fixture, &hv_fake_acrn);
}

void pci_fixture_end(struct pci_fixture *fixture)
{
	pci_bus_free(fixture->bus);
	event_loop_free(fixture->loop);
	memory_detach(fixture->memory);
	fixture->irq.ops->vm_destroy(fixture->vm);
	memory_free(fixture->memory);
	io_bus_free(fixture->io);
	CU_ASSERT_PTR_NULL(fake_hv_complaint());
}

static int probe_init(struct pci_dev *pci, const void *arg, struct error *err)
{
	static const struct pci_identity identity = {
		.vendor = 0x1234,
		.device = 0x5678,
		.subsystem_vendor = 0x9abc,
		.subsystem = 0xdef0,
		.revision = 0x42,
		.class_code = 0xff1122,
	};
	struct probe *probe = container_of(pci, struct probe, pci);
	const struct probe_bar *bar;
	int i, ret;

	probe->options = arg;
	pci_config_identify(pci, &identity);
	for (i = 0; i < PCI_BARS; i++) {
		probe->addr[i] = PCI_BAR_UNPLACED;
		bar = &probe->options->bars[i];
		if (bar->kind == PCI_BAR_MEM32 || bar->kind == PCI_BAR_MEM64)
			pci_bar_add(pci, i, bar->kind, bar->prefetchable, bar->size);
	}
	if (probe->options->vectors) {
		ret = pci_msix_init(pci, 1, probe->options->vectors);
		if (ret < 0)
			return error_set(err, ret, "MSI-X");
	}
	return probe->options->failure ? error_set(err, probe->options->failure, "as asked") : 0;
}

static int probe_start(struct pci_dev *pci, struct error *err)
{
	struct probe *probe = container_of(pci, struct probe, pci);
	int failure = probe->options->start_failure;

	probe->starts++;
	return failure ? error_set(err, failure, "as asked") : 0;
}

static void probe_reset(struct pci_dev *pci)
{
	container_of(pci, struct probe, pci)->resets++;
}

static uint64_t probe_read(struct pci_dev *pci, int bar, uint64_t offset, unsigned int size)
{
	(void)pci, (void)size;
	return (uint64_t)(bar + 1) << 24 | offset;
}

static void probe_write(struct pci_dev *pci, int bar, uint64_t offset, unsigned int size,
			uint64_t value)
{
	struct probe *probe = container_of(pci, struct probe, pci);

	probe->writes++;
	probe->last_bar = bar;
	probe->last_offset = offset;
	probe->last_size = size;
	probe->last_value = value;
}

static void probe_moved(struct pci_dev *pci, int bar, uint64_t addr)
{
	struct probe *probe = container_of(pci, struct probe, pci);

	/* Told of changes only, and of leaving one place before coming to another. */
	CU_ASSERT_NOT_EQUAL(probe->addr[bar], addr);
	CU_ASSERT(probe->addr[bar] == PCI_BAR_UNPLACED || addr == PCI_BAR_UNPLACED);
	probe->addr[bar] = addr;
	probe->moves[bar]++;
}

static void probe_cfg_write(struct pci_dev *pci, unsigned int reg, unsigned int size)
{
	(void)reg, (void)size;
	container_of(pci, struct probe, pci)->cfg_writes++;
}

static void probe_fini(struct pci_dev *pci)
{
	struct probe *probe = container_of(pci, struct probe, pci);
	int i;

	for (i = 0; i < PCI_BARS; i++)
		CU_ASSERT_EQUAL(probe->addr[i], PCI_BAR_UNPLACED);
	if (probe->options->finis)
		++*probe->options->finis;
}

static const struct device_class probe_class = { .name = "probe", .summary = "for tests" };

const struct pci_dev_ops probe_ops = {
	.class = &probe_class,
	.instance_size = sizeof(struct probe),
	.init = probe_init,
	.start = probe_start,
	.reset = probe_reset,
	.bar_read = probe_read,
	.bar_write = probe_write,
	.bar_moved = probe_moved,
	.cfg_write = probe_cfg_write,
	.fini = probe_fini,
};

struct probe *probe_add(struct pci_fixture *fixture, unsigned int device,
			const struct probe_options *options)
{
	const struct pci_slot slot = { 0, (uint8_t)device, 0 };
	struct error err = { "" };

	CU_ASSERT_EQUAL_FATAL(pci_bus_add(fixture->bus, slot, &probe_ops, options, &err), 0);
	return container_of(pci_bus_device(fixture->bus, slot), struct probe, pci);
}

uint64_t bus_read(struct pci_fixture *fixture, enum io_space space, uint64_t addr,
		  unsigned int size)
{
	struct io_access access = { .space = space, .size = (uint8_t)size, .addr = addr };

	io_bus_access(fixture->io, &access);
	return access.data;
}

void bus_write(struct pci_fixture *fixture, enum io_space space, uint64_t addr, unsigned int size,
	       uint64_t value)
{
	struct io_access access = {
		.space = space,
		.is_write = true,
		.size = (uint8_t)size,
		.addr = addr,
		.data = value,
	};

	io_bus_access(fixture->io, &access);
}

static uint64_t ecam(unsigned int device, unsigned int reg)
{
	return FIXTURE_ECAM + (device << 15 | reg);
}

uint32_t cfg_read(struct pci_fixture *fixture, unsigned int device, unsigned int reg,
		  unsigned int size)
{
	return (uint32_t)bus_read(fixture, IO_SPACE_MMIO, ecam(device, reg), size);
}

void cfg_write(struct pci_fixture *fixture, unsigned int device, unsigned int reg,
	       unsigned int size, uint32_t value)
{
	bus_write(fixture, IO_SPACE_MMIO, ecam(device, reg), size, value);
}

void cfg_write_bar(struct pci_fixture *fixture, unsigned int device, int bar, uint64_t addr)
{
	unsigned int reg = PCI_BASE_ADDRESS_0 + 4 * (unsigned int)bar;

	cfg_write(fixture, device, reg, 4, (uint32_t)addr);
	cfg_write(fixture, device, reg + 4, 4, (uint32_t)(addr >> 32));
}
