/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strict parsing of words from command lines and text files. The whole word must be the value: no
 * sign, no blanks, no trailing letters, no silent wrap. Nothing is written on failure.
 */
#ifndef LIB_PARSE_H
#define LIB_PARSE_H

#include <stdint.h>

/*
 * Decimal digits only, at most @max.
 * Returns 0, -EINVAL (no number) or -ERANGE (a number above @max).
 */
int parse_decimal(const char *word, uint64_t max, uint64_t *ret_value);

/* Decimal, or hexadecimal after "0x"; else as parse_decimal(). */
int parse_number(const char *word, uint64_t max, uint64_t *ret_value);

/*
 * A size in bytes: a number with an optional suffix K, M, G or T (powers of 1024, either case, an
 * optional B after it); without a suffix the number counts @unit bytes.
 * Returns 0, -EINVAL or -ERANGE (does not fit 64 bits).
 */
int parse_size(const char *word, uint64_t unit, uint64_t *ret_bytes);

/*
 * The size of a huge page of x86, 2 MiB or 1 GiB: as parse_size() with bytes as its unit.
 * Returns 0 or -EINVAL for anything else.
 */
int parse_hugepage_size(const char *word, uint64_t *ret_bytes);

/* Print @bytes so that parse_size() reads it back, with the largest suffix that is exact. */
#define SIZE_TEXT_MAX 24
const char *size_text(uint64_t bytes, char text[SIZE_TEXT_MAX]);

#endif
