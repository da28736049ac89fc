/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For measuring what a running machine costs: says one byte on COM1, then halts for good. Somebody
 * has to end the monitor.
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
1:	cli
	hlt
	jmp 1b

	.section .note.GNU-stack, "", @progbits
