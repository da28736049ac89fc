/* SPDX-License-Identifier: BSD-3-Clause */
/* Getting and keeping the memory of a server. */
#include "tools/server_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ivshmem/ofd_lock.h"
#include "ivshmem/users.h"
#include "lib/fds.h"
#include "lib/parse.h"

#define OPEN_TRIES 3

/*
 * Clients get a duplicate of what they are sent, and a lock lives as long as any duplicate. So the
 * lock is on one open file description and clients get another, or a server that was killed would
 * keep its successor out for as long as its clients live.
 */
static int reopen(int fd, int *ret_fd, struct error *err)
{
	int copy = fd_reopen(fd);

	if (copy < 0)
		return error_set(err, copy, "memory: cannot open /proc/self/fd/%d: %s", fd,
				 strerror(-copy));
	*ret_fd = copy;
	return 0;
}

/* A server that ends lets go of its socket first, and of the memory when its clients know. */
static int lock_for_server(struct server_memory *memory, const char *path, struct error *err)
{
	char users[IVSHMEM_USERS_TEXT_MAX];
	int ret;

	ret = reopen(memory->fd, &memory->lock, err);
	if (ret < 0)
		return ret;
	ret = ofd_lock_wait(memory->lock, IVSHMEM_OBJECT_SERVED, OFD_LOCK_EXCLUSIVE,
			    SERVER_MEMORY_WAIT_MS);
	if (ret == -ETIMEDOUT)
		return error_set(err, -EBUSY,
				 "memory %s is served already by %s: connect to that server, or"
				 " choose other memory",
				 path,
				 ivshmem_users_text(memory->lock, IVSHMEM_OBJECT_SERVED, users));
	if (ret < 0)
		return error_set(err, ret, "memory %s: cannot lock it: %s", path, strerror(-ret));
	return 0;
}

static int open_region(struct server_memory *memory, const struct server_options *options,
		       struct error *err)
{
	struct ivshmem_region_params params = {
		.name = options->region_name,
		.size = options->size,
	};
	char object[IVSHMEM_NAME_TEXT_MAX];
	int ret;

	if (options->shm) {
		snprintf(object, sizeof(object), "/%s", options->shm);
		params.shm_object = object;
	}
	ret = ivshmem_region_attach(&params, &memory->region, err);
	if (ret == 0)
		ret = reopen(ivshmem_region_fd(memory->region), &memory->fd, err);
	if (ret == 0)
		ret = lock_for_server(memory, ivshmem_region_path(memory->region), err);
	return ret;
}

/* Opens the object or makes it; others may make or remove it meanwhile. */
static int find_object(struct ivshmem_object *object, const char *path, uint64_t size,
		       struct error *err)
{
	int i, ret = -EAGAIN;

	for (i = 0; i < OPEN_TRIES; i++) {
		ret = ivshmem_object_open(object, path, OFD_LOCK_SHARED, err);
		if (ret != -ENOENT)
			return ret;
		ret = ivshmem_object_make(object, path, size, 0, IVSHMEM_NO_GROUP, err);
		if (ret < 0)
			return ret;
		ret = ivshmem_object_publish(object, err);
		if (ret == 0)
			return ivshmem_object_share(object);
		ivshmem_object_close(object);
		object->fd = -1;
		if (ret != -EEXIST)
			return ret;
	}
	return ret;
}

static int open_object(struct server_memory *memory, const struct server_options *options,
		       struct error *err)
{
	char path[IVSHMEM_PATH_MAX], there[SIZE_TEXT_MAX], wanted[SIZE_TEXT_MAX];
	int ret;

	snprintf(path, sizeof(path), IVSHMEM_SHM_DIR "/%s", options->shm);
	ret = find_object(&memory->object, path, options->size, err);
	if (ret == 0)
		ret = reopen(memory->object.fd, &memory->fd, err);
	if (ret == 0)
		ret = lock_for_server(memory, path, err);
	if (ret < 0)
		return ret;
	if (memory->object.size != options->size) {
		ret = error_set(err, -EINVAL,
				"memory %s is there already with size %s, not %s: remove it if"
				" nobody uses it, or start with that size (-l)",
				path, size_text(memory->object.size, there),
				size_text(options->size, wanted));
		/* It is somebody else's: closing must leave it. */
		ivshmem_object_release(&memory->object);
		memory->object.fd = -1;
	}
	return ret;
}

/* A file without a name, for instance in a hugetlbfs. */
static int open_file(struct server_memory *memory, const struct server_options *options,
		     struct error *err)
{
	struct statfs fs;
	int ret;

	memory->fd = open(options->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (memory->fd < 0)
		return error_set(err, -errno, "directory %s: cannot make a file in it: %s",
				 options->dir, strerror(errno));
	if (fstatfs(memory->fd, &fs) == 0 && options->size % (uint64_t)fs.f_bsize)
		return error_set(err, -EINVAL,
				 "directory %s has pages of %ld bytes: the size (-l) must be a"
				 " multiple of that",
				 options->dir, (long)fs.f_bsize);
	ret = ftruncate(memory->fd, (off_t)options->size) < 0 ?
		      -errno :
		      -posix_fallocate(memory->fd, 0, (off_t)options->size);
	if (ret < 0)
		return error_set(err, ret, "directory %s: no memory of %llu bytes: %s",
				 options->dir, (unsigned long long)options->size, strerror(-ret));
	return 0;
}

int server_memory_open(struct server_memory *memory, const struct server_options *options,
		       struct error *err)
{
	if (options->region)
		return open_region(memory, options, err);
	if (options->dir)
		return open_file(memory, options, err);
	return open_object(memory, options, err);
}

const char *server_memory_path(const struct server_memory *memory)
{
	if (memory->region)
		return ivshmem_region_path(memory->region);
	return memory->object.fd >= 0 ? memory->object.path : NULL;
}

void server_memory_close(struct server_memory *memory)
{
	fd_close(&memory->fd);
	if (memory->object.fd >= 0) {
		/* A client that dies closes its socket and its memory one after the other. */
		if (memory->lock >= 0 &&
		    ofd_lock_wait(memory->object.fd, IVSHMEM_OBJECT_USE, OFD_LOCK_EXCLUSIVE,
				  IVSHMEM_OBJECT_WAIT_MS) == 0)
			ivshmem_object_unlink(&memory->object, NULL);
		ivshmem_object_release(&memory->object);
	}
	ivshmem_region_detach(memory->region);
	memory->region = NULL;
	fd_close(&memory->lock);
}
