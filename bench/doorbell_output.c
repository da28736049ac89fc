/* SPDX-License-Identifier: BSD-3-Clause */
/* Cycles of a guest are taken for those of the host. */
#include "bench/doorbell_output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What follows "doorbell KIND=NAME ", or NULL. */
static const char *find_line(const char *output, const char *kind, const char *name,
			     struct error *err)
{
	char head[64];
	const char *line;

	snprintf(head, sizeof(head), "doorbell %s=%s ", kind, name);
	line = strstr(output, head);
	if (line)
		return line + strlen(head);
	error_set(err, -EPROTO, "no \"%s\" in the output: %.100s", head, output);
	return NULL;
}

int doorbell_output_trips(const struct bench *bench, const char *output, const char *name,
			  struct doorbell_trips *ret_trips, struct error *err)
{
	const char *line = find_line(output, "trips", name, err);
	double us = 1e6 / bench->environment.tsc_hz / 2;
	uint64_t min, median, p99;

	if (!line)
		return -EPROTO;
	if (sscanf(line, "count=%*u min=%" SCNu64 " median=%" SCNu64 " p99=%" SCNu64, &min, &median,
		   &p99) != 3)
		return error_set(err, -EPROTO, "no round trips in the output: %.100s", line);
	*ret_trips = (struct doorbell_trips){
		.min_us = (double)min * us,
		.median_us = (double)median * us,
		.p99_us = (double)p99 * us,
	};
	return 0;
}

int doorbell_output_rings(const struct bench *bench, const char *output, const char *name,
			  double *ret_ns_per_ring, struct error *err)
{
	const char *line = find_line(output, "rings", name, err);
	uint64_t batch, median;

	if (!line)
		return -EPROTO;
	if (sscanf(line,
		   "count=%*u interrupts=%*u batch=%" SCNu64 " min=%*u median=%" SCNu64, &batch,
		   &median) != 2 ||
	    batch == 0 || median == 0)
		return error_set(err, -EPROTO, "no rings in the output: %.100s", line);
	*ret_ns_per_ring = (double)median / (double)batch * 1e9 / bench->environment.tsc_hz;
	return 0;
}
