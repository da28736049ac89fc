/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Polling round trip: two guests, and by turns two threads on the host, pass a number to and fro in
 * shared memory with the same loop, each side on a processor of its own. Guest and host print the
 * same line.
 */
#include "bench/bench.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/child.h"
#include "bench/guests/pingpong_loop.h"
#include "bench/host_memory.h"
#include "bench/vm_command.h"

#define ROUND_TRIPS 300000
#define SAMPLES_MAX 65536
#define OUTPUT_MAX 4096

/* Any number does whose lower half is 0; the memory is new. */
#define BASE (UINT64_C(1) << 32)

/*
 * A run has a distribution of its own, of which three figures are kept. They are no finer than the
 * steps of the time-stamp counter (10 ns have been seen); the mean of a run is.
 */
struct runs {
	struct samples min, median, p99, mean;
};

struct server {
	struct pingpong *pingpong;
	pthread_barrier_t barrier;
	int cpu;
};

static int pin_thread(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *serve(void *ctx)
{
	struct server *server = ctx;
	int ret = pin_thread(server->cpu);

	pthread_barrier_wait(&server->barrier);
	if (ret == 0)
		pingpong_serve(server->pingpong, BASE, ROUND_TRIPS);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const uint32_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

/* In a process of its own, whose end cleans up. */
static int host_round_trip(void *ctx)
{
	const int *cpus = ctx;
	struct server server = { .pingpong = host_memory_region(4096), .cpu = cpus[1] };
	uint32_t *samples = calloc(SAMPLES_MAX, sizeof(*samples));
	uint64_t start, cycles, min;
	pthread_t thread;
	size_t used;

	if (!server.pingpong || !samples || pin_thread(cpus[0]) < 0 ||
	    pthread_barrier_init(&server.barrier, NULL, 2) != 0 ||
	    pthread_create(&thread, NULL, serve, &server) != 0)
		return EXIT_FAILURE;
	pthread_barrier_wait(&server.barrier);
	start = tsc_read();
	used = pingpong_drive(server.pingpong, BASE, ROUND_TRIPS, samples, SAMPLES_MAX, &min);
	cycles = tsc_read() - start;
	if (!used)
		return EXIT_FAILURE;
	pthread_join(thread, NULL);
	qsort(samples, used, sizeof(*samples), compare);
	printf("pingpong count=%d min=%" PRIu64 " median=%u p99=%u cycles=%" PRIu64 "\n",
	       ROUND_TRIPS, min, samples[used / 2], samples[used * 99 / 100], cycles);
	return EXIT_SUCCESS;
}

static int parse_output(const struct bench *bench, const char *output, struct runs *runs,
			struct error *err)
{
	const char *line = strstr(output, "pingpong count=");
	double ns = 1e9 / bench->environment.tsc_hz;
	uint64_t min, median, p99, cycles;

	if (!line || sscanf(line,
			    "pingpong count=%*u min=%" SCNu64 " median=%" SCNu64 " p99=%" SCNu64
			    " cycles=%" SCNu64,
			    &min, &median, &p99, &cycles) != 4)
		return error_set(err, -EPROTO, "no round trips in the output: %.100s", output);
	if (samples_add(&runs->min, (double)min * ns) < 0 ||
	    samples_add(&runs->median, (double)median * ns) < 0 ||
	    samples_add(&runs->p99, (double)p99 * ns) < 0 ||
	    samples_add(&runs->mean, (double)cycles * ns / ROUND_TRIPS) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

/* Until it has ended, well or not. The side that only serves has no @runs. */
static int finish(const struct bench *bench, struct child *child, struct runs *runs,
		  struct error *err)
{
	char output[OUTPUT_MAX];
	int ret;

	ret = child_finish(child, 0, output, sizeof(output), err);
	return ret == 0 && runs ? parse_output(bench, output, runs, err) : ret;
}

static int start_guest(const struct bench *bench, const char *arguments, int cpu,
		       struct child *ret_child, struct error *err)
{
	const struct vm_params params = {
		.monitor = VM_ACRN_DM,
		.memory_mib = 64,
		.guest = "pingpong",
		.arguments = arguments,
		.region = bench->region,
		.region_mib = 2,
	};

	return vm_start(ret_child, bench, &params, cpu, err);
}

static int run_guests(const struct bench *bench, struct runs *runs, struct error *err)
{
	const int *cpus = bench->environment.cpus;
	struct child ping, pong;
	char arguments[64];
	int ret;

	ret = start_guest(bench, "slot=6 role=pong timeout=20", cpus[1], &pong, err);
	if (ret < 0)
		return ret;
	snprintf(arguments, sizeof(arguments), "slot=6 role=ping timeout=20 count=%d", ROUND_TRIPS);
	ret = start_guest(bench, arguments, cpus[0], &ping, err);
	if (ret == 0)
		ret = finish(bench, &ping, runs, err);
	if (ret < 0) {
		child_end(&pong);
		return ret;
	}
	return finish(bench, &pong, NULL, err);
}

static int run_host(const struct bench *bench, struct runs *runs, struct error *err)
{
	int cpus[2] = { bench->environment.cpus[0], bench->environment.cpus[1] };
	const struct child_params params = {
		.function = host_round_trip,
		.ctx = cpus,
		.cpu = CHILD_ANY_CPU,
		.log_fd = bench->log_fd,
	};
	struct child child;
	int ret;

	ret = child_start(&child, &params, err);
	return ret < 0 ? ret : finish(bench, &child, runs, err);
}

/* The least of all; of the other two the middle one of the runs. */
static struct summary runs_summary(const struct runs *runs)
{
	const struct summary summary = {
		.min = samples_quantile(&runs->min, 0),
		.median = samples_quantile(&runs->median, 0.5),
		.p99 = samples_quantile(&runs->p99, 0.5),
		.count = runs->median.count,
	};

	return summary;
}

static void runs_fini(struct runs *runs)
{
	samples_fini(&runs->min);
	samples_fini(&runs->median);
	samples_fini(&runs->p99);
	samples_fini(&runs->mean);
}

static int report_runs(struct bench *bench, const struct runs *guests, const struct runs *host,
		       struct error *err)
{
	struct report_case new_case = {
		.group = "Round trip: polling, two VMs against two threads on the host",
		.unit = "ns",
		.name = "one trip",
		.ours = { "two VMs", runs_summary(guests), &guests->median },
		.peer = { "two threads", runs_summary(host), &host->median },
		.aim = AIM_AT_MOST,
		.aim_ratio = 1.1,
	};
	int ret;

	ret = report_add(bench->report, &new_case);
	snprintf(new_case.name, sizeof(new_case.name), "mean of a run");
	new_case.ours.summary = samples_summary(&guests->mean);
	new_case.ours.pairs = &guests->mean;
	new_case.peer.summary = samples_summary(&host->mean);
	new_case.peer.pairs = &host->mean;
	if (ret == 0)
		ret = report_add(bench->report, &new_case);
	return ret < 0 ? error_set(err, ret, "out of memory") : 0;
}

int measure_round_trip(struct bench *bench, struct error *err)
{
	unsigned int count = bench_runs(bench, 4);
	struct runs guests, host;
	unsigned int run;
	int ret = 0;

	if (bench->environment.cpu_count < 2)
		return error_set(err, -ENODEV, "two sides that poll need two processors");
	memset(&guests, 0, sizeof(guests));
	memset(&host, 0, sizeof(host));
	for (run = 0; run < count && ret == 0; run++) {
		ret = run_guests(bench, &guests, err);
		if (ret == 0)
			ret = run_host(bench, &host, err);
	}
	if (ret == 0)
		ret = report_runs(bench, &guests, &host, err);
	runs_fini(&guests);
	runs_fini(&host);
	return ret;
}
