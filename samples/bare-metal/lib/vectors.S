/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What runs in ring 0 after start-up: a few instructions per interrupt or exception, then back to
 * ring 3. All stubs are 16 bytes apart, interrupts_init() relies on it.
 */
#include "samples/bare-metal/lib/segments.h"

#define LAPIC_EOI 0xfee000b0

	.text

	/*
	 * An exception is noted and ring 3 continues in interrupts_report() on a stack of its own:
	 * the one in use may be what is broken. Vectors 8, 10 to 14, 17, 21, 29 and 30 come with
	 * error codes.
	 */
	.balign 16
	.globl vectors_exceptions
vectors_exceptions:
	.set vector, 0
	.rept VECTOR_EXCEPTIONS
	.balign 16
	.if !(0x60227d00 >> vector & 1)
	push $0
	.endif
	push $vector
	jmp exception_common
	.set vector, vector + 1
	.endr

	.balign 16
exception_common:
	pop exception_record(%rip)
	pop exception_record + 8(%rip)
	pop exception_record + 16(%rip)
	mov %cr2, %rax
	mov %rax, exception_record + 24(%rip)
	push $SEGMENT_USER_DATA
	push $report_stack_top
	push $SEGMENT_USER_FLAGS
	push $SEGMENT_USER_CODE
	push $report
	iretq

report:
	xor %ebp, %ebp
	call interrupts_report
1:	pause
	jmp 1b

	/* An interrupt is counted and acknowledged; whoever waits for it looks at the count. */
	.balign 16
	.globl vectors_interrupts
vectors_interrupts:
	.set vector, 0
	.rept VECTOR_COUNT
	.balign 16
	incq interrupt_counts + 8 * vector(%rip)
	jmp interrupt_common
	.set vector, vector + 1
	.endr

	.balign 16
interrupt_common:
	push %rax
	mov $LAPIC_EOI, %eax
	movl $0, (%rax)
	pop %rax
	iretq

	/* No acknowledgement for a spurious interrupt (Intel SDM vol. 3, 11.9). */
	.balign 16
	.globl vectors_spurious
vectors_spurious:
	iretq

	/*
	 * vectors_sleep(count, seen): lets interrupts in, and sleeps till one comes unless *count
	 * is no longer seen. Ring 3 may not halt, and that is the call: a general-protection
	 * exception at just this instruction. (Software interrupts and SYSCALL are not there on
	 * every hypervisor.)
	 */
	.balign 16
	.globl vectors_sleep
vectors_sleep:
	hlt
	ret

	/* Stack: error code, then what iretq takes, RIP first and RFLAGS third. */
	.balign 16
	.globl vectors_protection
vectors_protection:
	cmpq $vectors_sleep, 8(%rsp)
	je 1f
	push $VECTOR_PROTECTION
	jmp exception_common
1:	add $8, %rsp
	incq (%rsp)
	orl $SEGMENT_FLAG_INTERRUPTS, 16(%rsp)
	/* Interrupts are off in here, and sti keeps them off for one more instruction: no gap. */
	cmp %rsi, (%rdi)
	jne 2f
	sti
	hlt
2:	iretq

	.bss
	.balign 16
	.skip 0x2000
report_stack_top:

	.section .note.GNU-stack, "", @progbits
