/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timer is not there to find what a doorbell should have told, but for a heartbeat and for the
 * other side's: both show who has died.
 */
#include "samples/bare-metal/pair/bell.h"

#include <stddef.h>

#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/tsc.h"

#define BELL_VECTOR 0

#define NAP_MILLISECONDS 16
/* Well below the two seconds after which a seat is given up. */
#define SLEEP_MILLISECONDS 250

static uint64_t bell_count(void)
{
	return interrupts_count(ivshmem_interrupt(BELL_VECTOR));
}

void bell_init(struct bell *bell, struct ivshmem *ivshmem)
{
	*bell = (struct bell){ .ivshmem = ivshmem };
	interrupts_enable();
	bell->vectors = ivshmem_listen(ivshmem, BELL_VECTOR + 1);
	bell_end(bell);
}

void bell_begin(struct bell *bell, const struct meeting *meeting)
{
	if (!meeting->card.vectors || !meeting->other.vectors)
		return;
	bell->meeting = meeting;
	bell->is_due = false;
	interrupts_timer_start(SLEEP_MILLISECONDS);
}

void bell_end(struct bell *bell)
{
	bell->meeting = NULL;
	if (bell->vectors)
		interrupts_timer_start(NAP_MILLISECONDS);
}

void bell_nap(const struct bell *bell)
{
	if (bell->vectors)
		interrupts_sleep(ivshmem_interrupt(BELL_VECTOR), bell_count());
	else
		tsc_pause();
}

void bell_look(struct bell *bell)
{
	bell->seen = bell_count();
}

void bell_due(struct bell *bell)
{
	bell->is_due = true;
}

void bell_tell(struct bell *bell)
{
	if (!bell->meeting || !bell->is_due)
		return;
	bell->is_due = false;
	bell->rings_sent++;
	ivshmem_ring(bell->ivshmem, (uint16_t)bell->meeting->other.position, BELL_VECTOR);
}

void bell_wait(struct bell *bell)
{
	if (!bell->meeting) {
		tsc_pause();
		return;
	}
	bell_tell(bell);
	interrupts_sleep(ivshmem_interrupt(BELL_VECTOR), bell->seen);
}

uint64_t bell_rings_received(const struct bell *bell)
{
	return bell->vectors ? bell_count() : 0;
}
