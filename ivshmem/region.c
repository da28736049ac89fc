/* SPDX-License-Identifier: BSD-3-Clause */
/* Attaching to regions and detaching from them. */
#include "ivshmem/region.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ivshmem/hugepages.h"
#include "ivshmem/region_join.h"
#include "lib/parse.h"
#include "lib/util.h"

struct ivshmem_region {
	struct ivshmem_record_file file; /* its use lock is what makes this a user */
	struct ivshmem_region_seat seat;
	void *memory; /* NULL until it is mapped */
};

/* Making a large region takes a while, and the others have to wait for it. */
static unsigned int wait_ms(uint64_t size)
{
	return IVSHMEM_REGION_WAIT_MS + 1000 * (unsigned int)(size / GIB);
}

static int check_sizes(const struct ivshmem_region_params *params, struct error *err)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char size[SIZE_TEXT_MAX], huge[SIZE_TEXT_MAX];

	size_text(params->size, size);
	if (!is_power_of_two(params->size) || params->size < page ||
	    params->size > IVSHMEM_REGION_SIZE_MAX)
		return error_set(err, -EINVAL,
				 "region %s: size %s is not allowed: it must be a power of two"
				 " from %s to 1T",
				 params->name.text, size, size_text(page, huge));
	size_text(params->hugepage_size, huge);
	if (params->hugepage_size && params->hugepage_size != 2 * MIB &&
	    params->hugepage_size != GIB)
		return error_set(err, -EINVAL,
				 "region %s: hugepages=%s: only 2M and 1G are allowed",
				 params->name.text, huge);
	if (params->hugepage_size > params->size)
		return error_set(err, -EINVAL,
				 "region %s: size %s is less than one page of hugepages=%s",
				 params->name.text, size, huge);
	return 0;
}

/* A POSIX object name in the portable form: one slash, in front. */
static int check_shm_object(const struct ivshmem_region_params *params, struct error *err)
{
	const char *object = params->shm_object, *p;
	size_t length = strlen(object);
	bool good;

	good = object[0] == '/' && length > 1 && length <= 255 && strcmp(object, "/.") &&
	       strcmp(object, "/..");
	for (p = object + 1; good && *p; p++)
		good = *p > 0x20 && *p < 0x7f && *p != '/';
	if (!good)
		return error_set(err, -EINVAL,
				 "region %s: shm=%.80s: a slash and 1 to 254 printable characters"
				 " other than a slash are allowed",
				 params->name.text, object);
	if (!strncmp(object, IVSHMEM_OBJECT_PREFIX, strlen(IVSHMEM_OBJECT_PREFIX)))
		return error_set(err, -EINVAL,
				 "region %s: shm=%.80s: that is the object of a region; give its"
				 " dm:/ name instead",
				 params->name.text, object);
	if (params->hugepage_size)
		return error_set(err, -EINVAL,
				 "region %s: shm= and hugepages= exclude each other: POSIX objects"
				 " have no huge pages",
				 params->name.text);
	return 0;
}

static int check_params(const struct ivshmem_region_params *params, struct error *err)
{
	int ret;

	if (params->name.land != IVSHMEM_LAND_DM)
		return error_set(err, -EINVAL,
				 "region %s belongs to the hypervisor: only dm:/ regions can be"
				 " opened here",
				 params->name.text);
	ret = check_sizes(params, err);
	if (ret == 0 && params->shm_object)
		ret = check_shm_object(params, err);
	return ret;
}

static int find_group(const char *group, gid_t *ret_gid, struct error *err)
{
	struct group entry, *found = NULL;
	char *strings;
	size_t size = 4096;
	int ret;

	do {
		strings = malloc(size);
		if (!strings)
			return error_set(err, -ENOMEM, "group=%s: out of memory", group);
		ret = getgrnam_r(group, &entry, strings, size, &found);
		if (found)
			*ret_gid = entry.gr_gid;
		free(strings);
		size *= 2;
	} while (ret == ERANGE && size <= MIB);
	return found ? 0 : error_set(err, -EINVAL, "group=%.80s: there is no such group", group);
}

static int request_init(struct ivshmem_region_request *request,
			const struct ivshmem_region_params *params, struct error *err)
{
	char dir[IVSHMEM_PATH_MAX - 256] = IVSHMEM_SHM_DIR, object[IVSHMEM_OBJECT_MAX];
	int ret;

	*request = (struct ivshmem_region_request){
		.name = params->name.text,
		.literal = params->shm_object != NULL,
		.size = params->size,
		.hugepage_size = params->hugepage_size,
		.gid = IVSHMEM_NO_GROUP,
		.keep = params->keep,
	};
	ret = ivshmem_name_object(&params->name, object);
	if (ret < 0)
		return error_set(err, ret, "region %s: libcrypto has no SHA-256",
				 params->name.text);
	if (params->group)
		ret = find_group(params->group, &request->gid, err);
	if (ret == 0 && params->hugepage_size)
		ret = hugepages_mount(params->hugepage_size, dir, sizeof(dir), err);
	if (ret < 0)
		return ret;
	snprintf(request->path, sizeof(request->path), "%s%s", dir,
		 params->shm_object ? params->shm_object : object);
	return 0;
}

static int map_memory(struct ivshmem_region *region, bool prefault, struct error *err)
{
	const struct ivshmem_record *record = &region->seat.record;
	char size[SIZE_TEXT_MAX];
	void *memory;

	memory = mmap(NULL, record->size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | (prefault ? MAP_POPULATE : 0), region->seat.object.fd, 0);
	if (memory == MAP_FAILED && errno == ENOMEM && record->hugepage_size)
		return hugepages_shortage(record->hugepage_size, record->size, -ENOMEM, err);
	if (memory == MAP_FAILED)
		return error_set(err, -errno, "region %s: mapping %s: %s", record->name,
				 size_text(record->size, size), strerror(errno));
	region->memory = memory;
	/* A wish: whether it is granted is a matter of how /dev/shm was mounted. */
	if (!record->hugepage_size)
		madvise(memory, record->size, MADV_HUGEPAGE);
	return 0;
}

static int lock_memory(struct ivshmem_region *region, struct error *err)
{
	char needed[SIZE_TEXT_MAX], limit_size[SIZE_TEXT_MAX];
	const uint64_t size = region->seat.record.size;
	struct rlimit limit = { 0 };
	int code;

	/* Not mlock(), which the sanitizers turn into nothing. */
	if (mlock2(region->memory, size, 0) == 0)
		return 0;
	code = -errno;
	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_cur == RLIM_INFINITY || (limit.rlim_cur >= size && code != -ENOMEM))
		return error_set(err, code, "region %s: locking %s: %s", region->seat.record.name,
				 size_text(size, needed), strerror(-code));
	return error_set(err, code,
			 "region %s: locking %s takes a higher limit (RLIMIT_MEMLOCK is %s): raise"
			 " it with \"ulimit -l\", LimitMEMLOCK= or limits.conf, or leave out the"
			 " option lock",
			 region->seat.record.name, size_text(size, needed),
			 size_text(limit.rlim_cur, limit_size));
}

static int open_record(const struct ivshmem_region_params *params,
		       struct ivshmem_record_file *ret_file, struct error *err)
{
	struct ivshmem_runtime_dir dir;
	char key[IVSHMEM_KEY_MAX];
	int ret;

	ret = ivshmem_name_key(&params->name, key);
	if (ret < 0)
		return error_set(err, ret, "region %s: libcrypto has no SHA-256",
				 params->name.text);
	ret = ivshmem_runtime_dir_open(&dir, err);
	if (ret < 0)
		return ret;
	ret = ivshmem_record_file_open(ret_file, &dir, key, true, wait_ms(params->size), err);
	ivshmem_runtime_dir_close(&dir);
	return ret;
}

/* The record as it is now: somebody may have joined who wants to keep the region. */
static void region_erase(struct ivshmem_region *region, bool even_kept)
{
	struct ivshmem_record record;

	if (ivshmem_record_file_read(&region->file, &record) < 0)
		record = region->seat.record;
	if (even_kept || !record.keep)
		ivshmem_region_erase(&region->file, &record, record.path, NULL);
}

/* @even_kept: this user made the region a moment ago and could not use it. */
static void region_leave(struct ivshmem_region *region, bool even_kept)
{
	if (region->memory)
		munmap(region->memory, region->seat.record.size);
	ivshmem_object_release(&region->seat.object);
	if (ivshmem_record_file_lock(&region->file, wait_ms(region->seat.record.size)) == 0 &&
	    ivshmem_record_file_claim(&region->file) == 0)
		region_erase(region, even_kept);
	ivshmem_record_file_close(&region->file);
	free(region);
}

int ivshmem_region_attach(const struct ivshmem_region_params *params,
			  struct ivshmem_region **ret_region, struct error *err)
{
	struct ivshmem_region_request request;
	struct ivshmem_region *region;
	int ret;

	ret = check_params(params, err);
	if (ret == 0)
		ret = request_init(&request, params, err);
	if (ret < 0)
		return ret;
	region = calloc(1, sizeof(*region));
	if (!region)
		return error_set(err, -ENOMEM, "region %s: out of memory", params->name.text);
	ret = open_record(params, &region->file, err);
	if (ret < 0)
		goto out_free;
	ret = ivshmem_region_join(&request, &region->file, &region->seat, err);
	if (ret < 0)
		goto out_close;
	ivshmem_record_file_unlock(&region->file);

	ret = map_memory(region, params->prefault, err);
	if (ret == 0 && params->lock)
		ret = lock_memory(region, err);
	if (ret < 0) {
		region_leave(region, region->seat.created);
		return ret;
	}
	*ret_region = region;
	return 0;

out_close:
	ivshmem_record_file_close(&region->file);
out_free:
	free(region);
	return ret;
}

void ivshmem_region_detach(struct ivshmem_region *region)
{
	if (region)
		region_leave(region, false);
}

void *ivshmem_region_memory(const struct ivshmem_region *region)
{
	return region->memory;
}

uint64_t ivshmem_region_size(const struct ivshmem_region *region)
{
	return region->seat.record.size;
}

int ivshmem_region_fd(const struct ivshmem_region *region)
{
	return region->seat.object.fd;
}

const char *ivshmem_region_path(const struct ivshmem_region *region)
{
	return region->seat.object.path;
}
