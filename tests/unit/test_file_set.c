/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that are written together, or not at all. */
#include "launch_scripts/file_set.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/leaks.h"
#include "tests/unit/unit.h"

struct fixture {
	char dir[40];  /* made */
	char out[64];  /* in it, not made */
	struct leaks before;
};

static void begin(struct fixture *f)
{
	*f = (struct fixture){ .dir = "/tmp/file-set-test-XXXXXX" };
	f->before = leaks_count();
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->dir));
	snprintf(f->out, sizeof(f->out), "%s/out", f->dir);
}

/* Everything the test knows of is gone, so this shows what it does not know of. */
static void end(struct fixture *f)
{
	struct leaks after;

	CU_ASSERT_EQUAL(rmdir(f->dir), 0);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&f->before, &after));
}

static void add(struct file_set *set, const char *name, const char *text)
{
	CU_ASSERT_EQUAL_FATAL(file_set_add(set, name, strdup(text), strlen(text)), 0);
}

static void expect_file(const char *dir, const char *name, const char *wanted, mode_t mode)
{
	char path[128], text[64] = "";
	struct stat st;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, mode);
	file = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_PTR_NOT_NULL(fgets(text, sizeof(text), file));
	CU_ASSERT_STRING_EQUAL(text, wanted);
	fclose(file);
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static void remove_file(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	CU_ASSERT_EQUAL(unlink(path), 0);
}

static void test_write(void)
{
	mode_t mask = umask(077);
	struct error err = { "" };
	struct file_set set = { 0 };
	struct fixture f;

	begin(&f);
	add(&set, "one", "first");
	add(&set, "two", "second");
	CU_ASSERT_EQUAL(file_set_write(&set, f.out, 0755, &err), 0);
	file_set_fini(&set);
	expect_file(f.out, "one", "first", 0755);
	expect_file(f.out, "two", "second", 0755);
	CU_ASSERT_EQUAL(count_entries(f.out), 2);

	/* Once more over them, one of which is read-only now; the other stays. */
	chmod(f.out, 0755);
	add(&set, "one", "third");
	CU_ASSERT_EQUAL(file_set_write(&set, f.out, 0700, &err), 0);
	file_set_fini(&set);
	expect_file(f.out, "one", "third", 0700);
	expect_file(f.out, "two", "second", 0755);
	CU_ASSERT_EQUAL(count_entries(f.out), 2);

	remove_file(f.out, "one");
	remove_file(f.out, "two");
	CU_ASSERT_EQUAL(rmdir(f.out), 0);
	umask(mask);
	end(&f);
}

static void test_symlink(void)
{
	struct error err = { "" };
	struct file_set set = { 0 };
	char link[128], target[128];
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL(mkdir(f.out, 0755), 0);
	snprintf(link, sizeof(link), "%s/one", f.out);
	snprintf(target, sizeof(target), "%s/elsewhere", f.dir);
	CU_ASSERT_EQUAL(symlink(target, link), 0);
	add(&set, "one", "first");
	CU_ASSERT_EQUAL(file_set_write(&set, f.out, 0755, &err), 0);
	file_set_fini(&set);
	/* It has taken the link's place; nothing is written behind it. */
	CU_ASSERT_EQUAL(access(target, F_OK), -1);
	expect_file(f.out, "one", "first", 0755);
	remove_file(f.out, "one");
	CU_ASSERT_EQUAL(rmdir(f.out), 0);
	end(&f);
}

/* The second file's place is taken by a directory. */
static void test_nothing(void)
{
	struct error err = { "" };
	struct file_set set = { 0 };
	struct fixture f;
	char path[128];

	begin(&f);
	snprintf(path, sizeof(path), "%s/two", f.out);
	CU_ASSERT_EQUAL(mkdir(f.out, 0755), 0);
	CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
	add(&set, "one", "first");
	add(&set, "two", "second");
	CU_ASSERT_EQUAL(file_set_write(&set, f.out, 0755, &err), -EISDIR);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, path));
	file_set_fini(&set);
	CU_ASSERT_EQUAL(count_entries(f.out), 1);
	CU_ASSERT_EQUAL(rmdir(path), 0);
	CU_ASSERT_EQUAL(rmdir(f.out), 0);
	end(&f);
}

static void test_no_directory(void)
{
	struct error err = { "" };
	struct file_set set = { 0 };
	char path[128], name[300];
	struct fixture f;

	begin(&f);
	add(&set, "one", "first");
	snprintf(path, sizeof(path), "%s/missing/out", f.dir);
	CU_ASSERT_EQUAL(file_set_write(&set, path, 0755, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, path));
	/* A file where the directory should be. */
	CU_ASSERT_EQUAL(file_set_write(&set, "/dev/null", 0755, &err), -ENOTDIR);
	/* A directory that was made for them goes with them. */
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	add(&set, name, "too long a name");
	CU_ASSERT_EQUAL(file_set_write(&set, f.out, 0755, &err), -ENAMETOOLONG);
	CU_ASSERT_EQUAL(access(f.out, F_OK), -1);
	file_set_fini(&set);
	end(&f);
}

static const struct unit_test tests[] = {
	{ "files are written, whole and with their mode", test_write },
	{ "a symbolic link is replaced", test_symlink },
	{ "one that cannot be written: none is", test_nothing },
	{ "directories that cannot be", test_no_directory },
};

UNIT_MAIN("file_set", tests)
