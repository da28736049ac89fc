/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCI configuration access and what is read through it.
 */
#include "samples/bare-metal/lib/pci.h"

#include "samples/bare-metal/lib/port.h"
#include "samples/bare-metal/lib/string.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000

#define PCI_VENDOR 0x00
#define PCI_DEVICE 0x02
#define PCI_STATUS 0x06
#define PCI_STATUS_CAPABILITIES 0x10
#define PCI_HEADER_TYPE 0x0e
#define PCI_HEADER_MULTIFUNCTION 0x80
#define PCI_BAR0 0x10
#define PCI_SECONDARY_BUS 0x19
#define PCI_CAPABILITY_POINTER 0x34

#define PCI_COMMAND_IO 0x1

#define BAR_IO 0x1
#define BAR_TYPE 0x6
#define BAR_TYPE_64BIT 0x4
#define BAR_PREFETCHABLE 0x8

/* Returns the data port for the register. */
static uint16_t config_select(const struct pci_function *function, unsigned int offset)
{
	port_write32(CONFIG_ADDRESS, CONFIG_ENABLE | (uint32_t)function->bus << 16 |
		     (uint32_t)function->slot << 11 | (uint32_t)function->function << 8 |
		     (offset & 0xfc));
	return (uint16_t)(CONFIG_DATA + (offset & 3));
}

uint8_t pci_read8(const struct pci_function *function, unsigned int offset)
{
	return port_read8(config_select(function, offset));
}

uint16_t pci_read16(const struct pci_function *function, unsigned int offset)
{
	return port_read16(config_select(function, offset));
}

uint32_t pci_read32(const struct pci_function *function, unsigned int offset)
{
	return port_read32(config_select(function, offset));
}

void pci_write16(const struct pci_function *function, unsigned int offset, uint16_t value)
{
	port_write16(config_select(function, offset), value);
}

void pci_write32(const struct pci_function *function, unsigned int offset, uint32_t value)
{
	port_write32(config_select(function, offset), value);
}

void pci_scan_init(struct pci_scan *scan)
{
	memset(scan, 0, sizeof(*scan));
	scan->bus_known[0] = 1;
}

/* Fills in what is at the function's address. Returns whether there is anything. */
static bool function_probe(struct pci_function *function)
{
	uint32_t ids = pci_read32(function, PCI_VENDOR);

	/* No device answers with all ones; some bridges read as zero there. */
	if (ids == 0xffffffff || !ids)
		return false;
	function->vendor = (uint16_t)ids;
	function->device = (uint16_t)(ids >> 16);
	function->header_type = pci_read8(function, PCI_HEADER_TYPE);
	return true;
}

static void scan_note_bridge(struct pci_scan *scan, const struct pci_function *function)
{
	uint8_t bus;

	if ((function->header_type & 0x7f) != 1)
		return;
	/* Bridges lead to higher numbers; a lower one would be a loop. */
	bus = pci_read8(function, PCI_SECONDARY_BUS);
	if (bus > function->bus)
		scan->bus_known[bus] = 1;
}

bool pci_scan_next(struct pci_scan *scan, struct pci_function *ret_function)
{
	while (scan->next < 256 * 256) {
		struct pci_function function = {
			.bus = (uint8_t)(scan->next >> 8),
			.slot = scan->next >> 3 & 31,
			.function = scan->next & 7,
		};
		bool found;

		if (!scan->bus_known[function.bus]) {
			scan->next += 256;
			continue;
		}
		found = function_probe(&function);
		if (function.function || function.header_type & PCI_HEADER_MULTIFUNCTION)
			scan->next++;
		else
			scan->next += 8;
		if (found) {
			scan_note_bridge(scan, &function);
			*ret_function = function;
			return true;
		}
	}
	return false;
}

bool pci_find(uint16_t vendor, uint16_t device, unsigned int index,
	      struct pci_function *ret_function)
{
	struct pci_scan scan;
	struct pci_function function;

	pci_scan_init(&scan);
	while (pci_scan_next(&scan, &function)) {
		if (function.vendor == vendor && function.device == device && !index--) {
			*ret_function = function;
			return true;
		}
	}
	return false;
}

/* What the register reads after all ones were written to it; its old value is put back. */
static uint32_t bar_probe(const struct pci_function *function, unsigned int offset)
{
	uint32_t old = pci_read32(function, offset);
	uint32_t mask;

	pci_write32(function, offset, 0xffffffff);
	mask = pci_read32(function, offset);
	pci_write32(function, offset, old);
	return mask;
}

bool pci_bar_read(const struct pci_function *function, unsigned int index, struct pci_bar *ret_bar)
{
	unsigned int offset = PCI_BAR0 + 4 * index;
	uint16_t command = pci_read16(function, PCI_COMMAND);
	uint32_t low = pci_read32(function, offset);
	struct pci_bar bar = { .is_io = low & BAR_IO };
	uint64_t mask;

	if (!bar.is_io) {
		bar.is_64bit = (low & BAR_TYPE) == BAR_TYPE_64BIT;
		bar.is_prefetchable = low & BAR_PREFETCHABLE;
	}
	pci_write16(function, PCI_COMMAND, command & ~(PCI_COMMAND_MEMORY | PCI_COMMAND_IO));
	mask = bar_probe(function, offset);
	if (bar.is_64bit) {
		mask |= (uint64_t)bar_probe(function, offset + 4) << 32;
		bar.address = (uint64_t)pci_read32(function, offset + 4) << 32;
	} else if (mask) {
		mask |= bar.is_io ? 0xffffffffffff0000 : 0xffffffff00000000;
	}
	pci_write16(function, PCI_COMMAND, command);
	mask &= bar.is_io ? ~3ULL : ~15ULL;
	if (!mask)
		return false;
	bar.address |= low & (bar.is_io ? ~3U : ~15U);
	bar.size = mask & -mask;
	*ret_bar = bar;
	return true;
}

uint8_t pci_capability_next(const struct pci_function *function, uint8_t offset)
{
	uint8_t next;

	if (offset)
		next = pci_read8(function, offset + 1U);
	else if (pci_read16(function, PCI_STATUS) & PCI_STATUS_CAPABILITIES)
		next = pci_read8(function, PCI_CAPABILITY_POINTER);
	else
		return 0;
	next &= 0xfc;
	return next >= 0x40 ? next : 0;
}

uint8_t pci_capability_find(const struct pci_function *function, uint8_t id)
{
	uint8_t offset = 0;
	unsigned int steps;

	for (steps = 0; steps < PCI_CAPABILITY_MAX; steps++) {
		offset = pci_capability_next(function, offset);
		if (!offset)
			return 0;
		if (pci_read8(function, offset) == id)
			return offset;
	}
	return 0;
}
