/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupt descriptor table, local APIC and the ways to wait. Everything here runs in ring 3; the
 * stubs in vectors.S are the only part that does not.
 */
#include "samples/bare-metal/lib/interrupts.h"

#include <stddef.h>

#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/segments.h"
#include "samples/bare-metal/lib/string.h"

#define STUB_SIZE 16
#define GATE_INTERRUPT 0x8e

#define VECTOR_TIMER (VECTOR_FIRST + VECTOR_COUNT - 1)

#define LAPIC_BASE 0xfee00000UL
#define LAPIC_ID 0x20
#define LAPIC_SPURIOUS 0xf0
#define LAPIC_SPURIOUS_ENABLE 0x100
#define LAPIC_LVT_TIMER 0x320
#define LAPIC_LVT_TIMER_PERIODIC 0x20000
#define LAPIC_LVT_LINT0 0x350
#define LAPIC_LVT_MASKED 0x10000
#define LAPIC_TIMER_COUNT 0x380
#define LAPIC_TIMER_DIVIDE 0x3e0
#define LAPIC_TIMER_DIVIDE_BY_16 0x3
/* At a bus rate of 1 GHz, divided; only a wake-up, not a clock. */
#define LAPIC_TIMER_MILLISECOND 62500

/* How often a sleeper with a deadline looks at it. */
#define DEADLINE_MILLISECONDS 16

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t stack_index;
	uint8_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};

/* In the order vectors.S writes it; the last word is CR2. */
struct exception_record {
	uint64_t vector;
	uint64_t error;
	uint64_t rip;
	uint64_t address;
};

extern const char vectors_exceptions[];
extern const char vectors_interrupts[];
extern const char vectors_spurious[];
extern const char vectors_protection[];
void vectors_sleep(const volatile uint64_t *count, uint64_t seen);

/* Shared with vectors.S and start.S by name. */
extern struct gate interrupts_idt[256];
extern volatile uint64_t interrupt_counts[VECTOR_COUNT];
extern struct exception_record exception_record;

_Alignas(16) struct gate interrupts_idt[256];
volatile uint64_t interrupt_counts[VECTOR_COUNT];
struct exception_record exception_record;

/* A count that stays 0. */
static const volatile uint64_t never;

static void gate_set(unsigned int vector, const char *stub)
{
	uintptr_t address = (uintptr_t)stub;

	interrupts_idt[vector] = (struct gate){
		.offset_low = (uint16_t)address,
		.selector = SEGMENT_KERNEL_CODE,
		.type = GATE_INTERRUPT,
		.offset_middle = (uint16_t)(address >> 16),
		.offset_high = (uint32_t)(address >> 32),
	};
}

static volatile uint32_t *lapic_register(unsigned int offset)
{
	return (volatile uint32_t *)(LAPIC_BASE + offset);
}

void interrupts_init(void)
{
	unsigned int i;

	for (i = 0; i < VECTOR_EXCEPTIONS; i++)
		gate_set(i, vectors_exceptions + i * STUB_SIZE);
	gate_set(VECTOR_PROTECTION, vectors_protection);
	for (i = 0; i < VECTOR_COUNT; i++)
		gate_set(VECTOR_FIRST + i, vectors_interrupts + i * STUB_SIZE);
	gate_set(VECTOR_SPURIOUS, vectors_spurious);
}

void interrupts_enable(void)
{
	*lapic_register(LAPIC_LVT_LINT0) = LAPIC_LVT_MASKED;
	*lapic_register(LAPIC_SPURIOUS) = LAPIC_SPURIOUS_ENABLE | VECTOR_SPURIOUS;
	vectors_sleep(&never, 1);
}

uint64_t interrupts_count(unsigned int vector)
{
	if (vector < INTERRUPTS_FIRST || vector > INTERRUPTS_LAST)
		return 0;
	return interrupt_counts[vector - VECTOR_FIRST];
}

void interrupts_timer_start(unsigned int milliseconds)
{
	*lapic_register(LAPIC_TIMER_DIVIDE) = LAPIC_TIMER_DIVIDE_BY_16;
	*lapic_register(LAPIC_LVT_TIMER) = LAPIC_LVT_TIMER_PERIODIC | VECTOR_TIMER;
	*lapic_register(LAPIC_TIMER_COUNT) = milliseconds * LAPIC_TIMER_MILLISECOND;
}

void interrupts_timer_stop(void)
{
	*lapic_register(LAPIC_LVT_TIMER) = LAPIC_LVT_MASKED;
	*lapic_register(LAPIC_TIMER_COUNT) = 0;
}

void interrupts_sleep(unsigned int vector, uint64_t seen)
{
	if (vector >= INTERRUPTS_FIRST && vector <= INTERRUPTS_LAST)
		vectors_sleep(&interrupt_counts[vector - VECTOR_FIRST], seen);
}

bool interrupts_wait(unsigned int vector, uint64_t seen, struct deadline *deadline)
{
	if (vector < INTERRUPTS_FIRST || vector > INTERRUPTS_LAST)
		return false;
	if (deadline)
		interrupts_timer_start(DEADLINE_MILLISECONDS);
	while (interrupts_count(vector) == seen && !(deadline && deadline_passed(deadline)))
		interrupts_sleep(vector, seen);
	if (deadline)
		interrupts_timer_stop();
	return interrupts_count(vector) != seen;
}

void interrupts_idle(void)
{
	for (;;)
		vectors_sleep(&never, 0);
}

uint32_t interrupts_msi_address(void)
{
	return (uint32_t)LAPIC_BASE | *lapic_register(LAPIC_ID) >> 24 << 12;
}

void interrupts_report(void)
{
	static bool again;

	/* An exception in here would otherwise come back for ever. */
	if (!again) {
		again = true;
		print("exception %llu at rip 0x%llx, error code 0x%llx, cr2 0x%llx\n",
		      (unsigned long long)exception_record.vector,
		      (unsigned long long)exception_record.rip,
		      (unsigned long long)exception_record.error,
		      (unsigned long long)exception_record.address);
	}
	machine_exit(1);
}
