/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices that the hypervisor itself emulates, as ours see them who stand in for them. It outlives
 * the hypervisor's VM object, which a guest reset replaces and with which all of them end.
 */
#ifndef DEVICEMODEL_VM_VDEV_H
#define DEVICEMODEL_VM_VDEV_H

struct hv_ops;
struct hv_vdev;
struct hv_vm;

struct vdevs {
	const struct hv_ops *ops; /* with HV_CAP_VDEV, or nobody may call */
	struct hv_vm *vm;	  /* NULL between two incarnations */
	const char *vm_name;	  /* for messages: the hypervisor knows the VM by it */
};

/* Returns 0; -ENODEV: no VM object; or -errno of hv_ops.vdev_create. Before the processors run. */
int vdev_create(const struct vdevs *vdevs, const struct hv_vdev *vdev);

/* Take out what vdev_create() has made. No processor runs. Returns as that does. */
int vdev_destroy(const struct vdevs *vdevs, const struct hv_vdev *vdev);

#endif
