/* SPDX-License-Identifier: BSD-3-Clause */
/* Word splitting (POSIX shell, 2.2 Quoting, without the expansions). */
#include "launch_scripts/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* Words do not get longer by losing their quotes: @to needs no more room than the text has. */
struct splitter {
	const char *from;
	char *to;
	struct error *err;
};

static int skip_backslash(struct splitter *s, const char *meant)
{
	s->from++;
	if (!*s->from)
		return error_set(s->err, -EINVAL,
				 "a backslash stands at the end: write two for one");
	if (*s->from == '\n' && (!meant || strchr(meant, '\n'))) {
		s->from++;
		return 0;
	}
	if (meant && !strchr(meant, *s->from))
		*s->to++ = '\\';
	*s->to++ = *s->from++;
	return 0;
}

static int take_quoted(struct splitter *s)
{
	const char quote = *s->from++;

	while (*s->from && *s->from != quote) {
		if (quote == '\'' || *s->from != '\\')
			*s->to++ = *s->from++;
		else if (skip_backslash(s, "\"\\$`\n") < 0)
			return -EINVAL;
	}
	if (!*s->from)
		return error_set(s->err, -EINVAL, "a %c quote is never closed: close it, or put a "
				 "backslash before it", quote);
	s->from++;
	return 0;
}

static int take_word(struct splitter *s)
{
	int ret = 0;

	while (*s->from && !strchr(BLANKS, *s->from) && ret == 0) {
		if (*s->from == '\'' || *s->from == '"')
			ret = take_quoted(s);
		else if (*s->from == '\\')
			ret = skip_backslash(s, NULL);
		else
			*s->to++ = *s->from++;
	}
	return ret;
}

/* Backslash and newline between words is nothing at all. */
static void skip_blanks(struct splitter *s)
{
	for (;;) {
		s->from += strspn(s->from, BLANKS);
		if (strncmp(s->from, "\\\n", 2) != 0)
			return;
		s->from += 2;
	}
}

static int split(struct splitter *s, char **words, size_t *count)
{
	int ret;

	for (skip_blanks(s); *s->from; skip_blanks(s)) {
		words[*count] = s->to;
		ret = take_word(s);
		if (ret < 0)
			return ret;
		/* The word's end may be where the blank stands that ended it. */
		s->from += *s->from != '\0';
		*s->to++ = '\0';
		(*count)++;
	}
	return 0;
}

int words_split(const char *text, char ***ret_words, size_t *ret_count, struct error *err)
{
	/* A word takes a character and a blank at least; the last one a NUL. */
	size_t room = strlen(text) / 2 + 2, count = 0;
	char **words = malloc(room * sizeof(*words) + strlen(text) + 2);
	struct splitter s;
	int ret;

	if (!words)
		return error_set(err, -ENOMEM, "out of memory");
	s = (struct splitter){ text, (char *)(words + room), err };
	ret = split(&s, words, &count);
	if (ret < 0) {
		free(words);
		return ret;
	}
	words[count] = NULL;
	*ret_words = words;
	*ret_count = count;
	return 0;
}

void words_free(char **words)
{
	free(words);
}
