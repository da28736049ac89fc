/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory objects in tmpfs and hugetlbfs. */
#include "ivshmem/object.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "ivshmem/hugepages.h"
#include "ivshmem/users.h"
#include "lib/fds.h"
#include "lib/parse.h"
#include "lib/util.h"

/* A signal undoes and ends one fallocate() call, so steps must be short enough to get through. */
#define ALLOCATE_STEP (256 * MIB)

static int object_error(const char *path, int code, struct error *err)
{
	return error_set(err, code, "memory object %s: %s", path, strerror(-code));
}

static void object_stat(struct ivshmem_object *object, const struct stat *st)
{
	object->inode = st->st_ino;
	object->size = (uint64_t)st->st_size;
	object->mode = st->st_mode;
	object->gid = st->st_gid;
}

static int full_error(const struct ivshmem_object *object, const char *dir, uint64_t size,
		      struct error *err)
{
	char needed[SIZE_TEXT_MAX];
	struct statvfs fs = { 0 };

	fstatvfs(object->fd, &fs);
	return error_set(err, -ENOSPC,
			 "%s is full: %s needed, %" PRIu64 "K free: remove what is not needed"
			 " (ivshmemctl list), or mount -o remount,size=... %s",
			 dir, size_text(size, needed), (uint64_t)fs.f_bavail * fs.f_frsize / KIB,
			 dir);
}

/* Asking first keeps a request that is too large from taking the last page away from others. */
static bool obviously_full(int fd, uint64_t size)
{
	struct statvfs fs;

	/* A tmpfs without a limit counts no blocks at all. */
	return fstatvfs(fd, &fs) == 0 && fs.f_blocks > 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize < size;
}

static int allocate(int fd, uint64_t size)
{
	uint64_t done, step;

	if (ftruncate(fd, (off_t)size) < 0)
		return -errno;
	for (done = 0; done < size; done += step) {
		step = size - done < ALLOCATE_STEP ? size - done : ALLOCATE_STEP;
		while (fallocate(fd, 0, (off_t)done, (off_t)step) < 0)
			if (errno != EINTR)
				return -errno;
	}
	return 0;
}

static int object_allocate(struct ivshmem_object *object, const char *dir, uint64_t size,
			   uint64_t hugepage_size, struct error *err)
{
	int ret;

	if (!hugepage_size && obviously_full(object->fd, size))
		return full_error(object, dir, size, err);
	ret = allocate(object->fd, size);
	if (ret == 0)
		return 0;
	if (hugepage_size && (ret == -ENOSPC || ret == -ENOMEM))
		return hugepages_shortage(hugepage_size, size, -ENOSPC, err);
	if (ret == -ENOSPC)
		return full_error(object, dir, size, err);
	return object_error(object->path, ret, err);
}

/* A umask may not decide who shares the memory, so the mode is always set. */
static int object_set_owner(struct ivshmem_object *object, gid_t gid, struct error *err)
{
	if (gid != IVSHMEM_NO_GROUP && fchown(object->fd, (uid_t)-1, gid) < 0)
		return error_set(err, -errno, "memory object %s: giving it to group %u: %s",
				 object->path, (unsigned int)gid, strerror(errno));
	if (fchmod(object->fd, gid == IVSHMEM_NO_GROUP ? 0600 : 0660) < 0)
		return object_error(object->path, -errno, err);
	return 0;
}

static int open_nameless(struct ivshmem_object *object, const char *dir, struct error *err)
{
	object->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (object->fd >= 0)
		return 0;
	if (errno == EOPNOTSUPP || errno == EISDIR)
		return error_set(err, -EOPNOTSUPP, "%s is no tmpfs: mount -t tmpfs none %s", dir,
				 dir);
	return error_set(err, -errno, "no memory object can be made in %s: %s", dir,
			 strerror(errno));
}

int ivshmem_object_make(struct ivshmem_object *ret_object, const char *path, uint64_t size,
			uint64_t hugepage_size, gid_t gid, struct error *err)
{
	struct ivshmem_object object = { .fd = -1 };
	char dir[IVSHMEM_PATH_MAX];
	struct stat st;
	int ret;

	snprintf(object.path, sizeof(object.path), "%s", path);
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	ret = open_nameless(&object, dir, err);
	if (ret < 0)
		return ret;
	ret = object_set_owner(&object, gid, err);
	if (ret < 0)
		goto out_close;
	ret = object_allocate(&object, dir, size, hugepage_size, err);
	if (ret < 0)
		goto out_close;
	ret = ofd_lock_try(object.fd, IVSHMEM_OBJECT_USE, OFD_LOCK_EXCLUSIVE);
	if (ret == 0 && fstat(object.fd, &st) < 0)
		ret = -errno;
	if (ret < 0) {
		object_error(path, ret, err);
		goto out_close;
	}
	object_stat(&object, &st);
	*ret_object = object;
	return 0;

out_close:
	fd_close(&object.fd);
	return ret;
}

int ivshmem_object_publish(struct ivshmem_object *object, struct error *err)
{
	char link[64];

	/* The direct way, AT_EMPTY_PATH, takes a capability. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", object->fd);
	if (linkat(AT_FDCWD, link, AT_FDCWD, object->path, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno == ENOENT)
		return error_set(err, -errno,
				 "memory object %s: making its name needs /proc: is it mounted?",
				 object->path);
	return object_error(object->path, -errno, err);
}

static int open_error(const char *path, int code, struct error *err)
{
	struct stat st;

	if (code == -ELOOP)
		return error_set(err, code, "memory object %s is a symbolic link: remove it", path);
	if (code == -EACCES && lstat(path, &st) == 0 && st.st_uid != geteuid())
		return error_set(err, -EPERM,
				 "memory object %s belongs to uid %u, not to uid %u: choose another"
				 " name, or have its owner remove it",
				 path, (unsigned int)st.st_uid, (unsigned int)geteuid());
	return object_error(path, code, err);
}

/* Memory that another user made could be read, or cut off under a running VM, by that user. */
static int object_check(const char *path, const struct stat *st, struct error *err)
{
	if (!S_ISREG(st->st_mode))
		return error_set(err, -EINVAL, "memory object %s is no regular file: remove it",
				 path);
	if (st->st_uid != geteuid())
		return open_error(path, -EACCES, err);
	return 0;
}

static int busy_error(const struct ivshmem_object *object, struct error *err)
{
	char who[IVSHMEM_USERS_TEXT_MAX];

	return error_set(err, -EBUSY,
			 "memory object %s is used under another name or from another runtime"
			 " directory, by %s: end that first",
			 object->path, ivshmem_users_text(object->fd, IVSHMEM_OBJECT_USE, who));
}

/* Returns 1 when open and locked, 0 to start over, or -errno. */
static int open_once(struct ivshmem_object *object, enum ofd_lock lock, struct error *err)
{
	struct stat opened, named;
	int ret;

	object->fd = open(object->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (object->fd < 0)
		return errno == ENOENT ? -ENOENT : open_error(object->path, -errno, err);
	if (fstat(object->fd, &opened) < 0)
		return object_error(object->path, -errno, err);
	ret = object_check(object->path, &opened, err);
	if (ret < 0)
		return ret;
	ret = ofd_lock_wait(object->fd, IVSHMEM_OBJECT_USE, lock, IVSHMEM_OBJECT_WAIT_MS);
	if (ret < 0)
		return ret == -ETIMEDOUT ? busy_error(object, err)
					 : object_error(object->path, ret, err);
	if (lstat(object->path, &named) < 0)
		return errno == ENOENT ? 0 : object_error(object->path, -errno, err);
	object_stat(object, &opened);
	return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

int ivshmem_object_open(struct ivshmem_object *ret_object, const char *path, enum ofd_lock lock,
			struct error *err)
{
	struct ivshmem_object object = { .fd = -1 };
	int ret;

	snprintf(object.path, sizeof(object.path), "%s", path);
	do {
		fd_close(&object.fd);
		ret = open_once(&object, lock, err);
	} while (ret == 0);
	if (ret < 0) {
		fd_close(&object.fd);
		return ret;
	}
	*ret_object = object;
	return 0;
}

int ivshmem_object_share(struct ivshmem_object *object)
{
	return ofd_lock_try(object->fd, IVSHMEM_OBJECT_USE, OFD_LOCK_SHARED);
}

void ivshmem_object_release(struct ivshmem_object *object)
{
	ofd_lock_try(object->fd, IVSHMEM_OBJECT_USE, OFD_LOCK_NONE);
	ivshmem_object_close(object);
}

int ivshmem_object_unlink(struct ivshmem_object *object, struct error *err)
{
	if (unlink(object->path) < 0 && errno != ENOENT)
		return object_error(object->path, -errno, err);
	return 0;
}

void ivshmem_object_close(struct ivshmem_object *object)
{
	fd_close(&object->fd);
}

int ivshmem_object_discard(const char *path, uint64_t inode, struct error *err)
{
	struct ivshmem_object object;
	int ret;

	ret = ivshmem_object_open(&object, path, OFD_LOCK_EXCLUSIVE, err);
	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		return ret;
	if (inode == 0 || inode == object.inode)
		ret = ivshmem_object_unlink(&object, err);
	ivshmem_object_close(&object);
	return ret;
}
