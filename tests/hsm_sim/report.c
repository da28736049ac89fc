/* SPDX-License-Identifier: BSD-3-Clause */
/* What the simulator has to say. */
#include "tests/hsm_sim/report.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_BYTES 512

void report_note(const struct report *report, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list args;

	if (!report->trace)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "hsm-sim: %s\n", text);
}

void report_violation(struct report *report, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "hsm-sim: violation: %s: %s\n", report->call, text);
	report->violations++;
}

void report_trouble(struct report *report, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "hsm-sim: %s\n", text);
	report->failures++;
}

void report_failure(struct report *report, const char *vm_name, unsigned int line,
		    const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "hsm-sim: guest%s%s: line %u: %s\n", vm_name ? " " : "",
		vm_name ? vm_name : "", line, text);
	report->failures++;
}
