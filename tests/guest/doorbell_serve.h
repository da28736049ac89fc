/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does what the console says: a command per line, numbers decimal or with 0x. The output of the
 * n-th ends with a line "@@ n". Commands: the table in doorbell_serve.c.
 */
#ifndef TESTS_GUEST_DOORBELL_SERVE_H
#define TESTS_GUEST_DOORBELL_SERVE_H

#include "tests/guest/doorbell_device.h"

/* Says "@@ 0" first. Does not return. */
void doorbell_serve(struct doorbell_device *device) __attribute__((noreturn));

#endif
