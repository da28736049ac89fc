/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest that measures doorbells of an ivshmem device. Command line: slot=N, id=N; run=N, a number
 * that both guests of a run are given and that was not used in this region before; timeout=SECONDS
 * to wait for the other; and role=:
 *
 *   drive, answer   a pair that rings each other's vector 0. awake=N and asleep=N round trips:
 *                   whoever is rung spins, or has halted, until its interrupt comes, and rings
 *                   back. rate=N rings by the driver without waiting. The driver prints.
 *   spray           alone: rate=N rings each of the peer first=ID, of the peer last=ID, and of
 *                   all from the one to the other in turn. Nobody answers.
 *
 * Nothing is measured before each has heard the other: what one rings before the other's monitor
 * has told it is lost, and not what is measured.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/guests/bars.h"
#include "bench/guests/cycles.h"
#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/deadline.h"
#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/ivshmem.h"
#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"
#include "samples/bare-metal/lib/tsc.h"

#define COUNT_MAX 100000000
/* Of the doorbell's vector 0. */
#define INTERRUPT INTERRUPTS_FIRST
/* Not in the figures: pages and caches, and monitors that learn which doorbells are used. */
#define WARM_UP 64
#define RING_BATCH 50U
/* Some milliseconds, for what is still on its way. */
#define SETTLE_CYCLES (TSC_HZ_MAX / 200)

/* Steps of a run, in a seat's progress: the run's number in the upper half. */
enum step {
	STEP_HERE = 1,
	STEP_HEARD,
	STEP_QUIET,
	STEP_DONE,
};

/* What each side says of itself. Lines are 128 bytes apart: processors like to fetch two of 64. */
struct seat {
	_Alignas(128) uint64_t progress;
	uint16_t position;
	uint64_t interrupts;
};

struct doorbell {
	struct ivshmem ivshmem;
	struct seat *mine;
	struct seat *theirs;
	struct deadline deadline;
	uint64_t run;
	uint16_t peer;
	/* Interrupts that were waited for already. */
	uint64_t seen;
	bool drives;
};

static struct cycles cycles;

static void fail(const char *reason) __attribute__((noreturn));

static void fail(const char *reason)
{
	print("doorbell: %s\n", reason);
	machine_exit(1);
}

/* All rings are of vector 0. */
static void ring(const struct doorbell *doorbell, uint16_t peer)
{
	ivshmem_ring(&doorbell->ivshmem, peer, 0);
}

/* --- meeting ---------------------------------------------------------------------------------- */

static void progress_set(struct doorbell *doorbell, enum step step)
{
	__atomic_store_n(&doorbell->mine->progress, doorbell->run << 32 | step, __ATOMIC_RELEASE);
}

static bool progress_reached(const struct doorbell *doorbell, enum step step)
{
	uint64_t theirs = __atomic_load_n(&doorbell->theirs->progress, __ATOMIC_ACQUIRE);

	return theirs >> 32 == doorbell->run && (uint32_t)theirs >= step;
}

static void progress_wait(struct doorbell *doorbell, enum step step)
{
	while (!progress_reached(doorbell, step)) {
		if (deadline_passed(&doorbell->deadline))
			fail("timeout: the other guest is not there, or has stopped");
		tsc_pause();
	}
}

static void settle(void)
{
	uint64_t end = tsc_read() + SETTLE_CYCLES;

	while (tsc_read() < end)
		tsc_pause();
}

/*
 * Until each has been rung by the other, and nothing is on its way any more. What comes after this
 * side has said so is the first ring of a measurement.
 */
static void meet(struct doorbell *doorbell)
{
	progress_set(doorbell, STEP_HERE);
	progress_wait(doorbell, STEP_HERE);
	doorbell->peer = doorbell->theirs->position;
	while (!interrupts_count(INTERRUPT) || !progress_reached(doorbell, STEP_HEARD)) {
		ring(doorbell, doorbell->peer);
		if (interrupts_count(INTERRUPT))
			progress_set(doorbell, STEP_HEARD);
		if (deadline_passed(&doorbell->deadline))
			fail("timeout: no ring has come from the other guest");
		settle();
	}
	progress_set(doorbell, STEP_HEARD);
	settle();
	doorbell->seen = interrupts_count(INTERRUPT);
	progress_set(doorbell, STEP_QUIET);
	progress_wait(doorbell, STEP_QUIET);
}

/* --- round trips ------------------------------------------------------------------------------ */

/* Without a pause and without looking at a clock: a ring that is lost is for the host to notice. */
static inline void wait_awake(uint64_t seen)
{
	while (interrupts_count(INTERRUPT) == seen)
		;
}

static inline void wait_asleep(uint64_t seen)
{
	interrupts_wait(INTERRUPT, seen, NULL);
}

typedef void wait_function(uint64_t seen);

static inline void drive_trips(struct doorbell *doorbell, uint64_t count, wait_function *wait)
{
	uint64_t before = tsc_read();

	for (; count; count--) {
		uint64_t now;

		ring(doorbell, doorbell->peer);
		wait(doorbell->seen++);
		now = tsc_read();
		cycles_add(&cycles, now - before);
		before = now;
	}
}

static inline void answer_trips(struct doorbell *doorbell, uint64_t count, wait_function *wait)
{
	for (; count; count--) {
		wait(doorbell->seen++);
		ring(doorbell, doorbell->peer);
	}
}

static void trips_print(const char *name, uint64_t count, uint64_t all)
{
	cycles_sort(&cycles);
	print("doorbell trips=%s count=%lu min=%u median=%u p99=%u cycles=%lu\n", name, count,
	      cycles.values[0], cycles.values[cycles.count / 2],
	      cycles.values[cycles.count * 99 / 100], all);
}

static void trips(struct doorbell *doorbell, const char *name, wait_function *wait)
{
	uint64_t count = cmdline_number(name, 0, COUNT_MAX, 0);
	uint64_t start;

	if (!count)
		return;
	if (!doorbell->drives) {
		answer_trips(doorbell, count + WARM_UP, wait);
		return;
	}
	drive_trips(doorbell, WARM_UP, wait);
	cycles.count = 0;
	start = tsc_read();
	drive_trips(doorbell, count, wait);
	trips_print(name, count, tsc_read() - start);
	if (interrupts_count(INTERRUPT) != doorbell->seen)
		fail("an interrupt has come that nobody rang for");
}

/* --- rate ------------------------------------------------------------------------------------- */

/*
 * From the first peer to the last in turn. Cycles are those of batches, so that one which has lost
 * the processor in the middle does not count for more than others.
 */
static void ring_often(const struct doorbell *doorbell, uint16_t first, uint16_t last,
		       uint64_t count)
{
	uint16_t peer = first;
	uint64_t before = tsc_read();

	cycles.count = 0;
	for (; count; count--) {
		uint64_t now;

		ring(doorbell, peer);
		peer = peer == last ? first : (uint16_t)(peer + 1);
		if (count % RING_BATCH != 1)
			continue;
		now = tsc_read();
		cycles_add(&cycles, now - before);
		before = now;
	}
}

static void rings_print(const char *name, uint64_t count, uint64_t interrupts)
{
	cycles_sort(&cycles);
	print("doorbell rings=%s count=%lu interrupts=%lu batch=%u min=%u median=%u p99=%u\n", name,
	      count, interrupts, RING_BATCH, cycles.values[0], cycles.values[cycles.count / 2],
	      cycles.values[cycles.count * 99 / 100]);
}

static void rate(struct doorbell *doorbell)
{
	uint64_t count = cmdline_number("rate", RING_BATCH, COUNT_MAX, RING_BATCH);
	uint64_t interrupts;

	if (!doorbell->drives) {
		progress_wait(doorbell, STEP_DONE);
		settle();
		doorbell->mine->interrupts = interrupts_count(INTERRUPT) - doorbell->seen;
		progress_set(doorbell, STEP_DONE);
		return;
	}
	ring_often(doorbell, doorbell->peer, doorbell->peer, count);
	progress_set(doorbell, STEP_DONE);
	progress_wait(doorbell, STEP_DONE);
	interrupts = doorbell->theirs->interrupts;
	if (!interrupts || interrupts > count)
		fail("no interrupt has come, or more than were rung for");
	rings_print("one", count, interrupts);
}

/* --- spray ------------------------------------------------------------------------------------ */

static void spray_over(const struct doorbell *doorbell, const char *name, uint16_t first,
		       uint16_t last, uint64_t count)
{
	ring_often(doorbell, first, last, WARM_UP);
	ring_often(doorbell, first, last, count);
	rings_print(name, count, 0);
}

static int spray(const struct doorbell *doorbell)
{
	uint64_t count = cmdline_number("rate", RING_BATCH, COUNT_MAX, RING_BATCH);
	uint16_t first = (uint16_t)cmdline_number("first", 0, 65535, 0);
	uint16_t last = (uint16_t)cmdline_number("last", first, 65535, first);

	/* A peer that the monitor has not been told of yet would be cheap to ring. */
	settle();
	spray_over(doorbell, "first", first, first, count);
	spray_over(doorbell, "last", last, last, count);
	spray_over(doorbell, "turn", first, last, count);
	return 0;
}

static int run_pair(struct doorbell *doorbell)
{
	interrupts_enable();
	if (!ivshmem_listen(&doorbell->ivshmem, 1))
		fail("the device has no doorbells");
	doorbell->mine->position = ivshmem_position(&doorbell->ivshmem);
	meet(doorbell);
	trips(doorbell, "awake", wait_awake);
	trips(doorbell, "asleep", wait_asleep);
	rate(doorbell);
	return 0;
}

static void doorbell_init(struct doorbell *doorbell)
{
	bars_assign(0x1af4, 0x1110);
	ivshmem_init(&doorbell->ivshmem, 2 * sizeof(struct seat));
	doorbell->run = cmdline_number("run", 1, UINT32_MAX, 1);
	deadline_start(&doorbell->deadline, (uint32_t)cmdline_number("timeout", 1, 86400, 60));
}

int main(void)
{
	struct doorbell doorbell;
	struct seat *seats;
	char role[8];

	doorbell_init(&doorbell);
	seats = doorbell.ivshmem.memory;
	if (!cmdline_text("role", role, sizeof(role)))
		role[0] = '\0';
	doorbell.drives = !strcmp(role, "drive");
	doorbell.mine = &seats[doorbell.drives];
	doorbell.theirs = &seats[!doorbell.drives];
	if (!strcmp(role, "spray"))
		return spray(&doorbell);
	if (!doorbell.drives && strcmp(role, "answer"))
		fail("give role=drive to one guest and role=answer to the other, or role=spray");
	return run_pair(&doorbell);
}
