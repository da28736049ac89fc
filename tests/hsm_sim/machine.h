/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM whose guest really runs, on KVM, from START_VM to PAUSE_VM: by this project's own back end
 * for KVM, but as ACRN has it, with its CPUID leaves and no timer chip in the hypervisor. For VMs
 * whose guests follow scripts (vm->on_kvm is not set) all of this does nothing.
 */
#ifndef TESTS_HSM_SIM_MACHINE_H
#define TESTS_HSM_SIM_MACHINE_H

#include "tests/hsm_sim/hsm_vm.h"

/* 0 or -errno, and then it has been reported. */
int machine_start(struct hsm_vm *vm);
/* The guest does not run any more. */
void machine_stop(struct hsm_vm *vm);
/* See what the processors have to be answered. */
void machine_serve(struct hsm_vm *vm);

/* The guest's memory is to be as @vm says now. */
void machine_sync(struct hsm_vm *vm);
void machine_msi(struct hsm_vm *vm, const struct acrn_msi_entry *msi);
/* @operation as ACRN_IOCTL_SET_IRQLINE has it. */
void machine_line(struct hsm_vm *vm, unsigned int gsi, unsigned int operation);

#endif
