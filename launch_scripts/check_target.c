/* SPDX-License-Identifier: BSD-3-Clause */
/* What cannot be had on the hypervisor that the scripts are for. */
#include "launch_scripts/check.h"

#include <inttypes.h>

#include "devicemodel/config/absent_class.h"

/* --- KVM -------------------------------------------------------------------------------------- */

static void check_kvm_kind(const struct plan_vm *vm, struct problems *problems)
{
	if (vm->type == PLAN_RTVM)
		problems_add(problems, vm->place,
			     "VM %s is a real-time VM, which takes the ACRN hypervisor: make it a "
			     "STANDARD_VM for KVM",
			     plan_vm_name(vm));
	if (vm->windows)
		problems_add(problems, vm->place,
			     "VM %s runs Windows, which takes firmware that is not there on KVM: "
			     "use ACRN for it",
			     plan_vm_name(vm));
	if (vm->ovmf)
		problems_add(problems, vm->place,
			     "VM %s boots by a virtual boot loader, which is not there on KVM: "
			     "turn it off, and give -k KERNEL or -E IMAGE among the customized "
			     "parameters",
			     plan_vm_name(vm));
}

static void check_kvm_vm(const struct plan_vm *vm, struct problems *problems)
{
	const struct device_class *absent;
	const struct plan_device *device;
	size_t i;

	if (vm->load_order == PLAN_PRE_LAUNCHED_VM)
		problems_add(problems, vm->place,
			     "VM %s is pre-launched, which takes the ACRN hypervisor: make it "
			     "post-launched for KVM",
			     plan_vm_name(vm));
	if (vm->load_order != PLAN_POST_LAUNCHED_VM)
		return;
	check_kvm_kind(vm, problems);
	for (i = 0; i < vm->device_count; i++) {
		device = &vm->devices[i];
		absent = absent_class_find(plan_device_class(device->kind));
		if (absent)
			problems_add(problems, device->place,
				     "VM %s: %s is not there on KVM: %s", plan_vm_name(vm),
				     plan_device_class(device->kind), absent->absent);
	}
}

static void check_kvm(const struct plan *plan, struct problems *problems)
{
	const struct plan_region *region;
	size_t i;

	for (i = 0; i < plan->vm_count; i++)
		check_kvm_vm(&plan->vms[i], problems);
	for (i = 0; i < plan->region_count; i++) {
		region = &plan->regions[i];
		if (region->land == IVSHMEM_LAND_HV)
			problems_add(problems, region->place,
				     "region %s is memory of the ACRN hypervisor, which is not "
				     "there on KVM: have the device model provide it",
				     plan_region_name(region));
	}
}

/* --- ACRN ------------------------------------------------------------------------------------- */

/* ACRN's own device model does not start with less. */
#define ACRN_MEMORY_MIN_MB 128

static void check_acrn_vm(const struct plan *plan, const struct plan_vm *vm,
			  struct problems *problems)
{
	if (vm->load_order != PLAN_POST_LAUNCHED_VM)
		return;
	if (vm->memory_mb < ACRN_MEMORY_MIN_MB)
		problems_add(problems, vm->place,
			     "VM %s has %" PRIu64 " MB, and ACRN takes %d at least: give it more",
			     plan_vm_name(vm), vm->memory_mb, ACRN_MEMORY_MIN_MB);
	if (vm->cpu_count > 0 && plan->board.cpu_count == 0)
		problems_add(problems, vm->place,
			     "VM %s has CPU %u, and only a board file says its local APIC id: give "
			     "one that lists the CPUs by --board",
			     plan_vm_name(vm), vm->cpus[0]);
}

static void check_acrn(const struct plan *plan, struct problems *problems)
{
	size_t i;

	for (i = 0; i < plan->vm_count; i++)
		check_acrn_vm(plan, &plan->vms[i], problems);
}

void plan_check_target(const struct plan *plan, enum launch_target target,
		       struct problems *problems)
{
	if (target == LAUNCH_KVM)
		check_kvm(plan, problems);
	else
		check_acrn(plan, problems);
}
