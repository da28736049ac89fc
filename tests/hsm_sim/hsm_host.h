/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the hypervisor has once, whatever VMs come and go: who is which VM, and the memory of hv:/
 * regions, which keeps its contents until the simulator ends.
 */
#ifndef TESTS_HSM_SIM_HSM_HOST_H
#define TESTS_HSM_SIM_HSM_HOST_H

#include <stdint.h>

#include "tests/hsm_sim/scenario.h"

/* ids of VMs are below; so are peers of hv:/ devices, as their ids are those of their VMs. */
#define HOST_VMS_MAX 16

struct hsm_vm;

/* Memory of a region, as all VMs see it. */
struct hsm_region {
	const struct scenario_region *config;
	uint8_t *memory; /* NULL: nobody has used it so far */
};

struct hsm_host {
	struct scenario scenario;
	struct hsm_region regions[SCENARIO_REGIONS_MAX];
	/* By id; 0 is the service VM's. */
	struct {
		char name[16];	    /* who had the id last */
		unsigned int since; /* when that VM was created, in VMs created before */
		struct hsm_vm *vm;  /* NULL: not there now */
	} vms[HOST_VMS_MAX];
	unsigned int created; /* VMs so far */
};

/*
 * @vm comes to life, under @vm->config's name. If that has no id it gets one: that which it had
 * before, if there is such a one. 0, or -EINVAL: that VM is there already, or no more can be.
 */
int hsm_host_enter(struct hsm_host *host, struct hsm_vm *vm);
/* It is gone. Also for a VM that never entered. */
void hsm_host_leave(struct hsm_host *host, const struct hsm_vm *vm);

/* NULL: no VM with that id is there. */
struct hsm_vm *hsm_host_vm(const struct hsm_host *host, unsigned int id);

/* A region that is used now. -ENOENT: not configured; -ENOMEM. */
int hsm_host_region(struct hsm_host *host, const char *name, struct hsm_region **ret_region);

/* Regions' memory goes. */
void hsm_host_fini(struct hsm_host *host);

#endif
