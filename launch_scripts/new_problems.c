/* SPDX-License-Identifier: BSD-3-Clause */
/* The difference of two lists of problems, by their texts. */
#include "launch_scripts/new_problems.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* To behind the ":12" of a place in a text, "(name:12)"; other digits are part of the text. */
static const char *skip_line_number(const char *text)
{
	size_t digits;

	if (*text != ':')
		return text;
	digits = strspn(text + 1, "0123456789");
	return digits > 0 && text[1 + digits] == ')' ? text + 1 + digits : text;
}

static bool starts_with(const char *text, const char *word)
{
	return word && *word && !strncmp(text, word, strlen(word));
}

/* Whether they say the same, of lines that may have moved and of what may be called otherwise. */
static bool is_same(const char *before, const char *after, const struct name_change *change)
{
	while (*before || *after) {
		before = skip_line_number(before);
		after = skip_line_number(after);
		if (starts_with(before, change->old_name) && starts_with(after, change->new_name)) {
			before += strlen(change->old_name);
			after += strlen(change->new_name);
		} else if (*before != *after || !*before) {
			return *before == *after;
		} else {
			before++;
			after++;
		}
	}
	return true;
}

/* Take one that reads so out of those that were there. */
static bool take_known(const struct problems *before, bool *taken, const char *text,
		       const struct name_change *change)
{
	size_t i;

	for (i = 0; i < before->count; i++) {
		if (!taken[i] && is_same(before->list[i].text, text, change)) {
			taken[i] = true;
			return true;
		}
	}
	return false;
}

size_t new_problems_add(struct problems *problems, const char *name, const struct problems *before,
			const struct problems *after, const struct name_change *change)
{
	bool *taken = calloc(before->count + 1, sizeof(*taken));
	const struct plan_place place = { .file = name };
	size_t i, count = 0;

	for (i = 0; i < after->count; i++) {
		if (taken && take_known(before, taken, after->list[i].text, change))
			continue;
		problems_add(problems, place, "%s", after->list[i].text);
		count++;
	}
	free(taken);
	/* Of those beyond the most that are kept no more may come. */
	if (after->dropped > before->dropped) {
		problems_add(problems, place, "there are more problems than can be told apart");
		count++;
	}
	return count;
}
