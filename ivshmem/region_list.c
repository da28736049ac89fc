/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking at records and objects without changing anything. */
#include "ivshmem/region_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ivshmem/hugepages.h"
#include "ivshmem/object.h"
#include "ivshmem/ofd_lock.h"
#include "ivshmem/record_file.h"
#include "lib/fds.h"
#include "lib/util.h"

const char *ivshmem_region_state_text(enum ivshmem_region_state state)
{
	static const char *const texts[] = {
		[IVSHMEM_REGION_USED] = "used",
		[IVSHMEM_REGION_KEPT] = "kept",
		[IVSHMEM_REGION_STALE] = "stale",
		[IVSHMEM_REGION_DAMAGED] = "damaged",
		[IVSHMEM_REGION_BUSY] = "busy",
		[IVSHMEM_REGION_ORPHAN] = "orphan",
		[IVSHMEM_REGION_ELSEWHERE] = "elsewhere",
	};

	return texts[state];
}

static void info_stat_object(struct ivshmem_region_info *info)
{
	struct stat st;

	if (lstat(info->path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	info->has_object = true;
	info->inode = st.st_ino;
	info->size = (uint64_t)st.st_size;
	info->allocated = (uint64_t)st.st_blocks * 512;
	info->uid = st.st_uid;
	info->gid = st.st_gid;
	info->mode = st.st_mode & 07777;
}

/* Those who hold the object's lock. Reading is enough to ask. */
static void info_find_object_users(struct ivshmem_region_info *info)
{
	int fd = open(info->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return;
	ivshmem_users_find(&info->users, fd, IVSHMEM_OBJECT_USE);
	fd_close(&fd);
}

/* With the mutex held. */
static void info_read_record(struct ivshmem_region_info *info,
			     const struct ivshmem_record_file *file)
{
	bool whole;

	info->has_record = ivshmem_record_file_read(file, &info->record) == 0;
	if (info->has_record)
		memcpy(info->path, info->record.path, sizeof(info->path));
	info_stat_object(info);
	whole = info->has_record && info->has_object && info->inode == info->record.inode &&
		info->size == info->record.size;
	ivshmem_users_find(&info->users, file->fd, IVSHMEM_RECORD_USE);
	/* A user may have died and left the descriptor to somebody else. */
	if (!info->users.locked && whole)
		info_find_object_users(info);
	if (info->users.locked)
		info->state = whole ? IVSHMEM_REGION_USED : IVSHMEM_REGION_DAMAGED;
	else
		info->state = whole && info->record.keep ? IVSHMEM_REGION_KEPT
							 : IVSHMEM_REGION_STALE;
}

static void info_init(struct ivshmem_region_info *info, const char *key, const char *dir)
{
	memset(info, 0, sizeof(*info));
	snprintf(info->key, sizeof(info->key), "%s", key);
	snprintf(info->path, sizeof(info->path), "%s" IVSHMEM_OBJECT_PREFIX "%s", dir, key);
}

/* Returns 0, -ENOENT or -errno. */
static int info_from_record(struct ivshmem_region_info *info, const struct ivshmem_runtime_dir *dir,
			    const char *key, struct error *err)
{
	struct ivshmem_record_file file;
	int ret;

	info_init(info, key, IVSHMEM_SHM_DIR);
	ret = ivshmem_record_file_open(&file, dir, key, false, IVSHMEM_REGION_LIST_WAIT_MS, err);
	if (ret == -ETIMEDOUT) {
		info->state = IVSHMEM_REGION_BUSY;
		info_stat_object(info);
		return 0;
	}
	if (ret < 0)
		return ret;
	info_read_record(info, &file);
	ivshmem_record_file_close(&file);
	return 0;
}

/* @info knows its path. Returns 0, or -ENOENT if there is no object. */
static int info_from_object(struct ivshmem_region_info *info)
{
	info_stat_object(info);
	if (!info->has_object)
		return -ENOENT;
	info_find_object_users(info);
	info->state = info->users.locked || info->uid != geteuid() ? IVSHMEM_REGION_ELSEWHERE :
								      IVSHMEM_REGION_ORPHAN;
	return 0;
}

void ivshmem_region_info_fini(struct ivshmem_region_info *info)
{
	ivshmem_users_fini(&info->users);
}

const char *ivshmem_region_info_name(const struct ivshmem_region_info *info)
{
	return info->has_record ? info->record.name : info->path;
}

/* The directories that objects may be in. */
#define OBJECT_DIRS 3

static size_t find_object_dirs(char dirs[OBJECT_DIRS][IVSHMEM_PATH_MAX])
{
	static const uint64_t page_sizes[] = { 2 * MIB, GIB };
	size_t i, count = 0;

	strcpy(dirs[count++], IVSHMEM_SHM_DIR);
	for (i = 0; i < ARRAY_SIZE(page_sizes); i++)
		if (hugepages_mount(page_sizes[i], dirs[count], IVSHMEM_PATH_MAX - 64, NULL) == 0)
			count++;
	return count;
}

/* "<before>KEY<after>", KEY being 32 hexadecimal digits. */
static bool key_of_file(const char *file_name, const char *before, const char *after,
			char ret_key[IVSHMEM_KEY_MAX])
{
	const size_t skip = strlen(before), length = IVSHMEM_KEY_MAX - 1;

	if (strncmp(file_name, before, skip) ||
	    strspn(file_name + skip, "0123456789abcdef") != length ||
	    strcmp(file_name + skip + length, after))
		return false;
	snprintf(ret_key, IVSHMEM_KEY_MAX, "%s", file_name + skip);
	return true;
}

/* Room for one more at the end, or NULL. It counts once the caller says so. */
static struct ivshmem_region_info *list_grow(struct ivshmem_region_list *list)
{
	struct ivshmem_region_info *infos;

	infos = realloc(list->infos, (list->count + 1) * sizeof(*infos));
	if (!infos)
		return NULL;
	list->infos = infos;
	return &infos[list->count];
}

/* A record that cannot be read (a link, no file) is shown as stale, instead of showing nothing. */
static int list_records(struct ivshmem_region_list *list, const struct ivshmem_runtime_dir *dir)
{
	struct ivshmem_region_info *info;
	char key[IVSHMEM_KEY_MAX];
	struct dirent *entry;
	int ret = 0;
	DIR *stream;

	stream = opendir(dir->path);
	if (!stream)
		return -errno;
	while (ret == 0 && (entry = readdir(stream))) {
		if (!key_of_file(entry->d_name, "", IVSHMEM_RECORD_SUFFIX, key))
			continue;
		info = list_grow(list);
		ret = info ? info_from_record(info, dir, key, NULL) : -ENOMEM;
		if (ret == -ENOENT) {
			ret = 0;
			continue;
		}
		if (info && ret < 0) {
			info->state = IVSHMEM_REGION_STALE;
			ret = 0;
		}
		list->count += ret == 0;
	}
	closedir(stream);
	return ret;
}

/* All objects, for a start as orphans; those that have a record are taken out by list_settle(). */
static int list_objects(struct ivshmem_region_list *list, const char *dir)
{
	struct ivshmem_region_info *info;
	char key[IVSHMEM_KEY_MAX];
	struct dirent *entry;
	int ret = 0;
	DIR *stream;

	stream = opendir(dir);
	if (!stream)
		return 0;
	while (ret == 0 && (entry = readdir(stream))) {
		if (!key_of_file(entry->d_name, &IVSHMEM_OBJECT_PREFIX[1], "", key))
			continue;
		info = list_grow(list);
		if (!info) {
			ret = -ENOMEM;
			break;
		}
		info_init(info, key, dir);
		info->state = IVSHMEM_REGION_ORPHAN;
		list->count++;
	}
	closedir(stream);
	return ret;
}

/* A record that could not be read in time may be of an object in any directory. */
static bool has_record_file(const struct ivshmem_region_list *list,
			    const struct ivshmem_region_info *object)
{
	const struct ivshmem_region_info *info;
	size_t i;

	for (i = 0; i < list->count; i++) {
		info = &list->infos[i];
		if (info->state < IVSHMEM_REGION_ORPHAN && !strcmp(info->key, object->key) &&
		    (info->state == IVSHMEM_REGION_BUSY || !strcmp(info->path, object->path)))
			return true;
	}
	return false;
}

/*
 * Objects were read before records, so one whose record was not seen has none, unless its region
 * was removed in between, and then the object is gone too.
 */
static void list_settle(struct ivshmem_region_list *list)
{
	struct ivshmem_region_info *info;
	size_t i, kept = 0;

	for (i = 0; i < list->count; i++) {
		info = &list->infos[i];
		if (info->state != IVSHMEM_REGION_ORPHAN ||
		    (!has_record_file(list, info) && info_from_object(info) == 0))
			list->infos[kept++] = *info;
	}
	list->count = kept;
}

static int compare_infos(const void *a, const void *b)
{
	const struct ivshmem_region_info *x = a, *y = b;

	if (x->has_record != y->has_record)
		return x->has_record ? -1 : 1;
	return x->has_record ? strcmp(x->record.name, y->record.name) : strcmp(x->path, y->path);
}

int ivshmem_region_list_read(struct ivshmem_region_list *ret_list, struct error *err)
{
	char dirs[OBJECT_DIRS][IVSHMEM_PATH_MAX];
	struct ivshmem_region_list list = { 0 };
	struct ivshmem_runtime_dir dir;
	size_t i, count;
	int ret;

	ret = ivshmem_runtime_dir_open(&dir, err);
	if (ret < 0)
		return ret;
	count = find_object_dirs(dirs);
	for (i = 0; ret == 0 && i < count; i++)
		ret = list_objects(&list, dirs[i]);
	if (ret == 0)
		ret = list_records(&list, &dir);
	list_settle(&list);
	if (ret < 0) {
		error_set(err, ret, "runtime directory %s: %s", dir.path, strerror(-ret));
		ivshmem_region_list_fini(&list);
	} else {
		if (list.count > 1)
			qsort(list.infos, list.count, sizeof(*list.infos), compare_infos);
		*ret_list = list;
	}
	ivshmem_runtime_dir_close(&dir);
	return ret;
}

void ivshmem_region_list_fini(struct ivshmem_region_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		ivshmem_region_info_fini(&list->infos[i]);
	free(list->infos);
	list->infos = NULL;
	list->count = 0;
}

int ivshmem_region_info_read(const struct ivshmem_name *name, struct ivshmem_region_info *ret_info,
			     struct error *err)
{
	char dirs[OBJECT_DIRS][IVSHMEM_PATH_MAX], key[IVSHMEM_KEY_MAX];
	struct ivshmem_region_info info;
	struct ivshmem_runtime_dir dir;
	size_t i, count;
	int ret;

	ret = ivshmem_name_key(name, key);
	if (ret < 0)
		return error_set(err, ret, "region %s has no memory here", name->text);
	ret = ivshmem_runtime_dir_open(&dir, err);
	if (ret < 0)
		return ret;
	ret = info_from_record(&info, &dir, key, err);
	count = ret == -ENOENT ? find_object_dirs(dirs) : 0;
	for (i = 0; ret == -ENOENT && i < count; i++) {
		info_init(&info, key, dirs[i]);
		ret = info_from_object(&info);
	}
	if (ret == 0)
		*ret_info = info;
	else if (ret == -ENOENT)
		error_set(err, ret, "there is no region %s (runtime directory %s)", name->text,
			  dir.path);
	ivshmem_runtime_dir_close(&dir);
	return ret;
}
