/* SPDX-License-Identifier: BSD-3-Clause */
/* Words that any text can be put into and that a POSIX shell reads back unchanged. */
#ifndef LAUNCH_SCRIPTS_SHELL_WORD_H
#define LAUNCH_SCRIPTS_SHELL_WORD_H

#include <stdio.h>

/*
 * Print @word, an argument of a command, as it is where no shell sees anything special in it, else
 * in single quotes.
 */
void shell_word_print(FILE *out, const char *word);

#endif
