/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timer chip of a PC (Intel 8254, ports 0x40 to 0x43) and the port 0x61 beside it, for
 * hypervisors that have none themselves. Counter 0 interrupts; counter 2, whose gate is bit 0 of
 * port 0x61 and whose OUT is bit 5, measures time for guests that poll it. Also in port 0x61: bit 1
 * (speaker data; nothing sounds) reads as written, bit 4 toggles every 15 microseconds, as memory
 * refresh has it; the others are 0.
 *
 * An interrupt happens when OUT rises because a count has ended, not when a control word makes it
 * rise. Those that nobody delivered in time become one: as nobody is told when the guest takes one,
 * a burst would end up as one in the interrupt controller as well. The next is due when it was
 * before, so nothing drifts. In modes 2 and 3 interrupts are PIT_PERIOD_MIN_US apart at least:
 * those of shorter periods are left out, while the counter itself counts what it was told.
 *
 * Runs under the I/O bus lock.
 */
#ifndef HW_ISA_PIT_H
#define HW_ISA_PIT_H

#include <stdint.h>

#include "lib/error.h"

struct io_bus;
struct pit;

#define PIT_HZ 1193182
/* As KVM has it for its own. */
#define PIT_PERIOD_MIN_US 200

struct pit_ops {
	/* Nanoseconds of a clock that never goes back and has been running for a while. */
	uint64_t (*now)(void *ctx);
	/* Have pit_alarm() called then, and no more for any time before; UINT64_MAX: never. */
	void (*set_alarm)(void *ctx, uint64_t ns);
	/* Interrupt once: an edge. */
	void (*interrupt)(void *ctx);
};

/* Returns 0 or -errno with @err: -EEXIST (ports are taken), -ENOMEM; then no port is claimed. */
int pit_new(struct io_bus *bus, const struct pit_ops *ops, void *ctx, struct pit **ret_pit,
	    struct error *err);
/* NULL is fine. */
void pit_free(struct pit *pit);

/* Guest reset: no counter counts, port 0x61 is 0. */
void pit_reset(struct pit *pit);

/* The time has come that was said last, or any other. With the bus locked. */
void pit_alarm(struct pit *pit);

#endif
