/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For measuring the time to a guest's first instruction: says one byte on COM1 at once and ends
 * the machine. 32-bit, no set-up, no library.
 */
	.section .multiboot, "a"
	.balign 4
	.long 0x1badb002
	.long 0
	.long -0x1badb002

	.section .text.start, "ax"
	.code32
	.globl guest_entry
guest_entry:
	mov $0x3f8, %dx
	mov $0x21, %al
	out %al, %dx

	/* The debug exit port with success, then power-off for machines that have no such port. */
	mov $0x10, %al
	out %al, $0xf4
	mov $0x604, %dx
	mov $0x2000, %ax
	out %ax, %dx
1:	cli
	hlt
	jmp 1b

	.section .note.GNU-stack, "", @progbits
