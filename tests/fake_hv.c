/* SPDX-License-Identifier: BSD-3-Clause */
/* A hypervisor that only pretends. */
#include "tests/fake_hv.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fds.h"
#include "lib/util.h"

#define PAGE_MASK UINT64_C(4095)
#define MAPPINGS_MAX 64
#define IRQFDS_MAX 64
#define IOEVENTFDS_MAX 512
#define VDEVS_MAX 8
#define VDEV_NAME_MAX 32

struct hv_vcpu {
	struct hv_vm *vm;
	unsigned int index;
	struct hv_vcpu_start start;
	bool running, stopped;
};

struct hv_vm {
	struct hv_vm_params params;
	struct hv_vcpu *vcpus[FAKE_HV_VCPUS_MAX];
	struct fake_hv_mapping mappings[MAPPINGS_MAX];
	size_t mapping_count;
	struct fake_irqfd {
		int fd;
		struct fake_hv_msi msi;
	} irqfds[IRQFDS_MAX];
	size_t irqfd_count;
	struct hv_ioeventfd ioeventfds[IOEVENTFDS_MAX];
	size_t ioeventfd_count;
	struct fake_vdev {
		struct hv_vdev vdev;
		char name[VDEV_NAME_MAX];
	} *vdevs[VDEVS_MAX];
	size_t vdev_count;
	bool has_run; /* a vCPU has */
};

/*
 * hv_ops.vm_create() is handed nothing that could lead to the state of a test, hence file scope;
 * everything here and in the VMs belongs to whoever holds the lock.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stop_called = PTHREAD_COND_INITIALIZER;
static struct {
	unsigned int counts[FAKE_CALLS];
	unsigned int until_failure; /* 0: none planned */
	int failure;
	bool failed;
	enum fake_hv_call failed_call;
	unsigned int width;
	fake_guest *guest;
	void *guest_ctx;
	struct hv_vm *vm; /* the youngest one */
	unsigned int vms;
	unsigned int msis;
	struct fake_hv_msi last_msi;
	const char *complaint;
} fake = { .width = FAKE_HV_WIDTH_DEFAULT };

void fake_hv_reset(void)
{
	pthread_mutex_lock(&lock);
	if (fake.vms)
		abort();
	memset(&fake, 0, sizeof(fake));
	fake.width = FAKE_HV_WIDTH_DEFAULT;
	pthread_mutex_unlock(&lock);
}

void fake_hv_fail_nth(unsigned int nth, int code)
{
	pthread_mutex_lock(&lock);
	fake.until_failure = nth;
	fake.failure = code;
	fake.failed = false;
	pthread_mutex_unlock(&lock);
}

bool fake_hv_has_failed(enum fake_hv_call *ret_call)
{
	*ret_call = fake.failed_call;
	return fake.failed;
}

void fake_hv_set_width(unsigned int bits)
{
	fake.width = bits;
}

void fake_hv_set_guest(fake_guest *guest, void *ctx)
{
	fake.guest = guest;
	fake.guest_ctx = ctx;
}

unsigned int fake_hv_count(enum fake_hv_call call)
{
	return fake.counts[call];
}

unsigned int fake_hv_vms(void)
{
	return fake.vms;
}

size_t fake_hv_mappings(void)
{
	return fake.vm ? fake.vm->mapping_count : 0;
}

const struct fake_hv_mapping *fake_hv_mapping(uint64_t gpa)
{
	const struct fake_hv_mapping *mapping;
	size_t i;

	for (i = 0; i < fake_hv_mappings(); i++) {
		mapping = &fake.vm->mappings[i];
		if (gpa >= mapping->gpa && gpa - mapping->gpa < mapping->size)
			return mapping;
	}
	return NULL;
}

/* What the kernel does as soon as a descriptor is signalled. */
static void serve_irqfds(struct hv_vm *vm)
{
	size_t i;

	for (i = 0; vm && i < vm->irqfd_count; i++)
		if (eventfd_drain(vm->irqfds[i].fd)) {
			fake.msis++;
			fake.last_msi = vm->irqfds[i].msi;
		}
}

unsigned int fake_hv_take_msis(struct fake_hv_msi *ret_last)
{
	unsigned int count;

	serve_irqfds(fake.vm);
	count = fake.msis;
	if (count)
		*ret_last = fake.last_msi;
	fake.msis = 0;
	return count;
}

const char *fake_hv_complaint(void)
{
	return fake.complaint;
}

static void complain_if(bool wrong, const char *what)
{
	if (wrong && !fake.complaint)
		fake.complaint = what;
}

/* Takes the lock, counts, and says whether it is this call's turn to fail. */
static int begin(enum fake_hv_call call)
{
	pthread_mutex_lock(&lock);
	fake.counts[call]++;
	if (fake.until_failure == 0 || --fake.until_failure > 0)
		return 0;
	fake.failed = true;
	fake.failed_call = call;
	return fake.failure;
}

static int end(int ret)
{
	pthread_mutex_unlock(&lock);
	return ret;
}

static int fake_vm_create(const struct hv_vm_params *params, struct hv_vm **ret_vm,
			  struct error *err)
{
	int ret = begin(FAKE_VM_CREATE);

	complain_if(!params->io || !params->name, "vm_create: parameters are missing");
	complain_if(params->vcpus == 0 || params->vcpus > FAKE_HV_VCPUS_MAX,
		    "vm_create: number of vCPUs");
	if (ret < 0)
		return end(error_set(err, ret, "fake vm_create fails"));
	fake.vm = calloc(1, sizeof(*fake.vm));
	if (!fake.vm)
		abort();
	fake.vm->params = *params;
	fake.vms++;
	*ret_vm = fake.vm;
	return end(0);
}

static void fake_vm_destroy(struct hv_vm *vm)
{
	unsigned int i;

	pthread_mutex_lock(&lock);
	fake.counts[FAKE_VM_DESTROY]++;
	for (i = 0; i < FAKE_HV_VCPUS_MAX; i++) {
		complain_if(vm->vcpus[i] && vm->vcpus[i]->running, "vm_destroy: a vCPU still runs");
		free(vm->vcpus[i]);
	}
	complain_if(vm->vdev_count, "vm_destroy: a device of the hypervisor is left");
	while (vm->vdev_count)
		free(vm->vdevs[--vm->vdev_count]);
	if (fake.vm == vm)
		fake.vm = NULL;
	fake.vms--;
	free(vm);
	pthread_mutex_unlock(&lock);
}

static unsigned int fake_physical_width(const struct hv_vm *vm)
{
	(void)vm;
	return fake.width;
}

static int fake_mem_map(struct hv_vm *vm, uint64_t gpa, uint64_t size, void *host, bool writable)
{
	uint64_t limit = UINT64_C(1) << fake.width;
	int ret = begin(FAKE_MEM_MAP);
	size_t i;

	complain_if(!size || (gpa | size | (uintptr_t)host) & PAGE_MASK,
		    "mem_map: not page-aligned");
	if (ret < 0)
		return end(ret);
	if (gpa >= limit || size > limit - gpa)
		return end(-EINVAL);
	for (i = 0; i < vm->mapping_count; i++)
		if (ranges_overlap(gpa, size, vm->mappings[i].gpa, vm->mappings[i].size)) {
			complain_if(true, "mem_map: overlaps another mapping");
			return end(-EEXIST);
		}
	if (vm->mapping_count == MAPPINGS_MAX)
		return end(-ENOSPC);
	vm->mappings[vm->mapping_count++] = (struct fake_hv_mapping){ gpa, size, host, writable };
	return end(0);
}

static int fake_mem_unmap(struct hv_vm *vm, uint64_t gpa, uint64_t size)
{
	int ret = begin(FAKE_MEM_UNMAP);
	size_t i;

	for (i = 0; i < vm->mapping_count; i++)
		if (vm->mappings[i].gpa == gpa && vm->mappings[i].size == size)
			break;
	complain_if(i == vm->mapping_count, "mem_unmap: there is no such mapping");
	if (ret < 0)
		return end(ret);
	if (i == vm->mapping_count)
		return end(-ENOENT);
	vm->mappings[i] = vm->mappings[--vm->mapping_count];
	return end(0);
}

static int fake_vcpu_create(struct hv_vm *vm, unsigned int index, const struct hv_vcpu_start *start,
			    struct hv_vcpu **ret_vcpu, struct error *err)
{
	int ret = begin(FAKE_VCPU_CREATE);

	complain_if(index >= vm->params.vcpus || vm->vcpus[index], "vcpu_create: bad index");
	complain_if(start->waits_for_sipi != (index != 0),
		    "vcpu_create: who is the boot processor?");
	if (ret < 0)
		return end(error_set(err, ret, "fake vcpu_create fails"));
	vm->vcpus[index] = calloc(1, sizeof(*vm->vcpus[index]));
	if (!vm->vcpus[index])
		abort();
	*vm->vcpus[index] = (struct hv_vcpu){ .vm = vm, .index = index, .start = *start };
	*ret_vcpu = vm->vcpus[index];
	return end(0);
}

static enum hv_exit fake_vcpu_run(struct hv_vcpu *vcpu, struct error *err)
{
	int ret = begin(FAKE_VCPU_RUN);
	enum hv_exit reason;
	fake_guest *guest = fake.guest;

	complain_if(vcpu->running, "vcpu_run: it runs already");
	vcpu->running = true;
	vcpu->vm->has_run = true;
	end(0);
	if (ret < 0) {
		error_set(err, ret, "fake vcpu_run fails");
		reason = HV_EXIT_FAILURE;
	} else {
		reason = guest ? guest(vcpu, vcpu->index, fake.guest_ctx) : fake_guest_wait(vcpu);
	}
	pthread_mutex_lock(&lock);
	vcpu->running = false;
	pthread_mutex_unlock(&lock);
	return reason;
}

static void fake_vcpu_stop(struct hv_vcpu *vcpu)
{
	pthread_mutex_lock(&lock);
	fake.counts[FAKE_VCPU_STOP]++;
	vcpu->stopped = true;
	pthread_cond_broadcast(&stop_called);
	pthread_mutex_unlock(&lock);
}

enum hv_exit fake_guest_wait(struct hv_vcpu *vcpu)
{
	pthread_mutex_lock(&lock);
	while (!vcpu->stopped)
		pthread_cond_wait(&stop_called, &lock);
	pthread_mutex_unlock(&lock);
	return HV_EXIT_STOPPED;
}

const struct hv_vcpu_start *fake_guest_start(const struct hv_vcpu *vcpu)
{
	return &vcpu->start;
}

void fake_guest_write(struct hv_vcpu *vcpu, enum io_space space, uint64_t addr, unsigned int size,
		      uint64_t value)
{
	struct io_access access = {
		.space = space,
		.is_write = true,
		.size = (uint8_t)size,
		.addr = addr,
		.data = value,
	};

	vcpu->vm->params.io(vcpu->vm->params.ctx, &access);
}

uint64_t fake_guest_read(struct hv_vcpu *vcpu, enum io_space space, uint64_t addr,
			 unsigned int size)
{
	struct io_access access = { .space = space, .size = (uint8_t)size, .addr = addr };

	vcpu->vm->params.io(vcpu->vm->params.ctx, &access);
	return access.data & io_size_mask(size);
}

static int fake_irq_line(struct hv_vm *vm, unsigned int gsi, bool level)
{
	(void)vm, (void)gsi, (void)level;
	return end(begin(FAKE_IRQ_LINE));
}

static int fake_msi_send(struct hv_vm *vm, uint64_t address, uint32_t data)
{
	int ret = begin(FAKE_MSI_SEND);

	(void)vm;
	if (ret == 0) {
		fake.msis++;
		fake.last_msi = (struct fake_hv_msi){ address, data };
	}
	return end(ret);
}

static int irqfd_assign(struct hv_vm *vm, int fd, struct fake_hv_msi msi, size_t at)
{
	complain_if(at < vm->irqfd_count, "irqfd: the descriptor has a message already");
	if (vm->irqfd_count == IRQFDS_MAX)
		return -ENOSPC;
	vm->irqfds[vm->irqfd_count++] = (struct fake_irqfd){ fd, msi };
	return 0;
}

static int irqfd_deassign(struct hv_vm *vm, size_t at)
{
	complain_if(at == vm->irqfd_count, "irqfd: the descriptor has no message");
	if (at == vm->irqfd_count)
		return -ENOENT;
	vm->irqfds[at] = vm->irqfds[--vm->irqfd_count];
	return 0;
}

static int fake_irqfd(struct hv_vm *vm, int fd, uint64_t address, uint32_t data, bool assign)
{
	int ret = begin(FAKE_IRQFD);
	size_t i;

	serve_irqfds(vm);
	for (i = 0; i < vm->irqfd_count && vm->irqfds[i].fd != fd; i++)
		;
	if (ret == 0 && assign)
		ret = irqfd_assign(vm, fd, (struct fake_hv_msi){ address, data }, i);
	else if (ret == 0)
		ret = irqfd_deassign(vm, i);
	return end(ret);
}

static bool ioeventfd_equal(const struct hv_ioeventfd *a, const struct hv_ioeventfd *b)
{
	return a->space == b->space && a->addr == b->addr && a->size == b->size &&
	       a->datamatch == b->datamatch && a->data == b->data;
}

static int ioeventfd_assign(struct hv_vm *vm, const struct hv_ioeventfd *ioeventfd, size_t at)
{
	complain_if(at < vm->ioeventfd_count, "ioeventfd: the write has a descriptor already");
	if (vm->ioeventfd_count == IOEVENTFDS_MAX)
		return -ENOSPC;
	vm->ioeventfds[vm->ioeventfd_count++] = *ioeventfd;
	return 0;
}

static int ioeventfd_deassign(struct hv_vm *vm, const struct hv_ioeventfd *ioeventfd, size_t at)
{
	bool found = at < vm->ioeventfd_count && vm->ioeventfds[at].fd == ioeventfd->fd;

	complain_if(!found, "ioeventfd: there is no such write, or with another descriptor");
	if (!found)
		return -ENOENT;
	vm->ioeventfds[at] = vm->ioeventfds[--vm->ioeventfd_count];
	return 0;
}

static int fake_ioeventfd(struct hv_vm *vm, const struct hv_ioeventfd *ioeventfd, bool assign)
{
	int ret = begin(FAKE_IOEVENTFD);
	size_t i;

	for (i = 0; i < vm->ioeventfd_count && !ioeventfd_equal(&vm->ioeventfds[i], ioeventfd); i++)
		;
	if (ret == 0 && assign)
		ret = ioeventfd_assign(vm, ioeventfd, i);
	else if (ret == 0)
		ret = ioeventfd_deassign(vm, ioeventfd, i);
	return end(ret);
}

size_t fake_hv_ioeventfds(void)
{
	return fake.vm ? fake.vm->ioeventfd_count : 0;
}

bool fake_hv_write(uint64_t addr, unsigned int size, uint64_t value)
{
	const struct hv_ioeventfd write = {
		.addr = addr,
		.size = (uint8_t)size,
		.datamatch = true,
		.data = value,
		.space = IO_SPACE_MMIO,
	};
	bool found = false;
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; fake.vm && i < fake.vm->ioeventfd_count && !found; i++) {
		found = ioeventfd_equal(&fake.vm->ioeventfds[i], &write);
		if (found)
			eventfd_signal(fake.vm->ioeventfds[i].fd);
	}
	pthread_mutex_unlock(&lock);
	return found;
}

/* At an address that its size allows, of the kind that the flags say. */
static bool bar_is_good(const struct hv_vdev *vdev, unsigned int i)
{
	uint64_t size = vdev->bar_sizes[i], addr = vdev->bars[i] & ~UINT32_C(0xf);

	if (size == 0)
		return true;
	if (vdev->bars[i] & 4 && i + 1 < HV_VDEV_BARS)
		addr |= (uint64_t)vdev->bars[i + 1] << 32;
	return is_power_of_two(size) && addr && addr % size == 0;
}

static void check_vdev(const struct hv_vm *vm, const struct hv_vdev *vdev)
{
	unsigned int i;

	complain_if(vm->has_run, "vdev_create: a vCPU has run already");
	complain_if(!vdev->name || strncmp(vdev->name, "hv:/", 4) != 0 ||
			    strlen(vdev->name) >= VDEV_NAME_MAX,
		    "vdev_create: bad name");
	complain_if(vdev->bus || vdev->slot >= 32 || vdev->function >= 8, "vdev_create: bad slot");
	for (i = 0; i < HV_VDEV_BARS; i++)
		complain_if(!bar_is_good(vdev, i), "vdev_create: bad BAR");
}

/* Index of the device in that slot, or how many there are. */
static size_t find_vdev(const struct hv_vm *vm, const struct hv_vdev *vdev)
{
	size_t i;

	for (i = 0; i < vm->vdev_count; i++)
		if (vm->vdevs[i]->vdev.slot == vdev->slot &&
		    vm->vdevs[i]->vdev.function == vdev->function)
			break;
	return i;
}

static int fake_vdev_create(struct hv_vm *vm, const struct hv_vdev *vdev)
{
	int ret = begin(FAKE_VDEV_CREATE);
	struct fake_vdev *fake_vdev;

	check_vdev(vm, vdev);
	complain_if(find_vdev(vm, vdev) < vm->vdev_count, "vdev_create: the slot is taken");
	if (ret < 0)
		return end(ret);
	if (vm->vdev_count == VDEVS_MAX)
		return end(-ENOSPC);
	fake_vdev = calloc(1, sizeof(*fake_vdev));
	if (!fake_vdev)
		abort();
	fake_vdev->vdev = *vdev;
	strncpy(fake_vdev->name, vdev->name, VDEV_NAME_MAX - 1);
	fake_vdev->vdev.name = fake_vdev->name;
	vm->vdevs[vm->vdev_count++] = fake_vdev;
	return end(0);
}

static int fake_vdev_destroy(struct hv_vm *vm, const struct hv_vdev *vdev)
{
	int ret = begin(FAKE_VDEV_DESTROY);
	size_t at = find_vdev(vm, vdev), i;

	for (i = 0; i < FAKE_HV_VCPUS_MAX; i++)
		complain_if(vm->vcpus[i] && vm->vcpus[i]->running,
			    "vdev_destroy: a vCPU still runs");
	complain_if(at == vm->vdev_count, "vdev_destroy: there is no such device");
	if (at == vm->vdev_count)
		return end(-EINVAL);
	/* One that could not be taken out ends with the VM: the caller has done its part. */
	free(vm->vdevs[at]);
	vm->vdevs[at] = vm->vdevs[--vm->vdev_count];
	return end(ret);
}

size_t fake_hv_vdevs(void)
{
	return fake.vm ? fake.vm->vdev_count : 0;
}

const struct hv_vdev *fake_hv_vdev(const char *name)
{
	size_t i;

	for (i = 0; i < fake_hv_vdevs(); i++)
		if (strcmp(fake.vm->vdevs[i]->name, name) == 0)
			return &fake.vm->vdevs[i]->vdev;
	return NULL;
}

const struct hv_ops hv_fake = {
	.name = "fake",
	.capabilities = HV_CAP_IOEVENTFD_PASSES_UNMATCHED | HV_CAP_MAP_SLOTS_RETURN | HV_CAP_PIT,
	.vm_create = fake_vm_create,
	.vm_destroy = fake_vm_destroy,
	.physical_width = fake_physical_width,
	.mem_map = fake_mem_map,
	.mem_unmap = fake_mem_unmap,
	.vcpu_create = fake_vcpu_create,
	.vcpu_run = fake_vcpu_run,
	.vcpu_stop = fake_vcpu_stop,
	.irq_line = fake_irq_line,
	.msi_send = fake_msi_send,
	.irqfd = fake_irqfd,
	.ioeventfd = fake_ioeventfd,
};

const struct hv_ops hv_fake_acrn = {
	.name = "fake-acrn",
	.capabilities = HV_CAP_VDEV,
	.vm_create = fake_vm_create,
	.vm_destroy = fake_vm_destroy,
	.physical_width = fake_physical_width,
	.mem_map = fake_mem_map,
	.mem_unmap = fake_mem_unmap,
	.vcpu_create = fake_vcpu_create,
	.vcpu_run = fake_vcpu_run,
	.vcpu_stop = fake_vcpu_stop,
	.irq_line = fake_irq_line,
	.msi_send = fake_msi_send,
	.irqfd = fake_irqfd,
	.ioeventfd = fake_ioeventfd,
	.vdev_create = fake_vdev_create,
	.vdev_destroy = fake_vdev_destroy,
};
