/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of a guest whose code runs in ring 3: ring-0 stubs only count them per vector, and
 * the guest looks at the counts or sleeps until one changes. There are no handlers to be called.
 * Exceptions print one line and end the machine as failed.
 */
#ifndef SAMPLES_BARE_METAL_LIB_INTERRUPTS_H
#define SAMPLES_BARE_METAL_LIB_INTERRUPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "samples/bare-metal/lib/deadline.h"

/* Vectors that devices may use; the last counted one is the library's own timer. */
#define INTERRUPTS_FIRST 32
#define INTERRUPTS_LAST 94

/* Fills the interrupt descriptor table. guest_start() has called it when main() runs. */
void interrupts_init(void);

/*
 * Turns the local APIC on and lets interrupts in. To be called once by guests that use interrupts;
 * the two old interrupt controllers are masked from the start.
 */
void interrupts_enable(void);

/* How often the vector (INTERRUPTS_FIRST to INTERRUPTS_LAST) has come; 0 for any other. */
uint64_t interrupts_count(unsigned int vector);

/*
 * Sleeps (HLT, no polling) until the vector's count differs from seen, or until the deadline has
 * passed; deadline NULL waits for ever. Returns whether the count differs. Needs
 * interrupts_enable().
 */
bool interrupts_wait(unsigned int vector, uint64_t seen, struct deadline *deadline);

/*
 * Sleeps until an interrupt comes, whichever, unless the vector's count already differs from seen.
 * So nothing is missed by who first reads the count, then looks whether there is something to do,
 * and then sleeps. May return for no reason. Needs interrupts_enable().
 */
void interrupts_sleep(unsigned int vector, uint64_t seen);

/*
 * A periodic interrupt, so that a sleeper looks up now and then: about so many milliseconds apart
 * (below 60,000) where the APIC timer runs at the usual 1 GHz. interrupts_wait() with a deadline
 * stops it.
 */
void interrupts_timer_start(unsigned int milliseconds);
void interrupts_timer_stop(void);

/* Sleeps for ever. Interrupts are still counted if they are enabled. */
void interrupts_idle(void) __attribute__((noreturn));

/* Where a message-signalled interrupt for this processor is sent (Intel SDM vol. 3, 11.11). */
uint32_t interrupts_msi_address(void);

/* Ends the machine with a line about the exception just taken. Only vectors.S goes here. */
void interrupts_report(void) __attribute__((noreturn));

#endif
