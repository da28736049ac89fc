/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The smallest guest: says what it was given and powers the machine off.
 */
#include "samples/bare-metal/lib/multiboot.h"
#include "samples/bare-metal/lib/print.h"

int main(void)
{
	print("hello: %lu KiB of memory, command line \"%s\"\n", multiboot_memory_size() >> 10,
	      multiboot_command_line());
	return 0;
}
