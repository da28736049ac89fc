/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices that the hypervisor emulates, from CREATE_VDEV to DESTROY_VDEV. */
#include "tests/hsm_sim/hsm_vdev.h"

#include <errno.h>
#include <string.h>

#include "tests/hsm_sim/hsm_vm.h"

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
			 params->io_size[i] != (i == 0 ? VDEV_BAR0_SIZE : VDEV_BAR1_SIZE))
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

struct vdev *vm_vdev_find(struct hsm_vm *vm, uint64_t slot)
{
	unsigned int i;

	for (i = 0; i < vm->vdev_count; i++)
		if (vm->vdevs[i].params.slot == slot)
			return &vm->vdevs[i];
	return NULL;
}

static bool identity_good(struct hsm_vm *vm, const struct acrn_vdev *params)
{
	if (params->id.fields.vendor == VDEV_VENDOR &&
	    params->id.fields.device == VDEV_DEVICE &&
	    params->id.fields.legacy_id == 0 && params->slot <= UINT16_MAX)
		return true;
	report_violation(vm->report, "id 0x%llx, slot 0x%llx",
			 (unsigned long long)params->id.value, (unsigned long long)params->slot);
	return false;
}

/* The region that a new device is to have. */
static int region_find(struct hsm_vm *vm, const char *name, uint64_t size,
		       struct hsm_region **ret_region)
{
	struct hsm_region *region;
	unsigned int i;
	int ret;

	ret = hsm_host_region(vm->host, name, &region);
	if (ret == -ENOMEM)
		return ret;
	/* Names and sizes are configured; a difference is the user's. */
	if (ret < 0 || region->config->size != size)
		return -EINVAL;
	for (i = 0; i < vm->vdev_count; i++) {
		if (vm->vdevs[i].region != region)
			continue;
		/* ivshmem.c: there is one peer per VM and region, and one entry in its list. */
		report_violation(vm->report, "the VM has a device of %s already", name);
		return -EINVAL;
	}
	*ret_region = region;
	return 0;
}

int vm_create_vdev(struct hsm_vm *vm, void *data, uint64_t argument)
{
	const struct acrn_vdev *params = data;
	const char *name = (const char *)params->args;
	struct hsm_region *region;
	struct vdev *dev;
	int ret;

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
	if (vm_vdev_find(vm, params->slot) || vm->vdev_count == VDEVS_MAX) {
		report_violation(vm->report, "slot 0x%llx is taken, or too many devices",
				 (unsigned long long)params->slot);
		return -EINVAL;
	}
	if (!bars_good(vm, params))
		return -EINVAL;
	ret = region_find(vm, name, params->io_size[2], &region);
	if (ret < 0)
		return ret;
	dev = &vm->vdevs[vm->vdev_count++];
	*dev = (struct vdev){ .params = *params, .region = region };
	vdev_config_init(dev);
	vdev_table_init(dev);
	return 0;
}

int vm_destroy_vdev(struct hsm_vm *vm, void *data, uint64_t argument)
{
	const struct acrn_vdev *params = data;
	struct vdev *dev = vm_vdev_find(vm, params->slot);

	(void)argument;
	/* hypercall.c, hcall_remove_vdev(): not while the VM runs. */
	if (vm->state != VM_CREATED && vm->state != VM_PAUSED) {
		if (vm_severity_allows(vm) && !(vm->excuses & EXCUSE_VDEVS))
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
	*dev = vm->vdevs[--vm->vdev_count];
	return 0;
}

void vm_vdevs_drop(struct hsm_vm *vm)
{
	vm->vdev_count = 0;
}
