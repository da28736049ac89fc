/* SPDX-License-Identifier: BSD-3-Clause */
/* The locks of region records, who holds them, and the race with their removal. */
#include "ivshmem/record_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ivshmem/ofd_lock.h"
#include "ivshmem/users.h"
#include "tests/unit/region_fixture.h"
#include "tests/unit/unit.h"

#define KEY "00112233445566778899aabbccddeeff"
#define SHORT_MS 30
#define LONG_MS 20000

static struct ivshmem_runtime_dir dir;

static void begin(void)
{
	fixture_begin();
	CU_ASSERT_EQUAL_FATAL(ivshmem_runtime_dir_open(&dir, NULL), 0);
}

static void end(void)
{
	ivshmem_runtime_dir_close(&dir);
	fixture_end();
}

static struct ivshmem_record_file open_file(void)
{
	struct ivshmem_record_file file;

	CU_ASSERT_EQUAL_FATAL(ivshmem_record_file_open(&file, &dir, KEY, true, SHORT_MS, NULL), 0);
	return file;
}

static void remove_file(struct ivshmem_record_file *file)
{
	CU_ASSERT_EQUAL(ivshmem_record_file_remove(file), 0);
	ivshmem_record_file_close(file);
}

static void test_create(void)
{
	struct ivshmem_record_file file = { .fd = -1 };
	struct ivshmem_record record;

	begin();
	CU_ASSERT_EQUAL(ivshmem_record_file_open(&file, &dir, KEY, false, SHORT_MS, NULL), -ENOENT);
	CU_ASSERT_EQUAL(file.fd, -1);
	file = open_file();
	CU_ASSERT_EQUAL(ivshmem_record_file_read(&file, &record), -EBADMSG);
	remove_file(&file);
	CU_ASSERT_EQUAL(file.fd, -1);
	ivshmem_record_file_close(&file);
	end();
}

static void test_mutex(void)
{
	struct ivshmem_record_file a, b = { .fd = -1 };
	struct error err;
	char pid[32];

	begin();
	a = open_file();
	CU_ASSERT_EQUAL(ivshmem_record_file_open(&b, &dir, KEY, true, SHORT_MS, &err), -ETIMEDOUT);
	snprintf(pid, sizeof(pid), "by pid %d (", (int)getpid());
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, pid));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, KEY ".region has been locked for more than"));
	ivshmem_record_file_unlock(&a);
	b = open_file();
	CU_ASSERT_EQUAL(ivshmem_record_file_lock(&a, SHORT_MS), -ETIMEDOUT);
	ivshmem_record_file_close(&b);
	CU_ASSERT_EQUAL(ivshmem_record_file_lock(&a, SHORT_MS), 0);
	remove_file(&a);
	end();
}

static void test_use(void)
{
	struct ivshmem_record_file a, b;

	begin();
	a = open_file();
	CU_ASSERT_EQUAL(ivshmem_record_file_claim(&a), 0);
	ivshmem_record_file_unlock(&a);
	b = open_file();
	CU_ASSERT_EQUAL(ivshmem_record_file_claim(&b), -EAGAIN);
	CU_ASSERT_EQUAL(ivshmem_record_file_share(&b), -EAGAIN);
	CU_ASSERT_EQUAL(ivshmem_record_file_share(&a), 0);
	CU_ASSERT_EQUAL(ivshmem_record_file_share(&b), 0);
	/* Two sharers: neither gets it alone, and a failed attempt loses nothing. */
	CU_ASSERT_EQUAL(ivshmem_record_file_claim(&a), -EAGAIN);
	CU_ASSERT_EQUAL(ivshmem_record_file_claim(&b), -EAGAIN);
	CU_ASSERT_EQUAL(ofd_lock_query(a.fd, IVSHMEM_RECORD_USE), OFD_LOCK_SHARED);
	ivshmem_record_file_close(&a);
	CU_ASSERT_EQUAL(ofd_lock_query(b.fd, IVSHMEM_RECORD_USE), OFD_LOCK_NONE);
	CU_ASSERT_EQUAL(ivshmem_record_file_claim(&b), 0);
	remove_file(&b);
	end();
}

static void fill(struct ivshmem_record *record, const char *name)
{
	*record =
		(struct ivshmem_record){ .path = "/x", .uuid = "u", .program = "p", .size = 4096 };
	strcpy(record->name, name);
}

static void test_contents(void)
{
	struct ivshmem_record record, read;
	struct ivshmem_record_file file;

	begin();
	file = open_file();
	fill(&record, "dm:/a-rather-long-name");
	CU_ASSERT_EQUAL(ivshmem_record_file_write(&file, &record), 0);
	CU_ASSERT_EQUAL_FATAL(ivshmem_record_file_read(&file, &read), 0);
	CU_ASSERT_STRING_EQUAL(read.name, record.name);
	/* A shorter one leaves nothing of the longer one. */
	fill(&record, "dm:/a");
	CU_ASSERT_EQUAL(ivshmem_record_file_write(&file, &record), 0);
	CU_ASSERT_EQUAL_FATAL(ivshmem_record_file_read(&file, &read), 0);
	CU_ASSERT_STRING_EQUAL(read.name, "dm:/a");
	record.keep = true;
	CU_ASSERT_EQUAL(ivshmem_record_file_set_flags(&file, &record), 0);
	CU_ASSERT_EQUAL_FATAL(ivshmem_record_file_read(&file, &read), 0);
	CU_ASSERT_TRUE(read.keep);
	remove_file(&file);
	end();
}

/*
 * A process that waits for the mutex of a record that is then removed and made anew must wait for
 * the new one's.
 */
static void test_removed_while_waiting(void)
{
	struct ivshmem_record_file file, again, next;
	struct ivshmem_record record;
	int status, ready[2];
	pid_t pid;
	char byte;

	begin();
	CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
	file = open_file();
	fill(&record, "dm:/old");
	CU_ASSERT_EQUAL(ivshmem_record_file_write(&file, &record), 0);
	pid = fork();
	if (pid == 0) {
		/* The parent's file is the same open file description here, with its locks. */
		if (write(ready[1], "", 1) != 1 ||
		    ivshmem_record_file_open(&again, &dir, KEY, true, LONG_MS, NULL) < 0)
			_exit(1);
		if (ivshmem_record_file_read(&again, &record) != -EBADMSG || !again.fd)
			_exit(2);
		_exit(ivshmem_record_file_remove(&again) < 0 ? 3 : 0);
	}
	CU_ASSERT_EQUAL_FATAL(read(ready[0], &byte, 1), 1);
	/* The child most likely waits by now; the test holds either way. */
	usleep(20000);
	CU_ASSERT_EQUAL(ivshmem_record_file_remove(&file), 0);
	next = open_file();
	ivshmem_record_file_unlock(&file);
	ivshmem_record_file_close(&file);
	usleep(20000);
	CU_ASSERT_EQUAL(ivshmem_record_file_write(&next, &record), 0);
	CU_ASSERT_EQUAL(ivshmem_record_file_remove(&next), 0);
	ivshmem_record_file_close(&next);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	close(ready[0]);
	close(ready[1]);
	end();
}

/* A stopped holder is named, and when it is killed its locks are gone. */
static void test_stopped_holder(void)
{
	struct ivshmem_record_file file;
	char byte, said[32];
	struct error err;
	int ready[2];
	pid_t pid;

	begin();
	CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		file = open_file();
		if (ivshmem_record_file_claim(&file) == 0 && write(ready[1], "", 1) == 1)
			raise(SIGSTOP);
		_exit(1);
	}
	CU_ASSERT_EQUAL_FATAL(read(ready[0], &byte, 1), 1);
	CU_ASSERT_EQUAL(ivshmem_record_file_open(&file, &dir, KEY, true, SHORT_MS, &err),
			-ETIMEDOUT);
	snprintf(said, sizeof(said), "by pid %d (", (int)pid);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, said));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is it stopped?"));
	fixture_kill(pid);
	file = open_file();
	CU_ASSERT_EQUAL(ivshmem_record_file_claim(&file), 0);
	remove_file(&file);
	close(ready[0]);
	close(ready[1]);
	end();
}

/* Who has the file open but no lock on the byte is no user; who has it several times is one. */
static void test_users(void)
{
	struct ivshmem_record_file a, b, c;
	char text[IVSHMEM_USERS_TEXT_MAX];
	struct ivshmem_users users;

	begin();
	a = open_file();
	ivshmem_users_find(&users, a.fd, IVSHMEM_RECORD_USE);
	CU_ASSERT_EQUAL(users.count, 0);
	CU_ASSERT_FALSE(users.locked);
	CU_ASSERT_STRING_EQUAL(ivshmem_users_text(a.fd, IVSHMEM_RECORD_USE, text), "nobody");
	ivshmem_users_fini(&users);

	ivshmem_record_file_unlock(&a);
	b = open_file();
	CU_ASSERT_EQUAL(ivshmem_record_file_share(&b), 0);
	ivshmem_record_file_unlock(&b);
	c = open_file();
	CU_ASSERT_EQUAL(ivshmem_record_file_share(&c), 0);
	ivshmem_users_find(&users, a.fd, IVSHMEM_RECORD_USE);
	CU_ASSERT_TRUE(users.locked);
	CU_ASSERT_EQUAL_FATAL(users.count, 1);
	CU_ASSERT_EQUAL(users.pids[0], getpid());
	ivshmem_users_fini(&users);
	ivshmem_record_file_close(&b);
	/* One's own lock does not count. */
	ivshmem_users_find(&users, c.fd, IVSHMEM_RECORD_USE);
	CU_ASSERT_FALSE(users.locked);
	CU_ASSERT_EQUAL(users.count, 0);
	ivshmem_users_fini(&users);
	ivshmem_record_file_close(&a);
	remove_file(&c);
	end();
}

#define CROWD 12

/* Many users: all are found, in order, and the text says how many it leaves out. */
static void test_many_users(void)
{
	struct ivshmem_region_params params = fixture_params("crowd");
	char text[IVSHMEM_USERS_TEXT_MAX], key[IVSHMEM_KEY_MAX];
	struct ivshmem_record_file file;
	struct ivshmem_users users;
	pid_t pids[CROWD];
	size_t i;

	begin();
	for (i = 0; i < CROWD; i++)
		pids[i] = fixture_spawn_user(&params);
	CU_ASSERT_EQUAL_FATAL(ivshmem_name_key(&params.name, key), 0);
	CU_ASSERT_EQUAL_FATAL(ivshmem_record_file_open(&file, &dir, key, false, LONG_MS, NULL), 0);
	ivshmem_users_find(&users, file.fd, IVSHMEM_RECORD_USE);
	CU_ASSERT_EQUAL_FATAL(users.count, CROWD);
	for (i = 1; i < CROWD; i++)
		CU_ASSERT_TRUE(users.pids[i - 1] < users.pids[i]);
	ivshmem_users_fini(&users);
	ivshmem_users_text(file.fd, IVSHMEM_RECORD_USE, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " more"));
	CU_ASSERT_TRUE(strlen(text) < sizeof(text));
	ivshmem_record_file_close(&file);
	for (i = 0; i < CROWD; i++)
		fixture_kill(pids[i]);
	ivshmem_region_detach(fixture_attach(&params));
	fixture_assert_gone(&params);
	end();
}

static const struct unit_test tests[] = {
	{ "create", test_create },
	{ "mutex", test_mutex },
	{ "use", test_use },
	{ "contents", test_contents },
	{ "removed while waiting", test_removed_while_waiting },
	{ "stopped holder", test_stopped_holder },
	{ "users", test_users },
	{ "many users", test_many_users },
};

UNIT_MAIN("record file", tests)
