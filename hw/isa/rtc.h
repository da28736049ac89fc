/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The real-time clock and CMOS RAM of a PC (Motorola MC146818), ports 0x70 and 0x71.
 *
 * The time is the host's UTC plus what the guest has set, in whole seconds. The update and periodic
 * flags of register C follow the clock as the guest reads it. Not there: the interrupt line (IRQ
 * 8), the alarm (its registers are RAM), the square wave, daylight saving, and the half second that
 * the first update takes after the divider was reset. Bit 7 of port 0x70, which masks NMIs, is
 * ignored: there are none.
 *
 * Runs under the I/O bus lock.
 */
#ifndef HW_ISA_RTC_H
#define HW_ISA_RTC_H

#include <stdint.h>

#include "lib/error.h"

struct io_bus;
struct rtc;

struct rtc_params {
	uint64_t low_memory;  /* bytes of RAM from address 0, below 4 GiB */
	uint64_t high_memory; /* bytes of RAM from 4 GiB */
	/* Nanoseconds since 1970-01-01 00:00 UTC; NULL takes the host's clock. */
	int64_t (*now)(void *ctx);
	void *ctx;
};

/* Returns 0 or -errno with @err: -EEXIST (the ports are taken), -ENOMEM. */
int rtc_new(struct io_bus *bus, const struct rtc_params *params, struct rtc **ret_rtc,
	    struct error *err);
void rtc_free(struct rtc *rtc);

/* Guest reset: interrupts off. The battery keeps time and RAM; memory sizes are set anew. */
void rtc_reset(struct rtc *rtc);

#endif
