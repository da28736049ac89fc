/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a ring costs the VM that rings, with 1,000 other clients of the server: always the same one,
 * which is among the doorbells that acrn-dm has the kernel answer, and all of them in turn, which
 * are more than these.
 */
#include "bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/child.h"
#include "bench/crowd.h"
#include "bench/doorbell_output.h"
#include "bench/server.h"
#include "bench/vm_command.h"
#include "lib/util.h"

#define GROUP "Ring: what it costs who rings, with 1,000 other clients"

#define CLIENTS 1000
#define RINGS 10000
#define OUTPUT_MAX 4096

enum { OURS, KERNEL, PROCESS, MONITORS };

static const enum vm_monitor monitors[MONITORS] = {
	[OURS] = VM_ACRN_DM,
	[KERNEL] = VM_QEMU_Q35,
	[PROCESS] = VM_QEMU_NO_IOEVENTFD,
};

enum { FIRST, LAST, TURN, KINDS };

/* As the guest has them. */
static const char *const kind_words[KINDS] = { "first", "last", "turn" };

/* What is compared with what: a kind of ring each, of acrn-dm and of another or itself. */
struct comparison {
	const char *name;
	int kind;
	int peer;
	int peer_kind;
};

static const struct comparison comparisons[] = {
	{ "one client, the first that joined", FIRST, KERNEL, FIRST },
	{ "one client, the last that joined", LAST, KERNEL, LAST },
	{ "each client in turn", TURN, PROCESS, TURN },
	{ "each client in turn", TURN, KERNEL, TURN },
	{ "each client in turn against one", TURN, OURS, FIRST },
};

struct figures {
	struct samples ns[MONITORS][KINDS];
};

static int add_figures(const struct bench *bench, const char *output,
		       struct samples ns[static KINDS], struct error *err)
{
	int kind, ret = 0;

	for (kind = 0; kind < KINDS && ret == 0; kind++) {
		double found = 0;

		ret = doorbell_output_rings(bench, output, kind_words[kind], &found, err);
		if (ret == 0 && samples_add(&ns[kind], found) < 0)
			ret = error_set(err, -ENOMEM, "out of memory");
	}
	return ret;
}

static int run_guest(const struct bench *bench, const struct server *server,
		     enum vm_monitor monitor, struct samples ns[static KINDS], struct error *err)
{
	char arguments[96], output[OUTPUT_MAX];
	const struct vm_params params = {
		.monitor = monitor,
		.memory_mib = 64,
		.guest = "doorbell",
		.arguments = arguments,
		.region = server->region,
		.region_mib = 2,
		.server = server->socket,
		.vectors = 1,
	};
	struct child child;
	int ret;

	snprintf(arguments, sizeof(arguments), "slot=6 role=spray first=0 last=%d rate=%d",
		 CLIENTS - 1, RINGS);
	ret = vm_start(&child, bench, &params, bench->environment.cpus[1], err);
	if (ret == 0)
		ret = child_finish(&child, 0, output, sizeof(output), err);
	if (ret == 0)
		ret = add_figures(bench, output, ns, err);
	return ret < 0 ? error_prefix(err, ret, "%s", vm_monitor_label(monitor)) : 0;
}

static int run_all(const struct bench *bench, const struct server *server, struct figures *figures,
		   struct error *err)
{
	unsigned int run, runs = bench_runs(bench, 20);
	int i, ret = 0;

	for (run = 0; run < runs && ret == 0; run++) {
		for (i = 0; i < MONITORS && ret == 0; i++)
			ret = run_guest(bench, server, monitors[i], figures->ns[i], err);
	}
	return ret;
}

static int report_figures(struct bench *bench, const struct figures *figures, struct error *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(comparisons); i++) {
		const struct comparison *comparison = &comparisons[i];
		const struct samples *ours = &figures->ns[OURS][comparison->kind];
		const struct samples *peer = &figures->ns[comparison->peer][comparison->peer_kind];
		struct report_case new_case = {
			.group = GROUP,
			.unit = "ns",
			.ours = { .summary = samples_summary(ours), .pairs = ours },
			.peer = { .summary = samples_summary(peer), .pairs = peer },
		};

		snprintf(new_case.name, sizeof(new_case.name), "%s", comparison->name);
		snprintf(new_case.ours.label, REPORT_TEXT_MAX, "%s",
			 vm_monitor_label(monitors[OURS]));
		snprintf(new_case.peer.label, REPORT_TEXT_MAX, "%s",
			 vm_monitor_label(monitors[comparison->peer]));
		if (report_add(bench->report, &new_case) < 0)
			return error_set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

static int measure_with_crowd(struct bench *bench, const struct server *server,
			      struct figures *figures, struct error *err)
{
	struct child crowd;
	uint64_t ns;
	int ret;

	ret = crowd_start(&crowd, bench, server, CLIENTS, 1, &ns, err);
	if (ret < 0)
		return ret;
	ret = run_all(bench, server, figures, err);
	child_end(&crowd);
	return ret < 0 ? ret : report_figures(bench, figures, err);
}

int measure_ring(struct bench *bench, struct error *err)
{
	struct server server = SERVER_NONE;
	struct figures figures;
	int i, kind, ret;

	memset(&figures, 0, sizeof(figures));
	ret = server_start(&server, bench, "ring", 2, 1, err);
	if (ret == 0)
		ret = measure_with_crowd(bench, &server, &figures, err);
	server_stop(&server);
	for (i = 0; i < MONITORS; i++) {
		for (kind = 0; kind < KINDS; kind++)
			samples_fini(&figures.ns[i][kind]);
	}
	return ret;
}
