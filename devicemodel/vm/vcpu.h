/* SPDX-License-Identifier: BSD-3-Clause */
/* The threads that run a VM's processors, all started and stopped together. */
#ifndef DEVICEMODEL_VM_VCPU_H
#define DEVICEMODEL_VM_VCPU_H

#include "lib/error.h"

struct hv_ops;
struct hv_vcpu_start;
struct hv_vm;
struct vcpu_set;
struct vm_request;

/*
 * Create @count processors in @vm and a thread for each; number 0 starts as @boot says, the others
 * wait for it. When one ends by itself it posts VM_REQUEST_CRASH or VM_REQUEST_ERROR to @request;
 * vcpu_set_stop() tells why. Returns 0 or -errno with @err, and then no thread runs.
 */
int vcpu_set_start(const struct hv_ops *ops, struct hv_vm *vm, unsigned int count,
		   const struct hv_vcpu_start *boot, struct vm_request *request,
		   struct vcpu_set **ret_set, struct error *err);

/*
 * Stop all of them, wait until they have left the guest, and free the set. If one had ended by
 * itself, @reason (which may be NULL) gets its line, else it stays. A NULL @set is fine. Not with
 * the I/O bus locked: a processor may be waiting for it.
 */
void vcpu_set_stop(struct vcpu_set *set, struct error *reason);

#endif
