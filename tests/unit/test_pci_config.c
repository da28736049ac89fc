/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration space: what it says, what a guest may write, and which accesses it answers. */
#include "devicemodel/pci/pci.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/pci_fixture.h"
#include "tests/unit/unit.h"

static const struct probe_options plain = {
	.bars = {
		{ PCI_BAR_MEM32, 256, false },
		[2] = { PCI_BAR_MEM64, 2 * MIB, true },
		[4] = { PCI_BAR_MEM32, 4096, true },
	},
};

static void test_identity(void)
{
	static const struct {
		unsigned int reg, size;
		uint32_t value;
	} rows[] = {
		{ PCI_VENDOR_ID, 2, 0x1234 },	 { PCI_DEVICE_ID, 2, 0x5678 },
		{ PCI_VENDOR_ID, 4, 0x56781234 }, { PCI_COMMAND, 4, 0 },
		{ PCI_REVISION_ID, 1, 0x42 },	 { PCI_CLASS_PROG, 1, 0x22 },
		{ PCI_CLASS_DEVICE, 2, 0xff11 }, { PCI_CLASS_REVISION, 4, 0xff112242 },
		{ PCI_HEADER_TYPE, 1, 0 },	 { PCI_SUBSYSTEM_VENDOR_ID, 2, 0x9abc },
		{ PCI_SUBSYSTEM_ID, 2, 0xdef0 }, { PCI_INTERRUPT_LINE, 1, 0xff },
		{ PCI_INTERRUPT_PIN, 1, 0 },	 { PCI_CAPABILITY_LIST, 1, 0 },
		{ PCI_ROM_ADDRESS, 4, 0 },	 { PCI_CARDBUS_CIS, 4, 0 },
		{ PCI_BASE_ADDRESS_0, 4, 0 },	 { PCI_BASE_ADDRESS_1, 4, 0 },
		{ PCI_BASE_ADDRESS_2, 4, 0xc },	 { PCI_BASE_ADDRESS_3, 4, 0 },
		{ PCI_BASE_ADDRESS_4, 4, 8 },	 { PCI_BASE_ADDRESS_5, 4, 0 },
		{ 0x40, 4, 0 },			 { 0xfc, 4, 0 },
	};
	struct pci_fixture f;
	size_t i;

	pci_fixture_begin(&f);
	probe_add(&f, 6, &plain);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		CU_ASSERT_EQUAL(cfg_read(&f, 6, rows[i].reg, rows[i].size), rows[i].value);
	pci_fixture_end(&f);
}

/* All ones, then all zeros, into every register, in every size: only these bits take it. */
static void test_writable(void)
{
	uint8_t wanted[PCI_CONFIG_SIZE] = {
		[PCI_COMMAND] = 0x07, [PCI_COMMAND + 1] = 0x05, [PCI_CACHE_LINE_SIZE] = 0xff,
		[PCI_INTERRUPT_LINE] = 0xff,
		[0x11] = 0xff, 0xff, 0xff,
		[0x1a] = 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff,
		[0x21] = 0xf0, 0xff, 0xff,
	};
	unsigned int size, reg, i;
	struct pci_fixture f;
	uint8_t before;

	for (size = 1; size <= 4; size *= 2) {
		pci_fixture_begin(&f);
		probe_add(&f, 6, &plain);
		for (reg = 0; reg < PCI_CONFIG_SIZE; reg += size) {
			cfg_write(&f, 6, reg, size, 0);
			for (i = reg; i < reg + size; i++) {
				before = (uint8_t)cfg_read(&f, 6, i, 1);
				CU_ASSERT_EQUAL(before & wanted[i], 0);
			}
			cfg_write(&f, 6, reg, size, UINT32_MAX);
			for (i = reg; i < reg + size; i++)
				CU_ASSERT_EQUAL(cfg_read(&f, 6, i, 1) & wanted[i], wanted[i]);
			if (reg <= PCI_COMMAND && reg + size > PCI_COMMAND)
				cfg_write(&f, 6, PCI_COMMAND, 2, 0);
		}
		pci_bus_reset(f.bus);
		for (i = 0; i < PCI_CONFIG_SIZE; i++) {
			before = (uint8_t)cfg_read(&f, 6, i, 1);
			cfg_write(&f, 6, i, 1, (uint8_t)~before);
			CU_ASSERT_EQUAL(cfg_read(&f, 6, i, 1), (before ^ wanted[i]));
			cfg_write(&f, 6, i, 1, before);
		}
		pci_fixture_end(&f);
	}
}

static void test_command_all_ones(void)
{
	struct pci_fixture f;

	pci_fixture_begin(&f);
	probe_add(&f, 6, &plain);
	cfg_write(&f, 6, PCI_COMMAND, 4, UINT32_MAX);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_COMMAND, 4), 0x0507);
	pci_fixture_end(&f);
}

static void test_bad_accesses(void)
{
	static const struct {
		unsigned int reg, size;
	} rows[] = { { 1, 2 },	   { 3, 2 },	 { 2, 4 },    { 1, 4 },
		     { 0x100, 4 }, { 0xffc, 4 }, { 0x100, 1 } };
	struct pci_fixture f;
	struct probe *probe;
	size_t i;

	pci_fixture_begin(&f);
	probe = probe_add(&f, 6, &plain);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL(cfg_read(&f, 6, rows[i].reg, rows[i].size),
				(uint32_t)io_size_mask(rows[i].size));
		cfg_write(&f, 6, rows[i].reg, rows[i].size, 0);
	}
	/* No such size, and across the end of the space. */
	CU_ASSERT_EQUAL(pci_access_read(&probe->pci, 0, 3), UINT32_MAX);
	CU_ASSERT_EQUAL(pci_access_read(&probe->pci, 0, 0), UINT32_MAX);
	CU_ASSERT_EQUAL(pci_access_read(&probe->pci, 0, 8), UINT32_MAX);
	CU_ASSERT_EQUAL(pci_access_read(&probe->pci, 0xfe, 4), UINT32_MAX);
	CU_ASSERT_EQUAL(pci_access_read(&probe->pci, UINT32_MAX, 1), UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, FIXTURE_ECAM + (6 << 15), 8), UINT64_MAX);
	bus_write(&f, IO_SPACE_MMIO, FIXTURE_ECAM + (6 << 15), 8, UINT64_MAX);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_COMMAND, 2), 0);
	CU_ASSERT_EQUAL(probe->cfg_writes, 0);
	pci_fixture_end(&f);
}

static uint32_t mechanism1_read(struct pci_fixture *f, uint32_t address, unsigned int port,
				unsigned int size)
{
	bus_write(f, IO_SPACE_PORT, 0xcf8, 4, address);
	return (uint32_t)bus_read(f, IO_SPACE_PORT, port, size);
}

static void test_mechanism1(void)
{
	static const struct {
		uint32_t address;
		unsigned int port, size;
		uint32_t value;
	} rows[] = {
		{ 0x80003000, 0xcfc, 4, 0x56781234 },
		{ 0x80003000, 0xcfc, 2, 0x1234 },
		{ 0x80003000, 0xcfe, 2, 0x5678 },
		{ 0x80003000, 0xcfd, 1, 0x12 },
		{ 0x80003000, 0xcff, 1, 0x56 },
		{ 0x80003003, 0xcfc, 4, 0x56781234 }, /* the low two bits count for nothing */
		{ 0x8000303c, 0xcfc, 1, 0xff },
		{ 0x80003008, 0xcfc, 4, 0xff112242 },
		{ 0x00003000, 0xcfc, 4, 0xffffffff }, /* not enabled */
		{ 0x80003100, 0xcfc, 4, 0xffffffff }, /* no function 1 */
		{ 0x80002800, 0xcfc, 4, 0xffffffff }, /* no device 5 */
		{ 0x80013000, 0xcfc, 4, 0xffffffff }, /* no bus 1 */
		{ 0x80ff3000, 0xcfc, 4, 0xffffffff },
		{ 0x80003000, 0xcff, 2, 0xffff }, /* leaves the port's range */
		{ 0x80003000, 0xcfe, 4, 0xffffffff },
	};
	struct pci_fixture f;
	size_t i;

	pci_fixture_begin(&f);
	probe_add(&f, 6, &plain);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL(mechanism1_read(&f, rows[i].address, rows[i].port, rows[i].size),
				rows[i].value);
		CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PORT, 0xcf8, 4), rows[i].address);
	}
	bus_write(&f, IO_SPACE_PORT, 0xcf8, 4, 0x80003004);
	bus_write(&f, IO_SPACE_PORT, 0xcfc, 2, 0xffff);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_COMMAND, 2), 0x507);
	bus_write(&f, IO_SPACE_PORT, 0xcfd, 1, 0);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_COMMAND, 2), 0x7);
	bus_write(&f, IO_SPACE_PORT, 0xcf8, 4, 0x3004);
	bus_write(&f, IO_SPACE_PORT, 0xcfc, 2, 0);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_COMMAND, 2), 0x7);
	pci_fixture_end(&f);
}

/* Guests probe the mechanism with byte and word accesses to the address port: they do not count. */
static void test_address_port(void)
{
	struct pci_fixture f;

	pci_fixture_begin(&f);
	bus_write(&f, IO_SPACE_PORT, 0xcf8, 4, 0x80000000);
	bus_write(&f, IO_SPACE_PORT, 0xcf8, 1, 0x55);
	bus_write(&f, IO_SPACE_PORT, 0xcfa, 2, 0x1234);
	bus_write(&f, IO_SPACE_PORT, 0xcf9, 1, 0x06); /* nobody wants to know */
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PORT, 0xcf8, 4), 0x80000000);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PORT, 0xcf8, 1), 0xff);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PORT, 0xcf9, 1), 0xff);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PORT, 0xcf8, 2), 0xffff);
	pci_bus_reset(f.bus);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PORT, 0xcf8, 4), 0);
	pci_fixture_end(&f);
}

static void count_access(void *ctx, struct io_access *access)
{
	unsigned int *count = ctx;

	++*count;
	if (!access->is_write)
		access->data = 0x0e;
}

static void test_reset_port(void)
{
	unsigned int count = 0;
	struct pci_fixture f;

	pci_fixture_begin(&f);
	pci_bus_set_reset_port(f.bus, count_access, &count);
	bus_write(&f, IO_SPACE_PORT, 0xcf9, 1, 0x06);
	CU_ASSERT_EQUAL(count, 1);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PORT, 0xcf9, 1), 0x0e);
	CU_ASSERT_EQUAL(count, 2);
	bus_write(&f, IO_SPACE_PORT, 0xcf8, 4, 0x80000000 | 0x0600);
	bus_write(&f, IO_SPACE_PORT, 0xcf8, 1, 6);
	bus_write(&f, IO_SPACE_PORT, 0xcfa, 1, 6);
	CU_ASSERT_EQUAL(count, 2);
	pci_fixture_end(&f);
}

static void test_other_ways(void)
{
	struct pci_fixture f;

	pci_fixture_begin(&f);
	probe_add(&f, 6, &plain);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PCI_CONFIG, 6 << 15, 4), 0x56781234);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PCI_CONFIG, 1 << 20 | 6 << 15, 4), UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PCI_CONFIG, UINT64_C(256) << 20, 4), UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, FIXTURE_ECAM + (UINT64_C(255) << 20), 4),
			UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, FIXTURE_ECAM + (6 << 15 | 1 << 12), 4),
			UINT32_MAX);
	bus_write(&f, IO_SPACE_PCI_CONFIG, 6 << 15 | PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_COMMAND, 2), PCI_COMMAND_MASTER);
	pci_fixture_end(&f);
}

static void test_capabilities(void)
{
	static struct pci_dev dev;
	int reg;

	memset(&dev, 0, sizeof(dev));
	CU_ASSERT_EQUAL(pci_config_add_capability(&dev, 9, 7), 0x40);
	CU_ASSERT_EQUAL(pci_config_add_capability(&dev, 5, 12), 0x48);
	CU_ASSERT_EQUAL(dev.config[PCI_CAPABILITY_LIST], 0x40);
	CU_ASSERT_EQUAL(dev.config[0x40], 9);
	CU_ASSERT_EQUAL(dev.config[0x41], 0x48);
	CU_ASSERT_EQUAL(dev.config[0x48], 5);
	CU_ASSERT_EQUAL(dev.config[0x49], 0);
	CU_ASSERT_EQUAL(dev.config[PCI_STATUS], PCI_STATUS_CAP_LIST);
	CU_ASSERT_EQUAL(pci_config_add_capability(&dev, 1, 0x100 - 0x54 + 1), -ENOSPC);
	CU_ASSERT_EQUAL(dev.config[0x49], 0);
	CU_ASSERT_EQUAL(pci_config_add_capability(&dev, 1, 0x100 - 0x54), 0x54);
	for (reg = 1; reg <= 4; reg++)
		CU_ASSERT_EQUAL(pci_config_add_capability(&dev, 1, (unsigned int)reg), -ENOSPC);
}

static void test_reset(void)
{
	struct pci_fixture f;
	struct probe *probe;
	uint8_t before[PCI_CONFIG_SIZE];
	unsigned int i;

	pci_fixture_begin(&f);
	probe = probe_add(&f, 6, &plain);
	memcpy(before, probe->pci.config, sizeof(before));
	for (i = 0; i < PCI_CONFIG_SIZE; i += 4)
		cfg_write(&f, 6, i, 4, 0x5a5a5a5a);
	pci_bus_reset(f.bus);
	CU_ASSERT_EQUAL(memcmp(before, probe->pci.config, sizeof(before)), 0);
	CU_ASSERT_EQUAL(probe->resets, 1);
	pci_fixture_end(&f);
}

static const struct unit_test tests[] = {
	{ "identity", test_identity },
	{ "only these bits are writable", test_writable },
	{ "command register of all ones", test_command_all_ones },
	{ "misaligned and outside", test_bad_accesses },
	{ "mechanism 1", test_mechanism1 },
	{ "address port", test_address_port },
	{ "reset port", test_reset_port },
	{ "ECAM and decoded accesses", test_other_ways },
	{ "capabilities", test_capabilities },
	{ "reset", test_reset },
};

UNIT_MAIN("pci config", tests)
