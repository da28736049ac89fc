/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of elements, checked as they are read. What does not hold becomes a problem at the
 * element's line, and a value is made up that does, so that reading goes on to the next problem.
 */
#ifndef LAUNCH_SCRIPTS_XML_VALUE_H
#define LAUNCH_SCRIPTS_XML_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "launch_scripts/problems.h"
#include "launch_scripts/xml_file.h"

struct xml_reader {
	const struct xml_file *file;
	struct problems *problems;
	int ret; /* 0, or -ENOMEM once memory has run out; then nothing read is of use */
};

/* Add a problem where @node stands. */
void xml_complain(const struct xml_reader *reader, const xmlNode *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A value short enough to be quoted in a problem. Returns @quote. */
#define XML_QUOTE_MAX 100
const char *xml_quote(const char *value, char quote[XML_QUOTE_MAX]);

/* The element's text or NULL: out of memory, as reader->ret says then. The caller frees it. */
char *xml_value(struct xml_reader *reader, const xmlNode *node);

/* That of child @name of @node; NULL also if that is missing or blank. */
char *xml_child_value(struct xml_reader *reader, const xmlNode *node, const char *name);

/* There is no such element, or nothing but white space and comments in it. */
bool xml_is_blank(const xmlNode *node);

struct xml_choice {
	const char *word;
	int value;
};

/*
 * The value of the one of @choices (ended by a NULL word) that the element's text is. @fallback if
 * @node is NULL or blank, and, with a problem that lists the choices, if it is none of them.
 */
int xml_choose(struct xml_reader *reader, const xmlNode *node, const struct xml_choice *choices,
	       int fallback);

/* Child @name of @parent: y or n, or Enable or Disable; false if it is missing or blank. */
bool xml_yes(struct xml_reader *reader, const xmlNode *parent, const char *name);

/*
 * A decimal number (hexadecimal ones after 0x too if @hex) of @min to @max. Returns whether there
 * is one; false without a problem if @node is NULL or blank.
 */
bool xml_number(struct xml_reader *reader, const xmlNode *node, bool hex, uint64_t min,
		uint64_t max, uint64_t *ret_value);

/*
 * Complain about each child of @parent (which may be NULL) whose name is one of @names, at most 32
 * and ended by NULL, if there is one of that name before it: only the first one counts.
 */
void xml_check_single(struct xml_reader *reader, const xmlNode *parent, const char *const *names);

#endif
