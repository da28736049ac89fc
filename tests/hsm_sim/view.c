/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of the process under the simulator, mapped here as well. */
#include "tests/hsm_sim/view.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/hsm_sim/tracee.h"

#define LINE_BYTES 512

/* What lies behind a range of addresses. Each tmpfs counts its inodes from 1. */
struct backing {
	dev_t device;
	uint64_t inode, offset;
};

/* proc(5): a line of maps is "start-end rights offset major:minor inode path". */
static int find_backing(pid_t pid, uint64_t host, uint64_t size, struct backing *ret)
{
	uint64_t start, end, offset, inode, done = host;
	char path[64], line[LINE_BYTES];
	unsigned int major, minor;
	dev_t device;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	while (done < host + size && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %x:%x %" SCNu64, &start,
			   &end, &offset, &major, &minor, &inode) != 6 || end <= done)
			continue;
		device = makedev(major, minor);
		offset += done - start;
		if (start > done || inode == 0)
			break;
		if (done == host)
			*ret = (struct backing){ device, inode, offset };
		else if (device != ret->device || inode != ret->inode ||
			 offset != ret->offset + (done - host))
			break;
		done = end;
	}
	fclose(maps);
	return done >= host + size ? 0 : -EFAULT;
}

/* One of its descriptors for that file, as ours; -ENOENT: it has none. */
static int find_file(pid_t pid, const struct backing *backing)
{
	char path[64];
	const struct dirent *entry;
	struct stat file;
	int fd = -ENOENT;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	if (!directory)
		return -errno;
	while (fd < 0 && (entry = readdir(directory)))
		if (fstatat(dirfd(directory), entry->d_name, &file, 0) == 0 &&
		    S_ISREG(file.st_mode) && file.st_dev == backing->device &&
		    file.st_ino == backing->inode)
			fd = tracee_fd(pid, atoi(entry->d_name));
	closedir(directory);
	return fd;
}

static uint8_t *map(pid_t pid, uint64_t host, uint64_t size)
{
	struct backing backing;
	void *here;
	int fd, ret;

	ret = find_backing(pid, host, size, &backing);
	fd = ret < 0 ? ret : find_file(pid, &backing);
	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	here = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)backing.offset);
	close(fd);
	return here == MAP_FAILED ? NULL : here;
}

uint8_t *views_map(struct views *views, pid_t pid, uint64_t host, uint64_t size)
{
	struct view *view;
	unsigned int i;
	uint8_t *here;

	for (i = 0; i < views->count; i++) {
		view = &views->views[i];
		if (host >= view->host && host + size <= view->host + view->size)
			return view->here + (host - view->host);
	}
	if (views->count == VIEWS_MAX) {
		errno = ENOSPC;
		return NULL;
	}
	here = map(pid, host, size);
	if (here)
		views->views[views->count++] = (struct view){ host, size, here };
	return here;
}

void views_drop(struct views *views)
{
	while (views->count > 0) {
		views->count--;
		munmap(views->views[views->count].here, views->views[views->count].size);
	}
}
