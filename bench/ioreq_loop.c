/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the ACRN back end's loop itself takes for an I/O request: it and the smallest loop that does
 * the same, one right after the other, with a driver that answers at once (ioreq_driver.h).
 * "ioreq_loop" prints a line for each case: its name and both figures, in ns for a request.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/ioreq_driver.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/vm/io_bus.h"
#include "lib/util.h"

#define ANSWER 0x12345678
#define REQUESTS 160000 /* in a case; with system calls a tenth of them */
#define DEVICES 8	/* neighbours of the one that is asked, on the bus */
#define BAR_BASE UINT64_C(0x80000000)
#define BAR_SIZE 0x1000

struct loop_case {
	const char *name;
	uint32_t type;
	unsigned int vcpus;
	bool has_bus, enters_kernel;
};

static const struct loop_case cases[] = {
	{ "port", ACRN_IOREQ_TYPE_PORTIO, 1, false, false },
	{ "memory", ACRN_IOREQ_TYPE_MMIO, 1, false, false },
	{ "config", ACRN_IOREQ_TYPE_PCICFG, 1, false, false },
	{ "port-16", ACRN_IOREQ_TYPE_PORTIO, 16, false, false },
	{ "memory-16", ACRN_IOREQ_TYPE_MMIO, 16, false, false },
	{ "config-16", ACRN_IOREQ_TYPE_PCICFG, 16, false, false },
	{ "bus", ACRN_IOREQ_TYPE_MMIO, 1, true, false },
	{ "bus-16", ACRN_IOREQ_TYPE_MMIO, 16, true, false },
	{ "calls", ACRN_IOREQ_TYPE_MMIO, 1, true, true },
	{ "calls-16", ACRN_IOREQ_TYPE_MMIO, 16, true, true },
};

struct machine {
	struct hv_vm *vm;
	struct hv_vcpu *vcpu;
	struct io_bus *bus;
};

static struct acrn_io_request make_request(uint32_t type)
{
	struct acrn_io_request request = { .type = type };

	if (type == ACRN_IOREQ_TYPE_PORTIO)
		request.reqs.pio_request.address = 0x3f8;
	else if (type == ACRN_IOREQ_TYPE_MMIO)
		request.reqs.mmio_request.address = BAR_BASE + DEVICES / 2 * BAR_SIZE + 8;
	else
		request.reqs.pci_request.dev = 6;
	if (type == ACRN_IOREQ_TYPE_PCICFG)
		request.reqs.pci_request.size = 4;
	else
		request.reqs.pio_request.size = 4;
	return request;
}

static void answer(void *ctx, struct io_access *access)
{
	(void)ctx;
	access->data = ANSWER;
}

static void ask_bus(void *ctx, struct io_access *access)
{
	struct machine *machine = ctx;

	io_bus_access(machine->bus, access);
}

static int fill_bus(struct io_bus *bus)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < DEVICES && ret == 0; i++)
		ret = io_bus_add(bus, IO_SPACE_MMIO, BAR_BASE + i * BAR_SIZE, BAR_SIZE, answer,
				 NULL);
	return ret;
}

static void stop(void *ctx)
{
	struct machine *machine = ctx;

	hv_acrn.vcpu_stop(machine->vcpu);
}

static int run_back_end(struct machine *machine, const struct loop_case *which, struct error *err)
{
	const struct hv_vm_params params = {
		.name = "bench",
		.vcpus = which->vcpus,
		.io = which->has_bus ? ask_bus : answer,
		.ctx = machine,
	};
	const struct hv_vcpu_start boot = { .rip = 0x1000 };
	int ret;

	ret = hv_acrn.vm_create(&params, &machine->vm, err);
	if (ret < 0)
		return ret;
	ret = hv_acrn.vcpu_create(machine->vm, 0, &boot, &machine->vcpu, err);
	if (ret == 0 && hv_acrn.vcpu_run(machine->vcpu, err) == HV_EXIT_FAILURE)
		ret = -EIO;
	hv_acrn.vm_destroy(machine->vm);
	return ret;
}

static int time_back_end(const struct loop_case *which, struct ioreq_work *work, double *ret_ns)
{
	struct machine machine = { .vm = NULL };
	struct error err = { "out of memory" };
	int ret;

	ret = io_bus_new(&machine.bus);
	if (ret == 0)
		ret = fill_bus(machine.bus);
	work->done = stop;
	work->ctx = &machine;
	ioreq_driver_begin(work);
	if (ret == 0)
		ret = run_back_end(&machine, which, &err);
	io_bus_free(machine.bus);
	if (ret < 0)
		fprintf(stderr, "ioreq_loop: %s\n", err.text);
	*ret_ns = ioreq_driver_ns();
	return ret;
}

/* It knows what it will be asked, and by whom. */
static void smallest_loop(int fd, struct acrn_io_request_buffer *page, unsigned int vcpus)
{
	struct acrn_ioreq_notify notify = { .vmid = 1 };
	struct acrn_io_request *slot;

	while (ioctl(fd, ACRN_IOCTL_ATTACH_IOREQ_CLIENT) == 0) {
		for (notify.vcpu = 0; notify.vcpu < vcpus; notify.vcpu++) {
			slot = &page->req_slot[notify.vcpu];
			if (__atomic_load_n(&slot->processed, __ATOMIC_ACQUIRE) !=
			    ACRN_IOREQ_STATE_PROCESSING)
				continue;
			slot->reqs.pio_request.value = ANSWER;
			ioctl(fd, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &notify);
		}
	}
}

static void do_nothing(void *ctx)
{
	(void)ctx;
}

static int time_smallest(const struct loop_case *which, struct ioreq_work *work, double *ret_ns)
{
	struct acrn_vm_creation creation = { .vmid = 0 };
	struct acrn_io_request_buffer *page;
	int fd;

	work->done = do_nothing;
	ioreq_driver_begin(work);
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fd = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);
	if (page == MAP_FAILED || fd < 0)
		return -ENOMEM;
	creation.ioreq_buf = (uintptr_t)page;
	ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation);
	smallest_loop(fd, page, which->vcpus);
	close(fd);
	munmap(page, sizeof(*page));
	*ret_ns = ioreq_driver_ns();
	return 0;
}

static int run_case(const struct loop_case *which)
{
	struct ioreq_work work = {
		.request = make_request(which->type),
		.answer = ANSWER,
		.vcpus = which->vcpus,
		.rounds = REQUESTS / which->vcpus / (which->enters_kernel ? 10 : 1),
		.enters_kernel = which->enters_kernel,
	};
	double ours, smallest;

	if (time_back_end(which, &work, &ours) < 0 || time_smallest(which, &work, &smallest) < 0)
		return -EIO;
	if (ours < 0 || smallest < 0) {
		fprintf(stderr, "ioreq_loop: %s: a request was not answered as it should\n",
			which->name);
		return -EIO;
	}
	printf("%s %.3f %.3f\n", which->name, ours, smallest);
	return 0;
}

static void *run_cases(void *ctx)
{
	int *status = ctx;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (run_case(&cases[i]) < 0)
			return NULL;
	*status = EXIT_SUCCESS;
	return NULL;
}

int main(void)
{
	int status = EXIT_FAILURE;
	pthread_t thread;

	/* As in acrn-dm; a process with a single thread has cheaper locks. */
	if (pthread_create(&thread, NULL, run_cases, &status) == 0)
		pthread_join(thread, NULL);
	return status;
}
