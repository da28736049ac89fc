/* SPDX-License-Identifier: BSD-3-Clause */
/* One line on standard error that says what is wrong. */
#ifndef SAMPLES_LINUX_MESSAGE_H
#define SAMPLES_LINUX_MESSAGE_H

enum { EXIT_USAGE = 64 };

/* Prints the message under the program's name and returns @status, which is the exit status. */
int fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
