/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two VMs that share an ivshmem region run this same image, in any order, and send each other
 * messages through it. Command line: slot=N and id=N choose the device, name=WORD, count=N
 * messages, timeout=SECONDS without any progress.
 *
 * They meet on the two seats of pair/seat.h. The words owner and partner of both seats say that
 * they talk to each other; should one of them change, the other side has been restarted, and this
 * one drops what it has and meets again. What the other seat says is read once and checked.
 */
#include <stdbool.h>
#include <stdint.h>

#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/deadline.h"
#include "samples/bare-metal/lib/ivshmem.h"
#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"
#include "samples/bare-metal/lib/tsc.h"
#include "samples/bare-metal/pair/message.h"
#include "samples/bare-metal/pair/seat.h"

#define MEETINGS_MAX 16
#define PRINTED_MAX 60

struct pair {
	struct seat *seats;
	struct seat *mine;
	struct seat *theirs;
	uint64_t session;
	uint64_t partner;
	char name[SEAT_NAME_SIZE];
	char their_name[SEAT_NAME_SIZE];
	uint32_t count;
	uint32_t their_count;
	uint32_t sent;
	uint32_t received;
	uint32_t sent_checksum;
	uint32_t received_checksum;
	/* What the other side did wrong, if it turns out to be still the same one. */
	const char *fault;
	uint32_t timeout;
	struct deadline deadline;
	bool is_moving;
};

static void pair_fail(const struct pair *pair, const char *reason) __attribute__((noreturn));

static void pair_fail(const struct pair *pair, const char *reason)
{
	print("ivshmem-pair: FAIL %s (%u of %u sent, %u received)\n", reason, pair->sent,
	      pair->count, pair->received);
	if (pair->mine)
		seat_release(pair->mine, pair->session);
	machine_exit(1);
}

/* Called where nothing is to be done; the time runs from the last call of pair_moved(). */
static void pair_idle(struct pair *pair, const char *reason)
{
	if (pair->is_moving) {
		deadline_start(&pair->deadline, pair->timeout);
		pair->is_moving = false;
	}
	if (deadline_passed(&pair->deadline))
		pair_fail(pair, reason);
	tsc_pause();
}

static void pair_moved(struct pair *pair)
{
	pair->is_moving = true;
}

static void pair_sit(struct pair *pair)
{
	struct seat_watch watches[SEAT_COUNT] = { 0 };
	int index;

	pair->mine = NULL;
	pair->session = session_new();
	while ((index = seat_claim(pair->seats, watches, pair->session)) < 0)
		pair_idle(pair, "two other VMs use this region");
	pair->mine = &pair->seats[index];
	pair->theirs = &pair->seats[!index];
	seat_beat(pair->mine);
	if (!pair->name[0])
		memcpy(pair->name, index ? "seat1" : "seat0", sizeof("seat0"));
}

static bool pair_has_seat(const struct pair *pair)
{
	return __atomic_load_n(&pair->mine->owner, __ATOMIC_ACQUIRE) == pair->session;
}

static bool pair_is_together(const struct pair *pair)
{
	return pair_has_seat(pair) &&
	       __atomic_load_n(&pair->theirs->owner, __ATOMIC_ACQUIRE) == pair->partner &&
	       __atomic_load_n(&pair->theirs->partner, __ATOMIC_ACQUIRE) == pair->session;
}

/* Readies the own seat for a new partner. The partner word says so, and comes last. */
static void pair_offer(struct pair *pair, uint64_t partner)
{
	struct seat *mine = pair->mine;

	__atomic_store_n(&mine->partner, 0, __ATOMIC_SEQ_CST);
	mine->count = pair->count;
	mine->done = 0;
	memcpy(mine->name, pair->name, sizeof(mine->name));
	mine->produced = 0;
	mine->consumed = 0;
	__atomic_store_n(&mine->partner, partner, __ATOMIC_SEQ_CST);

	pair->partner = partner;
	pair->sent = 0;
	pair->received = 0;
	pair->sent_checksum = CHECKSUM_INIT;
	pair->received_checksum = CHECKSUM_INIT;
	pair->fault = NULL;
}

/* Waits until both seats name each other. Returns false if the own seat was taken meanwhile. */
static bool pair_meet(struct pair *pair)
{
	pair_offer(pair, 0);
	while (pair_has_seat(pair)) {
		uint64_t owner = __atomic_load_n(&pair->theirs->owner, __ATOMIC_ACQUIRE);

		seat_beat(pair->mine);
		if (owner != pair->partner && session_valid(owner) && owner != pair->session)
			pair_offer(pair, owner);
		if (pair->partner && pair_is_together(pair)) {
			pair->their_count = __atomic_load_n(&pair->theirs->count, __ATOMIC_RELAXED);
			memcpy(pair->their_name, pair->theirs->name, sizeof(pair->their_name));
			pair->their_name[sizeof(pair->their_name) - 1] = '\0';
			return true;
		}
		pair_idle(pair, "timeout: nobody came to the other seat; "
			  "start the second VM with the same region");
	}
	return false;
}

static void print_name(const char *name)
{
	print_untrusted(name, strlen(name));
}

static void pair_print_message(const struct pair *pair, const char *payload, uint32_t size)
{
	print_name(pair->name);
	print(": message %u of %u from ", pair->received, pair->their_count);
	print_name(pair->their_name);
	print(": \"");
	print_untrusted(payload, size < PRINTED_MAX ? size : PRINTED_MAX);
	print("\"%s\n", size <= PRINTED_MAX ? "" : "...");
}

/* Sends one message if there is one left and room for it. Returns whether. */
static bool pair_send(struct pair *pair)
{
	uint32_t consumed = __atomic_load_n(&pair->theirs->consumed, __ATOMIC_ACQUIRE);
	uint32_t used = pair->sent - consumed;
	struct seat_slot *slot = &pair->mine->slots[pair->sent % SEAT_SLOTS];
	char payload[SEAT_PAYLOAD_MAX];
	uint32_t size;

	if (used > SEAT_SLOTS) {
		pair->fault = "the other side took messages that were not sent";
		return false;
	}
	if (used == SEAT_SLOTS || pair->sent == pair->count)
		return false;
	size = (uint32_t)message_make(payload, sizeof(payload), pair->sent + 1, pair->count,
				      pair->name);
	memcpy(slot->payload, payload, size);
	slot->number = pair->sent + 1;
	slot->size = size;
	slot->checksum = checksum_add(CHECKSUM_INIT, payload, size);
	pair->sent_checksum = checksum_add(pair->sent_checksum, payload, size);
	pair->sent++;
	__atomic_store_n(&pair->mine->produced, pair->sent, __ATOMIC_RELEASE);
	return true;
}

/* Takes the next message out of its slot. Returns its size, or 0 with fault set. */
static uint32_t pair_take(struct pair *pair, char payload[SEAT_PAYLOAD_MAX])
{
	struct seat_slot *slot = &pair->theirs->slots[pair->received % SEAT_SLOTS];
	uint32_t number = __atomic_load_n(&slot->number, __ATOMIC_RELAXED);
	uint32_t size = __atomic_load_n(&slot->size, __ATOMIC_RELAXED);
	uint32_t checksum = __atomic_load_n(&slot->checksum, __ATOMIC_RELAXED);

	if (number != pair->received + 1) {
		pair->fault = "a message has the wrong number";
		return 0;
	}
	if (!size || size > SEAT_PAYLOAD_MAX) {
		pair->fault = "a message has an impossible size";
		return 0;
	}
	memcpy(payload, slot->payload, size);
	if (checksum_add(CHECKSUM_INIT, payload, size) != checksum) {
		pair->fault = "a message does not match its check sum";
		return 0;
	}
	return size;
}

/* Receives one message if there is one. Returns whether. */
static bool pair_receive(struct pair *pair)
{
	uint32_t produced = __atomic_load_n(&pair->theirs->produced, __ATOMIC_ACQUIRE);
	uint32_t available = produced - pair->received;
	char payload[SEAT_PAYLOAD_MAX];
	uint32_t size;

	if (!available)
		return false;
	if (available > SEAT_SLOTS || available > pair->their_count - pair->received) {
		pair->fault = "the other side counts more messages than there can be";
		return false;
	}
	size = pair_take(pair, payload);
	if (!size)
		return false;
	pair->received_checksum = checksum_add(pair->received_checksum, payload, size);
	pair->received++;
	__atomic_store_n(&pair->mine->consumed, pair->received, __ATOMIC_RELEASE);
	if (pair->received == 1 || pair->received == pair->their_count)
		pair_print_message(pair, payload, size);
	return true;
}

static bool pair_is_complete(const struct pair *pair)
{
	return pair->sent == pair->count && pair->received == pair->their_count &&
	       __atomic_load_n(&pair->theirs->consumed, __ATOMIC_ACQUIRE) == pair->count;
}

/* Sends and receives everything. Returns false if the two are no longer together. */
static bool pair_exchange(struct pair *pair)
{
	while (!pair_is_complete(pair)) {
		bool has_sent = pair_send(pair);
		bool has_received = pair_receive(pair);

		seat_beat(pair->mine);
		/* What looks wrong may be a seat just being readied for someone else. */
		if (!pair_is_together(pair))
			return false;
		if (pair->fault)
			pair_fail(pair, pair->fault);
		if (has_sent || has_received)
			pair_moved(pair);
		else
			pair_idle(pair, "timeout: the other side stands still");
	}
	return pair_is_together(pair);
}

/*
 * Stays until the other side knows, too, that all has arrived. If it leaves, dies or is restarted
 * instead, the result stands: everything sent has been taken, everything announced is here.
 */
static void pair_finish(struct pair *pair)
{
	struct seat_watch watch = { 0 };

	deadline_start(&pair->deadline, pair->timeout);
	__atomic_store_n(&pair->mine->done, 1, __ATOMIC_RELEASE);
	while (pair_is_together(pair) && !seat_is_given_up(pair->theirs, &watch) &&
	       !deadline_passed(&pair->deadline) &&
	       !__atomic_load_n(&pair->theirs->done, __ATOMIC_ACQUIRE)) {
		seat_beat(pair->mine);
		tsc_pause();
	}
	seat_release(pair->mine, pair->session);
}

static void pair_run(struct pair *pair)
{
	unsigned int meetings;

	pair_moved(pair);
	for (meetings = 0; meetings < MEETINGS_MAX; meetings++) {
		if (!pair->mine || !pair_has_seat(pair))
			pair_sit(pair);
		if (!pair_meet(pair))
			continue;
		pair_moved(pair);
		print_name(pair->name);
		print(": paired with ");
		print_name(pair->their_name);
		print("\n");
		if (pair_exchange(pair)) {
			pair_finish(pair);
			return;
		}
		print_name(pair->name);
		print(": the other side has gone or was restarted, waiting for it\n");
	}
	pair_fail(pair, "the other side was restarted too often");
}

int main(void)
{
	struct ivshmem ivshmem;
	struct pair pair = { 0 };

	cmdline_text("name", pair.name, sizeof(pair.name));
	pair.count = (uint32_t)cmdline_number("count", 1, 100000000, 1000);
	pair.timeout = (uint32_t)cmdline_number("timeout", 1, 86400, 60);
	ivshmem_init(&ivshmem, SEAT_COUNT * sizeof(struct seat));
	pair.seats = ivshmem.memory;
	print("ivshmem-pair: region of %lu KiB at 0x%lx, device %02x:%02x.%x, id 0x%04x\n",
	      ivshmem.size >> 10, ivshmem.address, ivshmem.function.bus, ivshmem.function.slot,
	      ivshmem.function.function, ivshmem.subsystem_id);
	pair_run(&pair);
	print("ivshmem-pair: PASS %u sent, %u received, checksum %08x sent, %08x received\n",
	      pair.sent, pair.received, pair.sent_checksum, pair.received_checksum);
	return 0;
}
