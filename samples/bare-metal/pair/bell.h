/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for the other side of a meeting: asleep, until it rings the doorbell, where both have
 * doorbells; polling where one has none.
 *
 * Two rules, and no wake-up is lost: who has changed something in its seat rings before it sleeps,
 * and who sleeps has read the count of interrupts before it looked for something to do, so that a
 * ring after that look ends the sleep before it begins.
 */
#ifndef SAMPLES_BARE_METAL_PAIR_BELL_H
#define SAMPLES_BARE_METAL_PAIR_BELL_H

#include <stdbool.h>
#include <stdint.h>

#include "samples/bare-metal/lib/ivshmem.h"
#include "samples/bare-metal/pair/meeting.h"

struct bell {
	struct ivshmem *ivshmem;
	/* 0: the device has no doorbells. */
	unsigned int vectors;
	/* Set while both sides of a meeting have doorbells. */
	const struct meeting *meeting;
	/* Whether the other side has to be told of something. */
	bool is_due;
	/* The count of interrupts before the last look. */
	uint64_t seen;
	uint64_t rings_sent;
};

/* Listens on the first vector of the device, if it has one. */
void bell_init(struct bell *bell, struct ivshmem *ivshmem);

/* After the two have met: both may sleep from now on, if both can be rung. */
void bell_begin(struct bell *bell, const struct meeting *meeting);

/* After the meeting. */
void bell_end(struct bell *bell);

/* Waits for a moment, outside of a meeting. */
void bell_nap(const struct bell *bell);

/* To be called before each look for something to do. */
void bell_look(struct bell *bell);

/* Something in the own seat has changed: the other side will be rung before this one waits. */
void bell_due(struct bell *bell);

/* Rings now, if that is due. For the last change, after which nothing is waited for. */
void bell_tell(struct bell *bell);

/*
 * To be called when there is nothing to do: rings if that is due, and waits until this side is
 * rung, or has been since the last look, or a fraction of a second is over.
 */
void bell_wait(struct bell *bell);

/* How often this device has been rung. */
uint64_t bell_rings_received(const struct bell *bell);

#endif
