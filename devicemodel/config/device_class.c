/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of a device, parsed by the table of its class. */
#include "devicemodel/config/device_class.h"

#include <errno.h>
#include <string.h>

#include "lib/parse.h"

static int parse_number_field(const struct option_spec *spec, const char *word, void *field,
			      struct error *err)
{
	uint64_t value;

	if (parse_number(word, spec->max, &value) < 0 || value < spec->min)
		return error_set(err, -EINVAL,
				 "bad %s \"%s\": allowed is %llu to %llu, decimal or 0x "
				 "hexadecimal",
				 spec->key, word, (unsigned long long)spec->min,
				 (unsigned long long)spec->max);
	memcpy(field, &value, sizeof(value));
	return 0;
}

static int parse_field(const struct option_spec *spec, const char *word, void *field,
		       struct error *err)
{
	static const bool on = true;

	switch (spec->kind) {
	case OPTION_FLAG:
		memcpy(field, &on, sizeof(on));
		return 0;
	case OPTION_NUMBER:
		return parse_number_field(spec, word, field, err);
	case OPTION_STRING:
		if (!*word)
			return error_set(err, -EINVAL, "%s= needs a value (%s)", spec->key,
					 spec->value);
		if (spec->parse)
			return spec->parse(word, field, err);
		memcpy(field, &word, sizeof(word));
		return 0;
	case OPTION_VALUE:
		return spec->parse(word, field, err);
	}
	return -EINVAL;
}

/* The option that @word, the @place-th of the list, belongs to; *ret_value is what it is given. */
static const struct option_spec *find_spec(const struct device_class *class, char *word,
					   size_t place, char **ret_value)
{
	const struct option_spec *spec;
	char *equals = strchr(word, '=');
	size_t i, length = equals ? (size_t)(equals - word) : strlen(word);

	for (i = 0; i < class->option_count; i++) {
		spec = &class->options[i];
		if (spec->positional || strlen(spec->key) != length ||
		    memcmp(spec->key, word, length) != 0)
			continue;
		*ret_value = equals ? equals + 1 : NULL;
		return spec;
	}
	/*
	 * Positional ones come first in the table, so that place and index are one. A mistyped key
	 * is not the value of one that may be left out.
	 */
	spec = place < class->option_count ? &class->options[place] : NULL;
	if (!spec || !spec->positional || (equals && !spec->required))
		return NULL;
	*ret_value = word;
	return spec;
}

/* What the class takes, for a message: "name, size, region_id, vectors=N, keep". */
static const char *list_options(const struct device_class *class, char *text, size_t size)
{
	const struct option_spec *spec;
	size_t i, used = 0;
	int n;

	snprintf(text, size, "none");
	for (i = 0; i < class->option_count && used < size; i++) {
		spec = &class->options[i];
		n = snprintf(text + used, size - used, "%s%s%s%s", i ? ", " : "", spec->key,
			     spec->positional || !spec->value ? "" : "=",
			     spec->positional || !spec->value ? "" : spec->value);
		used += n > 0 ? (size_t)n : 0;
	}
	return text;
}

static int parse_word(const struct device_class *class, char *word, size_t place, uint64_t *seen,
		      void *options, struct error *err)
{
	const struct option_spec *spec;
	char *value = NULL, known[256];
	uint64_t bit;

	spec = find_spec(class, word, place, &value);
	if (!spec)
		return error_set(err, -EINVAL, "unknown option \"%s\"; %s takes: %s", word,
				 class->name, list_options(class, known, sizeof(known)));
	bit = UINT64_C(1) << (spec - class->options);
	if (*seen & bit)
		return error_set(err, -EINVAL, "option \"%s\" is given twice", spec->key);
	if (spec->kind == OPTION_FLAG && value)
		return error_set(err, -EINVAL, "option \"%s\" takes no value, \"%s\" has one",
				 spec->key, word);
	if (spec->kind != OPTION_FLAG && !value)
		return error_set(err, -EINVAL, "option \"%s\" needs a value: %s=%s", spec->key,
				 spec->key, spec->value);
	*seen |= bit;
	return parse_field(spec, value, (char *)options + spec->offset, err);
}

int device_options_parse(const struct device_class *class, char *words, void *options,
			 struct error *err)
{
	uint64_t seen = 0;
	size_t place, i;
	char *word;
	int ret;

	if (class->absent)
		return 0;
	for (place = 0; (word = strsep(&words, ",")); place++) {
		ret = parse_word(class, word, place, &seen, options, err);
		if (ret < 0)
			return ret;
	}
	for (i = 0; i < class->option_count; i++)
		if (class->options[i].required && !(seen & UINT64_C(1) << i))
			return error_set(err, -EINVAL, "no %s given: %s", class->options[i].key,
					 class->options[i].help);
	return class->check ? class->check(options, err) : 0;
}

void device_class_help(const struct device_class *class, FILE *out)
{
	const struct option_spec *spec;
	char word[64];
	size_t i;

	fprintf(out, "%s: %s\n", class->name, class->summary);
	for (i = 0; i < class->option_count; i++) {
		spec = &class->options[i];
		if (spec->positional)
			snprintf(word, sizeof(word), spec->required ? "<%s>" : "[%s]", spec->key);
		else
			snprintf(word, sizeof(word), "%s%s%s", spec->key, spec->value ? "=" : "",
				 spec->value ? spec->value : "");
		fprintf(out, "    %-16s %s\n", word, spec->help);
	}
}
