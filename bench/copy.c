/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copy bandwidth: a guest and a process on the host run the same loop over shared memory of the
 * same size, on the same processor, by turns. Both print the same lines. A region and the host's
 * memory are both new in each run, so that a lucky placement of pages favours neither.
 */
#include "bench/bench.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/child.h"
#include "bench/guests/copy_loop.h"
#include "bench/host_memory.h"
#include "bench/vm_command.h"
#include "lib/util.h"

#define GROUP "Copy: bandwidth in BAR2, guest against the same loop on the host"

#define PASSES 20
#define OUTPUT_MAX 4096

static const char *const direction_names[] = {
	[COPY_READ] = "read",
	[COPY_WRITE] = "write",
};

struct copy_setting {
	enum copy_direction direction;
	unsigned int size_mib;
	/* What one pass moves: little, so that a pass seldom loses the processor in the middle. */
	unsigned int pass_mib;
};

static const struct copy_setting settings[] = {
	{ COPY_READ, 2, 16 },
	{ COPY_WRITE, 2, 16 },
	{ COPY_READ, 64, 64 },
	{ COPY_WRITE, 64, 64 },
};

/* What the guest copy.c does, in a process of its own. */
static int host_copy(void *ctx)
{
	const struct copy_setting *setting = ctx;
	size_t size = setting->size_mib * MIB;
	unsigned int rounds = setting->pass_mib * MIB / copy_round_size(setting->direction, size);
	char *region = host_memory_region(size);
	char *buffer = host_memory_ram(COPY_BUFFER_SIZE);
	int pass;

	if (!region || !buffer)
		return EXIT_FAILURE;
	copy_rounds(setting->direction, region, size, buffer, 1);
	for (pass = 1; pass <= PASSES; pass++) {
		uint64_t cycles = copy_pass(setting->direction, region, size, buffer, rounds);

		printf("copy pass=%d bytes=%" PRIu64 " cycles=%" PRIu64 " dir=%s\n", pass,
		       rounds * copy_round_size(setting->direction, size), cycles,
		       direction_names[setting->direction]);
	}
	return EXIT_SUCCESS;
}

/* Takes the lines "copy pass=... bytes=... cycles=..." out of @output, as GB/s. */
static int parse_output(const struct bench *bench, const char *output, struct samples *series,
			struct error *err)
{
	unsigned int count = 0;
	const char *line;

	for (line = output; line; line = strchr(line, '\n')) {
		uint64_t bytes, cycles;

		line += *line == '\n';
		if (sscanf(line, "copy pass=%*u bytes=%" SCNu64 " cycles=%" SCNu64, &bytes,
			   &cycles) != 2)
			continue;
		if (cycles == 0 || samples_add(series, (double)bytes / (double)cycles *
							       bench->environment.tsc_hz / 1e9) < 0)
			return error_set(err, -ENOMEM, "out of memory");
		count++;
	}
	if (count != PASSES)
		return error_set(err, -EPROTO, "%u passes instead of %d in the output: %.100s",
				 count, PASSES, output);
	return 0;
}

static int finish(const struct bench *bench, struct child *child, int status,
		  struct samples *series, struct error *err)
{
	char output[OUTPUT_MAX];
	int ret;

	ret = child_finish(child, status, output, sizeof(output), err);
	return ret < 0 ? ret : parse_output(bench, output, series, err);
}

static int run_guest(const struct bench *bench, const struct copy_setting *setting, int cpu,
		     struct samples *series, struct error *err)
{
	char arguments[96];
	const struct vm_params params = {
		.monitor = VM_ACRN_DM,
		.memory_mib = 64,
		.guest = "copy",
		.arguments = arguments,
		.region = bench->region,
		.region_mib = setting->size_mib,
	};
	struct child child;
	int ret;

	snprintf(arguments, sizeof(arguments), "slot=6 dir=%s mib=%u passes=%d",
		 direction_names[setting->direction], setting->pass_mib, PASSES);
	ret = vm_start(&child, bench, &params, cpu, err);
	return ret < 0 ? ret : finish(bench, &child, 0, series, err);
}

static int run_host(const struct bench *bench, const struct copy_setting *setting, int cpu,
		    struct samples *series, struct error *err)
{
	struct copy_setting copy = *setting;
	const struct child_params params = {
		.function = host_copy,
		.ctx = &copy,
		.cpu = cpu,
		.log_fd = bench->log_fd,
	};
	struct child child;
	int ret;

	ret = child_start(&child, &params, err);
	return ret < 0 ? ret : finish(bench, &child, EXIT_SUCCESS, series, err);
}

static int report_setting(struct bench *bench, const struct copy_setting *setting,
			  const struct samples *guest, const struct samples *host,
			  struct error *err)
{
	struct report_case new_case = {
		.group = GROUP,
		.unit = "GB/s",
		.ours = { .label = "guest", .summary = samples_summary(guest), .pairs = guest },
		.peer = { .label = "host", .summary = samples_summary(host), .pairs = host },
		.aim = AIM_AT_LEAST,
		.aim_ratio = 0.95,
	};

	snprintf(new_case.name, sizeof(new_case.name), "%u MB, %s", setting->size_mib,
		 direction_names[setting->direction]);
	if (report_add(bench->report, &new_case) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int measure_setting(struct bench *bench, const struct copy_setting *setting,
			   struct error *err)
{
	struct samples guest = { 0 }, host = { 0 };
	unsigned int runs = bench_runs(bench, 5);
	/* The second: the first often has more of the machine's interrupts. */
	int cpu = bench->environment.cpus[1];
	unsigned int run;
	int ret = 0;

	for (run = 0; run < runs && ret == 0; run++) {
		ret = run_guest(bench, setting, cpu, &guest, err);
		if (ret == 0)
			ret = run_host(bench, setting, cpu, &host, err);
	}
	if (ret == 0)
		ret = report_setting(bench, setting, &guest, &host, err);
	samples_fini(&guest);
	samples_fini(&host);
	return ret;
}

int measure_copy(struct bench *bench, struct error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(settings) && ret == 0; i++)
		ret = measure_setting(bench, &settings[i], err);
	return ret;
}
