/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorting changes and putting the new text together. */
#include "launch_scripts/text_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int text_edit_replace(struct text_edit *edit, size_t start, size_t end, const char *text)
{
	struct text_change *changes;

	changes = reallocarray(edit->changes, edit->count + 1, sizeof(*changes));
	if (!changes)
		return -ENOMEM;
	edit->changes = changes;
	changes[edit->count] = (struct text_change){ start, end, strdup(text), edit->count };
	return changes[edit->count++].text ? 0 : -ENOMEM;
}

static int compare(const void *a, const void *b)
{
	const struct text_change *first = a, *second = b;

	if (first->start != second->start)
		return first->start < second->start ? -1 : 1;
	/* What is inserted comes before what is replaced there, or they would overlap. */
	if ((first->end == first->start) != (second->end == second->start))
		return first->end == first->start ? -1 : 1;
	return first->number < second->number ? -1 : first->number > second->number;
}

/* The size of the new text, or -EINVAL. */
static int measure(const struct text_edit *edit, size_t size, size_t *ret_size)
{
	size_t i, at = 0, result = size;

	for (i = 0; i < edit->count; i++) {
		const struct text_change *change = &edit->changes[i];

		if (change->start < at || change->end < change->start || change->end > size)
			return -EINVAL;
		at = change->end;
		result += strlen(change->text) - (change->end - change->start);
	}
	*ret_size = result;
	return 0;
}

int text_edit_apply(struct text_edit *edit, const char *text, size_t size, char **ret_text,
		    size_t *ret_size)
{
	size_t i, at = 0, result_size = 0;
	char *result, *to;

	if (edit->count > 0)
		qsort(edit->changes, edit->count, sizeof(*edit->changes), compare);
	for (i = 0; i < edit->count; i++)
		if (!edit->changes[i].text)
			return -ENOMEM;
	if (measure(edit, size, &result_size) < 0)
		return -EINVAL;
	result = malloc(result_size + 1);
	if (!result)
		return -ENOMEM;
	to = result;
	for (i = 0; i < edit->count; i++) {
		to = mempcpy(to, text + at, edit->changes[i].start - at);
		to = stpcpy(to, edit->changes[i].text);
		at = edit->changes[i].end;
	}
	to = mempcpy(to, text + at, size - at);
	*to = '\0';
	*ret_text = result;
	*ret_size = result_size;
	return 0;
}

void text_edit_fini(struct text_edit *edit)
{
	size_t i;

	for (i = 0; i < edit->count; i++)
		free(edit->changes[i].text);
	free(edit->changes);
	*edit = (struct text_edit){ 0 };
}
