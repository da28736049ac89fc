/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests of guests and operators to the thread that runs the VM. */
#include "devicemodel/vm/request.h"

#include "lib/event_loop.h"

void vm_request_post(struct vm_request *request, enum vm_request_kind kind, unsigned char status)
{
	unsigned int none = VM_REQUEST_NONE, reset = VM_REQUEST_RESET << 8;
	unsigned int value = (unsigned int)kind << 8 | status;

	if (!atomic_compare_exchange_strong(&request->value, &none, value) &&
	    kind == VM_REQUEST_SIGNAL)
		atomic_compare_exchange_strong(&request->value, &reset, value);
	event_loop_stop(request->loop);
}

enum vm_request_kind vm_request_take(struct vm_request *request, unsigned char *ret_status)
{
	unsigned int value = atomic_exchange(&request->value, VM_REQUEST_NONE);

	*ret_status = (unsigned char)(value & 0xff);
	return (enum vm_request_kind)(value >> 8);
}
