/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers that the start-up and interrupt assembly share with C: segment selectors, the flags ring
 * 3 runs with, and the vectors.
 */
#ifndef SAMPLES_BARE_METAL_LIB_SEGMENTS_H
#define SAMPLES_BARE_METAL_LIB_SEGMENTS_H

#define SEGMENT_KERNEL_CODE 0x08
#define SEGMENT_KERNEL_DATA 0x10
#define SEGMENT_USER_DATA 0x1b
#define SEGMENT_USER_CODE 0x23
#define SEGMENT_TSS 0x28

/*
 * IOPL 3 and the bit that is always set. Interrupts stay off until interrupts_enable(), though a
 * hypervisor that emulates ring 0 may run ring 3 with neither honoured.
 */
#define SEGMENT_USER_FLAGS 0x3002
#define SEGMENT_FLAG_INTERRUPTS 0x200

/* Vectors 0 to 31 are exceptions, the next ones interrupts. */
#define VECTOR_EXCEPTIONS 32
#define VECTOR_PROTECTION 13
#define VECTOR_FIRST 32
#define VECTOR_COUNT 64
#define VECTOR_SPURIOUS 0xff

#endif
