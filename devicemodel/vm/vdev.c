/* SPDX-License-Identifier: BSD-3-Clause */
/* The hypervisor's own devices, in whichever VM object there is at the moment. */
#include "devicemodel/vm/vdev.h"

#include <errno.h>
#include <stddef.h>

#include "devicemodel/hypervisor/hypervisor.h"

int vdev_create(const struct vdevs *vdevs, const struct hv_vdev *vdev)
{
	return vdevs->vm ? vdevs->ops->vdev_create(vdevs->vm, vdev) : -ENODEV;
}

int vdev_destroy(const struct vdevs *vdevs, const struct hv_vdev *vdev)
{
	return vdevs->vm ? vdevs->ops->vdev_destroy(vdevs->vm, vdev) : -ENODEV;
}
