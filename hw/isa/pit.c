/* SPDX-License-Identifier: BSD-3-Clause */
/* The timer chip: three counters, their ports, and when the first one interrupts. */
#include "hw/isa/pit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/machine_map.h"
#include "devicemodel/vm/io_bus.h"
#include "hw/isa/byte_access.h"
#include "hw/isa/pit_counter.h"

#define PIT_PORTS 4
#define PIT_COUNTERS 3
#define PIT_CONTROL 3 /* the port after those of the counters */

/* The control word and the read-back command, by the data sheet. */
#define SELECT_SHIFT 6
#define SELECT_READ_BACK 3
#define CONTROL_ACCESS 0x30 /* none of it: latch */
#define READ_BACK_NO_COUNT 0x20
#define READ_BACK_NO_STATUS 0x10
#define READ_BACK_COUNTER(index) (2U << (index))

/* Port 0x61 of PCs. */
#define PORT_B_GATE 0x01
#define PORT_B_SPEAKER 0x02
#define PORT_B_REFRESH 0x10
#define PORT_B_OUT 0x20
#define REFRESH_TICKS 18 /* what firmware has counter 1 count */

#define NS_PER_S UINT64_C(1000000000)
#define PERIOD_MIN ((uint64_t)PIT_PERIOD_MIN_US * PIT_HZ / 1000000 + 1)

/* All times are in ticks of the chip's clock, since the caller's clock began. */
struct pit {
	struct io_bus *bus;
	const struct pit_ops *ops;
	void *ctx;
	struct pit_counter counters[PIT_COUNTERS];
	uint8_t port_b;	   /* what the guest wrote of it */
	uint64_t alarm;	   /* when the next interrupt is due; PIT_NEVER */
	uint64_t earliest; /* before this none of a periodic mode may be */
};

static uint64_t now_get(const struct pit *pit)
{
	uint64_t ns = pit->ops->now(pit->ctx);

	return ns / NS_PER_S * PIT_HZ + ns % NS_PER_S * PIT_HZ / NS_PER_S;
}

/* The first moment at which now_get() gives @ticks. */
static uint64_t to_ns(uint64_t ticks)
{
	return ticks / PIT_HZ * NS_PER_S + (ticks % PIT_HZ * NS_PER_S + PIT_HZ - 1) / PIT_HZ;
}

static void alarm_set(struct pit *pit, uint64_t alarm)
{
	if (alarm == pit->alarm)
		return;
	pit->alarm = alarm;
	pit->ops->set_alarm(pit->ctx, alarm == PIT_NEVER ? UINT64_MAX : to_ns(alarm));
}

/* See when the next interrupt is due; all until @now have been. */
static void schedule(struct pit *pit, uint64_t now)
{
	const struct pit_counter *counter = &pit->counters[0];
	uint64_t from = now + 1;

	if (pit_counter_is_periodic(counter) && from < pit->earliest)
		from = pit->earliest;
	alarm_set(pit, pit_counter_next_rise(counter, from));
}

/*
 * The guest may come before the alarm does, and shall not find a count at its end, nor make it
 * another one, without the interrupt. Returns the time.
 */
static uint64_t catch_up(struct pit *pit)
{
	uint64_t now = now_get(pit);

	if (now >= pit->alarm) {
		/* From when it was due: that it is late must not delay the next one. */
		pit->earliest = pit->alarm + PERIOD_MIN;
		pit->ops->interrupt(pit->ctx);
		schedule(pit, now);
	}
	return now;
}

void pit_alarm(struct pit *pit)
{
	catch_up(pit);
}

static void read_back(struct pit *pit, uint8_t command, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < PIT_COUNTERS; i++) {
		if (!(command & READ_BACK_COUNTER(i)))
			continue;
		if (!(command & READ_BACK_NO_COUNT))
			pit_counter_latch(&pit->counters[i], now);
		if (!(command & READ_BACK_NO_STATUS))
			pit_counter_latch_status(&pit->counters[i], now);
	}
}

static void control_write(struct pit *pit, uint8_t value, uint64_t now)
{
	unsigned int select = value >> SELECT_SHIFT;

	if (select == SELECT_READ_BACK)
		read_back(pit, value, now);
	else if (!(value & CONTROL_ACCESS))
		pit_counter_latch(&pit->counters[select], now);
	else
		pit_counter_program(&pit->counters[select], value);
}

static void counters_write(void *ctx, unsigned int offset, uint8_t value)
{
	struct pit *pit = ctx;
	uint64_t now = catch_up(pit);

	if (offset == PIT_CONTROL)
		control_write(pit, value, now);
	else
		pit_counter_write(&pit->counters[offset], value, now);
	schedule(pit, now);
}

/* The control word cannot be read back this way. */
static uint8_t counters_read(void *ctx, unsigned int offset)
{
	struct pit *pit = ctx;
	uint64_t now = catch_up(pit);

	return offset == PIT_CONTROL ? 0xff : pit_counter_read(&pit->counters[offset], now);
}

static void counters_access(void *ctx, struct io_access *access)
{
	byte_access_split(access, counters_read, counters_write, ctx);
}

static void port_b_access(void *ctx, struct io_access *access)
{
	struct pit *pit = ctx;
	uint64_t now = catch_up(pit);

	if (access->is_write) {
		pit->port_b = access->data & (PORT_B_GATE | PORT_B_SPEAKER);
		pit_counter_set_gate(&pit->counters[2], pit->port_b & PORT_B_GATE, now);
		return;
	}
	access->data = pit->port_b;
	if (now / REFRESH_TICKS % 2)
		access->data |= PORT_B_REFRESH;
	if (pit_counter_out(&pit->counters[2], now))
		access->data |= PORT_B_OUT;
}

void pit_reset(struct pit *pit)
{
	unsigned int i;

	pit->port_b = 0;
	/* The gates of the other two are tied up. */
	for (i = 0; i < PIT_COUNTERS; i++)
		pit_counter_reset(&pit->counters[i], i != 2);
	alarm_set(pit, PIT_NEVER);
}

int pit_new(struct io_bus *bus, const struct pit_ops *ops, void *ctx, struct pit **ret_pit,
	    struct error *err)
{
	uint16_t port = MACHINE_PIT_PORT;
	struct pit *pit;
	int ret;

	pit = calloc(1, sizeof(*pit));
	if (!pit)
		return error_set(err, -ENOMEM, "pit: out of memory");
	pit->bus = bus;
	pit->ops = ops;
	pit->ctx = ctx;
	pit->alarm = PIT_NEVER;
	pit_reset(pit);
	ret = io_bus_add(bus, IO_SPACE_PORT, port, PIT_PORTS, counters_access, pit);
	if (ret < 0)
		goto out_free;
	port = MACHINE_PORT_B;
	ret = io_bus_add(bus, IO_SPACE_PORT, port, 1, port_b_access, pit);
	if (ret < 0)
		goto out_remove;
	*ret_pit = pit;
	return 0;

out_remove:
	io_bus_remove(bus, IO_SPACE_PORT, MACHINE_PIT_PORT);
out_free:
	free(pit);
	return error_set(err, ret, "pit: cannot claim I/O port 0x%x: %s", port, strerror(-ret));
}

void pit_free(struct pit *pit)
{
	if (!pit)
		return;
	io_bus_remove(pit->bus, IO_SPACE_PORT, MACHINE_PIT_PORT);
	io_bus_remove(pit->bus, IO_SPACE_PORT, MACHINE_PORT_B);
	free(pit);
}
