/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists every PCI function with its BARs and capabilities, one line for each.
 */
#include "samples/bare-metal/lib/pci.h"
#include "samples/bare-metal/lib/print.h"

#define PCI_REVISION_CLASS 0x08

static const char *size_unit(uint64_t *size)
{
	static const char *const units[] = { "", "K", "M", "G" };
	unsigned int unit = 0;

	while (unit < 3 && *size && !(*size & 1023)) {
		*size >>= 10;
		unit++;
	}
	return units[unit];
}

static void print_bar(unsigned int index, const struct pci_bar *bar)
{
	uint64_t size = bar->size;
	const char *unit = size_unit(&size);

	print("        BAR%u: %s at 0x%08lx, size %lu%s", index,
	      bar->is_io ? "I/O ports" : "memory", bar->address, size, unit);
	if (!bar->is_io)
		print(" (%u-bit, %sprefetchable)", bar->is_64bit ? 64 : 32,
		      bar->is_prefetchable ? "" : "non-");
	print("\n");
}

static void print_bars(const struct pci_function *function)
{
	unsigned int count = (function->header_type & 0x7f) == 1 ? 2 : PCI_BAR_COUNT;
	struct pci_bar bar;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!pci_bar_read(function, i, &bar))
			continue;
		print_bar(i, &bar);
		i += bar.is_64bit;
	}
}

static const char *capability_name(uint8_t id)
{
	switch (id) {
	case 0x01:
		return "power management";
	case 0x05:
		return "MSI";
	case 0x09:
		return "vendor specific";
	case 0x10:
		return "PCI Express";
	case 0x11:
		return "MSI-X";
	case 0x12:
		return "SATA";
	default:
		return "other";
	}
}

static void print_capabilities(const struct pci_function *function)
{
	uint8_t offset = 0;
	unsigned int steps;

	for (steps = 0; steps < PCI_CAPABILITY_MAX; steps++) {
		uint8_t id;

		offset = pci_capability_next(function, offset);
		if (!offset)
			break;
		id = pci_read8(function, offset);
		print("        capability at 0x%02x: 0x%02x %s\n", offset, id, capability_name(id));
	}
}

int main(void)
{
	struct pci_scan scan;
	struct pci_function function;
	unsigned int count = 0;

	pci_scan_init(&scan);
	while (pci_scan_next(&scan, &function)) {
		uint32_t class = pci_read32(&function, PCI_REVISION_CLASS);

		print("%02x:%02x.%x %04x:%04x class %06x rev %02x subsystem %04x:%04x\n",
		      function.bus, function.slot, function.function, function.vendor,
		      function.device, class >> 8, class & 0xff,
		      pci_read16(&function, PCI_SUBSYSTEM_VENDOR),
		      pci_read16(&function, PCI_SUBSYSTEM_ID));
		print_bars(&function);
		print_capabilities(&function);
		count++;
	}
	print("pci-scan: %u functions\n", count);
	return 0;
}
