/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the device model needs of a hypervisor, and nothing else. A back end is one const table of
 * operations; all of its state hangs off struct hv_vm and struct hv_vcpu, which it defines itself.
 */
#ifndef DEVICEMODEL_HYPERVISOR_HYPERVISOR_H
#define DEVICEMODEL_HYPERVISOR_HYPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "devicemodel/hypervisor/io_access.h"
#include "lib/error.h"

struct hv_vm;
struct hv_vcpu;

/* Where back ends differ in what a device may count on. */
enum hv_capability {
	/* A write at an ioeventfd's address that matches no entry reaches the I/O callback. */
	HV_CAP_IOEVENTFD_PASSES_UNMATCHED = 1 << 0,
	/* mem_unmap() gives a map slot back for another use. */
	HV_CAP_MAP_SLOTS_RETURN = 1 << 1,
	/* The hypervisor itself emulates hv:/ devices. */
	HV_CAP_VDEV = 1 << 2,
	/* The hypervisor itself emulates the timer chip and port 0x61. */
	HV_CAP_PIT = 1 << 3,
};

struct hv_vm_params {
	const char *name;	  /* of the VM */
	unsigned int vcpus;	  /* how many will be created */
	/*
	 * Called for each access that no memory and no fast path answers, from whatever thread runs
	 * vcpu_run(). It fills access->data for reads and must not call vcpu_run().
	 */
	void (*io)(void *ctx, struct io_access *access);
	void *ctx;
};

/* How an x86 processor starts: Intel SDM 3A; the fields that a boot protocol defines. */
struct hv_vcpu_start {
	bool waits_for_sipi; /* an application processor: the rest is ignored */
	bool long_mode; /* 64-bit code with paging by @cr3; else 32-bit protected mode, no paging */
	uint64_t rip, rsp;
	uint64_t rax, rbx, rsi;
	uint64_t cr3;
	uint64_t gdt_base; /* code selector 0x10, data selector 0x18, both flat */
	uint16_t gdt_limit;
};

enum hv_exit {
	HV_EXIT_STOPPED,  /* vcpu_stop() was called */
	HV_EXIT_SHUTDOWN, /* triple fault: the guest is lost */
	HV_EXIT_FAILURE,  /* the back end cannot go on; the error says why */
};

/* An ioeventfd: a guest's write of @data (@size bytes) at @addr signals @fd and goes no further. */
struct hv_ioeventfd {
	enum io_space space;
	uint64_t addr;
	uint8_t size;
	bool datamatch; /* else any value */
	uint64_t data;
	int fd;
};

#define HV_VDEV_BARS 6

/* A PCI device that the hypervisor itself emulates, at a place that no device of ours takes. */
struct hv_vdev {
	uint16_t vendor, device;
	uint8_t bus, slot, function;
	/* As the registers read once addresses are assigned, flags included; and bytes, 0: none. */
	uint32_t bars[HV_VDEV_BARS];
	uint32_t bar_sizes[HV_VDEV_BARS];
	const char *name; /* which of the hypervisor's, "hv:/NAME" */
};

/*
 * All functions return 0 or a negative errno and fill @err on failure where they take one. Nothing
 * here may be called after vm_destroy(). Any thread may call, but except where said only one at a
 * time per VM.
 */
struct hv_ops {
	const char *name; /* as --hypervisor= spells it */
	uint32_t capabilities;

	/* Whether "auto" may take it here; NULL: where it comes to its turn it is tried. */
	bool (*is_there)(void);
	/* -ENOENT: this machine does not have it. -EACCES, -ENOTSUP and others: it has, but ... */
	int (*vm_create)(const struct hv_vm_params *params, struct hv_vm **ret_vm,
			 struct error *err);
	/* All vCPUs must have left vcpu_run(). They are freed with the VM. */
	void (*vm_destroy)(struct hv_vm *vm);

	/* How many bits a guest-physical address of this VM has. */
	unsigned int (*physical_width)(const struct hv_vm *vm);

	/*
	 * Let the guest see @size bytes of this process at @host as memory at @gpa. All three are
	 * multiples of 4096; ranges must not overlap. -EINVAL: outside the guest's physical width.
	 * @host stays the caller's and must stay mapped until mem_unmap() of the same range or
	 * vm_destroy(). -ENOSPC: there is no slot left. Where mem_unmap() fails the guest still
	 * sees the memory there; mem_map() then takes the same @host at the same @gpa as it is, so
	 * no other memory may take that place at @host while vCPUs run.
	 */
	int (*mem_map)(struct hv_vm *vm, uint64_t gpa, uint64_t size, void *host, bool writable);
	int (*mem_unmap)(struct hv_vm *vm, uint64_t gpa, uint64_t size);
	/* What mem_map()'s @code means here and what helps; NULL (also the member): strerror(). */
	const char *(*mem_error_text)(int code);

	/* @index counts from 0 and becomes the local APIC id; 0 is the boot processor. */
	int (*vcpu_create)(struct hv_vm *vm, unsigned int index, const struct hv_vcpu_start *start,
			   struct hv_vcpu **ret_vcpu, struct error *err);
	/*
	 * Blocks in the calling thread, always the same one, for as long as the guest runs. The
	 * back end may have the thread of number 0 serve all vCPUs: the others' then only wait to
	 * be stopped, and number 0 is stopped for all. So a caller runs and stops them together.
	 */
	enum hv_exit (*vcpu_run)(struct hv_vcpu *vcpu, struct error *err);
	/* Has vcpu_run() return HV_EXIT_STOPPED soon, now and ever after. Any thread, any time. */
	void (*vcpu_stop)(struct hv_vcpu *vcpu);

	/*
	 * The next three need the interrupt controllers, which come with the first vCPU.
	 *
	 * Drive a global system interrupt, which is an input of the I/O APIC. Those up to 15 are
	 * inputs of the PICs as well, of the same number, but 2, the timer's, is their input 0.
	 * Nothing is at 0. Any thread.
	 */
	int (*irq_line)(struct hv_vm *vm, unsigned int gsi, bool level);
	/* Deliver a message-signalled interrupt (PCI 3.0 6.8.2). Any thread. */
	int (*msi_send)(struct hv_vm *vm, uint64_t address, uint32_t data);
	/*
	 * Deliver that interrupt whenever @fd is signalled, at once if it is signalled already.
	 * One message per @fd; @assign false takes it off again. -ENOSPC: there is room for no more
	 * messages.
	 */
	int (*irqfd)(struct hv_vm *vm, int fd, uint64_t address, uint32_t data, bool assign);
	int (*ioeventfd)(struct hv_vm *vm, const struct hv_ioeventfd *ioeventfd, bool assign);

	/*
	 * Let the guest meet @vdev, once its BARs have addresses and before the first vcpu_run().
	 * Accesses to its configuration space and BARs are the hypervisor's from then on.
	 * -EINVAL: the hypervisor's configuration of this VM has no such device, or the name is too
	 * long; -ENOTTY: the kernel is too old. vdev_destroy() takes it out again while no guest
	 * runs; vm_destroy() does so for those that are left. NULL without HV_CAP_VDEV.
	 */
	int (*vdev_create)(struct hv_vm *vm, const struct hv_vdev *vdev);
	int (*vdev_destroy)(struct hv_vm *vm, const struct hv_vdev *vdev);
};

extern const struct hv_ops hv_acrn;
extern const struct hv_ops hv_kvm;

/* Find the back end by name; "auto" takes ACRN where its device node is, else KVM. NULL: none. */
const struct hv_ops *hv_find(const char *name);

/* The names for a message, "auto, acrn, kvm". */
const char *hv_names(void);

#endif
