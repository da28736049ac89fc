/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of ivshmem-server: defaults, sizes, refusals. */
#include "tools/server_options.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"
#include "tools/server_socket.h"

static int parse(struct server_options *options, const char *option, const char *value)
{
	char words[3][64] = { "ivshmem-server" };
	char *argv[] = { words[0], words[1], words[2], NULL };
	struct error err;

	strcpy(words[1], option ? option : "");
	strcpy(words[2], value ? value : "");
	return server_options_parse(options, option ? value ? 3 : 2 : 1, argv, &err);
}

static void test_defaults(void)
{
	struct server_options options;

	CU_ASSERT_EQUAL_FATAL(parse(&options, NULL, NULL), 0);
	CU_ASSERT(!options.foreground && !options.verbose && !options.exit_when_empty);
	CU_ASSERT_STRING_EQUAL(options.pid_file, "/var/run/ivshmem-server.pid");
	CU_ASSERT_STRING_EQUAL(options.socket, "/tmp/ivshmem_socket");
	CU_ASSERT_STRING_EQUAL(options.shm, "ivshmem");
	CU_ASSERT_EQUAL(options.size, 4 * MIB);
	CU_ASSERT_EQUAL(options.vectors, 1);
	CU_ASSERT_EQUAL(options.socket_mode, SERVER_SOCKET_NO_MODE);
}

static void test_sizes(void)
{
	static const struct {
		const char *word;
		uint64_t size;
	} cases[] = {
		{ "1", 4096 },
		{ "4097", 8192 },
		{ "1K", 4096 },
		{ "3M", 4 * MIB },
		{ "2G", 2 * GIB },
		{ "4G", 4 * GIB },
		{ "5000M", 8 * GIB },
		{ "1T", TIB },
	};
	static const char *const wrong[] = {
		"", "0", "-1", "x", "1.5G", "2T", "18446744073709551616",
	};
	struct server_options options;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		CU_ASSERT_EQUAL(parse(&options, "-l", cases[i].word), 0);
		CU_ASSERT_EQUAL(options.size, cases[i].size);
	}
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		CU_ASSERT_EQUAL(parse(&options, "-l", wrong[i]), -EINVAL);
}

static void test_others(void)
{
	static const struct {
		const char *option, *value;
		int ret;
	} cases[] = {
		{ "-n", "0", 0 },
		{ "-n", "2048", 0 },
		{ "-n", "2049", -EINVAL },
		{ "-n", "1x", -EINVAL },
		{ "-n", NULL, -EINVAL },
		{ "-v", NULL, -EINVAL },
		{ "-Fv", NULL, 0 },
		{ "-M", "/a", 0 },
		{ "-M", "a/b", -EINVAL },
		{ "-M", "..", -EINVAL },
		{ "-M", "", -EINVAL },
		{ "--region", "dm:/a", 0 },
		{ "--region", "hv:/a", -EINVAL },
		{ "--region", "a", -EINVAL },
		{ "--socket-mode", "660", 0 },
		{ "--socket-mode", "8", -EINVAL },
		{ "--socket-mode", "1000", -EINVAL },
		{ "--socket-group", "root", 0 },
		{ "--socket-group", "12345", 0 },
		{ "--socket-group", "", -EINVAL },
		{ "--socket-group", "no such group", -EINVAL },
		{ "--socket-group", "-1", -EINVAL },
		{ "--socket-group", "4294967295", -EINVAL },
		{ "--status", "/a", 0 },
		{ "--status", NULL, -EINVAL },
		{ "--allow-uid", "0", 0 },
		{ "--allow-uid", "root", -EINVAL },
		{ "--allow-uid", "4294967295", -EINVAL },
		{ "-z", NULL, -EINVAL },
		{ "word", NULL, -EINVAL },
	};
	struct server_options options;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		CU_ASSERT_EQUAL(parse(&options, cases[i].option, cases[i].value), cases[i].ret);
	}
	CU_ASSERT_EQUAL(parse(&options, "--socket-mode", "660"), 0);
	CU_ASSERT_EQUAL(options.socket_mode, 0660);
	CU_ASSERT_EQUAL(options.socket_group, SERVER_SOCKET_NO_GROUP);
	CU_ASSERT_EQUAL(parse(&options, "--socket-group", "root"), 0);
	CU_ASSERT_EQUAL(options.socket_group, 0);
	CU_ASSERT_EQUAL(options.socket_mode, 0660);
	CU_ASSERT_EQUAL(parse(&options, "--status", "/a"), 0);
	CU_ASSERT_STRING_EQUAL(options.status, "/a");
	CU_ASSERT_EQUAL(parse(&options, "--region", "dm:/a"), 0);
	CU_ASSERT_PTR_NULL(options.socket);
	CU_ASSERT_PTR_NULL(options.pid_file);
	CU_ASSERT_PTR_NULL(options.shm);
}

static const struct unit_test tests[] = {
	{ "defaults", test_defaults },
	{ "sizes", test_sizes },
	{ "others", test_others },
};

UNIT_MAIN("server options", tests)
