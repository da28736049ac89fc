/* SPDX-License-Identifier: BSD-3-Clause */
/* The results, as tables to read and as JSON to compare. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "bench/environment.h"
#include "bench/samples.h"

enum aim {
	AIM_NONE,
	AIM_AT_MOST,
	AIM_AT_LEAST,
};

#define REPORT_TEXT_MAX 96

/* What is measured is summarised by @summary; @pairs is what is compared measurement by
 * measurement. */
struct report_side {
	char label[REPORT_TEXT_MAX];
	struct summary summary;
	const struct samples *pairs;
};

struct report_case {
	const char *group; /* a title, with static storage */
	const char *unit;  /* static as well */
	char name[REPORT_TEXT_MAX];
	struct report_side ours, peer;
	enum aim aim;
	double aim_ratio;
};

struct report;

/* The new report of measurements in @environment, which outlives it, or NULL: out of memory. */
struct report *report_new(const struct environment *environment);

/* Copies what it keeps. Returns 0 or -ENOMEM. */
int report_add(struct report *report, const struct report_case *new_case);

/* A line about what could not be measured, or how. Returns 0 or -ENOMEM. */
int report_note(struct report *report, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Everything as Markdown, which is also what a terminal gets. Check ferror() afterwards. */
void report_print(const struct report *report, FILE *file);

/* The same figures, unrounded. Check ferror() afterwards. */
void report_print_json(const struct report *report, FILE *file);

void report_free(struct report *report);

#endif
