/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACRN: virtual processors. They run in the hypervisor without a thread of ours: the thread of
 * number 0 starts the VM and serves the requests of all, the others only wait for the end.
 * Application processors are started by the hypervisor, when the boot processor sends them SIPI.
 */
#include "devicemodel/hypervisor/acrn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* Control register and EFER bits, Intel SDM 3A 2.5 and 2.2.1. */
#define CR0_PE (1UL << 0)
#define CR0_ET (1UL << 4)
#define CR0_NE (1UL << 5) /* must be set in VMX operation, SDM 3D A.7 */
#define CR0_PG (1UL << 31)
#define CR4_PAE (1UL << 5)
#define EFER_LME (1UL << 8)
#define EFER_LMA (1UL << 10)

/* Access rights as in the VMCS (SDM 3C 24.4.1): present, accessed code, 4 KiB granularity. */
#define CODE_32 0xc09b
#define CODE_64 0xa09b
#define CODE_SELECTOR 0x10
#define DATA_SELECTOR 0x18

static void fill_regs(struct acrn_regs *regs, const struct hv_vcpu_start *start)
{
	*regs = (struct acrn_regs){
		.gprs = {
			.rax = start->rax,
			.rbx = start->rbx,
			.rsi = start->rsi,
			.rsp = start->rsp,
		},
		.gdt = { .base = start->gdt_base, .limit = start->gdt_limit },
		.rip = start->rip,
		.rflags = 2,
		.cr0 = CR0_PE | CR0_ET | CR0_NE,
		.cs_ar = start->long_mode ? CODE_64 : CODE_32,
		.cs_limit = 0xffffffff,
		.cs_sel = CODE_SELECTOR,
		.ss_sel = DATA_SELECTOR,
		.ds_sel = DATA_SELECTOR,
		.es_sel = DATA_SELECTOR,
		.fs_sel = DATA_SELECTOR,
		.gs_sel = DATA_SELECTOR,
	};
	if (start->long_mode) {
		regs->cr0 |= CR0_PG;
		regs->cr3 = start->cr3;
		regs->cr4 = CR4_PAE;
		regs->ia32_efer = EFER_LME | EFER_LMA;
	}
}

/* The driver wants the reserved fields zero. */
static int set_regs(struct hv_vm *vm, const struct hv_vcpu_start *start)
{
	struct acrn_vcpu_regs arg;

	memset(&arg, 0, sizeof(arg));
	fill_regs(&arg.vcpu_regs, start);
	return ioctl(vm->fd, ACRN_IOCTL_SET_VCPU_REGS, &arg) < 0 ? -errno : 0;
}

int acrn_vcpu_create(struct hv_vm *vm, unsigned int index, const struct hv_vcpu_start *start,
		     struct hv_vcpu **ret_vcpu, struct error *err)
{
	struct hv_vcpu *vcpu;
	int ret;

	if (index >= vm->params.vcpus || vm->vcpus[index])
		return error_set(err, -EINVAL, "vcpu %u: no such number, or it is there already",
				 index);
	vcpu = calloc(1, sizeof(*vcpu));
	if (!vcpu)
		return error_set(err, -ENOMEM, "out of memory");
	vcpu->vm = vm;
	vcpu->index = index;
	ret = index == 0 ? set_regs(vm, start) : 0;
	if (ret < 0) {
		free(vcpu);
		return error_set(err, ret, "vcpu %u: ACRN_IOCTL_SET_VCPU_REGS: %s", index,
				 strerror(-ret));
	}
	vm->vcpus[index] = vcpu;
	*ret_vcpu = vcpu;
	return 0;
}

static void wait_for_stop(struct hv_vcpu *vcpu)
{
	struct hv_vm *vm = vcpu->vm;

	pthread_mutex_lock(&vm->lock);
	while (!vcpu->is_stopped)
		pthread_cond_wait(&vm->stopping, &vm->lock);
	pthread_mutex_unlock(&vm->lock);
}

enum hv_exit acrn_vcpu_run(struct hv_vcpu *vcpu, struct error *err)
{
	struct hv_vm *vm = vcpu->vm;
	bool is_stopped;
	int ret = 0;

	if (vcpu->index != 0) {
		wait_for_stop(vcpu);
		return HV_EXIT_STOPPED;
	}
	pthread_mutex_lock(&vm->lock);
	is_stopped = vcpu->is_stopped;
	if (!is_stopped)
		ret = acrn_ioreq_start(vm, err);
	pthread_mutex_unlock(&vm->lock);
	if (is_stopped)
		return HV_EXIT_STOPPED;
	return ret < 0 ? HV_EXIT_FAILURE : acrn_ioreq_serve(vm, err);
}

void acrn_vcpu_stop(struct hv_vcpu *vcpu)
{
	struct hv_vm *vm = vcpu->vm;

	pthread_mutex_lock(&vm->lock);
	vcpu->is_stopped = true;
	if (vcpu->index == 0)
		acrn_ioreq_stop(vm);
	pthread_cond_broadcast(&vm->stopping);
	pthread_mutex_unlock(&vm->lock);
}
