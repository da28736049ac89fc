/* SPDX-License-Identifier: BSD-3-Clause */
/* Set-up and questions for the tests of regions. */
#include "tests/unit/region_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

void fixture_begin(void)
{
	char template[] = "/tmp/ivshmem-test-XXXXXX";

	if (!mkdtemp(template))
		abort();
	setenv("IVSHMEM_RUNTIME_DIR", template, 1);
}

const char *fixture_dir(void)
{
	return getenv("IVSHMEM_RUNTIME_DIR");
}

void fixture_end(void)
{
	CU_ASSERT_EQUAL(rmdir(fixture_dir()), 0);
	unsetenv("IVSHMEM_RUNTIME_DIR");
}

struct ivshmem_region_params fixture_params(const char *word)
{
	struct ivshmem_region_params params = { .size = 64 << 10 };
	char name[64];

	snprintf(name, sizeof(name), "dm:/unit-test/%d/%.30s", (int)getpid(), word);
	if (ivshmem_name_parse(&params.name, name, NULL) < 0)
		abort();
	return params;
}

const char *fixture_object(const struct ivshmem_region_params *params)
{
	static char path[128];
	char object[IVSHMEM_OBJECT_MAX];

	if (params->shm_object)
		snprintf(path, sizeof(path), "/dev/shm%s", params->shm_object);
	else if (ivshmem_name_object(&params->name, object) == 0)
		snprintf(path, sizeof(path), "/dev/shm%s", object);
	return path;
}

const char *fixture_record(const struct ivshmem_region_params *params)
{
	static char path[256];
	char key[IVSHMEM_KEY_MAX];

	if (ivshmem_name_key(&params->name, key) == 0)
		snprintf(path, sizeof(path), "%s/%s.region", fixture_dir(), key);
	return path;
}

struct ivshmem_region *fixture_attach(const struct ivshmem_region_params *params)
{
	struct ivshmem_region *region = NULL;
	struct error err = { "" };
	int ret;

	ret = ivshmem_region_attach(params, &region, &err);
	CU_ASSERT_EQUAL(ret, 0);
	if (ret < 0) {
		printf("# %s (%s)\n", err.text, strerror(-ret));
		abort();
	}
	return region;
}

void fixture_refuse(const struct ivshmem_region_params *params, int code, ...)
{
	struct ivshmem_region *region = NULL;
	struct error err = { "" };
	const char *said;
	va_list args;
	int ret;

	ret = ivshmem_region_attach(params, &region, &err);
	CU_ASSERT_EQUAL(ret, code);
	CU_ASSERT_PTR_NULL(region);
	if (ret != code)
		printf("# %d instead of %d: %s\n", ret, code, err.text);
	va_start(args, code);
	while ((said = va_arg(args, const char *))) {
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, said));
		if (!strstr(err.text, said))
			printf("# \"%s\" is not in: %s\n", said, err.text);
	}
	va_end(args);
	ivshmem_region_detach(region);
}

bool fixture_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

void fixture_assert_gone(const struct ivshmem_region_params *params)
{
	CU_ASSERT_FALSE(fixture_exists(fixture_object(params)));
	CU_ASSERT_FALSE(fixture_exists(fixture_record(params)));
}

bool fixture_is_zero(const struct ivshmem_region *region)
{
	const unsigned char *memory = ivshmem_region_memory(region);
	const uint64_t size = ivshmem_region_size(region);

	return memory[0] == 0 && !memcmp(memory, memory + 1, size - 1);
}

void fixture_write_file(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

int fixture_in_child(int (*child)(const struct ivshmem_region_params *params),
		     const struct ivshmem_region_params *params)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0)
		_exit(child(params));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool fixture_own_shm(const char *size)
{
	char options[32];

	snprintf(options, sizeof(options), "size=%s", size);
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/dev/shm", "tmpfs", 0, options) == 0;
}

pid_t fixture_spawn_user(const struct ivshmem_region_params *params)
{
	struct ivshmem_region *region;
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		if (ivshmem_region_attach(params, &region, NULL) < 0)
			_exit(1);
		memset(ivshmem_region_memory(region), 0x5a, ivshmem_region_size(region));
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		abort();
	close(ready[0]);
	return pid;
}

void fixture_kill(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}
