/* SPDX-License-Identifier: BSD-3-Clause */
/* The runtime directory: where it is, how it is made, and which ones are not trusted. */
#include "ivshmem/runtime_dir.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define NOBODY 65534

static char base[] = "/tmp/ivshmem-test-XXXXXX";
static char path[sizeof(base) + 16];

static void begin(void)
{
	strcpy(base, "/tmp/ivshmem-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(base));
	snprintf(path, sizeof(path), "%s/run", base);
	setenv("IVSHMEM_RUNTIME_DIR", path, 1);
}

static void end(void)
{
	unsetenv("IVSHMEM_RUNTIME_DIR");
	CU_ASSERT_EQUAL(rmdir(base), 0);
}

static void refused(int code, const char *said)
{
	struct ivshmem_runtime_dir dir = { .fd = -1 };
	struct error err = { "" };
	int ret;

	ret = ivshmem_runtime_dir_open(&dir, &err);
	CU_ASSERT_EQUAL(ret, code);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, said));
	if (ret != code || !strstr(err.text, said))
		printf("# %d: \"%s\" is not in: %s\n", ret, said, err.text);
	CU_ASSERT_EQUAL(dir.fd, -1);
}

static void test_made(void)
{
	struct ivshmem_runtime_dir dir;
	struct stat st;
	int round;

	begin();
	for (round = 0; round < 2; round++) {
		CU_ASSERT_EQUAL_FATAL(ivshmem_runtime_dir_open(&dir, NULL), 0);
		CU_ASSERT_STRING_EQUAL(dir.path, path);
		CU_ASSERT_EQUAL_FATAL(fstat(dir.fd, &st), 0);
		CU_ASSERT_EQUAL(st.st_mode, S_IFDIR | 0700);
		ivshmem_runtime_dir_close(&dir);
		ivshmem_runtime_dir_close(&dir);
	}
	CU_ASSERT_EQUAL(rmdir(path), 0);
	end();
}

static void test_distrusted(void)
{
	begin();
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
	CU_ASSERT_EQUAL(chmod(path, 0770), 0);
	refused(-EPERM, "may be written to by others (mode 0770): chmod 0700 it");
	CU_ASSERT_EQUAL(chmod(path, 0702), 0);
	refused(-EPERM, "(mode 0702)");
	CU_ASSERT_EQUAL(chmod(path, 01777), 0);
	refused(-EPERM, "(mode 1777)");
	CU_ASSERT_EQUAL(rmdir(path), 0);
	end();
}

static void test_no_directory(void)
{
	char target[sizeof(base) + 16], with_slash[sizeof(path) + 4];

	begin();
	snprintf(target, sizeof(target), "%s/target", base);
	CU_ASSERT_EQUAL(mkdir(target, 0700), 0);
	CU_ASSERT_EQUAL(symlink(target, path), 0);
	refused(-ELOOP, "is a symbolic link: remove it, or set IVSHMEM_RUNTIME_DIR");
	/* A slash at the end must not make the link count as what it leads to. */
	snprintf(with_slash, sizeof(with_slash), "%s//", path);
	setenv("IVSHMEM_RUNTIME_DIR", with_slash, 1);
	refused(-ELOOP, "is a symbolic link");
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(symlink("/nowhere/at/all", path), 0);
	refused(-ELOOP, "is a symbolic link");
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(rmdir(target), 0);

	CU_ASSERT_EQUAL(mknod(path, S_IFREG | 0600, 0), 0);
	refused(-ENOTDIR, "Not a directory");
	CU_ASSERT_EQUAL(unlink(path), 0);
	end();
}

static void test_path(void)
{
	char longest[5000];

	begin();
	setenv("IVSHMEM_RUNTIME_DIR", "relative/run", 1);
	refused(-EINVAL, "\"relative/run\": set IVSHMEM_RUNTIME_DIR to an absolute path");
	setenv("IVSHMEM_RUNTIME_DIR", "/nowhere/at/all", 1);
	refused(-ENOENT, "/nowhere/at/all: No such file or directory; IVSHMEM_RUNTIME_DIR names "
			 "another one");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	setenv("IVSHMEM_RUNTIME_DIR", longest, 1);
	refused(-EINVAL, "the path in IVSHMEM_RUNTIME_DIR is too long");
	end();
}

static int as_nobody(void)
{
	if (geteuid() != 0)
		return 0;
	return setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	       setresuid(NOBODY, NOBODY, NOBODY) < 0 ? -1 : 0;
}

/* Runs @work as an ordinary user; its result is 0 if all was well. */
static int in_child(int (*work)(void))
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0)
		_exit(as_nobody() < 0 ? 99 : work());
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static int no_variable(void)
{
	struct ivshmem_runtime_dir dir;
	struct error err;

	unsetenv("IVSHMEM_RUNTIME_DIR");
	unsetenv("XDG_RUNTIME_DIR");
	if (ivshmem_runtime_dir_open(&dir, &err) != -EINVAL)
		return 1;
	if (!strstr(err.text, "XDG_RUNTIME_DIR is not set") ||
	    !strstr(err.text, "IVSHMEM_RUNTIME_DIR"))
		return 2;
	/* Empty is unset. */
	setenv("XDG_RUNTIME_DIR", "", 1);
	return ivshmem_runtime_dir_open(&dir, &err) == -EINVAL ? 0 : 3;
}

static int xdg_variable(void)
{
	char expected[sizeof(base) + 32];
	struct ivshmem_runtime_dir dir;

	unsetenv("IVSHMEM_RUNTIME_DIR");
	setenv("XDG_RUNTIME_DIR", base, 1);
	snprintf(expected, sizeof(expected), "%s/acrn-ivshmem", base);
	if (ivshmem_runtime_dir_open(&dir, NULL) < 0)
		return 1;
	return !strcmp(dir.path, expected) && rmdir(expected) == 0 ? 0 : 2;
}

static int others_directory(void)
{
	struct ivshmem_runtime_dir dir;
	struct error err;

	if (ivshmem_runtime_dir_open(&dir, &err) != -EPERM)
		return 1;
	return strstr(err.text, "belongs to uid 0, not to uid 65534") ? 0 : 2;
}

static void test_ordinary_user(void)
{
	begin();
	CU_ASSERT_EQUAL(chmod(base, 0777), 0);
	CU_ASSERT_EQUAL(in_child(no_variable), 0);
	CU_ASSERT_EQUAL(in_child(xdg_variable), 0);
	end();
}

static void test_others_directory(void)
{
	struct ivshmem_runtime_dir dir;
	struct error err;

	if (geteuid() != 0) {
		unit_skip("directories of two users take root");
		return;
	}
	begin();
	CU_ASSERT_EQUAL(chmod(base, 0755), 0);
	CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
	CU_ASSERT_EQUAL(in_child(others_directory), 0);
	/* Root does not take part in the regions of others either. */
	CU_ASSERT_EQUAL(chown(path, NOBODY, NOBODY), 0);
	CU_ASSERT_EQUAL(ivshmem_runtime_dir_open(&dir, &err), -EPERM);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "belongs to uid 65534, not to uid 0"));
	CU_ASSERT_EQUAL(rmdir(path), 0);
	end();
}

static const struct unit_test tests[] = {
	{ "made", test_made },
	{ "distrusted", test_distrusted },
	{ "no directory", test_no_directory },
	{ "path", test_path },
	{ "ordinary user", test_ordinary_user },
	{ "directory of others", test_others_directory },
};

UNIT_MAIN("runtime dir", tests)
