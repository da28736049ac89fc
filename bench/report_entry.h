/* SPDX-License-Identifier: BSD-3-Clause */
/* What a report holds: between report.c, which fills and prints it, and report_json.c. */
#ifndef BENCH_REPORT_ENTRY_H
#define BENCH_REPORT_ENTRY_H

#include <stdbool.h>

#include "bench/report.h"

#define REPORT_NOTE_MAX 256

struct report_entry {
	struct report_case measured;
	/* Of the medians. */
	double ratio;
	/* Between the quartiles lies half of the ratios of the pairs. */
	double ratio_low, ratio_high;
};

struct report {
	const struct environment *environment;
	struct report_entry *entries;
	size_t entry_count;
	char (*notes)[REPORT_NOTE_MAX];
	size_t note_count;
};

/* Of an entry that has an aim. */
bool report_entry_is_met(const struct report_entry *entry);

#endif
