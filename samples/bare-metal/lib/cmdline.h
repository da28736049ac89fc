/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * key=value words of the command line. The first word, the image, is never looked at.
 */
#ifndef SAMPLES_BARE_METAL_LIB_CMDLINE_H
#define SAMPLES_BARE_METAL_LIB_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies the value of the last key=value word with this key, cut to size - 1 bytes and terminated.
 * Returns whether there is one; ret_value is untouched if not.
 */
bool cmdline_text(const char *key, char *ret_value, size_t size);

/*
 * The same as a number, decimal or with 0x hexadecimal. A value that is no number or lies outside
 * of min to max prints a line that says so and ends the machine as failed.
 */
uint64_t cmdline_number(const char *key, uint64_t min, uint64_t max, uint64_t fallback);

#endif
