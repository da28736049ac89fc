/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts, handed on to whichever hypervisor VM there is at the moment. */
#include "devicemodel/vm/irq.h"

#include <errno.h>
#include <stddef.h>

#include "devicemodel/hypervisor/hypervisor.h"

void irq_set_line(struct irq *irq, unsigned int gsi, bool level)
{
	if (irq->vm)
		irq->ops->irq_line(irq->vm, gsi, level);
}

int irq_send_msi(struct irq *irq, uint64_t address, uint32_t data)
{
	return irq->vm ? irq->ops->msi_send(irq->vm, address, data) : -ENODEV;
}

int irq_bind_fd(struct irq *irq, int fd, uint64_t address, uint32_t data, bool assign)
{
	return irq->vm ? irq->ops->irqfd(irq->vm, fd, address, data, assign) : -ENODEV;
}
