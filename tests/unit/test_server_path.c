/* SPDX-License-Identifier: BSD-3-Clause */
/* The path of a region's server: what it is, and which names and directories have none. */
#include "ivshmem/server_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define DEMO_SOCKET "/0432f696d054e2727fe2ba3a9332f235.sock"

static char base[] = "/tmp/ivshmem-test-XXXXXX";

static void begin(void)
{
	strcpy(base, "/tmp/ivshmem-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(base));
}

static void end(void)
{
	unsetenv("IVSHMEM_RUNTIME_DIR");
	CU_ASSERT_EQUAL(rmdir(base), 0);
}

/* Of dm:/demo, with a runtime directory whose path has @length bytes. */
static int path_in(size_t length, char ret_path[IVSHMEM_SERVER_PATH_MAX], struct error *err)
{
	struct ivshmem_name name;
	char dir[512];
	int ret;

	memset(dir, 'x', length);
	memcpy(dir, base, strlen(base));
	dir[strlen(base)] = '/';
	dir[length] = '\0';
	CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&name, "dm:/demo", NULL), 0);
	setenv("IVSHMEM_RUNTIME_DIR", dir, 1);
	ret = ivshmem_server_path(&name, ret_path, err);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
	return ret;
}

static void test_path(void)
{
	char path[IVSHMEM_SERVER_PATH_MAX], expected[80];

	begin();
	snprintf(expected, sizeof(expected), "%s/x" DEMO_SOCKET, base);
	CU_ASSERT_EQUAL_FATAL(path_in(strlen(base) + 2, path, NULL), 0);
	CU_ASSERT_STRING_EQUAL(path, expected);
	end();
}

static void test_longest(void)
{
	const size_t most = IVSHMEM_SERVER_PATH_MAX - sizeof(DEMO_SOCKET);
	char path[IVSHMEM_SERVER_PATH_MAX];
	struct error err = { "" };

	begin();
	CU_ASSERT_EQUAL(path_in(most, path, &err), 0);
	CU_ASSERT_EQUAL(strlen(path), 107);
	strcpy(path, "untouched");
	CU_ASSERT_EQUAL(path_in(most + 1, path, &err), -ENAMETOOLONG);
	CU_ASSERT_STRING_EQUAL(path, "untouched");
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "region dm:/demo: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "has 108 bytes, at most 107 are possible"));
	CU_ASSERT_EQUAL(path_in(260, path, &err), -ENAMETOOLONG);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "set IVSHMEM_RUNTIME_DIR to a shorter path"));
	end();
}

static void test_refused(void)
{
	char path[IVSHMEM_SERVER_PATH_MAX] = "untouched";
	struct ivshmem_name name;
	struct error err = { "" };

	CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&name, "hv:/demo", NULL), 0);
	CU_ASSERT_EQUAL(ivshmem_server_path(&name, path, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "region hv:/demo belongs to the hypervisor"));
	CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&name, "dm:/demo", NULL), 0);
	setenv("IVSHMEM_RUNTIME_DIR", "/nowhere/at/all", 1);
	CU_ASSERT_EQUAL(ivshmem_server_path(&name, path, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/nowhere/at/all"));
	CU_ASSERT_STRING_EQUAL(path, "untouched");
	unsetenv("IVSHMEM_RUNTIME_DIR");
}

static const struct unit_test tests[] = {
	{ "path", test_path },
	{ "longest", test_longest },
	{ "refused", test_refused },
};

UNIT_MAIN("server path", tests)
