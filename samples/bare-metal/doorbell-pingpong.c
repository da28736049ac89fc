/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two VMs that share an ivshmem region with doorbells run this same image, in any order, and ring
 * each other count times: each ring is answered by one, so that never more than one is on its way
 * and none can hide behind another. At the end each interrupt has been accounted for. With
 * role=self a VM alone rings itself.
 *
 * Command line: slot=N and id=N choose the device, name=WORD, count=N rings, vectors=N to use at
 * most so many (else all, in turn), timeout=SECONDS to wait for one ring, role=self.
 */
#include <stdbool.h>
#include <stdint.h>

#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/ivshmem.h"
#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"
#include "samples/bare-metal/lib/tsc.h"
#include "samples/bare-metal/pair/meeting.h"
#include "samples/bare-metal/pair/patience.h"
#include "samples/bare-metal/pair/seat.h"

/* "bell": what these two have come for. */
#define PURPOSE 0x62656c6c

#define MEETINGS_MAX 16
#define TICK_MILLISECONDS 16

/* How long to listen for interrupts that nobody has asked for: an eighth of a second, or more. */
#define LISTEN_AFTERWARDS (TSC_HZ_MAX / 8)

/* What has happened on one vector since the two have met. */
struct tally {
	uint32_t sent;
	/* Interrupts that had to come. */
	uint32_t due;
	/* Interrupts counted before the first. */
	uint64_t base;
};

struct game {
	struct ivshmem ivshmem;
	struct meeting meeting;
	struct patience patience;
	bool is_alone;
	uint16_t position;
	uint16_t peer;
	uint32_t count;
	uint32_t sent;
	uint32_t received;
	/* That the device has, and that both sides use. */
	unsigned int vectors_here;
	unsigned int vectors;
	struct tally tallies[IVSHMEM_VECTORS_MAX];
};

static void game_fail(struct game *game, const char *reason) __attribute__((noreturn));

static void game_fail(struct game *game, const char *reason)
{
	print("doorbell-pingpong: FAIL %s (%u of %u sent, %u received)\n", reason, game->sent,
	      game->count, game->received);
	meeting_leave(&game->meeting);
	machine_exit(1);
}

static uint64_t vector_interrupts(const struct game *game, unsigned int vector)
{
	return interrupts_count(ivshmem_interrupt(vector)) - game->tallies[vector].base;
}

/* On all vectors of the device, also those that are not used. */
static uint64_t all_interrupts(const struct game *game)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < game->vectors_here; i++)
		sum += vector_interrupts(game, i);
	return sum;
}

static void game_begin(struct game *game)
{
	unsigned int i;

	game->sent = 0;
	game->received = 0;
	for (i = 0; i < game->vectors_here; i++)
		game->tallies[i] = (struct tally){
			.base = interrupts_count(ivshmem_interrupt(i)),
		};
}

static void game_ring(struct game *game, unsigned int vector)
{
	game->tallies[vector].sent++;
	game->sent++;
	ivshmem_ring(&game->ivshmem, game->peer, (uint16_t)vector);
}

/* Until the next interrupt, of the timer at the latest. */
static void game_nap(void)
{
	interrupts_sleep(INTERRUPTS_FIRST, interrupts_count(INTERRUPTS_FIRST));
}

static bool game_goes_on(struct game *game)
{
	if (game->is_alone)
		return true;
	seat_beat(game->meeting.mine);
	return meeting_holds(&game->meeting);
}

static void game_fail_silent(struct game *game, unsigned int vector) __attribute__((noreturn));

static void game_fail_silent(struct game *game, unsigned int vector)
{
	print("# waiting for vector %u, %lu interrupts on it, %lu on all\n", vector,
	      vector_interrupts(game, vector), all_interrupts(game));
	game_fail(game, all_interrupts(game) > game->received ?
		  "timeout: an interrupt came on another vector than the one that was rung" :
		  "timeout: no interrupt came, one is lost, or the server has fewer vectors");
}

/* Sleeps until the next ring has come. Returns false if the other side is not there any more. */
static bool game_await(struct game *game, unsigned int vector)
{
	struct tally *tally = &game->tallies[vector];

	patience_renew(&game->patience);
	while (vector_interrupts(game, vector) == tally->due) {
		if (!game_goes_on(game))
			return false;
		if (patience_is_over(&game->patience))
			game_fail_silent(game, vector);
		interrupts_sleep(ivshmem_interrupt(vector), tally->base + tally->due);
	}
	tally->due++;
	game->received++;
	/* A new partner, and what the old one left on its way, is no fault. */
	if (!game_goes_on(game))
		return false;
	if (all_interrupts(game) != game->received)
		game_fail(game, "there are more interrupts than rings");
	return true;
}

/* Returns false if the other side has gone. */
static bool game_play(struct game *game, bool is_first)
{
	uint32_t i;

	for (i = 0; i < game->count; i++) {
		unsigned int vector = i % game->vectors;

		if (is_first)
			game_ring(game, vector);
		if (!game_await(game, vector))
			return false;
		if (!is_first)
			game_ring(game, vector);
	}
	return true;
}

/* Nothing may come on top. The other side does the same, and rings no more. */
static void game_listen_afterwards(struct game *game)
{
	uint64_t start = tsc_read();

	while (tsc_read() - start < LISTEN_AFTERWARDS) {
		game_goes_on(game);
		game_nap();
	}
	if (all_interrupts(game) > game->received)
		game_fail(game, "interrupts came that nobody has rung for");
}

static void game_report(const struct game *game)
{
	unsigned int i;

	for (i = 0; i < game->vectors; i++) {
		meeting_print_name(&game->meeting);
		print("vector %u: %u rings sent, %lu interrupts received\n", i,
		      game->tallies[i].sent, vector_interrupts(game, i));
	}
}

static void game_meet(struct game *game)
{
	enum meeting_state state;

	meeting_begin(&game->meeting);
	patience_renew(&game->patience);
	while ((state = meeting_poll(&game->meeting)) != MEETING_TOGETHER) {
		if (patience_is_over(&game->patience))
			game_fail(game, meeting_lacks(state));
		game_nap();
	}
	if (meeting_objection(&game->meeting))
		game_fail(game, meeting_objection(&game->meeting));
	if (game->meeting.other.count != game->count)
		game_fail(game, "the other side has another count=");
	game->peer = (uint16_t)game->meeting.other.position;
	game->vectors = game->vectors_here;
	if (game->vectors > game->meeting.other.vectors)
		game->vectors = game->meeting.other.vectors;
	meeting_print_name(&game->meeting);
	print("paired with ");
	meeting_print_other(&game->meeting);
	print(", position %u\n", game->peer);
}

/* Neither may ring before the other has begun to count. Returns false if that has gone. */
static bool game_ready(struct game *game)
{
	struct meeting *meeting = &game->meeting;

	patience_renew(&game->patience);
	game_begin(game);
	__atomic_store_n(&meeting->mine->produced, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&meeting->theirs->produced, __ATOMIC_ACQUIRE)) {
		if (!game_goes_on(game))
			return false;
		if (patience_is_over(&game->patience))
			game_fail(game, "timeout: the other side has paired, but does not start");
		game_nap();
	}
	return meeting_holds(meeting);
}

/* Until the other side has listened afterwards, too, so that it finds nobody gone. */
static void game_finish(struct game *game)
{
	patience_renew(&game->patience);
	meeting_done(&game->meeting);
	while (!meeting_is_over(&game->meeting) && !patience_is_over(&game->patience))
		game_nap();
	meeting_leave(&game->meeting);
}

static void game_run_together(struct game *game)
{
	unsigned int meetings;

	for (meetings = 0; meetings < MEETINGS_MAX; meetings++) {
		game_meet(game);
		if (game_ready(game) &&
		    game_play(game, game->meeting.mine == &game->meeting.seats[0])) {
			game_listen_afterwards(game);
			game_finish(game);
			return;
		}
		meeting_print_name(&game->meeting);
		print("the other side has gone or was restarted, waiting for it\n");
	}
	game_fail(game, "the other side was restarted too often");
}

static void game_run_alone(struct game *game)
{
	uint32_t i;

	game->peer = game->position;
	game->vectors = game->vectors_here;
	game_begin(game);
	for (i = 0; i < game->count; i++) {
		game_ring(game, i % game->vectors);
		game_await(game, i % game->vectors);
	}
	game_listen_afterwards(game);
}

static void game_open(struct game *game)
{
	const struct pci_function *function = &game->ivshmem.function;
	unsigned int max = (unsigned int)cmdline_number("vectors", 1, IVSHMEM_VECTORS_MAX,
							IVSHMEM_VECTORS_MAX);

	ivshmem_init(&game->ivshmem, SEAT_COUNT * sizeof(struct seat));
	interrupts_enable();
	interrupts_timer_start(TICK_MILLISECONDS);
	game->vectors_here = ivshmem_listen(&game->ivshmem, max);
	if (!game->vectors_here) {
		print("doorbell-pingpong: FAIL device %02x:%02x.%x has no MSI-X, so no doorbell: "
		      "start it with vectors=N\n",
		      function->bus, function->slot, function->function);
		machine_exit(1);
	}
	game->position = ivshmem_position(&game->ivshmem);
	print("doorbell-pingpong: device %02x:%02x.%x, position %u, %u of %u vectors\n",
	      function->bus, function->slot, function->function, game->position,
	      game->vectors_here, game->ivshmem.msix.entries);
}

int main(void)
{
	struct seat_card card = { .purpose = PURPOSE };
	struct game game = { 0 };
	char role[8] = "";

	cmdline_text("name", card.name, sizeof(card.name));
	cmdline_text("role", role, sizeof(role));
	game.is_alone = !strcmp(role, "self");
	game.count = (uint32_t)cmdline_number("count", 1, 100000000, 1000);
	patience_init(&game.patience, (uint32_t)cmdline_number("timeout", 1, 86400, 60));
	if (role[0] && !game.is_alone)
		game_fail(&game, "there is only role=self");
	game_open(&game);
	card.count = game.count;
	card.position = game.position;
	card.vectors = game.vectors_here;
	if (game.is_alone && !card.name[0])
		memcpy(card.name, "self", sizeof("self"));
	meeting_init(&game.meeting, game.ivshmem.memory, &card);
	if (game.is_alone)
		game_run_alone(&game);
	else
		game_run_together(&game);
	game_report(&game);
	print("doorbell-pingpong: PASS %u rings sent, %u interrupts received, none lost, "
	      "none made up\n", game.sent, game.received);
	return 0;
}
