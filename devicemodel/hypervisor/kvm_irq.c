/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM: interrupt lines, messages, and the eventfds on both sides. */
#include "devicemodel/hypervisor/kvm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define IOAPIC_PINS 24
#define PIC_PINS 16
#define TIMER_PIN 2 /* of the IOAPIC */
#define TIMER_LINE 0

/* Numbers of message routes follow those of the IOAPIC's pins. */
#define ROUTE_GSI(index) (IOAPIC_PINS + (uint32_t)(index))

int kvm_irq_line(struct hv_vm *vm, unsigned int gsi, bool level)
{
	struct kvm_irq_level line = {
		.irq = gsi == TIMER_PIN ? TIMER_LINE : gsi,
		.level = level,
	};

	return ioctl(vm->vm_fd, KVM_IRQ_LINE, &line) < 0 ? -errno : 0;
}

int kvm_msi_send(struct hv_vm *vm, uint64_t address, uint32_t data)
{
	struct kvm_msi msi = {
		.address_lo = (uint32_t)address,
		.address_hi = (uint32_t)(address >> 32),
		.data = data,
	};

	/* 0 from the kernel means that the guest blocks it, which is the guest's own business. */
	return ioctl(vm->vm_fd, KVM_SIGNAL_MSI, &msi) < 0 ? -errno : 0;
}

static void route_pin(struct kvm_irq_routing_entry *entry, uint32_t gsi, uint32_t chip,
		      uint32_t pin)
{
	entry->gsi = gsi;
	entry->type = KVM_IRQ_ROUTING_IRQCHIP;
	entry->u.irqchip.irqchip = chip;
	entry->u.irqchip.pin = pin;
}

/*
 * The kernel takes the whole table at once. Lines are pins of their own number, but the timer's
 * line 0 is pin 2 of the IOAPIC, as on PCs and in the MADT; KVM_CREATE_IRQCHIP sets up pin 0. No
 * other line may be the same pin: the kernel's timer chip then is not told that its interrupt was
 * taken.
 */
static int routes_commit(struct hv_vm *vm)
{
	size_t most = PIC_PINS + IOAPIC_PINS + vm->route_count, i;
	struct kvm_irq_routing_entry *entry;
	struct kvm_irq_routing *table;
	int ret;

	table = calloc(1, sizeof(*table) + most * sizeof(table->entries[0]));
	if (!table)
		return -ENOMEM;
	entry = table->entries;
	for (i = 0; i < PIC_PINS; i++)
		route_pin(entry++, (uint32_t)i,
			  i < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE, (uint32_t)i % 8);
	for (i = 0; i < IOAPIC_PINS; i++)
		if (i != TIMER_PIN)
			route_pin(entry++, (uint32_t)i, KVM_IRQCHIP_IOAPIC,
				  i == TIMER_LINE ? TIMER_PIN : (uint32_t)i);
	for (i = 0; i < vm->route_count; i++) {
		if (vm->routes[i].fd < 0)
			continue;
		entry->gsi = ROUTE_GSI(i);
		entry->type = KVM_IRQ_ROUTING_MSI;
		entry->u.msi.address_lo = (uint32_t)vm->routes[i].address;
		entry->u.msi.address_hi = (uint32_t)(vm->routes[i].address >> 32);
		entry->u.msi.data = vm->routes[i].data;
		entry++;
	}
	table->nr = (uint32_t)(entry - table->entries);
	ret = ioctl(vm->vm_fd, KVM_SET_GSI_ROUTING, table) < 0 ? -errno : 0;
	/* The extension's value is how many entries there can be. */
	if (ret == -EINVAL &&
	    (int)table->nr > ioctl(vm->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_IRQ_ROUTING))
		ret = -ENOSPC;
	free(table);
	return ret;
}

int kvm_irq_init(struct hv_vm *vm)
{
	return routes_commit(vm);
}

static struct kvm_route *route_find(struct hv_vm *vm, int fd)
{
	size_t i;

	for (i = 0; i < vm->route_count; i++)
		if (vm->routes[i].fd == fd)
			return &vm->routes[i];
	return NULL;
}

static struct kvm_route *route_take(struct hv_vm *vm)
{
	struct kvm_route *route = route_find(vm, -1), *routes;

	if (route)
		return route;
	routes = reallocarray(vm->routes, vm->route_count + 1, sizeof(*routes));
	if (!routes)
		return NULL;
	vm->routes = routes;
	route = &vm->routes[vm->route_count++];
	route->fd = -1;
	return route;
}

static int irqfd_ioctl(struct hv_vm *vm, const struct kvm_route *route, int fd, uint32_t flags)
{
	struct kvm_irqfd irqfd = {
		.fd = (uint32_t)fd,
		.gsi = ROUTE_GSI(route - vm->routes),
		.flags = flags,
	};

	return ioctl(vm->vm_fd, KVM_IRQFD, &irqfd) < 0 ? -errno : 0;
}

static int irqfd_assign(struct hv_vm *vm, int fd, uint64_t address, uint32_t data)
{
	struct kvm_route *route;
	int ret;

	if (fd < 0 || route_find(vm, fd))
		return fd < 0 ? -EBADF : -EBUSY;
	route = route_take(vm);
	if (!route)
		return -ENOMEM;
	*route = (struct kvm_route){ fd, address, data };
	ret = routes_commit(vm);
	if (ret == 0)
		ret = irqfd_ioctl(vm, route, fd, 0);
	if (ret < 0)
		route->fd = -1;
	return ret;
}

static int irqfd_deassign(struct hv_vm *vm, int fd)
{
	struct kvm_route *route = fd >= 0 ? route_find(vm, fd) : NULL;
	int ret;

	if (!route)
		return -ENOENT;
	ret = irqfd_ioctl(vm, route, fd, KVM_IRQFD_FLAG_DEASSIGN);
	/* The route stays in the kernel's table until the next commit, but nothing leads to it. */
	route->fd = -1;
	return ret;
}

int kvm_irqfd(struct hv_vm *vm, int fd, uint64_t address, uint32_t data, bool assign)
{
	return assign ? irqfd_assign(vm, fd, address, data) : irqfd_deassign(vm, fd);
}

int kvm_ioeventfd(struct hv_vm *vm, const struct hv_ioeventfd *ioeventfd, bool assign)
{
	struct kvm_ioeventfd arg = {
		.addr = ioeventfd->addr,
		.len = ioeventfd->size,
		.fd = ioeventfd->fd,
		.datamatch = ioeventfd->datamatch ? ioeventfd->data : 0,
	};

	if (ioeventfd->space == IO_SPACE_PCI_CONFIG)
		return -EINVAL;
	if (ioeventfd->space == IO_SPACE_PORT)
		arg.flags |= KVM_IOEVENTFD_FLAG_PIO;
	if (ioeventfd->datamatch)
		arg.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
	if (!assign)
		arg.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
	return ioctl(vm->vm_fd, KVM_IOEVENTFD, &arg) < 0 ? -errno : 0;
}
