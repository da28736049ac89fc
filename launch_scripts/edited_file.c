/* SPDX-License-Identifier: BSD-3-Clause */
/* Locking, reading, and replacing by rename(2). */
#include "launch_scripts/edited_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/fds.h"

static int fail(const struct edited_file *file, const char *what, struct error *err)
{
	return error_set(err, -errno, "%s: %s: %s", file->name, what, strerror(errno));
}

/*
 * Open and lock @file->path. Who had the lock before has put another file in its place: then that
 * one is to be opened. Returns 0 or -errno with @err.
 */
static int open_locked(struct edited_file *file, struct error *err)
{
	struct stat now;

	for (;;) {
		file->lock = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (file->lock < 0 || fstat(file->lock, &file->stat) < 0)
			return fail(file, "cannot be opened", err);
		if (!S_ISREG(file->stat.st_mode))
			return error_set(err, -EINVAL, "%s is no regular file", file->name);
		/* Not every file system has locks; one who edits a file there does so alone. */
		if (flock(file->lock, LOCK_EX) < 0 && errno != ENOLCK && errno != ENOTSUP)
			return fail(file, "cannot be locked", err);
		if (stat(file->path, &now) == 0 && now.st_dev == file->stat.st_dev &&
		    now.st_ino == file->stat.st_ino)
			return 0;
		fd_close(&file->lock);
	}
}

static int read_text(struct edited_file *file, struct error *err)
{
	int ret;

	if (fstat(file->lock, &file->stat) < 0)
		return fail(file, "cannot be read", err);
	if ((size_t)file->stat.st_size > EDITED_FILE_SIZE_MAX)
		return error_set(err, -EFBIG, "%s: %lld bytes are more than %zu", file->name,
				 (long long)file->stat.st_size, EDITED_FILE_SIZE_MAX);
	file->size = (size_t)file->stat.st_size;
	file->text = malloc(file->size + 1);
	if (!file->text)
		return error_set(err, -ENOMEM, "%s: out of memory", file->name);
	ret = fd_read_all(file->lock, file->text, file->size, 0);
	if (ret < 0)
		return error_set(err, ret, "%s: cannot be read: %s", file->name, strerror(-ret));
	file->text[file->size] = '\0';
	return 0;
}

/* There is no such file, and no link that points nowhere either, which a rename would replace. */
static int begin_missing(struct edited_file *file, struct error *err)
{
	if (lstat(file->name, &file->stat) == 0)
		return error_set(err, -ENOENT, "%s is a symbolic link to a file that is not there",
				 file->name);
	file->path = strdup(file->name);
	file->text = strdup("");
	if (!file->path || !file->text)
		return error_set(err, -ENOMEM, "%s: out of memory", file->name);
	return 0;
}

int edited_file_open(struct edited_file *file, const char *name, bool may_be_missing,
		     struct error *err)
{
	int ret;

	*file = (struct edited_file){ .name = name, .lock = -1 };
	file->path = realpath(name, NULL);
	if (file->path)
		ret = open_locked(file, err);
	else if (errno == ENOENT && may_be_missing)
		ret = begin_missing(file, err);
	else
		ret = fail(file, "cannot be opened", err);
	if (ret == 0 && file->lock >= 0)
		ret = read_text(file, err);
	if (ret < 0)
		edited_file_close(file);
	return ret;
}

/* The new file is what the old one was, but for its text. */
static int adopt(const struct edited_file *file, int fd)
{
	mode_t mask;

	if (file->lock < 0) {
		mask = umask(0);
		umask(mask);
		return fchmod(fd, 0666 & ~mask);
	}
	if ((file->stat.st_uid != geteuid() || file->stat.st_gid != getegid()) &&
	    fchown(fd, file->stat.st_uid, file->stat.st_gid) < 0)
		return -1;
	return fchmod(fd, file->stat.st_mode & 07777);
}

static int fill(const struct edited_file *file, int fd, const char *text, size_t size,
		struct error *err)
{
	int ret = fd_write_all(fd, text, size, 0);

	if (ret < 0)
		return error_set(err, ret, "%s: cannot be written: %s", file->name,
				 strerror(-ret));
	if (adopt(file, fd) < 0)
		return fail(file, "its owner and mode cannot be kept", err);
	if (fsync(fd) < 0)
		return fail(file, "cannot be written", err);
	return 0;
}

/* Best effort: the rename has been done, and is seen by everybody. */
static void sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd;

	if (!copy)
		return;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		fsync(fd);
	fd_close(&fd);
	free(copy);
}

/* A file that somebody else has made meanwhile is not replaced, if the file system can tell. */
static int move_into_place(const struct edited_file *file, const char *temporary)
{
	if (file->lock >= 0)
		return rename(temporary, file->path);
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0)
		return 0;
	return errno == EINVAL || errno == ENOSYS ? rename(temporary, file->path) : -1;
}

static int replace(const struct edited_file *file, const char *text, size_t size, struct error *err)
{
	char *temporary;
	int fd, ret;

	if (asprintf(&temporary, "%s.XXXXXX", file->path) < 0)
		return error_set(err, -ENOMEM, "%s: out of memory", file->name);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		ret = fail(file, "a new file cannot be made beside it", err);
		goto out_free;
	}
	ret = fill(file, fd, text, size, err);
	fd_close(&fd);
	if (ret == 0 && move_into_place(file, temporary) < 0)
		ret = fail(file, "cannot be put in its place", err);
	if (ret < 0)
		unlink(temporary);
	else
		sync_directory(file->path);
out_free:
	free(temporary);
	return ret;
}

/* Who is interrupted in between would leave the temporary file behind. */
int edited_file_replace(const struct edited_file *file, const char *text, size_t size,
			struct error *err)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	ret = replace(file, text, size, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret;
}

void edited_file_close(struct edited_file *file)
{
	fd_close(&file->lock);
	free(file->path);
	free(file->text);
	file->path = file->text = NULL;
}
