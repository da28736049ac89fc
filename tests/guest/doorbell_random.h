/* SPDX-License-Identifier: BSD-3-Clause */
/* Random steps of a guest that rings itself, masks, disables and moves its doorbell device. */
#ifndef TESTS_GUEST_DOORBELL_RANDOM_H
#define TESTS_GUEST_DOORBELL_RANDOM_H

#include "tests/guest/doorbell_device.h"

/*
 * One test (tests/guest/check.h): after each step interrupts and pending bits are as a model of the
 * device has them. Command line: steps=N, seed=N. The device needs four vectors.
 */
void doorbell_random(struct doorbell_device *device);

#endif
