/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sitting down, staying and leaving.
 */
#include "samples/bare-metal/pair/seat.h"

#include "samples/bare-metal/lib/tsc.h"

/* "ivp2": a change of the layout gets another one, so that old and new programs do not meet. */
#define SESSION_MAGIC 0x69767032ULL

#define GIVEN_UP_AFTER (2 * TSC_HZ_MAX)

uint64_t session_new(void)
{
	/* Two VMs hardly read the same time; the product (2^64 / golden ratio) spreads it. */
	uint64_t mixed = tsc_read() * 0x9e3779b97f4a7c15ULL;

	return SESSION_MAGIC << 32 | mixed >> 32;
}

bool session_valid(uint64_t session)
{
	return session >> 32 == SESSION_MAGIC;
}

static bool seat_take(struct seat *seat, uint64_t from, uint64_t session)
{
	return __atomic_compare_exchange_n(&seat->owner, &from, session, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

bool seat_is_given_up(struct seat *seat, struct seat_watch *watch)
{
	uint64_t owner = __atomic_load_n(&seat->owner, __ATOMIC_ACQUIRE);
	uint64_t heartbeat = __atomic_load_n(&seat->heartbeat, __ATOMIC_RELAXED);
	uint64_t now = tsc_read();

	if (owner == watch->owner && heartbeat == watch->heartbeat)
		return now - watch->tsc > GIVEN_UP_AFTER;
	*watch = (struct seat_watch){ .owner = owner, .heartbeat = heartbeat, .tsc = now };
	return false;
}

int seat_claim(struct seat seats[SEAT_COUNT], struct seat_watch watches[SEAT_COUNT],
	       uint64_t session)
{
	int i;

	for (i = 0; i < SEAT_COUNT; i++) {
		uint64_t owner = __atomic_load_n(&seats[i].owner, __ATOMIC_ACQUIRE);

		if (!session_valid(owner) && seat_take(&seats[i], owner, session))
			return i;
	}
	for (i = 0; i < SEAT_COUNT; i++) {
		if (seat_is_given_up(&seats[i], &watches[i]) &&
		    seat_take(&seats[i], watches[i].owner, session))
			return i;
	}
	return -1;
}

void seat_beat(struct seat *seat)
{
	uint64_t next = __atomic_load_n(&seat->heartbeat, __ATOMIC_RELAXED) + 1;

	__atomic_store_n(&seat->heartbeat, next, __ATOMIC_RELAXED);
}

void seat_release(struct seat *seat, uint64_t session)
{
	seat_take(seat, session, 0);
}
