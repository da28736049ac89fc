/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM: virtual processors, and what makes them leave the guest. */
#include "devicemodel/hypervisor/kvm.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "lib/fds.h"

/* Interrupts KVM_RUN; the handler has nothing to do, EINTR is the message. */
#define KICK_SIGNAL SIGRTMIN

static void kick_handler(int number)
{
	(void)number;
}

static int install_kick_handler(void)
{
	struct sigaction action = { .sa_handler = kick_handler };

	sigemptyset(&action.sa_mask);
	return sigaction(KICK_SIGNAL, &action, NULL) < 0 ? -errno : 0;
}

/* A program starts with the signals blocked that its parent had blocked. */
static void unblock_kick(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, KICK_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void kvm_vcpu_free(struct hv_vcpu *vcpu)
{
	if (!vcpu)
		return;
	if (vcpu->run != MAP_FAILED)
		munmap(vcpu->run, vcpu->vm->run_size);
	fd_close(&vcpu->fd);
	free(vcpu);
}

static int vcpu_open(struct hv_vcpu *vcpu, unsigned int index, const struct hv_vcpu_start *start,
		     const char **ret_what)
{
	int ret;

	*ret_what = "KVM_CREATE_VCPU";
	vcpu->fd = ioctl(vcpu->vm->vm_fd, KVM_CREATE_VCPU, (unsigned long)index);
	if (vcpu->fd < 0)
		return -errno;
	*ret_what = "the map of its run area";
	vcpu->run = mmap(NULL, vcpu->vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		return -errno;
	*ret_what = "KVM_SET_CPUID2";
	ret = kvm_cpuid_set(vcpu->vm, vcpu->fd, index);
	if (ret < 0)
		return ret;
	*ret_what = "KVM_SET_SREGS";
	return kvm_cpu_start(vcpu->fd, start);
}

int kvm_vcpu_create(struct hv_vm *vm, unsigned int index, const struct hv_vcpu_start *start,
		    struct hv_vcpu **ret_vcpu, struct error *err)
{
	const char *what = "sigaction";
	struct hv_vcpu *vcpu;
	int ret;

	if (index >= vm->params.vcpus || vm->vcpus[index])
		return error_set(err, -EINVAL, "vcpu %u: no such number, or it is there already",
				 index);
	ret = kvm_chips_create(vm, err);
	if (ret < 0)
		return ret;
	vcpu = calloc(1, sizeof(*vcpu));
	if (!vcpu)
		return error_set(err, -ENOMEM, "out of memory");
	vcpu->vm = vm;
	vcpu->fd = -1;
	vcpu->run = MAP_FAILED;
	ret = install_kick_handler();
	if (ret == 0)
		ret = vcpu_open(vcpu, index, start, &what);
	if (ret < 0) {
		kvm_vcpu_free(vcpu);
		return error_set(err, ret, "vcpu %u: %s: %s", index, what, strerror(-ret));
	}
	vm->vcpus[index] = vcpu;
	*ret_vcpu = vcpu;
	return 0;
}

/* Port accesses of string instructions come several at a time. */
static void serve_port(struct hv_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	char *data = (char *)run + run->io.data_offset;
	struct io_access access;
	uint32_t i;

	for (i = 0; i < run->io.count; i++, data += run->io.size) {
		access = (struct io_access){
			.space = IO_SPACE_PORT,
			.is_write = run->io.direction == KVM_EXIT_IO_OUT,
			.size = run->io.size,
			.addr = run->io.port,
		};
		if (access.is_write)
			memcpy(&access.data, data, run->io.size);
		vcpu->vm->params.io(vcpu->vm->params.ctx, &access);
		if (!access.is_write)
			memcpy(data, &access.data, run->io.size);
	}
}

static void serve_mmio(struct hv_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	struct io_access access = {
		.space = IO_SPACE_MMIO,
		.is_write = run->mmio.is_write,
		.size = (uint8_t)(run->mmio.len <= 8 ? run->mmio.len : 8),
		.addr = run->mmio.phys_addr,
	};

	if (access.is_write)
		memcpy(&access.data, run->mmio.data, access.size);
	vcpu->vm->params.io(vcpu->vm->params.ctx, &access);
	if (!access.is_write)
		memcpy(run->mmio.data, &access.data, access.size);
}

/* The bytes that KVM's instruction emulator did not know tell what to look for. */
static enum hv_exit internal_error(struct hv_vcpu *vcpu, struct error *err)
{
	const struct kvm_run *run = vcpu->run;
	const uint8_t *bytes = run->emulation_failure.insn_bytes;
	struct kvm_regs regs = { 0 };
	char hex[3 * 15 + 1] = "";
	unsigned int i, size = 0;

	ioctl(vcpu->fd, KVM_GET_REGS, &regs);
	if (run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION &&
	    run->emulation_failure.ndata >= 3 &&
	    run->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES)
		size = run->emulation_failure.insn_size <= 15 ? run->emulation_failure.insn_size
							      : 15;
	for (i = 0; i < size; i++)
		snprintf(hex + 3 * i, 4, " %02x", bytes[i]);
	error_set(err, -EIO, "KVM internal error %u at rip 0x%llx%s%s", run->internal.suberror,
		  (unsigned long long)regs.rip, size ? ": cannot emulate" : "", hex);
	return HV_EXIT_FAILURE;
}

/* Serves one exit; true if the guest can go on, else *ret_exit says why not. */
static bool serve_exit(struct hv_vcpu *vcpu, enum hv_exit *ret_exit, struct error *err)
{
	const struct kvm_run *run = vcpu->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		serve_port(vcpu);
		return true;
	case KVM_EXIT_MMIO:
		serve_mmio(vcpu);
		return true;
	case KVM_EXIT_INTR:
	case KVM_EXIT_HLT:
		return true;
	case KVM_EXIT_SHUTDOWN:
		*ret_exit = HV_EXIT_SHUTDOWN;
		return false;
	case KVM_EXIT_INTERNAL_ERROR:
		*ret_exit = internal_error(vcpu, err);
		return false;
	case KVM_EXIT_FAIL_ENTRY:
		error_set(err, -EIO, "the processor refuses the guest's state (reason 0x%llx)",
			  (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
		break;
	default:
		error_set(err, -EIO, "unexpected KVM exit %u", run->exit_reason);
		break;
	}
	*ret_exit = HV_EXIT_FAILURE;
	return false;
}

enum hv_exit kvm_vcpu_run(struct hv_vcpu *vcpu, struct error *err)
{
	enum hv_exit reason = HV_EXIT_STOPPED;
	bool going = true;

	unblock_kick();
	vcpu->thread = pthread_self();
	atomic_store(&vcpu->running, true);
	while (going) {
		if (ioctl(vcpu->fd, KVM_RUN, 0) == 0) {
			going = serve_exit(vcpu, &reason, err);
		} else if (errno == EINTR) {
			going = !__atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_SEQ_CST);
		} else if (errno != EAGAIN) {
			error_set(err, -errno, "KVM_RUN: %s", strerror(errno));
			reason = HV_EXIT_FAILURE;
			going = false;
		}
	}
	atomic_store(&vcpu->running, false);
	return reason;
}

void kvm_vcpu_stop(struct hv_vcpu *vcpu)
{
	/* Before KVM_RUN the flag stops it, inside the signal does. */
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	if (atomic_load(&vcpu->running))
		pthread_kill(vcpu->thread, KICK_SIGNAL);
}
