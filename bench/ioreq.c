/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * I/O requests on ACRN without ACRN: what the back end's loop costs beside the smallest loop that
 * serves requests. Once in one process, where the driver is a function (ioreq_loop.c), and once
 * across processes, where the simulated driver asks acrn-dm and by turns a small client.
 */
#include "bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/child.h"
#include "lib/util.h"

#define PATH_TEXT_MAX 4096
#define OUTPUT_MAX 4096

/* The other aim: a request takes no more in the process, whatever the smallest loop takes. */
#define REQUEST_NS_MAX 100

/* So many accesses of a kind, in lines 5, 7 and 9 of the scripts; few, to fit in a time slice. */
#define REPEAT "250"

struct series {
	struct samples ours, peer;
};

/* In the order in which they are printed. */
struct ioreq_case {
	const char *key; /* what stands before the figures in the output */
	const char *name;
	double aim_ratio; /* 0: none */
	bool has_calls;
};

static const struct ioreq_case loop_cases[] = {
	{ "port", "port, 1 vCPU", 3, false },
	{ "memory", "memory, 1 vCPU", 3, false },
	{ "config", "PCI configuration, 1 vCPU", 3, false },
	{ "port-16", "port, 16 vCPUs", 3, false },
	{ "memory-16", "memory, 16 vCPUs", 3, false },
	{ "config-16", "PCI configuration, 16 vCPUs", 3, false },
	{ "bus", "memory by the I/O bus, 1 vCPU", 0, false },
	{ "bus-16", "memory by the I/O bus, 16 vCPUs", 0, false },
	{ "calls", "the same with system calls, 1 vCPU", 1.25, true },
	{ "calls-16", "the same with system calls, 16 vCPUs", 1.25, true },
};

static const struct ioreq_case sim_cases[] = {
	{ "hsm-sim: guest: line 5: " REPEAT " times,", "port (COM1)", 1.1, true },
	{ "hsm-sim: guest: line 7: " REPEAT " times,", "memory (ivshmem's BAR0)", 1.1, true },
	{ "hsm-sim: guest: line 9: " REPEAT " times,", "PCI configuration", 1.1, true },
};

/* The simulator's guests. Up to line 3 they only get the caches warm. */
static const char dm_guest[] =
	"cfgread 4 6.0 0x10 =bar0&0xfffffff0\n"
	"repeat 50\n"
	"in 1 0x3fd 0x60\n"
	"repeat " REPEAT "\n"
	"in 1 0x3fd 0x60\n"
	"repeat " REPEAT "\n"
	"read 4 $bar0+8 0\n"
	"repeat " REPEAT "\n"
	"cfgread 4 6.0 0 0x11101af4\n"
	"out 2 0x604 0x2000\n";

static const char client_guest[] =
	"in 1 0x3fd 1\n"
	"repeat 50\n"
	"in 1 0x3fd 1\n"
	"repeat " REPEAT "\n"
	"in 1 0x3fd 1\n"
	"repeat " REPEAT "\n"
	"read 4 0x80000008 0xffffffff\n"
	"repeat " REPEAT "\n"
	"cfgread 4 6.0 0 0xffffffff\n"
	"out 4 0x80 7\n"; /* the client's ioeventfd: it ends */

static int out_of_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

/* The number behind @key, which begins a line of @output, and what comes behind the number. */
static int find_figure(const char *output, const char *key, double *ret_ns, const char **ret_rest,
		       struct error *err)
{
	size_t length = strlen(key);
	const char *line = output;
	char *end;

	while (line && (strncmp(line, key, length) != 0 || line[length] != ' ')) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (line) {
		*ret_ns = strtod(line + length, &end);
		*ret_rest = end;
		if (end != line + length && *ret_ns > 0)
			return 0;
	}
	return error_set(err, -EPROTO, "no \"%s\" with a figure in the output: %.200s", key,
			 output);
}

/* Until it has ended, well. */
static int run(const struct bench *bench, const char *const *argv, char *output, struct error *err)
{
	const struct child_params params = {
		.argv = argv,
		/* Of processes that wait for each other only one runs at a time. */
		.cpu = bench->environment.cpus[0],
		.log_fd = bench->log_fd,
	};
	struct child child;
	int ret;

	ret = child_start(&child, &params, err);
	return ret < 0 ? ret : child_finish(&child, 0, output, OUTPUT_MAX, err);
}

static int add_loop_figures(const char *output, struct series *series, struct error *err)
{
	const char *rest;
	double ours, peer;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(loop_cases); i++) {
		ret = find_figure(output, loop_cases[i].key, &ours, &rest, err);
		if (ret < 0)
			return ret;
		peer = strtod(rest, NULL);
		if (samples_add(&series[i].ours, ours) < 0 ||
		    samples_add(&series[i].peer, peer) < 0)
			return out_of_memory(err);
	}
	return 0;
}

static int run_loops(const struct bench *bench, struct series *series, struct error *err)
{
	char program[PATH_TEXT_MAX], output[OUTPUT_MAX];
	const char *const argv[] = { program, NULL };
	int ret;

	snprintf(program, sizeof(program), "%s/bench/ioreq_loop", bench->build);
	ret = run(bench, argv, output, err);
	return ret < 0 ? ret : add_loop_figures(output, series, err);
}

static int write_file(const char *path, const char *text, struct error *err)
{
	FILE *file = fopen(path, "we");
	bool failed;

	if (file) {
		failed = fputs(text, file) < 0;
		if (fclose(file) == 0 && !failed)
			return 0;
	}
	return error_set(err, -EIO, "cannot write %s: %s", path, strerror(errno));
}

static int add_sim_figures(const char *output, struct series *series, bool is_ours,
			   struct error *err)
{
	const char *rest;
	double ns;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(sim_cases); i++) {
		ret = find_figure(output, sim_cases[i].key, &ns, &rest, err);
		if (ret < 0)
			return ret;
		if (samples_add(is_ours ? &series[i].ours : &series[i].peer, ns / 1000) < 0)
			return out_of_memory(err);
	}
	return 0;
}

static int run_acrn_dm(const struct bench *bench, struct series *series, struct error *err)
{
	char sim[PATH_TEXT_MAX], guest[64], program[PATH_TEXT_MAX], image[PATH_TEXT_MAX];
	char device[64], output[OUTPUT_MAX];
	const char *const argv[] = {
		sim, "--guest", guest, "--", program, "--hypervisor=acrn", "-m", "16M", "-E", image,
		"-s", device, "VM1", NULL,
	};
	int ret;

	snprintf(sim, sizeof(sim), "%s/tests/hsm_sim/hsm-sim", bench->build);
	snprintf(guest, sizeof(guest), "%s/dm.guest", bench->scratch);
	snprintf(program, sizeof(program), "%s/acrn-dm", bench->build);
	snprintf(image, sizeof(image), "%s/samples/hold.elf", bench->build);
	snprintf(device, sizeof(device), "6,ivshmem,dm:/%s,2", bench->region);
	ret = run(bench, argv, output, err);
	return ret < 0 ? ret : add_sim_figures(output, series, true, err);
}

static int run_client(const struct bench *bench, struct series *series, struct error *err)
{
	char sim[PATH_TEXT_MAX], guest[64], program[PATH_TEXT_MAX], output[OUTPUT_MAX];
	const char *const argv[] = {
		sim, "--guest", guest, "--", program, "open", "create", "ram", "regs", "client",
		"ioevent", "start", "serve", "wait", "pause", "end-client", "join", "ioevent-off",
		"destroy", "close", NULL,
	};
	int ret;

	snprintf(sim, sizeof(sim), "%s/tests/hsm_sim/hsm-sim", bench->build);
	snprintf(guest, sizeof(guest), "%s/client.guest", bench->scratch);
	snprintf(program, sizeof(program), "%s/tests/hsm_sim/hsm_client", bench->build);
	ret = run(bench, argv, output, err);
	return ret < 0 ? ret : add_sim_figures(output, series, false, err);
}

static int report_series(struct bench *bench, const struct report_case *frame,
			 const struct ioreq_case *which, const struct series *series,
			 struct error *err)
{
	struct report_case new_case = *frame;

	snprintf(new_case.name, sizeof(new_case.name), "%s", which->name);
	new_case.ours.summary = samples_summary(&series->ours);
	new_case.ours.pairs = &series->ours;
	new_case.peer.summary = samples_summary(&series->peer);
	new_case.peer.pairs = &series->peer;
	new_case.aim = which->aim_ratio > 0 ? AIM_AT_MOST : AIM_NONE;
	new_case.aim_ratio = which->aim_ratio;
	return report_add(bench->report, &new_case) < 0 ? out_of_memory(err) : 0;
}

/* The slowest kind of request, beside the aim that is no ratio. */
static int report_most(struct bench *bench, const struct series *series, struct error *err)
{
	double most = 0, median;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(loop_cases); i++) {
		median = samples_quantile(&series[i].ours, 0.5);
		if (!loop_cases[i].has_calls && median > most)
			most = median;
	}
	if (report_note(bench->report,
			"I/O requests: without system calls the slowest kind takes %.1f ns; the "
			"aim of at most %d ns is %s", most, REQUEST_NS_MAX,
			most <= REQUEST_NS_MAX ? "met" : "**not met**") < 0)
		return out_of_memory(err);
	return 0;
}

static int measure_loops(struct bench *bench, struct series *series, struct error *err)
{
	const struct report_case frame = {
		.group = "I/O requests on ACRN: the loop, with a driver that answers at once",
		.unit = "ns",
		.ours = { .label = "acrn-dm's back end" },
		.peer = { .label = "the smallest loop" },
	};
	unsigned int count = bench_runs(bench, 2), i;
	int ret = 0;

	for (i = 0; i < count && ret == 0; i++)
		ret = run_loops(bench, series, err);
	for (i = 0; i < ARRAY_SIZE(loop_cases) && ret == 0; i++)
		ret = report_series(bench, &frame, &loop_cases[i], &series[i], err);
	return ret < 0 ? ret : report_most(bench, series, err);
}

static int measure_sim(struct bench *bench, struct series *series, struct error *err)
{
	const struct report_case frame = {
		.group = "I/O requests on ACRN: round trips through the simulated driver",
		.unit = "us",
		.ours = { .label = "acrn-dm" },
		.peer = { .label = "a small client" },
	};
	unsigned int count = bench_runs(bench, 2), i;
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "%s/dm.guest", bench->scratch);
	ret = write_file(path, dm_guest, err);
	snprintf(path, sizeof(path), "%s/client.guest", bench->scratch);
	if (ret == 0)
		ret = write_file(path, client_guest, err);
	for (i = 0; i < count && ret == 0; i++) {
		ret = run_acrn_dm(bench, series, err);
		if (ret == 0)
			ret = run_client(bench, series, err);
	}
	for (i = 0; i < ARRAY_SIZE(sim_cases) && ret == 0; i++)
		ret = report_series(bench, &frame, &sim_cases[i], &series[i], err);
	return ret;
}

static void series_fini(struct series *series, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		samples_fini(&series[i].ours);
		samples_fini(&series[i].peer);
	}
}

int measure_ioreq(struct bench *bench, struct error *err)
{
	struct series loops[ARRAY_SIZE(loop_cases)] = { 0 }, sim[ARRAY_SIZE(sim_cases)] = { 0 };
	int ret;

	ret = measure_loops(bench, loops, err);
	if (ret == 0)
		ret = measure_sim(bench, sim, err);
	series_fini(loops, ARRAY_SIZE(loop_cases));
	series_fini(sim, ARRAY_SIZE(sim_cases));
	return ret;
}
