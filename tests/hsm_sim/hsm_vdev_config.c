/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration space of the hypervisor's ivshmem device. Sources without a path are in ACRN's
 * hypervisor/dm/vpci/. What is neither a BAR nor MSI-X is memory there: the guest can change it
 * all, ids included, and nothing of it has an effect, the command register's bits neither.
 */
#include "tests/hsm_sim/hsm_vdev.h"

#include <linux/pci_regs.h>
#include <string.h>

#include "tests/hsm_sim/hsm_vm.h"
#include "tests/hsm_sim/machine.h"

#define SUBSYSTEM_VENDOR 0x8086
#define REVISION 0x01
#define CLASS 0x05
#define MULTIFUNCTION 0x80
#define PBA_OFFSET 2048
#define PAGE 4096
#define ADDRESSES (UINT64_C(1) << 48) /* Intel SDM 3C: EPT of four levels */
#define CONTROL (VDEV_CAPABILITY + PCI_MSIX_FLAGS)

static uint32_t get(const struct vdev *dev, uint32_t reg, size_t size)
{
	uint32_t value = 0;

	memcpy(&value, &dev->config[reg], size);
	return value;
}

static void put(struct vdev *dev, uint32_t reg, size_t size, uint32_t value)
{
	memcpy(&dev->config[reg], &value, size);
}

uint64_t vdev_bar_size(const struct vdev *dev, unsigned int bar)
{
	return bar == 0 ? VDEV_BAR0_SIZE : bar == 1 ? VDEV_BAR1_SIZE : dev->region->config->size;
}

bool vdev_msix_enabled(const struct vdev *dev)
{
	/* vpci.c, vpci_vmsix_enabled(): the function's mask is as good as disabled. */
	return (get(dev, CONTROL, 2) & (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL)) ==
	       PCI_MSIX_FLAGS_ENABLE;
}

/* What register @index of the BARs has after @value was written to it. */
static uint32_t bar_register(const struct vdev *dev, unsigned int index, uint32_t value)
{
	unsigned int bar = index < VDEV_BARS ? index : VDEV_BARS - 1;
	uint64_t mask = ~(vdev_bar_size(dev, bar) - 1);

	if (index == VDEV_BARS)
		return value & (uint32_t)(mask >> 32);
	return (value & (uint32_t)mask) | (dev->params.io_addr[index] & 0xf);
}

/* Where the BAR is to be: 0 for nowhere, as while any of its registers is being sized. */
static uint64_t bar_base(const struct vdev *dev, unsigned int bar)
{
	uint64_t base = get(dev, PCI_BASE_ADDRESS_0 + 4 * bar, 4) & ~0xfU;

	if (dev->is_sizing[bar])
		return 0;
	if (bar != VDEV_BARS - 1)
		return base;
	if (dev->is_sizing[bar + 1])
		return 0;
	return base | (uint64_t)get(dev, PCI_BASE_ADDRESS_0 + 4 * (bar + 1), 4) << 32;
}

static bool overlaps_window(const struct hsm_vm *vm, uint64_t base, uint64_t size)
{
	struct vdev_window windows[VDEVS_MAX];
	unsigned int i, count = vm_vdev_windows(vm, windows);

	for (i = 0; i < count; i++)
		if (base < windows[i].gpa + windows[i].size && windows[i].gpa < base + size)
			return true;
	return false;
}

/*
 * vdev.c, pci_vdev_update_vbar_base(). What is said here does not stop the hypervisor, but the
 * guest: it gets #GP, or loses the memory that it had there.
 */
static bool base_good(struct hsm_vm *vm, const struct vdev *dev, unsigned int bar, uint64_t base)
{
	uint64_t size = vdev_bar_size(dev, bar);

	if (base == 0)
		return false;
	vm->report->call = "guest";
	if (base % PAGE != 0) {
		report_violation(vm->report, "BAR%u is moved to 0x%llx, which is not at a page",
				 bar, (unsigned long long)base);
		return false;
	}
	if (base >= ADDRESSES) {
		report_violation(vm->report, "BAR%u is moved to 0x%llx, where no table reaches",
				 bar, (unsigned long long)base);
		return false;
	}
	if (bar == VDEV_BARS - 1 &&
	    (vm_memory_overlaps(vm, base, size) || overlaps_window(vm, base, size))) {
		report_violation(vm->report, "BAR2 is moved over other memory at 0x%llx",
				 (unsigned long long)base);
		return false;
	}
	return true;
}

/* ivshmem.c, write_ivshmem_vdev_cfg(): whatever the size, all of the register is written. */
static void bar_write(struct hsm_vm *vm, struct vdev *dev, unsigned int index, uint32_t value)
{
	unsigned int number = index < VDEV_BARS ? index : VDEV_BARS - 1;
	struct vdev_bar *bar = &dev->bars[number];

	bar->is_mapped = false;
	dev->is_sizing[index] = value == UINT32_MAX;
	put(dev, PCI_BASE_ADDRESS_0 + 4 * index, 4, bar_register(dev, index, value));
	bar->base = bar_base(dev, number);
	bar->is_mapped = base_good(vm, dev, number, bar->base);
	/* Before the guest goes on, which may look at once. */
	if (number == VDEV_BARS - 1)
		machine_sync(vm);
}

/* vmsix.c, write_vmsix_cap_reg(): only enabling and the mask of the function. */
static void capability_write(struct vdev *dev, uint32_t reg, size_t size, uint32_t value)
{
	const uint8_t writable = (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) >> 8;
	uint8_t bytes[4];

	memcpy(bytes, &value, sizeof(bytes));
	if (reg <= CONTROL + 1 && CONTROL + 1 < reg + size)
		dev->config[CONTROL + 1] =
			(uint8_t)((dev->config[CONTROL + 1] & ~writable) |
				  (bytes[CONTROL + 1 - reg] & writable));
}

void vdev_config_init(struct vdev *dev)
{
	unsigned int i;

	put(dev, PCI_VENDOR_ID, 2, VDEV_VENDOR);
	put(dev, PCI_DEVICE_ID, 2, VDEV_DEVICE);
	put(dev, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	put(dev, PCI_REVISION_ID, 1, REVISION);
	put(dev, PCI_CLASS_DEVICE + 1, 1, CLASS);
	/* ivshmem.c: other functions of the slot may be the device model's. */
	put(dev, PCI_HEADER_TYPE, 1, dev->params.slot & 7 ? 0 : MULTIFUNCTION);
	put(dev, PCI_SUBSYSTEM_VENDOR_ID, 2, SUBSYSTEM_VENDOR);
	put(dev, PCI_SUBSYSTEM_ID, 2, dev->region->config->id);
	put(dev, PCI_CAPABILITY_LIST, 1, VDEV_CAPABILITY);
	put(dev, VDEV_CAPABILITY, 1, PCI_CAP_ID_MSIX);
	put(dev, CONTROL, 2, VDEV_VECTORS - 1);
	put(dev, VDEV_CAPABILITY + PCI_MSIX_TABLE, 4, 1);
	put(dev, VDEV_CAPABILITY + PCI_MSIX_PBA, 4, PBA_OFFSET | 1);
	/* ivshmem.c, init_ivshmem_bar(): mapped are they when the guest writes them. */
	for (i = 0; i <= VDEV_BARS; i++)
		put(dev, PCI_BASE_ADDRESS_0 + 4 * i, 4,
		    bar_register(dev, i, dev->params.io_addr[i]));
}

static void config_write(struct hsm_vm *vm, struct vdev *dev, uint32_t reg, size_t size,
			 uint32_t value)
{
	if (reg >= PCI_BASE_ADDRESS_0 && reg < PCI_BASE_ADDRESS_0 + 4 * (VDEV_BARS + 1))
		bar_write(vm, dev, (reg - PCI_BASE_ADDRESS_0) / 4, value);
	else if (reg >= VDEV_CAPABILITY && reg < VDEV_CAPABILITY + PCI_CAP_MSIX_SIZEOF)
		capability_write(dev, reg, size, value);
	else
		put(dev, reg, size, value);
}

bool vm_vdev_config(struct hsm_vm *vm, bool is_write, uint32_t bdf, uint32_t reg, uint64_t size,
		    uint64_t *value)
{
	struct vdev *dev = vm_vdev_find(vm, bdf);

	if (!dev)
		return false;
	/* vpci.c: anything else is taken from the guest, and nothing is done. */
	if ((size != 1 && size != 2 && size != 4) || reg % size != 0 || reg >= VDEV_CONFIG_SIZE)
		*value = UINT64_MAX;
	else if (is_write)
		config_write(vm, dev, reg, size, (uint32_t)*value);
	else
		*value = get(dev, reg, size);
	return true;
}
