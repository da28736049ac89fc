/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM: the VM object and its memory. */
#include "devicemodel/hypervisor/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/fds.h"
#include "lib/util.h"

#define KVM_NODE "/dev/kvm"

/* Three pages that Intel processors need for real mode; the machine keeps BARs away from there. */
#define KVM_TSS_ADDRESS 0xfffbd000UL

static int open_node(struct error *err)
{
	int fd = open(KVM_NODE, O_RDWR | O_CLOEXEC);
	int ret = -errno;

	if (fd >= 0)
		return fd;
	switch (ret) {
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return error_set(err, ret,
				 KVM_NODE " is not there: this machine has no KVM, or its "
					  "module is not loaded (modprobe kvm-intel or kvm-amd)");
	case -EACCES:
	case -EPERM:
		return error_set(err, ret,
				 "may not open " KVM_NODE ": %s; join the group kvm or run "
				 "as root",
				 strerror(-ret));
	default:
		return error_set(err, ret, "cannot open " KVM_NODE ": %s", strerror(-ret));
	}
}

/* Only what this back end cannot do without, each by the name that the kernel documents. */
static int check_extensions(int kvm_fd, struct error *err)
{
	static const struct {
		int number;
		const char *name;
	} needed[] = {
		{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
		{ KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP" },
		{ KVM_CAP_PIT2, "KVM_CAP_PIT2" },
		{ KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI" },
		{ KVM_CAP_IRQFD, "KVM_CAP_IRQFD" },
		{ KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD" },
		{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" },
	};
	size_t i;

	if (ioctl(kvm_fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return error_set(err, -ENOTSUP, KVM_NODE " does not speak version %d of the KVM "
				 "interface", KVM_API_VERSION);
	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (ioctl(kvm_fd, KVM_CHECK_EXTENSION, needed[i].number) <= 0)
			return error_set(err, -ENOTSUP, "the kernel's KVM lacks %s; a newer kernel "
					 "has it", needed[i].name);
	return 0;
}

/*
 * As late as may be: while the chips are there, each change of the memory map waits for all readers
 * of the interrupt routes, some milliseconds at a time.
 */
int kvm_chips_create(struct hv_vm *vm, struct error *err)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	const char *what;
	int ret;

	if (vm->has_chips)
		return 0;
	what = "KVM_SET_TSS_ADDR";
	if (ioctl(vm->vm_fd, KVM_SET_TSS_ADDR, KVM_TSS_ADDRESS) < 0)
		goto failed;
	what = "KVM_CREATE_IRQCHIP";
	if (ioctl(vm->vm_fd, KVM_CREATE_IRQCHIP, 0) < 0)
		goto failed;
	what = "KVM_CREATE_PIT2";
	if (ioctl(vm->vm_fd, KVM_CREATE_PIT2, &pit) < 0)
		goto failed;
	ret = kvm_irq_init(vm);
	if (ret < 0)
		return error_set(err, ret, "KVM_SET_GSI_ROUTING: %s", strerror(-ret));
	vm->has_chips = true;
	return 0;

failed:
	return error_set(err, -errno, "%s: %s", what, strerror(errno));
}

static int create_vm_fd(struct hv_vm *vm, struct error *err)
{
	int limit, ret;

	limit = ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	if (limit > 0 && vm->params.vcpus > (unsigned int)limit)
		return error_set(err, -EINVAL, "%u virtual CPUs are more than the %d that this KVM "
				 "takes; lower --cpus", vm->params.vcpus, limit);
	do {
		vm->vm_fd = ioctl(vm->kvm_fd, KVM_CREATE_VM, 0);
	} while (vm->vm_fd < 0 && errno == EINTR);
	if (vm->vm_fd < 0)
		return error_set(err, -errno, "KVM_CREATE_VM: %s%s", strerror(errno),
				 errno == EBUSY ? "; another hypervisor holds the processor" : "");
	ret = ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (ret < 0)
		return error_set(err, -errno, "KVM_GET_VCPU_MMAP_SIZE: %s", strerror(errno));
	vm->run_size = (size_t)ret;
	return 0;
}

static void kvm_vm_destroy(struct hv_vm *vm)
{
	unsigned int i;

	if (!vm)
		return;
	for (i = 0; vm->vcpus && i < vm->params.vcpus; i++)
		kvm_vcpu_free(vm->vcpus[i]);
	free(vm->vcpus);
	fd_close(&vm->vm_fd);
	fd_close(&vm->kvm_fd);
	free(vm->cpuid);
	free(vm->slots);
	free(vm->routes);
	free(vm);
}

static int kvm_vm_create(const struct hv_vm_params *params, struct hv_vm **ret_vm,
			 struct error *err)
{
	struct hv_vm *vm;
	int ret;

	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return error_set(err, -ENOMEM, "out of memory");
	vm->params = *params;
	vm->vm_fd = -1;
	vm->kvm_fd = open_node(err);
	if (vm->kvm_fd < 0) {
		ret = vm->kvm_fd;
		goto out_destroy;
	}
	ret = check_extensions(vm->kvm_fd, err);
	if (ret < 0)
		goto out_destroy;
	vm->vcpus = calloc(params->vcpus, sizeof(struct hv_vcpu *));
	if (!vm->vcpus) {
		ret = error_set(err, -ENOMEM, "out of memory");
		goto out_destroy;
	}
	ret = kvm_cpuid_get(vm->kvm_fd, &vm->cpuid);
	if (ret < 0) {
		error_set(err, ret, "KVM_GET_SUPPORTED_CPUID: %s", strerror(-ret));
		goto out_destroy;
	}
	ret = create_vm_fd(vm, err);
	if (ret < 0)
		goto out_destroy;
	*ret_vm = vm;
	return 0;

out_destroy:
	kvm_vm_destroy(vm);
	return ret;
}

/* A free slot's index, growing the array by one if there is none. */
static int slot_take(struct hv_vm *vm, size_t *ret_index)
{
	struct kvm_slot *slots;
	size_t i;

	for (i = 0; i < vm->slot_count; i++)
		if (vm->slots[i].size == 0)
			break;
	if (i == vm->slot_count) {
		slots = reallocarray(vm->slots, vm->slot_count + 1, sizeof(*slots));
		if (!slots)
			return -ENOMEM;
		vm->slots = slots;
		vm->slots[vm->slot_count++] = (struct kvm_slot){ 0 };
	}
	*ret_index = i;
	return 0;
}

static int slot_set(struct hv_vm *vm, size_t index, uint64_t gpa, uint64_t size, void *host,
		    bool writable)
{
	struct kvm_userspace_memory_region region = {
		.slot = (uint32_t)index,
		.flags = writable ? 0 : KVM_MEM_READONLY,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)host,
	};

	return ioctl(vm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -errno : 0;
}

static int kvm_mem_map(struct hv_vm *vm, uint64_t gpa, uint64_t size, void *host, bool writable)
{
	uint64_t limit = UINT64_C(1) << kvm_physical_width(vm);
	size_t index;
	int ret;

	/* The kernel would take an address that the guest's page tables cannot hold. */
	if (gpa >= limit || size > limit - gpa)
		return -EINVAL;
	ret = slot_take(vm, &index);
	if (ret < 0)
		return ret;
	ret = slot_set(vm, index, gpa, size, host, writable);
	if (ret == 0)
		vm->slots[index] = (struct kvm_slot){ gpa, size };
	return ret;
}

static int kvm_mem_unmap(struct hv_vm *vm, uint64_t gpa, uint64_t size)
{
	size_t i;
	int ret;

	for (i = 0; i < vm->slot_count; i++)
		if (vm->slots[i].size == size && vm->slots[i].gpa == gpa)
			break;
	if (i == vm->slot_count || size == 0)
		return -ENOENT;
	ret = slot_set(vm, i, gpa, 0, NULL, true);
	if (ret == 0)
		vm->slots[i].size = 0;
	return ret;
}

const struct hv_ops hv_kvm = {
	.name = "kvm",
	.capabilities = HV_CAP_IOEVENTFD_PASSES_UNMATCHED | HV_CAP_MAP_SLOTS_RETURN | HV_CAP_PIT,
	.vm_create = kvm_vm_create,
	.vm_destroy = kvm_vm_destroy,
	.physical_width = kvm_physical_width,
	.mem_map = kvm_mem_map,
	.mem_unmap = kvm_mem_unmap,
	.vcpu_create = kvm_vcpu_create,
	.vcpu_run = kvm_vcpu_run,
	.vcpu_stop = kvm_vcpu_stop,
	.irq_line = kvm_irq_line,
	.msi_send = kvm_msi_send,
	.irqfd = kvm_irqfd,
	.ioeventfd = kvm_ioeventfd,
};
