/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where ring 3 begins: readies the library, runs the guest's main() and ends the machine with the
 * value that this returns.
 */
#include "samples/bare-metal/lib/guest.h"

#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/machine.h"

void guest_start(void)
{
	interrupts_init();
	machine_exit(main());
}
