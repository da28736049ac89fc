/* SPDX-License-Identifier: BSD-3-Clause */
/* ACRN: interrupt lines, messages, and the eventfds on both sides. */
#include "devicemodel/hypervisor/acrn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/fds.h"
#include "lib/log.h"

/* What to do with a line, in the upper half of ACRN_IOCTL_SET_IRQLINE's argument. */
#define LINE_HIGH UINT64_C(0)
#define LINE_LOW UINT64_C(1)

#define QUIET_GSI 2 /* only the timer drives it, by pulses, so it is low */

#define MSI_WINDOW 0xfee /* in MB */

/*
 * Guests write what they like into MSI-X tables. The hypervisor refuses messages to other addresses
 * (Intel SDM 3A 11.11.1) with the code for VMs that are more severe.
 */
static bool is_message(uint64_t address)
{
	return address >> 20 == MSI_WINDOW;
}

/* A guest that waits for it does not see why. */
static int lost(struct hv_vm *vm, const char *call, int code)
{
	if (code == -EPERM)
		return acrn_explain(vm, code);
	if (!atomic_exchange(&vm->said_lost, true))
		log_warning(ACRN_TAG,
			    "%s: %s: the guest misses an interrupt; further ones are not told of",
			    call, strerror(-code));
	return code;
}

int acrn_irq_line(struct hv_vm *vm, unsigned int gsi, bool level)
{
	/* Its number says otherwise, but the argument is the value and not a pointer to one. */
	uint64_t arg = gsi | (level ? LINE_HIGH : LINE_LOW) << 32;

	if (!vm->is_created)
		return -ENODEV;
	return ioctl(vm->fd, ACRN_IOCTL_SET_IRQLINE, arg) < 0 ?
		       lost(vm, "ACRN_IOCTL_SET_IRQLINE", -errno) : 0;
}

bool acrn_is_above_service_vm(const struct hv_vm *vm)
{
	/* Nobody tells; but this, which changes nothing, is refused for no other reason. */
	return ioctl(vm->fd, ACRN_IOCTL_SET_IRQLINE, QUIET_GSI | LINE_LOW << 32) < 0 &&
	       errno == EPERM;
}

int acrn_msi_send(struct hv_vm *vm, uint64_t address, uint32_t data)
{
	struct acrn_msi_entry msi = { .msi_addr = address, .msi_data = data };

	if (!is_message(address))
		return -EINVAL;
	if (!vm->is_created)
		return -ENODEV;
	return ioctl(vm->fd, ACRN_IOCTL_INJECT_MSI, &msi) < 0 ?
		       lost(vm, "ACRN_IOCTL_INJECT_MSI", -errno) : 0;
}

int acrn_irqfd(struct hv_vm *vm, int fd, uint64_t address, uint32_t data, bool assign)
{
	struct acrn_irqfd arg = {
		.fd = fd,
		.flags = assign ? 0 : ACRN_IRQFD_FLAG_DEASSIGN,
		.msi = { .msi_addr = address, .msi_data = data },
	};

	if (fd < 0)
		return assign ? -EBADF : -ENOENT;
	if (assign && !is_message(address))
		return -EINVAL;
	/*
	 * The driver looks at the eventfd when it is assigned, as it shall, but never takes off the
	 * counter what it has delivered: that would be delivered again at the next assignment. Not
	 * after the call: a signal in between may come twice, but must not be lost.
	 */
	if (!assign)
		eventfd_drain(fd);
	/* What was assigned has ended with the VM. */
	if (!vm->is_created)
		return assign ? -ENODEV : 0;
	return ioctl(vm->fd, ACRN_IOCTL_IRQFD, &arg) < 0 ? -errno : 0;
}

static struct hv_ioeventfd *find_entry(struct hv_vm *vm, int fd)
{
	size_t i;

	for (i = 0; i < vm->ioeventfd_count; i++)
		if (vm->ioeventfds[i].fd == fd)
			return &vm->ioeventfds[i];
	return NULL;
}

static bool is_same(const struct hv_ioeventfd *a, const struct hv_ioeventfd *b)
{
	return a->space == b->space && a->addr == b->addr && a->size == b->size &&
	       a->datamatch == b->datamatch && (!a->datamatch || a->data == b->data);
}

static int ioeventfd_call(struct hv_vm *vm, const struct hv_ioeventfd *entry, uint32_t flags)
{
	struct acrn_ioeventfd arg = {
		.fd = (uint32_t)entry->fd,
		.flags = flags,
		.addr = entry->addr,
		.len = entry->size,
		.data = entry->datamatch ? entry->data : 0,
	};

	if (entry->space == IO_SPACE_PORT)
		arg.flags |= ACRN_IOEVENTFD_FLAG_PIO;
	if (entry->datamatch)
		arg.flags |= ACRN_IOEVENTFD_FLAG_DATAMATCH;
	if (!vm->is_created)
		return flags & ACRN_IOEVENTFD_FLAG_DEASSIGN ? 0 : -ENODEV;
	return ioctl(vm->fd, ACRN_IOCTL_IOEVENTFD, &arg) < 0 ? -errno : 0;
}

static int ioeventfd_assign(struct hv_vm *vm, const struct hv_ioeventfd *ioeventfd)
{
	struct hv_ioeventfd *entries;
	int ret;

	if (ioeventfd->fd < 0)
		return -EBADF;
	/* The driver takes off the first entry with an eventfd, so there must be no second one. */
	if (find_entry(vm, ioeventfd->fd))
		return -EBUSY;
	entries = reallocarray(vm->ioeventfds, vm->ioeventfd_count + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	vm->ioeventfds = entries;
	ret = ioeventfd_call(vm, ioeventfd, 0);
	if (ret == 0)
		entries[vm->ioeventfd_count++] = *ioeventfd;
	return ret;
}

static int ioeventfd_deassign(struct hv_vm *vm, const struct hv_ioeventfd *ioeventfd)
{
	struct hv_ioeventfd *entry = find_entry(vm, ioeventfd->fd);
	int ret;

	/* The driver would not look at anything but the eventfd. */
	if (!entry || !is_same(entry, ioeventfd))
		return -ENOENT;
	ret = ioeventfd_call(vm, ioeventfd, ACRN_IOEVENTFD_FLAG_DEASSIGN);
	if (ret == 0)
		*entry = vm->ioeventfds[--vm->ioeventfd_count];
	return ret;
}

int acrn_ioeventfd(struct hv_vm *vm, const struct hv_ioeventfd *ioeventfd, bool assign)
{
	if (ioeventfd->space == IO_SPACE_PCI_CONFIG)
		return -EINVAL;
	return assign ? ioeventfd_assign(vm, ioeventfd) : ioeventfd_deassign(vm, ioeventfd);
}
