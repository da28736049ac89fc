/* SPDX-License-Identifier: BSD-3-Clause */
/* What the code under test says on standard error. */
#ifndef TESTS_UNIT_LOG_CAPTURE_H
#define TESTS_UNIT_LOG_CAPTURE_H

/* From now on standard error is kept instead of shown. */
void log_capture_begin(void);

/* Ends that. Returns how many lines there were, and in *@ret_text the text (a static buffer). */
unsigned int log_capture_end(const char **ret_text);

#endif
