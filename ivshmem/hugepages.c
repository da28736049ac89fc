/* SPDX-License-Identifier: BSD-3-Clause */
/* Huge pages as /proc/mounts and /sys/kernel/mm/hugepages tell of them. */
#include "ivshmem/hugepages.h"

#include <errno.h>
#include <inttypes.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "lib/parse.h"
#include "lib/util.h"

int hugepages_mount(uint64_t page_size, char *ret_path, size_t path_size, struct error *err)
{
	char size[SIZE_TEXT_MAX], strings[4096];
	struct mntent entry;
	bool found = false;
	struct statfs fs;
	FILE *mounts;

	mounts = setmntent("/proc/self/mounts", "re");
	if (!mounts)
		return error_set(err, -errno, "hugepages: /proc/self/mounts: %s", strerror(errno));
	while (!found && getmntent_r(mounts, &entry, strings, sizeof(strings)))
		/* For hugetlbfs the block size is the page size. */
		found = !strcmp(entry.mnt_type, "hugetlbfs") && statfs(entry.mnt_dir, &fs) == 0 &&
			(uint64_t)fs.f_bsize == page_size && strlen(entry.mnt_dir) < path_size;
	endmntent(mounts);
	size_text(page_size, size);
	if (!found)
		return error_set(err, -ENODEV,
				 "hugepages=%s: no hugetlbfs with such pages is mounted: mkdir -p"
				 " /dev/hugepages%s && mount -t hugetlbfs -o pagesize=%s none"
				 " /dev/hugepages%s",
				 size, size, size, size);
	strcpy(ret_path, entry.mnt_dir);
	return 0;
}

static uint64_t pool_number(uint64_t page_size, const char *file_name)
{
	char path[128], text[32] = "";
	uint64_t value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/%s",
		 page_size / KIB, file_name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fgets(text, sizeof(text), file)) {
		text[strcspn(text, "\n")] = '\0';
		parse_decimal(text, UINT64_MAX, &value);
	}
	fclose(file);
	return value;
}

int hugepages_shortage(uint64_t page_size, uint64_t bytes, int code, struct error *err)
{
	uint64_t needed = bytes / page_size, total, available, reserved;
	char size[SIZE_TEXT_MAX];

	total = pool_number(page_size, "nr_hugepages");
	available = pool_number(page_size, "free_hugepages");
	/* Pages that somebody has mapped but not touched still count as free. */
	reserved = pool_number(page_size, "resv_hugepages");
	available -= reserved < available ? reserved : available;
	return error_set(err, code,
			 "hugepages=%s: %" PRIu64 " pages needed, %" PRIu64 " free: echo %" PRIu64
			 " > /sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
			 size_text(page_size, size), needed, available,
			 total + needed - (available < needed ? available : needed),
			 page_size / KIB);
}
