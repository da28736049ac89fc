/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ivshmem with memory of the hypervisor (hv:/): a place holder that gets addresses for the BARs, as
 * any device does, and then has the hypervisor put its own device there. Registers, MSI-X table,
 * memory, region id and doorbells are the hypervisor's.
 */
#include "hw/pci/ivshmem_hv.h"

#include <errno.h>
#include <string.h>

#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/pci/pci.h"
#include "devicemodel/vm/vdev.h"
#include "hw/pci/ivshmem_identity.h"
#include "hw/pci/ivshmem_options.h"
#include "lib/log.h"
#include "lib/util.h"

/* Room for the table and the pending bits of 8 vectors, which is what the hypervisor has. */
#define MSIX_SIZE 4096

struct ivshmem_hv {
	struct pci_dev pci;
	const struct ivshmem_options *options;
	struct hv_vdev vdev;
	bool is_made;
};

static int ivshmem_hv_init(struct pci_dev *pci, const void *arg, struct error *err)
{
	static const struct pci_identity identity = {
		.vendor = IVSHMEM_VENDOR,
		.device = IVSHMEM_DEVICE,
		.revision = IVSHMEM_REVISION,
		.class_code = IVSHMEM_CLASS,
	};
	struct ivshmem_hv *dev = container_of(pci, struct ivshmem_hv, pci);

	(void)err;
	dev->options = arg;
	pci_config_identify(pci, &identity);
	pci_bar_add(pci, IVSHMEM_BAR_REGISTERS, PCI_BAR_MEM32, false, IVSHMEM_REGISTERS_SIZE);
	pci_bar_add(pci, IVSHMEM_BAR_MSIX, PCI_BAR_MEM32, false, MSIX_SIZE);
	pci_bar_add(pci, IVSHMEM_BAR_MEMORY, PCI_BAR_MEM64, true, dev->options->size);
	return 0;
}

static void describe(struct ivshmem_hv *dev)
{
	struct hv_vdev *vdev = &dev->vdev;
	unsigned int i;

	*vdev = (struct hv_vdev){
		.vendor = IVSHMEM_VENDOR,
		.device = IVSHMEM_DEVICE,
		.bus = dev->pci.slot.bus,
		.slot = dev->pci.slot.device,
		.function = dev->pci.slot.function,
		.name = dev->options->name.text,
	};
	for (i = 0; i < HV_VDEV_BARS; i++) {
		vdev->bars[i] = pci_config_get(&dev->pci, PCI_BASE_ADDRESS_0 + 4 * i, 4);
		vdev->bar_sizes[i] = (uint32_t)dev->pci.bars[i].size;
	}
}

static int explain(const struct ivshmem_hv *dev, int ret, struct error *err)
{
	const char *name = dev->options->name.text;

	if (ret == -EINVAL)
		return error_set(err, ret,
				 "\"%s\": the hypervisor has no such region of %llu MB for a VM "
				 "named \"%s\"; region, size and VM must be as in its scenario",
				 name, (unsigned long long)(dev->options->size / MIB),
				 dev->pci.bus->vdevs->vm_name);
	if (ret == -ENOTTY)
		return error_set(err, ret,
				 "\"%s\" of %llu MB: this kernel is too old to ask the hypervisor "
				 "for its devices; use a newer one, or dm:/",
				 name, (unsigned long long)(dev->options->size / MIB));
	return error_set(err, ret, "\"%s\" of %llu MB: the hypervisor does not make the device: %s",
			 name, (unsigned long long)(dev->options->size / MIB), strerror(-ret));
}

static int ivshmem_hv_start(struct pci_dev *pci, struct error *err)
{
	struct ivshmem_hv *dev = container_of(pci, struct ivshmem_hv, pci);
	int ret;

	describe(dev);
	ret = vdev_create(pci->bus->vdevs, &dev->vdev);
	if (ret < 0)
		return explain(dev, ret, err);
	dev->is_made = true;
	pci_dev_delegate(pci);
	return 0;
}

static void ivshmem_hv_stop(struct pci_dev *pci)
{
	struct ivshmem_hv *dev = container_of(pci, struct ivshmem_hv, pci);
	int ret;

	if (!dev->is_made)
		return;
	dev->is_made = false;
	ret = vdev_destroy(pci->bus->vdevs, &dev->vdev);
	/* It ends with the VM object at the latest. */
	if (ret < 0)
		log_warning(pci->tag, "the hypervisor does not take \"%s\" out of the VM: %s",
			    dev->options->name.text, strerror(-ret));
}

const struct pci_dev_ops ivshmem_hv_ops = {
	.class = &ivshmem_class,
	.instance_size = sizeof(struct ivshmem_hv),
	.init = ivshmem_hv_init,
	.start = ivshmem_hv_start,
	.reset = ivshmem_hv_stop,
	.fini = ivshmem_hv_stop,
};
