/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts into the VM, and eventfds on both of its ends. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/hsm_sim/hsm_vm.h"
#include "tests/hsm_sim/machine.h"
#include "tests/hsm_sim/tracee.h"

#define MSI_WINDOW 0xfee
#define VECTOR_MIN 16 /* Intel SDM 3A: those below are not for interrupts */
#define GSI_MAX 24

/* Intel SDM 3A, "Message Signalled Interrupts": what an address and a vector look like. */
static bool msi_good(struct hsm_vm *vm, const struct acrn_msi_entry *msi)
{
	if (msi->msi_addr >> 20 == MSI_WINDOW && (msi->msi_data & 0xff) >= VECTOR_MIN)
		return true;
	report_violation(vm->report, "0x%llx to 0x%llx is no message of an interrupt",
			 (unsigned long long)msi->msi_data, (unsigned long long)msi->msi_addr);
	return false;
}

void vm_msi_deliver(struct hsm_vm *vm, const struct acrn_msi_entry *msi)
{
	if (vm->msi_count == MSIS_MAX) {
		memmove(&vm->msis[0], &vm->msis[1], sizeof(vm->msis) - sizeof(vm->msis[0]));
		vm->msi_count--;
	}
	vm->msis[vm->msi_count++] = *msi;
	machine_msi(vm, msi);
}

/* hypercall.c, hcall_inject_msi(): severity decides. */
static int inject(struct hsm_vm *vm, const struct acrn_msi_entry *msi)
{
	if (!vm_severity_allows(vm))
		return -EPERM;
	vm_msi_deliver(vm, msi);
	return 0;
}

int vm_inject_msi(struct hsm_vm *vm, void *data, uint64_t argument)
{
	(void)argument;
	return msi_good(vm, data) ? inject(vm, data) : -EINVAL;
}

int vm_set_irqline(struct hsm_vm *vm, void *data, uint64_t argument)
{
	(void)data;
	/* The argument is the value itself: the line below, what happens to it above. */
	if ((uint32_t)argument >= GSI_MAX || argument >> 32 > 3) {
		report_violation(vm->report, "line %u, operation %u", (uint32_t)argument,
				 (uint32_t)(argument >> 32));
		return -EINVAL;
	}
	if (!vm_severity_allows(vm))
		return -EPERM;
	machine_line(vm, (uint32_t)argument, (unsigned int)(argument >> 32));
	return 0;
}

/* Its descriptor here and the kernel's number for it. */
static int eventfd_take(struct hsm_vm *vm, int fd, uint64_t *ret_id)
{
	int ours = tracee_fd(vm->pid, fd), ret;

	if (ours < 0) {
		report_violation(vm->report, "descriptor %d is not open", fd);
		return -EBADF;
	}
	ret = eventfd_id(ours, ret_id);
	if (ret < 0) {
		report_violation(vm->report, "descriptor %d is not an eventfd", fd);
		close(ours);
		return -EINVAL;
	}
	return ours;
}

static bool same_entry(const struct acrn_ioeventfd *a, const struct acrn_ioeventfd *b)
{
	return a->flags == b->flags && a->addr == b->addr &&
	       (a->data == b->data || !(a->flags & ACRN_IOEVENTFD_FLAG_DATAMATCH));
}

static int ioeventfd_check(struct hsm_vm *vm, const struct acrn_ioeventfd *entry)
{
	uint64_t end;

	/* ioeventfd.c: lengths, and no wrapping around. */
	if (entry->len == 0 || entry->len > 8 || (entry->len & (entry->len - 1)) ||
	    __builtin_add_overflow(entry->addr, entry->len, &end)) {
		report_violation(vm->report, "%u bytes at 0x%llx", entry->len,
				 (unsigned long long)entry->addr);
		return -EINVAL;
	}
	/* ioeventfd.c compares with what the guest wrote, which has no more bytes than that. */
	if ((entry->flags & ACRN_IOEVENTFD_FLAG_DATAMATCH) && entry->len < 8 &&
	    entry->data >> (8 * entry->len)) {
		report_violation(vm->report, "data 0x%llx never matches %u bytes",
				 (unsigned long long)entry->data, entry->len);
		return -EINVAL;
	}
	return 0;
}

static int ioevent_add(struct hsm_vm *vm, const struct acrn_ioeventfd *entry, uint64_t eventfd,
		       int fd)
{
	unsigned int i;
	int ret = ioeventfd_check(vm, entry);

	for (i = 0; ret == 0 && i < vm->ioevent_count; i++) {
		if (vm->ioevents[i].eventfd != eventfd)
			continue;
		/* ioeventfd.c: DEASSIGN takes the first entry with that eventfd, whatever it is. */
		report_violation(vm->report, "the eventfd has an entry already, at 0x%llx",
				 (unsigned long long)vm->ioevents[i].entry.addr);
		if (same_entry(&vm->ioevents[i].entry, entry))
			ret = -EEXIST;
	}
	if (ret == 0 && vm->ioevent_count == EVENTS_MAX)
		ret = -ENOMEM;
	if (ret < 0) {
		close(fd);
		return ret;
	}
	vm->ioevents[vm->ioevent_count++] = (struct ioevent){ eventfd, *entry, fd };
	return 0;
}

static int ioevent_remove(struct hsm_vm *vm, const struct acrn_ioeventfd *entry, uint64_t eventfd)
{
	struct acrn_ioeventfd wanted = *entry;
	struct ioevent *event;
	unsigned int i;

	wanted.flags &= ~(uint32_t)ACRN_IOEVENTFD_FLAG_DEASSIGN;
	for (i = 0; i < vm->ioevent_count; i++) {
		event = &vm->ioevents[i];
		if (event->eventfd != eventfd)
			continue;
		if (!same_entry(&event->entry, &wanted))
			report_violation(vm->report, "takes the entry at 0x%llx, not at 0x%llx",
					 (unsigned long long)event->entry.addr,
					 (unsigned long long)wanted.addr);
		close(event->fd);
		vm->ioevent_count--;
		memmove(event, event + 1, (vm->ioevent_count - i) * sizeof(*event));
		return 0;
	}
	report_violation(vm->report, "the eventfd has no entry");
	return 0;
}

int vm_ioeventfd(struct hsm_vm *vm, void *data, uint64_t argument)
{
	const uint32_t known = ACRN_IOEVENTFD_FLAG_PIO | ACRN_IOEVENTFD_FLAG_DATAMATCH |
			       ACRN_IOEVENTFD_FLAG_DEASSIGN;
	const struct acrn_ioeventfd *entry = data;
	uint64_t eventfd;
	int fd;

	(void)argument;
	/* hsm.c */
	if (entry->reserved != 0) {
		report_violation(vm->report, "reserved is not zero");
		return -EINVAL;
	}
	if (entry->flags & ~known)
		report_violation(vm->report, "unknown flags 0x%x", entry->flags & ~known);
	fd = eventfd_take(vm, (int)entry->fd, &eventfd);
	if (fd < 0)
		return fd;
	if (!(entry->flags & ACRN_IOEVENTFD_FLAG_DEASSIGN))
		return ioevent_add(vm, entry, eventfd, fd);
	close(fd);
	return ioevent_remove(vm, entry, eventfd);
}

static int irqevent_add(struct hsm_vm *vm, const struct acrn_irqfd *irqfd, uint64_t eventfd, int fd)
{
	struct epoll_event watch = { .events = EPOLLIN | EPOLLET };
	unsigned int i;

	for (i = 0; i < vm->irqevent_count; i++) {
		if (vm->irqevents[i].eventfd != eventfd)
			continue;
		/* irqfd.c: one message per eventfd. */
		if (!(vm->excuses & EXCUSE_EVENTS))
			report_violation(vm->report, "the eventfd has a message already");
		close(fd);
		return -EBUSY;
	}
	watch.data.fd = fd;
	/* Edge triggered: every signal counts, at once if there was one, and none is consumed. */
	if (vm->irqevent_count == EVENTS_MAX ||
	    epoll_ctl(vm->signals_fd, EPOLL_CTL_ADD, fd, &watch) < 0) {
		close(fd);
		return -ENOMEM;
	}
	vm->irqevents[vm->irqevent_count++] = (struct irqevent){ eventfd, irqfd->msi, fd };
	return 0;
}

static void irqevent_drop(const struct hsm_vm *vm, const struct irqevent *event)
{
	/* The program has the eventfd open too, so that closing would not do. */
	epoll_ctl(vm->signals_fd, EPOLL_CTL_DEL, event->fd, NULL);
	close(event->fd);
}

static void irqevent_remove(struct hsm_vm *vm, uint64_t eventfd)
{
	struct irqevent *event;
	unsigned int i;

	for (i = 0; i < vm->irqevent_count; i++) {
		event = &vm->irqevents[i];
		if (event->eventfd != eventfd)
			continue;
		irqevent_drop(vm, event);
		vm->irqevent_count--;
		memmove(event, event + 1, (vm->irqevent_count - i) * sizeof(*event));
		return;
	}
	report_violation(vm->report, "the eventfd has no message");
}

int vm_irqfd(struct hsm_vm *vm, void *data, uint64_t argument)
{
	const struct acrn_irqfd *irqfd = data;
	uint64_t eventfd;
	int fd;

	(void)argument;
	if (irqfd->flags & ~(uint32_t)ACRN_IRQFD_FLAG_DEASSIGN)
		report_violation(vm->report, "unknown flags 0x%x", irqfd->flags);
	fd = eventfd_take(vm, irqfd->fd, &eventfd);
	if (fd < 0)
		return fd;
	if (irqfd->flags & ACRN_IRQFD_FLAG_DEASSIGN) {
		close(fd);
		irqevent_remove(vm, eventfd);
		return 0;
	}
	if (!msi_good(vm, &irqfd->msi)) {
		close(fd);
		return 0; /* irqfd.c does not look; the message would be lost */
	}
	return irqevent_add(vm, irqfd, eventfd, fd);
}

void vm_irqevent_fire(struct hsm_vm *vm, int fd)
{
	unsigned int i;

	for (i = 0; i < vm->irqevent_count; i++)
		if (vm->irqevents[i].fd == fd)
			inject(vm, &vm->irqevents[i].msi);
}

bool vm_ioevent_covers(struct hsm_vm *vm, bool is_port, bool is_write, uint64_t addr,
		       uint64_t size, uint64_t *value)
{
	const uint64_t one = 1;
	const struct acrn_ioeventfd *entry;
	bool covered = false, matched = false;
	unsigned int i;

	for (i = 0; i < vm->ioevent_count; i++) {
		entry = &vm->ioevents[i].entry;
		/* ioreq.c: the client has every access that lies in one of its ranges. */
		if (!!(entry->flags & ACRN_IOEVENTFD_FLAG_PIO) != is_port || addr < entry->addr ||
		    addr + size > entry->addr + entry->len)
			continue;
		covered = true;
		/* ioeventfd.c: the first that matches is signalled, and no other one. */
		if (!is_write || matched || addr != entry->addr ||
		    ((entry->flags & ACRN_IOEVENTFD_FLAG_DATAMATCH) && entry->data != *value))
			continue;
		matched = write(vm->ioevents[i].fd, &one, sizeof(one)) == sizeof(one);
	}
	if (covered && !matched) {
		vm->report->call = "guest";
		report_violation(vm->report, "%s of %llu bytes at 0x%llx is lost: an ioeventfd "
				 "covers it, and none matches", is_write ? "write" : "read",
				 (unsigned long long)size, (unsigned long long)addr);
	}
	if (covered && !is_write)
		*value = 0;
	return covered;
}

void vm_events_drop(struct hsm_vm *vm)
{
	while (vm->ioevent_count > 0)
		close(vm->ioevents[--vm->ioevent_count].fd);
	while (vm->irqevent_count > 0)
		irqevent_drop(vm, &vm->irqevents[--vm->irqevent_count]);
}
