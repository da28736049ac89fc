/* SPDX-License-Identifier: BSD-3-Clause */
/* The bus: adding, finding and freeing devices, functions, and what it claims for itself. */
#include "devicemodel/pci/pci.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/pci_fixture.h"
#include "tests/unit/unit.h"

static const struct probe_options plain = { .bars = { { PCI_BAR_MEM32, 4096, false } } };

static int add(struct pci_fixture *f, uint8_t bus, uint8_t device, uint8_t function,
	       const struct probe_options *options, struct error *err)
{
	const struct pci_slot slot = { bus, device, function };

	err->text[0] = '\0';
	return pci_bus_add(f->bus, slot, &probe_ops, options, err);
}

static void test_slots(void)
{
	struct pci_fixture f;
	struct error err;
	struct pci_dev *dev;

	pci_fixture_begin(&f);
	CU_ASSERT_EQUAL(add(&f, 0, 31, 7, &plain, &err), 0);
	CU_ASSERT_EQUAL(add(&f, 0, 0, 0, &plain, &err), 0);
	dev = pci_bus_device(f.bus, (struct pci_slot){ 0, 31, 7 });
	CU_ASSERT_PTR_NOT_NULL_FATAL(dev);
	CU_ASSERT_STRING_EQUAL(dev->tag, "00:1f.7 probe");
	CU_ASSERT_PTR_NULL(pci_bus_device(f.bus, (struct pci_slot){ 0, 31, 6 }));
	CU_ASSERT_PTR_NULL(pci_bus_device(f.bus, (struct pci_slot){ 1, 0, 0 }));
	CU_ASSERT_PTR_NULL(pci_bus_device(f.bus, (struct pci_slot){ 0, 32, 0 }));
	CU_ASSERT_PTR_NULL(pci_bus_device(f.bus, (struct pci_slot){ 0, 0, 8 }));
	CU_ASSERT_EQUAL(add(&f, 0, 0, 0, &plain, &err), -EEXIST);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "probe"));
	CU_ASSERT_EQUAL(add(&f, 1, 0, 0, &plain, &err), -EINVAL);
	CU_ASSERT_EQUAL(add(&f, 0, 32, 0, &plain, &err), -EINVAL);
	CU_ASSERT_EQUAL(add(&f, 0, 1, 8, &plain, &err), -EINVAL);
	pci_fixture_end(&f);
}

static void test_init_fails(void)
{
	unsigned int finis = 0;
	struct probe_options options = plain;
	struct pci_fixture f;
	struct error err;

	pci_fixture_begin(&f);
	options.failure = -ENOMEM;
	options.vectors = 4;
	options.finis = &finis;
	CU_ASSERT_EQUAL(add(&f, 0, 6, 0, &options, &err), -ENOMEM);
	CU_ASSERT_STRING_EQUAL(err.text, "00:06.0 probe: as asked");
	CU_ASSERT_EQUAL(finis, 1);
	CU_ASSERT_PTR_NULL(pci_bus_device(f.bus, (struct pci_slot){ 0, 6, 0 }));
	CU_ASSERT_EQUAL(cfg_read(&f, 6, 0, 4), UINT32_MAX);
	options.failure = 0;
	CU_ASSERT_EQUAL(add(&f, 0, 6, 0, &options, &err), 0);
	pci_fixture_end(&f);
	CU_ASSERT_EQUAL(finis, 2);
}

static void test_free_while_placed(void)
{
	unsigned int finis = 0;
	struct probe_options options = plain;
	struct pci_fixture f;

	pci_fixture_begin(&f);
	options.finis = &finis;
	/* Both want the same address; the fini of each checks that its BAR is off the bus. */
	probe_add(&f, 5, &options);
	probe_add(&f, 6, &options);
	cfg_write(&f, 5, PCI_BASE_ADDRESS_0, 4, 0x80000000);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_0, 4, 0x80000000);
	cfg_write(&f, 5, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	pci_fixture_end(&f);
	CU_ASSERT_EQUAL(finis, 2);
}

static void test_start(void)
{
	struct probe_options failing = plain;
	struct probe *a, *b, *c;
	struct pci_fixture f;
	struct error err;

	pci_fixture_begin(&f);
	failing.start_failure = -EIO;
	a = probe_add(&f, 5, &plain);
	b = probe_add(&f, 6, &failing);
	c = probe_add(&f, 7, &plain);
	CU_ASSERT_EQUAL(pci_bus_start(f.bus, &err), -EIO);
	CU_ASSERT_STRING_EQUAL(err.text, "00:06.0 probe: as asked");
	CU_ASSERT_EQUAL(a->starts, 1);
	CU_ASSERT_EQUAL(b->starts, 1);
	CU_ASSERT_EQUAL(c->starts, 0);
	pci_bus_reset(f.bus);
	CU_ASSERT_EQUAL(a->resets, 1);
	failing.start_failure = 0;
	CU_ASSERT_EQUAL(pci_bus_start(f.bus, &err), 0);
	CU_ASSERT_EQUAL(c->starts, 1);
	pci_fixture_end(&f);
}

/* The guest meets somebody else's device there, until a reset. */
static void test_delegate(void)
{
	struct pci_fixture f;
	struct probe *probe;

	pci_fixture_begin(&f);
	probe = probe_add(&f, 6, &plain);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_0, 4, 0x80000000);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0x80000004, 4), 0x01000004);
	pci_dev_delegate(&probe->pci);
	CU_ASSERT_EQUAL(probe->addr[0], PCI_BAR_UNPLACED);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0x80000004, 4), UINT32_MAX);
	probe->cfg_writes = 0;
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CU_ASSERT_EQUAL(probe->cfg_writes, 0);
	CU_ASSERT_EQUAL(probe->moves[0], 2);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_VENDOR_ID, 4), UINT32_MAX);
	bus_write(&f, IO_SPACE_PORT, 0xcf8, 4, 0x80003000);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PORT, 0xcfc, 4), UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PCI_CONFIG, 6 << 15, 4), UINT32_MAX);
	pci_bus_reset(f.bus);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_VENDOR_ID, 4), 0x56781234);
	pci_fixture_end(&f);
}

static uint32_t header_type(struct pci_fixture *f, unsigned int device)
{
	return cfg_read(f, device, PCI_HEADER_TYPE, 1);
}

static void test_functions(void)
{
	struct pci_fixture f;
	struct error err;

	pci_fixture_begin(&f);
	CU_ASSERT_EQUAL(add(&f, 0, 6, 0, &plain, &err), 0);
	CU_ASSERT_EQUAL(header_type(&f, 6), 0);
	CU_ASSERT_EQUAL(add(&f, 0, 6, 3, &plain, &err), 0);
	CU_ASSERT_EQUAL(header_type(&f, 6), 0x80);
	/* In the other order too. */
	CU_ASSERT_EQUAL(add(&f, 0, 7, 1, &plain, &err), 0);
	CU_ASSERT_EQUAL(add(&f, 0, 7, 0, &plain, &err), 0);
	CU_ASSERT_EQUAL(header_type(&f, 7), 0x80);
	CU_ASSERT_EQUAL(add(&f, 0, 8, 0, &plain, &err), 0);
	CU_ASSERT_EQUAL(header_type(&f, 8), 0);
	pci_bus_reset(f.bus);
	CU_ASSERT_EQUAL(header_type(&f, 6), 0x80);
	CU_ASSERT_EQUAL(header_type(&f, 8), 0);
	pci_fixture_end(&f);
}

static void test_claims(void)
{
	static const struct {
		enum io_space space;
		uint64_t addr;
	} taken[] = {
		{ IO_SPACE_PORT, 0xcfa },
		{ IO_SPACE_PORT, 0xcff },
		{ IO_SPACE_MMIO, FIXTURE_ECAM + 0x0ffffff0 },
		{ IO_SPACE_PCI_CONFIG, 0x1000 },
	};
	struct pci_bus_params params = { .ecam_base = FIXTURE_ECAM };
	struct pci_bus *bus = NULL;
	struct pci_fixture f;
	struct io_bus *io;
	struct error err;
	size_t i;
	int lives;

	pci_fixture_begin(&f);
	params.memory = f.memory;
	params.irq = &f.irq;
	for (i = 0; i < ARRAY_SIZE(taken); i++) {
		CU_ASSERT_EQUAL(io_bus_add(f.io, taken[i].space, taken[i].addr, 1, NULL, NULL),
				-EEXIST);
		CU_ASSERT_EQUAL_FATAL(io_bus_new(&io), 0);
		CU_ASSERT_EQUAL(io_bus_add(io, taken[i].space, taken[i].addr, 1, NULL, NULL), 0);
		err.text[0] = '\0';
		params.io = io;
		CU_ASSERT_EQUAL(pci_bus_new(&params, &bus, &err), -EEXIST);
		CU_ASSERT_PTR_NULL(bus);
		CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
		/* Whether it fails or goes, it leaves nothing there. */
		io_bus_remove(io, taken[i].space, taken[i].addr);
		for (lives = 0; lives < 2; lives++) {
			CU_ASSERT_EQUAL_FATAL(pci_bus_new(&params, &bus, &err), 0);
			pci_bus_free(bus);
		}
		bus = NULL;
		io_bus_free(io);
	}
	pci_fixture_end(&f);
	pci_bus_free(NULL);
}

static const struct unit_test tests[] = {
	{ "slots", test_slots },
	{ "a device that fails", test_init_fails },
	{ "freed while placed", test_free_while_placed },
	{ "start", test_start },
	{ "a device that the hypervisor takes over", test_delegate },
	{ "functions", test_functions },
	{ "claims", test_claims },
};

UNIT_MAIN("pci bus", tests)
