/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of PCI devices. */
#include "hw/pci/devices.h"

#include "lib/util.h"

static const struct pci_dev_ops *const devices[] = {
	&hostbridge_ops,
	&lpc_ops,
	&ivshmem_ops,
};

const struct pci_dev_ops *pci_device_ops(const struct device_class *class)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(devices); i++)
		if (devices[i]->class == class)
			return devices[i];
	return NULL;
}
