/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan as text, for comparison; and plans from texts. */
#ifndef TESTS_UNIT_PLAN_TEXT_H
#define TESTS_UNIT_PLAN_TEXT_H

#include "launch_scripts/plan.h"

/*
 * A line for each VM, device and region user, those of a VM or region indented. What is zero is
 * left out. The caller frees it.
 */
char *plan_text(const struct plan *plan);

/*
 * Read scenario @scenario with launch file @launch (NULL: none) and board file @board (NULL: none),
 * called s, l and b. Returns plan_text() followed by what problems_print() prints; and "error -N"
 * where reading fails. The caller frees it.
 */
char *plan_text_of_files(const char *scenario, const char *launch, const char *board);

/* Fail the running test, and print both, unless @text is @expected. Frees @text. */
void plan_text_expect(char *text, const char *expected);

#endif
