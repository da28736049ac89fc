/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regions against what the system does not give: room, huge pages, locked memory, other people's
 * objects, groups. Whoever must be changed for that (uid, mounts) is a child process.
 */
#include "ivshmem/region.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/util.h"
#include "tests/unit/region_fixture.h"
#include "tests/unit/unit.h"

#define NOBODY 65534
#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

/* What a child says with its exit status. */
enum verdict {
	CHILD_GOOD = 0,
	CHILD_BAD = 1,
	CHILD_CANNOT = 2, /* this machine does not let it try */
};

static void judge(int verdict, const char *why_not)
{
	if (verdict == CHILD_CANNOT)
		unit_skip(why_not);
	else
		CU_ASSERT_EQUAL(verdict, CHILD_GOOD);
}

/* In a child, where CUnit cannot listen: attaching fails with @code and says both. */
static int refused(const struct ivshmem_region_params *params, int code, const char *a,
		   const char *b)
{
	struct ivshmem_region *region;
	struct error err = { "" };
	int ret;

	ret = ivshmem_region_attach(params, &region, &err);
	if (ret == code && strstr(err.text, a) && strstr(err.text, b) &&
	    !fixture_exists(fixture_record(params)))
		return CHILD_GOOD;
	printf("# %d instead of %d, or \"%s\" or \"%s\" is not in: %s\n", ret, code, a, b,
	       err.text);
	fflush(stdout);
	return CHILD_BAD;
}

static int become_nobody(void)
{
	if (geteuid() != 0)
		return 0;
	if (chown(fixture_dir(), NOBODY, NOBODY) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	return 0;
}

static int child_lock(const struct ivshmem_region_params *params)
{
	struct rlimit limit = { 4096, 4096 };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0 || become_nobody() < 0)
		return CHILD_CANNOT;
	return refused(params, -ENOMEM, "locking 64K takes a higher limit (RLIMIT_MEMLOCK is 4K)",
		       "ulimit -l");
}

static void test_lock_refused(void)
{
	struct ivshmem_region_params params = fixture_params("lock");

	fixture_begin();
	params.lock = true;
	judge(fixture_in_child(child_lock, &params), "RLIMIT_MEMLOCK cannot be lowered");
	CU_ASSERT_FALSE(fixture_exists(fixture_object(&params)));
	/* A region that could not be used is not kept either. */
	params.keep = true;
	judge(fixture_in_child(child_lock, &params), "RLIMIT_MEMLOCK cannot be lowered");
	CU_ASSERT_FALSE(fixture_exists(fixture_object(&params)));
	fixture_end();
}

static long locked_kib(void)
{
	char line[256];
	long kib = -1;
	FILE *file;

	file = fopen("/proc/self/status", "re");
	while (file && kib < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmLck: %ld kB", &kib) != 1)
			kib = -1;
	if (file)
		fclose(file);
	return kib;
}

static void test_lock(void)
{
	struct ivshmem_region_params params = fixture_params("locked");
	struct ivshmem_region *region;
	struct rlimit limit;
	long before = locked_kib();

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (geteuid() != 0 && limit.rlim_cur < params.size) {
		unit_skip("RLIMIT_MEMLOCK is below 64K");
		return;
	}
	fixture_begin();
	params.lock = true;
	region = fixture_attach(&params);
	CU_ASSERT_EQUAL(locked_kib(), before + 64);
	ivshmem_region_detach(region);
	CU_ASSERT_EQUAL(locked_kib(), before);
	fixture_end();
}

static int child_own_mounts(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	return 0;
}

static int child_full(const struct ivshmem_region_params *params)
{
	struct ivshmem_region_params small = *params;
	struct ivshmem_region *region;
	int ret;

	if (!fixture_own_shm("1M"))
		return CHILD_CANNOT;
	ret = refused(params, -ENOSPC, "/dev/shm is full: 2M needed, 1024K free",
		      "size=... /dev/shm");
	if (ret != CHILD_GOOD)
		return ret;
	/* Exactly what is there fits, and then nothing more. */
	small.size = 1 << 20;
	if (ivshmem_region_attach(&small, &region, NULL) < 0)
		return CHILD_BAD;
	memset(ivshmem_region_memory(region), 1, small.size);
	small = fixture_params("full2");
	ret = refused(&small, -ENOSPC, "/dev/shm is full: 64K needed, 0K free", "ivshmemctl list");
	ivshmem_region_detach(region);
	if (ret == CHILD_GOOD && fixture_exists(fixture_object(params)))
		ret = CHILD_BAD;
	return ret;
}

static void test_full(void)
{
	struct ivshmem_region_params params = fixture_params("full");

	fixture_begin();
	params.size = 2 << 20;
	judge(fixture_in_child(child_full, &params),
	      "a small /dev/shm takes root (unshare, mount)");
	fixture_end();
}

/* The directory is there but no memory file system: an overlay would hide it on a disk. */
static int child_no_shm(const struct ivshmem_region_params *params)
{
	if (child_own_mounts() < 0 || mount("proc", "/dev/shm", "proc", 0, NULL) < 0)
		return CHILD_CANNOT;
	return refused(params, -EOPNOTSUPP, "/dev/shm is no tmpfs", "mount -t tmpfs none /dev/shm");
}

static void test_no_tmpfs(void)
{
	struct ivshmem_region_params params = fixture_params("no-tmpfs");

	fixture_begin();
	judge(fixture_in_child(child_no_shm, &params),
	      "another /dev/shm takes root (unshare, mount)");
	fixture_end();
}

static int child_no_hugetlbfs(const struct ivshmem_region_params *params)
{
	if (child_own_mounts() < 0)
		return CHILD_CANNOT;
	while (umount2("/dev/hugepages", MNT_DETACH) == 0)
		;
	return refused(params, -ENODEV, "hugepages=2M: no hugetlbfs with such pages is mounted",
		       "mount -t hugetlbfs -o pagesize=2M none /dev/hugepages2M");
}

static long pool_pages(void)
{
	char text[32] = "";
	int fd = open(POOL, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		strcpy(text, "-1");
	close(fd);
	return atol(text);
}

static void pool_resize(long pages)
{
	char text[32];
	int fd = open(POOL, O_WRONLY | O_CLOEXEC);
	int length = snprintf(text, sizeof(text), "%ld", pages);

	if (fd >= 0 && write(fd, text, (size_t)length) != length)
		printf("# %s: %s\n", POOL, strerror(errno));
	close(fd);
}

/* A hugetlbfs of the child's own, inside the runtime directory, is the only one it sees. */
static int mount_hugetlbfs(char path[256])
{
	if (child_own_mounts() < 0)
		return -EPERM;
	while (umount2("/dev/hugepages", MNT_DETACH) == 0)
		;
	snprintf(path, 256, "%s/huge", fixture_dir());
	if (mkdir(path, 0700) < 0)
		return -errno;
	if (mount("none", path, "hugetlbfs", 0, "pagesize=2M") == 0)
		return 0;
	rmdir(path);
	return -EPERM;
}

static void unmount_hugetlbfs(const char *path)
{
	umount(path);
	rmdir(path);
}

static bool is_empty_dir(const char *path)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int count = 0;

	while (dir && (entry = readdir(dir)))
		count++;
	if (dir)
		closedir(dir);
	return count == 2;
}

static int child_too_few_pages(const struct ivshmem_region_params *params)
{
	char path[256];
	int ret;

	if (mount_hugetlbfs(path) < 0)
		return CHILD_CANNOT;
	ret = refused(params, -ENOSPC, "hugepages=2M: 524288 pages needed, ",
		      "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
	if (!is_empty_dir(path))
		ret = CHILD_BAD;
	unmount_hugetlbfs(path);
	return ret;
}

/* The whole life on huge pages, with a second user who says nothing about pages. */
static int huge_life(const struct ivshmem_region_params *params)
{
	struct ivshmem_region_params plain = *params;
	struct ivshmem_region *a, *b;
	struct error err = { "" };
	int ret = CHILD_BAD;

	plain.hugepage_size = 0;
	if (ivshmem_region_attach(params, &a, &err) < 0) {
		printf("# %s\n", err.text);
		return CHILD_BAD;
	}
	strcpy(ivshmem_region_memory(a), "huge");
	if (ivshmem_region_attach(&plain, &b, &err) == 0) {
		if (!strcmp(ivshmem_region_memory(b), "huge") &&
		    !strncmp(ivshmem_region_path(b), "/tmp/", 5))
			ret = CHILD_GOOD;
		ivshmem_region_detach(b);
	}
	ivshmem_region_detach(a);
	if (fixture_exists(fixture_record(params)))
		ret = CHILD_BAD;

	/* The first one sets the pages; a later wish cannot change them. */
	if (ivshmem_region_attach(&plain, &a, &err) < 0)
		return CHILD_BAD;
	if (ivshmem_region_attach(params, &b, &err) != -EINVAL ||
	    !strstr(err.text, "without hugepages"))
		ret = CHILD_BAD;
	ivshmem_region_detach(a);
	return ret;
}

static int child_huge(const struct ivshmem_region_params *params)
{
	char path[256];
	int ret;

	if (mount_hugetlbfs(path) < 0)
		return CHILD_CANNOT;
	ret = huge_life(params);
	if (!is_empty_dir(path))
		ret = CHILD_BAD;
	unmount_hugetlbfs(path);
	return ret;
}

static void test_hugepages_refused(void)
{
	struct ivshmem_region_params params = fixture_params("huge-none");

	fixture_begin();
	params.size = params.hugepage_size = 2 * MIB;
	judge(fixture_in_child(child_no_hugetlbfs, &params),
	      "hiding hugetlbfs takes root (unshare)");
	params.size = TIB;
	judge(fixture_in_child(child_too_few_pages, &params),
	      "a hugetlbfs of its own takes root (unshare, mount)");
	fixture_end();
}

static void test_hugepages(void)
{
	struct ivshmem_region_params params = fixture_params("huge");
	long before = pool_pages();

	if (before < 0 || geteuid() != 0) {
		unit_skip("reserving huge pages takes root and a kernel with hugetlbfs");
		return;
	}
	pool_resize(before + 2);
	if (pool_pages() < before + 2) {
		unit_skip("no memory for two huge pages");
	} else {
		fixture_begin();
		params.size = params.hugepage_size = 2 * MIB;
		judge(fixture_in_child(child_huge, &params), "a hugetlbfs of its own takes root");
		fixture_end();
	}
	pool_resize(before);
}

/* Some group that this user may give files to, other than the one files get anyway. */
static const char *some_group(gid_t *ret_gid)
{
	gid_t groups[64];
	struct group *entry;
	int i, count;

	if (geteuid() == 0 && (entry = getgrgid(1))) {
		*ret_gid = 1;
		return entry->gr_name;
	}
	count = getgroups(ARRAY_SIZE(groups), groups);
	for (i = 0; i < count; i++) {
		entry = groups[i] == getegid() ? NULL : getgrgid(groups[i]);
		if (entry) {
			*ret_gid = groups[i];
			return entry->gr_name;
		}
	}
	return NULL;
}

static void test_group(void)
{
	struct ivshmem_region_params params = fixture_params("group"), plain = params;
	struct ivshmem_region *a, *b;
	struct stat st;
	gid_t gid;

	params.group = some_group(&gid);
	if (!params.group) {
		unit_skip("this user is in one group only");
		return;
	}
	fixture_begin();
	a = fixture_attach(&params);
	CU_ASSERT_EQUAL_FATAL(lstat(fixture_object(&params), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode, S_IFREG | 0660);
	CU_ASSERT_EQUAL(st.st_gid, gid);
	b = fixture_attach(&plain);
	ivshmem_region_detach(b);
	b = fixture_attach(&params);
	ivshmem_region_detach(b);
	ivshmem_region_detach(a);
	fixture_assert_gone(&params);

	a = fixture_attach(&plain);
	fixture_refuse(&params, -EINVAL, "mode 0600", "the same group= option", NULL);
	ivshmem_region_detach(a);
	fixture_assert_gone(&params);
	fixture_end();
}

static int child_group_not_mine(const struct ivshmem_region_params *params)
{
	if (become_nobody() < 0)
		return CHILD_CANNOT;
	return refused(params, -EPERM, "giving it to group", "Operation not permitted");
}

static void test_group_not_mine(void)
{
	struct ivshmem_region_params params = fixture_params("group-not-mine");

	fixture_begin();
	params.group = "root";
	judge(geteuid() == 0 ? fixture_in_child(child_group_not_mine, &params) : CHILD_CANNOT,
	      "switching users takes root");
	fixture_end();
}

static int child_other_owner(const struct ivshmem_region_params *params)
{
	if (become_nobody() < 0)
		return CHILD_CANNOT;
	return refused(params, -EPERM, "belongs to uid 0, not to uid 65534",
		       fixture_object(params));
}

/* An object of another user is neither used nor replaced, in either direction. */
static void test_other_owner(void)
{
	struct ivshmem_region_params params = fixture_params("owner");
	struct stat st;

	if (geteuid() != 0) {
		unit_skip("objects of two users take root");
		return;
	}
	fixture_begin();
	fixture_write_file(fixture_object(&params), "theirs", 6);
	judge(fixture_in_child(child_other_owner, &params), "switching users takes root");
	/* Also if it is open to everybody. */
	CU_ASSERT_EQUAL(chmod(fixture_object(&params), 0666), 0);
	judge(fixture_in_child(child_other_owner, &params), "switching users takes root");
	CU_ASSERT_EQUAL(chown(fixture_dir(), 0, 0), 0);
	CU_ASSERT_EQUAL(chown(fixture_object(&params), NOBODY, NOBODY), 0);
	fixture_refuse(&params, -EPERM, "belongs to uid 65534, not to uid 0",
		       "have its owner remove it", NULL);
	CU_ASSERT_FALSE(fixture_exists(fixture_record(&params)));
	CU_ASSERT_EQUAL_FATAL(lstat(fixture_object(&params), &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 6);
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	fixture_end();
}

static const struct unit_test tests[] = {
	{ "lock refused", test_lock_refused },
	{ "lock", test_lock },
	{ "full", test_full },
	{ "no tmpfs", test_no_tmpfs },
	{ "hugepages refused", test_hugepages_refused },
	{ "hugepages", test_hugepages },
	{ "group", test_group },
	{ "group not mine", test_group_not_mine },
	{ "other owner", test_other_owner },
};

UNIT_MAIN("region limits", tests)
