/* SPDX-License-Identifier: BSD-3-Clause */
/* Attaching and detaching: the life of a region, what is refused, and what crashes leave. */
#include "ivshmem/region.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ivshmem/record.h"
#include "lib/util.h"
#include "tests/unit/region_fixture.h"
#include "tests/unit/unit.h"

static void test_life(void)
{
	struct ivshmem_region_params params = fixture_params("life");
	struct ivshmem_region *a, *b;
	struct stat st;

	fixture_begin();
	a = fixture_attach(&params);
	CU_ASSERT_EQUAL(ivshmem_region_size(a), params.size);
	CU_ASSERT_STRING_EQUAL(ivshmem_region_path(a), fixture_object(&params));
	CU_ASSERT_EQUAL_FATAL(lstat(fixture_object(&params), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode, S_IFREG | 0600);
	CU_ASSERT_EQUAL(st.st_size, (off_t)params.size);
	/* All memory is there before anybody has touched it. */
	CU_ASSERT_TRUE(st.st_blocks * 512 >= (long)params.size);
	CU_ASSERT_TRUE(fixture_is_zero(a));
	CU_ASSERT_TRUE(fixture_exists(fixture_record(&params)));

	b = fixture_attach(&params);
	CU_ASSERT_PTR_NOT_EQUAL(ivshmem_region_memory(a), ivshmem_region_memory(b));
	CU_ASSERT_NOT_EQUAL(ivshmem_region_fd(a), ivshmem_region_fd(b));
	strcpy(ivshmem_region_memory(a), "hello");
	CU_ASSERT_STRING_EQUAL(ivshmem_region_memory(b), "hello");
	ivshmem_region_detach(a);
	CU_ASSERT_TRUE(fixture_exists(fixture_object(&params)));
	CU_ASSERT_STRING_EQUAL(ivshmem_region_memory(b), "hello");
	ivshmem_region_detach(b);
	fixture_assert_gone(&params);
	ivshmem_region_detach(NULL);
	fixture_end();
}

/* A umask must not decide who may use the region. */
static void test_umask(void)
{
	struct ivshmem_region_params params = fixture_params("umask");
	struct ivshmem_region *region;
	mode_t old = umask(0777);
	struct stat st;

	fixture_begin();
	chmod(fixture_dir(), 0700);
	region = fixture_attach(&params);
	CU_ASSERT_EQUAL_FATAL(lstat(fixture_object(&params), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	ivshmem_region_detach(region);
	fixture_end();
	umask(old);
}

static void test_sizes_refused(void)
{
	static const uint64_t sizes[] = { 0,
					  1,
					  2048,
					  4095,
					  4097,
					  3 << 20,
					  UINT64_C(2) << 40,
					  UINT64_C(1) << 63,
					  UINT64_MAX,
					  (UINT64_C(1) << 32) + 4096 };
	struct ivshmem_region_params params = fixture_params("sizes");
	size_t i;

	fixture_begin();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		params.size = sizes[i];
		fixture_refuse(&params, -EINVAL, params.name.text,
			       "it must be a power of two from 4K to 1T", NULL);
	}
	params.size = 1 << 20;
	params.hugepage_size = 4 << 20;
	fixture_refuse(&params, -EINVAL, "hugepages=4M", "only 2M and 1G", NULL);
	params.hugepage_size = 2 << 20;
	fixture_refuse(&params, -EINVAL, "size 1M is less than one page of hugepages=2M", NULL);
	fixture_assert_gone(&params);
	fixture_end();
}

/* The largest size passes all checks and gets as far as the question for room. */
static void test_size_largest(void)
{
	struct ivshmem_region_params params = fixture_params("largest");
	struct statvfs fs;

	if (statvfs("/dev/shm", &fs) < 0 || fs.f_blocks == 0 ||
	    (uint64_t)fs.f_bavail * fs.f_frsize > TIB / 2) {
		unit_skip("/dev/shm has no limit below 1T");
		return;
	}
	fixture_begin();
	params.size = TIB;
	fixture_refuse(&params, -ENOSPC, "/dev/shm is full: 1T needed", "ivshmemctl list", NULL);
	fixture_assert_gone(&params);
	fixture_end();
}

static void test_params_refused(void)
{
	static const char *const objects[] = {
		"", "x", "/", "/.", "/..", "/a/b", "//a", "/a b", "/a\nb", "/\xc3\xa4", "a/",
	};
	struct ivshmem_region_params params = fixture_params("params");
	char object[300] = "/";
	size_t i;

	fixture_begin();
	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		params.shm_object = objects[i];
		fixture_refuse(&params, -EINVAL, "shm=", "are allowed", NULL);
	}
	memset(object + 1, 'x', 255);
	params.shm_object = object;
	fixture_refuse(&params, -EINVAL, "are allowed", NULL);
	params.shm_object = "/ivshmem-0432f696d054e2727fe2ba3a9332f235";
	fixture_refuse(&params, -EINVAL, "give its dm:/ name instead", NULL);
	params.shm_object = "/x";
	params.size = params.hugepage_size = 2 << 20;
	fixture_refuse(&params, -EINVAL, "exclude each other", NULL);
	params = fixture_params("params");
	params.group = "no-such-group-here";
	fixture_refuse(&params, -EINVAL, "group=no-such-group-here: there is no such group", NULL);
	params.group = NULL;
	CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&params.name, "hv:/x", NULL), 0);
	fixture_refuse(&params, -EINVAL, "hv:/x belongs to the hypervisor", NULL);
	fixture_end();
}

static void test_other_size(void)
{
	struct ivshmem_region_params params = fixture_params("other-size");
	struct ivshmem_region *region;
	char pid[32];

	fixture_begin();
	region = fixture_attach(&params);
	snprintf(pid, sizeof(pid), "by test_region (pid %d) on 2", (int)getpid());
	params.size = 128 << 10;
	fixture_refuse(&params, -EINVAL, params.name.text, "size 64K", pid, "size 128K", NULL);
	ivshmem_region_detach(region);
	region = fixture_attach(&params);
	CU_ASSERT_EQUAL(ivshmem_region_size(region), 128 << 10);
	ivshmem_region_detach(region);
	fixture_assert_gone(&params);
	fixture_end();
}

/* Attaching must succeed with zeroed memory, and leaving must leave nothing. */
static void check_fresh(const struct ivshmem_region_params *params)
{
	struct ivshmem_region *region;

	region = fixture_attach(params);
	CU_ASSERT_TRUE(fixture_is_zero(region));
	ivshmem_region_detach(region);
	fixture_assert_gone(params);
}

/* A whole record, as a user that died right now would leave it. */
static size_t record_of_dead_user(const struct ivshmem_region_params *params,
				  char text[IVSHMEM_RECORD_MAX])
{
	pid_t user = fixture_spawn_user(params);
	ssize_t length;
	int fd;

	fixture_kill(user);
	fd = open(fixture_record(params), O_RDONLY | O_CLOEXEC);
	length = read(fd, text, IVSHMEM_RECORD_MAX);
	close(fd);
	CU_ASSERT_FATAL(length > 100);
	return (size_t)length;
}

static void test_left_by_crash(void)
{
	struct ivshmem_region_params params = fixture_params("crash");
	char text[IVSHMEM_RECORD_MAX];

	fixture_begin();
	record_of_dead_user(&params, text);
	CU_ASSERT_TRUE(fixture_exists(fixture_object(&params)));
	check_fresh(&params);

	/* Another size is no obstacle: nobody uses what is there. */
	record_of_dead_user(&params, text);
	params.size *= 2;
	check_fresh(&params);
	fixture_end();
}

static void test_left_object_only(void)
{
	struct ivshmem_region_params params = fixture_params("object-only");

	fixture_begin();
	fixture_write_file(fixture_object(&params), "", 0);
	check_fresh(&params);
	fixture_write_file(fixture_object(&params), "short", 5);
	check_fresh(&params);
	fixture_write_file(fixture_object(&params), "x", 1);
	CU_ASSERT_EQUAL(truncate(fixture_object(&params), (off_t)params.size), 0);
	check_fresh(&params);
	fixture_end();
}

static void test_left_record_only(void)
{
	struct ivshmem_region_params params = fixture_params("record-only");
	char text[IVSHMEM_RECORD_MAX];

	fixture_begin();
	params.keep = true;
	record_of_dead_user(&params, text);
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	params.keep = false;
	check_fresh(&params);
	fixture_end();
}

/* The object has the right name and size, but is another one than the kept region's. */
static void test_left_strange_object(void)
{
	struct ivshmem_region_params params = fixture_params("strange");
	char text[IVSHMEM_RECORD_MAX], moved[256];

	fixture_begin();
	params.keep = true;
	record_of_dead_user(&params, text);
	/* Moved and not removed, so that its inode is not used again. */
	snprintf(moved, sizeof(moved), "%s.moved", fixture_object(&params));
	CU_ASSERT_EQUAL(rename(fixture_object(&params), moved), 0);
	fixture_write_file(fixture_object(&params), "x", 1);
	CU_ASSERT_EQUAL(truncate(fixture_object(&params), (off_t)params.size), 0);
	params.keep = false;
	check_fresh(&params);
	CU_ASSERT_EQUAL(unlink(moved), 0);
	fixture_end();
}

/* Cut at every byte, a record of a region to be kept must never pass for a whole one. */
static void test_left_cut_record(void)
{
	struct ivshmem_region_params params = fixture_params("cut");
	char text[IVSHMEM_RECORD_MAX];
	size_t i, length;

	fixture_begin();
	params.keep = true;
	length = record_of_dead_user(&params, text);
	params.keep = false;
	for (i = 0; i < length; i++) {
		fixture_write_file(fixture_record(&params), text, i);
		if (i % 8 == 0)
			fixture_write_file(fixture_object(&params), "left", 4);
		check_fresh(&params);
	}
	fixture_end();
}

static void test_left_garbage_record(void)
{
	struct ivshmem_region_params params = fixture_params("garbage");
	char garbage[IVSHMEM_RECORD_MAX + 100];
	static const char *const texts[] = { "\n",	   "=\n",
					     "format=1\n", "format=2\nname=dm:/x\n",
					     "keep=1\n",   "no record at all" };
	size_t i;

	fixture_begin();
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		fixture_write_file(fixture_record(&params), texts[i], strlen(texts[i]));
		fixture_write_file(fixture_object(&params), "left", 4);
		check_fresh(&params);
	}
	memset(garbage, 0xff, sizeof(garbage));
	fixture_write_file(fixture_record(&params), garbage, sizeof(garbage));
	check_fresh(&params);
	memset(garbage, 0, sizeof(garbage));
	fixture_write_file(fixture_record(&params), garbage, IVSHMEM_RECORD_MAX);
	check_fresh(&params);
	fixture_end();
}

/* A record of another region, put under this one's file name, must not reach that region. */
static void test_left_record_of_other(void)
{
	struct ivshmem_region_params params = fixture_params("this"),
				     other = fixture_params("other");
	struct ivshmem_region *kept;
	char text[IVSHMEM_RECORD_MAX];
	size_t length;

	fixture_begin();
	other.keep = true;
	length = record_of_dead_user(&other, text);
	fixture_write_file(fixture_record(&params), text, length);
	check_fresh(&params);
	other.keep = false;
	kept = fixture_attach(&other);
	CU_ASSERT_FALSE(fixture_is_zero(kept));
	ivshmem_region_detach(kept);
	CU_ASSERT_EQUAL(unlink(fixture_object(&other)), 0);
	CU_ASSERT_EQUAL(unlink(fixture_record(&other)), 0);
	fixture_end();
}

static void test_links_refused(void)
{
	struct ivshmem_region_params params = fixture_params("links");
	char target[256];

	fixture_begin();
	snprintf(target, sizeof(target), "%s/target", fixture_dir());
	fixture_write_file(target, "precious", 8);

	CU_ASSERT_EQUAL(symlink(target, fixture_record(&params)), 0);
	fixture_refuse(&params, -ELOOP, "region record", "is a symbolic link: remove it", NULL);
	CU_ASSERT_EQUAL(unlink(fixture_record(&params)), 0);

	CU_ASSERT_EQUAL(symlink(target, fixture_object(&params)), 0);
	fixture_refuse(&params, -ELOOP, "memory object", "is a symbolic link: remove it", NULL);
	CU_ASSERT_FALSE(fixture_exists(fixture_record(&params)));
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);

	CU_ASSERT_EQUAL(symlink("/nowhere", fixture_object(&params)), 0);
	fixture_refuse(&params, -ELOOP, "is a symbolic link", NULL);
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	CU_ASSERT_EQUAL(unlink(target), 0);
	fixture_end();
}

static void test_no_files_refused(void)
{
	struct ivshmem_region_params params = fixture_params("no-files");

	fixture_begin();
	CU_ASSERT_EQUAL(mkfifo(fixture_record(&params), 0600), 0);
	fixture_refuse(&params, -EINVAL, "is no regular file: remove it", NULL);
	CU_ASSERT_EQUAL(unlink(fixture_record(&params)), 0);
	CU_ASSERT_EQUAL(mkdir(fixture_record(&params), 0700), 0);
	fixture_refuse(&params, -EISDIR, "region record", NULL);
	CU_ASSERT_EQUAL(rmdir(fixture_record(&params)), 0);
	CU_ASSERT_EQUAL(mkfifo(fixture_object(&params), 0600), 0);
	fixture_refuse(&params, -EINVAL, "is no regular file: remove it", NULL);
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	CU_ASSERT_EQUAL(mkdir(fixture_object(&params), 0700), 0);
	fixture_refuse(&params, -EISDIR, "memory object", NULL);
	CU_ASSERT_EQUAL(rmdir(fixture_object(&params)), 0);
	fixture_end();
}

static void test_keep(void)
{
	struct ivshmem_region_params params = fixture_params("keep"), other;
	struct ivshmem_region *region;
	pid_t user;

	fixture_begin();
	params.keep = true;
	region = fixture_attach(&params);
	strcpy(ivshmem_region_memory(region), "kept");
	ivshmem_region_detach(region);
	CU_ASSERT_TRUE(fixture_exists(fixture_object(&params)));

	other = params;
	other.size *= 2;
	fixture_refuse(&other, -EINVAL, "size 64K", "size 128K",
		       "or ivshmemctl remove dm:/unit-test/", NULL);

	/* The wish was the region's, and holds whoever comes next. */
	params.keep = false;
	region = fixture_attach(&params);
	CU_ASSERT_STRING_EQUAL(ivshmem_region_memory(region), "kept");
	ivshmem_region_detach(region);

	/* A crash does not spoil it either. */
	user = fixture_spawn_user(&params);
	fixture_kill(user);
	region = fixture_attach(&params);
	CU_ASSERT_EQUAL(*(unsigned char *)ivshmem_region_memory(region), 0x5a);
	ivshmem_region_detach(region);
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	CU_ASSERT_EQUAL(unlink(fixture_record(&params)), 0);
	fixture_end();
}

/* The second user asks for it, and is not the last one to leave. */
static void test_keep_by_second(void)
{
	struct ivshmem_region_params params = fixture_params("keep2");
	struct ivshmem_region *a, *b;

	fixture_begin();
	a = fixture_attach(&params);
	params.keep = true;
	b = fixture_attach(&params);
	strcpy(ivshmem_region_memory(b), "kept");
	ivshmem_region_detach(b);
	ivshmem_region_detach(a);
	params.keep = false;
	a = fixture_attach(&params);
	CU_ASSERT_STRING_EQUAL(ivshmem_region_memory(a), "kept");
	ivshmem_region_detach(a);
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	CU_ASSERT_EQUAL(unlink(fixture_record(&params)), 0);
	fixture_end();
}

/* What only happens if somebody meddles: said plainly, and cleared away when the users are gone. */
static void test_tampered(void)
{
	struct ivshmem_region_params params = fixture_params("tampered");
	struct ivshmem_region *region;

	fixture_begin();
	region = fixture_attach(&params);
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	fixture_refuse(&params, -ENOENT, params.name.text, "(test_region)",
		       "memory object was removed", NULL);
	ivshmem_region_detach(region);
	fixture_assert_gone(&params);

	region = fixture_attach(&params);
	fixture_write_file(fixture_record(&params), "oops", 4);
	fixture_refuse(&params, -EBADMSG, params.name.text, "(test_region)",
		       "record was overwritten", NULL);
	ivshmem_region_detach(region);
	fixture_assert_gone(&params);

	region = fixture_attach(&params);
	CU_ASSERT_EQUAL(truncate(fixture_object(&params), 4096), 0);
	fixture_refuse(&params, -ENOENT, "memory object was removed or replaced", NULL);
	ivshmem_region_detach(region);
	fixture_assert_gone(&params);

	/* The record is gone: the next user sees memory that somebody holds. */
	region = fixture_attach(&params);
	CU_ASSERT_EQUAL(unlink(fixture_record(&params)), 0);
	fixture_refuse(&params, -EBUSY,
		       "is used under another name or from another runtime directory",
		       "(test_region)", NULL);
	ivshmem_region_detach(region);
	CU_ASSERT_FALSE(fixture_exists(fixture_record(&params)));
	fixture_end();
}

static void test_literal_own(void)
{
	struct ivshmem_region_params params = fixture_params("literal"), plain = params;
	struct ivshmem_region *a, *b;
	char object[64];

	fixture_begin();
	snprintf(object, sizeof(object), "/unit-test-%d", (int)getpid());
	params.shm_object = object;
	a = fixture_attach(&params);
	CU_ASSERT_STRING_EQUAL(ivshmem_region_path(a), fixture_object(&params));
	CU_ASSERT_FALSE(fixture_exists(fixture_object(&plain)));
	fixture_refuse(&plain, -EINVAL, params.name.text, object, "the same shm= option", NULL);
	b = fixture_attach(&params);
	ivshmem_region_detach(a);
	CU_ASSERT_TRUE(fixture_exists(fixture_object(&params)));
	ivshmem_region_detach(b);
	fixture_assert_gone(&params);

	a = fixture_attach(&plain);
	fixture_refuse(&params, -EINVAL, params.name.text, object, "the same shm= option", NULL);
	CU_ASSERT_FALSE(fixture_exists(fixture_object(&params)));
	ivshmem_region_detach(a);

	/* Made by a user that died: it is known to be the region's own. */
	fixture_kill(fixture_spawn_user(&params));
	check_fresh(&params);
	fixture_kill(fixture_spawn_user(&params));
	check_fresh(&plain);
	CU_ASSERT_FALSE(fixture_exists(fixture_object(&params)));
	fixture_end();
}

static void test_literal_foreign(void)
{
	struct ivshmem_region_params params = fixture_params("foreign");
	struct ivshmem_region *region;
	char object[64];
	struct stat st;

	fixture_begin();
	snprintf(object, sizeof(object), "/unit-test-%d", (int)getpid());
	params.shm_object = object;
	fixture_write_file(fixture_object(&params), "theirs", 6);
	fixture_refuse(&params, -EINVAL, object, "has size 6, not the 64K asked for", NULL);
	CU_ASSERT_FALSE(fixture_exists(fixture_record(&params)));
	CU_ASSERT_EQUAL(truncate(fixture_object(&params), (off_t)params.size), 0);
	region = fixture_attach(&params);
	CU_ASSERT_STRING_EQUAL(ivshmem_region_memory(region), "theirs");
	strcpy(ivshmem_region_memory(region), "ours");
	ivshmem_region_detach(region);
	CU_ASSERT_FALSE(fixture_exists(fixture_record(&params)));

	/* Also after a crash it stays what it is. */
	fixture_kill(fixture_spawn_user(&params));
	region = fixture_attach(&params);
	CU_ASSERT_EQUAL(*(unsigned char *)ivshmem_region_memory(region), 0x5a);
	ivshmem_region_detach(region);
	CU_ASSERT_FALSE(fixture_exists(fixture_record(&params)));
	CU_ASSERT_EQUAL_FATAL(lstat(fixture_object(&params), &st), 0);
	CU_ASSERT_EQUAL(st.st_size, (off_t)params.size);

	CU_ASSERT_EQUAL(truncate(fixture_object(&params), 0), 0);
	fixture_refuse(&params, -EINVAL, object, "has size 0", NULL);
	CU_ASSERT_EQUAL(unlink(fixture_object(&params)), 0);
	fixture_end();
}

static void test_one_object_two_names(void)
{
	struct ivshmem_region_params a = fixture_params("one"), b = fixture_params("two");
	struct ivshmem_region *region;
	char object[64];

	fixture_begin();
	snprintf(object, sizeof(object), "/unit-test-%d", (int)getpid());
	a.shm_object = b.shm_object = object;
	region = fixture_attach(&a);
	fixture_refuse(&b, -EBUSY, object, "is used under another name", "(test_region)", NULL);
	CU_ASSERT_FALSE(fixture_exists(fixture_record(&b)));
	ivshmem_region_detach(region);
	check_fresh(&b);
	fixture_end();
}

static void test_other_runtime_dir(void)
{
	struct ivshmem_region_params params = fixture_params("elsewhere");
	struct ivshmem_region *region;
	char first[64];

	fixture_begin();
	snprintf(first, sizeof(first), "%s", fixture_dir());
	region = fixture_attach(&params);
	memset(ivshmem_region_memory(region), 7, 100);

	fixture_begin();
	fixture_refuse(&params, -EBUSY, "or from another runtime directory", "(test_region)", NULL);
	fixture_end();

	setenv("IVSHMEM_RUNTIME_DIR", first, 1);
	CU_ASSERT_EQUAL(*(char *)ivshmem_region_memory(region), 7);
	ivshmem_region_detach(region);
	fixture_assert_gone(&params);
	fixture_end();
}

/* Leaving in order ends the region, whoever has a duplicate of the descriptor. */
static void test_descriptor_duplicated(void)
{
	struct ivshmem_region_params params = fixture_params("duplicated");
	struct ivshmem_region *region;
	int fd;

	fixture_begin();
	region = fixture_attach(&params);
	fd = fcntl(ivshmem_region_fd(region), F_DUPFD_CLOEXEC, 0);
	ivshmem_region_detach(region);
	fixture_assert_gone(&params);
	check_fresh(&params);
	close(fd);
	fixture_end();
}

/* Attaches, tells the number of the descriptor, and stays. */
static int child_tell_fd(const struct ivshmem_region_params *params, int pipe_fd)
{
	struct ivshmem_region *region;
	int fd;

	if (ivshmem_region_attach(params, &region, NULL) < 0)
		return 1;
	strcpy(ivshmem_region_memory(region), "alive");
	fd = ivshmem_region_fd(region);
	if (write(pipe_fd, &fd, sizeof(fd)) == sizeof(fd))
		pause();
	return 1;
}

/* The descriptor of a process that attached and then died. */
static int inherit_descriptor(const struct ivshmem_region_params *params)
{
	int ends[2], theirs, pid_fd, fd;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		_exit(child_tell_fd(params, ends[1]));
	CU_ASSERT_EQUAL_FATAL(read(ends[0], &theirs, sizeof(theirs)), sizeof(theirs));
	pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	fd = (int)syscall(SYS_pidfd_getfd, pid_fd, theirs, 0);
	fixture_kill(pid);
	close(pid_fd);
	close(ends[0]);
	close(ends[1]);
	return fd;
}

/* The memory of a user that died lives on in whoever got its descriptor: that is no left-over. */
static void test_descriptor_inherited(void)
{
	struct ivshmem_region_params params = fixture_params("inherited");
	struct ivshmem_region *region;
	int fd;

	fixture_begin();
	fd = inherit_descriptor(&params);
	if (fd < 0) {
		unit_skip("no descriptor can be had from a child (pidfd_getfd)");
		check_fresh(&params);
		fixture_end();
		return;
	}
	region = fixture_attach(&params);
	CU_ASSERT_STRING_EQUAL(ivshmem_region_memory(region), "alive");
	ivshmem_region_detach(region);
	CU_ASSERT_TRUE(fixture_exists(fixture_object(&params)));
	close(fd);
	check_fresh(&params);
	fixture_end();
}

/* Locks of a dying process vanish one after the other: the object's last one is worth a wait. */
static void test_lock_vanishes_late(void)
{
	struct ivshmem_region_params params = fixture_params("late");
	pid_t pid;
	int fd;

	fixture_begin();
	fd = inherit_descriptor(&params);
	if (fd < 0)
		unit_skip("no descriptor can be had from a child (pidfd_getfd)");
	pid = fork();
	if (pid == 0) {
		usleep(100000);
		_exit(0);
	}
	close(fd);
	check_fresh(&params);
	fixture_kill(pid);
	fixture_end();
}

/* With room for 0, 1, 2 ... more descriptors: it fails and leaves nothing, until it succeeds. */
static void test_out_of_descriptors(void)
{
	struct ivshmem_region_params params = fixture_params("descriptors");
	struct ivshmem_region *region = NULL;
	struct rlimit old, limit;
	struct error err;
	int fd, n, ret = -1;

	fixture_begin();
	getrlimit(RLIMIT_NOFILE, &old);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(fd);
	for (n = 0; n < 20 && ret != 0; n++) {
		limit = old;
		limit.rlim_cur = (rlim_t)(fd + n);
		setrlimit(RLIMIT_NOFILE, &limit);
		err.text[0] = '\0';
		ret = ivshmem_region_attach(&params, &region, &err);
		setrlimit(RLIMIT_NOFILE, &old);
		if (ret == 0)
			break;
		CU_ASSERT_EQUAL(ret, -EMFILE);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "Too many open files"));
		fixture_assert_gone(&params);
	}
	CU_ASSERT_EQUAL(ret, 0);
	CU_ASSERT_TRUE(n >= 3);
	ivshmem_region_detach(region);
	fixture_assert_gone(&params);
	fixture_end();
}

/* One page that nobody touched yet. */
static bool page_present(const void *address)
{
	uint64_t entry = 0;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)address / 4096 * 8)) !=
	    sizeof(entry))
		entry = 0;
	close(fd);
	return entry >> 63;
}

static void test_prefault(void)
{
	struct ivshmem_region_params params = fixture_params("prefault");
	struct ivshmem_region *region;

	fixture_begin();
	region = fixture_attach(&params);
	CU_ASSERT_FALSE(page_present((char *)ivshmem_region_memory(region) + params.size - 4096));
	ivshmem_region_detach(region);
	params.prefault = true;
	region = fixture_attach(&params);
	CU_ASSERT_TRUE(page_present((char *)ivshmem_region_memory(region) + params.size - 4096));
	ivshmem_region_detach(region);
	fixture_end();
}

/* No descriptor may reach a program that is started while the region is attached. */
static void test_close_on_exec(void)
{
	struct ivshmem_region_params params = fixture_params("exec");
	struct ivshmem_region *region;
	int fd, before[64], during[64], found = 0;

	fixture_begin();
	for (fd = 0; fd < 64; fd++)
		before[fd] = fcntl(fd, F_GETFD);
	region = fixture_attach(&params);
	for (fd = 0; fd < 64; fd++) {
		during[fd] = fcntl(fd, F_GETFD);
		found += during[fd] != before[fd];
		CU_ASSERT_TRUE(during[fd] == before[fd] || during[fd] == FD_CLOEXEC);
	}
	CU_ASSERT_TRUE(found >= 2);
	ivshmem_region_detach(region);
	for (fd = 0; fd < 64; fd++)
		CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), before[fd]);
	fixture_end();
}

static const struct unit_test tests[] = {
	{ "life", test_life },
	{ "umask", test_umask },
	{ "sizes refused", test_sizes_refused },
	{ "size largest", test_size_largest },
	{ "params refused", test_params_refused },
	{ "other size", test_other_size },
	{ "left by crash", test_left_by_crash },
	{ "left object only", test_left_object_only },
	{ "left record only", test_left_record_only },
	{ "left strange object", test_left_strange_object },
	{ "left cut record", test_left_cut_record },
	{ "left garbage record", test_left_garbage_record },
	{ "left record of other", test_left_record_of_other },
	{ "links refused", test_links_refused },
	{ "no files refused", test_no_files_refused },
	{ "keep", test_keep },
	{ "keep by second", test_keep_by_second },
	{ "tampered", test_tampered },
	{ "literal own", test_literal_own },
	{ "literal foreign", test_literal_foreign },
	{ "one object two names", test_one_object_two_names },
	{ "other runtime dir", test_other_runtime_dir },
	{ "descriptor duplicated", test_descriptor_duplicated },
	{ "descriptor inherited", test_descriptor_inherited },
	{ "lock vanishes late", test_lock_vanishes_late },
	{ "out of descriptors", test_out_of_descriptors },
	{ "prefault", test_prefault },
	{ "close on exec", test_close_on_exec },
};

UNIT_MAIN("region", tests)
