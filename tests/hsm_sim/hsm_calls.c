/* SPDX-License-Identifier: BSD-3-Clause */
/* The HSM's calls by number. */
#include "tests/hsm_sim/hsm_vm.h"

#include <stddef.h>
#include <sys/ioctl.h>

#define CALL(name, run) { #name, ACRN_IOCTL_##name, 0, run }
#define LEAVES(excuses, name, run) { #name, ACRN_IOCTL_##name, excuses, run }

const struct hsm_call *hsm_call_find(unsigned int request)
{
	static const struct hsm_call calls[] = {
		CALL(CREATE_VM, vm_create),
		LEAVES(EXCUSE_VM, DESTROY_VM, vm_destroy),
		CALL(START_VM, vm_start),
		/* Nothing is taken out of a VM that runs, and itself is not destroyed. */
		LEAVES(EXCUSE_VM | EXCUSE_VDEVS, PAUSE_VM, vm_pause),
		CALL(RESET_VM, vm_reset),
		CALL(SET_VCPU_REGS, vm_set_regs),
		CALL(INJECT_MSI, vm_inject_msi),
		/* Whoever is refused that had better not ask for the end. */
		LEAVES(EXCUSE_VM, SET_IRQLINE, vm_set_irqline),
		CALL(NOTIFY_REQUEST_FINISH, vm_notify_finish),
		CALL(CREATE_IOREQ_CLIENT, vm_client_create),
		CALL(ATTACH_IOREQ_CLIENT, vm_client_attach),
		/* It can only be had off by destroying the VM at once, with what it has. */
		LEAVES(EXCUSE_CLIENT | EXCUSE_VDEVS | EXCUSE_EVENTS, DESTROY_IOREQ_CLIENT,
		       vm_client_destroy),
		CALL(CLEAR_VM_IOREQ, vm_clear_requests),
		CALL(SET_MEMSEG, vm_set_memseg),
		CALL(UNSET_MEMSEG, vm_unset_memseg),
		CALL(CREATE_VDEV, vm_create_vdev),
		LEAVES(EXCUSE_VDEVS, DESTROY_VDEV, vm_destroy_vdev),
		LEAVES(EXCUSE_EVENTS, IOEVENTFD, vm_ioeventfd),
		LEAVES(EXCUSE_EVENTS, IRQFD, vm_irqfd),
	};
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].request == request)
			return &calls[i];
	return NULL;
}
