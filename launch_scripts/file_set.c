/* SPDX-License-Identifier: BSD-3-Clause */
/* Temporary files first, renames when all of them are there. */
#include "launch_scripts/file_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fds.h"

static void drop_temporary(struct file_set_member *member)
{
	if (member->temporary)
		unlink(member->temporary);
	free(member->temporary);
	member->temporary = NULL;
}

void file_set_fini(struct file_set *set)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		drop_temporary(&set->members[i]);
		free(set->members[i].name);
		free(set->members[i].text);
	}
	free(set->members);
	*set = (struct file_set){ 0 };
}

int file_set_add(struct file_set *set, const char *name, char *text, size_t length)
{
	struct file_set_member *members;
	char *copy = strdup(name);

	members = copy ? reallocarray(set->members, set->count + 1, sizeof(*members)) : NULL;
	if (!members) {
		free(copy);
		free(text);
		return -ENOMEM;
	}
	set->members = members;
	members[set->count++] = (struct file_set_member){ copy, text, length, NULL };
	return 0;
}

/* "directory/name" with @suffix; the caller frees it. NULL: out of memory. */
static char *path_in(const char *directory, const char *prefix, const char *name,
		     const char *suffix)
{
	char *path;

	return asprintf(&path, "%s/%s%s%s", directory, prefix, name, suffix) < 0 ? NULL : path;
}

static int write_open(const struct file_set_member *member, int fd, mode_t mode)
{
	int ret = fd_write_all(fd, member->text, member->length, 0);

	if (ret == 0 && fchmod(fd, mode) < 0)
		ret = -errno;
	return ret;
}

static int write_temporary(struct file_set_member *member, const char *directory, mode_t mode,
			   struct error *err)
{
	char *path = path_in(directory, ".", member->name, ".XXXXXX");
	int fd, ret;

	if (!path)
		return error_set(err, -ENOMEM, "out of memory");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0) {
		ret = error_set(err, -errno, "cannot make a file in %s: %s", directory,
				strerror(errno));
		free(path);
		return ret;
	}
	member->temporary = path;
	ret = write_open(member, fd, mode);
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	return ret < 0 ? error_set(err, ret, "cannot write %s: %s", path, strerror(-ret)) : 0;
}

/* The one thing in the way of a rename that can be seen before. */
static int check_target(const struct file_set_member *member, const char *directory,
			struct error *err)
{
	char *path = path_in(directory, "", member->name, "");
	struct stat st;
	int ret = 0;

	if (!path)
		return error_set(err, -ENOMEM, "out of memory");
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		ret = error_set(err, -EISDIR, "%s is a directory: choose another --out",
				path);
	free(path);
	return ret;
}

static int rename_temporary(struct file_set_member *member, const char *directory,
			    struct error *err)
{
	char *path = path_in(directory, "", member->name, "");
	int ret = 0;

	if (!path)
		return error_set(err, -ENOMEM, "out of memory");
	if (rename(member->temporary, path) < 0) {
		ret = error_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	} else {
		free(member->temporary);
		member->temporary = NULL;
	}
	free(path);
	return ret;
}

static int write_members(struct file_set *set, const char *directory, mode_t mode,
			 struct error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < set->count && ret == 0; i++) {
		ret = check_target(&set->members[i], directory, err);
		if (ret == 0)
			ret = write_temporary(&set->members[i], directory, mode, err);
	}
	for (i = 0; i < set->count && ret == 0; i++)
		ret = rename_temporary(&set->members[i], directory, err);
	for (i = 0; i < set->count; i++)
		drop_temporary(&set->members[i]);
	return ret;
}

int file_set_write(struct file_set *set, const char *directory, mode_t mode, struct error *err)
{
	bool made = mkdir(directory, 0777) == 0;
	int ret;

	if (!made && errno != EEXIST)
		return error_set(err, -errno, "cannot make the directory %s: %s", directory,
				 strerror(errno));
	ret = write_members(set, directory, mode, err);
	if (ret < 0 && made)
		rmdir(directory);
	return ret;
}
