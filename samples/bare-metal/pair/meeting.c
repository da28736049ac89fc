/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sitting down, and readying the seat for each new partner.
 */
#include "samples/bare-metal/pair/meeting.h"

#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"

/* What a 16-bit peer number and an MSI-X table can be. */
#define POSITION_MAX 65535
#define VECTORS_MAX 2048

void meeting_init(struct meeting *meeting, struct seat *seats, const struct seat_card *card)
{
	*meeting = (struct meeting){ .seats = seats, .card = *card };
}

static bool meeting_has_seat(const struct meeting *meeting)
{
	return meeting->mine &&
	       __atomic_load_n(&meeting->mine->owner, __ATOMIC_ACQUIRE) == meeting->session;
}

/* Readies the own seat for a new partner. The partner word says so, and comes last. */
static void meeting_offer(struct meeting *meeting, uint64_t partner)
{
	struct seat *mine = meeting->mine;

	__atomic_store_n(&mine->partner, 0, __ATOMIC_SEQ_CST);
	mine->card = meeting->card;
	mine->done = 0;
	mine->produced = 0;
	mine->consumed = 0;
	__atomic_store_n(&mine->partner, partner, __ATOMIC_SEQ_CST);
	meeting->partner = partner;
}

static bool meeting_sit(struct meeting *meeting)
{
	int index;

	if (meeting->mine || !meeting->session) {
		meeting->mine = NULL;
		meeting->session = session_new();
		memset(meeting->watches, 0, sizeof(meeting->watches));
	}
	index = seat_claim(meeting->seats, meeting->watches, meeting->session);
	if (index < 0)
		return false;
	meeting->mine = &meeting->seats[index];
	meeting->theirs = &meeting->seats[!index];
	seat_beat(meeting->mine);
	if (!meeting->card.name[0])
		memcpy(meeting->card.name, index ? "seat1" : "seat0", sizeof("seat0"));
	meeting_offer(meeting, 0);
	return true;
}

void meeting_begin(struct meeting *meeting)
{
	if (meeting_has_seat(meeting))
		meeting_offer(meeting, 0);
}

bool meeting_holds(const struct meeting *meeting)
{
	return meeting_has_seat(meeting) &&
	       __atomic_load_n(&meeting->theirs->owner, __ATOMIC_ACQUIRE) == meeting->partner &&
	       __atomic_load_n(&meeting->theirs->partner, __ATOMIC_ACQUIRE) == meeting->session;
}

enum meeting_state meeting_poll(struct meeting *meeting)
{
	uint64_t owner;

	if (!meeting_has_seat(meeting) && !meeting_sit(meeting))
		return MEETING_CROWDED;
	seat_beat(meeting->mine);
	owner = __atomic_load_n(&meeting->theirs->owner, __ATOMIC_ACQUIRE);
	if (owner != meeting->partner && session_valid(owner) && owner != meeting->session)
		meeting_offer(meeting, owner);
	if (!meeting->partner || !meeting_holds(meeting))
		return MEETING_ALONE;
	memcpy(&meeting->other, &meeting->theirs->card, sizeof(meeting->other));
	meeting->other.name[sizeof(meeting->other.name) - 1] = '\0';
	/* A card that was just being written for someone else is not looked at. */
	return meeting_holds(meeting) ? MEETING_TOGETHER : MEETING_ALONE;
}

const char *meeting_lacks(enum meeting_state state)
{
	return state == MEETING_CROWDED ? "two other VMs use this region" :
	       "timeout: nobody came to the other seat; start the second VM with the same region";
}

const char *meeting_objection(const struct meeting *meeting)
{
	const struct seat_card *other = &meeting->other;

	if (other->purpose != meeting->card.purpose)
		return "the VM on the other seat runs another program";
	if (other->position > POSITION_MAX)
		return "the other side claims an impossible peer number";
	if (other->vectors > VECTORS_MAX)
		return "the other side claims an impossible number of vectors";
	if (other->vectors && meeting->card.vectors && other->position == meeting->card.position)
		return "both sides have the same peer number: their devices are not on one server";
	return NULL;
}

void meeting_done(struct meeting *meeting)
{
	__atomic_store_n(&meeting->mine->done, 1, __ATOMIC_SEQ_CST);
}

bool meeting_is_over(struct meeting *meeting)
{
	seat_beat(meeting->mine);
	return !meeting_holds(meeting) ||
	       __atomic_load_n(&meeting->theirs->done, __ATOMIC_ACQUIRE) ||
	       seat_is_given_up(meeting->theirs,
				&meeting->watches[meeting->theirs - meeting->seats]);
}

void meeting_leave(struct meeting *meeting)
{
	if (meeting->mine)
		seat_release(meeting->mine, meeting->session);
}

void meeting_print_name(const struct meeting *meeting)
{
	print_untrusted(meeting->card.name, strlen(meeting->card.name));
	print(": ");
}

void meeting_print_other(const struct meeting *meeting)
{
	print_untrusted(meeting->other.name, strlen(meeting->other.name));
}
