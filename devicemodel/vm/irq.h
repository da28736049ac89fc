/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interrupt side of a VM as devices see it: lines, messages, and eventfds that become messages.
 * It outlives the hypervisor's VM object, which a guest reset replaces. Any thread may call.
 */
#ifndef DEVICEMODEL_VM_IRQ_H
#define DEVICEMODEL_VM_IRQ_H

#include <stdbool.h>
#include <stdint.h>

struct hv_ops;
struct hv_vm;

struct irq {
	const struct hv_ops *ops;
	struct hv_vm *vm; /* NULL between two incarnations: nothing is delivered */
};

/* Drive global system interrupt @gsi: an ISA line's number, but the timer's is MACHINE_PIT_GSI. */
void irq_set_line(struct irq *irq, unsigned int gsi, bool level);

/* Deliver a message. Returns 0 or -errno (the back end refused the address or data). */
int irq_send_msi(struct irq *irq, uint64_t address, uint32_t data);

/*
 * Let the eventfd @fd, which stays the caller's, deliver that message from now on, at once if it is
 * signalled already, or (@assign false) no longer. Returns 0; -ENODEV: no VM object; or what
 * hv_ops.irqfd says.
 */
int irq_bind_fd(struct irq *irq, int fd, uint64_t address, uint32_t data, bool assign);

#endif
