/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One counter of an Intel 8254 (data sheet 231164): all six modes, binary and BCD. It does nothing
 * by itself; what it shows follows from how many ticks of its clock have passed, so each function
 * is told the time in ticks since some past moment. That must never go back.
 *
 * Simpler than the chip: a count is loaded at once instead of at the next tick, and in modes 2 and
 * 3 a new count waits for the end of the period (the chip's mode 3 takes it at half of it). What
 * the data sheet leaves undefined: before a count is loaded 0 is read; BCD digits above 9 count
 * what they are worth; a count of 1 in modes 2 and 3 means what it says.
 */
#ifndef HW_ISA_PIT_COUNTER_H
#define HW_ISA_PIT_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#define PIT_NEVER UINT64_MAX

struct pit_counter {
	uint8_t control; /* access, mode and BCD, where control word and status have them */
	bool gate;
	bool is_counting;
	bool is_null;	      /* what was written is not yet what is counted */
	uint32_t period;      /* the count in use; 0: none */
	uint32_t next_period; /* for the next trigger or period; 0: none */
	uint64_t next_at;     /* modes 2 and 3: when that one begins */
	uint64_t start;	      /* while counting: when the count was full */
	uint64_t elapsed;     /* else: ticks that were counted before the gate closed */
	bool has_low;	      /* of two bytes to be written the first is in @low */
	uint8_t low;
	bool reads_high; /* of two bytes to be read the first has been read */
	bool has_status; /* latched, and not yet read */
	uint8_t status;
	unsigned int latched; /* bytes of @latch that are not yet read */
	uint16_t latch;
};

/* As PC firmware leaves one, in mode 3, but without a count: nothing happens yet. */
void pit_counter_reset(struct pit_counter *counter, bool gate);

/* @control is a control word for this counter, but not the latch command. */
void pit_counter_program(struct pit_counter *counter, uint8_t control);
void pit_counter_write(struct pit_counter *counter, uint8_t value, uint64_t now);
uint8_t pit_counter_read(struct pit_counter *counter, uint64_t now);
void pit_counter_latch(struct pit_counter *counter, uint64_t now);
void pit_counter_latch_status(struct pit_counter *counter, uint64_t now);

void pit_counter_set_gate(struct pit_counter *counter, bool gate, uint64_t now);
bool pit_counter_out(struct pit_counter *counter, uint64_t now);

bool pit_counter_is_periodic(const struct pit_counter *counter);
/*
 * When OUT rises next, at @from or later, because of what has been counted; PIT_NEVER. @from must
 * not be earlier than any time that the other functions have been told.
 */
uint64_t pit_counter_next_rise(const struct pit_counter *counter, uint64_t from);

#endif
