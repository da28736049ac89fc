/* SPDX-License-Identifier: BSD-3-Clause */
/* The HSM's calls by number. */
#include "tests/hsm_sim/hsm_vm.h"

#include <stddef.h>
#include <sys/ioctl.h>

#define CALL(name, run) { #name, ACRN_IOCTL_##name, false, run }
#define TAKES_DOWN(name, run) { #name, ACRN_IOCTL_##name, true, run }

const struct hsm_call *hsm_call_find(unsigned int request)
{
	static const struct hsm_call calls[] = {
		CALL(CREATE_VM, vm_create),
		TAKES_DOWN(DESTROY_VM, vm_destroy),
		CALL(START_VM, vm_start),
		TAKES_DOWN(PAUSE_VM, vm_pause),
		CALL(RESET_VM, vm_reset),
		CALL(SET_VCPU_REGS, vm_set_regs),
		CALL(INJECT_MSI, vm_inject_msi),
		CALL(SET_IRQLINE, vm_set_irqline),
		CALL(NOTIFY_REQUEST_FINISH, vm_notify_finish),
		CALL(CREATE_IOREQ_CLIENT, vm_client_create),
		CALL(ATTACH_IOREQ_CLIENT, vm_client_attach),
		TAKES_DOWN(DESTROY_IOREQ_CLIENT, vm_client_destroy),
		CALL(CLEAR_VM_IOREQ, vm_clear_requests),
		CALL(SET_MEMSEG, vm_set_memseg),
		CALL(UNSET_MEMSEG, vm_unset_memseg),
		CALL(CREATE_VDEV, vm_create_vdev),
		TAKES_DOWN(DESTROY_VDEV, vm_destroy_vdev),
		CALL(IOEVENTFD, vm_ioeventfd),
		CALL(IRQFD, vm_irqfd),
	};
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].request == request)
			return &calls[i];
	return NULL;
}
