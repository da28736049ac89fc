/* SPDX-License-Identifier: BSD-3-Clause */
/* From a guest's access to its answer. */
#include "tests/hsm_sim/access.h"

#include <string.h>

#include "tests/hsm_sim/tracee.h"

/* PCI 3.0 3.2.2.3.2: configuration mechanism #1. */
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE (UINT32_C(1) << 31)

/* Where ACRN and its device models put the memory of configuration spaces, 1 MiB per bus. */
#define ECAM_BASE UINT64_C(0xe0000000)
#define ECAM_SIZE (UINT64_C(256) << 20)

/* Is it answered, for there is no configuration space at the latched address? */
static bool config_data(const struct hsm_vm *vm, struct access *access)
{
	uint32_t address = vm->config_address;

	if (!(address & CONFIG_ENABLE)) {
		access->value = UINT64_MAX;
		return true;
	}
	access->type = ACRN_IOREQ_TYPE_PCICFG;
	access->bdf = address >> 8 & 0xffff;
	access->addr = (address & 0xfc) + (access->addr & 3);
	return false;
}

/* ioreq.c: the driver keeps the address, and makes requests of configuration space of the data. */
static bool config_port(struct hsm_vm *vm, struct access *access)
{
	if (access->addr == CONFIG_ADDRESS && access->size == 4) {
		if (access->is_write)
			vm->config_address = (uint32_t)access->value;
		access->value = vm->config_address;
		return true;
	}
	if (access->addr / 4 == CONFIG_DATA / 4)
		return config_data(vm, access);
	return false;
}

/* hypervisor/dm/vpci/vpci.c: devices of the hypervisor's are found there too. */
static bool ecam(struct hsm_vm *vm, struct access *access)
{
	uint64_t offset = access->addr - ECAM_BASE;

	return access->addr >= ECAM_BASE && offset < ECAM_SIZE &&
	       vm_vdev_config(vm, access->is_write, (uint32_t)(offset >> 12), offset & 0xfff,
			      access->size, &access->value);
}

/* Memory that is there is no business of a request's. */
static bool memory(struct hsm_vm *vm, struct access *access)
{
	uint64_t host;
	int ret;

	if (!vm_memory_find(vm, access->addr, access->size, &host))
		return false;
	ret = access->is_write ? tracee_write(vm->pid, host, &access->value, access->size) :
				 tracee_read(vm->pid, host, &access->value, access->size);
	if (ret < 0) {
		vm->report->call = "guest";
		report_violation(vm->report, "memory at 0x%llx has gone from the process",
				 (unsigned long long)access->addr);
	}
	return true;
}

bool access_answered(struct hsm_vm *vm, struct access *access)
{
	bool is_port;

	if (access->type == ACRN_IOREQ_TYPE_PORTIO && config_port(vm, access))
		return true;
	if (access->type == ACRN_IOREQ_TYPE_PCICFG)
		return vm_vdev_config(vm, access->is_write, access->bdf, (uint32_t)access->addr,
				      access->size, &access->value);
	is_port = access->type == ACRN_IOREQ_TYPE_PORTIO;
	if (!is_port && (vm_vdev_memory(vm, access->is_write, access->addr, access->size,
					&access->value) ||
			 ecam(vm, access) || memory(vm, access)))
		return true;
	return vm_ioevent_covers(vm, is_port, access->is_write, access->addr, access->size,
				 &access->value);
}

int access_ask(struct hsm_vm *vm, unsigned int vcpu, const struct access *access)
{
	struct acrn_io_request request = { .type = access->type };
	uint32_t direction = access->is_write ? ACRN_IOREQ_DIR_WRITE : ACRN_IOREQ_DIR_READ;

	if (access->type == ACRN_IOREQ_TYPE_PCICFG) {
		request.reqs.pci_request = (struct acrn_pci_request){
			.direction = direction, .size = access->size,
			.value = (uint32_t)access->value, .bus = access->bdf >> 8,
			.dev = access->bdf >> 3 & 31, .func = access->bdf & 7,
			.reg = (uint32_t)access->addr,
		};
	} else if (access->type == ACRN_IOREQ_TYPE_PORTIO) {
		request.reqs.pio_request = (struct acrn_pio_request){
			.direction = direction, .address = access->addr, .size = access->size,
			.value = (uint32_t)access->value,
		};
	} else {
		request.reqs.mmio_request = (struct acrn_mmio_request){
			.direction = direction, .address = access->addr, .size = access->size,
			.value = access->value,
		};
	}
	return vm_request_put(vm, vcpu, &request);
}

bool access_take(struct hsm_vm *vm, unsigned int vcpu, struct access *access)
{
	struct acrn_io_request request;

	if (!vm_request_take(vm, vcpu, &request))
		return false;
	if (access->type == ACRN_IOREQ_TYPE_PCICFG)
		access->value = request.reqs.pci_request.value;
	else if (access->type == ACRN_IOREQ_TYPE_PORTIO)
		access->value = request.reqs.pio_request.value;
	else
		access->value = request.reqs.mmio_request.value;
	return true;
}
