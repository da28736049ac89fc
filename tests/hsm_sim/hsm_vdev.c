/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices that the hypervisor emulates: ivshmem, as ACRN's hypervisor/dm/vpci/ivshmem.c does it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hsm_sim/hsm_vm.h"

#define VENDOR 0x1af4
#define DEVICE 0x1110
#define BAR0_SIZE 256
#define BAR1_SIZE 4096
#define NAME_BYTES 32

static bool all_zero(const uint8_t *bytes, size_t count)
{
	while (count > 0 && *bytes == 0) {
		bytes++;
		count--;
	}
	return count == 0;
}

static uint64_t bar2_addr(const struct acrn_vdev *params)
{
	return (uint64_t)params->io_addr[3] << 32 | (params->io_addr[2] & ~0xfU);
}

static bool bars_good(struct hsm_vm *vm, const struct acrn_vdev *params)
{
	uint64_t bar2 = bar2_addr(params), size = params->io_size[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		/* Registers are mapped by pages, so two BARs cannot share one. */
		if (params->io_addr[i] == 0 || (params->io_addr[i] & 0xfff) != 0)
			report_violation(vm->report, "BAR%u 0x%x is not 32-bit memory at a page",
					 i, params->io_addr[i]);
		else if (params->io_size[i] != 0 &&
			 params->io_size[i] != (i == 0 ? BAR0_SIZE : BAR1_SIZE))
			report_violation(vm->report, "BAR%u of %u bytes", i, params->io_size[i]);
		else
			continue;
		return false;
	}
	if ((params->io_addr[2] & 0xf) != 0xc)
		report_violation(vm->report, "BAR2 0x%x is not 64-bit prefetchable memory",
				 params->io_addr[2]);
	else if (bar2 == 0 || size == 0 || (size & (size - 1)) || bar2 % size)
		report_violation(vm->report, "BAR2 of 0x%llx bytes at 0x%llx",
				 (unsigned long long)size, (unsigned long long)bar2);
	else if (params->io_size[3] || params->io_addr[4] || params->io_size[4] ||
		 params->io_addr[5] || params->io_size[5])
		report_violation(vm->report, "BARs behind BAR2");
	else if (vm_memory_overlaps(vm, bar2, size))
		report_violation(vm->report, "BAR2 0x%llx has memory already",
				 (unsigned long long)bar2);
	else
		return true;
	return false;
}

static struct vdev *find(struct hsm_vm *vm, uint64_t slot)
{
	unsigned int i;

	for (i = 0; i < vm->vdev_count; i++)
		if (vm->vdevs[i].params.slot == slot)
			return &vm->vdevs[i];
	return NULL;
}

static bool identity_good(struct hsm_vm *vm, const struct acrn_vdev *params)
{
	if (params->id.fields.vendor == VENDOR && params->id.fields.device == DEVICE &&
	    params->id.fields.legacy_id == 0 && params->slot <= UINT16_MAX)
		return true;
	report_violation(vm->report, "id 0x%llx, slot 0x%llx",
			 (unsigned long long)params->id.value, (unsigned long long)params->slot);
	return false;
}

int vm_create_vdev(struct hsm_vm *vm, void *data, uint64_t argument)
{
	const struct acrn_vdev *params = data;
	const char *name = (const char *)params->args;
	const struct scenario_region *region;
	struct vdev *dev;

	(void)argument;
	/* hypercall.c, hcall_add_vdev(): before the VM starts. */
	if (vm->state != VM_CREATED) {
		report_violation(vm->report, "the VM has been started");
		return -EINVAL;
	}
	if (!identity_good(vm, params))
		return -EINVAL;
	/* ivshmem.c compares 32 bytes. */
	if (strncmp(name, "hv:/", 4) != 0 || !memchr(name, '\0', NAME_BYTES) ||
	    !all_zero(params->args + strlen(name), sizeof(params->args) - strlen(name))) {
		report_violation(vm->report, "args is not hv:/NAME in 31 bytes and zeroes");
		return -EINVAL;
	}
	if (find(vm, params->slot) || vm->vdev_count == VDEVS_MAX) {
		report_violation(vm->report, "slot 0x%llx is taken, or too many devices",
				 (unsigned long long)params->slot);
		return -EINVAL;
	}
	if (!bars_good(vm, params))
		return -EINVAL;
	/* Names and sizes are configured; a difference is the user's. */
	region = scenario_region_find(vm->scenario, name);
	if (!region || region->size != params->io_size[2])
		return -EINVAL;
	dev = &vm->vdevs[vm->vdev_count];
	*dev = (struct vdev){ .params = *params, .region = region };
	dev->memory = calloc(1, region->size);
	if (!dev->memory)
		return -ENOMEM;
	vm->vdev_count++;
	return 0;
}

int vm_destroy_vdev(struct hsm_vm *vm, void *data, uint64_t argument)
{
	const struct acrn_vdev *params = data;
	struct vdev *dev = find(vm, params->slot);

	(void)argument;
	/* hypercall.c, hcall_remove_vdev(): not while the VM runs. */
	if (vm->state != VM_CREATED && vm->state != VM_PAUSED) {
		if (vm_severity_allows(vm) && !vm->excused)
			report_violation(vm->report, "the VM runs");
		return -EINVAL;
	}
	if (!identity_good(vm, params))
		return -EINVAL;
	if (!dev) {
		report_violation(vm->report, "slot 0x%llx has no device",
				 (unsigned long long)params->slot);
		return -EINVAL;
	}
	free(dev->memory);
	*dev = vm->vdevs[--vm->vdev_count];
	return 0;
}

unsigned int vm_vdev_windows(const struct hsm_vm *vm, struct vdev_window windows[VDEVS_MAX])
{
	unsigned int i;

	for (i = 0; i < vm->vdev_count; i++)
		windows[i] = (struct vdev_window){
			bar2_addr(&vm->vdevs[i].params), vm->vdevs[i].region->size,
			vm->vdevs[i].memory,
		};
	return vm->vdev_count;
}

void vm_vdevs_drop(struct hsm_vm *vm)
{
	while (vm->vdev_count > 0)
		free(vm->vdevs[--vm->vdev_count].memory);
}

/* PCI 3.0 6.1. The BARs are where they were put: a guest that moves them is not simulated. */
static uint32_t config_read(const struct vdev *dev, uint32_t reg)
{
	switch (reg) {
	case 0x00:
		return DEVICE << 16 | VENDOR;
	case 0x04:
		return 0x0002;
	case 0x08:
		return 0x05000001;
	case 0x10:
	case 0x14:
	case 0x18:
	case 0x1c:
		return dev->params.io_addr[(reg - 0x10) / 4];
	case 0x2c:
		return (uint32_t)dev->region->id << 16 | 0x8086;
	default:
		return 0;
	}
}

bool vm_vdev_config(struct hsm_vm *vm, bool is_write, uint32_t bdf, uint32_t reg, uint64_t size,
		    uint64_t *value)
{
	const struct vdev *dev = find(vm, bdf);

	if (!dev)
		return false;
	if (!is_write) {
		*value = config_read(dev, reg & ~3U) >> (8 * (reg & 3));
		if (size < 4)
			*value &= (UINT64_C(1) << (8 * size)) - 1;
	}
	return true;
}

static void registers_access(struct hsm_vm *vm, struct vdev *dev, bool is_write, uint64_t offset,
			     uint64_t *value)
{
	if (offset < 8 && is_write)
		dev->registers[offset / 4] = (uint32_t)*value;
	else if (!is_write)
		*value = offset < 8 ? dev->registers[offset / 4] :
			 offset == 8 ? vm->config.id : 0;
}

bool vm_vdev_memory(struct hsm_vm *vm, bool is_write, uint64_t addr, uint64_t size,
		    uint64_t *value)
{
	struct vdev *dev;
	uint64_t bar2;
	unsigned int i;

	for (i = 0; i < vm->vdev_count; i++) {
		dev = &vm->vdevs[i];
		bar2 = bar2_addr(&dev->params);
		if (addr >= bar2 && addr - bar2 <= dev->region->size - size) {
			if (is_write)
				memcpy(dev->memory + (addr - bar2), value, size);
			*value = 0;
			memcpy(value, dev->memory + (addr - bar2), size);
			return true;
		}
		if (addr - dev->params.io_addr[0] < 16 && size == 4 && addr % 4 == 0) {
			registers_access(vm, dev, is_write, addr - dev->params.io_addr[0], value);
			return true;
		}
	}
	return false;
}
