/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbells between two VMs of acrn-dm, and by turns between two of QEMU: half a round trip, awake
 * and asleep, and how fast one side can ring. With two clients of the server, and with others
 * beside them that never ring; the VMs are the last ones that have joined.
 */
#include "bench/bench.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench/child.h"
#include "bench/crowd.h"
#include "bench/doorbell_output.h"
#include "bench/server.h"
#include "bench/vm_command.h"
#include "lib/util.h"

#define GROUP "Doorbell: one way, VM to VM"
#define GROUP_GROWTH "Doorbell: one way, with more clients of the server than two"
#define GROUP_RATE "Doorbell: rings of a VM that does not wait for an answer"

#define TRIPS 4000
#define RINGS 10000
#define OUTPUT_MAX 4096
#define VM_COUNT 2
#define SETTINGS 3

enum { OURS, THEIRS, SIDES };

static const enum vm_monitor monitors[SIDES] = { VM_ACRN_DM, VM_QEMU_Q35 };

enum { AWAKE, ASLEEP, WAYS };

static const struct {
	const char *word;
	const char *name;
} ways[WAYS] = { { "awake", "delivery" }, { "asleep", "wake-up" } };

/* A run has a distribution of its own, of which three figures are kept. */
struct trips {
	struct samples min, median, p99;
};

struct figures {
	struct trips trips[WAYS];
	struct samples rate;
	/* A side that has failed is not tried again. */
	bool has_failed;
};

struct setting {
	unsigned int clients;
	struct server server;
	struct child crowd;
	unsigned int turns;
	struct figures figures[SIDES];
};

/* --- one run ---------------------------------------------------------------------------------- */

static int add_trips(const struct bench *bench, const char *output, const char *word,
		     struct trips *trips, struct error *err)
{
	struct doorbell_trips found;
	int ret;

	ret = doorbell_output_trips(bench, output, word, &found, err);
	if (ret < 0)
		return ret;
	if (samples_add(&trips->min, found.min_us) < 0 ||
	    samples_add(&trips->median, found.median_us) < 0 ||
	    samples_add(&trips->p99, found.p99_us) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int add_figures(const struct bench *bench, const char *output, struct figures *figures,
		       struct error *err)
{
	double ns;
	int ret, way;

	for (way = 0; way < WAYS; way++) {
		ret = add_trips(bench, output, ways[way].word, &figures->trips[way], err);
		if (ret < 0)
			return ret;
	}
	ret = doorbell_output_rings(bench, output, "one", &ns, err);
	if (ret == 0 && samples_add(&figures->rate, 1e6 / ns) < 0)
		ret = error_set(err, -ENOMEM, "out of memory");
	return ret;
}

static int start_guest(const struct bench *bench, const struct setting *setting, int side,
		       const char *role, int cpu, struct child *ret_child, struct error *err)
{
	char arguments[128];
	const struct vm_params params = {
		.monitor = monitors[side],
		.memory_mib = 64,
		.guest = "doorbell",
		.arguments = arguments,
		.region = setting->server.region,
		.region_mib = 2,
		.server = setting->server.socket,
		.vectors = 1,
	};

	snprintf(arguments, sizeof(arguments),
		 "slot=6 role=%s run=%u timeout=20 awake=%d asleep=%d rate=%d", role,
		 setting->turns, TRIPS, TRIPS, RINGS);
	return vm_start(ret_child, bench, &params, cpu, err);
}

static int run_guests(const struct bench *bench, const struct setting *setting, int side,
		      char output[static OUTPUT_MAX], struct error *err)
{
	const int *cpus = bench->environment.cpus;
	struct child driver, answerer;
	char unused[OUTPUT_MAX];
	int ret;

	ret = start_guest(bench, setting, side, "answer", cpus[1], &answerer, err);
	if (ret < 0)
		return ret;
	ret = start_guest(bench, setting, side, "drive", cpus[0], &driver, err);
	if (ret == 0)
		ret = child_finish(&driver, 0, output, OUTPUT_MAX, err);
	if (ret < 0) {
		child_end(&answerer);
		return ret;
	}
	return child_finish(&answerer, 0, unused, sizeof(unused), err);
}

/* Two VMs alone get a new server each time, since it ends with them. */
static int run_once(const struct bench *bench, struct setting *setting, int side,
		    struct error *err)
{
	bool is_alone = setting->clients == VM_COUNT;
	char output[OUTPUT_MAX];
	int ret = 0;

	setting->turns++;
	if (is_alone)
		ret = server_start(&setting->server, bench, "alone", 2, 1, err);
	if (ret == 0)
		ret = run_guests(bench, setting, side, output, err);
	if (is_alone)
		server_stop(&setting->server);
	return ret < 0 ? ret : add_figures(bench, output, &setting->figures[side], err);
}

/* --- the report ------------------------------------------------------------------------------- */

/* The least of all; of the other two the middle one of the runs. */
static struct summary trips_summary(const struct trips *trips)
{
	const struct summary summary = {
		.min = samples_quantile(&trips->min, 0),
		.median = samples_quantile(&trips->median, 0.5),
		.p99 = samples_quantile(&trips->p99, 0.5),
		.count = trips->median.count,
	};

	return summary;
}

static struct report_side trips_side(const struct setting *setting, int side, int way,
				     bool says_clients)
{
	const struct trips *trips = &setting->figures[side].trips[way];
	struct report_side shown = { .summary = trips_summary(trips), .pairs = &trips->median };
	const char *label = vm_monitor_label(monitors[side]);

	if (says_clients)
		snprintf(shown.label, sizeof(shown.label), "%s, %u clients", label,
			 setting->clients);
	else
		snprintf(shown.label, sizeof(shown.label), "%s", label);
	return shown;
}

/* A side that was not measured has no row; a note says why. */
static int report_measured(struct bench *bench, const struct report_case *new_case)
{
	if (!new_case->ours.summary.count || !new_case->peer.summary.count)
		return 0;
	return report_add(bench->report, new_case);
}

static int report_sides(struct bench *bench, const struct setting *settings)
{
	size_t i;
	int way, ret = 0;

	for (i = 0; i < SETTINGS && ret == 0; i++) {
		for (way = 0; way < WAYS && ret == 0; way++) {
			struct report_case new_case = {
				.group = GROUP,
				.unit = "us",
				.ours = trips_side(&settings[i], OURS, way, false),
				.peer = trips_side(&settings[i], THEIRS, way, false),
				.aim = i == 0 ? AIM_AT_MOST : AIM_NONE,
				.aim_ratio = 0.9,
			};

			snprintf(new_case.name, sizeof(new_case.name), "%s, %u clients",
				 ways[way].name, settings[i].clients);
			ret = report_measured(bench, &new_case);
		}
	}
	return ret;
}

static int report_growth(struct bench *bench, const struct setting *settings)
{
	const struct setting *most = &settings[SETTINGS - 1];
	int side, way, ret = 0;

	for (way = 0; way < WAYS && ret == 0; way++) {
		for (side = 0; side < SIDES && ret == 0; side++) {
			struct report_case new_case = {
				.group = GROUP_GROWTH,
				.unit = "us",
				.ours = trips_side(most, side, way, true),
				.peer = trips_side(&settings[0], side, way, true),
				.aim = side == OURS ? AIM_AT_MOST : AIM_NONE,
				.aim_ratio = 1.2,
			};

			snprintf(new_case.name, sizeof(new_case.name), "%s", ways[way].name);
			ret = report_measured(bench, &new_case);
		}
	}
	return ret;
}

static int report_rate(struct bench *bench, const struct setting *settings)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < SETTINGS && ret == 0; i++) {
		const struct figures *figures = settings[i].figures;
		struct report_case new_case = {
			.group = GROUP_RATE,
			.unit = "thousand/s",
			.ours = { .summary = samples_summary(&figures[OURS].rate),
				  .pairs = &figures[OURS].rate },
			.peer = { .summary = samples_summary(&figures[THEIRS].rate),
				  .pairs = &figures[THEIRS].rate },
		};

		snprintf(new_case.name, sizeof(new_case.name), "%u clients", settings[i].clients);
		snprintf(new_case.ours.label, REPORT_TEXT_MAX, "%s",
			 vm_monitor_label(monitors[OURS]));
		snprintf(new_case.peer.label, REPORT_TEXT_MAX, "%s",
			 vm_monitor_label(monitors[THEIRS]));
		ret = report_measured(bench, &new_case);
	}
	return ret;
}

/* --- all runs --------------------------------------------------------------------------------- */

static int start_crowd(const struct bench *bench, struct setting *setting, struct error *err)
{
	char name[16];
	uint64_t ns;
	int ret;

	if (setting->clients == VM_COUNT)
		return 0;
	snprintf(name, sizeof(name), "%u", setting->clients);
	ret = server_start(&setting->server, bench, name, 2, 1, err);
	if (ret == 0)
		ret = crowd_start(&setting->crowd, bench, &setting->server,
				  setting->clients - VM_COUNT, 1, &ns, err);
	return ret;
}

/* Each number of clients and each side once. Only a signal keeps it from going on. */
static int run_turn(struct bench *bench, struct setting *settings)
{
	size_t i;
	int side;

	for (i = 0; i < SETTINGS; i++) {
		for (side = 0; side < SIDES; side++) {
			struct figures *figures = &settings[i].figures[side];
			struct error err;
			int ret;

			if (figures->has_failed)
				continue;
			ret = run_once(bench, &settings[i], side, &err);
			if (ret == -ECANCELED)
				return ret;
			figures->has_failed = ret < 0;
			if (ret < 0)
				report_note(bench->report, "doorbell, %u clients, %s: %s",
					    settings[i].clients, vm_monitor_label(monitors[side]),
					    err.text);
		}
	}
	return 0;
}

static int run_all(struct bench *bench, struct setting *settings, struct error *err)
{
	unsigned int run, runs = bench_runs(bench, 10);
	size_t i;
	int ret = 0;

	for (i = 0; i < SETTINGS && ret == 0; i++)
		ret = start_crowd(bench, &settings[i], err);
	for (run = 0; run < runs && ret == 0; run++) {
		ret = run_turn(bench, settings);
		if (ret < 0)
			error_set(err, ret, "stopped by a signal");
	}
	if (ret < 0)
		return ret;
	if (report_sides(bench, settings) < 0 || report_growth(bench, settings) < 0 ||
	    report_rate(bench, settings) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	for (i = 0; i < SETTINGS; i++) {
		const struct figures *figures = settings[i].figures;

		if (figures[OURS].has_failed || figures[THEIRS].has_failed)
			return error_set(err, -ENODATA, "not with %u clients, see above",
					 settings[i].clients);
	}
	return 0;
}

static void setting_fini(struct setting *setting)
{
	int side, way;

	child_end(&setting->crowd);
	server_stop(&setting->server);
	for (side = 0; side < SIDES; side++) {
		struct figures *figures = &setting->figures[side];

		for (way = 0; way < WAYS; way++) {
			samples_fini(&figures->trips[way].min);
			samples_fini(&figures->trips[way].median);
			samples_fini(&figures->trips[way].p99);
		}
		samples_fini(&figures->rate);
	}
}

int measure_doorbell(struct bench *bench, struct error *err)
{
	struct setting settings[SETTINGS] = {
		{ .clients = VM_COUNT, .server = SERVER_NONE },
		{ .clients = 100, .server = SERVER_NONE },
		{ .clients = 1000, .server = SERVER_NONE },
	};
	size_t i;
	int ret;

	if (bench->environment.cpu_count < 2)
		return error_set(err, -ENODEV, "two VMs that ring each other need two processors");
	ret = run_all(bench, settings, err);
	for (i = 0; i < SETTINGS; i++)
		setting_fini(&settings[i]);
	return ret;
}
