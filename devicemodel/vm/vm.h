/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual machine: what its parts share, and its life. One thread, the one that calls
 * vm_create(), runs the event loop and everything here; the processors have threads of their own.
 *
 * A guest reset replaces the hypervisor's VM object by a fresh one (vm_renew), so nothing of a
 * former life can linger in the kernel; RAM, bus, devices and their regions stay.
 */
#ifndef DEVICEMODEL_VM_VM_H
#define DEVICEMODEL_VM_VM_H

#include "devicemodel/vm/irq.h"
#include "devicemodel/vm/request.h"
#include "devicemodel/vm/vdev.h"
#include "lib/error.h"

struct event_loop;
struct guest_memory;
struct hv_ops;
struct hv_vcpu_start;
struct hv_vm;
struct io_bus;
struct vcpu_set;
struct vm_config;

struct vm {
	const struct vm_config *config;
	const struct hv_ops *ops;
	struct hv_vm *hv;
	struct io_bus *bus;
	struct guest_memory *memory;
	struct irq irq;
	struct vdevs vdevs;
	struct event_loop *loop;
	struct vm_request request;
	struct vcpu_set *vcpus; /* NULL while stopped */
};

/*
 * Make the VM object, its bus and its RAM as @config says; no processor exists yet. @config and
 * @ops stay the caller's and must outlive the VM. Returns 0, or -errno with @err and nothing left.
 */
int vm_create(const struct vm_config *config, const struct hv_ops *ops, struct vm **ret_vm,
	      struct error *err);
/* All devices must be gone. NULL is fine. */
void vm_destroy(struct vm *vm);

/* Start the processors, the first one as @boot says. Returns 0 or -errno with @err. */
int vm_start(struct vm *vm, const struct hv_vcpu_start *boot, struct error *err);

/*
 * Run the event loop until somebody asks something of the VM, then stop the processors. @ret_status
 * belongs to VM_REQUEST_EXIT, @reason gets a line for VM_REQUEST_CRASH and VM_REQUEST_ERROR (also
 * if the loop failed).
 */
enum vm_request_kind vm_wait(struct vm *vm, unsigned char *ret_status, struct error *reason);

/* Trade the hypervisor's VM object for a new one. Only while stopped. 0 or -errno with @err. */
int vm_renew(struct vm *vm, struct error *err);

#endif
