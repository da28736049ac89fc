/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest (or the operator) asks of the whole VM. Devices post, the thread that runs the VM
 * collects; the first request of a run counts, but the operator's wish goes before a reset.
 */
#ifndef DEVICEMODEL_VM_REQUEST_H
#define DEVICEMODEL_VM_REQUEST_H

#include <stdatomic.h>

struct event_loop;

enum vm_request_kind {
	VM_REQUEST_NONE,
	VM_REQUEST_POWER_OFF,
	VM_REQUEST_RESET,
	VM_REQUEST_EXIT,   /* debug exit: end with a status of the guest's choice */
	VM_REQUEST_CRASH,  /* triple fault */
	VM_REQUEST_ERROR,  /* the back end gave up */
	VM_REQUEST_SIGNAL, /* the operator wants it to end */
};

/* Zero-initialised but for @loop, which is stopped by each request. */
struct vm_request {
	struct event_loop *loop;
	atomic_uint value; /* kind << 8 | status */
};

/* @status counts for VM_REQUEST_EXIT only. Any thread. */
void vm_request_post(struct vm_request *request, enum vm_request_kind kind, unsigned char status);

/* What was asked first since the last call; forgets it. */
enum vm_request_kind vm_request_take(struct vm_request *request, unsigned char *ret_status);

#endif
