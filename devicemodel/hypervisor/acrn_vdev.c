/* SPDX-License-Identifier: BSD-3-Clause */
/* ACRN: devices that the hypervisor emulates. It takes them before the VM starts, and no later. */
#include "devicemodel/hypervisor/acrn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/log.h"

/* What the hypervisor compares of a name, its end included. */
#define NAME_MAX_BYTES 32

_Static_assert(HV_VDEV_BARS == ACRN_PCI_NUM_BARS, "BARs of a device");

static uint64_t vdev_place(const struct hv_vdev *vdev)
{
	return (uint64_t)vdev->bus << 8 | (unsigned int)vdev->slot << 3 | vdev->function;
}

static struct acrn_vdev *find_vdev(struct hv_vm *vm, uint64_t place)
{
	size_t i;

	for (i = 0; i < vm->vdev_count; i++)
		if (vm->vdevs[i].slot == place)
			return &vm->vdevs[i];
	return NULL;
}

int acrn_vdev_create(struct hv_vm *vm, const struct hv_vdev *vdev)
{
	struct acrn_vdev arg = {
		.id.fields = { .vendor = vdev->vendor, .device = vdev->device },
		.slot = vdev_place(vdev),
	};
	struct acrn_vdev *vdevs;
	size_t length = strlen(vdev->name);

	if (length >= NAME_MAX_BYTES)
		return -EINVAL;
	if (find_vdev(vm, arg.slot))
		return -EEXIST;
	memcpy(arg.args, vdev->name, length);
	memcpy(arg.io_addr, vdev->bars, sizeof(arg.io_addr));
	memcpy(arg.io_size, vdev->bar_sizes, sizeof(arg.io_size));
	vdevs = reallocarray(vm->vdevs, vm->vdev_count + 1, sizeof(*vdevs));
	if (!vdevs)
		return -ENOMEM;
	vm->vdevs = vdevs;
	if (ioctl(vm->fd, ACRN_IOCTL_CREATE_VDEV, &arg) < 0)
		return -errno;
	vdevs[vm->vdev_count++] = arg;
	return 0;
}

static int take_out(struct hv_vm *vm, struct acrn_vdev *vdev)
{
	/* The hypervisor finds it by its place. */
	struct acrn_vdev arg = { .id = vdev->id, .slot = vdev->slot };
	int ret = 0;

	if (vm->is_created && ioctl(vm->fd, ACRN_IOCTL_DESTROY_VDEV, &arg) < 0)
		ret = -errno;
	/* Refused, it ends with the VM; a second try would be refused again. */
	*vdev = vm->vdevs[--vm->vdev_count];
	return ret;
}

int acrn_vdev_destroy(struct hv_vm *vm, const struct hv_vdev *vdev)
{
	struct acrn_vdev *there = find_vdev(vm, vdev_place(vdev));

	return there ? take_out(vm, there) : -ENOENT;
}

void acrn_vdevs_clear(struct hv_vm *vm)
{
	int ret;

	while (vm->vdev_count > 0) {
		ret = take_out(vm, &vm->vdevs[vm->vdev_count - 1]);
		if (ret < 0)
			log_warning(ACRN_TAG, "ACRN_IOCTL_DESTROY_VDEV: %s", strerror(-ret));
	}
	free(vm->vdevs);
	vm->vdevs = NULL;
}
