/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two VMs that share an ivshmem region run this same image, in any order, and send each other
 * messages through it. Command line: slot=N and id=N choose the device, name=WORD, count=N
 * messages, timeout=SECONDS without any progress.
 *
 * They meet as pair/meeting.h says. Where both devices have doorbells, who has nothing to do sleeps
 * until the other rings (pair/bell.h); else it polls. What the other seat says is read once and
 * checked.
 */
#include <stdbool.h>
#include <stdint.h>

#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/ivshmem.h"
#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"
#include "samples/bare-metal/pair/bell.h"
#include "samples/bare-metal/pair/meeting.h"
#include "samples/bare-metal/pair/message.h"
#include "samples/bare-metal/pair/patience.h"
#include "samples/bare-metal/pair/seat.h"

/* "mail": what these two have come for. */
#define PURPOSE 0x6d61696c

#define MEETINGS_MAX 16
#define PRINTED_MAX 60

struct pair {
	struct meeting meeting;
	struct bell bell;
	struct patience patience;
	uint32_t sent;
	uint32_t received;
	uint32_t sent_checksum;
	uint32_t received_checksum;
	/* What the other side did wrong, if it turns out to be still the same one. */
	const char *fault;
};

static void pair_fail(struct pair *pair, const char *reason) __attribute__((noreturn));

static void pair_fail(struct pair *pair, const char *reason)
{
	print("ivshmem-pair: FAIL %s (%u of %u sent, %u received)\n", reason, pair->sent,
	      pair->meeting.card.count, pair->received);
	meeting_leave(&pair->meeting);
	machine_exit(1);
}

static void pair_meet(struct pair *pair)
{
	enum meeting_state state;

	meeting_begin(&pair->meeting);
	while ((state = meeting_poll(&pair->meeting)) != MEETING_TOGETHER) {
		if (patience_is_over(&pair->patience))
			pair_fail(pair, meeting_lacks(state));
		bell_nap(&pair->bell);
	}
	if (meeting_objection(&pair->meeting))
		pair_fail(pair, meeting_objection(&pair->meeting));
	patience_renew(&pair->patience);
	pair->sent = 0;
	pair->received = 0;
	pair->sent_checksum = CHECKSUM_INIT;
	pair->received_checksum = CHECKSUM_INIT;
	pair->fault = NULL;
	meeting_print_name(&pair->meeting);
	print("paired with ");
	meeting_print_other(&pair->meeting);
	print("\n");
}

static void pair_print_message(const struct pair *pair, const char *payload, uint32_t size)
{
	meeting_print_name(&pair->meeting);
	print("message %u of %u from ", pair->received, pair->meeting.other.count);
	meeting_print_other(&pair->meeting);
	print(": \"");
	print_untrusted(payload, size < PRINTED_MAX ? size : PRINTED_MAX);
	print("\"%s\n", size <= PRINTED_MAX ? "" : "...");
}

/* Sends one message if there is one left and room for it. Returns whether. */
static bool pair_send(struct pair *pair)
{
	const struct seat_card *card = &pair->meeting.card;
	struct seat *mine = pair->meeting.mine;
	struct seat_slot *slot = &mine->slots[pair->sent % SEAT_SLOTS];
	uint32_t used = pair->sent -
			__atomic_load_n(&pair->meeting.theirs->consumed, __ATOMIC_ACQUIRE);
	char payload[SEAT_PAYLOAD_MAX];
	uint32_t size;

	if (used > SEAT_SLOTS) {
		pair->fault = "the other side took messages that were not sent";
		return false;
	}
	if (used == SEAT_SLOTS || pair->sent == card->count)
		return false;
	size = (uint32_t)message_make(payload, sizeof(payload), pair->sent + 1, card->count,
				      card->name);
	memcpy(slot->payload, payload, size);
	slot->number = pair->sent + 1;
	slot->size = size;
	slot->checksum = checksum_add(CHECKSUM_INIT, payload, size);
	pair->sent_checksum = checksum_add(pair->sent_checksum, payload, size);
	pair->sent++;
	__atomic_store_n(&mine->produced, pair->sent, __ATOMIC_RELEASE);
	return true;
}

/* Takes the next message out of its slot. Returns its size, or 0 with fault set. */
static uint32_t pair_take(struct pair *pair, char payload[SEAT_PAYLOAD_MAX])
{
	struct seat_slot *slot = &pair->meeting.theirs->slots[pair->received % SEAT_SLOTS];
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
	const struct meeting *meeting = &pair->meeting;
	uint32_t available = __atomic_load_n(&meeting->theirs->produced, __ATOMIC_ACQUIRE) -
			     pair->received;
	char payload[SEAT_PAYLOAD_MAX];
	uint32_t size;

	if (!available)
		return false;
	if (available > SEAT_SLOTS || available > meeting->other.count - pair->received) {
		pair->fault = "the other side counts more messages than there can be";
		return false;
	}
	size = pair_take(pair, payload);
	if (!size)
		return false;
	pair->received_checksum = checksum_add(pair->received_checksum, payload, size);
	pair->received++;
	__atomic_store_n(&meeting->mine->consumed, pair->received, __ATOMIC_RELEASE);
	if (pair->received == 1 || pair->received == meeting->other.count)
		pair_print_message(pair, payload, size);
	return true;
}

static bool pair_is_complete(const struct pair *pair)
{
	const struct meeting *meeting = &pair->meeting;

	return pair->sent == meeting->card.count && pair->received == meeting->other.count &&
	       __atomic_load_n(&meeting->theirs->consumed, __ATOMIC_ACQUIRE) == pair->sent;
}

/* Sends and receives everything. Returns false if the two are no longer together. */
static bool pair_exchange(struct pair *pair)
{
	while (!pair_is_complete(pair)) {
		bool has_sent, has_received;

		bell_look(&pair->bell);
		has_sent = pair_send(pair);
		has_received = pair_receive(pair);
		seat_beat(pair->meeting.mine);
		/* What looks wrong may be a seat just being readied for someone else. */
		if (!meeting_holds(&pair->meeting))
			return false;
		if (pair->fault)
			pair_fail(pair, pair->fault);
		if (has_sent || has_received) {
			bell_due(&pair->bell);
			patience_renew(&pair->patience);
			continue;
		}
		if (patience_is_over(&pair->patience))
			pair_fail(pair, "timeout: the other side stands still");
		bell_wait(&pair->bell);
	}
	return meeting_holds(&pair->meeting);
}

/*
 * Stays until the other side knows, too, that all has arrived. If it leaves, dies or is restarted
 * instead, the result stands: everything sent has been taken, everything announced is here.
 */
static void pair_finish(struct pair *pair)
{
	patience_renew(&pair->patience);
	meeting_done(&pair->meeting);
	bell_due(&pair->bell);
	bell_tell(&pair->bell);
	for (;;) {
		bell_look(&pair->bell);
		if (meeting_is_over(&pair->meeting) || patience_is_over(&pair->patience))
			break;
		bell_wait(&pair->bell);
	}
	meeting_leave(&pair->meeting);
}

static void pair_run(struct pair *pair)
{
	unsigned int meetings;

	for (meetings = 0; meetings < MEETINGS_MAX; meetings++) {
		pair_meet(pair);
		bell_begin(&pair->bell, &pair->meeting);
		if (pair_exchange(pair)) {
			pair_finish(pair);
			return;
		}
		bell_end(&pair->bell);
		meeting_print_name(&pair->meeting);
		print("the other side has gone or was restarted, waiting for it\n");
	}
	pair_fail(pair, "the other side was restarted too often");
}

static void pair_print_rings(const struct pair *pair)
{
	meeting_print_name(&pair->meeting);
	if (pair->bell.meeting)
		print("woken by doorbells: %lu rings sent, %lu interrupts received\n",
		      pair->bell.rings_sent, bell_rings_received(&pair->bell));
	else
		print("polled: %s has no doorbell\n",
		      pair->bell.vectors ? "the other side" : "the device");
}

int main(void)
{
	struct seat_card card = { .purpose = PURPOSE };
	struct ivshmem ivshmem;
	struct pair pair = { 0 };

	cmdline_text("name", card.name, sizeof(card.name));
	card.count = (uint32_t)cmdline_number("count", 1, 100000000, 1000);
	patience_init(&pair.patience, (uint32_t)cmdline_number("timeout", 1, 86400, 60));
	ivshmem_init(&ivshmem, SEAT_COUNT * sizeof(struct seat));
	bell_init(&pair.bell, &ivshmem);
	card.vectors = pair.bell.vectors;
	card.position = card.vectors ? ivshmem_position(&ivshmem) : 0;
	meeting_init(&pair.meeting, ivshmem.memory, &card);
	print("ivshmem-pair: region of %lu KiB at 0x%lx, device %02x:%02x.%x, id 0x%04x\n",
	      ivshmem.size >> 10, ivshmem.address, ivshmem.function.bus, ivshmem.function.slot,
	      ivshmem.function.function, ivshmem.subsystem_id);
	pair_run(&pair);
	pair_print_rings(&pair);
	print("ivshmem-pair: PASS %u sent, %u received, checksum %08x sent, %08x received\n",
	      pair.sent, pair.received, pair.sent_checksum, pair.received_checksum);
	return 0;
}
