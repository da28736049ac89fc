/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers and memory of an ivshmem device. */
#include "hw/pci/ivshmem_core.h"

#include "hw/pci/ivshmem_options.h"
#include "ivshmem/region.h"

int ivshmem_core_init(struct ivshmem_core *core, const struct ivshmem_options *options,
		      const struct ivshmem_host *host, void *host_ctx, struct error *err)
{
	const struct ivshmem_region_params params = {
		.name = options->name,
		.size = options->size,
		.keep = options->keep,
		.prefault = options->prefault,
		.lock = options->lock,
		.hugepage_size = options->hugepage_size,
		.group = options->group,
		.shm_object = options->shm_object,
	};

	*core = (struct ivshmem_core){
		.host = host,
		.host_ctx = host_ctx,
		.placed = IVSHMEM_UNPLACED,
	};
	return ivshmem_region_attach(&params, &core->region, err);
}

void ivshmem_core_fini(struct ivshmem_core *core)
{
	if (!core->region)
		return;
	ivshmem_core_place_memory(core, IVSHMEM_UNPLACED);
	ivshmem_region_detach(core->region);
	core->region = NULL;
}

void ivshmem_core_reset(struct ivshmem_core *core)
{
	core->intr_mask = 0;
	core->intr_status = 0;
}

static uint32_t read_register(struct ivshmem_core *core, uint64_t offset)
{
	uint32_t value = 0;

	switch (offset) {
	case IVSHMEM_INTR_MASK:
		return core->intr_mask;
	case IVSHMEM_INTR_STATUS:
		value = core->intr_status;
		core->intr_status = 0;
		return value;
	case IVSHMEM_IV_POSITION:
		return core->position;
	default:
		return 0;
	}
}

static void write_register(struct ivshmem_core *core, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case IVSHMEM_INTR_MASK:
		core->intr_mask = value;
		break;
	case IVSHMEM_INTR_STATUS:
		core->intr_status = value;
		break;
	default:
		break;
	}
}

uint64_t ivshmem_core_read(struct ivshmem_core *core, uint64_t offset, unsigned int size)
{
	uint64_t value = read_register(core, offset);

	if (size == 8)
		value |= (uint64_t)read_register(core, offset + 4) << 32;
	return value;
}

void ivshmem_core_write(struct ivshmem_core *core, uint64_t offset, unsigned int size,
			uint64_t value)
{
	offset &= ~UINT64_C(3);
	write_register(core, offset, (uint32_t)value);
	if (size == 8)
		write_register(core, offset + 4, (uint32_t)(value >> 32));
}

void ivshmem_core_place_memory(struct ivshmem_core *core, uint64_t gpa)
{
	if (core->placed == gpa)
		return;
	if (core->placed != IVSHMEM_UNPLACED)
		core->host->unmap_memory(core->host_ctx, core->placed);
	core->placed = IVSHMEM_UNPLACED;
	if (gpa != IVSHMEM_UNPLACED &&
	    core->host->map_memory(core->host_ctx, gpa, ivshmem_region_memory(core->region),
				   ivshmem_region_size(core->region)) == 0)
		core->placed = gpa;
}
