/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many changes to scenario files, by the commands that users give: after each the file holds, and
 * what is done and undone leaves no trace.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch_scripts/check.h"
#include "launch_scripts/edited_file.h"
#include "launch_scripts/plan_from_text.h"
#include "launch_scripts/region_edit.h"
#include "launch_scripts/vm_edit.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

/* --- files and commands ----------------------------------------------------------------------- */

static char path[] = "/tmp/scenario-edit-XXXXXX";

static void make_file(const char *text)
{
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* The caller frees it. */
static char *read_file(void)
{
	struct edited_file file;
	char *text;

	CU_ASSERT_EQUAL_FATAL(edited_file_open(&file, path, false, NULL), 0);
	text = strdup(file.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	edited_file_close(&file);
	return text;
}

/* What is said is not looked at here. */
static int silently(int (*run)(int, char **), int argc, char **argv)
{
	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC), status;

	fflush(stderr);
	dup2(null, STDERR_FILENO);
	status = run(argc, argv);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);
	return status;
}

/* "region set FILE demo --size=4", with the file's name for FILE. */
static int command(const char *line)
{
	char *copy = strdup(line), *argv[16], *rest = copy, *word;
	int argc = 0, status;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	while ((word = strsep(&rest, " ")) && argc < 15)
		argv[argc++] = strcmp(word, "FILE") ? word : path;
	argv[argc] = NULL;
	status = silently(*copy == 'v' ? vm_main : region_main, argc, argv);
	free(copy);
	return status;
}

static size_t count_problems(const char *text)
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	size_t count;

	CU_ASSERT_EQUAL(plan_read_text(&plan, path, text, strlen(text), &problems), 0);
	plan_check(&plan, &problems);
	if (problems.count > 0)
		printf("# %s\n", problems.list[0].text);
	count = problems.count;
	problems_fini(&problems);
	plan_fini(&plan);
	return count;
}

/* --- files to change -------------------------------------------------------------------------- */

#define VMS(eol, tab) \
	tab "<vm id=\"0\">" eol tab tab "<load_order>SERVICE_VM</load_order>" eol \
	tab tab "<vm_type>STANDARD_VM</vm_type>" eol tab tab "<name>S</name>" eol tab "</vm>" eol \
	tab VM("1", "A") eol tab VM("2", "B") eol tab VM("3", "C") eol
#define VM(id, name) \
	"<vm id='" id "'><load_order>POST_LAUNCHED_VM</load_order><vm_type>STANDARD_VM</vm_type>" \
	"<name>" name "</name><memory><size>64</size></memory></vm>"

static const char *const files[] = {
	"<acrn-config>\n  <hv>\n    <FEATURES>\n      <IVSHMEM>\n      </IVSHMEM>\n"
	"    </FEATURES>\n  </hv>\n" VMS("\n", "  ") "</acrn-config>\n",

	"<?xml version='1.0'?>\r\n<!-- <hv> -->\r\n<acrn-config a='>'>\r\n\t<hv>\r\n\t\t<FEATURES>"
	"\r\n\t\t\t<IVSHMEM> \r\n\t\t\t</IVSHMEM>\r\n\t\t</FEATURES>\r\n\t</hv>\r\n"
	VMS("\r\n", "\t") "</acrn-config>\r\n<!-- end -->",

	"<acrn-config><hv><FEATURES><IVSHMEM></IVSHMEM></FEATURES></hv>" VMS("", "")
	"</acrn-config>",
};

/* --- done and undone -------------------------------------------------------------------------- */

static void expect_identity(const char *text, const char *const commands[3])
{
	char *result;
	size_t i;

	make_file(text);
	CU_ASSERT_EQUAL_FATAL(command("region add FILE one --size=2 --vm=A --vm=B@00:08.0"), 0);
	result = read_file();
	CU_ASSERT_EQUAL(unlink(path), 0);
	make_file(result);
	for (i = 0; i < 3 && commands[i]; i++) {
		CU_ASSERT_EQUAL(command(commands[i]), 0);
		free(result);
		result = read_file();
		CU_ASSERT_EQUAL(count_problems(result), 0);
	}
	CU_ASSERT_EQUAL(command("region remove FILE one"), 0);
	free(result);
	result = read_file();
	CU_ASSERT_STRING_EQUAL(result, text);
	free(result);
	CU_ASSERT_EQUAL(unlink(path), 0);
}

static void test_identity(void)
{
	static const char *const rows[][3] = {
		{ NULL },
		{ "region add FILE two --size=4 --vm=C --vm=A", "region remove FILE two" },
		{ "region set FILE one --name=two", "region set FILE two --name=one" },
		{ "region set FILE one --add-vm=C", "region set FILE one --remove-vm=A" },
		{ "region set FILE one --id=7 --vectors=4", "region set FILE one --vectors=0" },
		{ "vm rename FILE A Aa", "vm rename FILE Aa A" },
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		for (j = 0; j < ARRAY_SIZE(rows); j++)
			expect_identity(files[i], rows[j]);
}

/* --- many, by chance -------------------------------------------------------------------------- */

static uint32_t random_next(uint32_t *state, uint32_t limit)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % limit;
}

/* A change that makes sense or does not: names and VMs are few, so that they meet. */
static void random_command(uint32_t *state, char *line, size_t size)
{
	static const char *const names[] = { "r", "s", "t_u", "dm:/r", "hv:/s" };
	static const char *const vms[] = { "A", "B", "C", "A@00:08.0", "C@00:08.0", "D" };
	static const char *const changes[] = {
		"--size=4", "--size=5", "--id=0x20", "--vectors=2", "--vectors=0",
		"--source=hypervisor", "--source=device-model", "--name=s", "--name=t_u",
		"--add-vm=A", "--add-vm=B", "--add-vm=C@00:1e.0", "--remove-vm=A", "--remove-vm=B",
	};
	const char *name = names[random_next(state, ARRAY_SIZE(names))];

	switch (random_next(state, 6)) {
	case 0:
	case 1:
		snprintf(line, size, "region add FILE %s --size=2 --vm=%s --vm=%s", name,
			 vms[random_next(state, ARRAY_SIZE(vms))],
			 vms[random_next(state, ARRAY_SIZE(vms))]);
		break;
	case 2:
		snprintf(line, size, "region remove FILE %s", name);
		break;
	case 3:
		snprintf(line, size, "vm rename FILE %c %c", 'A' + random_next(state, 3),
			 'A' + random_next(state, 5));
		break;
	default:
		snprintf(line, size, "region set FILE %s %s %s", name,
			 changes[random_next(state, ARRAY_SIZE(changes))],
			 changes[random_next(state, ARRAY_SIZE(changes))]);
	}
}

static void change_often(const char *text, uint32_t *state, unsigned int *ret_done)
{
	char line[200], *before, *after;
	int i, status;

	make_file(text);
	before = read_file();
	for (i = 0; i < 500; i++) {
		random_command(state, line, sizeof(line));
		status = command(line);
		after = read_file();
		if (status == 0)
			(*ret_done)++;
		else
			CU_ASSERT_STRING_EQUAL(after, before);
		if (count_problems(after) > 0)
			printf("# after %s\n", line);
		CU_ASSERT_EQUAL(count_problems(after), 0);
		free(before);
		before = after;
	}
	free(before);
	CU_ASSERT_EQUAL(unlink(path), 0);
}

static void test_random(void)
{
	unsigned int done = 0;
	uint32_t state = 1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		change_often(files[i], &state, &done);
	/* Else nothing has been tested. */
	CU_ASSERT(done > 100);
	printf("# %u of 1500 changes were made\n", done);
}

static const struct unit_test tests[] = {
	{ "what is done and undone leaves no trace", test_identity },
	{ "a file that holds does so after every change", test_random },
};

UNIT_MAIN("scenario_edit", tests)
