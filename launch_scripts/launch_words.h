/* SPDX-License-Identifier: BSD-3-Clause */
/* Building a list of words, where a word may be put together of literal parts and variables. */
#ifndef LAUNCH_SCRIPTS_LAUNCH_WORDS_H
#define LAUNCH_SCRIPTS_LAUNCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "launch_scripts/launch_command.h"

/* Once something fails (out of memory), everything after it does nothing. */
struct launch_words {
	struct launch_command *command; /* appended to */
	int ret;			/* 0 or -ENOMEM */
	/* Of the word under construction. */
	FILE *code, *plain;
	char *code_text, *plain_text;
	size_t code_size, plain_size;
	bool is_code;
};

/* A whole literal word. */
void launch_words_add(struct launch_words *words, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A word in parts: begin, any number of literals and variables, end. */
void launch_words_begin(struct launch_words *words);
void launch_words_literal(struct launch_words *words, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The value of the shell variable @name; in the placeholder @meaning stands for it. */
void launch_words_variable(struct launch_words *words, const char *name, const char *meaning);
void launch_words_end(struct launch_words *words);

#endif
