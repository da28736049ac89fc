/* SPDX-License-Identifier: BSD-3-Clause */
/* The ACRN driver without ACRN. Its rules are those of the kernel's drivers/virt/acrn. */
#include "tests/fake_hsm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/util.h"

#define CALLS 32
#define ARG_MAX_BYTES 512
#define EVENTS_MAX 32
#define MAPS_MAX 256

int __real_open(const char *path, int flags, ...);
int __real_stat(const char *path, struct stat *status);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_stat(const char *path, struct stat *status);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);

/* What was asked, by kind. */
struct call {
	unsigned long request;
	unsigned int count, when, fail_times;
	int fail_code;
	union {
		unsigned char bytes[ARG_MAX_BYTES];
		uint64_t align;
	} arg;
};

struct range {
	uint64_t gpa, size; /* size 0: free */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int nodes[2];
	uint16_t vcpus;
	struct call calls[CALLS];
	unsigned int number, fail_nth, fired, slept;
	int fail_code;
	bool has_failed;
	const char *complaint;

	int fd; /* of the one VM */
	bool has_vm, has_client, has_regs, runs, paused;
	bool clings; /* the client could not be destroyed */
	bool ran_on; /* the VM could not be paused */
	bool is_above; /* somebody was told so after it had been paused */
	bool no_more; /* fake_hsm_end_lives() */
	unsigned int lives, guests; /* VMs that were started; threads in fake_hsm_io() */
	unsigned int vdevs, maps_made;
	uint64_t map_max;
	struct acrn_io_request_buffer *page;
	struct range maps[MAPS_MAX];
	int irqfds[EVENTS_MAX], ioeventfds[EVENTS_MAX]; /* -1: free */
} hsm = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static const struct {
	unsigned long request;
	bool is_value; /* the argument is no pointer */
} known[] = {
	{ ACRN_IOCTL_CREATE_VM, false },
	{ ACRN_IOCTL_DESTROY_VM, true },
	{ ACRN_IOCTL_START_VM, true },
	{ ACRN_IOCTL_PAUSE_VM, true },
	{ ACRN_IOCTL_SET_VCPU_REGS, false },
	{ ACRN_IOCTL_INJECT_MSI, false },
	{ ACRN_IOCTL_SET_IRQLINE, true },
	{ ACRN_IOCTL_NOTIFY_REQUEST_FINISH, false },
	{ ACRN_IOCTL_CREATE_IOREQ_CLIENT, true },
	{ ACRN_IOCTL_ATTACH_IOREQ_CLIENT, true },
	{ ACRN_IOCTL_DESTROY_IOREQ_CLIENT, true },
	{ ACRN_IOCTL_SET_MEMSEG, false },
	{ ACRN_IOCTL_UNSET_MEMSEG, false },
	{ ACRN_IOCTL_CREATE_VDEV, false },
	{ ACRN_IOCTL_DESTROY_VDEV, false },
	{ ACRN_IOCTL_IOEVENTFD, false },
	{ ACRN_IOCTL_IRQFD, false },
};

_Static_assert(ARRAY_SIZE(known) <= CALLS, "a record for each");

static void complain(const char *text)
{
	if (!hsm.complaint)
		hsm.complaint = text;
}

static struct call *call_find(unsigned long request)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].request == request)
			return &hsm.calls[i];
	abort();
}

/* What a VM has, and the next one has not. */
static void forget_vm(void)
{
	memset(hsm.maps, 0, sizeof(hsm.maps));
	memset(hsm.irqfds, -1, sizeof(hsm.irqfds));
	memset(hsm.ioeventfds, -1, sizeof(hsm.ioeventfds));
	hsm.maps_made = 0;
	hsm.has_regs = hsm.runs = hsm.paused = hsm.clings = hsm.ran_on = hsm.is_above = false;
}

void fake_hsm_reset(void)
{
	size_t i;

	memset(hsm.calls, 0, sizeof(hsm.calls));
	forget_vm();
	for (i = 0; i < ARRAY_SIZE(known); i++)
		hsm.calls[i].request = known[i].request;
	hsm.nodes[0] = 0;
	hsm.nodes[1] = -ENOENT;
	hsm.vcpus = 0;
	hsm.map_max = UINT64_MAX;
	hsm.number = hsm.fail_nth = hsm.fired = hsm.slept = hsm.vdevs = hsm.lives = 0;
	hsm.has_failed = hsm.has_vm = hsm.has_client = hsm.no_more = false;
	hsm.complaint = NULL;
	hsm.page = NULL;
	hsm.fd = -1;
}

void fake_hsm_set_nodes(int first, int second)
{
	hsm.nodes[0] = first;
	hsm.nodes[1] = second;
}

void fake_hsm_set_vcpus(uint16_t count)
{
	hsm.vcpus = count;
}

void fake_hsm_set_map_max(uint64_t size)
{
	hsm.map_max = size;
}

void fake_hsm_fail(unsigned long request, unsigned int times, int code)
{
	struct call *call = call_find(request);

	call->fail_times = times;
	call->fail_code = code;
}

void fake_hsm_fail_nth(unsigned int nth, int code)
{
	hsm.fail_nth = nth ? hsm.number + nth : 0;
	hsm.fail_code = code;
	hsm.has_failed = false;
}

bool fake_hsm_has_failed(void)
{
	return hsm.has_failed;
}

unsigned int fake_hsm_count(unsigned long request)
{
	return call_find(request)->count;
}

unsigned int fake_hsm_when(unsigned long request)
{
	return call_find(request)->when;
}

const void *fake_hsm_last(unsigned long request)
{
	return call_find(request)->arg.bytes;
}

unsigned int fake_hsm_slept(void)
{
	return hsm.slept;
}

/* A VM that is not destroyed by a call, because that would be refused, goes with the node. */
static void see_closed(void)
{
	struct stat status;

	if ((hsm.ran_on || hsm.is_above) &&
	    (fstat(hsm.fd, &status) < 0 || !S_ISCHR(status.st_mode)))
		hsm.has_vm = false;
}

unsigned int fake_hsm_objects(void)
{
	see_closed();
	return hsm.has_vm + hsm.has_client + hsm.vdevs;
}

unsigned int fake_hsm_fired(void)
{
	return hsm.fired;
}

const char *fake_hsm_complaint(void)
{
	return hsm.complaint;
}

static int node_state(const char *path)
{
	if (strcmp(path, "/dev/acrn_hsm") == 0)
		return hsm.nodes[0];
	return strcmp(path, "/dev/acrn_vhm") == 0 ? hsm.nodes[1] : 1;
}

static int result(int code)
{
	if (code >= 0)
		return code;
	errno = -code;
	return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
	int state = node_state(path);
	mode_t mode = 0;
	va_list args;

	if (state < 0)
		return result(state);
	if (state > 0 && flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	if (state > 0)
		return __real_open(path, flags, mode);
	if (!(flags & O_CLOEXEC) || (flags & O_ACCMODE) != O_RDWR)
		complain("the node is opened wrongly");
	see_closed();
	hsm.fd = __real_open("/dev/null", O_RDWR | O_CLOEXEC);
	return hsm.fd;
}

int __wrap_stat(const char *path, struct stat *status)
{
	int state = node_state(path);

	if (state > 0)
		return __real_stat(path, status);
	return result(state == -ENOENT ? -ENOENT : 0);
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)left;
	hsm.slept += (unsigned int)(time->tv_sec * 1000 + time->tv_nsec / 1000000);
	return 0;
}

static int create_vm(struct acrn_vm_creation *creation)
{
	if (hsm.has_vm)
		return -EINVAL;
	if (creation->reserved0 || creation->reserved1 || creation->ioreq_buf & 4095)
		complain("CREATE_VM: reserved fields, or the page is not aligned");
	hsm.page = (struct acrn_io_request_buffer *)(uintptr_t)creation->ioreq_buf;
	creation->vmid = FAKE_HSM_VM_ID;
	creation->vcpu_num = hsm.vcpus;
	forget_vm();
	hsm.has_vm = true;
	return 0;
}

static int destroy_vm(void)
{
	if (hsm.ran_on && !hsm.clings)
		complain("DESTROY_VM: it runs on, and the driver is broken by the close");
	if (!hsm.paused)
		complain("DESTROY_VM: it is not paused");
	if (hsm.has_client && !hsm.clings)
		complain("DESTROY_VM: with an ioreq client");
	if (hsm.vdevs && !hsm.clings)
		complain("DESTROY_VM: with devices");
	hsm.has_vm = hsm.has_client = false;
	hsm.vdevs = 0;
	return 0;
}

static int start_vm(void)
{
	if (!hsm.has_regs || !hsm.has_client || hsm.runs || hsm.paused)
		complain("START_VM: before SET_VCPU_REGS or CREATE_IOREQ_CLIENT, or twice");
	hsm.runs = true;
	hsm.lives++;
	return 0;
}

static int set_regs(const struct acrn_vcpu_regs *regs)
{
	static const struct acrn_regs zero;
	const struct acrn_regs *state = &regs->vcpu_regs;

	if (regs->reserved[0] || regs->reserved[1] || regs->reserved[2] ||
	    memcmp(state->reserved_64, zero.reserved_64, sizeof(zero.reserved_64)) != 0 ||
	    memcmp(state->reserved_32, zero.reserved_32, sizeof(zero.reserved_32)) != 0 ||
	    memcmp(state->gdt.reserved, zero.gdt.reserved, sizeof(zero.gdt.reserved)) != 0)
		return -EINVAL;
	hsm.has_regs = true;
	return 0;
}

/* Blocks; the client may go meanwhile. */
static int attach(void)
{
	unsigned int i;

	for (;;) {
		if (!hsm.has_client)
			return -ENODEV;
		for (i = 0; i < ACRN_IO_REQUEST_MAX; i++)
			if (hsm.page->req_slot[i].processed == ACRN_IOREQ_STATE_PROCESSING)
				return 0;
		pthread_cond_wait(&hsm.changed, &hsm.lock);
	}
}

static int notify(const struct acrn_ioreq_notify *arg)
{
	struct acrn_io_request *slot;

	if (arg->reserved)
		return -EINVAL;
	if (arg->vcpu >= ACRN_IO_REQUEST_MAX)
		return -EINVAL;
	slot = &hsm.page->req_slot[arg->vcpu];
	if (arg->vmid != FAKE_HSM_VM_ID || slot->kernel_handled ||
	    slot->processed != ACRN_IOREQ_STATE_PROCESSING)
		complain("NOTIFY_REQUEST_FINISH: of a request that is not ours");
	slot->processed = ACRN_IOREQ_STATE_COMPLETE;
	return 0;
}

static int set_memseg(const struct acrn_vm_memmap *map)
{
	struct range *free_range = NULL;
	size_t i;

	if (map->type != ACRN_MEMMAP_RAM || !(map->attr & ACRN_MEM_TYPE_WB) || map->len == 0 ||
	    (map->len | map->user_vm_pa | map->vma_base) & 4095)
		complain("SET_MEMSEG: not RAM, or not in whole pages");
	for (i = 0; i < MAPS_MAX; i++) {
		if (hsm.maps[i].size == 0)
			free_range = &hsm.maps[i];
		else if (ranges_overlap(hsm.maps[i].gpa, hsm.maps[i].size, map->user_vm_pa,
					map->len))
			complain("SET_MEMSEG: over another");
	}
	if (hsm.maps_made == MAPS_MAX || !free_range || map->len > hsm.map_max)
		return -ENOMEM;
	hsm.maps_made++;
	*free_range = (struct range){ map->user_vm_pa, map->len };
	return 0;
}

/* The hypervisor takes out any range that is all mapped, by however many calls. */
static int unset_memseg(const struct acrn_vm_memmap *map)
{
	uint64_t left = map->len;
	struct range *range;

	if (map->type != ACRN_MEMMAP_MMIO)
		return -EINVAL;
	for (range = hsm.maps; range < hsm.maps + MAPS_MAX; range++)
		if (range->size && range->gpa >= map->user_vm_pa &&
		    range->gpa + range->size <= map->user_vm_pa + map->len) {
			left -= range->size;
			range->size = 0;
		}
	if (left == 0)
		return 0;
	complain("UNSET_MEMSEG: not of what was mapped there");
	return -EINVAL;
}

static int *event_find(int *fds, int fd)
{
	size_t i;

	for (i = 0; i < EVENTS_MAX; i++)
		if (fds[i] == fd)
			return &fds[i];
	return NULL;
}

/* The counter is looked at and left as it is. */
static int irqfd(const struct acrn_irqfd *arg)
{
	struct pollfd poll_fd = { .fd = arg->fd, .events = POLLIN };
	int *entry = event_find(hsm.irqfds, arg->fd);

	if (arg->flags & ACRN_IRQFD_FLAG_DEASSIGN) {
		if (!entry)
			return 0;
		*entry = -1;
		return 0;
	}
	if (entry)
		return -EBUSY;
	*event_find(hsm.irqfds, -1) = arg->fd;
	if (poll(&poll_fd, 1, 0) == 1)
		hsm.fired++;
	return 0;
}

static int ioeventfd(const struct acrn_ioeventfd *arg)
{
	int *entry = event_find(hsm.ioeventfds, (int)arg->fd);

	if (arg->reserved)
		return -EINVAL;
	if (arg->flags & ACRN_IOEVENTFD_FLAG_DEASSIGN) {
		if (!entry)
			complain("IOEVENTFD: takes off what is not there");
		else
			*entry = -1;
		return 0;
	}
	if (entry)
		complain("IOEVENTFD: an eventfd with two entries, of which any may be taken off");
	*event_find(hsm.ioeventfds, -1) = (int)arg->fd;
	return 0;
}

static int create_vdev(const struct acrn_vdev *vdev)
{
	if (hsm.runs || !memchr(vdev->args, 0, 32))
		return -EINVAL;
	hsm.vdevs++;
	return 0;
}

/* The page is the VM's: whoever waits for an answer in it must have looked away. */
static void wait_for_guests(void)
{
	hsm.has_client = false;
	pthread_cond_broadcast(&hsm.changed);
	while (hsm.guests > 0)
		pthread_cond_wait(&hsm.changed, &hsm.lock);
}

static int answer(unsigned long request, void *arg)
{
	if (!hsm.has_vm && request != ACRN_IOCTL_CREATE_VM)
		return -EINVAL;
	switch (request) {
	case ACRN_IOCTL_CREATE_VM:
		return create_vm(arg);
	case ACRN_IOCTL_DESTROY_VM:
		return destroy_vm();
	case ACRN_IOCTL_START_VM:
		return start_vm();
	case ACRN_IOCTL_PAUSE_VM:
		if (hsm.paused)
			complain("PAUSE_VM: twice");
		hsm.runs = false;
		hsm.paused = true;
		return 0;
	case ACRN_IOCTL_SET_VCPU_REGS:
		return set_regs(arg);
	case ACRN_IOCTL_CREATE_IOREQ_CLIENT:
		if (hsm.has_client)
			return -EEXIST;
		hsm.has_client = true;
		return 0;
	case ACRN_IOCTL_DESTROY_IOREQ_CLIENT:
		hsm.has_client = false;
		return 0;
	case ACRN_IOCTL_ATTACH_IOREQ_CLIENT:
		return attach();
	case ACRN_IOCTL_NOTIFY_REQUEST_FINISH:
		return notify(arg);
	case ACRN_IOCTL_SET_MEMSEG:
		return set_memseg(arg);
	case ACRN_IOCTL_UNSET_MEMSEG:
		return unset_memseg(arg);
	case ACRN_IOCTL_IRQFD:
		return irqfd(arg);
	case ACRN_IOCTL_IOEVENTFD:
		return ioeventfd(arg);
	case ACRN_IOCTL_CREATE_VDEV:
		return create_vdev(arg);
	case ACRN_IOCTL_DESTROY_VDEV:
		hsm.vdevs--;
		return 0;
	default: /* interrupts */
		return 0;
	}
}

/* A client stays until the VM is destroyed; the rest goes all the same: the node is closed soon. */
static int refuse(unsigned long request, int code)
{
	if (request == ACRN_IOCTL_DESTROY_VM)
		hsm.has_vm = false;
	if (request == ACRN_IOCTL_DESTROY_VDEV)
		hsm.vdevs--;
	if (request == ACRN_IOCTL_DESTROY_IOREQ_CLIENT)
		hsm.clings = true;
	/* It only seemed to be paused. */
	if (request == ACRN_IOCTL_SET_IRQLINE && code == -EPERM && hsm.paused)
		hsm.is_above = true;
	if (request == ACRN_IOCTL_PAUSE_VM) {
		hsm.runs = false;
		hsm.paused = hsm.ran_on = true;
	}
	return code;
}

static void record(struct call *call, bool is_value, void *arg)
{
	size_t size = _IOC_SIZE(call->request);

	call->count++;
	call->when = hsm.number;
	if (is_value)
		memcpy(call->arg.bytes, &arg, sizeof(arg));
	else
		memcpy(call->arg.bytes, arg, size < ARG_MAX_BYTES ? size : ARG_MAX_BYTES);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct call *call;
	va_list args;
	void *arg;
	int ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (_IOC_TYPE(request) != ACRN_IOCTL_TYPE)
		return __real_ioctl(fd, request, arg);
	pthread_mutex_lock(&hsm.lock);
	if (fd != hsm.fd)
		complain("a call of another descriptor");
	call = call_find(request);
	hsm.number++;
	record(call, known[call - hsm.calls].is_value, arg);
	if (call->fail_times > 0) {
		call->fail_times--;
		ret = refuse(request, call->fail_code);
	} else if (hsm.fail_nth == hsm.number) {
		hsm.has_failed = true;
		ret = refuse(request, hsm.fail_code);
	} else {
		ret = answer(request, arg);
	}
	if (request == ACRN_IOCTL_DESTROY_VM ||
	    (request == ACRN_IOCTL_DESTROY_IOREQ_CLIENT && hsm.ran_on && !hsm.clings))
		wait_for_guests();
	pthread_cond_broadcast(&hsm.changed);
	pthread_mutex_unlock(&hsm.lock);
	return result(ret);
}

struct acrn_io_request *fake_hsm_slot(unsigned int vcpu)
{
	return &hsm.page->req_slot[vcpu];
}

void fake_hsm_put(unsigned int vcpu, const struct acrn_io_request *request)
{
	pthread_mutex_lock(&hsm.lock);
	*fake_hsm_slot(vcpu) = *request;
	pthread_cond_broadcast(&hsm.changed);
	pthread_mutex_unlock(&hsm.lock);
}

bool fake_hsm_io(unsigned int vcpu, struct acrn_io_request *request)
{
	struct acrn_io_request *slot;
	bool is_done;

	pthread_mutex_lock(&hsm.lock);
	if (!hsm.has_client) {
		pthread_mutex_unlock(&hsm.lock);
		return false;
	}
	hsm.guests++;
	slot = fake_hsm_slot(vcpu);
	if (slot->processed != ACRN_IOREQ_STATE_FREE)
		complain("the slot is not free");
	request->processed = ACRN_IOREQ_STATE_PROCESSING;
	*slot = *request;
	pthread_cond_broadcast(&hsm.changed);
	while (hsm.has_client && slot->processed == ACRN_IOREQ_STATE_PROCESSING)
		pthread_cond_wait(&hsm.changed, &hsm.lock);
	is_done = slot->processed == ACRN_IOREQ_STATE_COMPLETE;
	*request = *slot;
	slot->processed = ACRN_IOREQ_STATE_FREE;
	hsm.guests--;
	pthread_cond_broadcast(&hsm.changed);
	pthread_mutex_unlock(&hsm.lock);
	return is_done;
}

bool fake_hsm_wait_life(unsigned int nth)
{
	bool is_there;

	pthread_mutex_lock(&hsm.lock);
	while (hsm.lives < nth && !hsm.no_more)
		pthread_cond_wait(&hsm.changed, &hsm.lock);
	is_there = hsm.lives >= nth;
	pthread_mutex_unlock(&hsm.lock);
	return is_there;
}

void fake_hsm_end_lives(void)
{
	pthread_mutex_lock(&hsm.lock);
	hsm.no_more = true;
	pthread_cond_broadcast(&hsm.changed);
	pthread_mutex_unlock(&hsm.lock);
}

void fake_hsm_wait_started(void)
{
	pthread_mutex_lock(&hsm.lock);
	while (!hsm.runs)
		pthread_cond_wait(&hsm.changed, &hsm.lock);
	pthread_mutex_unlock(&hsm.lock);
}
