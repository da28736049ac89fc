/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The standard functions on memory and strings that guests and the compiler's own code need.
 */
#ifndef SAMPLES_BARE_METAL_LIB_STRING_H
#define SAMPLES_BARE_METAL_LIB_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);

#endif
