/* SPDX-License-Identifier: BSD-3-Clause */
/* A line of text as words, the way a shell takes it apart; but nothing is expanded or run. */
#ifndef LAUNCH_SCRIPTS_WORDS_H
#define LAUNCH_SCRIPTS_WORDS_H

#include <stddef.h>

#include "lib/error.h"

/*
 * White space separates, '...' is literal, in "..." a backslash takes the special meaning from one
 * of "\$` and a newline, elsewhere from any character. All else ($, *, ~, ;, #, ...) means itself.
 * Returns 0 with a list of @ret_count words and a NULL, to be given back with words_free(); -EINVAL
 * with @err: a quote without its other half, or a backslash at the end; -ENOMEM with @err.
 */
int words_split(const char *text, char ***ret_words, size_t *ret_count, struct error *err);

/* NULL is fine. */
void words_free(char **words);

#endif
