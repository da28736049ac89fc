/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages that a pair of VMs exchanges: text of varying length, made from the sender's name
 * and the number of the message, with a check sum.
 */
#ifndef SAMPLES_BARE_METAL_PAIR_MESSAGE_H
#define SAMPLES_BARE_METAL_PAIR_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

/* The start value of a check sum. */
#define CHECKSUM_INIT 2166136261U

/* Continues a check sum (FNV-1a, 32 bits) over size bytes. */
uint32_t checksum_add(uint32_t checksum, const void *data, size_t size);

/*
 * Writes message number (1 to count) to buffer, at most size bytes, not terminated; name at most
 * 24 bytes, size at least 64. Returns its length, at least 1.
 */
size_t message_make(char *buffer, size_t size, uint32_t number, uint32_t count, const char *name);

#endif
