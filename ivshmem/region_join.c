/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Joining a region: as one more user of what others use, as the first one of what was kept, of what
 * another program made, or of something new.
 *
 * The order in which a new region comes to be lets a user die at any point: memory without a name,
 * the record that knows its inode, then the name. So a name without a matching record was never
 * this region's, and a record without its object stands for nothing.
 */
#include "ivshmem/region_join.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "ivshmem/users.h"
#include "lib/parse.h"

/* "acrn-dm (pid 12) on 2025-01-31 12:00:00" */
#define MAKER_MAX 96

static const char *maker_text(const struct ivshmem_record *record, char text[MAKER_MAX])
{
	time_t created = (time_t)record->created;
	char date[32] = "an unknown day";
	struct tm tm;

	if (localtime_r(&created, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(text, MAKER_MAX, "%s (pid %" PRIu64 ") on %s", record->program, record->pid, date);
	return text;
}

static int record_error(const struct ivshmem_record_file *file, int code, struct error *err)
{
	return error_set(err, code, "region record %s/%s: %s", file->dir.path, file->file_name,
			 strerror(-code));
}

/* A record of another region under this one's file name is as good as none. */
static int record_read(const struct ivshmem_region_request *request,
		       const struct ivshmem_record_file *file, struct ivshmem_record *ret_record)
{
	struct ivshmem_record record;
	int ret;

	ret = ivshmem_record_file_read(file, &record);
	if (ret < 0)
		return ret;
	if (strcmp(record.name, request->name))
		return -EBADMSG;
	*ret_record = record;
	return 0;
}

static int check_place(const struct ivshmem_region_request *request,
		       const struct ivshmem_record *record, struct error *err)
{
	char asked[SIZE_TEXT_MAX], is[SIZE_TEXT_MAX] = "", maker[MAKER_MAX];
	bool same_path = !strcmp(request->path, record->path);

	if (record->hugepage_size)
		size_text(record->hugepage_size, is);
	if (request->hugepage_size && request->hugepage_size != record->hugepage_size)
		return error_set(err, -EINVAL,
				 "region %s was made %s%s by %s, not with hugepages=%s as asked"
				 " for now",
				 record->name, is[0] ? "with hugepages=" : "without hugepages", is,
				 maker_text(record, maker),
				 size_text(request->hugepage_size, asked));
	/* Who names neither pages nor object takes huge pages as they are, no foreign object. */
	if (!same_path && (request->literal || !record->hugepage_size))
		return error_set(err, -EINVAL,
				 "region %s was made on the object %s by %s, not on %s as asked"
				 " for now: give all its users the same shm= option, or none",
				 record->name, record->path, maker_text(record, maker),
				 request->path);
	return 0;
}

static int check_group(const struct ivshmem_region_request *request,
		       const struct ivshmem_object *object, struct error *err)
{
	if (request->gid == IVSHMEM_NO_GROUP ||
	    (request->gid == object->gid && (object->mode & 0060) == 0060))
		return 0;
	return error_set(err, -EINVAL,
			 "memory object %s of region %s has group %u and mode %04o, not the group"
			 " %u asked for: give all users of the region the same group= option",
			 object->path, request->name, (unsigned int)object->gid,
			 (unsigned int)(object->mode & 0777), (unsigned int)request->gid);
}

static int check_size(const struct ivshmem_region_request *request,
		      const struct ivshmem_record *record, bool in_use, struct error *err)
{
	char asked[SIZE_TEXT_MAX], is[SIZE_TEXT_MAX], maker[MAKER_MAX];

	if (request->size == record->size)
		return 0;
	return error_set(err, -EINVAL,
			 "region %s was made with size %s by %s, not with size %s as asked for"
			 " now: give all its users the same size%s%s",
			 record->name, size_text(record->size, is), maker_text(record, maker),
			 size_text(request->size, asked), in_use ? "" : ", or ivshmemctl remove ",
			 in_use ? "" : record->name);
}

static int check_fit(const struct ivshmem_region_request *request,
		     const struct ivshmem_record *record, bool in_use, struct error *err)
{
	int ret;

	ret = check_size(request, record, in_use, err);
	return ret < 0 ? ret : check_place(request, record, err);
}

/* The object that the record speaks of, if it is still there, and unharmed. */
static int open_recorded(const struct ivshmem_record *record, enum ofd_lock lock,
			 struct ivshmem_object *ret_object, struct error *err)
{
	struct ivshmem_object object;
	int ret;

	ret = ivshmem_object_open(&object, record->path, lock, err);
	if (ret < 0)
		return ret;
	if (object.inode != record->inode || object.size != record->size) {
		ivshmem_object_close(&object);
		return -ENOENT;
	}
	*ret_object = object;
	return 0;
}

/* What can only happen if somebody meddles with the files of a region in use. */
static int damage_error(const struct ivshmem_record_file *file, const char *name, int code,
			struct error *err)
{
	char who[IVSHMEM_USERS_TEXT_MAX];

	if (code != -EBADMSG && code != -ENOENT)
		return code;
	ivshmem_users_text(file->fd, IVSHMEM_RECORD_USE, who);
	return error_set(err, code,
			 "region %s is used by %s, but its %s was %s by somebody else: end them,"
			 " then start again",
			 name, who, code == -EBADMSG ? "record" : "memory object",
			 code == -EBADMSG ? "overwritten" : "removed or replaced");
}

static int join_others(const struct ivshmem_region_request *request,
		       struct ivshmem_record_file *file, struct ivshmem_region_seat *seat,
		       struct error *err)
{
	int ret;

	ret = record_read(request, file, &seat->record);
	if (ret < 0)
		return damage_error(file, request->name, ret, err);
	ret = check_fit(request, &seat->record, true, err);
	if (ret < 0)
		return ret;
	ret = open_recorded(&seat->record, OFD_LOCK_SHARED, &seat->object, err);
	if (ret < 0)
		return damage_error(file, request->name, ret, err);
	ret = check_group(request, &seat->object, err);
	if (ret == 0 && request->keep && !seat->record.keep) {
		seat->record.keep = true;
		ret = ivshmem_record_file_set_flags(file, &seat->record);
		if (ret < 0)
			record_error(file, ret, err);
	}
	if (ret < 0)
		ivshmem_object_close(&seat->object);
	return ret;
}

static void record_fill(struct ivshmem_record *record, const struct ivshmem_region_request *request,
			const struct ivshmem_object *object, bool owned)
{
	uuid_t uuid;

	memset(record, 0, sizeof(*record));
	snprintf(record->name, sizeof(record->name), "%s", request->name);
	snprintf(record->path, sizeof(record->path), "%s", object->path);
	record->inode = object->inode;
	record->size = object->size;
	record->hugepage_size = request->hugepage_size;
	uuid_generate(uuid);
	uuid_unparse_lower(uuid, record->uuid);
	record->pid = (uint64_t)getpid();
	ivshmem_program_name(getpid(), record->program);
	record->created = (uint64_t)time(NULL);
	record->owned = owned;
	record->keep = request->keep;
}

/* Another program's object is taken as it is, if it fits. */
static int join_foreign(const struct ivshmem_region_request *request,
			struct ivshmem_record_file *file, struct ivshmem_region_seat *seat,
			struct error *err)
{
	char asked[SIZE_TEXT_MAX], is[SIZE_TEXT_MAX];
	int ret;

	if (seat->object.size != request->size)
		return error_set(err, -EINVAL,
				 "memory object %s has size %s, not the %s asked for: use its"
				 " size, or remove it if the program that made it is gone",
				 seat->object.path, size_text(seat->object.size, is),
				 size_text(request->size, asked));
	ret = check_group(request, &seat->object, err);
	if (ret < 0)
		return ret;
	record_fill(&seat->record, request, &seat->object, false);
	ret = ivshmem_record_file_write(file, &seat->record);
	return ret < 0 ? record_error(file, ret, err) : 0;
}

/* Returns 0, or -EEXIST if some other program took the name in the meantime, or -errno. */
static int join_new(const struct ivshmem_region_request *request, struct ivshmem_record_file *file,
		    struct ivshmem_region_seat *seat, struct error *err)
{
	int ret;

	ret = ivshmem_object_make(&seat->object, request->path, request->size,
				  request->hugepage_size, request->gid, err);
	if (ret < 0)
		return ret;
	record_fill(&seat->record, request, &seat->object, true);
	ret = ivshmem_record_file_write(file, &seat->record);
	if (ret < 0)
		record_error(file, ret, err);
	else
		ret = ivshmem_object_publish(&seat->object, err);
	if (ret < 0)
		ivshmem_object_close(&seat->object);
	seat->created = ret == 0;
	return ret;
}

/*
 * Nobody uses the region and nothing of it is to be kept. What lies at its own path is a left-over,
 * to be replaced and not emptied, as somebody might have it mapped; what lies at a literal path is
 * another program's.
 */
static int join_fresh(const struct ivshmem_region_request *request,
		      struct ivshmem_record_file *file, struct ivshmem_region_seat *seat,
		      struct error *err)
{
	int ret;

	do {
		ret = ivshmem_object_open(&seat->object, request->path, OFD_LOCK_EXCLUSIVE, err);
		if (ret == 0) {
			ret = request->literal ? join_foreign(request, file, seat, err) :
						 ivshmem_object_unlink(&seat->object, err);
			if (ret == 0 && request->literal)
				return 0;
			ivshmem_object_close(&seat->object);
		}
		if (ret < 0 && ret != -ENOENT)
			return ret;
		ret = join_new(request, file, seat, err);
	} while (ret == -EEXIST);
	return ret;
}

/*
 * Nobody uses the region, but there is a record of it. Returns 0 if that still stands for something
 * to go on with, -ENOENT if not, or another -errno.
 */
static int join_recorded(const struct ivshmem_region_request *request,
			 struct ivshmem_record_file *file, struct ivshmem_region_seat *seat,
			 struct error *err)
{
	int ret;

	ret = open_recorded(&seat->record, OFD_LOCK_EXCLUSIVE, &seat->object, NULL);
	/* Whoever has a duplicate of a dead user's descriptor, and so its memory, still counts. */
	if (ret == -EBUSY)
		return join_others(request, file, seat, err);
	if (ret < 0)
		return -ENOENT;
	if (seat->record.keep) {
		ret = check_fit(request, &seat->record, false, err);
		if (ret == 0)
			ret = check_group(request, &seat->object, err);
	} else {
		ret = -ENOENT;
		if (seat->record.owned)
			ivshmem_object_unlink(&seat->object, NULL);
	}
	if (ret < 0)
		ivshmem_object_close(&seat->object);
	return ret;
}

static int join_first(const struct ivshmem_region_request *request,
		      struct ivshmem_record_file *file, struct ivshmem_region_seat *seat,
		      struct error *err)
{
	int ret;

	ret = record_read(request, file, &seat->record);
	if (ret == 0)
		ret = join_recorded(request, file, seat, err);
	else if (ret != -EBADMSG)
		return record_error(file, ret, err);
	if (ret != -ENOENT && ret != -EBADMSG)
		return ret;
	ret = join_fresh(request, file, seat, err);
	/* The record, if there was one, only named what was stale. */
	if (ret < 0)
		ivshmem_record_file_remove(file);
	return ret;
}

int ivshmem_region_join(const struct ivshmem_region_request *request,
			struct ivshmem_record_file *file, struct ivshmem_region_seat *ret_seat,
			struct error *err)
{
	struct ivshmem_region_seat seat = { .object = { .fd = -1 } };
	int ret;

	ret = ivshmem_record_file_claim(file);
	if (ret == 0)
		ret = join_first(request, file, &seat, err);
	else if (ret == -EAGAIN)
		ret = join_others(request, file, &seat, err);
	else
		record_error(file, ret, err);
	if (ret < 0)
		return ret;
	/* These only give way, so they cannot fail. */
	ivshmem_record_file_share(file);
	ivshmem_object_share(&seat.object);
	*ret_seat = seat;
	return 0;
}

int ivshmem_region_erase(struct ivshmem_record_file *file, const struct ivshmem_record *record,
			 const char *path, struct error *err)
{
	int ret = 0, removed;

	if (!record)
		ret = ivshmem_object_discard(path, 0, err);
	else if (record->owned)
		ret = ivshmem_object_discard(record->path, record->inode, err);
	if (ret == -EBUSY && record)
		return ret;
	removed = ivshmem_record_file_remove(file);
	if (ret == 0 && removed < 0)
		ret = record_error(file, removed, err);
	return ret;
}
