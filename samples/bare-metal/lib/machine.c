/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Power-off is S5 through PM1a_CNT (ACPI 6.4, 4.8.3.2) where QEMU's pc and q35 and acrn-dm have
 * it. The debug exit port ends a monitor that has one, with the status (value << 1) | 1.
 */
#include "samples/bare-metal/lib/machine.h"

#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/port.h"
#include "samples/bare-metal/lib/tsc.h"

#define PM1A_CONTROL 0x604
#define PM1A_CONTROL_SLEEP 0x2000

#define DEBUG_EXIT 0xf4
#define DEBUG_EXIT_SUCCESS 0x10
#define DEBUG_EXIT_FAILURE 0x01

/* A monitor may let the guest run on for a moment before what it was asked for takes effect. */
static void machine_linger(void)
{
	uint64_t end = tsc_read() + TSC_HZ_MAX / 8;

	while (tsc_read() < end)
		tsc_pause();
}

void machine_exit(int status)
{
	if (status) {
		port_write8(DEBUG_EXIT, DEBUG_EXIT_FAILURE);
		machine_linger();
	}
	port_write16(PM1A_CONTROL, PM1A_CONTROL_SLEEP);
	if (!status) {
		machine_linger();
		port_write8(DEBUG_EXIT, DEBUG_EXIT_SUCCESS);
	}
	interrupts_idle();
}
