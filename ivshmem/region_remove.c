/* SPDX-License-Identifier: BSD-3-Clause */
/* Removing regions under the same locks that their users take. */
#include "ivshmem/region_remove.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ivshmem/object.h"
#include "ivshmem/record_file.h"
#include "ivshmem/region.h"
#include "ivshmem/region_join.h"
#include "ivshmem/region_list.h"

static int used_error(const struct ivshmem_record_file *file, const char *name, struct error *err)
{
	char who[IVSHMEM_USERS_TEXT_MAX];

	return error_set(err, -EBUSY, "region %s is used by %s: end that first", name,
			 ivshmem_users_text(file->fd, IVSHMEM_RECORD_USE, who));
}

/*
 * With the mutex held. What @info says may be old, so the record is asked again: a region that
 * somebody made and wants to be kept in the meantime is not stale any more.
 */
static int remove_locked(struct ivshmem_record_file *file, const struct ivshmem_region_info *info,
			 bool even_kept, struct error *err)
{
	struct ivshmem_record record;
	bool whole;
	int ret;

	ret = ivshmem_record_file_claim(file);
	if (ret == -EAGAIN)
		return used_error(file, ivshmem_region_info_name(info), err);
	if (ret < 0)
		return error_set(err, ret, "region %s: %s", ivshmem_region_info_name(info),
				 strerror(-ret));
	whole = ivshmem_record_file_read(file, &record) == 0;
	if (whole && record.keep && !even_kept &&
	    !(info->has_record && !strcmp(info->record.uuid, record.uuid)))
		return error_set(err, -EBUSY, "region %s is to be kept", record.name);
	return ivshmem_region_erase(file, whole ? &record : NULL, info->path, err);
}

/* An orphan gets a record for a moment: its locks keep away who would make the region anew. */
static int remove_info(const struct ivshmem_runtime_dir *dir,
		       const struct ivshmem_region_info *info, bool even_kept, unsigned int wait_ms,
		       struct error *err)
{
	const bool create = info->state == IVSHMEM_REGION_ORPHAN;
	struct ivshmem_record_file file;
	int ret;

	if (info->state == IVSHMEM_REGION_ELSEWHERE)
		return ivshmem_object_discard(info->path, 0, err);
	ret = ivshmem_record_file_open(&file, dir, info->key, create, wait_ms, err);
	/* Somebody else was faster. */
	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		return ret;
	ret = remove_locked(&file, info, even_kept, err);
	ivshmem_record_file_close(&file);
	return ret;
}

int ivshmem_region_remove(const struct ivshmem_name *name, struct error *err)
{
	struct ivshmem_region_info info;
	struct ivshmem_runtime_dir dir;
	int ret;

	ret = ivshmem_region_info_read(name, &info, err);
	if (ret < 0)
		return ret;
	ret = ivshmem_runtime_dir_open(&dir, err);
	if (ret == 0) {
		ret = remove_info(&dir, &info, true, IVSHMEM_REGION_WAIT_MS, err);
		ivshmem_runtime_dir_close(&dir);
	}
	ivshmem_region_info_fini(&info);
	return ret;
}

/* Goes through all regions in @state. The first failure is the one that is told. */
static int remove_all(enum ivshmem_region_state state, struct ivshmem_removed *ret_removed,
		      struct error *err)
{
	struct ivshmem_removed removed = { 0 };
	struct ivshmem_region_list list;
	struct ivshmem_runtime_dir dir;
	int ret, failure;
	size_t i;

	ret = ivshmem_region_list_read(&list, err);
	if (ret < 0)
		return ret;
	failure = ivshmem_runtime_dir_open(&dir, err);
	if (failure < 0)
		goto out_fini;
	for (i = 0; i < list.count; i++) {
		if (list.infos[i].state != state)
			continue;
		ret = remove_info(&dir, &list.infos[i], false, IVSHMEM_REGION_LIST_WAIT_MS,
				  failure ? NULL : err);
		if (ret == 0) {
			removed.regions++;
			removed.bytes += list.infos[i].allocated;
		} else if (ret != -EBUSY && failure == 0) {
			failure = ret;
		}
	}
	ivshmem_runtime_dir_close(&dir);
	*ret_removed = removed;
out_fini:
	ivshmem_region_list_fini(&list);
	return failure;
}

int ivshmem_region_remove_stale(struct ivshmem_removed *ret_removed, struct error *err)
{
	return remove_all(IVSHMEM_REGION_STALE, ret_removed, err);
}

int ivshmem_region_remove_orphans(struct ivshmem_removed *ret_removed, struct error *err)
{
	return remove_all(IVSHMEM_REGION_ORPHAN, ret_removed, err);
}
