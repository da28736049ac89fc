/* SPDX-License-Identifier: BSD-3-Clause */
/* Counting in /proc/self. */
#include "tests/leaks.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned int count = 0;

	if (!dir)
		abort();
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static unsigned int count_mappings(void)
{
	static const char *const wanted[] = { "/memfd:", "/dev/shm/", "/dev/zero",
						"kvm-vcpu" };
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned int count = 0, i;
	char line[4096];

	if (!maps)
		abort();
	while (fgets(line, sizeof(line), maps))
		for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			count += strstr(line, wanted[i]) != NULL;
	fclose(maps);
	return count;
}

struct leaks leaks_count(void)
{
	return (struct leaks){
		.fds = count_entries("/proc/self/fd"),
		.mappings = count_mappings(),
	};
}

int leaks_equal(const struct leaks *before, const struct leaks *after)
{
	if (before->fds == after->fds && before->mappings == after->mappings)
		return 1;
	printf("# descriptors %u, then %u; mappings %u, then %u\n", before->fds, after->fds,
	       before->mappings, after->mappings);
	return 0;
}
