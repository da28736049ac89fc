/* SPDX-License-Identifier: BSD-3-Clause */
/* Firmware's part: an address for every BAR. */
#include <errno.h>
#include <stdlib.h>

#include "devicemodel/pci/pci.h"
#include "lib/util.h"

#define BARS_MAX (PCI_DEVICES * PCI_FUNCTIONS * PCI_BARS)

/* Guests map whole pages of registers, so no two devices share one. */
#define BAR_ALIGNMENT_MIN 4096

/* What is still free of each window: 32-bit BARs come down from the top, others go up. */
struct free_space {
	uint64_t low, low_end, high, high_end;
};

static size_t collect(struct pci_bus *bus, enum pci_bar_kind kind, struct pci_bar **bars)
{
	size_t count = 0;
	int device, function, index;
	struct pci_dev *dev;

	for (device = 0; device < PCI_DEVICES; device++)
		for (function = 0; function < PCI_FUNCTIONS; function++)
			for (index = 0; index < PCI_BARS; index++) {
				dev = bus->devices[device][function];
				if (dev && dev->bars[index].kind == kind)
					bars[count++] = &dev->bars[index];
			}
	return count;
}

/* Largest first: alignment then leaves no holes. Equal ones by slot: a VM then stays the same. */
static int compare(const void *a, const void *b)
{
	const struct pci_bar *bar_a = *(struct pci_bar *const *)a,
			     *bar_b = *(struct pci_bar *const *)b;

	if (bar_a->size != bar_b->size)
		return bar_a->size > bar_b->size ? -1 : 1;
	if (bar_a->dev != bar_b->dev)
		return bar_a->dev->slot.device * PCI_FUNCTIONS + bar_a->dev->slot.function -
		       (bar_b->dev->slot.device * PCI_FUNCTIONS + bar_b->dev->slot.function);
	return bar_a->index - bar_b->index;
}

static uint64_t alignment(uint64_t size)
{
	return size < BAR_ALIGNMENT_MIN ? BAR_ALIGNMENT_MIN : size;
}

static bool take_down(uint64_t *end, uint64_t base, uint64_t size, uint64_t *ret_addr)
{
	uint64_t step = alignment(size);

	if (*end < step || ((*end - step) & ~(step - 1)) < base)
		return false;
	*end = (*end - step) & ~(step - 1);
	*ret_addr = *end;
	return true;
}

static bool take_up(uint64_t *base, uint64_t end, uint64_t size, uint64_t *ret_addr)
{
	uint64_t addr = align_up(*base, alignment(size));

	if (addr > end || size > end - addr)
		return false;
	*base = addr + alignment(size);
	*ret_addr = addr;
	return true;
}

static int assign_kind(struct pci_bus *bus, enum pci_bar_kind kind, struct free_space *space,
		       struct error *err)
{
	struct pci_bar *bars[BARS_MAX];
	size_t count = collect(bus, kind, bars), i;
	uint64_t addr;
	bool fits;

	qsort(bars, count, sizeof(bars[0]), compare);
	for (i = 0; i < count; i++) {
		if (kind == PCI_BAR_MEM32)
			fits = take_down(&space->low_end, space->low, bars[i]->size, &addr);
		else
			fits = take_up(&space->low, space->low_end, bars[i]->size, &addr) ||
			       take_up(&space->high, space->high_end, bars[i]->size, &addr);
		if (!fits)
			return error_set(err, -ENOSPC,
					 "%s: no address left for its BAR%d of %llu MB",
					 bars[i]->dev->tag, bars[i]->index,
					 (unsigned long long)(bars[i]->size / MIB));
		pci_bar_set_address(bars[i]->dev, bars[i]->index, addr);
	}
	return 0;
}

static void enable_decode(struct pci_bus *bus)
{
	struct pci_dev *const *dev = &bus->devices[0][0];
	uint32_t command;

	for (; dev < &bus->devices[0][0] + PCI_DEVICES * PCI_FUNCTIONS; dev++) {
		if (!*dev)
			continue;
		command = pci_config_get(*dev, PCI_COMMAND, 2);
		pci_access_write(*dev, PCI_COMMAND, 2, command | PCI_COMMAND_MEMORY);
	}
}

int pci_bus_assign(struct pci_bus *bus, const struct pci_windows *windows, struct error *err)
{
	struct free_space space = { windows->mem32_base, windows->mem32_end, windows->mem64_base,
				    windows->mem64_end };
	int ret;

	ret = assign_kind(bus, PCI_BAR_MEM32, &space, err);
	if (ret == 0)
		ret = assign_kind(bus, PCI_BAR_MEM64, &space, err);
	if (ret == 0)
		enable_decode(bus);
	return ret;
}
