/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads smaps, or its summary where that is enough. */
#include "bench/pss.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A mapping's head begins with its address, and all lines about it with a word and a colon. */
static bool is_head(const char *line)
{
	return strchr("0123456789abcdef", line[0]) && strchr(line, '-');
}

int pss_read(pid_t pid, bool (*is_wanted)(const char *line), uint64_t *ret_kib, struct error *err)
{
	bool counts = !is_wanted, found = false;
	uint64_t sum = 0, kib;
	char path[64], line[4096 + 128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, is_wanted ? "smaps" : "smaps_rollup");
	file = fopen(path, "re");
	if (!file)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (is_wanted && is_head(line))
			counts = is_wanted(line);
		if (counts && sscanf(line, "Pss: %" SCNu64 " kB", &kib) == 1) {
			sum += kib;
			found = true;
		}
	}
	fclose(file);
	if (!found)
		return error_set(err, -ENODATA, "%s has no Pss line that is wanted", path);
	*ret_kib = sum;
	return 0;
}
