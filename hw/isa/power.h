/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ports by which a guest ends or restarts its machine, and the ACPI PM timer among them:
 *
 *  - MACHINE_PM_BASE: PM1a event block, PM1a control and PM timer (ACPI 4.8.3). SLP_TYP 0 is S5.
 *    ACPI mode is always on. No fixed event ever happens: the status bits stay 0, there is no SCI.
 *  - 0xcf9: reset control of PC chipsets; see power_reset_port_access().
 *  - 0x64: keyboard controller: the command 0xfe resets, the status reads 0 (nothing to read, ready
 *    for a command). There is no keyboard.
 *  - MACHINE_DEBUG_EXIT_PORT, if asked for: writing v ends the VM with ((v << 1) | 1) & 0xff.
 *
 * Runs under the I/O bus lock.
 */
#ifndef HW_ISA_POWER_H
#define HW_ISA_POWER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

struct io_access;
struct io_bus;
struct power;
struct vm_request;

struct power_params {
	struct vm_request *request; /* where the guest's wish goes; must outlive the device */
	bool debug_exit;
	/* Nanoseconds of a clock that never goes back; NULL takes CLOCK_MONOTONIC. */
	uint64_t (*now)(void *ctx);
	void *ctx;
};

/* Returns 0 or -errno with @err: -EEXIST (ports are taken), -ENOMEM; then no port is claimed. */
int power_new(struct io_bus *bus, const struct power_params *params, struct power **ret_power,
	      struct error *err);
void power_free(struct power *power);
void power_reset(struct power *power);

/*
 * An io_handler for the byte at MACHINE_RESET_PORT; @ctx is the struct power. That port lies among
 * those of PCI configuration mechanism 1, so whoever claims 0xcf8 .. 0xcfb hands 1-byte accesses to
 * 0xcf9 on to this. The access's address is not looked at. With the bus locked.
 */
void power_reset_port_access(void *ctx, struct io_access *access);

#endif
