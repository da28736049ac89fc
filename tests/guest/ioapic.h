/* SPDX-License-Identifier: BSD-3-Clause */
/* The I/O APIC of test guests. */
#ifndef TESTS_GUEST_IOAPIC_H
#define TESTS_GUEST_IOAPIC_H

#include <stdint.h>

#include "tests/guest/mmio.h"

#define IOAPIC 0xfec00000UL
#define IOAPIC_MASKED 0x10000
#define IOAPIC_LAPIC_ID 0xfee00020UL

/* @low: the lower half of the redirection entry, which goes to this processor. */
static inline void ioapic_route(unsigned int pin, uint32_t low)
{
	mmio_write(IOAPIC, 4, 0x11 + 2 * pin);
	mmio_write(IOAPIC + 0x10, 4, mmio_read(IOAPIC_LAPIC_ID, 4));
	mmio_write(IOAPIC, 4, 0x10 + 2 * pin);
	mmio_write(IOAPIC + 0x10, 4, low);
}

#endif
