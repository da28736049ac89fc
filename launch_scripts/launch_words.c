/* SPDX-License-Identifier: BSD-3-Clause */
/* Words of a command line, written twice: as shell code, and as what it stands for. */
#include "launch_scripts/launch_words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "launch_scripts/shell_word.h"

/* Takes over both texts, whatever happens. */
static void append(struct launch_words *words, char *text, bool is_code, char *placeholder)
{
	struct launch_command *command = words->command;
	struct launch_word *list = NULL;

	if (text)
		list = reallocarray(command->words, command->count + 1, sizeof(*list));
	if (!list) {
		free(text);
		free(placeholder);
		words->ret = -ENOMEM;
		return;
	}
	command->words = list;
	list[command->count++] = (struct launch_word){ text, is_code, placeholder };
}

static char *format(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

static char *format(const char *fmt, va_list args)
{
	char *text;

	return vasprintf(&text, fmt, args) < 0 ? NULL : text;
}

void launch_words_add(struct launch_words *words, const char *fmt, ...)
{
	va_list args;

	if (words->ret < 0)
		return;
	va_start(args, fmt);
	append(words, format(fmt, args), false, NULL);
	va_end(args);
}

void launch_words_begin(struct launch_words *words)
{
	if (words->ret < 0)
		return;
	words->is_code = false;
	words->code = open_memstream(&words->code_text, &words->code_size);
	words->plain = open_memstream(&words->plain_text, &words->plain_size);
	if (!words->code || !words->plain)
		words->ret = -ENOMEM;
}

void launch_words_literal(struct launch_words *words, const char *fmt, ...)
{
	va_list args;
	char *text;

	if (words->ret < 0)
		return;
	va_start(args, fmt);
	text = format(fmt, args);
	va_end(args);
	if (!text) {
		words->ret = -ENOMEM;
		return;
	}
	if (*text)
		shell_word_print(words->code, text);
	fputs(text, words->plain);
	free(text);
}

void launch_words_variable(struct launch_words *words, const char *name, const char *meaning)
{
	if (words->ret < 0)
		return;
	words->is_code = true;
	fprintf(words->code, "\"$%s\"", name);
	fputs(meaning, words->plain);
}

/* Returns what was written to @file; NULL: some of it was lost. */
static char *close_text(FILE **file, char **text)
{
	char *written = NULL;

	if (*file && fclose(*file) == 0)
		written = *text;
	else
		free(*text);
	*file = NULL;
	*text = NULL;
	return written;
}

void launch_words_end(struct launch_words *words)
{
	char *code = close_text(&words->code, &words->code_text);
	char *plain = close_text(&words->plain, &words->plain_text);

	if (words->ret < 0 || !code || !plain) {
		free(code);
		free(plain);
		words->ret = -ENOMEM;
	} else if (words->is_code) {
		append(words, code, true, plain);
	} else {
		free(code);
		append(words, plain, false, NULL);
	}
}
