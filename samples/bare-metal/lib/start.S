/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the multiboot entry (32 bits, no paging) to guest_start() in ring 3 of long mode.
 *
 * Some hypervisors emulate ring 0 one instruction at a time, slowly and not completely. So what
 * runs here is kept short and plain: tables are built by the assembler (paging.S, below) or later
 * in ring 3, and everything else of a guest is ring-3 code with I/O privilege.
 */
#include "samples/bare-metal/lib/segments.h"

#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_MEMORY_INFO 0x2

#define PIC_MASTER_MASK 0x21
#define PIC_SLAVE_MASK 0xa1

#define CR0_PE_PG 0x80000001
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100

/* Intel SDM vol. 3, 8.7 and vol. 1, 19.5.2. */
#define TSS_RSP0 4
#define TSS_PORT_MAP 102
#define TSS_SIZE 104
#define TSS_PORT_MAP_SIZE 8192

	.section .multiboot, "a"
	.balign 4
	.long MULTIBOOT_MAGIC
	.long MULTIBOOT_MEMORY_INFO
	.long -(MULTIBOOT_MAGIC + MULTIBOOT_MEMORY_INFO)

	.section .text.start, "ax"
	.code32
	.globl guest_entry
guest_entry:
	cli
	cld
	mov %eax, multiboot_magic
	mov %ebx, multiboot_address

	/* Firmware leaves the timer on, at a vector that is an exception here. */
	mov $0xff, %al
	out %al, $PIC_MASTER_MASK
	out %al, $PIC_SLAVE_MASK

	movl $kernel_stack_top, tss + TSS_RSP0
	movw $TSS_SIZE, tss + TSS_PORT_MAP
	movb $0xff, tss_last

	/* The TSS address is scattered over its descriptor; no relocation can do that. */
	mov $tss, %eax
	mov %ax, gdt_tss + 2
	shr $16, %eax
	mov %al, gdt_tss + 4
	mov %ah, gdt_tss + 7
	lgdt gdt_pointer
	lidt idt_pointer

	mov $CR4_PAE, %eax
	mov %eax, %cr4
	mov $paging_pml4, %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME, %eax
	wrmsr
	mov %cr0, %eax
	or $CR0_PE_PG, %eax
	mov %eax, %cr0
	ljmp $SEGMENT_KERNEL_CODE, $long_mode

	.code64
long_mode:
	mov $SEGMENT_KERNEL_DATA, %eax
	mov %eax, %ss
	mov $SEGMENT_USER_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov $SEGMENT_TSS, %eax
	ltr %ax

	mov $kernel_stack_top, %esp
	push $SEGMENT_USER_DATA
	push $user_stack_top
	push $SEGMENT_USER_FLAGS
	push $SEGMENT_USER_CODE
	push $user_mode
	iretq

user_mode:
	xor %ebp, %ebp
	call guest_start
1:	pause
	jmp 1b

	.section .data.segments, "aw"
	.balign 16
gdt:
	.quad 0
	.quad 0x00af9b000000ffff	/* 0x08 ring-0 code, 64 bits */
	.quad 0x00cf93000000ffff	/* 0x10 ring-0 data */
	.quad 0x00cff3000000ffff	/* 0x18 ring-3 data */
	.quad 0x00affb000000ffff	/* 0x20 ring-3 code, 64 bits */
gdt_tss:
	.quad 0x0000890000000000 + TSS_SIZE + TSS_PORT_MAP_SIZE
	.quad 0
gdt_end:

gdt_pointer:
	.word gdt_end - gdt - 1
	.quad gdt
	/* The table itself is filled in by interrupts_init(). */
idt_pointer:
	.word 256 * 16 - 1
	.quad interrupts_idt

	/*
	 * RSP0 is the stack that interrupts and exceptions switch to. The port map that follows,
	 * all zero but for the byte that ends it, allows ring 3 every port: a hypervisor that
	 * emulates ring 0 may run ring 3 without the I/O privilege level it asked for.
	 */
	.section .bss.tss, "aw", @nobits
	.balign 16
tss:
	.skip TSS_SIZE + TSS_PORT_MAP_SIZE
tss_last:
	.skip 1

	.section .bss.stacks, "aw", @nobits
	.balign 16
	.skip 0x1000
kernel_stack_top:
	.skip 0x10000
user_stack_top:

	.section .note.GNU-stack, "", @progbits
