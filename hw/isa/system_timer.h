/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's timer chip: a PIT, the host's clock, and its interrupt line. */
#ifndef HW_ISA_SYSTEM_TIMER_H
#define HW_ISA_SYSTEM_TIMER_H

#include "lib/error.h"

struct event_loop;
struct io_bus;
struct irq;
struct system_timer;

/*
 * All three must outlive it. Interrupts come from the loop's thread and from those that serve the
 * guest. Returns 0 or -errno with @err, as pit_new() and timerfd_create(2).
 */
int system_timer_new(struct io_bus *bus, struct irq *irq, struct event_loop *loop,
		     struct system_timer **ret_timer, struct error *err);
/* No processor runs. NULL is fine. */
void system_timer_free(struct system_timer *timer);

/* Guest reset, with the bus locked: it is silent until the guest programs it. NULL is fine. */
void system_timer_reset(struct system_timer *timer);

#endif
