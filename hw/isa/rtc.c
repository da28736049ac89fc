/* SPDX-License-Identifier: BSD-3-Clause */
/* An MC146818 whose clock is somebody else's. */
#include "hw/isa/rtc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "devicemodel/machine_map.h"
#include "devicemodel/vm/io_bus.h"
#include "hw/isa/byte_access.h"
#include "lib/util.h"

/* Registers, by the data sheet. The alarm registers between the first ones are RAM here. */
#define RTC_SECONDS 0
#define RTC_MINUTES 2
#define RTC_HOURS 4
#define RTC_DAY_OF_WEEK 6
#define RTC_DAY_OF_MONTH 7
#define RTC_MONTH 8
#define RTC_YEAR 9
#define RTC_A 10
#define RTC_B 11
#define RTC_C 12
#define RTC_D 13
#define RTC_CENTURY 0x32 /* where the FADT says that it is */

#define RTC_A_UIP 0x80
#define RTC_A_RATE 0x0f
#define RTC_A_DEFAULT 0x26 /* 32768 Hz crystal, periodic rate 1024 Hz */
#define RTC_B_SET 0x80
#define RTC_B_BINARY 0x04
#define RTC_B_24H 0x02
#define RTC_B_DSE 0x01
#define RTC_C_IRQF 0x80 /* the others stand where their enable bits are in B */
#define RTC_C_PF 0x40
#define RTC_C_UF 0x10
#define RTC_D_VRT 0x80
#define HOUR_PM 0x80
/* What century and year can tell. */
#define YEAR_MIN 0
#define YEAR_MAX 9999

#define RTC_PORTS 2
#define CMOS_SIZE 128

#define NS_PER_S INT64_C(1000000000)
/* UIP rises this long before the registers change; the change itself takes no time here. */
#define UIP_NS INT64_C(244000)

struct rtc {
	struct io_bus *bus;
	struct rtc_params params;
	uint8_t index;
	uint8_t ram[CMOS_SIZE]; /* registers A and B too; not the time and not C and D */
	int64_t offset;		/* seconds that the guest is ahead of the host */
	/*
	 * While SET is on: the time stands still, and the guest may have changed it. Counted as
	 * struct tm counts, whatever the format of the registers is.
	 */
	struct tm frozen;
	bool frozen_changed;
	int64_t flags_read; /* when register C was read last */
};

static int64_t host_now(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Rounded down, also before 1970. */
static int64_t seconds_of(int64_t ns)
{
	return ns / NS_PER_S - (ns % NS_PER_S < 0);
}

static int64_t nanoseconds_of(int64_t ns)
{
	return ns - seconds_of(ns) * NS_PER_S;
}

static int64_t clock_now(const struct rtc *rtc)
{
	return rtc->params.now(rtc->params.ctx);
}

static bool is_set_mode(const struct rtc *rtc)
{
	return rtc->ram[RTC_B] & RTC_B_SET;
}

static void time_get(const struct rtc *rtc, struct tm *ret_tm)
{
	time_t seconds;

	if (is_set_mode(rtc)) {
		*ret_tm = rtc->frozen;
		return;
	}
	seconds = seconds_of(clock_now(rtc)) + rtc->offset;
	gmtime_r(&seconds, ret_tm);
}

/* Year 255 of century 255, month 255: such dates must not add up until they are no time at all. */
static void time_set(struct rtc *rtc, struct tm *tm)
{
	time_t seconds = timegm(tm); /* normalizes it */

	if (tm->tm_year >= YEAR_MIN - 1900 && tm->tm_year <= YEAR_MAX - 1900)
		rtc->offset = seconds - seconds_of(clock_now(rtc));
}

/* A number in the format that register B selects, and back. */
static uint8_t encode(const struct rtc *rtc, int value)
{
	if (rtc->ram[RTC_B] & RTC_B_BINARY)
		return (uint8_t)value;
	return (uint8_t)((value / 10 % 10) << 4 | value % 10);
}

static int decode(const struct rtc *rtc, uint8_t value)
{
	if (rtc->ram[RTC_B] & RTC_B_BINARY)
		return value;
	return (value >> 4) * 10 + (value & 0xf);
}

static uint8_t encode_hour(const struct rtc *rtc, int hour)
{
	uint8_t value;

	if (rtc->ram[RTC_B] & RTC_B_24H)
		return encode(rtc, hour);
	value = encode(rtc, hour % 12 ? hour % 12 : 12);
	return hour >= 12 ? value | HOUR_PM : value;
}

static int decode_hour(const struct rtc *rtc, uint8_t value)
{
	if (rtc->ram[RTC_B] & RTC_B_24H)
		return decode(rtc, value);
	return decode(rtc, value & (uint8_t)~HOUR_PM) % 12 + (value & HOUR_PM ? 12 : 0);
}

static bool is_time(unsigned int reg)
{
	return reg == RTC_SECONDS || reg == RTC_MINUTES || reg == RTC_HOURS || reg == RTC_CENTURY ||
	       (reg >= RTC_DAY_OF_WEEK && reg <= RTC_YEAR);
}

static uint8_t time_read(const struct rtc *rtc, unsigned int reg)
{
	struct tm tm;

	time_get(rtc, &tm);
	switch (reg) {
	case RTC_SECONDS:
		return encode(rtc, tm.tm_sec);
	case RTC_MINUTES:
		return encode(rtc, tm.tm_min);
	case RTC_HOURS:
		return encode_hour(rtc, tm.tm_hour);
	case RTC_DAY_OF_WEEK:
		return encode(rtc, tm.tm_wday + 1);
	case RTC_DAY_OF_MONTH:
		return encode(rtc, tm.tm_mday);
	case RTC_MONTH:
		return encode(rtc, tm.tm_mon + 1);
	case RTC_YEAR:
		return encode(rtc, (tm.tm_year + 1900) % 100);
	default:
		return encode(rtc, (tm.tm_year + 1900) / 100);
	}
}

/* The day of the week follows from the date, so writing it changes nothing once the clock runs. */
static void time_write(struct rtc *rtc, unsigned int reg, uint8_t value)
{
	int number = decode(rtc, value), year;
	struct tm tm;

	time_get(rtc, &tm);
	year = tm.tm_year + 1900;
	if (reg == RTC_SECONDS)
		tm.tm_sec = number;
	else if (reg == RTC_MINUTES)
		tm.tm_min = number;
	else if (reg == RTC_HOURS)
		tm.tm_hour = decode_hour(rtc, value);
	else if (reg == RTC_DAY_OF_WEEK)
		tm.tm_wday = number - 1;
	else if (reg == RTC_DAY_OF_MONTH)
		tm.tm_mday = number;
	else if (reg == RTC_MONTH)
		tm.tm_mon = number - 1;
	else if (reg == RTC_YEAR)
		tm.tm_year = year / 100 * 100 + number - 1900;
	else
		tm.tm_year = number * 100 + year % 100 - 1900;
	if (is_set_mode(rtc)) {
		rtc->frozen = tm;
		rtc->frozen_changed = true;
	} else {
		time_set(rtc, &tm);
	}
}

static uint8_t control_a_read(const struct rtc *rtc)
{
	bool updating = !is_set_mode(rtc) && nanoseconds_of(clock_now(rtc)) >= NS_PER_S - UIP_NS;

	return rtc->ram[RTC_A] | (updating ? RTC_A_UIP : 0);
}

static void control_b_write(struct rtc *rtc, uint8_t value)
{
	struct tm tm;

	if (value & ~rtc->ram[RTC_B] & RTC_B_SET) {
		time_get(rtc, &rtc->frozen);
		rtc->frozen_changed = false;
	} else if (~value & rtc->ram[RTC_B] & RTC_B_SET && rtc->frozen_changed) {
		tm = rtc->frozen;
		time_set(rtc, &tm);
	}
	rtc->ram[RTC_B] = value;
}

/* Nanoseconds between periodic flags; 0: none. Rates 1 and 2 stand for 256 and 128 Hz. */
static int64_t periodic_ns(const struct rtc *rtc)
{
	unsigned int rate = rtc->ram[RTC_A] & RTC_A_RATE;

	if (rate == 0)
		return 0;
	return NS_PER_S / (32768 >> ((rate <= 2 ? rate + 7 : rate) - 1));
}

/* Reading tells what has happened since the last time, and forgets it. */
static uint8_t flags_read(struct rtc *rtc)
{
	int64_t now = clock_now(rtc), before = rtc->flags_read, period = periodic_ns(rtc);
	uint8_t flags = 0;

	if (!is_set_mode(rtc) && seconds_of(now) != seconds_of(before))
		flags |= RTC_C_UF;
	if (period > 0 && now / period != before / period)
		flags |= RTC_C_PF;
	if (flags & rtc->ram[RTC_B])
		flags |= RTC_C_IRQF;
	rtc->flags_read = now;
	return flags;
}

static uint8_t data_read(struct rtc *rtc)
{
	if (is_time(rtc->index))
		return time_read(rtc, rtc->index);
	switch (rtc->index) {
	case RTC_A:
		return control_a_read(rtc);
	case RTC_C:
		return flags_read(rtc);
	case RTC_D:
		return RTC_D_VRT;
	default:
		return rtc->ram[rtc->index];
	}
}

static void data_write(struct rtc *rtc, uint8_t value)
{
	if (is_time(rtc->index)) {
		time_write(rtc, rtc->index, value);
		return;
	}
	switch (rtc->index) {
	case RTC_A:
		rtc->ram[RTC_A] = value & (uint8_t)~RTC_A_UIP;
		break;
	case RTC_B:
		control_b_write(rtc, value);
		break;
	case RTC_C:
	case RTC_D:
		break;
	default:
		rtc->ram[rtc->index] = value;
		break;
	}
}

/* The index register cannot be read back. */
static uint8_t rtc_read(void *ctx, unsigned int offset)
{
	return offset == 0 ? 0xff : data_read(ctx);
}

static void rtc_write(void *ctx, unsigned int offset, uint8_t value)
{
	struct rtc *rtc = ctx;

	if (offset == 0)
		rtc->index = value % CMOS_SIZE;
	else
		data_write(rtc, value);
}

static void rtc_access(void *ctx, struct io_access *access)
{
	byte_access_split(access, rtc_read, rtc_write, ctx);
}

/* At most @bytes bytes of ram, little-endian, saturating. */
static void size_store(struct rtc *rtc, unsigned int reg, unsigned int bytes, uint64_t value)
{
	uint64_t max = io_size_mask(bytes);
	unsigned int i;

	if (value > max)
		value = max;
	for (i = 0; i < bytes; i++)
		rtc->ram[reg + i] = (uint8_t)(value >> (8 * i));
}

/* Where PC firmware tells how much memory there is. */
static void memory_sizes_store(struct rtc *rtc)
{
	uint64_t low = rtc->params.low_memory;
	uint64_t above_1m = low > MIB ? (low - MIB) / KIB : 0;
	uint64_t above_16m = low > 16 * MIB ? (low - 16 * MIB) / (64 * KIB) : 0;

	size_store(rtc, 0x15, 2, low / KIB < 640 ? low / KIB : 640);
	size_store(rtc, 0x17, 2, above_1m);
	size_store(rtc, 0x30, 2, above_1m);
	size_store(rtc, 0x34, 2, above_16m);
	size_store(rtc, 0x5b, 3, rtc->params.high_memory / (64 * KIB));
}

int rtc_new(struct io_bus *bus, const struct rtc_params *params, struct rtc **ret_rtc,
	    struct error *err)
{
	struct rtc *rtc;
	int ret;

	rtc = calloc(1, sizeof(*rtc));
	if (!rtc)
		return error_set(err, -ENOMEM, "rtc: out of memory");
	rtc->bus = bus;
	rtc->params = *params;
	if (!rtc->params.now)
		rtc->params.now = host_now;
	rtc->ram[RTC_A] = RTC_A_DEFAULT;
	rtc->ram[RTC_B] = RTC_B_24H;
	rtc->flags_read = clock_now(rtc);
	rtc_reset(rtc);
	ret = io_bus_add(bus, IO_SPACE_PORT, MACHINE_RTC_PORT, RTC_PORTS, rtc_access, rtc);
	if (ret < 0) {
		free(rtc);
		return error_set(err, ret, "rtc: cannot claim I/O ports 0x%x and 0x%x: %s",
				 MACHINE_RTC_PORT, MACHINE_RTC_PORT + 1, strerror(-ret));
	}
	*ret_rtc = rtc;
	return 0;
}

void rtc_free(struct rtc *rtc)
{
	if (!rtc)
		return;
	io_bus_remove(rtc->bus, IO_SPACE_PORT, MACHINE_RTC_PORT);
	free(rtc);
}

void rtc_reset(struct rtc *rtc)
{
	rtc->index = 0;
	/* The chip would keep SET, but firmware, which we have not, would start the clock again. */
	control_b_write(rtc, rtc->ram[RTC_B] & (RTC_B_BINARY | RTC_B_24H | RTC_B_DSE));
	memory_sizes_store(rtc);
}
