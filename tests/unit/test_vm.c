/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a VM on a hypervisor that fails: every call once, and the host's descriptors too. */
#include "devicemodel/vm/vm.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "devicemodel/config/vm_config.h"
#include "devicemodel/vm/io_bus.h"
#include "devicemodel/vm/memory.h"
#include "lib/event_loop.h"
#include "lib/log.h"
#include "lib/util.h"
#include "tests/fake_hv.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

static char vm_name[] = "test";

static struct vm_config config_of(uint64_t memory_size, unsigned int vcpus)
{
	struct vm_config config;

	vm_config_init(&config);
	config.name = vm_name;
	config.memory_size = memory_size;
	config.vcpus = vcpus;
	return config;
}

static void test_create(void)
{
	struct vm_config config = config_of(3 * GIB, 2);
	struct error err = { "" };
	struct vm *vm = NULL;

	fake_hv_reset();
	CU_ASSERT_EQUAL_FATAL(vm_create(&config, &hv_fake, &vm, &err), 0);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 2);
	CU_ASSERT_EQUAL(fake_hv_mapping(0)->size, 2 * GIB);
	CU_ASSERT_EQUAL(fake_hv_mapping(4 * GIB)->size, GIB);
	CU_ASSERT_PTR_NULL(fake_hv_mapping(2 * GIB));
	CU_ASSERT_PTR_NULL(fake_hv_mapping(5 * GIB));
	vm_destroy(vm);
	vm_destroy(NULL);
	CU_ASSERT_EQUAL(fake_hv_vms(), 0);
	CU_ASSERT_PTR_NULL(fake_hv_complaint());
}

/* Posts what @ctx says from the boot processor; the others wait. */
static enum hv_exit posting_guest(struct hv_vcpu *vcpu, unsigned int index, void *ctx)
{
	struct vm **vm = ctx;

	if (index == 0)
		vm_request_post(&(*vm)->request, VM_REQUEST_EXIT, 7);
	return fake_guest_wait(vcpu);
}

/* Create, run, renew, run again. Returns the first failure. */
static int whole_life(const struct vm_config *config, struct vm **vm, struct error *err)
{
	const struct hv_vcpu_start boot = { .rip = 0x1000 };
	unsigned char status = 0;
	int ret, lives;

	ret = vm_create(config, &hv_fake, vm, err);
	for (lives = 0; ret == 0 && lives < 3; lives++) {
		if (lives)
			ret = vm_renew(*vm, err);
		if (ret == 0)
			ret = vm_start(*vm, &boot, err);
		/* A processor that fails is reported the same way, as long as nobody was faster. */
		if (ret == 0 && vm_wait(*vm, &status, NULL) == VM_REQUEST_EXIT)
			CU_ASSERT_EQUAL(status, 7);
	}
	return ret;
}

static void test_every_call_fails(void)
{
	struct vm_config config = config_of(3 * GIB, 3);
	enum fake_hv_call call;
	struct leaks before, after;
	struct error err;
	unsigned int n;
	struct vm *vm;
	int ret;

	log_set_level(LOG_LEVEL_ERROR - 1);
	for (n = 1, call = 0; ; n++) {
		fake_hv_reset();
		fake_hv_set_guest(posting_guest, &vm);
		fake_hv_fail_nth(n, -ENOSPC);
		before = leaks_count();
		vm = NULL;
		err.text[0] = '\0';
		ret = whole_life(&config, &vm, &err);
		if (!fake_hv_has_failed(&call)) {
			CU_ASSERT_EQUAL(ret, 0);
			vm_destroy(vm);
			break;
		}
		if (call != FAKE_VCPU_RUN) {
			CU_ASSERT_EQUAL(ret, -ENOSPC);
			CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
		}
		vm_destroy(vm);
		after = leaks_count();
		CU_ASSERT(leaks_equal(&before, &after));
		CU_ASSERT_EQUAL(fake_hv_vms(), 0);
		CU_ASSERT_PTR_NULL(fake_hv_complaint());
	}
	/* Three lives of: one VM, two maps, three processors that are made and run. */
	CU_ASSERT_EQUAL(n, 3 * (1 + 2 + 3 + 3) + 1);
	log_set_level(LOG_LEVEL_WARNING);
}

/* The lowest descriptor limit first: each step gets one further. */
static void test_no_descriptors(void)
{
	struct vm_config config = config_of(4 * MIB, 1);
	struct leaks before, after;
	struct rlimit old, limit;
	struct error err = { "" };
	struct vm *vm = NULL;
	int ret = -EMFILE;

	fake_hv_reset();
	fake_hv_set_guest(posting_guest, &vm);
	before = leaks_count();
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	limit = old;
	for (limit.rlim_cur = 3; ret < 0 && limit.rlim_cur < 40; limit.rlim_cur++) {
		setrlimit(RLIMIT_NOFILE, &limit);
		vm = NULL;
		err.text[0] = '\0';
		ret = whole_life(&config, &vm, &err);
		setrlimit(RLIMIT_NOFILE, &old);
		vm_destroy(vm);
		CU_ASSERT(ret == 0 || ret == -EMFILE);
		CU_ASSERT(ret == 0 || strstr(err.text, "Too many open files"));
		after = leaks_count();
		CU_ASSERT(leaks_equal(&before, &after));
	}
	CU_ASSERT_EQUAL(ret, 0);
	CU_ASSERT(limit.rlim_cur > 4);
}

static enum hv_exit crashing_guest(struct hv_vcpu *vcpu, unsigned int index, void *ctx)
{
	(void)ctx;
	return index == 1 ? HV_EXIT_SHUTDOWN : fake_guest_wait(vcpu);
}

static void test_ends(void)
{
	const struct hv_vcpu_start boot = { .rip = 0x1000 };
	struct vm_config config = config_of(4 * MIB, 2);
	unsigned char status = 0;
	struct error err = { "" };
	struct vm *vm = NULL;

	log_set_level(LOG_LEVEL_ERROR - 1);
	fake_hv_reset();
	fake_hv_set_guest(crashing_guest, NULL);
	CU_ASSERT_EQUAL_FATAL(vm_create(&config, &hv_fake, &vm, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vm_start(vm, &boot, &err), 0);
	CU_ASSERT_EQUAL(vm_wait(vm, &status, &err), VM_REQUEST_CRASH);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "the guest crashed"));
	CU_ASSERT_EQUAL(vm_renew(vm, &err), 0);
	/* The last vCPU to be started fails to run. */
	fake_hv_set_guest(NULL, NULL);
	fake_hv_fail_nth(2 + 2, -EIO);
	CU_ASSERT_EQUAL_FATAL(vm_start(vm, &boot, &err), 0);
	CU_ASSERT_EQUAL(vm_wait(vm, &status, &err), VM_REQUEST_ERROR);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "vcpu "));
	/* Somebody outside wants an end; asked before the processors start, it counts too. */
	CU_ASSERT_EQUAL(vm_renew(vm, &err), 0);
	vm_request_post(&vm->request, VM_REQUEST_SIGNAL, 0);
	CU_ASSERT_EQUAL_FATAL(vm_start(vm, &boot, &err), 0);
	CU_ASSERT_EQUAL(vm_wait(vm, &status, NULL), VM_REQUEST_SIGNAL);
	/* Destroyed while its processors run. */
	CU_ASSERT_EQUAL(vm_renew(vm, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vm_start(vm, &boot, &err), 0);
	vm_destroy(vm);
	CU_ASSERT_PTR_NULL(fake_hv_complaint());
	log_set_level(LOG_LEVEL_WARNING);
}

/* Both at once, as a guest that does not stop after its last write. */
static enum hv_exit leaving_guest(struct hv_vcpu *vcpu, unsigned int index, void *ctx)
{
	struct vm **vm = ctx;

	(void)vcpu, (void)index;
	vm_request_post(&(*vm)->request, VM_REQUEST_POWER_OFF, 0);
	return HV_EXIT_SHUTDOWN;
}

static void test_crash_after_the_end(void)
{
	const struct hv_vcpu_start boot = { .rip = 0x1000 };
	struct vm_config config = config_of(4 * MIB, 1);
	struct error err = { "" };
	unsigned char status = 0;
	struct vm *vm = NULL;

	fake_hv_reset();
	fake_hv_set_guest(leaving_guest, &vm);
	CU_ASSERT_EQUAL_FATAL(vm_create(&config, &hv_fake, &vm, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vm_start(vm, &boot, &err), 0);
	CU_ASSERT_EQUAL(vm_wait(vm, &status, &err), VM_REQUEST_POWER_OFF);
	CU_ASSERT_STRING_EQUAL(err.text, "");
	vm_destroy(vm);
}

/* Processor 0 waits in the guest while the others are told to begin. */
static void test_start_states(void)
{
	const struct hv_vcpu_start boot = {
		.long_mode = true, .rip = 0x1000, .rsi = 0x2000, .cr3 = 0x3000,
	};
	struct vm_config config = config_of(4 * MIB, 8);
	struct error err = { "" };
	unsigned char status;
	struct vm *vm = NULL;

	fake_hv_reset();
	fake_hv_set_guest(posting_guest, &vm);
	CU_ASSERT_EQUAL_FATAL(vm_create(&config, &hv_fake, &vm, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vm_start(vm, &boot, &err), 0);
	CU_ASSERT_EQUAL(vm_wait(vm, &status, NULL), VM_REQUEST_EXIT);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_VCPU_CREATE), 8);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_VCPU_RUN), 8);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_VCPU_STOP), 8);
	vm_destroy(vm);
	CU_ASSERT_PTR_NULL(fake_hv_complaint());
}

/* Two VMs in one program know nothing of each other. */
static void test_two_vms(void)
{
	struct vm_config config = config_of(4 * MIB, 1);
	struct error err = { "" };
	struct vm *a = NULL, *b = NULL;
	unsigned char status;

	fake_hv_reset();
	CU_ASSERT_EQUAL_FATAL(vm_create(&config, &hv_fake, &a, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vm_create(&config, &hv_fake, &b, &err), 0);
	CU_ASSERT_EQUAL(memory_write(a->memory, 0, "a", 2), 0);
	CU_ASSERT_EQUAL(memory_write(b->memory, 0, "b", 2), 0);
	CU_ASSERT_STRING_EQUAL((char *)memory_ram(a->memory, 0, 2), "a");
	vm_request_post(&a->request, VM_REQUEST_POWER_OFF, 0);
	CU_ASSERT_EQUAL(vm_wait(a, &status, NULL), VM_REQUEST_POWER_OFF);
	CU_ASSERT_EQUAL(vm_request_take(&b->request, &status), VM_REQUEST_NONE);
	vm_destroy(a);
	CU_ASSERT_EQUAL(fake_hv_vms(), 1);
	vm_destroy(b);
}

/* Interrupts go to the VM object of the moment, and nowhere while there is none. */
static void test_irq(void)
{
	struct vm_config config = config_of(4 * MIB, 1);
	struct fake_hv_msi msi = { 0 };
	struct error err = { "" };
	struct vm *vm = NULL;

	fake_hv_reset();
	CU_ASSERT_EQUAL_FATAL(vm_create(&config, &hv_fake, &vm, &err), 0);
	CU_ASSERT_EQUAL(irq_send_msi(&vm->irq, 0xfee00000, 0x41), 0);
	CU_ASSERT_EQUAL(fake_hv_take_msis(&msi), 1);
	CU_ASSERT_EQUAL(msi.data, 0x41);
	fake_hv_fail_nth(1, -EIO);
	CU_ASSERT_EQUAL(vm_renew(vm, &err), -EIO);
	CU_ASSERT_EQUAL(irq_send_msi(&vm->irq, 0xfee00000, 0x41), -ENODEV);
	/* Nor is a VM asked that is not there. */
	memory_unmap(vm->memory, 0);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_MEM_UNMAP), 0);
	CU_ASSERT_EQUAL(irq_bind_fd(&vm->irq, 0, 0xfee00000, 0x41, true), -ENODEV);
	irq_set_line(&vm->irq, 4, true);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_IRQ_LINE), 0);
	CU_ASSERT_EQUAL(vm_renew(vm, &err), 0);
	irq_set_line(&vm->irq, 4, true);
	CU_ASSERT_EQUAL(irq_bind_fd(&vm->irq, 0, 0xfee00000, 0x41, true), 0);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_IRQ_LINE), 1);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_IRQFD), 1);
	vm_destroy(vm);
}

static const struct unit_test tests[] = {
	{ "create", test_create },
	{ "every call fails once", test_every_call_fails },
	{ "no descriptors left", test_no_descriptors },
	{ "ends", test_ends },
	{ "a crash after the end", test_crash_after_the_end },
	{ "start states", test_start_states },
	{ "two VMs", test_two_vms },
	{ "interrupts", test_irq },
};

UNIT_MAIN("vm", tests)
