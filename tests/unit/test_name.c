/* SPDX-License-Identifier: BSD-3-Clause */
/* Region names: what is taken, what is refused with which words, and the objects' names. */
#include "ivshmem/name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

static void test_accepted(void)
{
	static const struct {
		const char *word;
		enum ivshmem_land land;
	} rows[] = {
		{ "dm:/demo", IVSHMEM_LAND_DM },
		{ "dm:/a", IVSHMEM_LAND_DM },
		{ "dm:/A.b_c-9", IVSHMEM_LAND_DM },
		{ "dm:/vm/left/0", IVSHMEM_LAND_DM },
		{ "dm:/...", IVSHMEM_LAND_DM },
		{ "dm:/.hidden", IVSHMEM_LAND_DM },
		{ "dm:/a..b/..c", IVSHMEM_LAND_DM },
		{ "hv:/shm_region_0", IVSHMEM_LAND_HV },
		{ "hv:/abcdefghijklmnopqrstuvwxyz0", IVSHMEM_LAND_HV },
	};
	struct ivshmem_name name;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&name, rows[i].word, NULL), 0);
		CU_ASSERT_EQUAL(name.land, rows[i].land);
		CU_ASSERT_STRING_EQUAL(name.text, rows[i].word);
	}
}

static void test_refused(void)
{
	static const struct {
		const char *word, *said;
	} rows[] = {
		{ "", "\"\" is no region name: write dm:/NAME or hv:/NAME" },
		{ "demo", "\"demo\" is no region name" },
		{ "dm:demo", "\"dm:demo\" is no region name" },
		{ "dm:", "is no region name" },
		{ "/demo", "is no region name" },
		{ "DM:/demo", "is no region name" },
		{ " dm:/demo", "is no region name" },
		{ "xx:/demo", "is no region name" },
		{ "dm:/", "the name after dm:/ is missing" },
		{ "hv:/", "the name after hv:/ is missing" },
		{ "dm:/a b", "\"dm:/a b\": only letters, digits and . _ - / are allowed" },
		{ "dm:/a,b", "are allowed in the name after dm:/" },
		{ "dm:/a\n", "are allowed" },
		{ "dm:/\xc3\xa4", "are allowed" },
		{ "dm:/a\\b", "are allowed" },
		{ "dm://a", "no slash at either end" },
		{ "dm:/a/", "no slash at either end" },
		{ "dm:/a//b", "no slash at either end" },
		{ "dm:/.", "\".\" or \"..\"" },
		{ "dm:/..", "\".\" or \"..\"" },
		{ "dm:/../x", "\".\" or \"..\"" },
		{ "dm:/a/../b", "\".\" or \"..\"" },
		{ "dm:/a/.", "\".\" or \"..\"" },
		{ "hv:/a-b", "only letters, digits and _ are allowed" },
		{ "hv:/a/b", "only letters, digits and _ are allowed" },
		{ "hv:/a.b", "only letters, digits and _ are allowed" },
		{ "hv:/abcdefghijklmnopqrstuvwxyz01", "has 28 characters, at most 27 are allowed" },
	};
	struct ivshmem_name name = { .text = "untouched" };
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		err.text[0] = '\0';
		CU_ASSERT_EQUAL(ivshmem_name_parse(&name, rows[i].word, &err), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].said));
		CU_ASSERT_STRING_EQUAL(name.text, "untouched");
	}
}

static void test_longest(void)
{
	char word[IVSHMEM_NAME_TEXT_MAX + 64] = "dm:/";
	struct ivshmem_name name;
	struct error err;

	memset(word + 4, 'x', 256);
	CU_ASSERT_EQUAL(ivshmem_name_parse(&name, word, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "has 256 characters, at most 255 are allowed"));
	word[4 + 255] = '\0';
	CU_ASSERT_EQUAL(ivshmem_name_parse(&name, word, NULL), 0);
	CU_ASSERT_EQUAL(strlen(name.text), 259);
}

static void check_object(const char *word, const char *expected)
{
	char object[IVSHMEM_OBJECT_MAX], key[IVSHMEM_KEY_MAX];
	struct ivshmem_name name;

	CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&name, word, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(ivshmem_name_object(&name, object), 0);
	CU_ASSERT_STRING_EQUAL(object, expected);
	CU_ASSERT_EQUAL_FATAL(ivshmem_name_key(&name, key), 0);
	CU_ASSERT_STRING_EQUAL(key, expected + strlen("/ivshmem-"));
}

/* Expected: printf 'acrn-ivshmem-region-v1\0NAME' | sha256sum | head -c 32 */
static void test_object(void)
{
	char key[IVSHMEM_KEY_MAX] = "untouched";
	struct ivshmem_name name;

	check_object("dm:/demo", "/ivshmem-0432f696d054e2727fe2ba3a9332f235");
	check_object("dm:/a/b", "/ivshmem-9811bbffdb13054e4e86195f5eeab015");
	CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&name, "hv:/demo", NULL), 0);
	CU_ASSERT_EQUAL(ivshmem_name_key(&name, key), -EINVAL);
	CU_ASSERT_STRING_EQUAL(key, "untouched");
}

static const struct unit_test tests[] = {
	{ "accepted", test_accepted },
	{ "refused", test_refused },
	{ "longest", test_longest },
	{ "object", test_object },
};

UNIT_MAIN("name", tests)
