/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration space: the header of a plain ivshmem device, what of it can be written, and the two
 * ways to it. Command line: slot=N, size= (bytes), subsystem= (both words), multi=1 if function 1
 * of the slot is an ivshmem device too.
 */
#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/pci.h"
#include "samples/bare-metal/lib/port.h"
#include "tests/guest/check.h"
#include "tests/guest/mmio.h"

#define ECAM 0xe0000000UL
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000
#define DWORDS 64

/* IO, MEM, MASTER, SERR and INTX_DISABLE. */
#define COMMAND_WRITABLE 0x0507
#define REG_COMMAND 0x04
#define REG_BAR0 0x10
#define REG_BAR2 0x18
#define REG_BAR3 0x1c
#define REG_SUBSYSTEM 0x2c

static struct pci_function device;
static uint64_t bar2_size;
static uint32_t initial[DWORDS];

static uint64_t ecam_address(unsigned int bus, unsigned int slot, unsigned int function,
			     unsigned int reg)
{
	return ECAM + (bus << 20 | slot << 15 | function << 12 | reg);
}

static uint64_t ecam(unsigned int reg)
{
	return ecam_address(device.bus, device.slot, device.function, reg);
}

static uint32_t mechanism1_address(unsigned int bus, unsigned int slot, unsigned int function,
				   unsigned int reg)
{
	return CONFIG_ENABLE | bus << 16 | slot << 11 | function << 8 | reg;
}

static void snapshot(uint32_t *values)
{
	unsigned int i;

	for (i = 0; i < DWORDS; i++)
		values[i] = (uint32_t)mmio_read(ecam(4 * i), 4);
}

/* The whole header as it must be at the start, but for the addresses in the BARs. */
static uint32_t expected_dword(unsigned int reg)
{
	switch (reg) {
	case 0x00:
		return 0x11101af4;
	case REG_COMMAND:
		return PCI_COMMAND_MEMORY;
	case 0x08:
		return 0x05000001;
	case 0x0c:
		return cmdline_number("multi", 0, 1, 0) ? 0x00800000 : 0;
	case REG_BAR2:
		return 0xc;
	case REG_SUBSYSTEM:
		return (uint32_t)cmdline_number("subsystem", 0, UINT32_MAX, 0x11001af4);
	case 0x3c:
		return 0x000000ff;
	default:
		return 0;
	}
}

static void test_header(void)
{
	uint32_t address_bits;
	unsigned int reg;

	check_begin("config: the header at the start, decode on, no capabilities");
	for (reg = 0; reg < 4 * DWORDS; reg += 4) {
		address_bits = reg == REG_BAR0 ? 0xffffff00 : reg == REG_BAR2 ? 0xfffffff0 : 0;
		check_is("register", reg, initial[reg / 4] & ~address_bits, expected_dword(reg));
	}
	check_begin("config: BAR0 has a page of its own, BAR2 its natural alignment below 4 GiB");
	check_that("BAR0 is assigned", initial[REG_BAR0 / 4] != 0);
	check_is("BAR0 in its page", REG_BAR0, initial[REG_BAR0 / 4] & 0xfff, 0);
	check_that("BAR2 is assigned", (initial[REG_BAR2 / 4] & ~15U) != 0);
	check_is("BAR2 in its size", REG_BAR2, (initial[REG_BAR2 / 4] & ~15U) & (bar2_size - 1), 0);
}

static uint32_t expected_mask(unsigned int reg)
{
	switch (reg) {
	case REG_COMMAND:
		return COMMAND_WRITABLE;
	case 0x0c:
	case 0x3c:
		return 0xff;
	case REG_BAR0:
		return 0xffffff00;
	case REG_BAR2:
		return (uint32_t)~(bar2_size - 1);
	case REG_BAR3:
		return 0xffffffff;
	default:
		return 0;
	}
}

static void compare_all(unsigned int except, unsigned int where)
{
	uint32_t values[DWORDS];
	unsigned int i;

	snapshot(values);
	for (i = 0; i < DWORDS; i++)
		if (4 * i != except)
			check_is("changed as well", where << 16 | 4 * i, values[i], initial[i]);
}

/* BARs are sized with decode on here, as some guests do. */
static void test_write_mask(void)
{
	uint32_t mask, wanted;
	unsigned int reg;

	check_begin("config: all ones and zeros to each register change just what may be written");
	for (reg = 0; reg < 4 * DWORDS; reg += 4) {
		mask = expected_mask(reg);
		pci_write32(&device, reg, 0xffffffff);
		wanted = initial[reg / 4] | mask;
		check_is("after ones", reg, pci_read32(&device, reg), wanted);
		compare_all(reg, reg);
		pci_write32(&device, reg, 0);
		wanted = initial[reg / 4] & ~mask;
		check_is("after zeros", reg, pci_read32(&device, reg), wanted);
		compare_all(reg, reg);
		pci_write32(&device, reg, initial[reg / 4]);
	}
	compare_all(UINT32_MAX, 0xffff);
}

static void test_write_sizes(void)
{
	unsigned int reg, size, byte;
	uint32_t mask, wanted;

	check_begin("config: writes of 1 and 2 bytes change just their bytes, by both mechanisms");
	for (size = 1; size <= 2; size++) {
		for (reg = 0; reg < 4 * DWORDS; reg += size) {
			byte = reg % 4;
			mask = expected_mask(reg & ~3U) & (uint32_t)mmio_nobody(size) << 8 * byte;
			wanted = initial[reg / 4] ^ mask;
			/* Flip what may be written there. */
			if (reg & 4)
				mmio_write(ecam(reg), size,
					   (initial[reg / 4] ^ UINT32_MAX) >> 8 * byte);
			else if (size == 2)
				pci_write16(&device, reg,
					    (uint16_t)(~initial[reg / 4] >> 8 * byte));
			else
				port_write32(CONFIG_ADDRESS, mechanism1_address(0, device.slot,
					     device.function, reg & ~3U)),
				port_write8((uint16_t)(CONFIG_DATA + byte),
					    (uint8_t)(~initial[reg / 4] >> 8 * byte));
			check_is("after the write", size << 16 | reg,
				 pci_read32(&device, reg & ~3U), wanted);
			pci_write32(&device, reg & ~3U, initial[reg / 4]);
		}
	}
	compare_all(UINT32_MAX, 0xffff);
}

static void test_intx_disable(void)
{
	check_begin("config: bit 10 of the command can be set, alone, and cleared");
	pci_write16(&device, REG_COMMAND, PCI_COMMAND_MEMORY | 0x400);
	check_is("command", REG_COMMAND, pci_read32(&device, REG_COMMAND),
		 PCI_COMMAND_MEMORY | 0x400);
	compare_all(REG_COMMAND, REG_COMMAND);
	pci_write16(&device, REG_COMMAND, PCI_COMMAND_MEMORY);
	compare_all(UINT32_MAX, REG_COMMAND);
}

static void test_mechanisms(void)
{
	unsigned int reg, slot;

	check_begin("config: ECAM and mechanism 1 agree at 1, 2 and 4 bytes");
	for (reg = 0; reg < 256; reg++) {
		check_is("byte", reg, mmio_read(ecam(reg), 1), pci_read8(&device, reg));
		if (!(reg & 1))
			check_is("word", reg, mmio_read(ecam(reg), 2), pci_read16(&device, reg));
		if (!(reg & 3))
			check_is("dword", reg, mmio_read(ecam(reg), 4), pci_read32(&device, reg));
	}
	for (slot = 0; slot < 32; slot++) {
		struct pci_function function = { .slot = (uint8_t)slot };

		check_is("slot", slot, mmio_read(ecam_address(0, slot, 0, 0), 4),
			 pci_read32(&function, 0));
	}
	check_begin("config: the extended space is empty");
	for (reg = 0x100; reg < 0x1000; reg += 4) {
		mmio_write(ecam(reg), 4, 0);
		check_is("register", reg, mmio_read(ecam(reg), 4), 0xffffffff);
	}
	compare_all(UINT32_MAX, 0x1000);
}

static void test_odd_accesses(void)
{
	unsigned int reg;

	check_begin("config: 8 bytes, and accesses that are not aligned, read all ones and change "
		    "nothing");
	for (reg = 0; reg < 0x40; reg++) {
		mmio_write(ecam(reg), 8, 0);
		check_is("quadword", reg, mmio_read(ecam(reg), 8), UINT64_MAX);
		if (reg & 3) {
			mmio_write(ecam(reg), 4, 0);
			check_is("dword", reg, mmio_read(ecam(reg), 4), UINT32_MAX);
		}
		if (reg & 1) {
			mmio_write(ecam(reg), 2, 0);
			check_is("word", reg, mmio_read(ecam(reg), 2), UINT16_MAX);
		}
	}
	compare_all(UINT32_MAX, 8);
	/* A dword from port 0xcfe on would reach beyond the data port. */
	port_write32(CONFIG_ADDRESS,
		     mechanism1_address(0, device.slot, device.function, REG_COMMAND));
	port_write32(CONFIG_DATA + 2, 0);
	check_is("port", CONFIG_DATA + 2, port_read32(CONFIG_DATA + 2), UINT32_MAX);
	port_write16(CONFIG_DATA + 1, 0);
	check_is("port", CONFIG_DATA + 1, port_read16(CONFIG_DATA + 1), UINT16_MAX);
	compare_all(UINT32_MAX, 9);
}

static void test_address_port(void)
{
	uint32_t address = mechanism1_address(0, device.slot, device.function, REG_COMMAND);

	check_begin("config: short accesses to port 0xcf8 leave the address alone");
	port_write32(CONFIG_ADDRESS, address);
	port_write8(CONFIG_ADDRESS, 0);
	port_write8(CONFIG_ADDRESS + 1, 0);
	port_write8(CONFIG_ADDRESS + 2, 0);
	port_write8(CONFIG_ADDRESS + 3, 0);
	port_write16(CONFIG_ADDRESS, 0);
	port_write16(CONFIG_ADDRESS + 2, 0);
	port_write32(CONFIG_ADDRESS + 2, 0);
	check_is("address", CONFIG_ADDRESS, port_read32(CONFIG_ADDRESS), address);
	check_is("data", CONFIG_DATA, port_read32(CONFIG_DATA), initial[REG_COMMAND / 4]);
	port_read8(CONFIG_ADDRESS);
	port_read16(CONFIG_ADDRESS + 1);
	port_read32(CONFIG_ADDRESS + 1);
	check_is("data", CONFIG_DATA, port_read32(CONFIG_DATA), initial[REG_COMMAND / 4]);
	check_begin("config: without the enable bit port 0xcfc is nobody's");
	port_write32(CONFIG_ADDRESS, address & ~CONFIG_ENABLE);
	port_write32(CONFIG_DATA, 0);
	check_is("dword", CONFIG_DATA, port_read32(CONFIG_DATA), UINT32_MAX);
	check_is("byte", CONFIG_DATA, port_read8(CONFIG_DATA), UINT8_MAX);
	compare_all(UINT32_MAX, 0xcfc);
}

static void check_absent(unsigned int bus, unsigned int slot, unsigned int function)
{
	struct pci_function absent = { .bus = (uint8_t)bus, .slot = (uint8_t)slot,
				       .function = (uint8_t)function };
	uint64_t address = ecam_address(bus, slot, function, 0);
	unsigned int size;

	for (size = 1; size <= 4; size *= 2)
		check_is("ECAM", address, mmio_read(address, size), mmio_nobody(size));
	check_is("mechanism 1", address, pci_read32(&absent, 0), UINT32_MAX);
	check_is("mechanism 1", address, pci_read16(&absent, 2), UINT16_MAX);
	pci_write32(&absent, REG_COMMAND, UINT32_MAX);
	pci_write32(&absent, REG_BAR0, 0);
}

static void test_absent(void)
{
	unsigned int function, bus;
	bool multi = cmdline_number("multi", 0, 1, 0);

	check_begin("config: functions that are not there read all ones and ignore writes");
	for (function = multi ? 2 : 1; function < 8; function++)
		check_absent(0, device.slot, function);
	for (function = 0; function < 8; function++)
		check_absent(0, 30, function);
	for (bus = 1; bus < 256; bus += 42)
		check_absent(bus, device.slot, 0);
	check_absent(255, 31, 7);
	compare_all(UINT32_MAX, 0);
}

static void test_multifunction(void)
{
	struct pci_function second = { .slot = device.slot, .function = 1 };

	check_begin("config: function 1 is there, and function 0 says so");
	check_is("ids", 1, pci_read32(&second, 0), 0x11101af4);
	check_is("header type", 0, pci_read8(&device, 0x0e), 0x80);
	check_is("command", 1, pci_read16(&second, REG_COMMAND), PCI_COMMAND_MEMORY);
	check_that("it has another BAR0", pci_read32(&second, REG_BAR0) != initial[REG_BAR0 / 4]);
	check_that("it has another BAR2", pci_read32(&second, REG_BAR2) != initial[REG_BAR2 / 4]);
}

static void test_bars(void)
{
	struct pci_bar bar = { 0 };
	unsigned int i;

	check_begin("config: BAR0 of 256 bytes, a 64-bit prefetchable BAR2 of the region's size, "
		    "no other");
	for (i = 0; i < PCI_BAR_COUNT; i++)
		if (i != 0 && i != 2 && i != 3)
			check_that("no such BAR", !pci_bar_read(&device, i, &bar));
	check_that("BAR0 is there", pci_bar_read(&device, 0, &bar));
	check_is("size", 0, bar.size, 256);
	check_that("BAR0 is 32-bit memory", !bar.is_io && !bar.is_64bit && !bar.is_prefetchable);
	check_that("BAR2 is there", pci_bar_read(&device, 2, &bar));
	check_is("size", 2, bar.size, bar2_size);
	check_that("BAR2 is 64-bit memory", !bar.is_io && bar.is_64bit && bar.is_prefetchable);
	compare_all(UINT32_MAX, 0xba);
}

int main(void)
{
	device.slot = (uint8_t)cmdline_number("slot", 0, 31, 6);
	bar2_size = cmdline_number("size", 1, UINT64_MAX, 2 << 20);
	snapshot(initial);
	test_header();
	test_bars();
	test_write_mask();
	test_write_sizes();
	test_intx_disable();
	test_mechanisms();
	test_odd_accesses();
	test_address_port();
	test_absent();
	if (cmdline_number("multi", 0, 1, 0))
		test_multifunction();
	return check_end();
}
