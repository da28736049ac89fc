/* SPDX-License-Identifier: BSD-3-Clause */
/* What the words of "-s SLOT,ivshmem,..." become. Refusals, word by word, are in tests/golden/. */
#include "hw/pci/ivshmem_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/config/device_class.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

static int parse(const char *text, char **ret_words, struct ivshmem_options *options,
		 struct error *err)
{
	*ret_words = text ? strdup(text) : NULL;
	memset(options, 0, sizeof(*options));
	err->text[0] = '\0';
	return device_options_parse(&ivshmem_class, *ret_words, options, err);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_values(void)
{
	static const struct {
		const char *text;
		struct ivshmem_options wanted;
	} rows[] = {
		{ "dm:/demo,2", { .size = 2 * MIB } },
		{ "dm:/demo,512", { .size = 512 * MIB } },
		{ "dm:/demo,0000002", { .size = 2 * MIB } },
		{ "hv:/demo,16", { .size = 16 * MIB } },
		{ "dm:/demo,2,0", { .size = 2 * MIB, .region_id = { true, 0 } } },
		{ "dm:/demo,2,65535", { .size = 2 * MIB, .region_id = { true, 0xffff } } },
		{ "dm:/demo,2,0x1000", { .size = 2 * MIB, .region_id = { true, 0x1000 } } },
		{ "hv:/demo,2,0xFFFF", { .size = 2 * MIB, .region_id = { true, 0xffff } } },
		{ "dm:/demo,2,vectors=0", { .size = 2 * MIB } },
		{ "dm:/demo,2,vectors=2048", { .size = 2 * MIB, .vectors = 2048 } },
		{ "dm:/demo,2,vectors=0x10", { .size = 2 * MIB, .vectors = 16 } },
		{ "dm:/demo,2,1,vectors=1,server=/run/a=b",
		  { .size = 2 * MIB,
		    .region_id = { true, 1 },
		    .vectors = 1,
		    .server = "/run/a=b" } },
		{ "dm:/demo,2,lock,keep,prefault,group=users",
		  { .size = 2 * MIB,
		    .keep = true,
		    .prefault = true,
		    .lock = true,
		    .group = "users" } },
		{ "dm:/demo,2,hugepages=2M", { .size = 2 * MIB, .hugepage_size = 2 * MIB } },
		{ "dm:/demo,2,hugepages=2MB", { .size = 2 * MIB, .hugepage_size = 2 * MIB } },
		{ "dm:/demo,2,shm=/x", { .size = 2 * MIB, .shm_object = "/x" } },
		{ "keep,dm:/demo,2", { .size = 0 } }, /* places come first */
	};
	struct ivshmem_options options;
	struct error err;
	char *words;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ret = parse(rows[i].text, &words, &options, &err);
		CU_ASSERT_EQUAL(ret, rows[i].wanted.size ? 0 : -EINVAL);
		if (ret == 0) {
			CU_ASSERT_EQUAL(options.size, rows[i].wanted.size);
			CU_ASSERT_EQUAL(options.region_id.given, rows[i].wanted.region_id.given);
			CU_ASSERT_EQUAL(options.region_id.value, rows[i].wanted.region_id.value);
			CU_ASSERT_EQUAL(options.vectors, rows[i].wanted.vectors);
			CU_ASSERT_EQUAL(options.hugepage_size, rows[i].wanted.hugepage_size);
			CU_ASSERT_EQUAL(options.keep, rows[i].wanted.keep);
			CU_ASSERT_EQUAL(options.prefault, rows[i].wanted.prefault);
			CU_ASSERT_EQUAL(options.lock, rows[i].wanted.lock);
			CU_ASSERT(same_text(options.server, rows[i].wanted.server));
			CU_ASSERT(same_text(options.group, rows[i].wanted.group));
			CU_ASSERT(same_text(options.shm_object, rows[i].wanted.shm_object));
			CU_ASSERT(strncmp(options.name.text, rows[i].text,
					  strlen(options.name.text)) == 0);
		}
		free(words);
	}
}

/* Whatever number is written, either it is one of the nine sizes or it is refused. */
static void test_every_size(void)
{
	struct ivshmem_options options;
	unsigned int size, good = 0;
	char text[64], *words;
	struct error err;

	for (size = 0; size < 5000; size++) {
		snprintf(text, sizeof(text), "dm:/demo,%u", size);
		if (parse(text, &words, &options, &err) == 0) {
			CU_ASSERT(is_power_of_two(size) && size >= 2 && size <= 512);
			CU_ASSERT_EQUAL(options.size, size * MIB);
			good++;
		} else {
			CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "2 4 8 16 32 64 128 256 512"));
		}
		free(words);
	}
	CU_ASSERT_EQUAL(good, 9);
}

static void test_every_region_id(void)
{
	struct ivshmem_options options;
	char text[64], *words;
	unsigned int id;
	struct error err;

	for (id = 0; id < 70000; id += 7) {
		snprintf(text, sizeof(text), id % 2 ? "dm:/demo,2,0x%x" : "dm:/demo,2,%u", id);
		CU_ASSERT_EQUAL(parse(text, &words, &options, &err), id <= 0xffff ? 0 : -EINVAL);
		if (id <= 0xffff)
			CU_ASSERT_EQUAL(options.region_id.value, id);
		free(words);
	}
}

static void test_no_options(void)
{
	struct ivshmem_options options;
	struct error err;
	char *words;

	CU_ASSERT_EQUAL(parse(NULL, &words, &options, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "dm:/NAME"));
}

static const struct unit_test tests[] = {
	{ "values", test_values },
	{ "every size", test_every_size },
	{ "every region id", test_every_region_id },
	{ "no options", test_no_options },
};

UNIT_MAIN("ivshmem options", tests)
