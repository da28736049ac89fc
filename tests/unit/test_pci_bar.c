/* SPDX-License-Identifier: BSD-3-Clause */
/* BARs: sizing, placing, moving, and the odd places that they come to while a guest sizes them. */
#include "devicemodel/pci/pci.h"

#include <errno.h>

#include "lib/fds.h"
#include "lib/util.h"
#include "tests/fake_hv.h"
#include "tests/unit/pci_fixture.h"
#include "tests/unit/unit.h"

#define REGS UINT64_C(0x80000000)
#define MEMORY UINT64_C(0x90000000)
#define NOWHERE PCI_BAR_UNPLACED

static const struct probe_options both = {
	.bars = { { PCI_BAR_MEM32, 256, false }, [2] = { PCI_BAR_MEM64, 2 * MIB, true } },
};

/* A device with its BARs at REGS and MEMORY, decode on. */
static struct probe *placed(struct pci_fixture *f, unsigned int device)
{
	struct probe *probe = probe_add(f, device, &both);

	cfg_write(f, device, PCI_BASE_ADDRESS_0, 4, REGS);
	cfg_write_bar(f, device, 2, MEMORY);
	cfg_write(f, device, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	return probe;
}

static void test_sizing(void)
{
	static const struct {
		struct probe_bar bar;
		uint32_t low, high;
	} rows[] = {
		{ { PCI_BAR_MEM32, 16, false }, 0xfffffff0, 0 },
		{ { PCI_BAR_MEM32, 256, false }, 0xffffff00, 0 },
		{ { PCI_BAR_MEM32, 4096, true }, 0xfffff008, 0 },
		{ { PCI_BAR_MEM32, UINT64_C(1) << 31, false }, 0x80000000, 0 },
		{ { PCI_BAR_MEM64, 2 * MIB, true }, 0xffe0000c, 0xffffffff },
		{ { PCI_BAR_MEM64, 512 * MIB, true }, 0xe000000c, 0xffffffff },
		{ { PCI_BAR_MEM64, 4 * GIB, true }, 0x0000000c, 0xffffffff },
		{ { PCI_BAR_MEM64, 1024 * GIB, false }, 0x00000004, 0xffffff00 },
	};
	struct pci_fixture f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct probe_options options = { .bars = { [2] = rows[i].bar } };

		pci_fixture_begin(&f);
		probe_add(&f, 6, &options);
		cfg_write(&f, 6, PCI_BASE_ADDRESS_2, 4, UINT32_MAX);
		cfg_write(&f, 6, PCI_BASE_ADDRESS_3, 4, UINT32_MAX);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_2, 4), rows[i].low);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_3, 4), rows[i].high);
		cfg_write(&f, 6, PCI_BASE_ADDRESS_2, 4, 0);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_2, 4), rows[i].low & 0xf);
		pci_fixture_end(&f);
	}
}

static void test_decode(void)
{
	struct pci_fixture f;
	struct probe *probe;

	pci_fixture_begin(&f);
	probe = placed(&f, 6);
	CU_ASSERT_EQUAL(probe->addr[0], REGS);
	CU_ASSERT_EQUAL(probe->addr[2], MEMORY);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 0x10, 4), 0x01000010);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MASTER);
	CU_ASSERT_EQUAL(probe->addr[0], NOWHERE);
	CU_ASSERT_EQUAL(probe->addr[2], NOWHERE);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 0x10, 4), UINT32_MAX);
	cfg_write(&f, 6, PCI_COMMAND, 1, PCI_COMMAND_MEMORY);
	CU_ASSERT_EQUAL(probe->addr[2], MEMORY);
	/* Neither the same address again nor other bits of the command register are a move. */
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
	cfg_write_bar(&f, 6, 2, MEMORY);
	CU_ASSERT_EQUAL(probe->moves[2], 3);
	pci_fixture_end(&f);
}

static void test_accesses(void)
{
	struct pci_fixture f;
	struct probe *probe;

	pci_fixture_begin(&f);
	probe = placed(&f, 6);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 1, 1), 0x01);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 0xf8, 8), 0x010000f8);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, MEMORY + 0x1ffffc, 4), 0x031ffffc);
	/* Past the end, and across it. */
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 0x100, 4), UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 0xfd, 4), UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS - 1, 4), UINT32_MAX);
	bus_write(&f, IO_SPACE_MMIO, REGS + 0xfd, 4, 1);
	bus_write(&f, IO_SPACE_MMIO, REGS + 0x100, 1, 1);
	CU_ASSERT_EQUAL(probe->writes, 0);
	bus_write(&f, IO_SPACE_MMIO, MEMORY + 0x123, 2, 0xbeef);
	CU_ASSERT_EQUAL(probe->writes, 1);
	CU_ASSERT_EQUAL(probe->last_bar, 2);
	CU_ASSERT_EQUAL(probe->last_offset, 0x123);
	CU_ASSERT_EQUAL(probe->last_size, 2);
	CU_ASSERT_EQUAL(probe->last_value, 0xbeef);
	pci_fixture_end(&f);
}

/*
 * What Zephyr does, and Linux users through sysfs: all ones into the low dword, back, all ones into
 * the high one, back, with decode on all the time.
 */
static void test_sizing_with_decode_on(void)
{
	struct pci_fixture f;
	struct probe *probe;

	pci_fixture_begin(&f);
	CU_ASSERT_EQUAL_FATAL(io_bus_add(f.io, IO_SPACE_MMIO, 0xfec00000, 0x1400000, NULL, NULL),
			      0);
	probe = placed(&f, 6);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_2, 4, UINT32_MAX);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_2, 4), 0xffe0000c);
	CU_ASSERT_EQUAL(probe->addr[2], NOWHERE); /* over the interrupt controllers */
	cfg_write(&f, 6, PCI_BASE_ADDRESS_2, 4, MEMORY | 0xc);
	CU_ASSERT_EQUAL(probe->addr[2], MEMORY);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_3, 4, UINT32_MAX);
	CU_ASSERT_EQUAL(probe->addr[2], 0xffffffff00000000 | MEMORY);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, MEMORY, 4), UINT32_MAX);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_3, 4, 0);
	CU_ASSERT_EQUAL(probe->addr[2], MEMORY);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, MEMORY + 8, 4), 0x03000008);
	/* Both at once: the very top of the address space, whose end is 2^64. */
	cfg_write_bar(&f, 6, 2, UINT64_MAX);
	CU_ASSERT_EQUAL(probe->addr[2], 0xffffffffffe00000);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xfffffffffffffffc, 4), 0x031ffffc);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xfffffffffffffffd, 4), UINT32_MAX);
	cfg_write_bar(&f, 6, 2, MEMORY);
	CU_ASSERT_EQUAL(probe->addr[2], MEMORY);
	pci_fixture_end(&f);
}

static void test_odd_places(void)
{
	static const struct {
		uint64_t addr;
		bool placed;
	} rows[] = {
		{ 0, false },			       /* RAM */
		{ FIXTURE_RAM_SIZE - 2 * MIB, false }, /* its end */
		{ FIXTURE_RAM_SIZE, true },	       /* just above it */
		{ FIXTURE_ECAM, false },
		{ FIXTURE_ECAM + 256 * MIB - 2 * MIB, false },
		{ FIXTURE_ECAM - 2 * MIB, true },
		{ FIXTURE_ECAM + 256 * MIB, true },
		{ REGS, false }, /* BAR0 of the same device */
		{ 0x8000000000, true },
	};
	struct pci_fixture f;
	struct probe *probe;
	size_t i;

	pci_fixture_begin(&f);
	probe = placed(&f, 6);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		cfg_write_bar(&f, 6, 2, rows[i].addr);
		CU_ASSERT_EQUAL(probe->addr[2], rows[i].placed ? rows[i].addr : NOWHERE);
		CU_ASSERT_EQUAL(probe->addr[0], REGS);
	}
	/* ECAM still answers, so it was not hidden. */
	CU_ASSERT_EQUAL(cfg_read(&f, 6, 0, 4), 0x56781234);
	pci_fixture_end(&f);
}

/* Who was there first stays; the other one comes when the place is free. */
static void test_conflict(void)
{
	struct pci_fixture f;
	struct probe *first, *second;

	pci_fixture_begin(&f);
	second = probe_add(&f, 5, &both);
	first = placed(&f, 6);
	cfg_write(&f, 5, PCI_BASE_ADDRESS_0, 4, 0xa0000000);
	cfg_write_bar(&f, 5, 2, MEMORY);
	cfg_write(&f, 5, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CU_ASSERT_EQUAL(second->addr[0], 0xa0000000);
	CU_ASSERT_EQUAL(second->addr[2], NOWHERE);
	CU_ASSERT_EQUAL(first->addr[2], MEMORY);
	cfg_write_bar(&f, 6, 2, MEMORY + 2 * MIB);
	CU_ASSERT_EQUAL(first->addr[2], MEMORY + 2 * MIB);
	CU_ASSERT_EQUAL(second->addr[2], MEMORY);
	cfg_write_bar(&f, 6, 2, MEMORY);
	CU_ASSERT_EQUAL(first->addr[2], NOWHERE);
	cfg_write(&f, 5, PCI_COMMAND, 2, 0);
	CU_ASSERT_EQUAL(first->addr[2], MEMORY);
	CU_ASSERT_EQUAL(second->addr[2], NOWHERE);
	pci_fixture_end(&f);
}

/* Two devices trade places with decode on, as an operating system that renumbers does. */
static void test_swap(void)
{
	struct pci_fixture f;
	struct probe *first, *second;

	pci_fixture_begin(&f);
	first = placed(&f, 6);
	second = probe_add(&f, 5, &both);
	cfg_write_bar(&f, 5, 2, MEMORY + 2 * MIB);
	cfg_write(&f, 5, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	cfg_write_bar(&f, 5, 2, MEMORY);
	cfg_write_bar(&f, 6, 2, MEMORY + 2 * MIB);
	CU_ASSERT_EQUAL(first->addr[2], MEMORY + 2 * MIB);
	CU_ASSERT_EQUAL(second->addr[2], MEMORY);
	pci_fixture_end(&f);
}

static void test_byte_writes(void)
{
	struct pci_fixture f;
	struct probe *probe;

	pci_fixture_begin(&f);
	probe = placed(&f, 6);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_2 + 3, 1, 0xa0);
	CU_ASSERT_EQUAL(probe->addr[2], 0xa0000000);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_3 + 2, 2, 0x0001);
	CU_ASSERT_EQUAL(probe->addr[2], 0x00010000a0000000);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_0, 1, 0xff);
	CU_ASSERT_EQUAL(probe->addr[0], REGS);
	pci_fixture_end(&f);
}

static void test_reset(void)
{
	struct pci_fixture f;
	struct probe *probe;

	pci_fixture_begin(&f);
	probe = placed(&f, 6);
	pci_bus_reset(f.bus);
	CU_ASSERT_EQUAL(probe->addr[0], NOWHERE);
	CU_ASSERT_EQUAL(probe->addr[2], NOWHERE);
	CU_ASSERT_EQUAL(pci_bar_address(&probe->pci, 2), 0);
	/* Decode on at address 0, where RAM is. */
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CU_ASSERT_EQUAL(probe->addr[2], NOWHERE);
	pci_fixture_end(&f);
}

static void test_registers(void)
{
	struct pci_fixture f;
	struct probe *probe;

	pci_fixture_begin(&f);
	probe = probe_add(&f, 6, &both);
	pci_bar_set_address(&probe->pci, 0, 0xfedcba00);
	pci_bar_set_address(&probe->pci, 2, 0x123456789ae00000);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_0, 4), 0xfedcba00);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_2, 4), 0x9ae0000c);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_3, 4), 0x12345678);
	CU_ASSERT_EQUAL(pci_bar_address(&probe->pci, 0), 0xfedcba00);
	CU_ASSERT_EQUAL(pci_bar_address(&probe->pci, 2), 0x123456789ae00000);
	pci_fixture_end(&f);
}

/* Writes that signal an eventfd on their way. */
static void test_signal_on_write(void)
{
	struct hv_ops swallows = hv_fake;
	struct pci_fixture f;
	struct pci_dev *dev;
	int fd = eventfd_new();

	pci_fixture_begin(&f);
	dev = &probe_add(&f, 6, &both)->pci;
	CU_ASSERT_EQUAL(pci_bar_signal_on_write(dev, 0, 12, 4, 7, fd, true), -ENODEV);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_0, 4, (uint32_t)REGS);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CU_ASSERT_EQUAL(pci_bar_signal_on_write(dev, 0, 12, 4, 7, fd, true), 0);
	CU_ASSERT_FALSE(fake_hv_write(REGS + 12, 4, 8));
	CU_ASSERT_FALSE(fake_hv_write(REGS + 12, 2, 7));
	CU_ASSERT_FALSE(fake_hv_write(REGS + 8, 4, 7));
	CU_ASSERT_FALSE(eventfd_drain(fd));
	CU_ASSERT_TRUE(fake_hv_write(REGS + 12, 4, 7));
	CU_ASSERT_TRUE(eventfd_drain(fd));
	CU_ASSERT_EQUAL(pci_bar_signal_on_write(dev, 0, 12, 4, 7, fd, false), 0);
	CU_ASSERT_EQUAL(fake_hv_ioeventfds(), 0);
	/* A back end that would swallow what does not match; and none at all, as during a reset. */
	swallows.capabilities = 0;
	io_bus_attach(f.io, &swallows, f.vm);
	CU_ASSERT_EQUAL(pci_bar_signal_on_write(dev, 0, 12, 4, 7, fd, true), -EOPNOTSUPP);
	io_bus_attach(f.io, &hv_fake, NULL);
	CU_ASSERT_EQUAL(pci_bar_signal_on_write(dev, 0, 12, 4, 7, fd, true), -ENODEV);
	CU_ASSERT_EQUAL(fake_hv_ioeventfds(), 0);
	pci_fixture_end(&f);
	fd_close(&fd);
}

static const struct unit_test tests[] = {
	{ "sizing", test_sizing },
	{ "memory decode", test_decode },
	{ "accesses", test_accesses },
	{ "sizing with decode on", test_sizing_with_decode_on },
	{ "odd places", test_odd_places },
	{ "conflict", test_conflict },
	{ "swap", test_swap },
	{ "byte writes", test_byte_writes },
	{ "reset", test_reset },
	{ "address and registers", test_registers },
	{ "signal on write", test_signal_on_write },
};

UNIT_MAIN("pci bar", tests)
