/* SPDX-License-Identifier: BSD-3-Clause */
/* The ACRN back end on a driver that is part of this program: life and requests. */
#include "tests/unit/acrn_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/fds.h"
#include "lib/util.h"
#include "tests/fake_hsm.h"
#include "tests/leaks.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/unit.h"

static void test_choice(void)
{
	fake_hsm_reset();
	CU_ASSERT_PTR_EQUAL(hv_find("acrn"), &hv_acrn);
	CU_ASSERT_PTR_EQUAL(hv_find("kvm"), &hv_kvm);
	CU_ASSERT_PTR_EQUAL(hv_find("auto"), &hv_acrn);
	fake_hsm_set_nodes(-ENOENT, 0);
	CU_ASSERT_PTR_EQUAL(hv_find("auto"), &hv_acrn);
	/* Without the right to open it, its own error helps more than that of KVM. */
	fake_hsm_set_nodes(-EACCES, -ENOENT);
	CU_ASSERT_PTR_EQUAL(hv_find("auto"), &hv_acrn);
	fake_hsm_set_nodes(-ENOENT, -ENOENT);
	CU_ASSERT_PTR_EQUAL(hv_find("auto"), &hv_kvm);
	CU_ASSERT_PTR_NOT_NULL(strstr(hv_names(), "acrn"));
	CU_ASSERT_EQUAL(hv_acrn.capabilities, HV_CAP_VDEV);
}

static void test_nodes(void)
{
	static const struct {
		int first, second, ret;
		const char *text;
	} cases[] = {
		{ -ENOENT, -ENOENT, -ENOENT, "neither /dev/acrn_hsm nor /dev/acrn_vhm" },
		{ -EACCES, 0, -EACCES, "may not open /dev/acrn_hsm: Permission denied; run as" },
		{ -ENOENT, -EPERM, -EPERM, "may not open /dev/acrn_vhm" },
		{ -EMFILE, 0, -EMFILE, "cannot open /dev/acrn_hsm: Too many open files" },
		{ -ENOENT, 0, 0, "" },
	};
	struct acrn_fixture machine;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_hsm_reset();
		fake_hsm_set_nodes(cases[i].first, cases[i].second);
		CU_ASSERT_EQUAL(acrn_create(&machine, "vm1", 1), cases[i].ret);
		CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, cases[i].text));
		if (machine.vm)
			acrn_end(&machine);
	}
}

static void test_creation(void)
{
	static const char name[16] = "a-name-of-15-ch";
	const struct acrn_vm_creation *creation;
	struct acrn_fixture machine;
	unsigned int i;

	fake_hsm_reset();
	CU_ASSERT_EQUAL_FATAL(acrn_create(&machine, name, 1), 0);
	creation = fake_hsm_last(ACRN_IOCTL_CREATE_VM);
	CU_ASSERT_EQUAL(memcmp(&creation->uuid, name, 16), 0);
	CU_ASSERT_EQUAL(creation->ioreq_buf & 4095, 0);
	CU_ASSERT_EQUAL(creation->vm_flag, 0);
	/* A slot of zeros would be a pending request. */
	for (i = 0; i < ACRN_IO_REQUEST_MAX; i++)
		CU_ASSERT_EQUAL(fake_hsm_slot(i)->processed, ACRN_IOREQ_STATE_FREE);
	acrn_end(&machine);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_VM), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_PAUSE_VM), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_IOREQ_CLIENT), 0);

	CU_ASSERT_EQUAL(acrn_create(&machine, "a-name-of-16-chs", 1), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, "at most 15"));
	CU_ASSERT_EQUAL(acrn_create(&machine, "vm1", 17), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, "--cpus"));
}

static void test_creation_refused(void)
{
	static const struct {
		int code;
		unsigned int times, calls;
		int ret;
		const char *text;
	} cases[] = {
		{ -EINVAL, 99, 1, -EINVAL, "no post-launched VM of this name" },
		{ -ENOTTY, 99, 1, -ENOTTY, "newer kernel" },
		{ -ENOMEM, 99, 1, -ENOMEM, "ACRN_IOCTL_CREATE_VM: Cannot allocate memory" },
		/* The former VM of that name is not quite gone. */
		{ -EPERM, 3, 4, 0, "" },
		{ -EBUSY, 9, 10, 0, "" },
		{ -EPERM, 99, 10, -EPERM, "\"vm1\"" },
	};
	struct acrn_fixture machine;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_hsm_reset();
		fake_hsm_fail(ACRN_IOCTL_CREATE_VM, cases[i].times, cases[i].code);
		CU_ASSERT_EQUAL(acrn_create(&machine, "vm1", 1), cases[i].ret);
		CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, cases[i].text));
		CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_CREATE_VM), cases[i].calls);
		CU_ASSERT_EQUAL(fake_hsm_slept(), 500 * (cases[i].calls - 1));
		if (machine.vm)
			acrn_end(&machine);
	}
}

static void test_processors(void)
{
	struct acrn_fixture machine;
	const char *text;

	fake_hsm_reset();
	fake_hsm_set_vcpus(1);
	CU_ASSERT_EQUAL(acrn_create(&machine, "vm1", 2), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, "1 virtual CPUs, fewer than --cpus 2"));
	CU_ASSERT_EQUAL(fake_hsm_objects(), 0);

	fake_hsm_reset();
	fake_hsm_set_vcpus(4);
	log_capture_begin();
	CU_ASSERT_EQUAL(acrn_create(&machine, "vm1", 2), 0);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "say --cpus 4"));
	acrn_end(&machine);
}

static void test_registers(void)
{
	const struct hv_vcpu_start boot = {
		.rip = 0x1000, .rsp = 0x2000, .rax = 1, .rbx = 2, .rsi = 3,
		.gdt_base = 0x3000, .gdt_limit = 31,
	};
	const struct hv_vcpu_start linux_boot = {
		.long_mode = true, .rip = 0x1000, .cr3 = 0x4000,
	};
	const struct acrn_vcpu_regs *arg = fake_hsm_last(ACRN_IOCTL_SET_VCPU_REGS);
	const struct acrn_regs *regs = &arg->vcpu_regs;
	struct hv_vcpu *second;
	struct acrn_fixture machine;

	acrn_begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 0, &boot, &machine.vcpu, NULL), 0);
	CU_ASSERT_EQUAL(arg->vcpu_id, 0);
	CU_ASSERT_EQUAL(regs->rip, 0x1000);
	CU_ASSERT_EQUAL(regs->gprs.rsp, 0x2000);
	CU_ASSERT_EQUAL(regs->gprs.rax, 1);
	CU_ASSERT_EQUAL(regs->gprs.rbx, 2);
	CU_ASSERT_EQUAL(regs->gprs.rsi, 3);
	CU_ASSERT_EQUAL(regs->gdt.base, 0x3000);
	CU_ASSERT_EQUAL(regs->gdt.limit, 31);
	CU_ASSERT_EQUAL(regs->cr0 & 0x80000001, 1);
	CU_ASSERT_EQUAL(regs->ia32_efer, 0);
	CU_ASSERT_EQUAL(regs->rflags, 2);
	CU_ASSERT_EQUAL(regs->cs_ar, 0xc09b);
	CU_ASSERT_EQUAL(regs->cs_sel, 0x10);
	CU_ASSERT_EQUAL(regs->ds_sel, 0x18);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 0, &boot, &second, NULL), -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 1, &boot, &second, NULL), -EINVAL);
	acrn_end(&machine);

	acrn_begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 0, &linux_boot, &machine.vcpu, NULL), 0);
	CU_ASSERT_EQUAL(regs->cr0 & 0x80000001, 0x80000001);
	CU_ASSERT_EQUAL(regs->cr3, 0x4000);
	CU_ASSERT_EQUAL(regs->cr4, 0x20);
	CU_ASSERT_EQUAL(regs->ia32_efer, 0x500);
	CU_ASSERT_EQUAL(regs->cs_ar, 0xa09b);
	acrn_end(&machine);
}

static void test_life(void)
{
	struct acrn_fixture machine;

	acrn_start(&machine);
	acrn_stop(&machine, HV_EXIT_STOPPED);
	CU_ASSERT(fake_hsm_when(ACRN_IOCTL_CREATE_VM) < fake_hsm_when(ACRN_IOCTL_SET_VCPU_REGS));
	CU_ASSERT(fake_hsm_when(ACRN_IOCTL_SET_VCPU_REGS) <
		  fake_hsm_when(ACRN_IOCTL_CREATE_IOREQ_CLIENT));
	CU_ASSERT(fake_hsm_when(ACRN_IOCTL_CREATE_IOREQ_CLIENT) <
		  fake_hsm_when(ACRN_IOCTL_START_VM));
	CU_ASSERT(fake_hsm_when(ACRN_IOCTL_START_VM) < fake_hsm_when(ACRN_IOCTL_PAUSE_VM));
	CU_ASSERT(fake_hsm_when(ACRN_IOCTL_PAUSE_VM) <
		  fake_hsm_when(ACRN_IOCTL_DESTROY_IOREQ_CLIENT));
	CU_ASSERT(fake_hsm_when(ACRN_IOCTL_DESTROY_IOREQ_CLIENT) <
		  fake_hsm_when(ACRN_IOCTL_DESTROY_VM));
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_PAUSE_VM), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_IOREQ_CLIENT), 1);
}

static void test_stopped_before(void)
{
	const struct hv_vcpu_start boot = { .rip = 0x1000 };
	struct acrn_fixture machine;

	acrn_begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 0, &boot, &machine.vcpu, NULL), 0);
	hv_acrn.vcpu_stop(machine.vcpu);
	hv_acrn.vcpu_stop(machine.vcpu);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_run(machine.vcpu, &machine.err), HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_START_VM), 0);
	acrn_end(&machine);
}

/* Their thread waits, whatever the guest does, and ends for itself alone. */
static void test_other_processors(void)
{
	const struct hv_vcpu_start boot = { .rip = 0x1000 }, waiting = { .waits_for_sipi = true };
	struct acrn_fixture machine;
	struct hv_vcpu *first;

	fake_hsm_reset();
	CU_ASSERT_EQUAL_FATAL(acrn_create(&machine, "vm1", 2), 0);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 0, &boot, &first, NULL), 0);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 1, &waiting, &machine.vcpu, NULL), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_VCPU_REGS), 1);
	pthread_create(&machine.thread, NULL, acrn_run, &machine);
	acrn_stop(&machine, HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_START_VM), 0);
}

static struct acrn_io_request port_request(uint64_t port, uint64_t size, bool is_write,
					   uint32_t value)
{
	return (struct acrn_io_request){
		.type = ACRN_IOREQ_TYPE_PORTIO,
		.reqs.pio_request = { .direction = is_write, .address = port, .size = size,
				      .value = value },
	};
}

static void check_last(const struct acrn_fixture *machine, enum io_space space, uint64_t addr,
		       unsigned int size, bool is_write)
{
	CU_ASSERT_EQUAL(machine->last.space, space);
	CU_ASSERT_EQUAL(machine->last.addr, addr);
	CU_ASSERT_EQUAL(machine->last.size, size);
	CU_ASSERT_EQUAL(machine->last.is_write, is_write);
}

static void test_ports(void)
{
	struct acrn_io_request request = port_request(0x3f8, 1, true, 0xffffff41);
	struct acrn_fixture machine;

	acrn_start(&machine);
	CU_ASSERT(fake_hsm_io(0, &request));
	check_last(&machine, IO_SPACE_PORT, 0x3f8, 1, true);
	CU_ASSERT_EQUAL(machine.last.data, 0x41);
	machine.reply = 0x12345678;
	request = port_request(0x604, 4, false, 0);
	CU_ASSERT(fake_hsm_io(2, &request));
	check_last(&machine, IO_SPACE_PORT, 0x604, 4, false);
	CU_ASSERT_EQUAL(request.reqs.pio_request.value, 0x12345678);
	acrn_stop(&machine, HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_NOTIFY_REQUEST_FINISH), 2);
}

static void test_mmio(void)
{
	struct acrn_io_request request = {
		.type = ACRN_IOREQ_TYPE_MMIO,
		.reqs.mmio_request = { .direction = ACRN_IOREQ_DIR_READ, .address = BAR + 8,
				       .size = 8 },
	};
	struct acrn_fixture machine;

	acrn_start(&machine);
	machine.reply = 0x1122334455667788;
	CU_ASSERT(fake_hsm_io(15, &request));
	check_last(&machine, IO_SPACE_MMIO, BAR + 8, 8, false);
	CU_ASSERT_EQUAL(request.reqs.mmio_request.value, 0x1122334455667788);
	acrn_stop(&machine, HV_EXIT_STOPPED);
}

static void test_config(void)
{
	struct acrn_io_request request = {
		.type = ACRN_IOREQ_TYPE_PCICFG,
		.reqs.pci_request = { .direction = ACRN_IOREQ_DIR_READ, .size = 2, .bus = 1,
				      .dev = 31, .func = 7, .reg = 0x3e },
	};
	struct acrn_fixture machine;

	acrn_start(&machine);
	machine.reply = 0x1af4;
	CU_ASSERT(fake_hsm_io(0, &request));
	check_last(&machine, IO_SPACE_PCI_CONFIG, 1 << 20 | 31 << 15 | 7 << 12 | 0x3e, 2, false);
	CU_ASSERT_EQUAL(request.reqs.pci_request.value, 0x1af4);
	acrn_stop(&machine, HV_EXIT_STOPPED);
}

/* No device sees them; the vCPU goes on as on a bus where nobody answers. */
static void test_strange_requests(void)
{
	struct acrn_io_request requests[] = {
		port_request(0x10000, 1, false, 0),
		port_request(0x80, 3, false, 0),
		port_request(0x80, 8, false, 0),
		port_request(0x80, 0, false, 0),
		port_request(0x80, 0x100000001, false, 0),
		{ .type = ACRN_IOREQ_TYPE_MMIO,
		  .reqs.mmio_request = { .address = BAR, .size = 16 } },
		{ .type = ACRN_IOREQ_TYPE_PCICFG,
		  .reqs.pci_request = { .size = 4, .dev = 32 } },
		{ .type = ACRN_IOREQ_TYPE_PCICFG,
		  .reqs.pci_request = { .size = 4, .reg = 4096 } },
		{ .type = 3 },
		{ .type = 0xffffffff },
	};
	struct acrn_fixture machine;
	size_t i;

	acrn_start(&machine);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		CU_ASSERT(fake_hsm_io(0, &requests[i]));
		CU_ASSERT_EQUAL((uint32_t)requests[i].reqs.pio_request.value |
					(uint32_t)requests[i].reqs.mmio_request.value,
				UINT32_MAX);
	}
	CU_ASSERT_EQUAL(machine.accesses, 0);
	acrn_stop(&machine, HV_EXIT_STOPPED);
}

/* Slots that are the hypervisor's or the kernel's are left alone. */
static void test_others_requests(void)
{
	struct acrn_io_request request = port_request(0x80, 1, true, 1);
	struct acrn_fixture machine;

	acrn_start(&machine);
	request.processed = ACRN_IOREQ_STATE_PROCESSING;
	request.kernel_handled = 1;
	fake_hsm_put(1, &request);
	request.kernel_handled = 0;
	request.processed = ACRN_IOREQ_STATE_PENDING;
	fake_hsm_put(2, &request);
	request.processed = ACRN_IOREQ_STATE_COMPLETE;
	fake_hsm_put(3, &request);
	CU_ASSERT(fake_hsm_io(4, &request));
	CU_ASSERT_EQUAL(machine.accesses, 1);
	CU_ASSERT_EQUAL(fake_hsm_slot(2)->processed, ACRN_IOREQ_STATE_PENDING);
	acrn_stop(&machine, HV_EXIT_STOPPED);
}

/* Power-off: the request stays as it is, nobody is notified of it. */
static void test_stop_inside(void)
{
	struct acrn_io_request request = port_request(0x604, 2, true, 0x2000);
	struct acrn_fixture machine;

	acrn_start(&machine);
	machine.stops = true;
	CU_ASSERT_FALSE(fake_hsm_io(0, &request));
	pthread_join(machine.thread, NULL);
	CU_ASSERT_EQUAL(machine.reason, HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_NOTIFY_REQUEST_FINISH), 0);
	acrn_end(&machine);
}

static void *triple_fault(void *ctx)
{
	struct acrn_io_request request = port_request(0x404, 2, true, 0x3400);

	(void)ctx;
	fake_hsm_io(0, &request);
	return NULL;
}

static void test_triple_fault(void)
{
	struct acrn_fixture machine;
	pthread_t guest;

	acrn_start(&machine);
	pthread_create(&guest, NULL, triple_fault, NULL);
	pthread_join(machine.thread, NULL);
	CU_ASSERT_EQUAL(machine.reason, HV_EXIT_SHUTDOWN);
	CU_ASSERT_EQUAL(machine.accesses, 0);
	hv_acrn.vcpu_stop(machine.vcpu);
	pthread_join(guest, NULL);
	acrn_end(&machine);
}

static void test_loop_failures(void)
{
	static const struct {
		unsigned long request;
		const char *name;
	} cases[] = {
		{ ACRN_IOCTL_CREATE_IOREQ_CLIENT, "ACRN_IOCTL_CREATE_IOREQ_CLIENT" },
		{ ACRN_IOCTL_START_VM, "ACRN_IOCTL_START_VM" },
		{ ACRN_IOCTL_ATTACH_IOREQ_CLIENT, "ACRN_IOCTL_ATTACH_IOREQ_CLIENT" },
	};
	const struct hv_vcpu_start boot = { .rip = 0x1000 };
	struct acrn_fixture machine;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		acrn_begin(&machine);
		CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 0, &boot, &machine.vcpu, NULL), 0);
		fake_hsm_fail(cases[i].request, 1, -EIO);
		CU_ASSERT_EQUAL(hv_acrn.vcpu_run(machine.vcpu, &machine.err), HV_EXIT_FAILURE);
		CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, cases[i].name));
		acrn_end(&machine);
	}
	acrn_start(&machine);
	fake_hsm_fail(ACRN_IOCTL_NOTIFY_REQUEST_FINISH, 1, -EIO);
	fake_hsm_fail(ACRN_IOCTL_ATTACH_IOREQ_CLIENT, 1, -EINTR);
	fake_hsm_put(0, &(struct acrn_io_request){ .processed = ACRN_IOREQ_STATE_PROCESSING });
	pthread_join(machine.thread, NULL);
	CU_ASSERT_EQUAL(machine.reason, HV_EXIT_FAILURE);
	CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, "ACRN_IOCTL_NOTIFY_REQUEST_FINISH"));
	acrn_end(&machine);
}

static void test_client_clings(void)
{
	struct acrn_fixture machine;
	const char *text;

	acrn_start(&machine);
	fake_hsm_fail(ACRN_IOCTL_DESTROY_IOREQ_CLIENT, 1, -EIO);
	log_capture_begin();
	acrn_stop(&machine, HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_VM), 1);
}

/* What is said about a VM that is still there: not what a severe one is told of. */
static void test_not_paused(void)
{
	struct acrn_fixture machine;
	const char *text;

	acrn_begin(&machine);
	fake_hsm_fail(ACRN_IOCTL_PAUSE_VM, 1, -EIO);
	log_capture_begin();
	acrn_end(&machine);
	CU_ASSERT_EQUAL(log_capture_end(&text), 2);
	/* It would be refused, and the driver does not survive that and then the close. */
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_VM), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ACRN_IOCTL_PAUSE_VM: Input/output error"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"vm1\" is not destroyed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "it could not be paused"));
	CU_ASSERT_PTR_NULL(strstr(text, "above"));

	acrn_begin(&machine);
	fake_hsm_fail(ACRN_IOCTL_SET_IRQLINE, 1, -EPERM);
	log_capture_begin();
	acrn_end(&machine);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_VM), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "above the service VM ends only by itself"));

	acrn_begin(&machine);
	fake_hsm_fail(ACRN_IOCTL_DESTROY_VM, 1, -EINVAL);
	log_capture_begin();
	acrn_end(&machine);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ACRN_IOCTL_DESTROY_VM: Invalid argument"));
}

/* After the VM has gone with its client there is nobody to be asked. */
static void test_after_the_end(void)
{
	const struct hv_ioeventfd port = { IO_SPACE_PORT, 0xf5, 1, false, 7, eventfd_new() };
	struct hv_ioeventfd other = port;
	struct acrn_fixture machine;
	const char *text;
	int fd = eventfd_new();

	other.fd = fd;
	acrn_start(&machine);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, MSI_ADDRESS, MSI_DATA, true), 0);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, true), 0);
	fake_hsm_fail(ACRN_IOCTL_DESTROY_IOREQ_CLIENT, 1, -EIO);
	log_capture_begin();
	hv_acrn.vcpu_stop(machine.vcpu);
	pthread_join(machine.thread, NULL);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, 0, 0, false), 0);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, MSI_ADDRESS, MSI_DATA, true), -ENODEV);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, false), 0);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &other, true), -ENODEV);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), -ENODEV);
	CU_ASSERT_EQUAL(hv_acrn.irq_line(machine.vm, 4, true), -ENODEV);
	acrn_end(&machine);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_IRQFD), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_IOEVENTFD), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_INJECT_MSI), 0);
	/* Whether it can be destroyed was asked. */
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_IRQLINE), 1);
	fd = port.fd;
	fd_close(&fd);
	fd_close(&other.fd);
}

static void test_vdev(void)
{
	const struct hv_vdev vdev = {
		.vendor = 0x1af4, .device = 0x1110, .bus = 1, .slot = 6, .function = 2,
		.bars = { 0xc0000000, 0xc0001000, 0x4000000c, 0x40 },
		.bar_sizes = { 256, 4096, 0x200000 },
		.name = "hv:/shm_region_0",
	};
	struct hv_vdev long_name = vdev, second = vdev;
	const struct acrn_vdev *arg = fake_hsm_last(ACRN_IOCTL_CREATE_VDEV);
	const struct acrn_vdev *gone = fake_hsm_last(ACRN_IOCTL_DESTROY_VDEV);
	struct acrn_fixture machine;

	long_name.name = "hv:/0123456789012345678901234567";
	second.slot = 7;
	acrn_begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.vdev_create(machine.vm, &long_name), -EINVAL);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_CREATE_VDEV), 0);
	CU_ASSERT_EQUAL(hv_acrn.vdev_create(machine.vm, &vdev), 0);
	CU_ASSERT_EQUAL(arg->id.value, 0x11101af4);
	CU_ASSERT_EQUAL(arg->slot, 0x132);
	CU_ASSERT_EQUAL(memcmp(arg->io_addr, vdev.bars, sizeof(vdev.bars)), 0);
	CU_ASSERT_EQUAL(memcmp(arg->io_size, vdev.bar_sizes, sizeof(vdev.bar_sizes)), 0);
	CU_ASSERT_STRING_EQUAL(arg->args, "hv:/shm_region_0");
	CU_ASSERT_EQUAL(hv_acrn.vdev_create(machine.vm, &vdev), -EEXIST);
	CU_ASSERT_EQUAL(hv_acrn.vdev_destroy(machine.vm, &second), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.vdev_destroy(machine.vm, &vdev), 0);
	CU_ASSERT_EQUAL(gone->slot, 0x132);
	CU_ASSERT_EQUAL(gone->id.value, 0x11101af4);
	CU_ASSERT_EQUAL(gone->args[0], 0);
	fake_hsm_fail(ACRN_IOCTL_CREATE_VDEV, 1, -ENOTTY);
	CU_ASSERT_EQUAL(hv_acrn.vdev_create(machine.vm, &vdev), -ENOTTY);
	CU_ASSERT_EQUAL(hv_acrn.vdev_destroy(machine.vm, &vdev), -ENOENT);
	/* Those that are left go with the VM, before it. */
	CU_ASSERT_EQUAL(hv_acrn.vdev_create(machine.vm, &vdev), 0);
	CU_ASSERT_EQUAL(hv_acrn.vdev_create(machine.vm, &second), 0);
	acrn_end(&machine);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_VDEV), 3);
}

/* All that a VM of one port access does. 0 or what failed. */
static int whole_life(struct acrn_fixture *machine, int fd)
{
	const struct hv_ioeventfd write = { IO_SPACE_MMIO, BAR + 12, 4, true, 1, fd };
	const struct hv_vdev vdev = { .slot = 6, .name = "hv:/a" };
	const struct hv_vcpu_start boot = { .rip = 0x1000 };
	struct acrn_io_request request = port_request(0x604, 2, true, 0x2000);
	int ret;

	ret = acrn_create(machine, "vm1", 1);
	if (ret < 0)
		return ret;
	machine->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	machine->stops = true;
	ret = hv_acrn.mem_map(machine->vm, 0, RAM_SIZE, machine->ram, true);
	if (ret == 0)
		ret = hv_acrn.vdev_create(machine->vm, &vdev);
	if (ret == 0)
		ret = hv_acrn.vcpu_create(machine->vm, 0, &boot, &machine->vcpu, &machine->err);
	if (ret == 0)
		ret = hv_acrn.ioeventfd(machine->vm, &write, true);
	if (ret == 0)
		ret = hv_acrn.irqfd(machine->vm, fd, MSI_ADDRESS, MSI_DATA, true);
	if (ret == 0) {
		request.processed = ACRN_IOREQ_STATE_PROCESSING;
		fake_hsm_put(0, &request);
		if (hv_acrn.vcpu_run(machine->vcpu, &machine->err) != HV_EXIT_STOPPED)
			ret = -EIO;
	}
	hv_acrn.vm_destroy(machine->vm);
	munmap(machine->ram, RAM_SIZE);
	return ret;
}

static void test_each_call_fails(void)
{
	struct leaks before, after;
	struct acrn_fixture machine;
	unsigned int nth = 0;
	const char *text;
	int fd = eventfd_new();

	before = leaks_count();
	do {
		fake_hsm_reset();
		fake_hsm_fail_nth(++nth, -EIO);
		log_capture_begin();
		whole_life(&machine, fd);
		log_capture_end(&text);
		CU_ASSERT_EQUAL(fake_hsm_objects(), 0);
		CU_ASSERT_PTR_NULL(fake_hsm_complaint());
		after = leaks_count();
		CU_ASSERT(leaks_equal(&before, &after));
	} while (fake_hsm_has_failed() && nth < 100);
	/* The life without a failure came last, and it is a good one. */
	CU_ASSERT_EQUAL(nth, 15);
	fd_close(&fd);
}

static const struct unit_test tests[] = {
	{ "which back end is taken", test_choice },
	{ "device nodes", test_nodes },
	{ "creation of a VM", test_creation },
	{ "creation is refused", test_creation_refused },
	{ "more or fewer processors than asked for", test_processors },
	{ "registers of the boot processor", test_registers },
	{ "the order of a VM's life", test_life },
	{ "stopped before it runs", test_stopped_before },
	{ "other processors' threads wait", test_other_processors },
	{ "port requests", test_ports },
	{ "memory requests", test_mmio },
	{ "configuration requests", test_config },
	{ "requests that no processor makes", test_strange_requests },
	{ "requests of others", test_others_requests },
	{ "a request that stops the VM", test_stop_inside },
	{ "triple fault", test_triple_fault },
	{ "failures of the loop", test_loop_failures },
	{ "a client that cannot be destroyed", test_client_clings },
	{ "a VM that is not destroyed", test_not_paused },
	{ "calls after the VM has gone", test_after_the_end },
	{ "devices of the hypervisor", test_vdev },
	{ "each call fails in turn", test_each_call_fails },
};

UNIT_MAIN("acrn", tests)
