/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtual processor on KVM. */
#include "tests/hsm_sim/processor.h"

#include <stdio.h>
#include <sys/eventfd.h>

/*
 * ACRN's hypervisor/arch/x86/guest/vm.c, triple_fault_shutdown_vm(): the device model of a VM that
 * has crashed sees a write that powers it off by the PM1a control register.
 */
#define CRASH_PORT 0x404
#define CRASH_VALUE 0x3400

/* Returns with the answer, or when the processor ends. */
static void exchange(struct processor *processor, struct access *access)
{
	pthread_mutex_lock(&processor->lock);
	processor->access = *access;
	if (!processor->ends) {
		processor->state = PROCESSOR_ASKS;
		eventfd_write(processor->bell_fd, 1);
	}
	while (!processor->ends && processor->state != PROCESSOR_RUNS)
		pthread_cond_wait(&processor->answered, &processor->lock);
	access->value = processor->ends ? UINT64_MAX : processor->access.value;
	pthread_mutex_unlock(&processor->lock);
}

void processor_io(struct processor *processor, struct io_access *io)
{
	struct access access = {
		.type = io->space == IO_SPACE_PORT ? ACRN_IOREQ_TYPE_PORTIO :
						     ACRN_IOREQ_TYPE_MMIO,
		.is_write = io->is_write,
		.size = io->size,
		.addr = io->addr,
		.value = io->data,
	};

	exchange(processor, &access);
	io->data = access.value;
}

static void *run(void *arg)
{
	struct processor *processor = arg;
	struct access crash = {
		.type = ACRN_IOREQ_TYPE_PORTIO, .is_write = true,
		.size = 2, .addr = CRASH_PORT, .value = CRASH_VALUE,
	};
	struct error error;
	enum hv_exit reason;

	/* Whoever creates it gets to know that too late. */
	processor->thread = pthread_self();
	reason = hv_kvm.vcpu_run(processor->vcpu, &error);
	if (reason == HV_EXIT_STOPPED)
		return NULL;
	pthread_mutex_lock(&processor->lock);
	processor->has_failed = reason == HV_EXIT_FAILURE;
	processor->error = error;
	pthread_mutex_unlock(&processor->lock);
	exchange(processor, &crash);
	return NULL;
}

int processor_start(struct processor *processor)
{
	int ret;

	pthread_mutex_init(&processor->lock, NULL);
	pthread_cond_init(&processor->answered, NULL);
	ret = -pthread_create(&processor->thread, NULL, run, processor);
	processor->has_thread = ret == 0;
	return ret;
}

/* To its device model the VM has crashed, so that gets around; but why is KVM's secret. */
static void say_failure(struct processor *processor)
{
	if (processor->has_failed)
		fprintf(stderr, "hsm-sim: processor %u: %s\n", processor->index,
			processor->error.text);
	processor->has_failed = false;
}

void processor_serve(struct processor *processor)
{
	enum processor_state state;
	struct access access;
	bool is_answered;

	pthread_mutex_lock(&processor->lock);
	say_failure(processor);
	state = processor->state;
	access = processor->access;
	pthread_mutex_unlock(&processor->lock);
	/* Only this loop gets it out of these states. */
	if (state == PROCESSOR_RUNS)
		return;
	if (state == PROCESSOR_ASKS)
		/* Without a page nobody will ever answer. */
		is_answered = access_answered(processor->vm, &access) ||
			      access_ask(processor->vm, processor->index, &access) < 0;
	else
		is_answered = access_take(processor->vm, processor->index, &access);
	if (!is_answered && state == PROCESSOR_WAITS)
		return;
	pthread_mutex_lock(&processor->lock);
	processor->access = access;
	processor->state = is_answered ? PROCESSOR_RUNS : PROCESSOR_WAITS;
	if (is_answered)
		pthread_cond_signal(&processor->answered);
	pthread_mutex_unlock(&processor->lock);
}

void processor_end(struct processor *processor)
{
	if (!processor->has_thread)
		return;
	pthread_mutex_lock(&processor->lock);
	processor->ends = true;
	pthread_cond_signal(&processor->answered);
	pthread_mutex_unlock(&processor->lock);
	hv_kvm.vcpu_stop(processor->vcpu);
	pthread_join(processor->thread, NULL);
	processor->has_thread = false;
	pthread_mutex_lock(&processor->lock);
	say_failure(processor);
	pthread_mutex_unlock(&processor->lock);
	pthread_cond_destroy(&processor->answered);
	pthread_mutex_destroy(&processor->lock);
}
