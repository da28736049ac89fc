/* SPDX-License-Identifier: BSD-3-Clause */
/* Record files: opening them against races, their locks, and their contents. */
#include "ivshmem/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ivshmem/ofd_lock.h"
#include "ivshmem/users.h"
#include "lib/fds.h"

static int open_error(const struct ivshmem_record_file *file, int code, struct error *err)
{
	if (code == -ELOOP)
		return error_set(err, code, "region record %s/%s is a symbolic link: remove it",
				 file->dir.path, file->file_name);
	return error_set(err, code, "region record %s/%s: %s", file->dir.path, file->file_name,
			 strerror(-code));
}

static int lock_error(const struct ivshmem_record_file *file, int code, unsigned int timeout_ms,
		      struct error *err)
{
	char who[IVSHMEM_USERS_TEXT_MAX];

	if (code != -ETIMEDOUT)
		return open_error(file, code, err);
	return error_set(err, code,
			 "region record %s/%s has been locked for more than %u s by %s: is it"
			 " stopped? Let it go on or end it",
			 file->dir.path, file->file_name, timeout_ms / 1000,
			 ivshmem_users_text(file->fd, IVSHMEM_RECORD_MUTEX, who));
}

/* 1 if the file that is open is still the one with that name, 0 if not, or -errno. */
static int still_there(const struct ivshmem_record_file *file)
{
	struct stat opened, named;

	if (fstat(file->fd, &opened) < 0)
		return -errno;
	if (fstatat(file->dir.fd, file->file_name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* Returns 1 when the record is open and locked, 0 to start over, or -errno. */
static int open_once(struct ivshmem_record_file *file, bool create, unsigned int timeout_ms,
		     struct error *err)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (create ? O_CREAT : 0);
	struct stat st;
	int ret;

	file->fd = openat(file->dir.fd, file->file_name, flags, 0600);
	if (file->fd < 0)
		return errno == ENOENT && !create ? -ENOENT : open_error(file, -errno, err);
	if (fstat(file->fd, &st) < 0)
		return open_error(file, -errno, err);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "region record %s/%s is no regular file: remove it",
				 file->dir.path, file->file_name);
	ret = ofd_lock_wait(file->fd, IVSHMEM_RECORD_MUTEX, OFD_LOCK_EXCLUSIVE, timeout_ms);
	if (ret < 0)
		return lock_error(file, ret, timeout_ms, err);
	ret = still_there(file);
	return ret < 0 ? open_error(file, ret, err) : ret;
}

int ivshmem_record_file_open(struct ivshmem_record_file *ret_file,
			     const struct ivshmem_runtime_dir *dir, const char *key, bool create,
			     unsigned int timeout_ms, struct error *err)
{
	struct ivshmem_record_file file = { .fd = -1, .dir = *dir };
	int ret;

	file.dir.fd = fcntl(dir->fd, F_DUPFD_CLOEXEC, 0);
	if (file.dir.fd < 0)
		return error_set(err, -errno, "runtime directory %s: %s", dir->path,
				 strerror(errno));
	snprintf(file.file_name, sizeof(file.file_name), "%s" IVSHMEM_RECORD_SUFFIX, key);
	/* Ends, since each new round means that somebody else finished with the region. */
	do {
		fd_close(&file.fd);
		ret = open_once(&file, create, timeout_ms, err);
	} while (ret == 0);
	if (ret < 0) {
		fd_close(&file.fd);
		ivshmem_runtime_dir_close(&file.dir);
		return ret;
	}
	*ret_file = file;
	return 0;
}

void ivshmem_record_file_close(struct ivshmem_record_file *file)
{
	if (file->fd < 0)
		return;
	fd_close(&file->fd);
	ivshmem_runtime_dir_close(&file->dir);
}

int ivshmem_record_file_lock(struct ivshmem_record_file *file, unsigned int timeout_ms)
{
	return ofd_lock_wait(file->fd, IVSHMEM_RECORD_MUTEX, OFD_LOCK_EXCLUSIVE, timeout_ms);
}

void ivshmem_record_file_unlock(struct ivshmem_record_file *file)
{
	ofd_lock_try(file->fd, IVSHMEM_RECORD_MUTEX, OFD_LOCK_NONE);
}

int ivshmem_record_file_claim(struct ivshmem_record_file *file)
{
	return ofd_lock_try(file->fd, IVSHMEM_RECORD_USE, OFD_LOCK_EXCLUSIVE);
}

int ivshmem_record_file_share(struct ivshmem_record_file *file)
{
	return ofd_lock_try(file->fd, IVSHMEM_RECORD_USE, OFD_LOCK_SHARED);
}

int ivshmem_record_file_read(const struct ivshmem_record_file *file,
			     struct ivshmem_record *ret_record)
{
	char text[IVSHMEM_RECORD_MAX];
	struct stat st;
	int ret;

	if (fstat(file->fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || st.st_size > (off_t)sizeof(text))
		return -EBADMSG;
	ret = fd_read_all(file->fd, text, (size_t)st.st_size, 0);
	if (ret < 0)
		return ret == -ENODATA ? -EBADMSG : ret;
	return ivshmem_record_parse(ret_record, text, (size_t)st.st_size);
}

int ivshmem_record_file_set_flags(struct ivshmem_record_file *file,
				  const struct ivshmem_record *record)
{
	char text[IVSHMEM_RECORD_MAX];

	return fd_write_all(file->fd, text, ivshmem_record_format(record, text), 0);
}

int ivshmem_record_file_write(struct ivshmem_record_file *file, const struct ivshmem_record *record)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return -errno;
	/*
	 * Emptied first, or half of an old record could make a whole one of half a new one. But not
	 * without need: some file systems flush a file that was cut to nothing when it is closed.
	 */
	if (st.st_size > 0 && ftruncate(file->fd, 0) < 0)
		return -errno;
	return ivshmem_record_file_set_flags(file, record);
}

int ivshmem_record_file_remove(struct ivshmem_record_file *file)
{
	return unlinkat(file->dir.fd, file->file_name, 0) < 0 ? -errno : 0;
}
