/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The classes of all PCI devices there are: what may be written on a command line, without the
 * devices themselves. A new device gets its class in the table, and its operations in devices.c.
 */
#ifndef HW_PCI_DEVICE_CLASSES_H
#define HW_PCI_DEVICE_CLASSES_H

#include "devicemodel/config/device_class.h"

extern const struct device_class hostbridge_class, lpc_class;

/* All of them, ended by NULL, for whoever parses or makes a command line. */
extern const struct device_class *const pci_device_classes[];

#endif
