/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers from the command line of ivshmem-access. */
#ifndef SAMPLES_LINUX_NUMBER_H
#define SAMPLES_LINUX_NUMBER_H

#include <stdint.h>

/*
 * A byte count from 0 to @max: decimal or 0x hex, with K, M or G for powers of 1024.
 * Returns 0, or the exit status after saying that @word is no good @what.
 */
int number_parse(const char *what, const char *word, uint64_t max, uint64_t *ret_value);

#endif
