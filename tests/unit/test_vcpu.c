/* SPDX-License-Identifier: BSD-3-Clause */
/* Processor threads: started and stopped together, whatever fails on the way. */
#include "devicemodel/vm/vcpu.h"

#include <errno.h>
#include <string.h>

#include "devicemodel/vm/request.h"
#include "lib/event_loop.h"
#include "lib/log.h"
#include "tests/fake_hv.h"
#include "tests/unit/unit.h"

#define COUNT 4

struct fixture {
	struct vm_request request;
	struct hv_vm *vm;
};

static const struct hv_vcpu_start boot = { .rip = 0x1000 };

static void no_io(void *ctx, struct io_access *access)
{
	(void)ctx, (void)access;
}

static void begin(struct fixture *f)
{
	static const struct hv_vm_params params = { .name = "test", .vcpus = COUNT, .io = no_io };
	struct error err;

	*f = (struct fixture){ 0 };
	fake_hv_reset();
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&f->request.loop), 0);
	CU_ASSERT_EQUAL_FATAL(hv_fake.vm_create(&params, &f->vm, &err), 0);
}

static void end(struct fixture *f)
{
	hv_fake.vm_destroy(f->vm);
	event_loop_free(f->request.loop);
	CU_ASSERT_PTR_NULL(fake_hv_complaint());
}

static int start(struct fixture *f, struct vcpu_set **ret_set, struct error *err)
{
	err->text[0] = '\0';
	return vcpu_set_start(&hv_fake, f->vm, COUNT, &boot, &f->request, ret_set, err);
}

static void test_start_and_stop(void)
{
	struct vcpu_set *set = NULL;
	unsigned char status;
	struct fixture f;
	struct error err;

	begin(&f);
	CU_ASSERT_EQUAL_FATAL(start(&f, &set, &err), 0);
	vcpu_set_stop(set, NULL);
	vcpu_set_stop(NULL, NULL);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_VCPU_RUN), COUNT);
	/* To be stopped is nothing that the VM would have to hear of. */
	CU_ASSERT_EQUAL(vm_request_take(&f.request, &status), VM_REQUEST_NONE);
	end(&f);
}

static void test_create_fails(void)
{
	struct vcpu_set *set = NULL;
	struct fixture f;
	struct error err;
	unsigned int n;

	for (n = 1; n <= COUNT; n++) {
		begin(&f);
		fake_hv_fail_nth(n, -EMFILE);
		CU_ASSERT_EQUAL(start(&f, &set, &err), -EMFILE);
		CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
		CU_ASSERT_PTR_NULL(set);
		/* None has run before all were there. */
		CU_ASSERT_EQUAL(fake_hv_count(FAKE_VCPU_RUN), 0);
		end(&f);
	}
}

static enum hv_exit end_at_once(struct hv_vcpu *vcpu, unsigned int index, void *ctx)
{
	const enum hv_exit *exits = ctx;

	return exits[index] == HV_EXIT_STOPPED ? fake_guest_wait(vcpu) : exits[index];
}

static void test_ends_by_itself(void)
{
	static const struct {
		enum hv_exit exits[COUNT];
		enum vm_request_kind wanted;
	} rows[] = {
		{ { HV_EXIT_SHUTDOWN }, VM_REQUEST_CRASH },
		{ { [3] = HV_EXIT_SHUTDOWN }, VM_REQUEST_CRASH },
		{ { [1] = HV_EXIT_FAILURE }, VM_REQUEST_ERROR },
	};
	enum hv_exit exits[COUNT];
	struct vcpu_set *set;
	unsigned char status;
	struct fixture f;
	struct error err;
	size_t i;

	log_set_level(LOG_LEVEL_ERROR - 1);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&f);
		memcpy(exits, rows[i].exits, sizeof(exits));
		fake_hv_set_guest(end_at_once, exits);
		CU_ASSERT_EQUAL_FATAL(start(&f, &set, &err), 0);
		CU_ASSERT_EQUAL(event_loop_run(f.request.loop), 0);
		CU_ASSERT_EQUAL(vm_request_take(&f.request, &status), rows[i].wanted);
		vcpu_set_stop(set, NULL);
		end(&f);
	}
	log_set_level(LOG_LEVEL_WARNING);
}

static const struct unit_test tests[] = {
	{ "start and stop", test_start_and_stop },
	{ "create fails", test_create_fails },
	{ "ends by itself", test_ends_by_itself },
};

UNIT_MAIN("vcpu", tests)
