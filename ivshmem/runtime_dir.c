/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding, making and distrusting the runtime directory. */
#include "ivshmem/runtime_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fds.h"

#define OVERRIDE "IVSHMEM_RUNTIME_DIR"

/* An empty variable counts as unset, as for the XDG directories. */
static const char *variable(const char *key)
{
	const char *value = secure_getenv(key);

	return value && value[0] ? value : NULL;
}

static int runtime_dir_path(char path[IVSHMEM_RUNTIME_DIR_MAX], struct error *err)
{
	const char *override = variable(OVERRIDE), *xdg = variable("XDG_RUNTIME_DIR");
	int length;

	if (override)
		length = snprintf(path, IVSHMEM_RUNTIME_DIR_MAX, "%s", override);
	else if (geteuid() == 0)
		length = snprintf(path, IVSHMEM_RUNTIME_DIR_MAX, "/run/acrn-ivshmem");
	else if (xdg)
		length = snprintf(path, IVSHMEM_RUNTIME_DIR_MAX, "%s/acrn-ivshmem", xdg);
	else
		return error_set(err, -EINVAL,
				 "no place for region records: XDG_RUNTIME_DIR is not set; set it"
				 " or " OVERRIDE " to a directory of your own");
	if (length < 0 || length >= IVSHMEM_RUNTIME_DIR_MAX)
		return error_set(err, -EINVAL, "the path in %s is too long",
				 override ? OVERRIDE : "XDG_RUNTIME_DIR");
	if (path[0] != '/')
		return error_set(err, -EINVAL,
				 "runtime directory \"%s\": set %s to an absolute path", path,
				 override ? OVERRIDE : "XDG_RUNTIME_DIR");
	/* O_NOFOLLOW would follow a link whose name ends with a slash. */
	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	return 0;
}

static int runtime_dir_check(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "runtime directory %s: %s", path, strerror(errno));
	if (st.st_uid != geteuid())
		return error_set(err, -EPERM,
				 "runtime directory %s belongs to uid %u, not to uid %u: remove "
				 "it, or set " OVERRIDE " to a directory of your own",
				 path, (unsigned int)st.st_uid, (unsigned int)geteuid());
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, -EPERM,
				 "runtime directory %s may be written to by others (mode %04o):"
				 " chmod 0700 it",
				 path, (unsigned int)(st.st_mode & 07777));
	return 0;
}

static int runtime_dir_open_error(int code, const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		return error_set(err, -ELOOP,
				 "runtime directory %s is a symbolic link: remove it, or set"
				 " " OVERRIDE " to the directory itself",
				 path);
	return error_set(err, code, "runtime directory %s: %s; " OVERRIDE " names another one",
			 path, strerror(-code));
}

int ivshmem_runtime_dir_open(struct ivshmem_runtime_dir *ret_dir, struct error *err)
{
	char path[IVSHMEM_RUNTIME_DIR_MAX];
	int fd, ret;

	ret = runtime_dir_path(path, err);
	if (ret < 0)
		return ret;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return runtime_dir_open_error(-errno, path, err);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return runtime_dir_open_error(-errno, path, err);
	ret = runtime_dir_check(fd, path, err);
	if (ret < 0) {
		fd_close(&fd);
		return ret;
	}
	ret_dir->fd = fd;
	memcpy(ret_dir->path, path, sizeof(path));
	return 0;
}

void ivshmem_runtime_dir_close(struct ivshmem_runtime_dir *dir)
{
	fd_close(&dir->fd);
}
