/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions as an administrator sees them, and clearing up after crashes. */
#include "ivshmem/region_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ivshmem/record_file.h"
#include "ivshmem/region_remove.h"
#include "lib/util.h"
#include "tests/unit/region_fixture.h"
#include "tests/unit/unit.h"

/* Other tests and other people have regions too: only this test's names and keys count. */
static const struct ivshmem_region_info *find(const struct ivshmem_region_list *list,
					      const struct ivshmem_region_params *params)
{
	char key[IVSHMEM_KEY_MAX];
	size_t i;

	CU_ASSERT_EQUAL_FATAL(ivshmem_name_key(&params->name, key), 0);
	for (i = 0; i < list->count; i++)
		if (!strcmp(list->infos[i].key, key))
			return &list->infos[i];
	return NULL;
}

/* The state of the region, by name and in the list, which must agree; -1 if there is none. */
static int state_of(const struct ivshmem_region_params *params)
{
	const struct ivshmem_region_info *found;
	struct ivshmem_region_list list;
	struct ivshmem_region_info info;
	int ret, state = -1;

	CU_ASSERT_EQUAL_FATAL(ivshmem_region_list_read(&list, NULL), 0);
	found = find(&list, params);
	ret = ivshmem_region_info_read(&params->name, &info, NULL);
	CU_ASSERT_EQUAL(ret, found ? 0 : -ENOENT);
	if (ret == 0) {
		state = (int)info.state;
		ivshmem_region_info_fini(&info);
	}
	if (found)
		CU_ASSERT_EQUAL((int)found->state, state);
	ivshmem_region_list_fini(&list);
	return state;
}

static void test_states(void)
{
	struct ivshmem_region_params params = fixture_params("states");
	struct ivshmem_region *region;
	char first[64];

	fixture_begin();
	CU_ASSERT_EQUAL(state_of(&params), -1);
	region = fixture_attach(&params);
	CU_ASSERT_EQUAL(state_of(&params), IVSHMEM_REGION_USED);

	snprintf(first, sizeof(first), "%s", fixture_dir());
	fixture_begin();
	CU_ASSERT_EQUAL(state_of(&params), IVSHMEM_REGION_ELSEWHERE);
	fixture_end();
	setenv("IVSHMEM_RUNTIME_DIR", first, 1);

	fixture_write_file(fixture_record(&params), "oops", 4);
	CU_ASSERT_EQUAL(state_of(&params), IVSHMEM_REGION_DAMAGED);
	ivshmem_region_detach(region);
	CU_ASSERT_EQUAL(state_of(&params), -1);

	fixture_kill(fixture_spawn_user(&params));
	CU_ASSERT_EQUAL(state_of(&params), IVSHMEM_REGION_STALE);
	CU_ASSERT_EQUAL(unlink(fixture_record(&params)), 0);
	CU_ASSERT_EQUAL(state_of(&params), IVSHMEM_REGION_ORPHAN);
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);

	params.keep = true;
	ivshmem_region_detach(fixture_attach(&params));
	CU_ASSERT_EQUAL(state_of(&params), IVSHMEM_REGION_KEPT);
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	CU_ASSERT_EQUAL(state_of(&params), IVSHMEM_REGION_STALE);
	CU_ASSERT_EQUAL(unlink(fixture_record(&params)), 0);
	fixture_end();
}

static void test_details(void)
{
	struct ivshmem_region_params params = fixture_params("details");
	struct ivshmem_region_info info;
	struct ivshmem_region *region;
	pid_t user;

	fixture_begin();
	region = fixture_attach(&params);
	user = fixture_spawn_user(&params);
	CU_ASSERT_EQUAL_FATAL(ivshmem_region_info_read(&params.name, &info, NULL), 0);
	CU_ASSERT_TRUE_FATAL(info.has_record && info.has_object);
	CU_ASSERT_STRING_EQUAL(info.record.name, params.name.text);
	CU_ASSERT_STRING_EQUAL(info.record.program, "test_region_lis");
	CU_ASSERT_EQUAL(info.record.pid, (uint64_t)getpid());
	CU_ASSERT_EQUAL(strlen(info.record.uuid), 36);
	CU_ASSERT_STRING_EQUAL(info.path, fixture_object(&params));
	CU_ASSERT_EQUAL(info.size, params.size);
	CU_ASSERT_TRUE(info.allocated >= params.size);
	CU_ASSERT_EQUAL(info.uid, geteuid());
	CU_ASSERT_EQUAL(info.mode, 0600);
	CU_ASSERT_EQUAL_FATAL(info.users.count, 2);
	CU_ASSERT_EQUAL(info.users.pids[0] + info.users.pids[1], getpid() + user);
	ivshmem_region_info_fini(&info);
	fixture_kill(user);
	ivshmem_region_detach(region);
	fixture_end();
}

static void test_order(void)
{
	static const char *const words[] = { "c", "a", "b" };
	struct ivshmem_region_params params[ARRAY_SIZE(words)];
	struct ivshmem_region *regions[ARRAY_SIZE(words)];
	struct ivshmem_region_list list;
	size_t i;

	fixture_begin();
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		params[i] = fixture_params(words[i]);
		regions[i] = fixture_attach(&params[i]);
	}
	CU_ASSERT_EQUAL_FATAL(ivshmem_region_list_read(&list, NULL), 0);
	CU_ASSERT_TRUE_FATAL(list.count >= 3);
	/* The runtime directory is the test's own, so all records are. */
	CU_ASSERT_STRING_EQUAL(list.infos[0].record.name, params[1].name.text);
	CU_ASSERT_STRING_EQUAL(list.infos[1].record.name, params[2].name.text);
	CU_ASSERT_STRING_EQUAL(list.infos[2].record.name, params[0].name.text);
	CU_ASSERT_TRUE(list.count == 3 || !list.infos[3].has_record);
	ivshmem_region_list_fini(&list);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		ivshmem_region_detach(regions[i]);
	fixture_end();
}

/* Who was stopped while joining does not stop the list. */
static void test_busy(void)
{
	struct ivshmem_region_params params = fixture_params("busy");
	struct ivshmem_record_file file;
	struct ivshmem_runtime_dir dir;
	char key[IVSHMEM_KEY_MAX];

	fixture_begin();
	CU_ASSERT_EQUAL_FATAL(ivshmem_name_key(&params.name, key), 0);
	CU_ASSERT_EQUAL_FATAL(ivshmem_runtime_dir_open(&dir, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(ivshmem_record_file_open(&file, &dir, key, true, 100, NULL), 0);
	CU_ASSERT_EQUAL(state_of(&params), IVSHMEM_REGION_BUSY);
	CU_ASSERT_EQUAL(ivshmem_record_file_remove(&file), 0);
	ivshmem_record_file_close(&file);
	ivshmem_runtime_dir_close(&dir);
	fixture_end();
}

/* One bad file must not hide the others, whatever it is. */
static void test_strange_files(void)
{
	struct ivshmem_region_params params = fixture_params("strange"),
				     link = fixture_params("link");
	struct ivshmem_region *region;
	char other[256];

	fixture_begin();
	region = fixture_attach(&params);
	CU_ASSERT_EQUAL(symlink("/nowhere", fixture_record(&link)), 0);
	snprintf(other, sizeof(other), "%s/notes.region", fixture_dir());
	fixture_write_file(other, "not mine", 8);
	CU_ASSERT_EQUAL(state_of(&params), IVSHMEM_REGION_USED);
	CU_ASSERT_EQUAL(unlink(other), 0);
	CU_ASSERT_EQUAL(unlink(fixture_record(&link)), 0);
	ivshmem_region_detach(region);
	fixture_end();
}

static void remove_refused(const struct ivshmem_region_params *params, int code, const char *said)
{
	struct error err = { "" };

	CU_ASSERT_EQUAL(ivshmem_region_remove(&params->name, &err), code);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, said));
	if (!strstr(err.text, said))
		printf("# \"%s\" is not in: %s\n", said, err.text);
}

static void test_remove(void)
{
	struct ivshmem_region_params params = fixture_params("remove");
	struct ivshmem_region *region;
	char said[64];
	pid_t user;

	fixture_begin();
	remove_refused(&params, -ENOENT, "there is no region dm:/unit-test/");
	user = fixture_spawn_user(&params);
	snprintf(said, sizeof(said), "is used by pid %d (test_region_lis): end that first",
		 (int)user);
	remove_refused(&params, -EBUSY, said);
	CU_ASSERT_TRUE(fixture_exists(fixture_object(&params)));
	fixture_kill(user);
	CU_ASSERT_EQUAL(ivshmem_region_remove(&params.name, NULL), 0);
	fixture_assert_gone(&params);

	params.keep = true;
	ivshmem_region_detach(fixture_attach(&params));
	CU_ASSERT_EQUAL(ivshmem_region_remove(&params.name, NULL), 0);
	fixture_assert_gone(&params);

	/* Half a region goes too, whichever half. */
	ivshmem_region_detach(fixture_attach(&params));
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	CU_ASSERT_EQUAL(ivshmem_region_remove(&params.name, NULL), 0);
	ivshmem_region_detach(fixture_attach(&params));
	CU_ASSERT_EQUAL(unlink(fixture_record(&params)), 0);
	CU_ASSERT_EQUAL(ivshmem_region_remove(&params.name, NULL), 0);
	fixture_assert_gone(&params);

	region = fixture_attach(&params);
	CU_ASSERT_EQUAL(unlink(fixture_record(&params)), 0);
	remove_refused(&params, -EBUSY, "or from another runtime directory");
	CU_ASSERT_TRUE(fixture_exists(fixture_object(&params)));
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	params.keep = false;
	ivshmem_region_detach(region);
	fixture_end();
}

static void test_remove_foreign(void)
{
	struct ivshmem_region_params params = fixture_params("foreign");
	char object[64];

	fixture_begin();
	snprintf(object, sizeof(object), "/unit-test-%d", (int)getpid());
	params.shm_object = object;
	params.keep = true;
	fixture_write_file(fixture_object(&params), "theirs", 6);
	CU_ASSERT_EQUAL(truncate(fixture_object(&params), (off_t)params.size), 0);
	ivshmem_region_detach(fixture_attach(&params));
	CU_ASSERT_EQUAL(state_of(&params), IVSHMEM_REGION_KEPT);
	CU_ASSERT_EQUAL(ivshmem_region_remove(&params.name, NULL), 0);
	CU_ASSERT_FALSE(fixture_exists(fixture_record(&params)));
	CU_ASSERT_TRUE(fixture_exists(fixture_object(&params)));
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	fixture_end();
}

/* Everything stale goes; what is used or kept stays; so do orphans, who might be kept elsewhere. */
static void test_remove_stale(void)
{
	struct ivshmem_region_params used = fixture_params("used"), kept = fixture_params("kept"),
				     stale = fixture_params("stale"),
				     orphan = fixture_params("orphan");
	struct ivshmem_removed removed;
	struct ivshmem_region *region;

	fixture_begin();
	region = fixture_attach(&used);
	kept.keep = true;
	ivshmem_region_detach(fixture_attach(&kept));
	fixture_kill(fixture_spawn_user(&stale));
	fixture_write_file(fixture_object(&orphan), "x", 1);
	CU_ASSERT_EQUAL(ivshmem_region_remove_stale(&removed, NULL), 0);
	CU_ASSERT_EQUAL(removed.regions, 1);
	CU_ASSERT_TRUE(removed.bytes >= stale.size);
	CU_ASSERT_EQUAL(state_of(&used), IVSHMEM_REGION_USED);
	CU_ASSERT_EQUAL(state_of(&kept), IVSHMEM_REGION_KEPT);
	CU_ASSERT_EQUAL(state_of(&orphan), IVSHMEM_REGION_ORPHAN);
	fixture_assert_gone(&stale);
	CU_ASSERT_EQUAL(ivshmem_region_remove_stale(&removed, NULL), 0);
	CU_ASSERT_EQUAL(removed.regions, 0);
	CU_ASSERT_EQUAL(ivshmem_region_remove(&orphan.name, NULL), 0);
	CU_ASSERT_EQUAL(ivshmem_region_remove(&kept.name, NULL), 0);
	ivshmem_region_detach(region);
	fixture_end();
}

/*
 * Orphans are looked for in all of /dev/shm, where other people's kept regions may be; so this runs
 * where it has a /dev/shm of its own.
 */
static int child_remove_orphans(const struct ivshmem_region_params *params)
{
	struct ivshmem_region_params used = fixture_params("used");
	struct ivshmem_removed removed;
	struct ivshmem_region *region;

	if (!fixture_own_shm("4M"))
		return 2;
	region = fixture_attach(&used);
	fixture_write_file(fixture_object(params), "x", 1);
	/* A used object whose record is gone is no orphan, and one of a record is none either. */
	if (unlink(fixture_record(&used)) < 0 || ivshmem_region_remove_orphans(&removed, NULL) < 0)
		return 3;
	if (removed.regions != 1 || fixture_exists(fixture_object(params)) ||
	    fixture_exists(fixture_record(params)) || !fixture_exists(fixture_object(&used)))
		return 4;
	ivshmem_region_detach(region);
	return fixture_exists(fixture_record(&used)) ? 5 : 0;
}

static void test_remove_orphans(void)
{
	struct ivshmem_region_params params = fixture_params("orphan");
	int status;

	fixture_begin();
	status = fixture_in_child(child_remove_orphans, &params);
	if (status == 2)
		unit_skip("a /dev/shm of its own takes root (unshare, mount)");
	else
		CU_ASSERT_EQUAL(status, 0);
	fixture_end();
}

static const struct unit_test tests[] = {
	{ "states", test_states },
	{ "details", test_details },
	{ "order", test_order },
	{ "busy", test_busy },
	{ "strange files", test_strange_files },
	{ "remove", test_remove },
	{ "remove foreign", test_remove_foreign },
	{ "remove stale", test_remove_stale },
	{ "remove orphans", test_remove_orphans },
};

UNIT_MAIN("region list", tests)
