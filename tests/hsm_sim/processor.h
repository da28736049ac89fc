/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual processor on KVM: a thread that runs the guest. What the guest accesses and KVM does
 * not answer goes to the simulator's loop, which is the only one that touches the VM, and the
 * thread waits until the loop has the answer.
 */
#ifndef TESTS_HSM_SIM_PROCESSOR_H
#define TESTS_HSM_SIM_PROCESSOR_H

#include <pthread.h>
#include <stdbool.h>

#include "devicemodel/hypervisor/hypervisor.h"
#include "tests/hsm_sim/access.h"

enum processor_state {
	PROCESSOR_RUNS,
	PROCESSOR_ASKS, /* the loop has not seen the access yet */
	PROCESSOR_WAITS, /* the device model has it */
};

struct processor {
	struct hsm_vm *vm;
	unsigned int index;
	struct hv_vcpu *vcpu;
	int bell_fd; /* signalled for the loop */
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t answered;
	enum processor_state state;
	struct access access;
	bool ends;
	bool has_failed; /* KVM cannot go on, and the loop has not said so yet */
	struct error error;
};

/* @processor has vm, index, vcpu and bell_fd; the rest is filled here. 0 or -errno. */
int processor_start(struct processor *processor);
/* Called by its thread: have the loop answer the access. */
void processor_io(struct processor *processor, struct io_access *io);
/* Called by the loop: see what there is to be answered. */
void processor_serve(struct processor *processor);
/* The guest is where it is, and stays there. */
void processor_end(struct processor *processor);

#endif
