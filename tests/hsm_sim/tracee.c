/* SPDX-License-Identifier: BSD-3-Clause */
/* The process under the simulator: its memory and its descriptors. */
#include "tests/hsm_sim/tracee.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINE_BYTES 512

int tracee_read(pid_t pid, uint64_t addr, void *data, size_t size)
{
	struct iovec local = { data, size };
	struct iovec remote = { (void *)(uintptr_t)addr, size };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

int tracee_write(pid_t pid, uint64_t addr, const void *data, size_t size)
{
	struct iovec local = { (void *)(uintptr_t)data, size };
	struct iovec remote = { (void *)(uintptr_t)addr, size };

	return process_vm_writev(pid, &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

int tracee_string(pid_t pid, uint64_t addr, char *string, size_t size)
{
	size_t length;
	int ret;

	/* Byte by byte: what follows the string may not be mapped. */
	for (length = 0; length + 1 < size; length++) {
		ret = tracee_read(pid, addr + length, &string[length], 1);
		if (ret < 0)
			return ret;
		if (string[length] == '\0')
			return 0;
	}
	string[length] = '\0';
	return 0;
}

static FILE *open_proc(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

bool tracee_maps_writable(pid_t pid, uint64_t addr, uint64_t size)
{
	FILE *maps = open_proc(pid, "maps");
	uint64_t start, end, done = addr;
	char line[LINE_BYTES], rights[5];

	if (!maps)
		return false;
	while (done < addr + size && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, rights) != 3)
			continue;
		if (start > done)
			break;
		if (end > done && rights[0] == 'r' && rights[1] == 'w')
			done = end;
	}
	fclose(maps);
	return done >= addr + size;
}

uint64_t tracee_page_size(pid_t pid, uint64_t addr)
{
	FILE *maps = open_proc(pid, "smaps");
	uint64_t start, end, kib = 4;
	char line[LINE_BYTES];
	bool inside = false;

	if (!maps)
		return 4096;
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
			inside = start <= addr && addr < end;
		else if (inside && sscanf(line, "KernelPageSize: %" SCNu64, &kib) == 1)
			break;
	}
	fclose(maps);
	return kib * 1024;
}

/* A process that its status has under @key, or @other. */
static pid_t status_pid(pid_t pid, const char *key, pid_t other)
{
	FILE *status = open_proc(pid, "status");
	size_t length = strlen(key);
	char line[LINE_BYTES];

	if (!status)
		return other;
	while (fgets(line, sizeof(line), status))
		if (strncmp(line, key, length) == 0)
			other = (pid_t)strtol(line + length, NULL, 10);
	fclose(status);
	return other;
}

pid_t tracee_parent(pid_t pid)
{
	return status_pid(pid, "PPid:", -1);
}

int tracee_fd(pid_t pid, int fd)
{
	/* pidfd_open(2) wants the process, not one of its threads. */
	int pidfd = (int)syscall(SYS_pidfd_open, status_pid(pid, "Tgid:", pid), 0);
	int ret;

	if (pidfd < 0)
		return -errno;
	ret = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (ret < 0)
		ret = -errno;
	close(pidfd);
	return ret;
}

int tracee_fstat(pid_t pid, int fd, struct stat *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	return stat(path, ret) < 0 ? -errno : 0;
}

int eventfd_id(int fd, uint64_t *ret_id)
{
	char name[32], line[LINE_BYTES];
	int ret = -EINVAL;
	FILE *info;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	info = open_proc(getpid(), name);
	if (!info)
		return -EBADF;
	while (ret < 0 && fgets(line, sizeof(line), info))
		if (sscanf(line, "eventfd-id: %" SCNu64, ret_id) == 1)
			ret = 0;
	fclose(info);
	return ret;
}
