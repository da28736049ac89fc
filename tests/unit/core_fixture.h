/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For the tests of the device's core: a region, a carrier and a link that only remember what was
 * asked of them. There is one of each, for one device at a time.
 */
#ifndef TESTS_UNIT_CORE_FIXTURE_H
#define TESTS_UNIT_CORE_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/pci/ivshmem_core.h"
#include "hw/pci/ivshmem_link.h"
#include "hw/pci/ivshmem_options.h"
#include "ivshmem/region.h"
#include "lib/util.h"

#define CORE_SIZE (2 * MIB)
#define CORE_VECTORS 2

/* In place of the region library: one region, which remembers how it was asked for. */
struct core_region {
	struct ivshmem_region_params params;
	int attach_result;
	int attached;
	int fd;
	_Alignas(4096) char memory[CORE_SIZE];
};

extern struct core_region core_region;

extern uint64_t core_mapped; /* where the carrier has the memory, or IVSHMEM_UNPLACED */

struct core_carrier {
	unsigned int maps, unmaps;
	int map_result;
	bool locked;
	int bound[CORE_VECTORS]; /* -1: none */
	unsigned int raised[CORE_VECTORS];
	unsigned int catches; /* at present */
	uint32_t caught;      /* the latest */
};

/* In place of the link: one server, which says what the tests let it say. */
struct core_link {
	struct ivshmem_link_params params;
	void (*greeting)(void); /* what is said before the link is there */
	int open_result, ready_result;
	int opened;
	struct error err;
};

extern struct core_link core_link;

extern struct event_loop *core_loop; /* of a device with doorbells */

int core_init(struct ivshmem_core *core, struct core_carrier *carrier,
	      const struct ivshmem_options *options, struct error *err);

/* A device without doorbells. */
void core_begin(struct ivshmem_core *core, struct core_carrier *carrier);
void core_end(struct ivshmem_core *core);

/* All but the device, for a test that calls core_init() itself. */
void core_doorbell_prepare(struct core_carrier *carrier, void (*greeting)(void));
/* A device with two vectors. */
void core_doorbell_begin(struct ivshmem_core *core, struct core_carrier *carrier,
			 void (*greeting)(void));
void core_doorbell_end(struct ivshmem_core *core, struct core_carrier *carrier);

/* A register, as much of it as was read. */
uint64_t core_get(struct ivshmem_core *core, uint64_t offset, unsigned int size);

#endif
