/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The KVM back end on the real /dev/kvm, with guests of a few instructions of 32-bit protected
 * mode. Everything they do goes through port 0xf4 at last, which ends them.
 */
#include "devicemodel/hypervisor/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/fds.h"
#include "lib/util.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

#define RAM_SIZE UINT64_C(0x10000)
#define CODE 0x1000
#define HANDLER 0x1800
#define GDT 0x2000
#define IDT 0x3000
#define IDT_POINTER 0x3800
#define MMIO UINT64_C(0xd0000000)
#define END_PORT 0xf4
#define EVENT_PORT 0xf5 /* calls machine->at_event */
#define VECTOR 0x40
#define MSI_ADDRESS UINT64_C(0xfee00000)
#define PATIENCE 30 /* seconds until a guest that hangs is stopped */

struct machine {
	struct hv_vm *vm;
	struct hv_vcpu *vcpu;
	unsigned char *ram;
	struct io_access log[16];
	unsigned int logged;
	uint64_t answer; /* to reads */
	void (*at_event)(struct machine *machine);
	int fd; /* for at_event */
};

/* Ends a guest that does not end by itself; a signal handler has no other way to know it. */
static struct hv_vcpu *watched;

static void watchdog(int number)
{
	(void)number;
	hv_kvm.vcpu_stop(watched);
}

static bool kvm_is_there(void)
{
	const char *hidden = getenv("ACRN_DM_NO_KVM");
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0 || (hidden && strcmp(hidden, "0") != 0)) {
		unit_skip(fd < 0 ? "/dev/kvm cannot be opened" : "ACRN_DM_NO_KVM is set");
		fd_close(&fd);
		return false;
	}
	close(fd);
	return true;
}

static void serve(void *ctx, struct io_access *access)
{
	struct machine *machine = ctx;

	if (machine->logged < ARRAY_SIZE(machine->log))
		machine->log[machine->logged++] = *access;
	if (!access->is_write)
		access->data = machine->answer;
	if (access->space == IO_SPACE_PORT && access->addr == EVENT_PORT && machine->at_event)
		machine->at_event(machine);
	if (access->space == IO_SPACE_PORT && access->addr == END_PORT)
		hv_kvm.vcpu_stop(machine->vcpu);
}

static void *pages(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

static int create(struct machine *machine, unsigned int vcpus, struct error *err)
{
	const struct hv_vm_params params = {
		.name = "test", .vcpus = vcpus, .io = serve, .ctx = machine,
	};

	*machine = (struct machine){ .fd = -1 };
	err->text[0] = '\0';
	return hv_kvm.vm_create(&params, &machine->vm, err);
}

/* Flat code and data at the selectors that struct hv_vcpu_start promises; an IDT of one gate. */
static void fill_tables(struct machine *machine)
{
	static const uint64_t segments[] = { 0, 0, 0x00cf9a000000ffff, 0x00cf92000000ffff };
	const uint64_t gate = UINT64_C(0x00008e0000100000) | HANDLER;
	const uint16_t limit = 8 * 256 - 1;
	const uint32_t base = IDT;

	memcpy(machine->ram + GDT, segments, sizeof(segments));
	memcpy(machine->ram + IDT + 8 * VECTOR, &gate, sizeof(gate));
	memcpy(machine->ram + IDT_POINTER, &limit, sizeof(limit));
	memcpy(machine->ram + IDT_POINTER + 2, &base, sizeof(base));
}

/* A VM with RAM and @code in it; its processor stands at the first byte. */
static void begin(struct machine *machine, const void *code, size_t size)
{
	const struct hv_vcpu_start start = {
		.rip = CODE,
		.rsp = RAM_SIZE,
		.rax = 0x11223344,
		.rbx = 0x55667788,
		.rsi = 0x99aabbcc,
		.gdt_base = GDT,
		.gdt_limit = 31,
	};
	struct error err;

	CU_ASSERT_EQUAL_FATAL(create(machine, 1, &err), 0);
	machine->ram = pages(RAM_SIZE);
	memcpy(machine->ram + CODE, code, size);
	fill_tables(machine);
	CU_ASSERT_EQUAL_FATAL(hv_kvm.mem_map(machine->vm, 0, RAM_SIZE, machine->ram, true), 0);
	CU_ASSERT_EQUAL_FATAL(hv_kvm.vcpu_create(machine->vm, 0, &start, &machine->vcpu, &err), 0);
}

static enum hv_exit run(struct machine *machine)
{
	struct error err = { "" };
	enum hv_exit reason;

	watched = machine->vcpu;
	signal(SIGALRM, watchdog);
	alarm(PATIENCE);
	reason = hv_kvm.vcpu_run(machine->vcpu, &err);
	alarm(0);
	if (err.text[0])
		printf("# %s\n", err.text);
	return reason;
}

static void end(struct machine *machine)
{
	hv_kvm.vm_destroy(machine->vm);
	if (machine->ram)
		munmap(machine->ram, RAM_SIZE);
}

static void expect(const struct machine *machine, unsigned int index, enum io_space space,
		   uint64_t addr, bool is_write, uint8_t size, uint64_t data)
{
	const struct io_access *access = &machine->log[index];

	CU_ASSERT_FATAL(index < machine->logged);
	CU_ASSERT_EQUAL(access->space, space);
	CU_ASSERT_EQUAL(access->addr, addr);
	CU_ASSERT_EQUAL(access->is_write, is_write);
	CU_ASSERT_EQUAL(access->size, size);
	if (is_write)
		CU_ASSERT_EQUAL(access->data, data);
}

static void test_names(void)
{
	CU_ASSERT_PTR_EQUAL(hv_find("kvm"), &hv_kvm);
	CU_ASSERT_PTR_NOT_NULL(hv_find("auto"));
	CU_ASSERT_PTR_NULL(hv_find("KVM"));
	CU_ASSERT_PTR_NULL(hv_find(""));
	CU_ASSERT_PTR_NULL(hv_find("xen"));
	CU_ASSERT_PTR_NOT_NULL(strstr(hv_names(), "kvm"));
}

static void test_ports(void)
{
	static const unsigned char code[] = {
		0xe6, 0x80,		/* out %al, $0x80 */
		0x66, 0xe7, 0x82,	/* out %ax, $0x82 */
		0xe7, 0x84,		/* out %eax, $0x84 */
		0x89, 0xd8, 0xe7, 0x84, /* mov %ebx, %eax; out %eax, $0x84 */
		0x89, 0xf0, 0xe7, 0x84, /* mov %esi, %eax; out %eax, $0x84 */
		0xe5, 0x88, 0xe7, 0x84, /* in $0x88, %eax; out %eax, $0x84 */
		0xe4, 0x88, 0xe7, 0xf4, /* in $0x88, %al; out %eax, $0xf4 */
	};
	struct machine machine;

	if (!kvm_is_there())
		return;
	begin(&machine, code, sizeof(code));
	machine.answer = 0xfffffffffedcba98;
	CU_ASSERT_EQUAL(run(&machine), HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(machine.logged, 9);
	expect(&machine, 0, IO_SPACE_PORT, 0x80, true, 1, 0x44);
	expect(&machine, 1, IO_SPACE_PORT, 0x82, true, 2, 0x3344);
	expect(&machine, 2, IO_SPACE_PORT, 0x84, true, 4, 0x11223344);
	expect(&machine, 3, IO_SPACE_PORT, 0x84, true, 4, 0x55667788);
	expect(&machine, 4, IO_SPACE_PORT, 0x84, true, 4, 0x99aabbcc);
	expect(&machine, 5, IO_SPACE_PORT, 0x88, false, 4, 0);
	expect(&machine, 6, IO_SPACE_PORT, 0x84, true, 4, 0xfedcba98);
	expect(&machine, 7, IO_SPACE_PORT, 0x88, false, 1, 0);
	expect(&machine, 8, IO_SPACE_PORT, END_PORT, true, 4, 0xfedcba98);
	end(&machine);
}

static void test_mmio_and_ram(void)
{
	static const unsigned char code[] = {
		0xbb, 0x00, 0x00, 0x00, 0xd0,	/* mov $MMIO, %ebx */
		0x89, 0x03,			/* mov %eax, (%ebx) */
		0x66, 0x89, 0x43, 0x06,		/* mov %ax, 6(%ebx) */
		0x88, 0x43, 0x0b,		/* mov %al, 11(%ebx) */
		0x8b, 0x43, 0x0c,		/* mov 12(%ebx), %eax */
		0xa3, 0x00, 0x40, 0x00, 0x00,	/* mov %eax, 0x4000 */
		0xe7, 0xf4,			/* out %eax, $0xf4 */
	};
	struct machine machine;
	uint32_t word;

	if (!kvm_is_there())
		return;
	begin(&machine, code, sizeof(code));
	machine.answer = 0xcafef00d;
	CU_ASSERT_EQUAL(run(&machine), HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(machine.logged, 5);
	expect(&machine, 0, IO_SPACE_MMIO, MMIO, true, 4, 0x11223344);
	expect(&machine, 1, IO_SPACE_MMIO, MMIO + 6, true, 2, 0x3344);
	expect(&machine, 2, IO_SPACE_MMIO, MMIO + 11, true, 1, 0x44);
	expect(&machine, 3, IO_SPACE_MMIO, MMIO + 12, false, 4, 0);
	expect(&machine, 4, IO_SPACE_PORT, END_PORT, true, 4, 0xcafef00d);
	memcpy(&word, machine.ram + 0x4000, sizeof(word));
	CU_ASSERT_EQUAL(word, 0xcafef00d);
	end(&machine);
}

/* No exception can be delivered: the processor shuts down. */
static void test_triple_fault(void)
{
	static const unsigned char code[] = { 0x0f, 0x0b }; /* ud2 */
	struct machine machine;

	if (!kvm_is_there())
		return;
	begin(&machine, code, sizeof(code));
	CU_ASSERT_EQUAL(run(&machine), HV_EXIT_SHUTDOWN);
	CU_ASSERT_EQUAL(machine.logged, 0);
	end(&machine);
}

static void *stop_later(void *arg)
{
	struct machine *machine = arg;

	usleep(50000);
	hv_kvm.vcpu_stop(machine->vcpu);
	return NULL;
}

static void test_stop(void)
{
	static const struct {
		unsigned char code[4];
		const char *what;
	} guests[] = {
		{ { 0xf4, 0xeb, 0xfd }, "hlt; jmp" },
		{ { 0xeb, 0xfe }, "jmp" },
		{ { 0xe6, 0x80, 0xeb, 0xfc }, "out; jmp" },
	};
	struct machine machine;
	pthread_t thread;
	size_t i;

	if (!kvm_is_there())
		return;
	for (i = 0; i < ARRAY_SIZE(guests); i++) {
		begin(&machine, guests[i].code, sizeof(guests[i].code));
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, stop_later, &machine), 0);
		CU_ASSERT_EQUAL(run(&machine), HV_EXIT_STOPPED);
		pthread_join(thread, NULL);
		/* Now and ever after. */
		CU_ASSERT_EQUAL(run(&machine), HV_EXIT_STOPPED);
		hv_kvm.vcpu_stop(machine.vcpu);
		end(&machine);
		/* Before it ever ran. */
		begin(&machine, guests[i].code, sizeof(guests[i].code));
		hv_kvm.vcpu_stop(machine.vcpu);
		CU_ASSERT_EQUAL(run(&machine), HV_EXIT_STOPPED);
		CU_ASSERT_EQUAL(machine.logged, 0);
		end(&machine);
	}
}

/* Programs inherit what is blocked: from a shell nothing, from other programs anything. */
static void test_stop_with_signals_blocked(void)
{
	static const unsigned char code[] = { 0xf4, 0xeb, 0xfd }; /* hlt; jmp */
	struct machine machine;
	pthread_t thread;
	sigset_t set, old;

	if (!kvm_is_there())
		return;
	sigfillset(&set);
	sigdelset(&set, SIGALRM);
	pthread_sigmask(SIG_SETMASK, &set, &old);
	begin(&machine, code, sizeof(code));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, stop_later, &machine), 0);
	CU_ASSERT_EQUAL(run(&machine), HV_EXIT_STOPPED);
	pthread_join(thread, NULL);
	/* Or it was the watchdog who has interrupted it. */
	pthread_sigmask(SIG_SETMASK, &old, &set);
	CU_ASSERT_FALSE(sigismember(&set, SIGRTMIN));
	CU_ASSERT_TRUE(sigismember(&set, SIGTERM));
	end(&machine);
}

/* Reads the dword at MMIO twice, with an event in between that changes what lies there. */
static const unsigned char read_twice[] = {
	0xa1, 0x00, 0x00, 0x00, 0xd0,	/* mov MMIO, %eax */
	0xe7, 0xf5,			/* out %eax, $0xf5 */
	0xa1, 0x00, 0x00, 0x00, 0xd0,	/* mov MMIO, %eax */
	0xe7, 0xf4,			/* out %eax, $0xf4 */
};

static uint32_t extra_page[1024] __attribute__((aligned(4096)));

static void map_extra(struct machine *machine)
{
	CU_ASSERT_EQUAL(hv_kvm.mem_map(machine->vm, MMIO, 4096, extra_page, true), 0);
}

static void unmap_extra(struct machine *machine)
{
	CU_ASSERT_EQUAL(hv_kvm.mem_unmap(machine->vm, MMIO, 4096), 0);
}

static void test_map_while_running(void)
{
	struct machine machine;

	if (!kvm_is_there())
		return;
	extra_page[0] = 0x0badcafe;
	begin(&machine, read_twice, sizeof(read_twice));
	machine.answer = 0xffffffff;
	machine.at_event = map_extra;
	CU_ASSERT_EQUAL(run(&machine), HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(machine.logged, 3);
	expect(&machine, 0, IO_SPACE_MMIO, MMIO, false, 4, 0);
	expect(&machine, 1, IO_SPACE_PORT, EVENT_PORT, true, 4, 0xffffffff);
	expect(&machine, 2, IO_SPACE_PORT, END_PORT, true, 4, 0x0badcafe);
	end(&machine);

	begin(&machine, read_twice, sizeof(read_twice));
	machine.answer = 0xffffffff;
	machine.at_event = unmap_extra;
	map_extra(&machine);
	CU_ASSERT_EQUAL(run(&machine), HV_EXIT_STOPPED);
	expect(&machine, 0, IO_SPACE_PORT, EVENT_PORT, true, 4, 0x0badcafe);
	expect(&machine, 1, IO_SPACE_MMIO, MMIO, false, 4, 0);
	expect(&machine, 2, IO_SPACE_PORT, END_PORT, true, 4, 0xffffffff);
	end(&machine);
}

/* Moving a BAR about for ever may not use anything up: KVM's slots are few. */
static void test_slots_return(void)
{
	struct machine machine;
	struct error err;
	unsigned int i;
	uint64_t gpa;

	if (!kvm_is_there())
		return;
	CU_ASSERT_EQUAL_FATAL(create(&machine, 1, &err), 0);
	for (i = 0; i < 600; i++) {
		gpa = MMIO + (i % 7) * 4096;
		if (hv_kvm.mem_map(machine.vm, gpa, 4096, extra_page, true) < 0 ||
		    hv_kvm.mem_unmap(machine.vm, gpa, 4096) < 0)
			break;
	}
	CU_ASSERT_EQUAL(i, 600);
	CU_ASSERT_EQUAL(machine.vm->slot_count, 1);
	end(&machine);
}

static void test_map_refusals(void)
{
	struct machine machine;
	struct error err;
	unsigned int width;
	uint64_t limit;

	if (!kvm_is_there())
		return;
	CU_ASSERT_EQUAL_FATAL(create(&machine, 1, &err), 0);
	width = hv_kvm.physical_width(machine.vm);
	CU_ASSERT(width >= 36 && width < 64);
	limit = UINT64_C(1) << width;
	CU_ASSERT_EQUAL(hv_kvm.mem_map(machine.vm, limit, 4096, extra_page, true), -EINVAL);
	CU_ASSERT_EQUAL(hv_kvm.mem_map(machine.vm, limit - 4096, 8192, extra_page, true), -EINVAL);
	CU_ASSERT_EQUAL(hv_kvm.mem_map(machine.vm, 0xfffffffffe000000, 4096, extra_page, true),
			-EINVAL);
	CU_ASSERT_EQUAL(hv_kvm.mem_map(machine.vm, 0xfffffffffffff000, 4096, extra_page, true),
			-EINVAL);
	CU_ASSERT_EQUAL(hv_kvm.mem_map(machine.vm, 4096, UINT64_MAX & ~4095, extra_page, true),
			-EINVAL);
	CU_ASSERT_EQUAL(hv_kvm.mem_map(machine.vm, limit - 4096, 4096, extra_page, true), 0);
	CU_ASSERT_EQUAL(hv_kvm.mem_map(machine.vm, limit - 4096, 4096, extra_page, true), -EEXIST);
	CU_ASSERT_EQUAL(hv_kvm.mem_unmap(machine.vm, limit - 4096, 8192), -ENOENT);
	CU_ASSERT_EQUAL(hv_kvm.mem_unmap(machine.vm, 0, 4096), -ENOENT);
	CU_ASSERT_EQUAL(hv_kvm.mem_unmap(machine.vm, 0, 0), -ENOENT);
	CU_ASSERT_EQUAL(hv_kvm.mem_unmap(machine.vm, limit - 4096, 4096), 0);
	CU_ASSERT_EQUAL(hv_kvm.mem_unmap(machine.vm, limit - 4096, 4096), -ENOENT);
	/* What was refused took no slot with it. */
	CU_ASSERT_EQUAL(hv_kvm.mem_map(machine.vm, 0, 4096, extra_page, false), 0);
	end(&machine);
}

/* Turns the local APIC on and interrupts, tells it by an event, waits. The handler ends the VM. */
static const unsigned char wait_for_interrupt[] = {
	0xbb, 0xf0, 0x00, 0xe0, 0xfe,		  /* mov $0xfee000f0, %ebx */
	0xc7, 0x03, 0xff, 0x01, 0x00, 0x00,	  /* movl $0x1ff, (%ebx) */
	0x0f, 0x01, 0x1d, 0x00, 0x38, 0x00, 0x00, /* lidt IDT_POINTER */
	0xe6, 0xf5,				  /* out %al, $0xf5 */
	0xfb,					  /* sti */
	0xf4,					  /* hlt */
	0xeb, 0xfd,				  /* jmp to the hlt */
};
static const unsigned char handler[] = { 0xe6, 0xf4, 0xeb, 0xfc }; /* out %al, $0xf4; jmp to it */

static void begin_interrupts(struct machine *machine, void (*at_event)(struct machine *machine))
{
	begin(machine, wait_for_interrupt, sizeof(wait_for_interrupt));
	memcpy(machine->ram + HANDLER, handler, sizeof(handler));
	machine->at_event = at_event;
	machine->fd = eventfd_new();
}

/* The interrupt arrived, or the watchdog ended it. */
static void run_until_interrupt(struct machine *machine)
{
	CU_ASSERT_EQUAL(run(machine), HV_EXIT_STOPPED);
	CU_ASSERT_EQUAL(machine->logged, 2);
	expect(machine, 0, IO_SPACE_PORT, EVENT_PORT, true, 1, 0x44);
	expect(machine, 1, IO_SPACE_PORT, END_PORT, true, 1, 0x44);
	fd_close(&machine->fd);
	end(machine);
}

static void send_msi(struct machine *machine)
{
	CU_ASSERT_EQUAL(hv_kvm.msi_send(machine->vm, MSI_ADDRESS, VECTOR), 0);
}

static void test_msi(void)
{
	struct machine machine;

	if (!kvm_is_there())
		return;
	begin_interrupts(&machine, send_msi);
	run_until_interrupt(&machine);
}

static void signal_bound_fd(struct machine *machine)
{
	CU_ASSERT_EQUAL(hv_kvm.irqfd(machine->vm, machine->fd, MSI_ADDRESS, VECTOR, true), 0);
	eventfd_signal(machine->fd);
}

static void bind_signalled_fd(struct machine *machine)
{
	eventfd_signal(machine->fd);
	CU_ASSERT_EQUAL(hv_kvm.irqfd(machine->vm, machine->fd, MSI_ADDRESS, VECTOR, true), 0);
}

/* Taken off and bound to another message: the last one counts. */
static void rebind_fd(struct machine *machine)
{
	CU_ASSERT_EQUAL(hv_kvm.irqfd(machine->vm, machine->fd, MSI_ADDRESS, VECTOR + 1, true), 0);
	CU_ASSERT_EQUAL(hv_kvm.irqfd(machine->vm, machine->fd, 0, 0, false), 0);
	signal_bound_fd(machine);
}

static void test_irqfd(void)
{
	static void (*const events[])(struct machine *) = { signal_bound_fd, bind_signalled_fd,
							    rebind_fd };
	struct machine machine;
	size_t i;

	if (!kvm_is_there())
		return;
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		begin_interrupts(&machine, events[i]);
		run_until_interrupt(&machine);
	}
}

static void test_irqfd_refusals(void)
{
	static const unsigned char code[] = { 0xf4 };
	struct machine machine;
	int fds[40], other, ret;
	size_t i;

	if (!kvm_is_there())
		return;
	begin(&machine, code, sizeof(code));
	CU_ASSERT_EQUAL(hv_kvm.irqfd(machine.vm, -1, MSI_ADDRESS, VECTOR, true), -EBADF);
	CU_ASSERT_EQUAL(hv_kvm.irqfd(machine.vm, -1, 0, 0, false), -ENOENT);
	CU_ASSERT_EQUAL(hv_kvm.irqfd(machine.vm, 0, 0, 0, false), -ENOENT);
	other = open("/dev/null", O_RDWR | O_CLOEXEC);
	CU_ASSERT(hv_kvm.irqfd(machine.vm, other, MSI_ADDRESS, VECTOR, true) < 0);
	/* What failed can be done again. */
	CU_ASSERT(hv_kvm.irqfd(machine.vm, other, MSI_ADDRESS, VECTOR, true) < 0);
	CU_ASSERT_EQUAL(hv_kvm.irqfd(machine.vm, other, 0, 0, false), -ENOENT);
	close(other);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = eventfd_new();
		ret = hv_kvm.irqfd(machine.vm, fds[i], MSI_ADDRESS, VECTOR + (uint32_t)i, true);
		CU_ASSERT_EQUAL(ret, 0);
		CU_ASSERT_EQUAL(hv_kvm.irqfd(machine.vm, fds[i], MSI_ADDRESS, VECTOR, true),
				-EBUSY);
	}
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		CU_ASSERT_EQUAL(hv_kvm.irqfd(machine.vm, fds[i], 0, 0, false), 0);
		CU_ASSERT_EQUAL(hv_kvm.irqfd(machine.vm, fds[i], 0, 0, false), -ENOENT);
		/* Nobody reads it any more. */
		eventfd_signal(fds[i]);
		CU_ASSERT_TRUE(eventfd_drain(fds[i]));
		close(fds[i]);
	}
	end(&machine);
}

static void test_ioeventfd(void)
{
	static const unsigned char code[] = {
		0xbb, 0x0c, 0x00, 0x00, 0xd0,		  /* mov $MMIO + 12, %ebx */
		0xc7, 0x03, 0x07, 0x00, 0x01, 0x00,	  /* movl $0x00010007, (%ebx) */
		0xc7, 0x03, 0x08, 0x00, 0x01, 0x00,	  /* movl $0x00010008, (%ebx): no entry */
		0x66, 0xc7, 0x03, 0x07, 0x00,		  /* movw $7, (%ebx): too short */
		0xe6, 0x90,				  /* out %al, $0x90: any value */
		0xe6, 0xf4,				  /* out %al, $0xf4 */
	};
	struct hv_ioeventfd memory = {
		.space = IO_SPACE_MMIO,
		.addr = MMIO + 12,
		.size = 4,
		.datamatch = true,
		.data = 0x00010007,
	};
	struct hv_ioeventfd port = { .space = IO_SPACE_PORT, .addr = 0x90, .size = 1 };
	struct hv_ioeventfd config = { .space = IO_SPACE_PCI_CONFIG, .size = 4 };
	struct machine machine;

	if (!kvm_is_there())
		return;
	begin(&machine, code, sizeof(code));
	memory.fd = eventfd_new();
	port.fd = eventfd_new();
	config.fd = memory.fd;
	CU_ASSERT_EQUAL(hv_kvm.ioeventfd(machine.vm, &memory, true), 0);
	CU_ASSERT_EQUAL(hv_kvm.ioeventfd(machine.vm, &memory, true), -EEXIST);
	CU_ASSERT_EQUAL(hv_kvm.ioeventfd(machine.vm, &port, true), 0);
	CU_ASSERT_EQUAL(hv_kvm.ioeventfd(machine.vm, &config, true), -EINVAL);
	CU_ASSERT_EQUAL(run(&machine), HV_EXIT_STOPPED);
	CU_ASSERT_TRUE(eventfd_drain(memory.fd));
	CU_ASSERT_TRUE(eventfd_drain(port.fd));
	/* HV_CAP_IOEVENTFD_PASSES_UNMATCHED: the others came through. */
	CU_ASSERT_EQUAL(machine.logged, 3);
	expect(&machine, 0, IO_SPACE_MMIO, MMIO + 12, true, 4, 0x00010008);
	expect(&machine, 1, IO_SPACE_MMIO, MMIO + 12, true, 2, 7);
	expect(&machine, 2, IO_SPACE_PORT, END_PORT, true, 1, 0x44);
	CU_ASSERT_EQUAL(hv_kvm.ioeventfd(machine.vm, &memory, false), 0);
	CU_ASSERT_EQUAL(hv_kvm.ioeventfd(machine.vm, &memory, false), -ENOENT);
	CU_ASSERT_EQUAL(hv_kvm.ioeventfd(machine.vm, &port, false), 0);
	fd_close(&memory.fd);
	fd_close(&port.fd);
	end(&machine);
}

static void test_vcpu_refusals(void)
{
	const struct hv_vcpu_start boot = { .rip = CODE }, waiting = { .waits_for_sipi = true };
	struct hv_vcpu *vcpu = NULL, *second = NULL;
	struct machine machine;
	struct error err;

	if (!kvm_is_there())
		return;
	CU_ASSERT_EQUAL(create(&machine, 1000000, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "1000000 virtual CPUs"));
	CU_ASSERT_EQUAL_FATAL(create(&machine, 2, &err), 0);
	CU_ASSERT_EQUAL(hv_kvm.vcpu_create(machine.vm, 2, &waiting, &vcpu, &err), -EINVAL);
	CU_ASSERT_PTR_NULL(vcpu);
	CU_ASSERT_EQUAL(hv_kvm.vcpu_create(machine.vm, 0, &boot, &vcpu, &err), 0);
	CU_ASSERT_EQUAL(hv_kvm.vcpu_create(machine.vm, 0, &boot, &second, &err), -EINVAL);
	CU_ASSERT_EQUAL(hv_kvm.vcpu_create(machine.vm, 1, &waiting, &second, &err), 0);
	/* One that waits can be stopped as well. */
	machine.vcpu = second;
	hv_kvm.vcpu_stop(second);
	CU_ASSERT_EQUAL(run(&machine), HV_EXIT_STOPPED);
	end(&machine);
}

/* With too few descriptors for a VM and a processor: an error, and nothing stays open or mapped. */
static void test_no_descriptors(void)
{
	const struct hv_vcpu_start boot = { .rip = CODE };
	struct leaks before, after;
	struct rlimit old, limit;
	struct hv_vcpu *vcpu;
	struct machine machine;
	struct error err;
	int ret = -EMFILE;

	if (!kvm_is_there())
		return;
	before = leaks_count();
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	limit = old;
	for (limit.rlim_cur = 3; ret < 0 && limit.rlim_cur < 30; limit.rlim_cur++) {
		setrlimit(RLIMIT_NOFILE, &limit);
		ret = create(&machine, 1, &err);
		if (ret == 0)
			ret = hv_kvm.vcpu_create(machine.vm, 0, &boot, &vcpu, &err);
		setrlimit(RLIMIT_NOFILE, &old);
		CU_ASSERT(ret == 0 || ret == -EMFILE);
		CU_ASSERT_EQUAL(ret < 0, err.text[0] != '\0');
		if (machine.vm)
			hv_kvm.vm_destroy(machine.vm);
		after = leaks_count();
		CU_ASSERT(leaks_equal(&before, &after));
	}
	CU_ASSERT_EQUAL(ret, 0);
	CU_ASSERT(limit.rlim_cur > 5);
}

static const struct unit_test tests[] = {
	{ "names", test_names },
	{ "ports", test_ports },
	{ "MMIO and RAM", test_mmio_and_ram },
	{ "triple fault", test_triple_fault },
	{ "stop", test_stop },
	{ "stop with signals blocked", test_stop_with_signals_blocked },
	{ "map and unmap while running", test_map_while_running },
	{ "slots return", test_slots_return },
	{ "what cannot be mapped", test_map_refusals },
	{ "MSI", test_msi },
	{ "irqfd", test_irqfd },
	{ "irqfd refusals", test_irqfd_refusals },
	{ "ioeventfd", test_ioeventfd },
	{ "vCPU refusals", test_vcpu_refusals },
	{ "no descriptors", test_no_descriptors },
};

UNIT_MAIN("kvm", tests)
