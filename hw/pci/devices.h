/* SPDX-License-Identifier: BSD-3-Clause */
/* All PCI devices there are: the operations behind the classes of device_classes.h. */
#ifndef HW_PCI_DEVICES_H
#define HW_PCI_DEVICES_H

#include "devicemodel/pci/pci.h"
#include "hw/pci/device_classes.h"

extern const struct pci_dev_ops hostbridge_ops, lpc_ops, ivshmem_ops;

/* The operations behind a class of pci_device_classes; NULL for any other. */
const struct pci_dev_ops *pci_device_ops(const struct device_class *class);

#endif
