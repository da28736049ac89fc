/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine as a whole: its way out.
 */
#ifndef SAMPLES_BARE_METAL_LIB_MACHINE_H
#define SAMPLES_BARE_METAL_LIB_MACHINE_H

/*
 * Ends the machine. Status 0: powers it off (and, where power-off is missing, leaves through the
 * debug exit port with 0x10). Any other: leaves through the debug exit port with 1, so that the
 * monitor's exit status is not 0 where it has that port, else powers off.
 */
void machine_exit(int status) __attribute__((noreturn));

#endif
