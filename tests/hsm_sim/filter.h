/* SPDX-License-Identifier: BSD-3-Clause */
/* The seccomp filter that has the simulator asked about system calls. */
#ifndef TESTS_HSM_SIM_FILTER_H
#define TESTS_HSM_SIM_FILTER_H

/*
 * Install it in the calling process for good; threads, children and programs inherit it.
 * Notified are calls with paths that may be the device node's, ioctl(2) of the HSM's type, and
 * read(2) of what may be an eventfd's counter.
 * Returns the descriptor that the simulator listens at, or -errno.
 */
int filter_install(void);

#endif
