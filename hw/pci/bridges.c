/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Devices that are only there to be found: the host bridge, without which some guests do not
 * believe in the bus, and the ISA bridge that stands for COM1, RTC and the like. They have the ids
 * that bhyve and ACRN give them.
 */
#include "devicemodel/pci/pci.h"
#include "hw/pci/devices.h"

#define VENDOR_INTEL 0x8086
#define VENDOR_NETAPP 0x1275
#define DEVICE_HOSTBRIDGE 0x1275
#define DEVICE_PIIX3_ISA 0x7000

static int hostbridge_init(struct pci_dev *pci, const void *options, struct error *err)
{
	static const struct pci_identity identity = {
		.vendor = VENDOR_NETAPP,
		.device = DEVICE_HOSTBRIDGE,
		.class_code = 0x060000,
	};

	(void)options, (void)err;
	pci_config_identify(pci, &identity);
	return 0;
}

static int lpc_init(struct pci_dev *pci, const void *options, struct error *err)
{
	static const struct pci_identity identity = {
		.vendor = VENDOR_INTEL,
		.device = DEVICE_PIIX3_ISA,
		.class_code = 0x060100,
	};

	(void)options, (void)err;
	pci_config_identify(pci, &identity);
	return 0;
}

const struct pci_dev_ops hostbridge_ops = {
	.class = &hostbridge_class,
	.instance_size = sizeof(struct pci_dev),
	.init = hostbridge_init,
};

const struct pci_dev_ops lpc_ops = {
	.class = &lpc_class,
	.instance_size = sizeof(struct pci_dev),
	.init = lpc_init,
};
