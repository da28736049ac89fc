/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes to a text, collected first and then made all at once: what no change names stays. */
#ifndef LAUNCH_SCRIPTS_TEXT_EDIT_H
#define LAUNCH_SCRIPTS_TEXT_EDIT_H

#include <stddef.h>

struct text_change {
	size_t start, end; /* bytes of the text as it was that go */
	char *text;	   /* comes instead */
	size_t number;	   /* in the order of adding */
};

/* All zero: no changes. */
struct text_edit {
	struct text_change *changes;
	size_t count;
};

/* Replace bytes @start to before @end by a copy of @text. Returns 0 or -ENOMEM. */
int text_edit_replace(struct text_edit *edit, size_t start, size_t end, const char *text);

/*
 * Make the changes. Those at one place come in the order in which they were added. The caller
 * frees *@ret_text, which has a NUL behind its *@ret_size bytes.
 * Returns 0, -ENOMEM, or -EINVAL: two changes overlap, or one is not in the text.
 */
int text_edit_apply(struct text_edit *edit, const char *text, size_t size, char **ret_text,
		    size_t *ret_size);

void text_edit_fini(struct text_edit *edit);

#endif
