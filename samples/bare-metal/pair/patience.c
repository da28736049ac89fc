/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A deadline reads the real-time clock, which is two exits of the guest: it is started only when
 * the time-stamp counter says that the wait is one.
 */
#include "samples/bare-metal/pair/patience.h"

#include "samples/bare-metal/lib/tsc.h"

#define SHORT_WAIT (TSC_HZ_MAX / 32)

void patience_init(struct patience *patience, uint32_t seconds)
{
	*patience = (struct patience){ .seconds = seconds };
}

void patience_renew(struct patience *patience)
{
	patience->since = 0;
	patience->is_timed = false;
}

bool patience_is_over(struct patience *patience)
{
	if (patience->is_timed)
		return deadline_passed(&patience->deadline);
	if (!patience->since) {
		patience->since = tsc_read();
	} else if (tsc_read() - patience->since > SHORT_WAIT) {
		deadline_start(&patience->deadline, patience->seconds);
		patience->is_timed = true;
	}
	return false;
}
