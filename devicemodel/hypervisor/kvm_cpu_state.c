/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * KVM: what a virtual processor says of itself (CPUID) and the state it starts in. Register and
 * leaf numbers: Intel SDM volumes 2A (CPUID) and 3A (9.1, 11.11.2), AMD APM volume 3 appendix E.
 */
#include "devicemodel/hypervisor/kvm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/util.h"

#define CPUID_ENTRIES_MAX 256

#define CR0_PE (1UL << 0)
#define CR0_ET (1UL << 4)
#define CR0_PG (1UL << 31)
#define CR4_PAE (1UL << 5)
#define EFER_LME (1UL << 8)
#define EFER_LMA (1UL << 10)

#define MSR_MISC_ENABLE 0x1a0
#define MSR_MTRR_DEF_TYPE 0x2ff

int kvm_cpuid_get(int kvm_fd, struct kvm_cpuid2 **ret_cpuid)
{
	struct kvm_cpuid2 *cpuid;
	int ret;

	cpuid = calloc(1, sizeof(*cpuid) + CPUID_ENTRIES_MAX * sizeof(cpuid->entries[0]));
	if (!cpuid)
		return -ENOMEM;
	cpuid->nent = CPUID_ENTRIES_MAX;
	if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid) < 0) {
		ret = -errno;
		free(cpuid);
		return ret;
	}
	*ret_cpuid = cpuid;
	return 0;
}

unsigned int kvm_physical_width(const struct hv_vm *vm)
{
	unsigned int width = 36; /* of a processor without the leaf */
	uint32_t i;

	for (i = 0; i < vm->cpuid->nent; i++)
		if (vm->cpuid->entries[i].function == 0x80000008 &&
		    (vm->cpuid->entries[i].eax & 0xff))
			width = vm->cpuid->entries[i].eax & 0xff;
	return width < 63 ? width : 63;
}

/* Extended topology: level 0 has one thread, level 1 has all processors in one package. */
static void fill_topology(struct kvm_cpuid_entry2 *entry, unsigned int index, unsigned int vcpus)
{
	unsigned int bits = 0;

	while ((1U << bits) < vcpus)
		bits++;
	entry->eax = entry->index == 1 ? bits : 0;
	entry->ebx = entry->index == 0 ? 1 : entry->index == 1 ? vcpus : 0;
	entry->ecx = entry->index | (entry->index < 2 ? (entry->index + 1) << 8 : 0);
	entry->edx = index;
}

/* KVM reports the host's processor; what says which one of this VM it is gets its own number. */
static void fit_entry(struct kvm_cpuid_entry2 *entry, unsigned int index, unsigned int vcpus,
		      bool tsc_deadline)
{
	switch (entry->function) {
	case 1:
		entry->ebx = (entry->ebx & 0x0000ffff) | index << 24 | (vcpus & 0xff) << 16;
		entry->ecx |= UINT32_C(1) << 31; /* a hypervisor is present */
		if (tsc_deadline)
			entry->ecx |= UINT32_C(1) << 24;
		if (vcpus > 1)
			entry->edx |= UINT32_C(1) << 28;
		else
			entry->edx &= ~(UINT32_C(1) << 28);
		break;
	case 4:
		/* Cores in the package; no cache is shared with a neighbour known to the guest. */
		if (entry->eax & 0x1f)
			entry->eax = (entry->eax & 0x3fff) | ((vcpus - 1) & 0x3f) << 26;
		break;
	case 0xb:
	case 0x1f:
		fill_topology(entry, index, vcpus);
		break;
	case 0x80000008:
		entry->ecx = (vcpus - 1) & 0xff;
		break;
	case 0x8000001e:
		entry->eax = index;
		entry->ebx = index;
		entry->ecx = 0;
		break;
	default:
		break;
	}
}

int kvm_cpuid_set(const struct hv_vm *vm, int vcpu_fd, unsigned int index)
{
	size_t size = sizeof(*vm->cpuid) + vm->cpuid->nent * sizeof(vm->cpuid->entries[0]);
	struct kvm_cpuid2 *cpuid = malloc(size);
	bool tsc_deadline;
	uint32_t i;
	int ret;

	if (!cpuid)
		return -ENOMEM;
	memcpy(cpuid, vm->cpuid, size);
	tsc_deadline = ioctl(vm->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0;
	for (i = 0; i < cpuid->nent; i++)
		fit_entry(&cpuid->entries[i], index, vm->params.vcpus, tsc_deadline);
	ret = ioctl(vcpu_fd, KVM_SET_CPUID2, cpuid) < 0 ? -errno : 0;
	free(cpuid);
	return ret;
}

/*
 * What firmware leaves behind: memory is write-back by default. With MTRRs off Linux also gives up
 * the PAT, and with it write-combining for BAR2. A processor without the MSR is no reason to stop.
 */
static void set_boot_msrs(int vcpu_fd)
{
	static const struct {
		uint32_t index;
		uint64_t data;
	} values[] = {
		{ MSR_MTRR_DEF_TYPE, 1 << 11 | 6 },
		{ MSR_MISC_ENABLE, 1 },
	};
	union {
		struct kvm_msrs list;
		char room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
	} msr = { .list.nmsrs = 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		msr.list.entries[0].index = values[i].index;
		msr.list.entries[0].data = values[i].data;
		ioctl(vcpu_fd, KVM_SET_MSRS, &msr);
	}
}

static struct kvm_segment flat_segment(uint16_t selector, uint8_t type, bool long_mode)
{
	return (struct kvm_segment){
		.base = 0,
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.db = !long_mode,
		.s = 1,
		.l = long_mode,
		.g = 1,
	};
}

static void fill_sregs(struct kvm_sregs *sregs, const struct hv_vcpu_start *start)
{
	struct kvm_segment data = flat_segment(0x18, 3, false);

	sregs->cs = flat_segment(0x10, 11, start->long_mode);
	sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss = data;
	sregs->tr.base = 0;
	sregs->tr.limit = 0x67;
	sregs->tr.selector = 0;
	sregs->tr.type = 11;
	sregs->tr.present = 1;
	sregs->tr.s = 0;
	sregs->gdt.base = start->gdt_base;
	sregs->gdt.limit = start->gdt_limit;
	sregs->idt.base = 0;
	sregs->idt.limit = 0;
	sregs->cr0 = CR0_PE | CR0_ET;
	sregs->cr4 = 0;
	sregs->efer = 0;
	if (start->long_mode) {
		sregs->cr0 |= CR0_PG;
		sregs->cr3 = start->cr3;
		sregs->cr4 |= CR4_PAE;
		sregs->efer = EFER_LME | EFER_LMA;
	}
}

int kvm_cpu_start(int vcpu_fd, const struct hv_vcpu_start *start)
{
	struct kvm_regs regs = {
		.rip = start->rip,
		.rsp = start->rsp,
		.rax = start->rax,
		.rbx = start->rbx,
		.rsi = start->rsi,
		.rflags = 2,
	};
	struct kvm_sregs sregs;

	set_boot_msrs(vcpu_fd);
	/* The kernel has put an application processor where INIT leaves it. */
	if (start->waits_for_sipi)
		return 0;
	if (ioctl(vcpu_fd, KVM_GET_SREGS, &sregs) < 0)
		return -errno;
	fill_sregs(&sregs, start);
	if (ioctl(vcpu_fd, KVM_SET_SREGS, &sregs) < 0 || ioctl(vcpu_fd, KVM_SET_REGS, &regs) < 0)
		return -errno;
	return 0;
}
