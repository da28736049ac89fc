/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts how often the seconds of the real-time clock change. Each look costs two exits from the
 * guest, hence the time-stamp counter says when to look.
 */
#include "samples/bare-metal/lib/deadline.h"

#include "samples/bare-metal/lib/port.h"
#include "samples/bare-metal/lib/tsc.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_SECONDS 0x00

#define LOOK_INTERVAL (TSC_HZ_MAX / 32)

static uint8_t rtc_read_second(void)
{
	port_write8(CMOS_INDEX, CMOS_SECONDS);
	return port_read8(CMOS_DATA);
}

void deadline_start(struct deadline *deadline, uint32_t seconds)
{
	uint64_t now = tsc_read();

	deadline->tsc_end = now + seconds * TSC_HZ_MAX;
	deadline->tsc_look = now + LOOK_INTERVAL;
	/* The first change may come at once. */
	deadline->seconds_left = seconds + 1;
	deadline->rtc_second = rtc_read_second();
}

bool deadline_passed(struct deadline *deadline)
{
	uint64_t now = tsc_read();
	uint8_t second;

	if (now >= deadline->tsc_end || !deadline->seconds_left)
		return true;
	if (now < deadline->tsc_look)
		return false;
	deadline->tsc_look = now + LOOK_INTERVAL;
	second = rtc_read_second();
	if (second != deadline->rtc_second) {
		deadline->rtc_second = second;
		deadline->seconds_left--;
	}
	return !deadline->seconds_left;
}
