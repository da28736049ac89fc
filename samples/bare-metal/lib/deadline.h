/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A limit for waiting, in seconds, on machines that may have no timer a guest could rely on.
 */
#ifndef SAMPLES_BARE_METAL_LIB_DEADLINE_H
#define SAMPLES_BARE_METAL_LIB_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct deadline {
	uint64_t tsc_end;
	uint64_t tsc_look;
	uint32_t seconds_left;
	uint8_t rtc_second;
};

/*
 * Starts the wait. It ends when the seconds have gone by on the real-time clock, or, where that
 * clock stands still or is missing, when the time-stamp counter has counted as much as the fastest
 * processor does in that time: never early by more than a second, but on a slow processor perhaps
 * twice as late.
 */
void deadline_start(struct deadline *deadline, uint32_t seconds);

/* Whether the time is up. Cheap enough to poll: the clock is read some dozen times a second. */
bool deadline_passed(struct deadline *deadline);

#endif
