/* SPDX-License-Identifier: BSD-3-Clause */
/* The ACRN back end on a driver that is part of this program. */
#include "devicemodel/hypervisor/hypervisor.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/fds.h"
#include "lib/util.h"
#include "tests/fake_hsm.h"
#include "tests/leaks.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/unit.h"

#define RAM_SIZE UINT64_C(0x10000)
#define BAR UINT64_C(0x80000000)
#define MSI_ADDRESS UINT64_C(0xfee01000)
#define MSI_DATA 0x41
#define SLOTS 256

struct machine {
	struct hv_vm *vm;
	struct hv_vcpu *vcpu;
	char *ram;
	struct io_access last; /* as it came */
	unsigned int accesses;
	uint64_t reply;
	bool stops; /* the device that is asked ends the VM */
	pthread_t thread;
	enum hv_exit reason;
	struct error err;
};

static void serve(void *ctx, struct io_access *access)
{
	struct machine *machine = ctx;

	machine->last = *access;
	machine->accesses++;
	if (!access->is_write)
		access->data = machine->reply;
	if (machine->stops)
		hv_acrn.vcpu_stop(machine->vcpu);
}

static int create_named(struct machine *machine, const char *name, unsigned int vcpus)
{
	const struct hv_vm_params params = {
		.name = name, .vcpus = vcpus, .io = serve, .ctx = machine,
	};

	*machine = (struct machine){ .ram = MAP_FAILED };
	return hv_acrn.vm_create(&params, &machine->vm, &machine->err);
}

static void begin(struct machine *machine)
{
	fake_hsm_reset();
	CU_ASSERT_EQUAL_FATAL(create_named(machine, "vm1", 1), 0);
}

static void end(struct machine *machine)
{
	hv_acrn.vm_destroy(machine->vm);
	CU_ASSERT_EQUAL(fake_hsm_objects(), 0);
	CU_ASSERT_PTR_NULL(fake_hsm_complaint());
	if (machine->ram != MAP_FAILED)
		munmap(machine->ram, RAM_SIZE);
}

static void *run(void *ctx)
{
	struct machine *machine = ctx;

	machine->reason = hv_acrn.vcpu_run(machine->vcpu, &machine->err);
	return NULL;
}

static void start(struct machine *machine)
{
	const struct hv_vcpu_start boot = { .rip = 0x1000 };

	begin(machine);
	CU_ASSERT_EQUAL_FATAL(
		hv_acrn.vcpu_create(machine->vm, 0, &boot, &machine->vcpu, &machine->err), 0);
	pthread_create(&machine->thread, NULL, run, machine);
	fake_hsm_wait_started();
}

static void stop(struct machine *machine, enum hv_exit reason)
{
	hv_acrn.vcpu_stop(machine->vcpu);
	pthread_join(machine->thread, NULL);
	CU_ASSERT_EQUAL(machine->reason, reason);
	end(machine);
}

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
	struct machine machine;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_hsm_reset();
		fake_hsm_set_nodes(cases[i].first, cases[i].second);
		CU_ASSERT_EQUAL(create_named(&machine, "vm1", 1), cases[i].ret);
		CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, cases[i].text));
		if (machine.vm)
			end(&machine);
	}
}

static void test_creation(void)
{
	static const char name[16] = "a-name-of-15-ch";
	const struct acrn_vm_creation *creation;
	struct machine machine;
	unsigned int i;

	fake_hsm_reset();
	CU_ASSERT_EQUAL_FATAL(create_named(&machine, name, 1), 0);
	creation = fake_hsm_last(ACRN_IOCTL_CREATE_VM);
	CU_ASSERT_EQUAL(memcmp(&creation->uuid, name, 16), 0);
	CU_ASSERT_EQUAL(creation->ioreq_buf & 4095, 0);
	CU_ASSERT_EQUAL(creation->vm_flag, 0);
	/* A slot of zeros would be a pending request. */
	for (i = 0; i < ACRN_IO_REQUEST_MAX; i++)
		CU_ASSERT_EQUAL(fake_hsm_slot(i)->processed, ACRN_IOREQ_STATE_FREE);
	end(&machine);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_VM), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_PAUSE_VM), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_IOREQ_CLIENT), 0);

	CU_ASSERT_EQUAL(create_named(&machine, "a-name-of-16-chs", 1), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, "at most 15"));
	CU_ASSERT_EQUAL(create_named(&machine, "vm1", 17), -EINVAL);
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
	struct machine machine;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_hsm_reset();
		fake_hsm_fail(ACRN_IOCTL_CREATE_VM, cases[i].times, cases[i].code);
		CU_ASSERT_EQUAL(create_named(&machine, "vm1", 1), cases[i].ret);
		CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, cases[i].text));
		CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_CREATE_VM), cases[i].calls);
		CU_ASSERT_EQUAL(fake_hsm_slept(), 500 * (cases[i].calls - 1));
		if (machine.vm)
			end(&machine);
	}
}

static void test_processors(void)
{
	struct machine machine;
	const char *text;

	fake_hsm_reset();
	fake_hsm_set_vcpus(1);
	CU_ASSERT_EQUAL(create_named(&machine, "vm1", 2), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, "1 virtual CPUs, fewer than --cpus 2"));
	CU_ASSERT_EQUAL(fake_hsm_objects(), 0);

	fake_hsm_reset();
	fake_hsm_set_vcpus(4);
	log_capture_begin();
	CU_ASSERT_EQUAL(create_named(&machine, "vm1", 2), 0);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "say --cpus 4"));
	end(&machine);
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
	struct machine machine;

	begin(&machine);
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
	end(&machine);

	begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 0, &linux_boot, &machine.vcpu, NULL), 0);
	CU_ASSERT_EQUAL(regs->cr0 & 0x80000001, 0x80000001);
	CU_ASSERT_EQUAL(regs->cr3, 0x4000);
	CU_ASSERT_EQUAL(regs->cr4, 0x20);
	CU_ASSERT_EQUAL(regs->ia32_efer, 0x500);
	CU_ASSERT_EQUAL(regs->cs_ar, 0xa09b);
	end(&machine);
}

static void test_life(void)
{
	struct machine machine;

	start(&machine);
	stop(&machine, HV_EXIT_STOPPED);
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
	struct machine machine;

	begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 0, &boot, &machine.vcpu, NULL), 0);
	hv_acrn.vcpu_stop(machine.vcpu);
	hv_acrn.vcpu_stop(machine.vcpu);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_run(machine.vcpu, &machine.err), HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_START_VM), 0);
	end(&machine);
}

/* Their thread waits, whatever the guest does, and ends for itself alone. */
static void test_other_processors(void)
{
	const struct hv_vcpu_start boot = { .rip = 0x1000 }, waiting = { .waits_for_sipi = true };
	struct machine machine;
	struct hv_vcpu *first;

	fake_hsm_reset();
	CU_ASSERT_EQUAL_FATAL(create_named(&machine, "vm1", 2), 0);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 0, &boot, &first, NULL), 0);
	CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 1, &waiting, &machine.vcpu, NULL), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_VCPU_REGS), 1);
	pthread_create(&machine.thread, NULL, run, &machine);
	stop(&machine, HV_EXIT_STOPPED);
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

static void check_last(const struct machine *machine, enum io_space space, uint64_t addr,
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
	struct machine machine;

	start(&machine);
	CU_ASSERT(fake_hsm_io(0, &request));
	check_last(&machine, IO_SPACE_PORT, 0x3f8, 1, true);
	CU_ASSERT_EQUAL(machine.last.data, 0x41);
	machine.reply = 0x12345678;
	request = port_request(0x604, 4, false, 0);
	CU_ASSERT(fake_hsm_io(2, &request));
	check_last(&machine, IO_SPACE_PORT, 0x604, 4, false);
	CU_ASSERT_EQUAL(request.reqs.pio_request.value, 0x12345678);
	stop(&machine, HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_NOTIFY_REQUEST_FINISH), 2);
}

static void test_mmio(void)
{
	struct acrn_io_request request = {
		.type = ACRN_IOREQ_TYPE_MMIO,
		.reqs.mmio_request = { .direction = ACRN_IOREQ_DIR_READ, .address = BAR + 8,
				       .size = 8 },
	};
	struct machine machine;

	start(&machine);
	machine.reply = 0x1122334455667788;
	CU_ASSERT(fake_hsm_io(15, &request));
	check_last(&machine, IO_SPACE_MMIO, BAR + 8, 8, false);
	CU_ASSERT_EQUAL(request.reqs.mmio_request.value, 0x1122334455667788);
	stop(&machine, HV_EXIT_STOPPED);
}

static void test_config(void)
{
	struct acrn_io_request request = {
		.type = ACRN_IOREQ_TYPE_PCICFG,
		.reqs.pci_request = { .direction = ACRN_IOREQ_DIR_READ, .size = 2, .bus = 1,
				      .dev = 31, .func = 7, .reg = 0x3e },
	};
	struct machine machine;

	start(&machine);
	machine.reply = 0x1af4;
	CU_ASSERT(fake_hsm_io(0, &request));
	check_last(&machine, IO_SPACE_PCI_CONFIG, 1 << 20 | 31 << 15 | 7 << 12 | 0x3e, 2, false);
	CU_ASSERT_EQUAL(request.reqs.pci_request.value, 0x1af4);
	stop(&machine, HV_EXIT_STOPPED);
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
	struct machine machine;
	size_t i;

	start(&machine);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		CU_ASSERT(fake_hsm_io(0, &requests[i]));
		CU_ASSERT_EQUAL((uint32_t)requests[i].reqs.pio_request.value |
					(uint32_t)requests[i].reqs.mmio_request.value,
				UINT32_MAX);
	}
	CU_ASSERT_EQUAL(machine.accesses, 0);
	stop(&machine, HV_EXIT_STOPPED);
}

/* Slots that are the hypervisor's or the kernel's are left alone. */
static void test_others_requests(void)
{
	struct acrn_io_request request = port_request(0x80, 1, true, 1);
	struct machine machine;

	start(&machine);
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
	stop(&machine, HV_EXIT_STOPPED);
}

/* Power-off: the request stays as it is, nobody is notified of it. */
static void test_stop_inside(void)
{
	struct acrn_io_request request = port_request(0x604, 2, true, 0x2000);
	struct machine machine;

	start(&machine);
	machine.stops = true;
	CU_ASSERT_FALSE(fake_hsm_io(0, &request));
	pthread_join(machine.thread, NULL);
	CU_ASSERT_EQUAL(machine.reason, HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_NOTIFY_REQUEST_FINISH), 0);
	end(&machine);
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
	struct machine machine;
	pthread_t guest;

	start(&machine);
	pthread_create(&guest, NULL, triple_fault, NULL);
	pthread_join(machine.thread, NULL);
	CU_ASSERT_EQUAL(machine.reason, HV_EXIT_SHUTDOWN);
	CU_ASSERT_EQUAL(machine.accesses, 0);
	hv_acrn.vcpu_stop(machine.vcpu);
	pthread_join(guest, NULL);
	end(&machine);
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
	struct machine machine;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(&machine);
		CU_ASSERT_EQUAL(hv_acrn.vcpu_create(machine.vm, 0, &boot, &machine.vcpu, NULL), 0);
		fake_hsm_fail(cases[i].request, 1, -EIO);
		CU_ASSERT_EQUAL(hv_acrn.vcpu_run(machine.vcpu, &machine.err), HV_EXIT_FAILURE);
		CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, cases[i].name));
		end(&machine);
	}
	start(&machine);
	fake_hsm_fail(ACRN_IOCTL_NOTIFY_REQUEST_FINISH, 1, -EIO);
	fake_hsm_fail(ACRN_IOCTL_ATTACH_IOREQ_CLIENT, 1, -EINTR);
	fake_hsm_put(0, &(struct acrn_io_request){ .processed = ACRN_IOREQ_STATE_PROCESSING });
	pthread_join(machine.thread, NULL);
	CU_ASSERT_EQUAL(machine.reason, HV_EXIT_FAILURE);
	CU_ASSERT_PTR_NOT_NULL(strstr(machine.err.text, "ACRN_IOCTL_NOTIFY_REQUEST_FINISH"));
	end(&machine);
}

static void test_client_clings(void)
{
	struct machine machine;
	const char *text;

	start(&machine);
	fake_hsm_fail(ACRN_IOCTL_DESTROY_IOREQ_CLIENT, 1, -EIO);
	log_capture_begin();
	stop(&machine, HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_VM), 1);
}

/* What is said about a VM that is still there: not what a severe one is told of. */
static void test_not_paused(void)
{
	struct machine machine;
	const char *text;

	begin(&machine);
	fake_hsm_fail(ACRN_IOCTL_PAUSE_VM, 1, -EIO);
	log_capture_begin();
	end(&machine);
	CU_ASSERT_EQUAL(log_capture_end(&text), 2);
	/* It would be refused, and the driver does not survive that and then the close. */
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_VM), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ACRN_IOCTL_PAUSE_VM: Input/output error"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"vm1\" is not destroyed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "it could not be paused"));
	CU_ASSERT_PTR_NULL(strstr(text, "above"));

	begin(&machine);
	fake_hsm_fail(ACRN_IOCTL_SET_IRQLINE, 1, -EPERM);
	log_capture_begin();
	end(&machine);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_VM), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "above the service VM ends only by itself"));

	begin(&machine);
	fake_hsm_fail(ACRN_IOCTL_DESTROY_VM, 1, -EINVAL);
	log_capture_begin();
	end(&machine);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ACRN_IOCTL_DESTROY_VM: Invalid argument"));
}

/* After the VM has gone with its client there is nobody to be asked. */
static void test_after_the_end(void)
{
	const struct hv_ioeventfd port = { IO_SPACE_PORT, 0xf5, 1, false, 7, eventfd_new() };
	struct hv_ioeventfd other = port;
	struct machine machine;
	const char *text;
	int fd = eventfd_new();

	other.fd = fd;
	start(&machine);
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
	end(&machine);
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

static void test_memory(void)
{
	const struct acrn_vm_memmap *set = fake_hsm_last(ACRN_IOCTL_SET_MEMSEG);
	const struct acrn_vm_memmap *unset = fake_hsm_last(ACRN_IOCTL_UNSET_MEMSEG);
	char *host = (char *)0x7f0000000000;
	struct machine machine;
	uint64_t limit;

	begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 0x4000, host, true), 0);
	CU_ASSERT_EQUAL(set->type, ACRN_MEMMAP_RAM);
	CU_ASSERT_EQUAL(set->attr, ACRN_MEM_ACCESS_RWX | ACRN_MEM_TYPE_WB);
	CU_ASSERT_EQUAL(set->user_vm_pa, BAR);
	CU_ASSERT_EQUAL(set->vma_base, (uintptr_t)host);
	CU_ASSERT_EQUAL(set->len, 0x4000);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR + 0x3000, 0x4000, host, true), -EEXIST);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 0x1000), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, 0, 0), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 0x4000), 0);
	CU_ASSERT_EQUAL(unset->type, ACRN_MEMMAP_MMIO);
	CU_ASSERT_EQUAL(unset->user_vm_pa, BAR);
	CU_ASSERT_EQUAL(unset->len, 0x4000);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 0x4000), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 0x4000, host, false), 0);
	CU_ASSERT_EQUAL(set->attr & ACRN_MEM_ACCESS_RIGHT_MASK,
			ACRN_MEM_ACCESS_READ | ACRN_MEM_ACCESS_EXEC);

	limit = UINT64_C(1) << hv_acrn.physical_width(machine.vm);
	CU_ASSERT(hv_acrn.physical_width(machine.vm) <= 48);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, limit, 4096, host, true), -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, limit - 4096, 8192, host, true), -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 0, UINT64_MAX & ~4095, host, true), -EINVAL);
	end(&machine);
}

/* Unmapped is gone, but its slot is not for another. */
static void test_slots(void)
{
	char *host = (char *)0x7f0000000000;
	struct machine machine;
	uint64_t i;

	begin(&machine);
	for (i = 0; i < SLOTS; i++) {
		CU_ASSERT_EQUAL_FATAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), 0);
		CU_ASSERT_EQUAL_FATAL(hv_acrn.mem_unmap(machine.vm, BAR, 4096), 0);
	}
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_UNSET_MEMSEG), SLOTS);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), -ENOSPC);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), SLOTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(hv_acrn.mem_error_text(-ENOSPC), "256 map slots"));
	end(&machine);
	/* All at once, and one more. */
	begin(&machine);
	for (i = 0; i < SLOTS; i++)
		CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR + i * 4096, 4096, host, true), 0);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 0, 4096, host, true), -ENOSPC);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 4096), 0);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 0, 4096, host, true), -ENOSPC);
	end(&machine);
}

static void check_set(unsigned int count, uint64_t gpa, const char *host, uint64_t size)
{
	const struct acrn_vm_memmap *set = fake_hsm_last(ACRN_IOCTL_SET_MEMSEG);

	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), count);
	CU_ASSERT_EQUAL(set->user_vm_pa, gpa);
	CU_ASSERT_EQUAL(set->vma_base, (uintptr_t)host);
	CU_ASSERT_EQUAL(set->len, size);
}

/* What the driver does not take at once it gets in pieces; unmapped they are one again. */
static void test_pieces(void)
{
	const struct acrn_vm_memmap *unset = fake_hsm_last(ACRN_IOCTL_UNSET_MEMSEG);
	char *host = (char *)0x7f0000000000;
	struct machine machine;

	begin(&machine);
	fake_hsm_set_map_max(256 * MIB);
	/* 1000, 512, 3 * 256, 232 */
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 4 * GIB, 1000 * MIB, host, true), 0);
	check_set(6, 4 * GIB + 768 * MIB, host + 768 * MIB, 232 * MIB);
	/* The driver is not asked for more again. */
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 512 * MIB, host, true), 0);
	check_set(8, BAR + 256 * MIB, host + 256 * MIB, 256 * MIB);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR + 256 * MIB, 256 * MIB), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR + 511 * MIB, 2 * MIB, host, true), -EEXIST);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 512 * MIB), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_UNSET_MEMSEG), 1);
	CU_ASSERT_EQUAL(unset->user_vm_pa, BAR);
	CU_ASSERT_EQUAL(unset->len, 512 * MIB);
	/* Six slots are used: 250 are left, of which 32 GiB take 128. */
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 64 * GIB, 32 * GIB, host, true), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), 8 + 128);
	/* Nothing is begun that cannot be ended. */
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 32 * GIB, 31 * GIB, host, true), -ENOSPC);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), 8 + 128);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 32 * GIB, 122 * 256 * MIB, host, true), 0);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), -ENOSPC);
	end(&machine);
}

static void test_pieces_refused(void)
{
	char *host = (char *)0x7f0000000000;
	struct machine machine;
	const char *text;

	/* However small they are: 128, 64, 32 MiB. The next one is asked for as it is. */
	begin(&machine);
	fake_hsm_set_map_max(0);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 128 * MIB, host, true), -ENOMEM);
	check_set(3, BAR, host, 32 * MIB);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 2 * MIB, host, true), -ENOMEM);
	check_set(4, BAR, host, 2 * MIB);
	CU_ASSERT_PTR_NOT_NULL(strstr(hv_acrn.mem_error_text(-ENOMEM), "hugepages=2M"));
	fake_hsm_set_map_max(UINT64_MAX);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 128 * MIB, host, true), 0);
	check_set(5, BAR, host, 128 * MIB);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_UNSET_MEMSEG), 0);
	end(&machine);

	/* On the way: what is there goes again. */
	begin(&machine);
	fake_hsm_set_map_max(64 * MIB);
	fake_hsm_fail_nth(5, -EIO);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 256 * MIB, host, true), -EIO);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), 5);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_UNSET_MEMSEG), 1);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 64 * MIB, host, true), 0);
	end(&machine);

	/* Or clings there, and goes when something else comes. */
	begin(&machine);
	fake_hsm_set_map_max(64 * MIB);
	fake_hsm_fail_nth(5, -EPERM);
	fake_hsm_fail(ACRN_IOCTL_UNSET_MEMSEG, 1, -EPERM);
	log_capture_begin();
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 256 * MIB, host, true), -EPERM);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 128 * MIB), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR + 64 * MIB, 4096, host, true), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_UNSET_MEMSEG), 2);
	end(&machine);
}

static void test_memory_refused(void)
{
	char *host = (char *)0x7f0000000000;
	struct machine machine;
	const char *text;

	begin(&machine);
	fake_hsm_fail(ACRN_IOCTL_SET_MEMSEG, 1, -EIO);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), -EIO);
	CU_ASSERT_PTR_NULL(hv_acrn.mem_error_text(-EIO));
	/* What it is not told of: -EINVAL is for addresses beyond the guest's. */
	fake_hsm_fail(ACRN_IOCTL_SET_MEMSEG, 1, -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), -EREMOTEIO);
	CU_ASSERT_PTR_NOT_NULL(strstr(hv_acrn.mem_error_text(-EREMOTEIO), "ACRN_IOCTL_SET_MEMSEG"));
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), 0);

	/* Not unmapped after all, it is not mapped twice, nor kept for other memory. */
	log_capture_begin();
	fake_hsm_fail(ACRN_IOCTL_UNSET_MEMSEG, 1, -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 4096), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), 0);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), 3);
	fake_hsm_fail(ACRN_IOCTL_UNSET_MEMSEG, 2, -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 4096), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host + 4096, true), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host + 4096, true), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), 4);
	end(&machine);
}

static void test_interrupts(void)
{
	const uint64_t *line = fake_hsm_last(ACRN_IOCTL_SET_IRQLINE);
	const struct acrn_msi_entry *msi = fake_hsm_last(ACRN_IOCTL_INJECT_MSI);
	struct machine machine;

	begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.irq_line(machine.vm, 4, true), 0);
	CU_ASSERT_EQUAL(*line, 4);
	CU_ASSERT_EQUAL(hv_acrn.irq_line(machine.vm, 4, false), 0);
	CU_ASSERT_EQUAL(*line, UINT64_C(1) << 32 | 4);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), 0);
	CU_ASSERT_EQUAL(msi->msi_addr, MSI_ADDRESS);
	CU_ASSERT_EQUAL(msi->msi_data, MSI_DATA);
	end(&machine);
}

/* Guests write what they like into a table; the hypervisor's answer would speak of severity. */
static void test_no_messages(void)
{
	int fd = eventfd_new();
	struct machine machine;

	begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, 0x1000, MSI_DATA), -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS + 4 * GIB, MSI_DATA), -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, 0, MSI_DATA, true), -EINVAL);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_INJECT_MSI), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_IRQFD), 0);
	end(&machine);
	fd_close(&fd);
}

static void test_lost_interrupts(void)
{
	struct machine machine;
	const char *text;

	begin(&machine);
	log_capture_begin();
	fake_hsm_fail(ACRN_IOCTL_INJECT_MSI, 2, -ENOMEM);
	fake_hsm_fail(ACRN_IOCTL_SET_IRQLINE, 1, -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), -ENOMEM);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), -ENOMEM);
	CU_ASSERT_EQUAL(hv_acrn.irq_line(machine.vm, 4, true), -EINVAL);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ACRN_IOCTL_INJECT_MSI: Cannot allocate memory"));
	end(&machine);
}

static void test_severity(void)
{
	struct machine machine;
	const char *text;

	begin(&machine);
	log_capture_begin();
	fake_hsm_fail(ACRN_IOCTL_INJECT_MSI, 3, -EPERM);
	fake_hsm_fail(ACRN_IOCTL_SET_IRQLINE, 1, -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.irq_line(machine.vm, 4, true), -EPERM);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"vm1\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "real-time"));
	end(&machine);
}

/* The driver leaves in the counter what it has delivered; that must not come twice. */
static void test_irqfd(void)
{
	const struct acrn_irqfd *arg = fake_hsm_last(ACRN_IOCTL_IRQFD);
	struct machine machine;
	int fd = eventfd_new();

	begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, -1, MSI_ADDRESS, MSI_DATA, true), -EBADF);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, -1, 0, 0, false), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, MSI_ADDRESS, MSI_DATA, true), 0);
	CU_ASSERT_EQUAL(arg->fd, fd);
	CU_ASSERT_EQUAL(arg->flags, 0);
	CU_ASSERT_EQUAL(arg->msi.msi_addr, MSI_ADDRESS);
	CU_ASSERT_EQUAL(arg->msi.msi_data, MSI_DATA);
	CU_ASSERT_EQUAL(fake_hsm_fired(), 0);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, MSI_ADDRESS, MSI_DATA, true), -EBUSY);
	eventfd_signal(fd);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, 0, 0, false), 0);
	CU_ASSERT_EQUAL(arg->flags, ACRN_IRQFD_FLAG_DEASSIGN);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, MSI_ADDRESS, MSI_DATA, true), 0);
	CU_ASSERT_EQUAL(fake_hsm_fired(), 0);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, 0, 0, false), 0);
	/* What came while nobody delivered it does come. */
	eventfd_signal(fd);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, MSI_ADDRESS, MSI_DATA, true), 0);
	CU_ASSERT_EQUAL(fake_hsm_fired(), 1);
	end(&machine);
	fd_close(&fd);
}

static void test_ioeventfd(void)
{
	const struct acrn_ioeventfd *arg = fake_hsm_last(ACRN_IOCTL_IOEVENTFD);
	struct hv_ioeventfd port = { IO_SPACE_PORT, 0xf5, 1, false, 7, eventfd_new() };
	struct hv_ioeventfd memory = { IO_SPACE_MMIO, BAR + 12, 4, true, 0x10001, eventfd_new() };
	struct hv_ioeventfd other = memory, config = memory;
	struct machine machine;

	other.data = 0x10002;
	config.space = IO_SPACE_PCI_CONFIG;
	begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &config, true), -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, true), 0);
	CU_ASSERT_EQUAL(arg->flags, ACRN_IOEVENTFD_FLAG_PIO);
	CU_ASSERT_EQUAL(arg->data, 0);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &memory, true), 0);
	CU_ASSERT_EQUAL(arg->fd, (uint32_t)memory.fd);
	CU_ASSERT_EQUAL(arg->flags, ACRN_IOEVENTFD_FLAG_DATAMATCH);
	CU_ASSERT_EQUAL(arg->addr, BAR + 12);
	CU_ASSERT_EQUAL(arg->len, 4);
	CU_ASSERT_EQUAL(arg->data, 0x10001);
	/* One eventfd, one entry: the driver takes off whichever it meets first. */
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &other, true), -EBUSY);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &other, false), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, false), 0);
	CU_ASSERT_EQUAL(arg->flags, ACRN_IOEVENTFD_FLAG_PIO | ACRN_IOEVENTFD_FLAG_DEASSIGN);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, false), -ENOENT);
	fake_hsm_fail(ACRN_IOCTL_IOEVENTFD, 1, -EEXIST);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, true), -EEXIST);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, false), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &memory, false), 0);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &other, true), 0);
	end(&machine);
	fd_close(&port.fd);
	fd_close(&memory.fd);
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
	struct machine machine;

	long_name.name = "hv:/0123456789012345678901234567";
	second.slot = 7;
	begin(&machine);
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
	end(&machine);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_DESTROY_VDEV), 3);
}

/* All that a VM of one port access does. 0 or what failed. */
static int whole_life(struct machine *machine, int fd)
{
	const struct hv_ioeventfd write = { IO_SPACE_MMIO, BAR + 12, 4, true, 1, fd };
	const struct hv_vdev vdev = { .slot = 6, .name = "hv:/a" };
	const struct hv_vcpu_start boot = { .rip = 0x1000 };
	struct acrn_io_request request = port_request(0x604, 2, true, 0x2000);
	int ret;

	ret = create_named(machine, "vm1", 1);
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
	struct machine machine;
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
	{ "memory", test_memory },
	{ "map slots are used up", test_slots },
	{ "memory in pieces", test_pieces },
	{ "pieces are refused", test_pieces_refused },
	{ "memory is refused", test_memory_refused },
	{ "lines and messages", test_interrupts },
	{ "messages to nowhere", test_no_messages },
	{ "lost interrupts", test_lost_interrupts },
	{ "a VM above the service VM", test_severity },
	{ "eventfds become messages once", test_irqfd },
	{ "writes become eventfds", test_ioeventfd },
	{ "devices of the hypervisor", test_vdev },
	{ "each call fails in turn", test_each_call_fails },
};

UNIT_MAIN("acrn", tests)
