/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Start: from exec of the monitor to the first instruction of the guest, which prints a byte. Its
 * arrival in this process ends the measurement.
 */
#include "bench/bench.h"

#include <errno.h>
#include <stdio.h>

#include "bench/child.h"
#include "bench/vm_command.h"
#include "lib/util.h"

#define GROUP "Start: exec to the guest's first instruction"

#define CONTENDERS_MAX 4

/* How many turns of a setting may come to nothing. */
#define LOST_MAX 3

struct setting {
	const char *name;
	unsigned int memory_mib;
	unsigned int region_mib;
	/* The first is compared with each other one; the aim is for the pair of the first two. */
	enum vm_monitor monitors[CONTENDERS_MAX];
	size_t count;
	enum aim aim;
};

static const struct setting settings[] = {
	{ "-m 64",
	  64,
	  0,
	  { VM_ACRN_DM, VM_QEMU_MINIMAL, VM_QEMU_MICROVM, VM_QEMU_NO_FIRMWARE },
	  4,
	  AIM_AT_MOST },
	{ "-m 1024",
	  1024,
	  0,
	  { VM_ACRN_DM, VM_QEMU_MINIMAL, VM_QEMU_MICROVM, VM_QEMU_NO_FIRMWARE },
	  4,
	  AIM_AT_MOST },
	{ "-m 64 and a region of 2 MB", 64, 2, { VM_ACRN_DM, VM_QEMU_PCI }, 2, AIM_NONE },
};

static int time_start(const struct bench *bench, const struct vm_params *params, double *ret_ms,
		      struct error *err)
{
	struct child child;
	uint64_t ns;
	int ret;

	ret = vm_start(&child, bench, params, CHILD_ANY_CPU, err);
	if (ret < 0)
		return ret;
	ret = child_expect_byte(&child, '!', CHILD_START_TIMEOUT_MS, &ns, err);
	if (ret < 0) {
		child_end(&child);
		return ret;
	}
	*ret_ms = (double)ns / 1e6;
	return child_wait(&child, VM_STATUS_SUCCESS, err);
}

/* One of each. On failure *ret_failed says whose. */
static int time_each(const struct bench *bench, const struct setting *setting,
		     double ret_ms[static CONTENDERS_MAX], enum vm_monitor *ret_failed,
		     struct error *err)
{
	size_t i;

	for (i = 0; i < setting->count; i++) {
		const struct vm_params params = {
			.monitor = setting->monitors[i],
			.memory_mib = setting->memory_mib,
			.guest = "first",
			.region = bench->region,
			.region_mib = setting->region_mib,
		};
		int ret = time_start(bench, &params, &ret_ms[i], err);

		if (ret < 0) {
			*ret_failed = params.monitor;
			return error_prefix(err, ret, "%s", vm_monitor_label(params.monitor));
		}
	}
	return 0;
}

/*
 * A turn whose peer never started its guest within the deadline counts for nobody, and is noted;
 * acrn-dm may not fail.
 */
static int run_once(const struct bench *bench, const struct setting *setting,
		    struct samples series[static CONTENDERS_MAX], unsigned int *lost,
		    struct error *err)
{
	enum vm_monitor failed = VM_ACRN_DM;
	double ms[CONTENDERS_MAX];
	size_t i;
	int ret = time_each(bench, setting, ms, &failed, err);

	if (ret == -ETIMEDOUT && failed != VM_ACRN_DM && (*lost)++ < LOST_MAX) {
		return report_note(bench->report, "start, %s: a turn was left out: %s",
				   setting->name, err->text);
	}
	for (i = 0; i < setting->count && ret == 0; i++) {
		if (samples_add(&series[i], ms[i]) < 0)
			ret = error_set(err, -ENOMEM, "out of memory");
	}
	return ret;
}

static int report_setting(struct bench *bench, const struct setting *setting,
			  const struct samples *series, struct error *err)
{
	size_t i;

	for (i = 1; i < setting->count; i++) {
		struct report_case new_case = {
			.group = GROUP,
			.unit = "ms",
			.ours = { .summary = samples_summary(&series[0]), .pairs = &series[0] },
			.peer = { .summary = samples_summary(&series[i]), .pairs = &series[i] },
			.aim = i == 1 ? setting->aim : AIM_NONE,
			.aim_ratio = 0.1,
		};

		snprintf(new_case.name, sizeof(new_case.name), "%s", setting->name);
		snprintf(new_case.ours.label, sizeof(new_case.ours.label), "%s",
			 vm_monitor_label(setting->monitors[0]));
		snprintf(new_case.peer.label, sizeof(new_case.peer.label), "%s",
			 vm_monitor_label(setting->monitors[i]));
		if (report_add(bench->report, &new_case) < 0)
			return error_set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

static int measure_setting(struct bench *bench, const struct setting *setting, struct error *err)
{
	struct samples series[CONTENDERS_MAX] = { { 0 } };
	unsigned int runs = bench_runs(bench, 1);
	unsigned int run, lost = 0;
	size_t i;
	int ret;

	/* What comes from disk the first time is not what is measured. */
	ret = run_once(bench, setting, series, &lost, err);
	for (i = 0; i < ARRAY_SIZE(series); i++)
		samples_fini(&series[i]);
	for (run = 0; run < runs && ret == 0; run++)
		ret = run_once(bench, setting, series, &lost, err);
	if (ret == 0)
		ret = report_setting(bench, setting, series, err);
	for (i = 0; i < ARRAY_SIZE(series); i++)
		samples_fini(&series[i]);
	return ret;
}

int measure_start(struct bench *bench, struct error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(settings) && ret == 0; i++)
		ret = measure_setting(bench, &settings[i], err);
	return ret;
}
