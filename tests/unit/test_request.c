/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests to the VM: the first one counts, and each stops the loop. */
#include "devicemodel/vm/request.h"

#include <pthread.h>

#include "lib/event_loop.h"
#include "tests/unit/unit.h"

static void begin(struct vm_request *request)
{
	*request = (struct vm_request){ 0 };
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&request->loop), 0);
}

static void test_first_counts(void)
{
	struct vm_request request;
	unsigned char status = 99;

	begin(&request);
	CU_ASSERT_EQUAL(vm_request_take(&request, &status), VM_REQUEST_NONE);
	vm_request_post(&request, VM_REQUEST_EXIT, 255);
	vm_request_post(&request, VM_REQUEST_RESET, 1);
	CU_ASSERT_EQUAL(event_loop_run(request.loop), 0);
	CU_ASSERT_EQUAL(vm_request_take(&request, &status), VM_REQUEST_EXIT);
	CU_ASSERT_EQUAL(status, 255);
	CU_ASSERT_EQUAL(vm_request_take(&request, &status), VM_REQUEST_NONE);
	vm_request_post(&request, VM_REQUEST_RESET, 0);
	CU_ASSERT_EQUAL(event_loop_run(request.loop), 0);
	CU_ASSERT_EQUAL(vm_request_take(&request, &status), VM_REQUEST_RESET);
	CU_ASSERT_EQUAL(status, 0);
	event_loop_free(request.loop);
}

/* A guest that restarts all the time is no way to outlive its operator. */
static void test_signal_before_reset(void)
{
	struct vm_request request;
	unsigned char status;

	begin(&request);
	vm_request_post(&request, VM_REQUEST_RESET, 0);
	vm_request_post(&request, VM_REQUEST_SIGNAL, 0);
	vm_request_post(&request, VM_REQUEST_RESET, 0);
	CU_ASSERT_EQUAL(vm_request_take(&request, &status), VM_REQUEST_SIGNAL);
	vm_request_post(&request, VM_REQUEST_CRASH, 0);
	vm_request_post(&request, VM_REQUEST_SIGNAL, 0);
	CU_ASSERT_EQUAL(vm_request_take(&request, &status), VM_REQUEST_CRASH);
	event_loop_free(request.loop);
}

static void *post(void *arg)
{
	static atomic_uint number;
	unsigned char mine = (unsigned char)atomic_fetch_add(&number, 1);

	vm_request_post(arg, VM_REQUEST_EXIT, (unsigned char)(100 + mine));
	return NULL;
}

static void test_threads(void)
{
	struct vm_request request;
	pthread_t threads[4];
	unsigned char status = 0;
	unsigned int i;

	begin(&request);
	for (i = 0; i < 4; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, post, &request), 0);
	CU_ASSERT_EQUAL(event_loop_run(request.loop), 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(vm_request_take(&request, &status), VM_REQUEST_EXIT);
	CU_ASSERT(status >= 100 && status < 104);
	CU_ASSERT_EQUAL(vm_request_take(&request, &status), VM_REQUEST_NONE);
	event_loop_free(request.loop);
}

static const struct unit_test tests[] = {
	{ "the first one counts", test_first_counts },
	{ "a signal goes before a reset", test_signal_before_reset },
	{ "from several threads", test_threads },
};

UNIT_MAIN("request", tests)
