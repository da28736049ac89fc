/* SPDX-License-Identifier: BSD-3-Clause */
/* All PCI devices there are. A new one gets its class and operations here, and in devices.c. */
#ifndef HW_PCI_DEVICES_H
#define HW_PCI_DEVICES_H

#include "devicemodel/pci/pci.h"

extern const struct device_class hostbridge_class, lpc_class;
extern const struct pci_dev_ops hostbridge_ops, lpc_ops, ivshmem_ops;

/* Their classes, ended by NULL, for whoever parses a command line. */
extern const struct device_class *const pci_device_classes[];

/* The operations behind a class of pci_device_classes; NULL for any other. */
const struct pci_dev_ops *pci_device_ops(const struct device_class *class);

#endif
