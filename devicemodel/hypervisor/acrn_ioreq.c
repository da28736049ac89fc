/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ACRN: I/O requests. A vCPU's access that neither the hypervisor nor the driver answers stands in
 * the vCPU's slot of the shared page, in state PROCESSING; it waits until we say that it is done.
 */
#include "devicemodel/hypervisor/acrn.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/log.h"

/*
 * After a triple fault the hypervisor sends the device model a write to the PM1a control register
 * of its own device model: SLP_EN with SLP_TYP 5. No table of ours tells guests of that port.
 */
#define CRASH_PORT 0x404
#define CRASH_VALUE (0x2000 | 5 << 10)

int acrn_ioreq_start(struct hv_vm *vm, struct error *err)
{
	int ret;

	if (ioctl(vm->fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT) < 0)
		return error_set(err, -errno, "ACRN_IOCTL_CREATE_IOREQ_CLIENT: %s",
				 strerror(errno));
	vm->has_client = true;
	if (ioctl(vm->fd, ACRN_IOCTL_START_VM) < 0) {
		ret = error_set(err, -errno, "ACRN_IOCTL_START_VM: %s", strerror(errno));
		acrn_ioreq_stop(vm);
		return ret;
	}
	return 0;
}

void acrn_ioreq_stop(struct hv_vm *vm)
{
	/* First: whoever is told by the driver that it is over finds this set. */
	atomic_store(&vm->is_stopping, true);
	/* Also if it never ran: the hypervisor takes DESTROY_VM of a paused one only. */
	if (vm->is_created && !vm->is_paused && ioctl(vm->fd, ACRN_IOCTL_PAUSE_VM) < 0) {
		log_warning(ACRN_TAG, "ACRN_IOCTL_PAUSE_VM: %s", strerror(errno));
		vm->runs_on = true;
	}
	vm->is_paused = true;
	if (vm->has_client && ioctl(vm->fd, ACRN_IOCTL_DESTROY_IOREQ_CLIENT) < 0) {
		log_warning(ACRN_TAG, "ACRN_IOCTL_DESTROY_IOREQ_CLIENT: %s", strerror(errno));
		/* Who waits for requests must not wait for ever: the client ends with the VM. */
		acrn_vm_end(vm);
	}
	vm->has_client = false;
}

/* Also while it is being stopped, and then not before that is done. */
static bool is_stopped(struct hv_vm *vm)
{
	bool stopped;

	/* Asked twice for each request: no lock for what is nearly never so. */
	if (!atomic_load_explicit(&vm->is_stopping, memory_order_acquire))
		return false;
	pthread_mutex_lock(&vm->lock);
	stopped = !vm->has_client;
	pthread_mutex_unlock(&vm->lock);
	return stopped;
}

static bool is_good_size(uint64_t size, uint64_t most)
{
	return size <= most && (size == 1 || size == 2 || size == 4 || size == 8);
}

/* Ports: false if it is none that a processor can make. */
static bool read_port(const struct acrn_io_request *slot, struct io_access *access)
{
	const struct acrn_pio_request *request = &slot->reqs.pio_request;

	*access = (struct io_access){
		.space = IO_SPACE_PORT,
		.is_write = request->direction == ACRN_IOREQ_DIR_WRITE,
		.size = (uint8_t)request->size,
		.addr = request->address,
		.data = request->value,
	};
	return is_good_size(request->size, 4) && request->address <= UINT16_MAX;
}

static bool read_mmio(const struct acrn_io_request *slot, struct io_access *access)
{
	const struct acrn_mmio_request *request = &slot->reqs.mmio_request;

	*access = (struct io_access){
		.space = IO_SPACE_MMIO,
		.is_write = request->direction == ACRN_IOREQ_DIR_WRITE,
		.size = (uint8_t)request->size,
		.addr = request->address,
		.data = request->value,
	};
	return is_good_size(request->size, 8);
}

/* The driver has made these of the ports 0xcf8 and 0xcfc; ECAM comes as memory. */
static bool read_config(const struct acrn_io_request *slot, struct io_access *access)
{
	const struct acrn_pci_request *request = &slot->reqs.pci_request;

	*access = (struct io_access){
		.space = IO_SPACE_PCI_CONFIG,
		.is_write = request->direction == ACRN_IOREQ_DIR_WRITE,
		.size = (uint8_t)request->size,
		.addr = (uint64_t)request->bus << 20 | request->dev << 15 | request->func << 12 |
			request->reg,
		.data = request->value,
	};
	return is_good_size(request->size, 4) && request->bus < 256 && request->dev < 32 &&
	       request->func < 8 && request->reg < 4096;
}

static bool read_request(const struct acrn_io_request *slot, struct io_access *access)
{
	bool is_good = false;

	switch (slot->type) {
	case ACRN_IOREQ_TYPE_PORTIO:
		is_good = read_port(slot, access);
		break;
	case ACRN_IOREQ_TYPE_MMIO:
		is_good = read_mmio(slot, access);
		break;
	case ACRN_IOREQ_TYPE_PCICFG:
		is_good = read_config(slot, access);
		break;
	default:
		break;
	}
	if (is_good && access->is_write)
		access->data &= io_size_mask(access->size);
	return is_good;
}

/* Port and configuration values are 32 bits wide and lie at the same place. */
static void write_value(struct acrn_io_request *slot, uint64_t value)
{
	if (slot->type == ACRN_IOREQ_TYPE_MMIO)
		slot->reqs.mmio_request.value = value;
	else
		slot->reqs.pio_request.value = (uint32_t)value;
}

static bool is_crash(const struct io_access *access)
{
	return access->space == IO_SPACE_PORT && access->is_write && access->addr == CRASH_PORT &&
	       access->size == 2 && access->data == CRASH_VALUE;
}

/* What the slot is about, and nothing else, may be changed: the vCPU goes on with it. */
static bool serve_slot(struct hv_vm *vm, struct acrn_io_request *slot)
{
	struct io_access access;

	if (!read_request(slot, &access)) {
		write_value(slot, IO_READ_NONE);
		return true;
	}
	if (is_crash(&access))
		return false;
	vm->params.io(vm->params.ctx, &access);
	if (!access.is_write)
		write_value(slot, access.data);
	return true;
}

static int finish(struct hv_vm *vm, unsigned int vcpu)
{
	struct acrn_ioreq_notify notify = { .vmid = vm->id, .vcpu = vcpu };

	/* The driver sets the state to COMPLETE, after all that was written before this call. */
	return ioctl(vm->fd, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &notify) < 0 ? -errno : 0;
}

/* True if the loop may go on; else *@ret_exit says why not. */
static bool serve_slots(struct hv_vm *vm, enum hv_exit *ret_exit, struct error *err)
{
	struct acrn_io_request *slot;
	unsigned int i;
	int ret;

	for (i = 0; i < ACRN_IO_REQUEST_MAX; i++) {
		slot = &vm->requests->req_slot[i];
		/* The state is written last: only behind it the rest of the slot can be read. */
		if (__atomic_load_n(&slot->processed, __ATOMIC_ACQUIRE) !=
			    ACRN_IOREQ_STATE_PROCESSING ||
		    slot->kernel_handled)
			continue;
		if (!serve_slot(vm, slot)) {
			*ret_exit = HV_EXIT_SHUTDOWN;
			return false;
		}
		/* A request that ends the VM, or came while it ended, is nobody's any more. */
		if (is_stopped(vm))
			return true;
		ret = finish(vm, i);
		if (ret < 0 && !is_stopped(vm)) {
			error_set(err, ret, "ACRN_IOCTL_NOTIFY_REQUEST_FINISH: %s",
				  strerror(-ret));
			*ret_exit = HV_EXIT_FAILURE;
			return false;
		}
	}
	return true;
}

enum hv_exit acrn_ioreq_serve(struct hv_vm *vm, struct error *err)
{
	enum hv_exit reason = HV_EXIT_STOPPED;
	bool going = true;
	int ret;

	while (going && !is_stopped(vm)) {
		/* Blocks until there is a request, or until the client is destroyed (ENODEV). */
		ret = ioctl(vm->fd, ACRN_IOCTL_ATTACH_IOREQ_CLIENT) < 0 ? -errno : 0;
		if (ret == 0) {
			going = serve_slots(vm, &reason, err);
		} else if (ret != -EINTR && !is_stopped(vm)) {
			error_set(err, ret, "ACRN_IOCTL_ATTACH_IOREQ_CLIENT: %s", strerror(-ret));
			reason = HV_EXIT_FAILURE;
			going = false;
		}
	}
	return reason;
}
