/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formatted output on COM1.
 */
#ifndef SAMPLES_BARE_METAL_LIB_PRINT_H
#define SAMPLES_BARE_METAL_LIB_PRINT_H

#include <stddef.h>

/*
 * Like printf with %% %c %s %d %u %x, the lengths l, ll and z, a field width, and the flags 0 and
 * -. Anything else is printed as it stands.
 */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints size bytes that nobody vouches for: whatever is not printable ASCII becomes a dot. */
void print_untrusted(const char *text, size_t size);

#endif
