/* SPDX-License-Identifier: BSD-3-Clause */
/* ACRN: the life of a VM, from the driver's node to its end, and the table of operations. */
#include "devicemodel/hypervisor/acrn.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/fds.h"
#include "lib/log.h"

/* The hypervisor takes a moment to be done with the former VM of that name. */
#define CREATE_TRIES 10
#define CREATE_PAUSE_MS 500

#define CPUID_ADDRESS_SIZES 0x80000008
/* What four levels of extended page tables reach, and ACRN builds no more. */
#define EPT_WIDTH_MAX 48
#define WIDTH_DEFAULT 36 /* of a processor without the leaf */

static bool acrn_is_there(void)
{
	struct stat status;

	return stat(ACRN_NODE, &status) == 0 || stat(ACRN_NODE_OLD, &status) == 0;
}

int acrn_explain(struct hv_vm *vm, int code)
{
	/* Hypercalls that are refused for severity return -1, which arrives as EPERM. */
	if (code == -EPERM && !atomic_exchange(&vm->said_severity, true))
		log_warning(ACRN_TAG,
			    "the hypervisor lets nobody interrupt or change VM \"%s\": it stands "
			    "above the service VM (a real-time or safety VM). Memory and polling "
			    "work, interrupts reach it from hv:/ regions only",
			    vm->params.name);
	return code;
}

static int open_node(struct error *err)
{
	const char *node = ACRN_NODE;
	int fd, ret;

	fd = open(ACRN_NODE, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		node = ACRN_NODE_OLD;
		fd = open(ACRN_NODE_OLD, O_RDWR | O_CLOEXEC);
	}
	if (fd >= 0)
		return fd;
	ret = -errno;
	switch (ret) {
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return error_set(err, ret,
				 "neither " ACRN_NODE " nor " ACRN_NODE_OLD " is there: this is "
				 "not the service VM of an ACRN hypervisor, or its kernel lacks "
				 "the driver (CONFIG_ACRN_HSM; modprobe acrn)");
	case -EACCES:
	case -EPERM:
		return error_set(err, ret, "may not open %s: %s; run as root", node,
				 strerror(-ret));
	default:
		return error_set(err, ret, "cannot open %s: %s", node, strerror(-ret));
	}
}

static int requests_new(struct hv_vm *vm, struct error *err)
{
	unsigned int i;
	void *page;

	/* Shared, for the driver pins it: after a fork() a private page would part from it. */
	page = mmap(NULL, sizeof(*vm->requests), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return error_set(err, -errno, "no page for I/O requests: %s", strerror(errno));
	vm->requests = page;
	/* Zeros would mean that requests are pending. */
	for (i = 0; i < ACRN_IO_REQUEST_MAX; i++)
		vm->requests->req_slot[i].processed = ACRN_IOREQ_STATE_FREE;
	return 0;
}

static int create_error(const struct hv_vm *vm, int code, struct error *err)
{
	switch (code) {
	case -EINVAL:
	case -EPERM:
		return error_set(err, code,
				 "ACRN refuses VM \"%s\": its scenario has no post-launched VM of "
				 "this name, or one of this name runs already",
				 vm->params.name);
	case -ENOTTY:
		return error_set(err, code,
				 "the kernel's ACRN driver does not know ACRN_IOCTL_CREATE_VM; "
				 "a newer kernel (5.12 on) does");
	default:
		return error_set(err, code, "ACRN_IOCTL_CREATE_VM: %s", strerror(-code));
	}
}

/* How many processors a VM has is the hypervisor's; the guest's tables list what --cpus says. */
static int check_vcpus(const struct hv_vm *vm, unsigned int given, struct error *err)
{
	if (given > 0 && given < vm->params.vcpus)
		return error_set(err, -EINVAL,
				 "ACRN gives VM \"%s\" %u virtual CPUs, fewer than --cpus %u; "
				 "lower it",
				 vm->params.name, given, vm->params.vcpus);
	if (given > vm->params.vcpus)
		log_warning(ACRN_TAG,
			    "ACRN gives VM \"%s\" %u virtual CPUs, the guest will know of %u; say "
			    "--cpus %u",
			    vm->params.name, given, vm->params.vcpus, given);
	return 0;
}

static int create_vm(struct hv_vm *vm, struct error *err)
{
	const struct timespec pause = { .tv_nsec = CREATE_PAUSE_MS * 1000000L };
	struct acrn_vm_creation creation = { .ioreq_buf = (uintptr_t)vm->requests };
	size_t length = strlen(vm->params.name);
	int tries, ret = 0;

	/* The field is called uuid for historical reasons; the hypervisor compares VM names. */
	if (length >= sizeof(creation.uuid))
		return error_set(err, -EINVAL, "VM name \"%s\": ACRN takes at most %zu letters",
				 vm->params.name, sizeof(creation.uuid) - 1);
	memcpy(&creation.uuid, vm->params.name, length);
	for (tries = 0; tries < CREATE_TRIES; tries++) {
		if (tries > 0)
			nanosleep(&pause, NULL);
		ret = ioctl(vm->fd, ACRN_IOCTL_CREATE_VM, &creation) < 0 ? -errno : 0;
		if (ret != -EBUSY && ret != -EAGAIN && ret != -EPERM)
			break;
	}
	if (ret < 0)
		return create_error(vm, ret, err);
	vm->is_created = true;
	vm->id = creation.vmid;
	return check_vcpus(vm, creation.vcpu_num, err);
}

/*
 * Closing the node destroys the VM as well. After a DESTROY_VM that the hypervisor has refused, the
 * driver then takes down a second time what it has freed already (Linux, drivers/virt/acrn/vm.c):
 * it is not asked where that is to be expected, as of a VM that runs on, though pausing it seemed
 * to succeed.
 */
void acrn_vm_end(struct hv_vm *vm)
{
	const char *name = vm->params.name;

	if (vm->is_created && vm->runs_on)
		log_warning(ACRN_TAG, "VM \"%s\" is not destroyed: it could not be paused", name);
	else if (vm->is_created && acrn_is_above_service_vm(vm))
		log_warning(ACRN_TAG,
			    "VM \"%s\" is not destroyed: one that stands above the service VM ends "
			    "only by itself", name);
	else if (vm->is_created && ioctl(vm->fd, ACRN_IOCTL_DESTROY_VM) < 0)
		log_warning(ACRN_TAG, "VM \"%s\" is not destroyed: ACRN_IOCTL_DESTROY_VM: %s",
			    name, strerror(errno));
	vm->is_created = false;
}

static void acrn_vm_destroy(struct hv_vm *vm)
{
	unsigned int i;

	if (!vm)
		return;
	pthread_mutex_lock(&vm->lock);
	acrn_ioreq_stop(vm);
	pthread_mutex_unlock(&vm->lock);
	acrn_vdevs_clear(vm);
	acrn_vm_end(vm);
	for (i = 0; vm->vcpus && i < vm->params.vcpus; i++)
		free(vm->vcpus[i]);
	free(vm->vcpus);
	free(vm->ioeventfds);
	fd_close(&vm->fd);
	/* The hypervisor writes to the page for as long as the VM is there. */
	if (vm->requests)
		munmap(vm->requests, sizeof(*vm->requests));
	pthread_cond_destroy(&vm->stopping);
	pthread_mutex_destroy(&vm->lock);
	free(vm);
}

static int acrn_vm_create(const struct hv_vm_params *params, struct hv_vm **ret_vm,
			  struct error *err)
{
	struct hv_vm *vm;
	int ret;

	if (params->vcpus > ACRN_IO_REQUEST_MAX)
		return error_set(err, -EINVAL, "%u virtual CPUs are more than the %d that ACRN "
				 "takes; lower --cpus", params->vcpus, ACRN_IO_REQUEST_MAX);
	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return error_set(err, -ENOMEM, "out of memory");
	vm->params = *params;
	vm->piece_max = UINT64_MAX;
	pthread_mutex_init(&vm->lock, NULL);
	pthread_cond_init(&vm->stopping, NULL);
	vm->fd = open_node(err);
	if (vm->fd < 0) {
		ret = vm->fd;
		goto out_destroy;
	}
	vm->vcpus = calloc(params->vcpus, sizeof(struct hv_vcpu *));
	if (!vm->vcpus) {
		ret = error_set(err, -ENOMEM, "out of memory");
		goto out_destroy;
	}
	ret = requests_new(vm, err);
	if (ret == 0)
		ret = create_vm(vm, err);
	if (ret < 0)
		goto out_destroy;
	*ret_vm = vm;
	return 0;

out_destroy:
	acrn_vm_destroy(vm);
	return ret;
}

unsigned int acrn_physical_width(const struct hv_vm *vm)
{
	unsigned int eax, ebx, ecx, edx, width = WIDTH_DEFAULT;

	(void)vm;
	/* The hypervisor shows guests the processor's own width, which it shows us as well. */
	if (__get_cpuid(CPUID_ADDRESS_SIZES, &eax, &ebx, &ecx, &edx) && (eax & 0xff))
		width = eax & 0xff;
	return width < EPT_WIDTH_MAX ? width : EPT_WIDTH_MAX;
}

/*
 * No HV_CAP_IOEVENTFD_PASSES_UNMATCHED: where one ioeventfd lies the driver answers every access
 * that fits into it; reads give 0, writes that match none are lost.
 */
const struct hv_ops hv_acrn = {
	.name = "acrn",
	.capabilities = HV_CAP_VDEV,
	.is_there = acrn_is_there,
	.vm_create = acrn_vm_create,
	.vm_destroy = acrn_vm_destroy,
	.physical_width = acrn_physical_width,
	.mem_map = acrn_mem_map,
	.mem_unmap = acrn_mem_unmap,
	.mem_error_text = acrn_mem_error_text,
	.vcpu_create = acrn_vcpu_create,
	.vcpu_run = acrn_vcpu_run,
	.vcpu_stop = acrn_vcpu_stop,
	.irq_line = acrn_irq_line,
	.msi_send = acrn_msi_send,
	.irqfd = acrn_irqfd,
	.ioeventfd = acrn_ioeventfd,
	.vdev_create = acrn_vdev_create,
	.vdev_destroy = acrn_vdev_destroy,
};
