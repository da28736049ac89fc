/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A firmware image that does what the guest first.S does, from the processor's first instruction on
 * (Intel SDM 3A, 10.1.4: real mode, 16 bytes below 4 GiB): for measuring a monitor that needs some
 * firmware without the time that its usual one takes. Not linked: jumps are relative.
 */
	.code16
	.text
	.org 0xff00
start:
	mov $0x3f8, %dx
	mov $0x21, %al
	out %al, %dx
	mov $0x10, %al
	out %al, $0xf4
1:	cli
	hlt
	jmp 1b

	.org 0xfff0
	jmp start
	.org 0x10000

	.section .note.GNU-stack, "", @progbits
