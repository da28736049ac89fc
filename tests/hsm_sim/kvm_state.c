/* SPDX-License-Identifier: BSD-3-Clause */
/* What KVM has to be told for a VM that is to look as ACRN's do. */
#include "tests/hsm_sim/kvm_state.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "devicemodel/hypervisor/kvm.h"

#define TSS_ADDRESS 0xfffbd000UL

/* ACRN's hypervisor/arch/x86/guest/vcpuid.c, and Linux's arch/x86/include/asm/acrn.h. */
#define LEAF_SIGNATURE 0x40000000
#define LEAF_FEATURES 0x40000001
#define LEAF_TIMING 0x40000010
#define LEAVES_END 0x40000100
#define LEAVES_MAX 256 /* kvm_cpuid_get() has room for as many */

/* Intel SDM 2A, CPUID. */
#define LEAF_VENDOR 0
#define LEAF_VERSION 1
#define LEAF_TSC 0x15
#define LEAF_FREQUENCY 0x16
#define LEAF_POWER 0x80000007
#define POWER_CONSTANT_TSC (1U << 8)
#define VERSION_FAMILY_6 0x506e3 /* some model of it */
#define CRYSTAL_HZ 1000000000 /* which counts the local APIC's timer: KVM's does at 1 GHz */
#define TSC_DENOMINATOR 1000

int kvm_state_chips(struct hv_vm *kvm, struct error *err)
{
	int ret;

	if (ioctl(kvm->vm_fd, KVM_SET_TSS_ADDR, TSS_ADDRESS) < 0 ||
	    ioctl(kvm->vm_fd, KVM_CREATE_IRQCHIP, 0) < 0)
		return error_set(err, -errno, "KVM_CREATE_IRQCHIP: %s", strerror(errno));
	ret = kvm_irq_init(kvm);
	kvm->has_chips = ret == 0;
	return ret;
}

/* Instead of the one that is there. */
static void set_leaf(struct kvm_cpuid2 *cpuid, const struct kvm_cpuid_entry2 *leaf)
{
	uint32_t i = 0;

	while (i < cpuid->nent && cpuid->entries[i].function != leaf->function)
		i++;
	if (i < LEAVES_MAX)
		cpuid->entries[i] = *leaf;
	if (i == cpuid->nent && i < LEAVES_MAX)
		cpuid->nent++;
}

static void name_acrn(struct kvm_cpuid2 *cpuid, uint32_t tsc_khz)
{
	struct kvm_cpuid_entry2 signature = { .function = LEAF_SIGNATURE, .eax = LEAF_TIMING };
	const struct kvm_cpuid_entry2 features = { .function = LEAF_FEATURES };
	const struct kvm_cpuid_entry2 timing = { .function = LEAF_TIMING, .eax = tsc_khz };
	uint32_t i;

	for (i = cpuid->nent; i-- > 0;)
		if (cpuid->entries[i].function >= LEAF_SIGNATURE &&
		    cpuid->entries[i].function < LEAVES_END)
			cpuid->entries[i] = cpuid->entries[--cpuid->nent];
	memcpy(&signature.ebx, "ACRN", 4);
	memcpy(&signature.ecx, "ACRN", 4);
	memcpy(&signature.edx, "ACRN", 4);
	set_leaf(cpuid, &signature);
	set_leaf(cpuid, &features);
	set_leaf(cpuid, &timing);
}

/*
 * ACRN knows processors of Intel's only, and guests see most of what these say. One thing matters:
 * how fast the time stamp counter is. Kernels that do not know ACRN learn it there, and those that
 * know the frequency need no timer chip.
 */
static void name_intel(struct kvm_cpuid2 *cpuid, uint32_t tsc_khz)
{
	const struct kvm_cpuid_entry2 tsc = {
		.function = LEAF_TSC, .eax = TSC_DENOMINATOR,
		.ebx = (uint32_t)((uint64_t)tsc_khz * 1000 * TSC_DENOMINATOR / CRYSTAL_HZ),
		.ecx = CRYSTAL_HZ,
	};
	/* In MHz; ACRN makes one up where the processor has none. */
	const struct kvm_cpuid_entry2 frequency = {
		.function = LEAF_FREQUENCY, .eax = tsc_khz / 1000, .ebx = tsc_khz / 1000,
		.ecx = 100,
	};
	const struct kvm_cpuid_entry2 power = { .function = LEAF_POWER, .edx = POWER_CONSTANT_TSC };
	struct kvm_cpuid_entry2 *leaf;
	uint32_t i;

	for (i = 0; i < cpuid->nent; i++) {
		leaf = &cpuid->entries[i];
		if (leaf->function == LEAF_VENDOR) {
			if (leaf->eax < LEAF_FREQUENCY)
				leaf->eax = LEAF_FREQUENCY;
			memcpy(&leaf->ebx, "Genu", 4);
			memcpy(&leaf->edx, "ineI", 4);
			memcpy(&leaf->ecx, "ntel", 4);
		} else if (leaf->function == LEAF_VERSION) {
			leaf->eax = VERSION_FAMILY_6;
		}
	}
	set_leaf(cpuid, &tsc);
	set_leaf(cpuid, &frequency);
	set_leaf(cpuid, &power);
}

int kvm_state_identify(struct hv_vm *kvm)
{
	int khz = ioctl(kvm->vcpus[0]->fd, KVM_GET_TSC_KHZ, 0), ret = 0;
	unsigned int i;

	/* A guest of ACRN's counts on that number. */
	if (khz <= 0)
		return khz < 0 ? -errno : -ENOTSUP;
	name_intel(kvm->cpuid, (uint32_t)khz);
	name_acrn(kvm->cpuid, (uint32_t)khz);
	for (i = 0; ret == 0 && i < kvm->params.vcpus; i++)
		ret = kvm_cpuid_set(kvm, kvm->vcpus[i]->fd, i);
	return ret;
}

/* Access rights as in the VMCS: Intel SDM 3C 24.4.1. */
static void set_segment(struct kvm_segment *segment, uint16_t selector, uint64_t base,
			uint32_t limit, uint32_t rights)
{
	*segment = (struct kvm_segment){
		.base = base,
		.limit = limit,
		.selector = selector,
		.type = rights & 0xf,
		.s = rights >> 4 & 1,
		.dpl = rights >> 5 & 3,
		.present = rights >> 7 & 1,
		.avl = rights >> 12 & 1,
		.l = rights >> 13 & 1,
		.db = rights >> 14 & 1,
		.g = rights >> 15 & 1,
	};
}

/*
 * ACRN's hypervisor/arch/x86/guest/vcpu.c, set_vcpu_regs(): of the code segment it takes all, of
 * the others the selectors.
 */
static void set_segments(struct kvm_sregs *sregs, const struct acrn_regs *regs)
{
	const struct {
		struct kvm_segment *segment;
		uint16_t selector;
	} data[] = {
		{ &sregs->ss, regs->ss_sel }, { &sregs->ds, regs->ds_sel },
		{ &sregs->es, regs->es_sel }, { &sregs->fs, regs->fs_sel },
		{ &sregs->gs, regs->gs_sel },
	};
	bool is_protected = regs->cr0 & 1;
	size_t i;

	set_segment(&sregs->cs, regs->cs_sel, regs->cs_base, regs->cs_limit, regs->cs_ar);
	for (i = 0; i < sizeof(data) / sizeof(data[0]); i++)
		set_segment(data[i].segment, data[i].selector, 0,
			    is_protected ? 0xffffffff : 0xffff, is_protected ? 0xc093 : 0x93);
	set_segment(&sregs->tr, regs->tr_sel, 0, 0xffff, 0x8b);
	set_segment(&sregs->ldt, regs->ldt_sel, 0, 0xffff, 0x82);
}

int kvm_state_set(const struct hv_vcpu *vcpu, const struct acrn_regs *regs)
{
	struct kvm_regs general = {
		.rax = regs->gprs.rax, .rbx = regs->gprs.rbx, .rcx = regs->gprs.rcx,
		.rdx = regs->gprs.rdx, .rsi = regs->gprs.rsi, .rdi = regs->gprs.rdi,
		.rsp = regs->gprs.rsp, .rbp = regs->gprs.rbp, .r8 = regs->gprs.r8,
		.r9 = regs->gprs.r9, .r10 = regs->gprs.r10, .r11 = regs->gprs.r11,
		.r12 = regs->gprs.r12, .r13 = regs->gprs.r13, .r14 = regs->gprs.r14,
		.r15 = regs->gprs.r15, .rip = regs->rip, .rflags = regs->rflags,
	};
	struct kvm_sregs sregs;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) < 0)
		return -errno;
	set_segments(&sregs, regs);
	sregs.gdt = (struct kvm_dtable){ .base = regs->gdt.base, .limit = regs->gdt.limit };
	sregs.idt = (struct kvm_dtable){ .base = regs->idt.base, .limit = regs->idt.limit };
	sregs.cr0 = regs->cr0;
	sregs.cr3 = regs->cr3;
	sregs.cr4 = regs->cr4;
	sregs.efer = regs->ia32_efer;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) < 0 ||
	    ioctl(vcpu->fd, KVM_SET_REGS, &general) < 0)
		return -errno;
	return 0;
}
