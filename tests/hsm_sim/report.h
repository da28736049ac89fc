/* SPDX-License-Identifier: BSD-3-Clause */
/* What the simulator has to say: on stderr, each line with its name in front. */
#ifndef TESTS_HSM_SIM_REPORT_H
#define TESTS_HSM_SIM_REPORT_H

#include <stdbool.h>

struct report {
	bool trace;		 /* print each call too */
	unsigned int violations; /* of the interface's rules; each has been printed */
	unsigned int failures;	 /* of what the scripted guest expected */
	const char *call;	 /* the one that is being answered */
};

void report_note(const struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void report_violation(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What the simulator itself cannot do, and the test with it. */
void report_trouble(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* @vm_name: whose guest, NULL if there is one for all. */
void report_failure(struct report *report, const char *vm_name, unsigned int line,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
