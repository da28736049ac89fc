/* SPDX-License-Identifier: BSD-3-Clause */
/* A counter of a timer chip. */
#include "hw/isa/pit_counter.h"

#include <string.h>

/* Control word and status, by the data sheet. */
#define CONTROL_BCD 0x01
#define CONTROL_MODE_SHIFT 1
#define CONTROL_ACCESS_SHIFT 4
#define CONTROL_MASK 0x3f
#define CONTROL_DEFAULT 0x36 /* both bytes, mode 3 */
#define STATUS_NULL 0x40
#define STATUS_OUT 0x80

#define ACCESS_LOW 1
#define ACCESS_HIGH 2
#define ACCESS_BOTH 3

enum pit_mode {
	MODE_TERMINAL_COUNT,
	MODE_ONE_SHOT,
	MODE_RATE,
	MODE_SQUARE,
	MODE_STROBE,
	MODE_TRIGGERED_STROBE,
};

static enum pit_mode mode_of(const struct pit_counter *counter)
{
	unsigned int mode = counter->control >> CONTROL_MODE_SHIFT & 7;

	/* The upper bit does not matter for modes 2 and 3. */
	return (enum pit_mode)(mode > MODE_TRIGGERED_STROBE ? mode - 4 : mode);
}

static unsigned int access_of(const struct pit_counter *counter)
{
	return counter->control >> CONTROL_ACCESS_SHIFT & 3;
}

bool pit_counter_is_periodic(const struct pit_counter *counter)
{
	return mode_of(counter) == MODE_RATE || mode_of(counter) == MODE_SQUARE;
}

/* The gate starts these and does not stop them. */
static bool is_triggered(const struct pit_counter *counter)
{
	return mode_of(counter) == MODE_ONE_SHOT || mode_of(counter) == MODE_TRIGGERED_STROBE;
}

static uint32_t modulus(const struct pit_counter *counter)
{
	return counter->control & CONTROL_BCD ? 10000 : 0x10000;
}

/* 0 stands for the largest count. */
static uint32_t decode(const struct pit_counter *counter, uint16_t value)
{
	uint32_t count = value;

	if (counter->control & CONTROL_BCD)
		count = (value >> 12) * 1000U + (value >> 8 & 15) * 100U + (value >> 4 & 15) * 10U +
			(value & 15);
	count %= modulus(counter);
	return count ? count : modulus(counter);
}

static uint16_t encode(const struct pit_counter *counter, uint64_t count)
{
	count %= modulus(counter);
	if (counter->control & CONTROL_BCD)
		count = count / 1000 << 12 | count / 100 % 10 << 8 | count / 10 % 10 << 4 |
			count % 10;
	return (uint16_t)count;
}

/* A new count that waited for the end of a period is in use since then. */
static void settle(struct pit_counter *counter, uint64_t now)
{
	if (!pit_counter_is_periodic(counter) || !counter->is_counting || !counter->next_period ||
	    now < counter->next_at)
		return;
	counter->start = counter->next_at;
	counter->period = counter->next_period;
	counter->next_period = 0;
	counter->is_null = false;
}

static uint64_t elapsed(const struct pit_counter *counter, uint64_t now)
{
	return counter->is_counting ? now - counter->start : counter->elapsed;
}

/* Ticks of a square wave's period with OUT high, which is the longer part. */
static uint32_t high_part(const struct pit_counter *counter)
{
	return (counter->period + 1) / 2;
}

static uint16_t count_now(const struct pit_counter *counter, uint64_t now)
{
	uint64_t passed = elapsed(counter, now), rest;

	if (!counter->period)
		return 0;
	switch (mode_of(counter)) {
	case MODE_RATE:
		rest = counter->period - passed % counter->period;
		break;
	case MODE_SQUARE: /* twice in each period, by twos, from an even number */
		passed %= counter->period;
		if (passed >= high_part(counter))
			passed -= high_part(counter);
		rest = (counter->period & ~1U) - 2 * passed;
		break;
	default: /* and on below 0 */
		rest = modulus(counter) + counter->period - passed % modulus(counter);
		break;
	}
	return encode(counter, rest);
}

bool pit_counter_out(struct pit_counter *counter, uint64_t now)
{
	uint64_t passed;

	settle(counter, now);
	passed = elapsed(counter, now);
	if (mode_of(counter) == MODE_TERMINAL_COUNT)
		return counter->period && passed >= counter->period;
	if (!counter->is_counting)
		return true;
	switch (mode_of(counter)) {
	case MODE_ONE_SHOT:
		return passed >= counter->period;
	case MODE_RATE:
		return passed % counter->period != counter->period - 1;
	case MODE_SQUARE:
		return passed % counter->period < high_part(counter);
	default: /* a strobe of one tick */
		return passed != counter->period;
	}
}

uint64_t pit_counter_next_rise(const struct pit_counter *counter, uint64_t from)
{
	uint64_t base = counter->start, period = counter->period, rise;

	if (!counter->is_counting)
		return PIT_NEVER;
	if (pit_counter_is_periodic(counter)) {
		if (counter->next_period && from > counter->next_at) {
			base = counter->next_at;
			period = counter->next_period;
		}
		return base + (from > base ? (from - base + period - 1) / period : 1) * period;
	}
	rise = base + period;
	if (mode_of(counter) == MODE_STROBE || mode_of(counter) == MODE_TRIGGERED_STROBE)
		rise++;
	return rise >= from ? rise : PIT_NEVER;
}

void pit_counter_reset(struct pit_counter *counter, bool gate)
{
	memset(counter, 0, sizeof(*counter));
	counter->control = CONTROL_DEFAULT;
	counter->gate = gate;
	counter->is_null = true;
}

void pit_counter_program(struct pit_counter *counter, uint8_t control)
{
	pit_counter_reset(counter, counter->gate);
	counter->control = control & CONTROL_MASK;
}

static void start(struct pit_counter *counter, uint64_t now)
{
	if (counter->next_period)
		counter->period = counter->next_period;
	counter->next_period = 0;
	counter->is_null = false;
	counter->is_counting = true;
	counter->start = now;
}

static void stop(struct pit_counter *counter, uint64_t now)
{
	counter->elapsed = elapsed(counter, now);
	counter->is_counting = false;
}

static void load(struct pit_counter *counter, uint16_t value, uint64_t now)
{
	uint64_t periods;

	counter->next_period = decode(counter, value);
	counter->is_null = true;
	if (is_triggered(counter))
		return;
	if (pit_counter_is_periodic(counter)) {
		if (counter->is_counting) {
			periods = (now - counter->start) / counter->period + 1;
			counter->next_at = counter->start + periods * counter->period;
		} else if (counter->gate) {
			start(counter, now);
		}
		return;
	}
	start(counter, now);
	if (!counter->gate)
		stop(counter, now);
}

void pit_counter_write(struct pit_counter *counter, uint8_t value, uint64_t now)
{
	settle(counter, now);
	switch (access_of(counter)) {
	case ACCESS_LOW:
		load(counter, value, now);
		break;
	case ACCESS_HIGH:
		load(counter, (uint16_t)(value << 8), now);
		break;
	default:
		if (counter->has_low) {
			counter->has_low = false;
			load(counter, (uint16_t)(value << 8 | counter->low), now);
			break;
		}
		counter->has_low = true;
		counter->low = value;
		/* The first byte alone stops it and takes OUT down. */
		if (mode_of(counter) == MODE_TERMINAL_COUNT) {
			counter->period = 0;
			counter->is_counting = false;
		}
		break;
	}
}

void pit_counter_set_gate(struct pit_counter *counter, bool gate, uint64_t now)
{
	settle(counter, now);
	if (gate == counter->gate)
		return;
	counter->gate = gate;
	if (is_triggered(counter)) {
		if (gate && (counter->period || counter->next_period))
			start(counter, now);
	} else if (!gate) {
		if (counter->is_counting)
			stop(counter, now);
	} else if (pit_counter_is_periodic(counter)) {
		if (counter->period || counter->next_period)
			start(counter, now);
	} else if (counter->period) {
		counter->start = now - counter->elapsed;
		counter->is_counting = true;
	}
}

void pit_counter_latch(struct pit_counter *counter, uint64_t now)
{
	settle(counter, now);
	/* The first one holds until it is read. */
	if (counter->latched)
		return;
	counter->latch = count_now(counter, now);
	counter->latched = access_of(counter) == ACCESS_BOTH ? 2 : 1;
}

void pit_counter_latch_status(struct pit_counter *counter, uint64_t now)
{
	bool out = pit_counter_out(counter, now);

	if (counter->has_status)
		return;
	counter->has_status = true;
	counter->status = counter->control | (out ? STATUS_OUT : 0) |
			  (counter->is_null ? STATUS_NULL : 0);
}

/* The one or, if @left is 2, the first byte of @count that the access mode shows. */
static uint8_t byte_of(const struct pit_counter *counter, uint16_t count, unsigned int left)
{
	bool is_high = access_of(counter) == ACCESS_HIGH ||
		       (access_of(counter) == ACCESS_BOTH && left == 1);

	return (uint8_t)(is_high ? count >> 8 : count);
}

uint8_t pit_counter_read(struct pit_counter *counter, uint64_t now)
{
	unsigned int left;

	settle(counter, now);
	if (counter->has_status) {
		counter->has_status = false;
		return counter->status;
	}
	if (counter->latched)
		return byte_of(counter, counter->latch, counter->latched--);
	left = access_of(counter) == ACCESS_BOTH && !counter->reads_high ? 2 : 1;
	counter->reads_high = left == 2;
	return byte_of(counter, count_now(counter, now), left);
}
