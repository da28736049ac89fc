/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ivshmem on this project's PCI core: identity, BARs, and the way from them to the device's core.
 * Subsystem without a region id as QEMU has it, with one as ACRN.
 */
#include <errno.h>
#include <string.h>

#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/pci/pci.h"
#include "devicemodel/vm/memory.h"
#include "hw/pci/devices.h"
#include "hw/pci/ivshmem_core.h"
#include "hw/pci/ivshmem_hv.h"
#include "hw/pci/ivshmem_identity.h"
#include "hw/pci/ivshmem_options.h"
#include "lib/log.h"
#include "lib/util.h"

/* So many accesses to memory that was refused make it worth asking again: they take a second. */
#define SLOW_ACCESSES_BEFORE_NEXT 65536

#define SUBSYSTEM_QEMU 0x1100
#define VENDOR_INTEL 0x8086

struct ivshmem {
	struct pci_dev pci;
	const struct ivshmem_options *options;
	struct ivshmem_core core;
	/* BAR2 was refused where it is, and that has been said; so many accesses came since. */
	bool is_slow;
	unsigned int slow_accesses;
	bool is_started;
	int map_result; /* of the last mapping */
	struct log_limit unmappable, unmapped, mapped_again;
};

static int map_memory(void *ctx, uint64_t gpa, void *memory, uint64_t size)
{
	struct ivshmem *dev = ctx;
	int ret = memory_map(dev->pci.bus->memory, gpa, size, memory);

	dev->map_result = ret;
	/*
	 * -EINVAL is expected for a moment while a guest sizes the BAR; only a puzzled reader looks
	 * here. Before the start it was no guest that put it there, and ivshmem_start() fails.
	 */
	if (ret == -EINVAL) {
		log_limited(&dev->unmappable, LOG_LEVEL_DEBUG, dev->pci.tag,
			    "BAR2 at 0x%llx: there is no such address", (unsigned long long)gpa);
		return ret;
	}
	if (ret < 0 && dev->is_started && !dev->is_slow)
		log_limited(&dev->unmapped, LOG_LEVEL_WARNING, dev->pci.tag,
			    "BAR2 at 0x%llx cannot be mapped; until it can, each access to its "
			    "memory goes through acrn-dm, which is slow: %s",
			    (unsigned long long)gpa, memory_error_text(dev->pci.bus->memory, ret));
	if (ret == 0 && dev->is_slow)
		log_limited(&dev->mapped_again, LOG_LEVEL_INFO, dev->pci.tag,
			    "BAR2 at 0x%llx is mapped again", (unsigned long long)gpa);
	dev->is_slow = ret < 0;
	return ret;
}

static void unmap_memory(void *ctx, uint64_t gpa)
{
	struct ivshmem *dev = ctx;

	memory_unmap(dev->pci.bus->memory, gpa);
}

static void lock(void *ctx)
{
	struct ivshmem *dev = ctx;

	io_bus_lock(dev->pci.bus->io);
}

static void unlock(void *ctx)
{
	struct ivshmem *dev = ctx;

	io_bus_unlock(dev->pci.bus->io);
}

static void bind_vector(void *ctx, unsigned int vector, int fd)
{
	struct ivshmem *dev = ctx;

	pci_msix_bind_fd(&dev->pci, vector, fd);
}

static void raise_vector(void *ctx, unsigned int vector)
{
	struct ivshmem *dev = ctx;

	pci_msix_fire(&dev->pci, vector);
}

static int catch_ring(void *ctx, uint32_t value, int fd, bool on)
{
	struct ivshmem *dev = ctx;

	return pci_bar_signal_on_write(&dev->pci, IVSHMEM_BAR_REGISTERS, IVSHMEM_DOORBELL,
				       sizeof(value), value, fd, on);
}

static const struct ivshmem_host host = {
	.map_memory = map_memory,
	.unmap_memory = unmap_memory,
	.lock = lock,
	.unlock = unlock,
	.bind_vector = bind_vector,
	.raise_vector = raise_vector,
	.catch_ring = catch_ring,
};

static int ivshmem_check(const void *arg, uint32_t capabilities, struct error *err)
{
	const struct ivshmem_options *options = arg;

	if (options->name.land == IVSHMEM_LAND_HV && !(capabilities & HV_CAP_VDEV))
		return error_set(err, -ENOTSUP,
				 "\"%s\": hv:/ regions need the ACRN hypervisor; use dm:/",
				 options->name.text);
	return 0;
}

static const struct pci_dev_ops *ivshmem_choose(const void *arg)
{
	const struct ivshmem_options *options = arg;

	return options->name.land == IVSHMEM_LAND_HV ? &ivshmem_hv_ops : &ivshmem_ops;
}

static int ivshmem_init(struct pci_dev *pci, const void *arg, struct error *err)
{
	struct ivshmem *dev = container_of(pci, struct ivshmem, pci);
	const struct ivshmem_options *options = arg;
	const struct ivshmem_region_id *id = &options->region_id;
	const struct pci_identity identity = {
		.vendor = IVSHMEM_VENDOR,
		.device = IVSHMEM_DEVICE,
		.revision = IVSHMEM_REVISION,
		.class_code = IVSHMEM_CLASS,
		.subsystem_vendor = id->given ? VENDOR_INTEL : IVSHMEM_VENDOR,
		.subsystem = id->given ? id->value : SUBSYSTEM_QEMU,
	};
	const struct ivshmem_carrier carrier = {
		.host = &host,
		.ctx = dev,
		.tag = pci->tag,
		.loop = pci->bus->loop,
	};
	int ret;

	dev->options = options;
	pci_config_identify(pci, &identity);
	pci_bar_add(pci, IVSHMEM_BAR_REGISTERS, PCI_BAR_MEM32, false, IVSHMEM_REGISTERS_SIZE);
	pci_bar_add(pci, IVSHMEM_BAR_MEMORY, PCI_BAR_MEM64, true, options->size);
	if (options->vectors) {
		ret = pci_msix_init(pci, IVSHMEM_BAR_MSIX, (unsigned int)options->vectors);
		if (ret < 0)
			return error_set(err, ret, "vectors=%llu: %s",
					 (unsigned long long)options->vectors, strerror(-ret));
	}
	return ivshmem_core_init(&dev->core, options, &carrier, err);
}

/* A guest without the memory would be none of those that share it: it does not begin. */
static int ivshmem_start(struct pci_dev *pci, struct error *err)
{
	struct ivshmem *dev = container_of(pci, struct ivshmem, pci);

	if (dev->map_result < 0)
		return error_set(err, dev->map_result,
				 "\"%s\": its %llu MB cannot be shown to the guest at 0x%llx: %s",
				 dev->options->name.text,
				 (unsigned long long)(dev->options->size / MIB),
				 (unsigned long long)pci_bar_address(pci, IVSHMEM_BAR_MEMORY),
				 memory_error_text(pci->bus->memory, dev->map_result));
	dev->is_started = true;
	return 0;
}

static void ivshmem_reset(struct pci_dev *pci)
{
	struct ivshmem *dev = container_of(pci, struct ivshmem, pci);

	dev->is_started = false;
	dev->map_result = 0;
	ivshmem_core_reset(&dev->core);
}

/* An access to BAR2 arrives, as none does while it is mapped. */
static void count_slow_access(struct ivshmem *dev)
{
	if (dev->is_slow && ++dev->slow_accesses % SLOW_ACCESSES_BEFORE_NEXT == 0)
		ivshmem_core_place_memory(&dev->core, dev->pci.bars[IVSHMEM_BAR_MEMORY].placed);
}

static uint64_t ivshmem_bar_read(struct pci_dev *pci, int bar, uint64_t offset, unsigned int size)
{
	struct ivshmem *dev = container_of(pci, struct ivshmem, pci);

	if (bar == IVSHMEM_BAR_REGISTERS)
		return ivshmem_core_read(&dev->core, offset, size);
	if (bar != IVSHMEM_BAR_MEMORY)
		return PCI_READ_NONE;
	count_slow_access(dev);
	return ivshmem_core_read_memory(&dev->core, offset, size);
}

static void ivshmem_bar_write(struct pci_dev *pci, int bar, uint64_t offset, unsigned int size,
			      uint64_t value)
{
	struct ivshmem *dev = container_of(pci, struct ivshmem, pci);

	if (bar == IVSHMEM_BAR_REGISTERS)
		ivshmem_core_write(&dev->core, offset, size, value);
	if (bar == IVSHMEM_BAR_MEMORY) {
		count_slow_access(dev);
		ivshmem_core_write_memory(&dev->core, offset, size, value);
	}
}

static void ivshmem_bar_moved(struct pci_dev *pci, int bar, uint64_t addr)
{
	struct ivshmem *dev = container_of(pci, struct ivshmem, pci);

	if (bar == IVSHMEM_BAR_REGISTERS)
		ivshmem_core_move_registers(&dev->core);
	if (bar == IVSHMEM_BAR_MEMORY)
		ivshmem_core_place_memory(&dev->core, addr);
}

static void ivshmem_fini(struct pci_dev *pci)
{
	struct ivshmem *dev = container_of(pci, struct ivshmem, pci);

	ivshmem_core_fini(&dev->core);
}

const struct pci_dev_ops ivshmem_ops = {
	.class = &ivshmem_class,
	.instance_size = sizeof(struct ivshmem),
	.check = ivshmem_check,
	.choose = ivshmem_choose,
	.init = ivshmem_init,
	.start = ivshmem_start,
	.reset = ivshmem_reset,
	.bar_read = ivshmem_bar_read,
	.bar_write = ivshmem_bar_write,
	.bar_moved = ivshmem_bar_moved,
	.fini = ivshmem_fini,
};
