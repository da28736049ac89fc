/* SPDX-License-Identifier: BSD-3-Clause */
/* Replacing files as a whole: what stays, who waits, and what cannot be replaced. */
#include "launch_scripts/edited_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/leaks.h"
#include "tests/unit/unit.h"

static char directory[] = "/tmp/edited-file-XXXXXX";

/* All tests are in one directory, where nothing may be left over. */
static void enter(void)
{
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	CU_ASSERT_EQUAL_FATAL(chdir(directory), 0);
}

static void leave(void)
{
	CU_ASSERT_EQUAL(chdir("/"), 0);
	CU_ASSERT_EQUAL(rmdir(directory), 0);
}

static void put(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
	close(fd);
}

static void expect_text(const char *name, const char *wanted)
{
	char text[64] = "";
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT(read(fd, text, sizeof(text) - 1) >= 0);
	CU_ASSERT_STRING_EQUAL(text, wanted);
	close(fd);
}

static void test_replaced(void)
{
	struct edited_file file;
	struct stat stat_;

	enter();
	put("f", "old", 0640);
	CU_ASSERT_EQUAL(symlink("f", "link"), 0);
	if (geteuid() == 0)
		CU_ASSERT_EQUAL(chown("f", 12, 34), 0);
	CU_ASSERT_EQUAL_FATAL(edited_file_open(&file, "link", false, NULL), 0);
	CU_ASSERT_STRING_EQUAL(file.text, "old");
	CU_ASSERT_EQUAL(file.size, 3);
	CU_ASSERT_EQUAL(edited_file_replace(&file, "newer", 5, NULL), 0);
	edited_file_close(&file);
	expect_text("f", "newer");
	CU_ASSERT_EQUAL(lstat("link", &stat_), 0);
	CU_ASSERT(S_ISLNK(stat_.st_mode));
	CU_ASSERT_EQUAL(stat("f", &stat_), 0);
	CU_ASSERT_EQUAL(stat_.st_mode & 07777, 0640);
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL(stat_.st_uid, 12);
		CU_ASSERT_EQUAL(stat_.st_gid, 34);
	}
	CU_ASSERT_EQUAL(unlink("link"), 0);
	CU_ASSERT_EQUAL(unlink("f"), 0);
	leave();
}

static void test_made(void)
{
	mode_t mask = umask(027);
	struct edited_file file;
	struct stat stat_;

	enter();
	CU_ASSERT_EQUAL(edited_file_open(&file, "f", false, NULL), -ENOENT);
	CU_ASSERT_EQUAL_FATAL(edited_file_open(&file, "f", true, NULL), 0);
	CU_ASSERT_STRING_EQUAL(file.text, "");
	CU_ASSERT_EQUAL(access("f", F_OK), -1);
	CU_ASSERT_EQUAL(edited_file_replace(&file, "new", 3, NULL), 0);
	CU_ASSERT_EQUAL(edited_file_replace(&file, "another", 7, NULL), -EEXIST);
	edited_file_close(&file);
	expect_text("f", "new");
	CU_ASSERT_EQUAL(stat("f", &stat_), 0);
	CU_ASSERT_EQUAL(stat_.st_mode & 07777, 0640);
	CU_ASSERT_EQUAL(unlink("f"), 0);
	umask(mask);
	leave();
}

static void test_refused(void)
{
	struct edited_file file;
	struct error err;

	enter();
	CU_ASSERT_EQUAL(mkdir("d", 0700), 0);
	CU_ASSERT_EQUAL(mkfifo("p", 0600), 0);
	CU_ASSERT_EQUAL(symlink("nowhere", "link"), 0);
	CU_ASSERT_EQUAL(edited_file_open(&file, "d", true, &err), -EINVAL);
	CU_ASSERT_STRING_EQUAL(err.text, "d is no regular file");
	CU_ASSERT_EQUAL(edited_file_open(&file, "p", true, &err), -EINVAL);
	CU_ASSERT_EQUAL(edited_file_open(&file, "link", true, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "symbolic link"));
	CU_ASSERT_EQUAL_FATAL(edited_file_open(&file, "no/f", true, &err), 0);
	CU_ASSERT_EQUAL(edited_file_replace(&file, "x", 1, &err), -ENOENT);
	edited_file_close(&file);
	CU_ASSERT_EQUAL(rmdir("d"), 0);
	CU_ASSERT_EQUAL(unlink("p"), 0);
	CU_ASSERT_EQUAL(unlink("link"), 0);
	leave();
}

/* A number is read, and put back with one added. */
static int add_one(void)
{
	struct edited_file file;
	char text[16];
	int ret;

	ret = edited_file_open(&file, "f", false, NULL);
	if (ret < 0)
		return ret;
	snprintf(text, sizeof(text), "%d", atoi(file.text) + 1);
	ret = edited_file_replace(&file, text, strlen(text), NULL);
	edited_file_close(&file);
	return ret;
}

static void test_one_after_the_other(void)
{
	int i, status, failures = 0;
	pid_t pids[8];

	enter();
	put("f", "0", 0600);
	for (i = 0; i < 8; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(add_one() == 0 && add_one() == 0 && add_one() == 0 ? 0 : 1);
	}
	for (i = 0; i < 8; i++)
		failures += pids[i] < 0 || waitpid(pids[i], &status, 0) < 0 || status != 0;
	CU_ASSERT_EQUAL(failures, 0);
	expect_text("f", "24");
	CU_ASSERT_EQUAL(unlink("f"), 0);
	leave();
}

static void test_no_leaks(void)
{
	struct leaks before = leaks_count(), after;

	test_replaced();
	test_refused();
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
}

static const struct unit_test tests[] = {
	{ "a file is replaced, and stays what it was", test_replaced },
	{ "a file is made", test_made },
	{ "what is no file is refused", test_refused },
	{ "two edit one after the other", test_one_after_the_other },
	{ "no descriptors are left open", test_no_leaks },
};

UNIT_MAIN("edited_file", tests)
