/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ivshmem device of the hypervisor's, as a VM has it: ACRN's hypervisor/dm/vpci/ivshmem.c, and
 * vdev.c, vmsix.c and vpci.c beside it. Memory and peers are the region's (hsm_host.h).
 */
#ifndef TESTS_HSM_SIM_HSM_VDEV_H
#define TESTS_HSM_SIM_HSM_VDEV_H

#include <linux/acrn.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/hsm_sim/hsm_host.h"

#define VDEV_VENDOR 0x1af4
#define VDEV_DEVICE 0x1110
#define VDEV_CONFIG_SIZE 4096
#define VDEV_BARS 3 /* registers, MSI-X, memory; the third has 64 bits */
#define VDEV_BAR0_SIZE 256
#define VDEV_BAR1_SIZE 4096
#define VDEV_VECTORS 8
#define VDEV_VECTOR_SIZE 16
#define VDEV_CAPABILITY 0x40

struct vdev_bar {
	uint64_t base;
	bool is_mapped; /* the guest has something there */
};

struct vdev {
	struct acrn_vdev params;
	struct hsm_region *region;
	uint8_t config[VDEV_CONFIG_SIZE];
	struct vdev_bar bars[VDEV_BARS];
	bool is_sizing[VDEV_BARS + 1]; /* all ones were written there last; by registers */
	uint32_t registers[2];	       /* mask and status, stored and without effect */
	uint8_t table[VDEV_VECTORS * VDEV_VECTOR_SIZE];
};

struct hsm_vm;

/* hsm_vdev_config.c: as it comes into the VM; @dev->params and @dev->region are there. */
void vdev_config_init(struct vdev *dev);
/* Do interrupts of the device go anywhere at all? */
bool vdev_msix_enabled(const struct vdev *dev);
uint64_t vdev_bar_size(const struct vdev *dev, unsigned int bar);

/* hsm_vdev_memory.c: all vectors are masked. */
void vdev_table_init(struct vdev *dev);

#endif
