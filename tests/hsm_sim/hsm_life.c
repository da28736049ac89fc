/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM from CREATE_VM to the end. */
#include <errno.h>
#include <string.h>

#include "tests/hsm_sim/hsm_vm.h"
#include "tests/hsm_sim/machine.h"
#include "tests/hsm_sim/tracee.h"

#define PAGE 4096
/* Secure world, LAPIC passthrough, completion polling, real time, PMU passthrough. */
#define VM_FLAGS ((1 << 0) | (1 << 1) | (1 << 2) | (1 << 4) | (1 << 11))

bool vm_severity_allows(const struct hsm_vm *vm)
{
	/* hypercall.c: the service VM's severity must be at least the target's. */
	return !vm->config.high_severity;
}

static bool name_good(const char *name)
{
	/* ACRN's name[16] takes the place of the uuid; names have 15 characters at most. */
	return name[0] != '\0' && memchr(name, '\0', 16);
}

int vm_create(struct hsm_vm *vm, void *data, uint64_t argument)
{
	struct acrn_vm_creation *creation = data;
	char name[16];

	(void)argument;
	if (vm->state == VM_DESTROYED) {
		/* vm.c: a file whose VM was destroyed is never rid of the flag that says so. */
		report_violation(vm->report, "after DESTROY_VM; open the device node again");
		return -EINVAL;
	}
	if (vm->state != VM_NONE) {
		report_violation(vm->report, "this file has a VM already");
		return -EINVAL;
	}
	/* hsm.c: reserved fields are refused. */
	if (creation->reserved0 || creation->reserved1) {
		report_violation(vm->report, "reserved fields are not zero");
		return -EINVAL;
	}
	memcpy(name, &creation->uuid, sizeof(name));
	if (!name_good(name)) {
		report_violation(vm->report, "the VM's name is empty or not terminated");
		return -EINVAL;
	}
	if (creation->vm_flag & ~(uint64_t)VM_FLAGS)
		report_violation(vm->report, "vm_flag has unknown bits: 0x%llx",
				 (unsigned long long)creation->vm_flag);
	/* ioreq.c: the page is pinned and given on by its frame, so an offset would be lost. */
	if (creation->ioreq_buf % PAGE != 0) {
		report_violation(vm->report, "the request page at 0x%llx is not aligned to 4096",
				 (unsigned long long)creation->ioreq_buf);
		return -EINVAL;
	}
	if (!scenario_vm_find(&vm->host->scenario, name, &vm->config))
		return -EINVAL;
	if (!tracee_maps_writable(vm->pid, creation->ioreq_buf, PAGE)) {
		report_violation(vm->report, "the request page is not mapped and writable");
		return -EINVAL;
	}
	if (creation->cpu_affinity)
		vm->config.vcpus = (uint16_t)__builtin_popcountll(creation->cpu_affinity);
	if (vm->config.vcpus > ACRN_IO_REQUEST_MAX) {
		report_violation(vm->report, "%u vCPUs", vm->config.vcpus);
		return -EINVAL;
	}
	vm->page = creation->ioreq_buf;
	if (vm_requests_init(vm) < 0 || hsm_host_enter(vm->host, vm) < 0)
		return -EINVAL;
	vm->state = VM_CREATED;
	creation->vmid = vm->config.id;
	creation->vcpu_num = vm->config.vcpus;
	return 0;
}

int vm_set_regs(struct hsm_vm *vm, void *data, uint64_t argument)
{
	const struct acrn_vcpu_regs *regs = data;
	uint64_t reserved = 0;
	unsigned int i;

	(void)argument;
	/* hsm.c: each reserved field by itself. */
	for (i = 0; i < 3; i++)
		reserved |= regs->reserved[i] | regs->vcpu_regs.reserved_32[i] |
			    regs->vcpu_regs.gdt.reserved[i] | regs->vcpu_regs.idt.reserved[i];
	for (i = 0; i < 4; i++)
		reserved |= regs->vcpu_regs.reserved_64[i];
	if (reserved) {
		report_violation(vm->report, "reserved fields are not zero");
		return -EINVAL;
	}
	if (regs->vcpu_id >= vm->config.vcpus) {
		report_violation(vm->report, "vCPU %u of %u", regs->vcpu_id, vm->config.vcpus);
		return -EINVAL;
	}
	/* hypercall.c, hcall_set_vcpu_regs(): not while the VM runs. */
	if (vm->state == VM_RUNNING) {
		report_violation(vm->report, "the VM runs");
		return -EPERM;
	}
	if (regs->vcpu_id == 0) {
		vm->has_regs = true;
		vm->regs = regs->vcpu_regs;
	}
	return 0;
}

int vm_start(struct hsm_vm *vm, void *data, uint64_t argument)
{
	int ret;

	(void)data;
	(void)argument;
	/* hypercall.c, hcall_start_vm(): only a VM that was created or reset. */
	if (vm->state != VM_CREATED) {
		report_violation(vm->report, "the VM is started already, or paused");
		return -EPERM;
	}
	/* ioreq.c: a request that finds no client is never answered, and its vCPU stands still. */
	if (!vm->has_client)
		report_violation(vm->report, "before CREATE_IOREQ_CLIENT");
	if (!vm->has_regs)
		report_violation(vm->report, "before SET_VCPU_REGS for vCPU 0");
	if (vm->mapping_count == 0)
		report_violation(vm->report, "the guest has no memory");
	ret = machine_start(vm);
	if (ret == 0)
		vm->state = VM_RUNNING;
	return ret;
}

int vm_pause(struct hsm_vm *vm, void *data, uint64_t argument)
{
	(void)data;
	(void)argument;
	/*
	 * ACRN's hypervisor/arch/x86/guest/vm.c, pause_vm(): a more severe VM that runs is not
	 * stopped from outside. The caller is not told.
	 */
	if (vm->state == VM_RUNNING && !vm_severity_allows(vm))
		return 0;
	machine_stop(vm);
	vm->state = VM_PAUSED;
	return 0;
}

int vm_reset(struct hsm_vm *vm, void *data, uint64_t argument)
{
	(void)data;
	(void)argument;
	/* hypercall.c, hcall_reset_vm(): only a paused VM. */
	if (vm->state != VM_PAUSED) {
		report_violation(vm->report, "the VM is not paused");
		return -EPERM;
	}
	vm->state = VM_CREATED;
	vm->has_regs = false;
	return 0;
}

static void drop(struct hsm_vm *vm)
{
	machine_stop(vm);
	vm_events_drop(vm);
	vm_vdevs_drop(vm);
	hsm_host_leave(vm->host, vm);
	vm->has_client = false;
	vm->outstanding = 0;
	vm->wake = true;
	vm->mapping_count = 0;
	vm->state = VM_DESTROYED;
}

int vm_destroy(struct hsm_vm *vm, void *data, uint64_t argument)
{
	(void)data;
	(void)argument;
	if (vm->has_client && !(vm->excuses & EXCUSE_CLIENT))
		report_violation(vm->report, "before DESTROY_IOREQ_CLIENT");
	/* Those of a more severe VM stay as long as it runs. */
	if (vm->vdev_count > 0 && vm->state == VM_PAUSED && !(vm->excuses & EXCUSE_VDEVS))
		report_violation(vm->report, "%u hv:/ devices are left, %s", vm->vdev_count,
				 (const char *)vm->vdevs[0].params.args);
	/* vm.c takes them off, but what they signal or wait for may have gone before. */
	if (vm->ioevent_count + vm->irqevent_count > 0 && !(vm->excuses & EXCUSE_EVENTS))
		report_violation(vm->report, "%u eventfds are left",
				 vm->ioevent_count + vm->irqevent_count);
	/* hypercall.c, hcall_destroy_vm(): only a paused VM. */
	if (vm->state != VM_PAUSED) {
		/* vm.c: all has been freed, and is freed once more when the file is closed. */
		if (!(vm->excuses & EXCUSE_VM))
			report_violation(vm->report, "the VM is not paused");
		return -EPERM;
	}
	drop(vm);
	return 0;
}

void vm_closed(struct hsm_vm *vm)
{
	vm->report->call = "close";
	if (vm->state != VM_NONE && vm->state != VM_DESTROYED && vm_severity_allows(vm) &&
	    !(vm->excuses & EXCUSE_VM))
		report_violation(vm->report, "without DESTROY_VM");
	drop(vm);
}
