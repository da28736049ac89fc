/* SPDX-License-Identifier: BSD-3-Clause */
/* The request page and the client; <linux/acrn.h> has the state machine. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "tests/hsm_sim/hsm_vm.h"
#include "tests/hsm_sim/tracee.h"

static uint64_t slot_addr(const struct hsm_vm *vm, unsigned int vcpu)
{
	return vm->page + vcpu * sizeof(struct acrn_io_request);
}

static int set_state(struct hsm_vm *vm, unsigned int vcpu, uint32_t state)
{
	vm->states[vcpu] = state;
	return tracee_write(vm->pid,
			    slot_addr(vm, vcpu) + offsetof(struct acrn_io_request, processed),
			    &state, sizeof(state));
}

int vm_requests_init(struct hsm_vm *vm)
{
	unsigned int vcpu;

	for (vcpu = 0; vcpu < ACRN_IO_REQUEST_MAX; vcpu++)
		if (set_state(vm, vcpu, ACRN_IOREQ_STATE_FREE) < 0)
			return -EFAULT;
	return 0;
}

int vm_client_create(struct hsm_vm *vm, void *data, uint64_t argument)
{
	(void)data;
	(void)argument;
	/* hsm.c: one default client. */
	if (vm->has_client) {
		report_violation(vm->report, "there is a client already");
		return -EEXIST;
	}
	vm->has_client = true;
	vm->had_client = true;
	return 0;
}

int vm_client_attach(struct hsm_vm *vm, void *data, uint64_t argument)
{
	(void)data;
	(void)argument;
	/* hsm.c: -ENODEV; after DESTROY_IOREQ_CLIENT that is how a serving thread gets to know. */
	if (!vm->has_client) {
		if (!vm->had_client)
			report_violation(vm->report, "before CREATE_IOREQ_CLIENT");
		return -ENODEV;
	}
	/* ioreq.c: does not wait while any request is unfinished. */
	return vm->outstanding ? 0 : CALL_WAITS;
}

int vm_client_destroy(struct hsm_vm *vm, void *data, uint64_t argument)
{
	(void)data;
	(void)argument;
	/* hsm.c: nothing happens without one. */
	vm->has_client = false;
	vm->wake = true;
	return 0;
}

static int complete(struct hsm_vm *vm, unsigned int vcpu)
{
	vm->outstanding &= (uint16_t)~(1U << vcpu);
	return set_state(vm, vcpu, ACRN_IOREQ_STATE_COMPLETE);
}

/* Only the value of a read may change in the page, and states are not the device model's at all. */
static void check_page(struct hsm_vm *vm, unsigned int finished)
{
	struct acrn_io_request now[ACRN_IO_REQUEST_MAX];
	unsigned int i;

	if (tracee_read(vm->pid, vm->page, now, sizeof(now)) < 0) {
		report_violation(vm->report, "the request page is not mapped any more");
		return;
	}
	for (i = 0; i < ACRN_IO_REQUEST_MAX; i++)
		if (now[i].processed != vm->states[i])
			report_violation(vm->report, "slot %u: state %u was changed to %u", i,
					 vm->states[i], now[i].processed);
	if (now[finished].type != vm->requests[finished].type ||
	    now[finished].kernel_handled != 0 ||
	    now[finished].reqs.pio_request.direction !=
		    vm->requests[finished].reqs.pio_request.direction)
		report_violation(vm->report, "slot %u: type or direction was changed", finished);
}

int vm_notify_finish(struct hsm_vm *vm, void *data, uint64_t argument)
{
	const struct acrn_ioreq_notify *notify = data;

	(void)argument;
	/* hsm.c */
	if (notify->reserved != 0) {
		report_violation(vm->report, "reserved is not zero");
		return -EINVAL;
	}
	/* <linux/acrn.h> wants the VM's id; the driver does not look. */
	if (notify->vmid != vm->config.id)
		report_violation(vm->report, "VM id %u instead of %u", notify->vmid,
				 vm->config.id);
	/* ioreq.c: nothing happens without a client. */
	if (!vm->has_client) {
		report_violation(vm->report, "there is no client");
		return 0;
	}
	if (notify->vcpu >= vm->config.vcpus) {
		report_violation(vm->report, "vCPU %u of %u", notify->vcpu, vm->config.vcpus);
		return -EINVAL;
	}
	/* ioreq.c sets COMPLETE unasked: a slot the hypervisor owns would get a wrong state. */
	if (!(vm->outstanding & (1U << notify->vcpu))) {
		report_violation(vm->report, "vCPU %u has no request in state PROCESSING",
				 notify->vcpu);
		return 0;
	}
	check_page(vm, notify->vcpu);
	return complete(vm, notify->vcpu);
}

int vm_clear_requests(struct hsm_vm *vm, void *data, uint64_t argument)
{
	unsigned int vcpu;

	(void)data;
	(void)argument;
	for (vcpu = 0; vcpu < ACRN_IO_REQUEST_MAX; vcpu++)
		if (vm->outstanding & (1U << vcpu))
			complete(vm, vcpu);
	return 0;
}

int vm_request_put(struct hsm_vm *vm, unsigned int vcpu, const struct acrn_io_request *request)
{
	struct acrn_io_request slot = *request;
	int ret;

	slot.kernel_handled = 0;
	slot.processed = ACRN_IOREQ_STATE_PENDING;
	vm->requests[vcpu] = slot;
	ret = tracee_write(vm->pid, slot_addr(vm, vcpu), &slot, sizeof(slot));
	if (ret < 0)
		return ret;
	/* The state last, and by itself: everything else must be there before it. */
	ret = set_state(vm, vcpu, ACRN_IOREQ_STATE_PROCESSING);
	if (ret < 0)
		return ret;
	vm->outstanding |= (uint16_t)(1U << vcpu);
	vm->wake = true;
	return 0;
}

bool vm_request_take(struct hsm_vm *vm, unsigned int vcpu, struct acrn_io_request *ret_request)
{
	if (vm->states[vcpu] != ACRN_IOREQ_STATE_COMPLETE)
		return false;
	if (tracee_read(vm->pid, slot_addr(vm, vcpu), ret_request, sizeof(*ret_request)) < 0)
		return false;
	return set_state(vm, vcpu, ACRN_IOREQ_STATE_FREE) == 0;
}
