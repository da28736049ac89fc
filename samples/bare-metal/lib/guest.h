/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two ends of a guest: the library's, which start.S enters, and the guest's own main().
 */
#ifndef SAMPLES_BARE_METAL_LIB_GUEST_H
#define SAMPLES_BARE_METAL_LIB_GUEST_H

/* Runs main() and ends the machine. Only start.S goes here. */
void guest_start(void) __attribute__((noreturn));

/* Every guest has one: ring 3, interrupts off, 64 KiB of stack. Returns 0 if all went well. */
int main(void);

#endif
