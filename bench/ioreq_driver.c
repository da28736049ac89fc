/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver that answers at once: a client's calls are function calls. */
#include "bench/ioreq_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define VM_ID 1

int __real_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

/* What calls of the C library are sent to has no argument for its state. */
static struct {
	const struct ioreq_work *work;
	int fd; /* of the client's file */
	struct acrn_io_request *slots;
	unsigned int rounds_left, pending;
	bool is_wrong, is_over;
	struct timespec begin, end;
} driver = { .fd = -1 };

void ioreq_driver_begin(const struct ioreq_work *work)
{
	memset(&driver, 0, sizeof(driver));
	driver.work = work;
	driver.fd = -1;
	driver.rounds_left = work->rounds;
}

double ioreq_driver_ns(void)
{
	double ns = (double)(driver.end.tv_sec - driver.begin.tv_sec) * 1e9 +
		    (double)(driver.end.tv_nsec - driver.begin.tv_nsec);

	if (driver.is_wrong || !driver.is_over || driver.pending > 0)
		return -1;
	return ns / driver.work->rounds / driver.work->vcpus;
}

static int fail(int code)
{
	errno = code;
	return -1;
}

static int create_vm(struct acrn_vm_creation *creation)
{
	driver.slots = (struct acrn_io_request *)(uintptr_t)creation->ioreq_buf;
	creation->vmid = VM_ID;
	creation->vcpu_num = (uint16_t)driver.work->vcpus;
	return 0;
}

/* As the hypervisor does it: what was asked, then the state. */
static void put(struct acrn_io_request *slot, const struct acrn_io_request *request)
{
	slot->type = request->type;
	slot->reqs = request->reqs;
	slot->kernel_handled = 0;
	__atomic_store_n(&slot->processed, ACRN_IOREQ_STATE_PROCESSING, __ATOMIC_RELEASE);
}

static int attach(void)
{
	const struct ioreq_work *work = driver.work;
	unsigned int i;

	if (driver.is_over)
		return fail(ENODEV);
	if (driver.rounds_left == work->rounds)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &driver.begin);
	if (driver.rounds_left == 0) {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &driver.end);
		driver.is_over = true;
		work->done(work->ctx);
		return fail(ENODEV);
	}
	/* A client that leaves requests behind would otherwise look quick. */
	driver.is_wrong |= driver.pending > 0;
	for (i = 0; i < work->vcpus; i++)
		put(&driver.slots[i], &work->request);
	driver.pending = work->vcpus;
	driver.rounds_left--;
	return 0;
}

static int notify(const struct acrn_ioreq_notify *done)
{
	struct acrn_io_request *slot;

	if (done->vcpu >= driver.work->vcpus)
		return fail(EINVAL);
	slot = &driver.slots[done->vcpu];
	/* The value of all kinds begins at the same place. */
	driver.is_wrong |= slot->processed != ACRN_IOREQ_STATE_PROCESSING ||
			   slot->reqs.pio_request.value != driver.work->answer;
	__atomic_store_n(&slot->processed, ACRN_IOREQ_STATE_COMPLETE, __ATOMIC_RELEASE);
	driver.pending--;
	return 0;
}

static int call(unsigned long request, void *argument)
{
	switch (request) {
	case ACRN_IOCTL_ATTACH_IOREQ_CLIENT:
		return attach();
	case ACRN_IOCTL_NOTIFY_REQUEST_FINISH:
		return notify(argument);
	case ACRN_IOCTL_CREATE_VM:
		return create_vm(argument);
	default:
		return 0;
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (fd < 0 || fd != driver.fd)
		return __real_ioctl(fd, request, argument);
	if (driver.work->enters_kernel)
		syscall(SYS_getppid);
	return call(request, argument);
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (strcmp(path, "/dev/acrn_hsm") != 0)
		return __real_open(path, flags, mode);
	driver.fd = __real_open("/dev/null", O_RDWR | O_CLOEXEC);
	return driver.fd;
}
