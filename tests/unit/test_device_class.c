/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of a made-up device: every kind of option, given well and badly. */
#include "devicemodel/config/device_class.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

struct options {
	const char *path, *note, *slashed;
	uint64_t count;
	char letter;
	bool fast, slow;
};

static int parse_letter(const char *word, void *field, struct error *err)
{
	if (strlen(word) != 1)
		return error_set(err, -EINVAL, "bad letter \"%s\"", word);
	memcpy(field, word, 1);
	return 0;
}

static int parse_slashed(const char *word, void *field, struct error *err)
{
	if (word[0] != '/')
		return error_set(err, -EINVAL, "no slash in \"%s\"", word);
	memcpy(field, &word, sizeof(word));
	return 0;
}

static int check_speed(const void *arg, struct error *err)
{
	const struct options *options = arg;

	return options->fast && options->slow ? error_set(err, -EINVAL, "fast and slow") : 0;
}

#define FIELD(member) OPTION_FIELD(struct options, member)

static const struct option_spec specs[] = {
	{ .key = "path",
	  .help = "where",
	  .kind = OPTION_STRING,
	  .positional = true,
	  .required = true,
	  FIELD(path) },
	{ .key = "letter",
	  .help = "which",
	  .kind = OPTION_VALUE,
	  .positional = true,
	  FIELD(letter),
	  .parse = parse_letter },
	{ .key = "count",
	  .value = "N",
	  .help = "how many",
	  .kind = OPTION_NUMBER,
	  FIELD(count),
	  .min = 2,
	  .max = 16 },
	{ .key = "note", .value = "TEXT", .help = "why", .kind = OPTION_STRING, FIELD(note) },
	{ .key = "slashed",
	  .value = "/X",
	  .help = "what",
	  .kind = OPTION_STRING,
	  FIELD(slashed),
	  .parse = parse_slashed },
	{ .key = "fast", .help = "be fast", .kind = OPTION_FLAG, FIELD(fast) },
	{ .key = "slow", .help = "be slow", .kind = OPTION_FLAG, FIELD(slow) },
};

static const struct device_class class = {
	.name = "thing",
	.summary = "a thing",
	.options = specs,
	.option_count = ARRAY_SIZE(specs),
	.options_size = sizeof(struct options),
	.check = check_speed,
};

static const struct device_class bare = { .name = "bare", .summary = "takes nothing" };

static int parse(const struct device_class *which, const char *text, char **ret_words,
		 struct options *options, struct error *err)
{
	*ret_words = text ? strdup(text) : NULL;
	memset(options, 0, sizeof(*options));
	err->text[0] = '\0';
	return device_options_parse(which, *ret_words, options, err);
}

static void test_good(void)
{
	static const char all[] = "a,b,slow,note=x=y,count=0x10,slashed=/";
	struct options options;
	struct error err;
	char *words;

	CU_ASSERT_EQUAL(parse(&class, "/tmp", &words, &options, &err), 0);
	CU_ASSERT_STRING_EQUAL(options.path, "/tmp");
	CU_ASSERT_EQUAL(options.letter, 0);
	free(words);
	CU_ASSERT_EQUAL(parse(&class, all, &words, &options, &err), 0);
	CU_ASSERT_STRING_EQUAL(options.path, "a");
	CU_ASSERT_EQUAL(options.letter, 'b');
	CU_ASSERT_STRING_EQUAL(options.note, "x=y");
	CU_ASSERT_STRING_EQUAL(options.slashed, "/");
	CU_ASSERT_EQUAL(options.count, 16);
	CU_ASSERT(options.slow && !options.fast);
	free(words);
	/* A word with '=' may be the value of a required place, not of an optional one. */
	CU_ASSERT_EQUAL(parse(&class, "a=b,count=2", &words, &options, &err), 0);
	CU_ASSERT_STRING_EQUAL(options.path, "a=b");
	free(words);
	CU_ASSERT_EQUAL(parse(&bare, NULL, &words, &options, &err), 0);
}

static void test_bad(void)
{
	static const struct {
		const struct device_class *class;
		const char *text, *said;
	} rows[] = {
		{ &class, NULL, "no path given: where" },
		{ &class, "", "path= needs a value" },
		{ &class, ",b", "path= needs a value" },
		{ &class, "fast", "no path given" },
		{ &class, "a,bc", "bad letter \"bc\"" },
		{ &class, "a,", "bad letter \"\"" },
		{ &class, "a,b,c",
		  "unknown option \"c\"; thing takes: path, letter, count=N, note=TEXT, "
		  "slashed=/X, fast, slow" },
		{ &class, "a,b,", "unknown option \"\"" },
		{ &class, "a,counts=3", "unknown option \"counts=3\"" },
		{ &class, "a,b,path=c", "unknown option \"path=c\"" },
		{ &class, "a,b,fas", "unknown option \"fas\"" },
		{ &class, "a,b,fastt", "unknown option \"fastt\"" },
		{ &class, "a,count=1", "bad count \"1\": allowed is 2 to 16" },
		{ &class, "a,count=17", "bad count \"17\"" },
		{ &class, "a,count=", "bad count \"\"" },
		{ &class, "a,count=4294967298", "bad count" },
		{ &class, "a,count=18446744073709551618", "bad count" },
		{ &class, "a,count", "option \"count\" needs a value: count=N" },
		{ &class, "a,count=2,count=2", "option \"count\" is given twice" },
		{ &class, "a,fast,fast", "option \"fast\" is given twice" },
		{ &class, "a,fast=", "option \"fast\" takes no value" },
		{ &class, "a,fast=1", "option \"fast\" takes no value, \"fast=1\" has one" },
		{ &class, "a,note=", "note= needs a value (TEXT)" },
		{ &class, "a,slashed=", "slashed= needs a value" },
		{ &class, "a,slashed=x", "no slash in \"x\"" },
		{ &class, "a,fast,slow", "fast and slow" },
		{ &bare, "x", "unknown option \"x\"; bare takes: none" },
		{ &bare, "", "unknown option \"\"" },
	};
	struct options options;
	struct error err;
	char *words;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL(parse(rows[i].class, rows[i].text, &words, &options, &err),
				-EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].said));
		free(words);
	}
}

static void test_help(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	device_class_help(&class, out);
	fclose(out);
	CU_ASSERT_STRING_EQUAL(text, "thing: a thing\n"
				     "    <path>           where\n"
				     "    [letter]         which\n"
				     "    count=N          how many\n"
				     "    note=TEXT        why\n"
				     "    slashed=/X       what\n"
				     "    fast             be fast\n"
				     "    slow             be slow\n");
	free(text);
}

static const struct unit_test tests[] = {
	{ "good", test_good },
	{ "bad", test_bad },
	{ "help", test_help },
};

UNIT_MAIN("device class", tests)
