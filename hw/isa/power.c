/* SPDX-License-Identifier: BSD-3-Clause */
/* Power-off, reset and the PM timer. */
#include "hw/isa/power.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "devicemodel/machine_map.h"
#include "devicemodel/vm/io_bus.h"
#include "devicemodel/vm/request.h"
#include "hw/isa/byte_access.h"
#include "lib/util.h"

/* Offsets into the PM block. */
#define PM1_ENABLE 2
#define PM1_CONTROL 4
#define PM_TIMER 8
#define PM_TIMER_END 12

/* TMR_EN, GBL_EN, PWRBTN_EN, SLPBTN_EN, RTC_EN and PCIEXP_WAKE_DIS (ACPI 4.8.3.1.2). */
#define PM1_ENABLE_MASK 0x4721
/* PM1 control register (ACPI 4.8.3.2.1): bits 0 and 1 of its low byte, 2 to 5 of its high one. */
#define PM1_SCI_EN 0x01
#define PM1_BM_RLD 0x02
#define PM1_SLP_TYP 0x1c
#define PM1_SLP_EN 0x20

#define PM_TIMER_HZ 3579545
#define PM_TIMER_MASK 0xffffff
#define NS_PER_S UINT64_C(1000000000)

#define RESET_FULL 0x08
#define RESET_CPU 0x04
#define RESET_HARD 0x02

#define KBC_PORT 0x64
#define KBC_PULSE_RESET 0xfe

#define DEBUG_EXIT_PORTS 4

struct power {
	struct io_bus *bus;
	struct power_params params;
	uint8_t pm1_enable[2], pm1_control[2];
	uint8_t reset_control;
};

static uint64_t host_now(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint32_t pm_timer(const struct power *power)
{
	uint64_t now = power->params.now(power->params.ctx);
	uint64_t ticks = now / NS_PER_S * PM_TIMER_HZ + now % NS_PER_S * PM_TIMER_HZ / NS_PER_S;

	return (uint32_t)(ticks & PM_TIMER_MASK);
}

static uint8_t pm1_read(void *ctx, unsigned int offset)
{
	const struct power *power = ctx;

	switch (offset) {
	case PM1_ENABLE:
	case PM1_ENABLE + 1:
		return power->pm1_enable[offset - PM1_ENABLE];
	case PM1_CONTROL:
		return power->pm1_control[0] | PM1_SCI_EN;
	case PM1_CONTROL + 1:
		return power->pm1_control[1];
	default: /* status, and what is reserved */
		return 0;
	}
}

/* SLP_TYP and SLP_EN share a byte, so a sleep request is complete within one write of any size. */
static void pm1_write(void *ctx, unsigned int offset, uint8_t value)
{
	struct power *power = ctx;

	switch (offset) {
	case PM1_ENABLE:
	case PM1_ENABLE + 1:
		offset -= PM1_ENABLE;
		power->pm1_enable[offset] = value & (uint8_t)(PM1_ENABLE_MASK >> (8 * offset));
		break;
	case PM1_CONTROL:
		power->pm1_control[0] = value & PM1_BM_RLD;
		break;
	case PM1_CONTROL + 1:
		power->pm1_control[1] = value & PM1_SLP_TYP;
		if ((value & (PM1_SLP_EN | PM1_SLP_TYP)) == PM1_SLP_EN)
			vm_request_post(power->params.request, VM_REQUEST_POWER_OFF, 0);
		break;
	default:
		break;
	}
}

static void pm_access(void *ctx, struct io_access *access)
{
	/* Read as a whole: bytes of different moments would not be a time. */
	if (!access->is_write && access->addr >= PM_TIMER && access->addr < PM_TIMER_END)
		access->data = (uint64_t)pm_timer(ctx) >> (8 * (access->addr - PM_TIMER));
	else
		byte_access_split(access, pm1_read, pm1_write, ctx);
}

void power_reset_port_access(void *ctx, struct io_access *access)
{
	struct power *power = ctx;

	if (!access->is_write) {
		access->data = power->reset_control;
		return;
	}
	power->reset_control = access->data & (RESET_HARD | RESET_FULL);
	if (access->data & RESET_CPU)
		vm_request_post(power->params.request, VM_REQUEST_RESET, 0);
}

static uint8_t kbc_read(void *ctx, unsigned int offset)
{
	(void)ctx;
	(void)offset;
	return 0;
}

static void kbc_write(void *ctx, unsigned int offset, uint8_t value)
{
	struct power *power = ctx;

	(void)offset;
	if (value == KBC_PULSE_RESET)
		vm_request_post(power->params.request, VM_REQUEST_RESET, 0);
}

static void kbc_access(void *ctx, struct io_access *access)
{
	byte_access_split(access, kbc_read, kbc_write, ctx);
}

static void debug_exit_access(void *ctx, struct io_access *access)
{
	struct power *power = ctx;

	if (access->is_write)
		vm_request_post(power->params.request, VM_REQUEST_EXIT,
				(unsigned char)(access->data << 1 | 1));
	else
		access->data = 0;
}

static const struct power_range {
	uint16_t base, size;
	io_handler *handler;
} power_ranges[] = {
	{ MACHINE_PM_BASE, MACHINE_PM_SIZE, pm_access },
	{ KBC_PORT, 1, kbc_access },
	{ MACHINE_DEBUG_EXIT_PORT, DEBUG_EXIT_PORTS, debug_exit_access }, /* optional: the last */
};

static size_t range_count(const struct power *power)
{
	return ARRAY_SIZE(power_ranges) - !power->params.debug_exit;
}

static void ranges_remove(struct power *power, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		io_bus_remove(power->bus, IO_SPACE_PORT, power_ranges[i].base);
}

int power_new(struct io_bus *bus, const struct power_params *params, struct power **ret_power,
	      struct error *err)
{
	const struct power_range *range;
	struct power *power;
	size_t i;
	int ret;

	power = calloc(1, sizeof(*power));
	if (!power)
		return error_set(err, -ENOMEM, "power: out of memory");
	power->bus = bus;
	power->params = *params;
	if (!power->params.now)
		power->params.now = host_now;
	for (i = 0; i < range_count(power); i++) {
		range = &power_ranges[i];
		ret = io_bus_add(bus, IO_SPACE_PORT, range->base, range->size, range->handler,
				 power);
		if (ret < 0) {
			error_set(err, ret, "power: cannot claim I/O port 0x%x: %s", range->base,
				  strerror(-ret));
			goto out_remove;
		}
	}
	*ret_power = power;
	return 0;

out_remove:
	ranges_remove(power, i);
	free(power);
	return ret;
}

void power_free(struct power *power)
{
	if (!power)
		return;
	ranges_remove(power, range_count(power));
	free(power);
}

void power_reset(struct power *power)
{
	memset(power->pm1_enable, 0, sizeof(power->pm1_enable));
	memset(power->pm1_control, 0, sizeof(power->pm1_control));
	power->reset_control = 0;
}
