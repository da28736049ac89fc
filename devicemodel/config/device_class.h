/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A class of device as the command line knows it: its name and a table of its options. The table
 * drives parsing, checking and the help, so that no device parses words of its own.
 */
#ifndef DEVICEMODEL_CONFIG_DEVICE_CLASS_H
#define DEVICEMODEL_CONFIG_DEVICE_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/error.h"

enum option_kind {
	OPTION_FLAG,   /* bool: the key alone */
	OPTION_NUMBER, /* uint64_t: decimal or 0x hex, within min..max */
	OPTION_STRING, /* const char *: not empty, and whatever else the parse function wants */
	OPTION_VALUE,  /* anything: the parse function knows */
};

struct option_spec {
	const char *key;   /* as in key=value; for a positional option its name in messages */
	const char *value; /* what stands for the value in the help; NULL for a flag */
	const char *help;
	enum option_kind kind;
	bool positional; /* given by its place, before all keys, in the table's order */
	bool required;
	bool unique; /* two devices of this class in one VM may not have the same one */
	size_t offset, size; /* of the field in the device's options */
	uint64_t min, max;   /* OPTION_NUMBER */
	/* OPTION_VALUE, OPTION_STRING: fill @field from @word, or return -EINVAL with @err. */
	int (*parse)(const char *word, void *field, struct error *err);
};

/* The two members that say where an option goes. */
#define OPTION_FIELD(type, member) \
	.offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

struct device_class {
	const char *name;
	const char *summary; /* one line for the help */
	/*
	 * NULL, or: there is no such device, only its name is known, and this says what to do about
	 * it. Its options are not looked at.
	 */
	const char *absent;
	const struct option_spec *options;
	size_t option_count; /* at most 64: the parser keeps a bit for each */
	size_t options_size; /* of the struct that the options fill */
	/* What holds between options. Returns 0 or -EINVAL with @err. NULL: nothing to check. */
	int (*check)(const void *options, struct error *err);
};

/*
 * Fill @options (@class->options_size bytes, zeroed by the caller) from @words, which is cut at its
 * commas; strings in @options point into it. NULL stands for no options at all.
 * Returns 0 or -EINVAL with @err, which names the bad word and what is allowed.
 */
int device_options_parse(const struct device_class *class, char *words, void *options,
			 struct error *err);

/* The name, the summary and a line for each option. */
void device_class_help(const struct device_class *class, FILE *out);

#endif
