/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two seats in a shared region: places for two VMs that have no fixed roles and no order of
 * starting.
 *
 * A VM that sits down writes its session number (new each time) to the seat and then lets the
 * heartbeat of the seat advance. A seat is free if its owner is 0 or no session number at all, as
 * in a fresh region or one that held something else, and it is given up if its heartbeat stands
 * still, as after a crash. So two newcomers find their seats whatever was left behind.
 *
 * The owner of a seat writes it, the other VM only reads it; the exception is the owner word,
 * which is only ever changed by compare-and-exchange. Nothing in the other seat may be trusted.
 */
#ifndef SAMPLES_BARE_METAL_PAIR_SEAT_H
#define SAMPLES_BARE_METAL_PAIR_SEAT_H

#include <stdbool.h>
#include <stdint.h>

#define SEAT_COUNT 2
#define SEAT_SLOTS 16
#define SEAT_PAYLOAD_MAX 496
#define SEAT_NAME_SIZE 24

struct seat_slot {
	uint32_t number;
	uint32_t size;
	uint32_t checksum;
	uint32_t reserved;
	char payload[SEAT_PAYLOAD_MAX];
};

/* What a VM says about itself to the one it wants to meet. */
struct seat_card {
	/* What it has come for: only two of the same kind can meet. */
	uint32_t purpose;
	uint32_t count;
	/* The peer number of its ivshmem device, and on how many doorbell vectors it listens. */
	uint32_t position;
	uint32_t vectors;
	char name[SEAT_NAME_SIZE];
};

/* Each line of 64 bytes has one writer, so that nobody waits for a line he only reads. */
struct seat {
	_Alignas(64) uint64_t owner;
	_Alignas(64) uint64_t heartbeat;
	/* The other seat's session that all below is meant for. */
	_Alignas(64) uint64_t partner;
	struct seat_card card;
	uint32_t done;
	/* Free-running: messages written to the slots here, and taken from the other seat's. */
	_Alignas(64) uint32_t produced;
	_Alignas(64) uint32_t consumed;
	_Alignas(64) struct seat_slot slots[SEAT_SLOTS];
};

/* What was last seen of a seat that may be given up. All zero at first. */
struct seat_watch {
	uint64_t owner;
	uint64_t heartbeat;
	uint64_t tsc;
};

/* A session number: never 0, and as good as never the same twice. */
uint64_t session_new(void);

/* Whether the word can be a session number of these programs. */
bool session_valid(uint64_t session);

/*
 * Sits down on a seat that is free, or else on one that is given up. Returns its index, or -1 if
 * both are in use as far as one can tell yet: to be called again and again until it succeeds or
 * the caller loses patience. A given-up seat is found out after about two seconds of calls.
 */
int seat_claim(struct seat seats[SEAT_COUNT], struct seat_watch watches[SEAT_COUNT],
	       uint64_t session);

/* Shows that the owner is there. */
void seat_beat(struct seat *seat);

/* Whether the seat's owner has shown no sign of life for about two seconds of calls. */
bool seat_is_given_up(struct seat *seat, struct seat_watch *watch);

/* Leaves the seat, if the session still has it. */
void seat_release(struct seat *seat, uint64_t session);

#endif
