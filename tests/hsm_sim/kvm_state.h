/* SPDX-License-Identifier: BSD-3-Clause */
/* What KVM has to be told for a VM that is to look as ACRN's do. All return 0 or -errno. */
#ifndef TESTS_HSM_SIM_KVM_STATE_H
#define TESTS_HSM_SIM_KVM_STATE_H

#include <linux/acrn.h>

#include "devicemodel/hypervisor/hypervisor.h"

/* The interrupt controllers, but not the timer chip that KVM's own back end adds. */
int kvm_state_chips(struct hv_vm *kvm, struct error *err);

/* CPUID of all processors names ACRN instead of KVM. They have been created, but not run. */
int kvm_state_identify(struct hv_vm *kvm);

/* What ACRN_IOCTL_SET_VCPU_REGS told. */
int kvm_state_set(const struct hv_vcpu *vcpu, const struct acrn_regs *regs);

#endif
