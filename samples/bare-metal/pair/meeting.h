/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How two VMs that share a region find each other: each takes a seat (seat.h) and writes its card
 * and the other's session there. They are together while both seats name each other; should one of
 * the words change, the other side has been restarted, and this one begins again.
 */
#ifndef SAMPLES_BARE_METAL_PAIR_MEETING_H
#define SAMPLES_BARE_METAL_PAIR_MEETING_H

#include <stdbool.h>
#include <stdint.h>

#include "samples/bare-metal/pair/seat.h"

enum meeting_state {
	/* Two others use the seats. */
	MEETING_CROWDED,
	MEETING_ALONE,
	MEETING_TOGETHER,
};

struct meeting {
	struct seat *seats;
	struct seat *mine;
	struct seat *theirs;
	uint64_t session;
	uint64_t partner;
	/* While there is no seat: both of them. Later: the other one. */
	struct seat_watch watches[SEAT_COUNT];
	/* The own card; an empty name becomes that of the seat. */
	struct seat_card card;
	/* The other side's, as it was when they met, the name terminated. Not checked. */
	struct seat_card other;
};

/* seats: the start of the region, which has room for SEAT_COUNT. The card is copied. */
void meeting_init(struct meeting *meeting, struct seat *seats, const struct seat_card *card);

/* Drops what was, but keeps the seat, as long as nobody has taken it. */
void meeting_begin(struct meeting *meeting);

/*
 * One step towards being together, to be called again and again. When they are, done, produced and
 * consumed of both seats have been 0 and the other side has not been told of an earlier partner.
 */
enum meeting_state meeting_poll(struct meeting *meeting);

/* What is missing in this state, for a message. */
const char *meeting_lacks(enum meeting_state state);

/* What is impossible in the other side's card, or NULL. */
const char *meeting_objection(const struct meeting *meeting);

/* Whether the two are still together. */
bool meeting_holds(const struct meeting *meeting);

/* Tells the other side that this one is done. */
void meeting_done(struct meeting *meeting);

/*
 * Whether the other side is done, too, or has gone, or shows no sign of life. To be called again
 * and again.
 */
bool meeting_is_over(struct meeting *meeting);

/* Leaves the seat, if there is one. */
void meeting_leave(struct meeting *meeting);

/* Prints "NAME: ", the own name. */
void meeting_print_name(const struct meeting *meeting);

/* Prints the other side's name. */
void meeting_print_other(const struct meeting *meeting);

#endif
