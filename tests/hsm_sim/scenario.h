/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the hypervisor was configured with: VMs and the regions of hv:/ devices. Lines of a file:
 *
 *   vm NAME [vcpus=N] [severity=standard|high]
 *   region hv:/NAME MEGABYTES ID
 *
 * "#" begins a comment. Ids of VMs count from 1, in the order of their lines. The name * is
 * anybody's who has no line before it; those get ids that no other line has. Without any vm line
 * every name is a standard VM of one vCPU.
 */
#ifndef TESTS_HSM_SIM_SCENARIO_H
#define TESTS_HSM_SIM_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#define SCENARIO_VMS_MAX 15
#define SCENARIO_REGIONS_MAX 8 /* as many as ACRN takes: hypervisor/dm/vpci/ivshmem.c */

struct scenario_vm {
	char name[16];
	uint16_t id; /* 0: the hypervisor has to choose one (hsm_host.h) */
	uint16_t vcpus;
	bool high_severity; /* more severe than the service VM, as a real-time VM is by default */
};

struct scenario_region {
	char name[32]; /* with "hv:/" */
	uint64_t size; /* bytes */
	uint16_t id;
};

struct scenario {
	struct scenario_vm vms[SCENARIO_VMS_MAX];
	struct scenario_region regions[SCENARIO_REGIONS_MAX];
	unsigned int vm_count, region_count;
};

/* Returns 0 or -errno and prints why. */
int scenario_read(struct scenario *scenario, const char *path);

/* NULL: not configured. */
const struct scenario_region *scenario_region_find(const struct scenario *scenario,
						   const char *name);
/* False: not configured. */
bool scenario_vm_find(const struct scenario *scenario, const char *name, struct scenario_vm *ret);

#endif
