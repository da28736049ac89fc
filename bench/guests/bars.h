/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses for the BARs of a device whose firmware has given it none: the quick ones do not. */
#ifndef BENCH_GUESTS_BARS_H
#define BENCH_GUESTS_BARS_H

#include <stdint.h>

/*
 * Gives every memory BAR of the first such device that has no address one from 3 GiB on, where
 * neither memory nor anything else is in a guest with less memory than that.
 */
void bars_assign(uint16_t vendor, uint16_t device);

#endif
