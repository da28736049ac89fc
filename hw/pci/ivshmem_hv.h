/* SPDX-License-Identifier: BSD-3-Clause */
/* The ivshmem device for hv:/ regions. */
#ifndef HW_PCI_IVSHMEM_HV_H
#define HW_PCI_IVSHMEM_HV_H

struct pci_dev_ops;

/* Of class ivshmem, for options that name a hv:/ region, and back ends with HV_CAP_VDEV. */
extern const struct pci_dev_ops ivshmem_hv_ops;

#endif
