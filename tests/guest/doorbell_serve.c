/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The console wakes this processor by an interrupt of its own, so that a guest that nobody talks to
 * costs nothing.
 */
#include "tests/guest/doorbell_serve.h"

#include <stddef.h>

#include "samples/bare-metal/lib/com1.h"
#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/port.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"
#include "samples/bare-metal/lib/tsc.h"
#include "tests/guest/mmio.h"

#define IOAPIC 0xfec00000UL
#define COM1_PIN 4
#define COM1_IER 0x3f9
#define COM1_MCR 0x3fc
#define COM1_LINE_STATUS 0x3fd
#define RESET_PORT 0xcf9
#define LINE_SIZE 128
#define NUMBERS_MAX 5

/* Where tests/functional/doorbell_peers.c keeps the rings it has got, 32 bits each. */
#define RUNG_TOTAL 64
#define RUNG_EACH 4096

/* Of press and hold: the number of the ring that was sent, and of the one that was taken. */
#define PRESSED 128
#define HELD 192

static void console_init(void)
{
	mmio_write(IOAPIC, 4, 0x11 + 2 * COM1_PIN);
	mmio_write(IOAPIC + 0x10, 4, (uint64_t)interrupts_msi_address() << 12 & 0xff000000);
	mmio_write(IOAPIC, 4, 0x10 + 2 * COM1_PIN);
	mmio_write(IOAPIC + 0x10, 4, DOORBELL_CONSOLE_VECTOR);
	port_write8(COM1_MCR, 0x0b);
	port_write8(COM1_IER, 0x01);
}

static char console_read(void)
{
	uint64_t seen;
	int byte;

	for (;;) {
		seen = interrupts_count(DOORBELL_CONSOLE_VECTOR);
		byte = com1_read();
		if (byte >= 0)
			return (char)byte;
		interrupts_wait(DOORBELL_CONSOLE_VECTOR, seen, NULL);
	}
}

static void read_line(char line[LINE_SIZE])
{
	size_t used = 0;
	char byte;

	while ((byte = console_read()) != '\n')
		if (used < LINE_SIZE - 1)
			line[used++] = byte;
	line[used] = '\0';
}

struct request {
	struct doorbell_device *device;
	uint64_t number[NUMBERS_MAX];
};

static volatile uint32_t *memory_word(const struct doorbell_device *device, uint64_t offset)
{
	return (volatile uint32_t *)((uintptr_t)device->ivshmem.memory + offset);
}

static void run_position(const struct request *request)
{
	print("%u\n", doorbell_position(request->device));
}

static void run_vectors(const struct request *request)
{
	print("%u\n", request->device->vectors);
}

static void run_open(const struct request *request)
{
	unsigned int entry = (unsigned int)request->number[0];

	doorbell_master(request->device, true);
	doorbell_enable(request->device, true);
	doorbell_route(request->device, entry);
	doorbell_unmask(request->device, entry);
}

static void run_open_all(const struct request *request)
{
	doorbell_open_all(request->device);
}

static void run_mask(const struct request *request)
{
	doorbell_mask(request->device, (unsigned int)request->number[0]);
}

static void run_unmask(const struct request *request)
{
	doorbell_unmask(request->device, (unsigned int)request->number[0]);
}

static void run_enable(const struct request *request)
{
	doorbell_enable(request->device, request->number[0]);
}

static void run_master(const struct request *request)
{
	doorbell_master(request->device, request->number[0]);
}

static void run_pending(const struct request *request)
{
	print("%u\n", doorbell_pending(request->device, (unsigned int)request->number[0]));
}

static void run_await_pending(const struct request *request)
{
	print("%u\n", doorbell_await_pending(request->device, (unsigned int)request->number[0]));
}

/* PEER VECTOR TIMES (0: once), without waiting for anything. */
static void run_ring(const struct request *request)
{
	uint64_t i = 0;

	do
		doorbell_ring(request->device, (unsigned int)request->number[0],
			      (unsigned int)request->number[1]);
	while (++i < request->number[2]);
}

/* PEER VECTORS: each of them in turn until somebody types. */
static void run_storm(const struct request *request)
{
	unsigned int vectors = (unsigned int)request->number[1], i = 0;
	char line[LINE_SIZE];

	print("storm\n");
	while (!(i % 64 == 0 && port_read8(COM1_LINE_STATUS) & 1)) {
		doorbell_ring(request->device, (unsigned int)request->number[0], i % vectors);
		i++;
	}
	read_line(line);
}

static void run_count(const struct request *request)
{
	print("%lu\n", doorbell_count((unsigned int)request->number[0]));
}

static void run_total(const struct request *request)
{
	(void)request;
	doorbell_settle();
	print("%lu\n", doorbell_total());
}

static void run_await(const struct request *request)
{
	print("%lu\n", doorbell_await((unsigned int)request->number[0], request->number[1]));
}

static void run_await_total(const struct request *request)
{
	struct deadline deadline;

	deadline_start(&deadline, DOORBELL_PATIENCE);
	while (doorbell_total() < request->number[0] && !deadline_passed(&deadline))
		doorbell_settle();
	print("%lu\n", doorbell_total());
}

static void run_read(const struct request *request)
{
	print("0x%lx\n", mmio_read(request->device->registers + request->number[0],
				   (unsigned int)request->number[1]));
}

static void run_write(const struct request *request)
{
	mmio_write(request->device->registers + request->number[0],
		   (unsigned int)request->number[1], request->number[2]);
}

static void run_read_config(const struct request *request)
{
	print("0x%x\n", pci_read32(&request->device->ivshmem.function,
				   (unsigned int)request->number[0]));
}

static void run_peek(const struct request *request)
{
	print("%u\n", *memory_word(request->device, request->number[0]));
}

static void run_await_peek(const struct request *request)
{
	const volatile uint32_t *word = memory_word(request->device, request->number[0]);
	uint64_t end = tsc_read() + TSC_HZ_MAX;

	while (*word < request->number[1] && tsc_read() < end)
		tsc_pause();
	print("%u\n", *word);
}

static void run_poke(const struct request *request)
{
	*memory_word(request->device, request->number[0]) = (uint32_t)request->number[1];
}

/* LENGTH: is all of the region up to there this byte? And: fill it. */
static void run_is_filled(const struct request *request)
{
	const volatile uint8_t *bytes = request->device->ivshmem.memory;
	uint64_t i;

	for (i = 0; i < request->number[0] && bytes[i] == (uint8_t)request->number[1]; i++)
		;
	print("%lu\n", i);
}

static void run_fill(const struct request *request)
{
	memset(request->device->ivshmem.memory, (int)request->number[1], request->number[0]);
}

/* Rings it, and sees exactly this ring arrive at the host program. */
static bool ring_is_counted(const struct doorbell_device *device, unsigned int peer,
			    unsigned int vector, unsigned int vectors)
{
	volatile uint32_t *each = memory_word(device, RUNG_EACH + 4 * (peer * vectors + vector));
	volatile uint32_t *total = memory_word(device, RUNG_TOTAL);
	uint32_t each_before = *each, total_before = *total;
	struct deadline deadline;

	deadline_start(&deadline, DOORBELL_PATIENCE);
	doorbell_ring(device, peer, vector);
	while (*total == total_before && !deadline_passed(&deadline))
		tsc_pause();
	if (*total == total_before + 1 && *each == each_before + 1)
		return true;
	print("peer %u vector %u: %u rings came there, %u in all\n", peer, vector,
	      *each - each_before, *total - total_before);
	return false;
}

/* FIRST-PEER LAST-PEER VECTORS TIMES ROUNDS: each pair TIMES in a row, all pairs in turn. */
static void run_spread(const struct request *request)
{
	const uint64_t *number = request->number;
	uint64_t round, peer, vector, i, rung = 0;

	for (round = 0; round < number[4]; round++)
		for (peer = number[0]; peer <= number[1]; peer++)
			for (vector = 0; vector < number[2]; vector++)
				for (i = 0; i < number[3]; i++, rung++)
					if (!ring_is_counted(request->device, (unsigned int)peer,
							     (unsigned int)vector,
							     (unsigned int)number[2]))
						return;
	print("%lu rung and counted\n", rung);
}

/* PEER VECTOR TIMES: the next ring as soon as hold has taken the one before. */
static void run_press(const struct request *request)
{
	const struct doorbell_device *device = request->device;
	volatile uint32_t *pressed = memory_word(device, PRESSED);
	volatile uint32_t *held = memory_word(device, HELD);
	struct deadline deadline;
	uint32_t i;

	*held = 0;
	for (i = 1; i <= request->number[2]; i++) {
		deadline_start(&deadline, DOORBELL_PATIENCE);
		*pressed = i;
		doorbell_ring(device, (unsigned int)request->number[0],
			      (unsigned int)request->number[1]);
		while (*held != i && !deadline_passed(&deadline))
			tsc_pause();
		if (*held != i) {
			print("ring %u is lost\n", i);
			return;
		}
	}
	print("%lu rings were taken\n", request->number[2]);
}

/* What turns interrupts of an entry off and on: itself, and what it is part of. */
static void hold_entry(const struct doorbell_device *device, unsigned int entry, bool off)
{
	if (off)
		doorbell_mask(device, entry);
	else
		doorbell_unmask(device, entry);
}

static void hold_function(const struct doorbell_device *device, unsigned int entry, bool off)
{
	(void)entry;
	doorbell_mask_function(device, off);
}

static void hold_enable(const struct doorbell_device *device, unsigned int entry, bool off)
{
	(void)entry;
	doorbell_enable(device, !off);
}

static void hold_master(const struct doorbell_device *device, unsigned int entry, bool off)
{
	(void)entry;
	doorbell_master(device, !off);
}

static void (*const holds[])(const struct doorbell_device *, unsigned int, bool) = {
	hold_entry, hold_function, hold_enable, hold_master,
};

/*
 * ENTRY TIMES WAY: takes the rings of press, asleep, and turns interrupts off by that way for each
 * of them, so that the next one comes somewhere between off and on again.
 */
static void run_hold(const struct request *request)
{
	const struct doorbell_device *device = request->device;
	volatile uint32_t *pressed = memory_word(device, PRESSED);
	volatile uint32_t *held = memory_word(device, HELD);
	unsigned int entry = (unsigned int)request->number[0];
	uint64_t first = doorbell_count(entry), seen = first, pause;
	struct deadline deadline;
	uint32_t value = 0;

	print("hold %lu: ready\n", request->number[2]);
	while (value < request->number[1]) {
		deadline_start(&deadline, DOORBELL_PATIENCE);
		if (!interrupts_wait(doorbell_vector(entry), seen, &deadline))
			break;
		seen = doorbell_count(entry);
		holds[request->number[2] & 3](device, entry, true);
		value = *pressed;
		*held = value;
		for (pause = tsc_read() + value * 977 % 60000; tsc_read() < pause;)
			tsc_pause();
		/* Looking at it takes it from where it waits. */
		if (value & 1)
			doorbell_pending(device, entry);
		holds[request->number[2] & 3](device, entry, false);
	}
	doorbell_settle();
	print("hold %lu: %u rings, %lu interrupts\n", request->number[2], value,
	      doorbell_count(entry) - first);
}

static void run_move(const struct request *request)
{
	doorbell_move(request->device, request->number[0]);
}

static void run_reset(const struct request *request)
{
	(void)request;
	port_write8(RESET_PORT, 0x06);
	interrupts_idle();
}

static void run_off(const struct request *request)
{
	(void)request;
	machine_exit(0);
}

static const struct command {
	const char *name;
	void (*run)(const struct request *request);
} commands[] = {
	{ "position", run_position },
	{ "vectors", run_vectors },
	{ "open", run_open },
	{ "open-all", run_open_all },
	{ "mask", run_mask },
	{ "unmask", run_unmask },
	{ "enable", run_enable },
	{ "master", run_master },
	{ "pending", run_pending },
	{ "await-pending", run_await_pending },
	{ "ring", run_ring },
	{ "storm", run_storm },
	{ "spread", run_spread },
	{ "count", run_count },
	{ "total", run_total },
	{ "await", run_await },
	{ "await-total", run_await_total },
	{ "read", run_read },
	{ "write", run_write },
	{ "read-config", run_read_config },
	{ "peek", run_peek },
	{ "await-peek", run_await_peek },
	{ "poke", run_poke },
	{ "is-filled", run_is_filled },
	{ "fill", run_fill },
	{ "press", run_press },
	{ "hold", run_hold },
	{ "move", run_move },
	{ "reset", run_reset },
	{ "off", run_off },
};

static uint64_t take_number(const char **text)
{
	unsigned int base = 10, digit;
	uint64_t number = 0;

	while (**text == ' ')
		(*text)++;
	if ((*text)[0] == '0' && (*text)[1] == 'x') {
		base = 16;
		*text += 2;
	}
	for (; **text && **text != ' '; (*text)++) {
		digit = (unsigned int)(**text <= '9' ? **text - '0' : (**text | 0x20) - 'a' + 10);
		number = number * base + digit;
	}
	return number;
}

static void run_line(struct doorbell_device *device, const char *line)
{
	struct request request = { .device = device };
	size_t i, length = 0;

	while (line[length] && line[length] != ' ')
		length++;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strlen(commands[i].name) != length || strncmp(commands[i].name, line, length))
			continue;
		line += length;
		for (length = 0; length < NUMBERS_MAX; length++)
			request.number[length] = take_number(&line);
		commands[i].run(&request);
		return;
	}
	print("no command %s\n", line);
}

void doorbell_serve(struct doorbell_device *device)
{
	char line[LINE_SIZE];
	unsigned int number = 0;

	console_init();
	for (;;) {
		print("@@ %u\n", number++);
		read_line(line);
		run_line(device, line);
	}
}
