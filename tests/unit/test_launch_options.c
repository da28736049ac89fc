/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of acrn-launch-gen: defaults, every option, refusals. */
#include "launch_scripts/launch_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

#define WORDS_MAX 12

/* @line: words between blanks. @words holds them afterwards. */
static int parse(struct launch_options *options, const char *line, char words[256],
		 struct error *err)
{
	static char program[] = "acrn-launch-gen";
	char *argv[WORDS_MAX + 2], *rest = words, *word;
	int argc = 0;

	snprintf(words, 256, "%s", line);
	argv[argc++] = program;
	while (argc <= WORDS_MAX && (word = strsep(&rest, " ")))
		if (*word)
			argv[argc++] = word;
	argv[argc] = NULL;
	err->text[0] = '\0';
	return launch_options_parse(options, argc, argv, err);
}

static void test_defaults(void)
{
	struct launch_options options;
	struct error err;
	char words[256];

	CU_ASSERT_EQUAL_FATAL(parse(&options, "--scenario s.xml", words, &err), 0);
	CU_ASSERT_STRING_EQUAL(options.scenario, "s.xml");
	CU_ASSERT_PTR_NULL(options.board);
	CU_ASSERT_PTR_NULL(options.launch);
	CU_ASSERT_STRING_EQUAL(options.out, "output");
	CU_ASSERT_EQUAL(options.user_vmid, 0);
	CU_ASSERT_EQUAL(options.target, LAUNCH_ACRN);
	CU_ASSERT_FALSE(options.print || options.check || options.help || options.version);
}

static void test_all(void)
{
	struct launch_options options;
	struct error err;
	char words[256];

	CU_ASSERT_EQUAL_FATAL(parse(&options,
				    "--board=b.xml --scenario s.xml --launch l.xml --user_vmid 3 "
				    "--out=d --print --hypervisor=kvm",
				    words, &err), 0);
	CU_ASSERT_STRING_EQUAL(options.board, "b.xml");
	CU_ASSERT_STRING_EQUAL(options.launch, "l.xml");
	CU_ASSERT_STRING_EQUAL(options.out, "d");
	CU_ASSERT_EQUAL(options.user_vmid, 3);
	CU_ASSERT_EQUAL(options.target, LAUNCH_KVM);
	CU_ASSERT_TRUE(options.print);
	CU_ASSERT_EQUAL(parse(&options, "--scenario s.xml --check", words, &err), 0);
	CU_ASSERT_TRUE(options.check);
	CU_ASSERT_EQUAL(parse(&options, "-h", words, &err), 0);
	CU_ASSERT_TRUE(options.help);
	CU_ASSERT_EQUAL(parse(&options, "--version", words, &err), 0);
	CU_ASSERT_TRUE(options.version);
}

static void test_refusals(void)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
		{ "", "--scenario FILE" },
		{ "--scenario", "--scenario" },
		{ "--board b.xml", "--scenario FILE" },
		{ "--scenario s.xml more", "\"more\"" },
		{ "--scenario s.xml --no-such", "\"--no-such\"" },
		{ "--scenario s.xml -x", "\"-x\"" },
		{ "--scenario s.xml --print=yes", "\"--print=yes\"" },
		{ "--scenario s.xml --print --check", "contradict" },
		{ "--scenario s.xml --user_vmid -1", "--user_vmid -1" },
		{ "--scenario s.xml --user_vmid 1x", "--user_vmid 1x" },
		{ "--scenario s.xml --user_vmid 4294967296", "--user_vmid 4294967296" },
		{ "--scenario s.xml --hypervisor xen", "acrn or kvm" },
		{ "--scenario s.xml --out=", "--out" },
	};
	struct launch_options options = { .user_vmid = 77 };
	struct error err;
	char words[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL(parse(&options, rows[i].line, words, &err), -EINVAL);
		if (!strstr(err.text, rows[i].words))
			fprintf(stderr, "# \"%s\": %s\n", rows[i].line, err.text);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].words));
	}
	CU_ASSERT_EQUAL(options.user_vmid, 77);
}

/* All options are told, and the help fits a terminal. */
static void test_help(void)
{
	static const char *const names[] = { "--scenario", "--board", "--launch", "--user_vmid",
					     "--out", "--hypervisor", "--print", "--check",
					     "--help", "--version" };
	const char *line;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(launch_options_help, names[i]));
	for (line = launch_options_help; *line; line += strcspn(line, "\n") + 1)
		CU_ASSERT(strcspn(line, "\n") <= 90);
}

static const struct unit_test tests[] = {
	{ "what is not said", test_defaults },
	{ "every option", test_all },
	{ "refusals name the word", test_refusals },
	{ "the help", test_help },
};

UNIT_MAIN("launch_options", tests)
