/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is behind the BARs of the hypervisor's ivshmem device: registers with the doorbell, the
 * MSI-X table, and the region. Rules are those of ACRN's hypervisor/dm/vpci/ivshmem.c and vmsix.c.
 */
#include "tests/hsm_sim/hsm_vdev.h"

#include <linux/pci_regs.h>
#include <string.h>

#include "tests/hsm_sim/hsm_vm.h"

#define REGISTERS_SIZE 16
#define IVPOSITION 8
#define DOORBELL 12
#define MSI_WINDOW 0xfee

static uint32_t table_get(const struct vdev *dev, unsigned int vector, unsigned int field)
{
	uint32_t value;

	memcpy(&value, &dev->table[vector * VDEV_VECTOR_SIZE + field], sizeof(value));
	return value;
}

void vdev_table_init(struct vdev *dev)
{
	const uint32_t masked = PCI_MSIX_ENTRY_CTRL_MASKBIT;
	unsigned int i;

	for (i = 0; i < VDEV_VECTORS; i++)
		memcpy(&dev->table[i * VDEV_VECTOR_SIZE + PCI_MSIX_ENTRY_VECTOR_CTRL], &masked,
		       sizeof(masked));
}

/* The region's device in that VM, NULL if it has none. */
static const struct vdev *peer_find(const struct hsm_vm *peer, const struct hsm_region *region)
{
	unsigned int i;

	for (i = 0; peer && i < peer->vdev_count; i++)
		if (peer->vdevs[i].region == region)
			return &peer->vdevs[i];
	return NULL;
}

/*
 * ivshmem.c, ivshmem_server_notify_peer(): what the peer cannot take now is lost. Nobody's severity
 * is looked at.
 */
static void ring(const struct hsm_vm *vm, const struct vdev *dev, unsigned int id,
		 unsigned int vector)
{
	struct hsm_vm *peer = hsm_host_vm(vm->host, id);
	const struct vdev *target = peer_find(peer, dev->region);
	struct acrn_msi_entry msi;

	if (!target || vector >= VDEV_VECTORS || !vdev_msix_enabled(target) ||
	    (table_get(target, vector, PCI_MSIX_ENTRY_VECTOR_CTRL) & PCI_MSIX_ENTRY_CTRL_MASKBIT)) {
		report_note(vm->report, "%s rings peer %u, vector %u: lost", vm->config.name, id,
			    vector);
		return;
	}
	msi.msi_addr = table_get(target, vector, PCI_MSIX_ENTRY_LOWER_ADDR) |
		       (uint64_t)table_get(target, vector, PCI_MSIX_ENTRY_UPPER_ADDR) << 32;
	msi.msi_data = table_get(target, vector, PCI_MSIX_ENTRY_DATA);
	report_note(vm->report, "%s rings peer %u, vector %u", vm->config.name, id, vector);
	/* vlapic.c, vlapic_inject_msi(): other addresses are told of in the log only. */
	if (msi.msi_addr >> 20 == MSI_WINDOW)
		vm_msi_deliver(peer, &msi);
}

/* ivshmem.c, ivshmem_mmio_handler(): the rest of the BAR, and other sizes, are nothing. */
static void registers_access(struct hsm_vm *vm, struct vdev *dev, bool is_write, uint64_t offset,
			     uint64_t size, uint64_t *value)
{
	bool is_register = size == 4 && offset % 4 == 0 && offset < REGISTERS_SIZE;

	if (is_write && is_register && offset == DOORBELL)
		ring(vm, dev, (uint32_t)*value >> 16, *value & 0xffff);
	else if (is_write && is_register && offset < IVPOSITION)
		dev->registers[offset / 4] = (uint32_t)*value;
	else if (!is_write)
		*value = !is_register || offset == DOORBELL ? 0 :
			 offset == IVPOSITION ? vm->config.id : dev->registers[offset / 4];
}

/* vmsix.c, rw_vmsix_table(): no pending bit is ever set. */
static void table_access(struct vdev *dev, bool is_write, uint64_t offset, uint64_t size,
			 uint64_t *value)
{
	bool is_entry = (size == 4 || size == 8) && offset % size == 0 &&
			offset < sizeof(dev->table);

	if (!is_write)
		*value = 0;
	if (!is_entry)
		return;
	if (is_write)
		memcpy(&dev->table[offset], value, size);
	else
		memcpy(value, &dev->table[offset], size);
}

static void memory_access(const struct vdev *dev, bool is_write, uint64_t offset, uint64_t size,
			  uint64_t *value)
{
	if (is_write) {
		memcpy(dev->region->memory + offset, value, size);
		return;
	}
	*value = 0;
	memcpy(value, dev->region->memory + offset, size);
}

static void bar_access(struct hsm_vm *vm, struct vdev *dev, unsigned int bar, bool is_write,
		       uint64_t offset, uint64_t size, uint64_t *value)
{
	if (bar == 0)
		registers_access(vm, dev, is_write, offset, size, value);
	else if (bar == 1)
		table_access(dev, is_write, offset, size, value);
	else
		memory_access(dev, is_write, offset, size, value);
}

bool vm_vdev_memory(struct hsm_vm *vm, bool is_write, uint64_t addr, uint64_t size,
		    uint64_t *value)
{
	const struct vdev_bar *bar;
	uint64_t bar_size;
	unsigned int i;

	for (i = 0; i < vm->vdev_count * VDEV_BARS; i++) {
		bar = &vm->vdevs[i / VDEV_BARS].bars[i % VDEV_BARS];
		bar_size = vdev_bar_size(&vm->vdevs[i / VDEV_BARS], i % VDEV_BARS);
		if (!bar->is_mapped || size > sizeof(*value) || addr < bar->base ||
		    addr - bar->base > bar_size - size)
			continue;
		bar_access(vm, &vm->vdevs[i / VDEV_BARS], i % VDEV_BARS, is_write,
			   addr - bar->base, size, value);
		return true;
	}
	return false;
}

unsigned int vm_vdev_windows(const struct hsm_vm *vm, struct vdev_window windows[VDEVS_MAX])
{
	unsigned int i, count = 0;
	const struct vdev *dev;

	for (i = 0; i < vm->vdev_count; i++) {
		dev = &vm->vdevs[i];
		if (dev->bars[VDEV_BARS - 1].is_mapped)
			windows[count++] = (struct vdev_window){
				dev->bars[VDEV_BARS - 1].base, dev->region->config->size,
				dev->region->memory,
			};
	}
	return count;
}
