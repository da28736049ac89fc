/* SPDX-License-Identifier: BSD-3-Clause */
/* Processor threads. */
#include "devicemodel/vm/vcpu.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/vm/request.h"

#define TAG_BYTES 16

struct vcpu_thread {
	struct vcpu_set *set;
	struct hv_vcpu *vcpu;
	pthread_t thread;
	bool started;
	struct error reason; /* why it ended by itself; read after it was joined */
	char tag[TAG_BYTES];
};

/* Written before the threads start, only read while they run. */
struct vcpu_set {
	const struct hv_ops *ops;
	struct vm_request *request;
	unsigned int count;
	struct vcpu_thread threads[];
};

static void *run_thread(void *arg)
{
	struct vcpu_thread *self = arg;

	pthread_setname_np(pthread_self(), self->tag);
	switch (self->set->ops->vcpu_run(self->vcpu, &self->reason)) {
	case HV_EXIT_STOPPED:
		self->reason.text[0] = '\0';
		break;
	case HV_EXIT_SHUTDOWN:
		error_set(&self->reason, -EIO, "%s: the guest crashed (triple fault)", self->tag);
		vm_request_post(self->set->request, VM_REQUEST_CRASH, 0);
		break;
	case HV_EXIT_FAILURE:
		error_prefix(&self->reason, -EIO, "%s", self->tag);
		vm_request_post(self->set->request, VM_REQUEST_ERROR, 0);
		break;
	}
	return NULL;
}

static int create_vcpus(struct vcpu_set *set, struct hv_vm *vm, const struct hv_vcpu_start *boot,
			struct error *err)
{
	const struct hv_vcpu_start waiting = { .waits_for_sipi = true };
	unsigned int i;
	int ret;

	for (i = 0; i < set->count; i++) {
		set->threads[i].set = set;
		snprintf(set->threads[i].tag, TAG_BYTES, "vcpu %u", i);
		ret = set->ops->vcpu_create(vm, i, i == 0 ? boot : &waiting, &set->threads[i].vcpu,
					    err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int start_threads(struct vcpu_set *set, struct error *err)
{
	unsigned int i;
	int ret;

	for (i = 0; i < set->count; i++) {
		ret = pthread_create(&set->threads[i].thread, NULL, run_thread, &set->threads[i]);
		if (ret != 0)
			return error_set(err, -ret, "%s: no thread: %s", set->threads[i].tag,
					 strerror(ret));
		set->threads[i].started = true;
	}
	return 0;
}

int vcpu_set_start(const struct hv_ops *ops, struct hv_vm *vm, unsigned int count,
		   const struct hv_vcpu_start *boot, struct vm_request *request,
		   struct vcpu_set **ret_set, struct error *err)
{
	struct vcpu_set *set;
	int ret;

	set = calloc(1, sizeof(*set) + count * sizeof(set->threads[0]));
	if (!set)
		return error_set(err, -ENOMEM, "out of memory");
	set->ops = ops;
	set->request = request;
	set->count = count;
	ret = create_vcpus(set, vm, boot, err);
	if (ret == 0)
		ret = start_threads(set, err);
	if (ret < 0) {
		vcpu_set_stop(set, NULL);
		return ret;
	}
	*ret_set = set;
	return 0;
}

void vcpu_set_stop(struct vcpu_set *set, struct error *reason)
{
	unsigned int i;

	if (!set)
		return;
	for (i = 0; i < set->count; i++)
		if (set->threads[i].started)
			set->ops->vcpu_stop(set->threads[i].vcpu);
	for (i = 0; i < set->count; i++) {
		if (!set->threads[i].started)
			continue;
		pthread_join(set->threads[i].thread, NULL);
		if (reason && set->threads[i].reason.text[0])
			*reason = set->threads[i].reason;
	}
	free(set);
}
