/* SPDX-License-Identifier: BSD-3-Clause */
/* Files to load: what is refused, and what happens to a file behind our back. */
#include "devicemodel/boot/image.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/util.h"
#include "tests/unit/guarded_memory.h"
#include "tests/unit/unit.h"

#define RAM_SIZE UINT64_C(0x10000)

static char directory[] = "/tmp/test_image.XXXXXX";

static void path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", directory, name);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void check_refused(const char *path, int code, const char *message)
{
	struct image image = { .fd = 77, .size = 1 };
	struct error err = { "" };

	CU_ASSERT_EQUAL(image_init(&image, path, &err), code);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, strrchr(path, '/')));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, message));
	CU_ASSERT_EQUAL(image.fd, -1);
	image_fini(&image);
}

static void test_refusals(void)
{
	char path[128];

	path_of("missing", path);
	check_refused(path, -ENOENT, "cannot open: No such file");
	check_refused(directory, -EINVAL, "is a directory");
	check_refused("/dev/null", -EINVAL, "is not a regular file");
	path_of("empty", path);
	write_file(path, "");
	check_refused(path, -EINVAL, "is empty");
	unlink(path);
	path_of("fifo", path);
	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	check_refused(path, -EINVAL, "is not a regular file"); /* and does not hang */
	unlink(path);
}

/* The reason does not fall off the end of the line. */
static void test_long_path(void)
{
	char path[3000];
	size_t i;

	for (i = 0; i + 4 < sizeof(path); i += 4)
		memcpy(path + i, "/.//", 4);
	strcpy(path + sizeof(path) - 9, "/missing");
	check_refused(path, -ENOENT, "/missing: cannot open: No such file");
}

static void test_read_bounds(void)
{
	static const struct {
		uint64_t offset, length;
		int result;
	} cases[] = {
		{ 0, 0, 0 },
		{ 0, 10, 0 },
		{ 4, 6, 0 },
		{ 10, 0, 0 },
		{ 0, 11, -ENODATA },
		{ 10, 1, -ENODATA },
		{ 11, 0, -ENODATA },
		{ UINT64_MAX, 1, -ENODATA },
		{ 1, UINT64_MAX, -ENODATA },
		{ UINT64_MAX, UINT64_MAX, -ENODATA },
	};
	struct image image;
	struct error err;
	char buffer[16];
	size_t i;
	int ret;

	test_image_init(&image, "0123456789", 10);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(buffer, 'x', sizeof(buffer));
		err.text[0] = '\0';
		ret = image_read(&image, cases[i].offset, buffer, cases[i].length, "this", &err);
		CU_ASSERT_EQUAL(ret, cases[i].result);
		if (cases[i].result < 0)
			CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "truncated or damaged: this"));
		CU_ASSERT_EQUAL(buffer[0], cases[i].result < 0 || !cases[i].length ?
					'x' : (char)('0' + cases[i].offset));
	}
	image_fini(&image);
}

static void test_load_bounds(void)
{
	struct guest_memory *memory = guarded_memory_new(RAM_SIZE, 0);
	struct error err = { "" };
	struct image image;

	test_image_init(&image, "0123456789", 10);
	CU_ASSERT_EQUAL(image_load(&image, 0, memory, RAM_SIZE - 10, 10, "it", &err), 0);
	CU_ASSERT_EQUAL(memcmp(memory_ram(memory, RAM_SIZE - 10, 10), "0123456789", 10), 0);
	CU_ASSERT_EQUAL(image_load(&image, 0, memory, RAM_SIZE - 9, 10, "it", &err), -EFAULT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "it does not fit in memory"));
	CU_ASSERT_EQUAL(image_load(&image, 1, memory, 0, 10, "it", &err), -ENODATA);
	CU_ASSERT(guarded_memory_is_zero(memory, 0, RAM_SIZE - 10));
	image_fini(&image);
	guarded_memory_free(memory);
}

/* The descriptor is what counts, not the name. */
static void test_replaced_file(void)
{
	char path[128], other[128], buffer[8] = "";
	struct error err = { "" };
	struct image image;

	path_of("file", path);
	path_of("other", other);
	write_file(path, "before");
	write_file(other, "behind");
	CU_ASSERT_EQUAL_FATAL(image_init(&image, path, &err), 0);
	CU_ASSERT_EQUAL(image.size, 6);
	CU_ASSERT_EQUAL(rename(other, path), 0);
	CU_ASSERT_EQUAL(image_read(&image, 0, buffer, 6, "it", &err), 0);
	CU_ASSERT_STRING_EQUAL(buffer, "before");
	image_fini(&image);
	unlink(path);
}

static void test_shrunken_file(void)
{
	struct error err = { "" };
	struct image image;
	char path[128], buffer[8];

	path_of("file", path);
	write_file(path, "before");
	CU_ASSERT_EQUAL_FATAL(image_init(&image, path, &err), 0);
	CU_ASSERT_EQUAL(truncate(path, 3), 0);
	CU_ASSERT_EQUAL(image_read(&image, 0, buffer, 6, "it", &err), -ENODATA);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "has become shorter"));
	image_fini(&image);
	unlink(path);
}

static const struct unit_test tests[] = {
	{ "what is no file to load is refused", test_refusals },
	{ "a very long path", test_long_path },
	{ "reads stay inside the file", test_read_bounds },
	{ "loads stay inside RAM", test_load_bounds },
	{ "a file replaced on disk does not matter", test_replaced_file },
	{ "a file that shrinks is an error", test_shrunken_file },
};

int main(void)
{
	int status;

	if (!mkdtemp(directory)) {
		perror(directory);
		return 1;
	}
	status = unit_run("image", tests, ARRAY_SIZE(tests));
	rmdir(directory);
	return status;
}
