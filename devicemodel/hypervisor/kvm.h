/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the KVM back end share; kernel interface: Documentation/virt/kvm/api.rst. */
#ifndef DEVICEMODEL_HYPERVISOR_KVM_H
#define DEVICEMODEL_HYPERVISOR_KVM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devicemodel/hypervisor/hypervisor.h"

struct kvm_slot {
	uint64_t gpa, size; /* size 0: free */
};

struct kvm_route {
	int fd; /* the irqfd, -1: free */
	uint64_t address;
	uint32_t data;
};

struct hv_vm {
	struct hv_vm_params params;
	int kvm_fd, vm_fd;
	size_t run_size;	  /* bytes of the area shared by KVM_RUN */
	struct kvm_cpuid2 *cpuid; /* all that this KVM can give */
	bool has_chips;		  /* kvm_chips_create() was called */

	/* Both arrays: only by one thread at a time, as the operations demand. */
	struct kvm_slot *slots;
	size_t slot_count;
	struct kvm_route *routes;
	size_t route_count;

	struct hv_vcpu **vcpus; /* params.vcpus pointers, NULL where not created */
};

struct hv_vcpu {
	struct hv_vm *vm;
	int fd;
	struct kvm_run *run;
	pthread_t thread;    /* valid once running is true */
	atomic_bool running; /* the thread is inside vcpu_run() */
};

/* kvm_vcpu.c */
int kvm_vcpu_create(struct hv_vm *vm, unsigned int index, const struct hv_vcpu_start *start,
		    struct hv_vcpu **ret_vcpu, struct error *err);
void kvm_vcpu_free(struct hv_vcpu *vcpu);
enum hv_exit kvm_vcpu_run(struct hv_vcpu *vcpu, struct error *err);
void kvm_vcpu_stop(struct hv_vcpu *vcpu);

/* kvm_vm.c: the interrupt controllers and the timer, which must be there before any processor. */
int kvm_chips_create(struct hv_vm *vm, struct error *err);

/* kvm_cpu_state.c: what a processor says of itself and how it starts. 0 or -errno. */
int kvm_cpuid_get(int kvm_fd, struct kvm_cpuid2 **ret_cpuid); /* to be freed */
int kvm_cpuid_set(const struct hv_vm *vm, int vcpu_fd, unsigned int index);
int kvm_cpu_start(int vcpu_fd, const struct hv_vcpu_start *start);
unsigned int kvm_physical_width(const struct hv_vm *vm);

/* kvm_irq.c */
/* Route the lines to the chips, once KVM_CREATE_IRQCHIP has made them. 0 or -errno. */
int kvm_irq_init(struct hv_vm *vm);
int kvm_irq_line(struct hv_vm *vm, unsigned int gsi, bool level);
int kvm_msi_send(struct hv_vm *vm, uint64_t address, uint32_t data);
int kvm_irqfd(struct hv_vm *vm, int fd, uint64_t address, uint32_t data, bool assign);
int kvm_ioeventfd(struct hv_vm *vm, const struct hv_ioeventfd *ioeventfd, bool assign);

#endif
