/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Measures acrn-dm beside its peers and writes the report. "bench BUILD RUNS [MEASUREMENT]...": the
 * build directory, how often the quickest measurement is repeated, and which (all).
 */
#include "bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/child.h"
#include "lib/fds.h"
#include "lib/parse.h"
#include "lib/util.h"

#define RUNS_MAX 10000
#define PATH_TEXT_MAX 4096

struct measurement {
	const char *name;
	int (*measure)(struct bench *bench, struct error *err);
	bool needs_qemu;
};

static const struct measurement measurements[] = {
	{ "start", measure_start, true },
	{ "memory", measure_memory, true },
	{ "copy", measure_copy, false },
	{ "round-trip", measure_round_trip, false },
	{ "doorbell", measure_doorbell, true },
	{ "ring", measure_ring, true },
	{ "joins", measure_joins, false },
	{ "ioreq", measure_ioreq, false },
	{ "launch", measure_launch, false },
};

unsigned int bench_runs(const struct bench *bench, unsigned int divisor)
{
	unsigned int runs = bench->runs / divisor;

	return runs < 3 ? 3 : runs;
}

static const struct measurement *measurement_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(measurements); i++) {
		if (!strcmp(measurements[i].name, name))
			return &measurements[i];
	}
	return NULL;
}

static bool is_wanted(const struct measurement *measurement, char *const *wanted)
{
	bool all = !*wanted;

	for (; *wanted; wanted++) {
		if (!strcmp(*wanted, measurement->name))
			return true;
	}
	return all;
}

/* What could not be measured is said in the report, and makes the status a failure. */
static int measure_all(struct bench *bench, char *const *wanted)
{
	int status = EXIT_SUCCESS;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(measurements); i++) {
		const struct measurement *measurement = &measurements[i];
		struct error err = {
			"qemu-system-x86_64 is not installed (Debian: qemu-system-x86)"
		};

		if (!is_wanted(measurement, wanted))
			continue;
		fprintf(stderr, "bench: %s ...\n", measurement->name);
		if ((!measurement->needs_qemu || bench->environment.qemu[0]) &&
		    measurement->measure(bench, &err) == 0)
			continue;
		fprintf(stderr, "bench: %s not measured: %s\n", measurement->name, err.text);
		report_note(bench->report, "%s not measured: %s", measurement->name, err.text);
		status = EXIT_FAILURE;
	}
	return status;
}

static int write_report(const struct bench *bench, const char *name,
			void (*print)(const struct report *report, FILE *file))
{
	char path[PATH_TEXT_MAX];
	bool failed;
	FILE *file;

	snprintf(path, sizeof(path), "%s/bench/%s", bench->build, name);
	file = fopen(path, "we");
	if (file) {
		print(bench->report, file);
		failed = ferror(file);
		if (fclose(file) == 0 && !failed)
			return EXIT_SUCCESS;
	}
	fprintf(stderr, "bench: cannot write %s: %s\n", path, strerror(errno));
	return EXIT_FAILURE;
}

static int run(struct bench *bench, char *const *wanted)
{
	int status;

	bench->report = report_new(&bench->environment);
	if (!bench->report) {
		fprintf(stderr, "bench: out of memory\n");
		return EXIT_FAILURE;
	}
	status = measure_all(bench, wanted);
	report_print(bench->report, stdout);
	if (write_report(bench, "report.md", report_print) != EXIT_SUCCESS ||
	    write_report(bench, "report.json", report_print_json) != EXIT_SUCCESS)
		status = EXIT_FAILURE;
	report_free(bench->report);
	return status;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) == 0 ? 0 : -1;
}

/* Regions are recorded in a directory of this process, so that other people's are not touched. */
static int run_in_scratch(struct bench *bench, char *const *wanted)
{
	int status;

	snprintf(bench->scratch, sizeof(bench->scratch), "/tmp/bench-XXXXXX");
	if (!mkdtemp(bench->scratch)) {
		fprintf(stderr, "bench: cannot make a directory in /tmp: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	setenv("IVSHMEM_RUNTIME_DIR", bench->scratch, 1);
	status = run(bench, wanted);
	nftw(bench->scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return status;
}

static int open_log(const struct bench *bench)
{
	char path[PATH_TEXT_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/bench/log", bench->build);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		fprintf(stderr, "bench: cannot write %s: %s\n", path, strerror(errno));
	return fd;
}

static int usage(void)
{
	size_t i;

	fprintf(stderr,
		"bench: bad arguments; usage: bench BUILD RUNS [MEASUREMENT]..., with RUNS from 1"
		" to %d and MEASUREMENT of",
		RUNS_MAX);
	for (i = 0; i < ARRAY_SIZE(measurements); i++)
		fprintf(stderr, " %s", measurements[i].name);
	fprintf(stderr, "\n");
	return EX_USAGE;
}

int main(int argc, char **argv)
{
	struct bench bench = { .build = NULL };
	struct error err = { "" };
	uint64_t runs;
	int i, status;

	if (argc < 3 || parse_decimal(argv[2], RUNS_MAX, &runs) < 0 || runs == 0)
		return usage();
	for (i = 3; i < argc; i++) {
		if (!measurement_find(argv[i]))
			return usage();
	}
	bench.build = argv[1];
	bench.runs = (unsigned int)runs;
	snprintf(bench.region, sizeof(bench.region), "bench-%d", (int)getpid());
	if (environment_probe(&bench.environment, &err) < 0) {
		fprintf(stderr, "bench: %s\n", err.text);
		return EXIT_FAILURE;
	}
	bench.log_fd = open_log(&bench);
	if (bench.log_fd < 0)
		return EXIT_FAILURE;
	child_stop_on_signals();
	/* For servers, and monitors with many peers, which inherit it. */
	fds_raise_limit();
	status = run_in_scratch(&bench, argv + 3);
	fd_close(&bench.log_fd);
	return status;
}
