/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of device classes, and those that have no options. */
#include "hw/pci/device_classes.h"

#include <stddef.h>

#include "hw/pci/ivshmem_options.h"

const struct device_class hostbridge_class = {
	.name = "hostbridge",
	.summary = "the host bridge; slot 0 has one unless something else is put there",
};

const struct device_class lpc_class = {
	.name = "lpc",
	.summary = "the ISA bridge; COM1, RTC and PM ports work without it too",
};

const struct device_class *const pci_device_classes[] = {
	&hostbridge_class,
	&lpc_class,
	&ivshmem_class,
	NULL,
};
