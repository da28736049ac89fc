/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory: the proportional set size (proc(5), smaps) of a monitor whose guest has halted, less that
 * of the mapping that is the guest's memory.
 */
#include "bench/bench.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/child.h"
#include "bench/pss.h"
#include "bench/vm_command.h"
#include "lib/util.h"

/* Until what starts the guest has settled: QEMU's main loop goes on with some work. */
#define SETTLE_NS 200000000

static const enum vm_monitor monitors[] = { VM_ACRN_DM, VM_QEMU_MINIMAL };

/* Whether a line of smaps is the head of the mapping of guest memory. */
static bool is_guest_ram(const char *line)
{
	return strstr(line, "/memfd:guest-ram") || strstr(line, "/memfd:memory-backend-memfd");
}

static int read_own_memory(pid_t pid, double *ret_mib, struct error *err)
{
	const struct timespec settle = { .tv_nsec = SETTLE_NS };
	uint64_t all, guest;
	int ret;

	nanosleep(&settle, NULL);
	ret = pss_read(pid, NULL, &all, err);
	if (ret == 0)
		ret = pss_read(pid, is_guest_ram, &guest, err);
	if (ret < 0)
		return ret;
	if (guest > all)
		return error_set(err, -ERANGE, "guest memory is more than all of process %d",
				 (int)pid);
	*ret_mib = (double)(all - guest) / 1024;
	return 0;
}

static int weigh(const struct bench *bench, const struct vm_params *params, double *ret_mib,
		 struct error *err)
{
	struct child child;
	uint64_t ns;
	int ret;

	ret = vm_start(&child, bench, params, CHILD_ANY_CPU, err);
	if (ret < 0)
		return ret;
	ret = child_expect_byte(&child, '!', CHILD_START_TIMEOUT_MS, &ns, err);
	if (ret == 0)
		ret = read_own_memory(child.pid, ret_mib, err);
	child_end(&child);
	return ret;
}

static int measure_setting(const struct bench *bench, unsigned int region_mib,
			   struct samples series[static ARRAY_SIZE(monitors)], struct error *err)
{
	unsigned int runs = bench_runs(bench, 10);
	unsigned int run;
	size_t i;

	for (run = 0; run < runs; run++) {
		for (i = 0; i < ARRAY_SIZE(monitors); i++) {
			const struct vm_params params = {
				.monitor = monitors[i],
				.memory_mib = 64,
				.guest = "hold",
				.region = bench->region,
				.region_mib = region_mib,
				.has_named_ram = true,
			};
			double mib = 0;
			int ret = weigh(bench, &params, &mib, err);

			if (ret < 0)
				return ret;
			if (samples_add(&series[i], mib) < 0)
				return error_set(err, -ENOMEM, "out of memory");
		}
	}
	return 0;
}

int measure_memory(struct bench *bench, struct error *err)
{
	struct samples series[ARRAY_SIZE(monitors)] = { { 0 } };
	struct report_case new_case = {
		.group = "Memory: PSS less the guest's",
		.unit = "MiB",
		.name = "-m 64",
		.ours = { .pairs = &series[0] },
		.peer = { .pairs = &series[1] },
		.aim = AIM_AT_MOST,
		.aim_ratio = 0.2,
	};
	int ret;

	ret = measure_setting(bench, 0, series, err);
	if (ret == 0) {
		new_case.ours.summary = samples_summary(&series[0]);
		new_case.peer.summary = samples_summary(&series[1]);
		snprintf(new_case.ours.label, REPORT_TEXT_MAX, "%s", vm_monitor_label(monitors[0]));
		snprintf(new_case.peer.label, REPORT_TEXT_MAX, "%s", vm_monitor_label(monitors[1]));
		if (report_add(bench->report, &new_case) < 0)
			ret = error_set(err, -ENOMEM, "out of memory");
	}
	samples_fini(&series[0]);
	samples_fini(&series[1]);
	return ret;
}
