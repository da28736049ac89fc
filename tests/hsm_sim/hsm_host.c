/* SPDX-License-Identifier: BSD-3-Clause */
/* What the hypervisor has once. */
#include "tests/hsm_sim/hsm_host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/hsm_sim/hsm_vm.h"

static bool is_configured(const struct hsm_host *host, unsigned int id)
{
	return id <= host->scenario.vm_count &&
	       strcmp(host->scenario.vms[id - 1].name, "*") != 0;
}

/* For a name that is not configured: the id that it had, else the one unused longest, else 0. */
static uint16_t id_for(const struct hsm_host *host, const char *name)
{
	uint16_t id, best = 0;

	for (id = 1; id < HOST_VMS_MAX; id++) {
		if (is_configured(host, id))
			continue;
		if (strcmp(host->vms[id].name, name) == 0)
			return id;
		if (!host->vms[id].vm &&
		    (best == 0 || host->vms[id].since < host->vms[best].since))
			best = id;
	}
	return best;
}

int hsm_host_enter(struct hsm_host *host, struct hsm_vm *vm)
{
	uint16_t id = vm->config.id;

	if (id == 0)
		id = id_for(host, vm->config.name);
	/* hypercall.c, hcall_create_vm(): only a VM that is not there. */
	if (id == 0 || id >= HOST_VMS_MAX || host->vms[id].vm)
		return -EINVAL;
	vm->config.id = id;
	snprintf(host->vms[id].name, sizeof(host->vms[id].name), "%s", vm->config.name);
	host->vms[id].since = ++host->created;
	host->vms[id].vm = vm;
	return 0;
}

void hsm_host_leave(struct hsm_host *host, const struct hsm_vm *vm)
{
	uint16_t id = vm->config.id;

	if (id < HOST_VMS_MAX && host->vms[id].vm == vm)
		host->vms[id].vm = NULL;
}

struct hsm_vm *hsm_host_vm(const struct hsm_host *host, unsigned int id)
{
	return id < HOST_VMS_MAX ? host->vms[id].vm : NULL;
}

static int map_memory(struct hsm_region *region)
{
	int fd = memfd_create(region->config->name, MFD_CLOEXEC);
	void *memory = MAP_FAILED;

	if (fd < 0)
		return -ENOMEM;
	if (ftruncate(fd, (off_t)region->config->size) == 0)
		memory = mmap(NULL, region->config->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			      0);
	close(fd);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	region->memory = memory;
	return 0;
}

int hsm_host_region(struct hsm_host *host, const char *name, struct hsm_region **ret_region)
{
	const struct scenario_region *config = scenario_region_find(&host->scenario, name);
	struct hsm_region *region;

	if (!config)
		return -ENOENT;
	region = &host->regions[config - host->scenario.regions];
	region->config = config;
	if (!region->memory && map_memory(region) < 0)
		return -ENOMEM;
	*ret_region = region;
	return 0;
}

void hsm_host_fini(struct hsm_host *host)
{
	unsigned int i;

	for (i = 0; i < SCENARIO_REGIONS_MAX; i++)
		if (host->regions[i].memory)
			munmap(host->regions[i].memory, host->regions[i].config->size);
}
