/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Joins: how long it takes until so many clients of one server know each other completely, and
 * what memory the server has then. The peer for the time is a plain loop that sends as many
 * messages with a descriptor each through one pair of sockets; for the memory it is the server
 * without clients.
 */
#include "bench/bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/crowd.h"
#include "bench/pss.h"
#include "bench/server.h"
#include "ivshmem/wire.h"
#include "lib/fds.h"
#include "lib/util.h"

#define VECTORS 8
#define LOOP_TIMEOUT_MS 120000

struct setting {
	unsigned int clients;
	/* It takes some hundred times as long for ten times the clients. */
	unsigned int divisor;
};

static const struct setting settings[] = { { 100, 10 }, { 500, 30 }, { 1000, 100 } };

struct figures {
	struct samples ms, loop_ms, mib, empty_mib;
};

struct loop {
	int sockets[2];
	uint64_t messages;
};

/* --- the loop --------------------------------------------------------------------------------- */

static bool wait_ready(int socket, short events)
{
	struct pollfd poll_fd = { .fd = socket, .events = events };

	return poll(&poll_fd, 1, -1) == 1;
}

static int loop_send(void *ctx)
{
	const struct loop *loop = ctx;
	int fd = eventfd_new();
	uint64_t i;

	for (i = 0; i < loop->messages; i++) {
		struct ivshmem_wire_out out = { .message = { .value = 1, .fd = fd } };
		int ret;

		while ((ret = ivshmem_wire_send(loop->sockets[0], &out)) == -EAGAIN &&
		       wait_ready(loop->sockets[0], POLLOUT))
			;
		if (ret < 0)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int loop_receive(void *ctx)
{
	const struct loop *loop = ctx;
	struct ivshmem_wire_in in = IVSHMEM_WIRE_IN_NONE;
	uint64_t i;

	for (i = 0; i < loop->messages; i++) {
		struct ivshmem_message message;
		int ret;

		while ((ret = ivshmem_wire_receive(loop->sockets[1], &in, &message)) == -EAGAIN &&
		       wait_ready(loop->sockets[1], POLLIN))
			;
		if (ret < 0)
			return EXIT_FAILURE;
		fd_close(&message.fd);
	}
	putchar('!');
	return EXIT_SUCCESS;
}

/* Both inherit the sockets. */
static int run_loop_processes(const struct bench *bench, struct loop *loop, uint64_t *ret_ns,
			      struct error *err)
{
	struct child_params params = {
		.function = loop_receive,
		.ctx = loop,
		.cpu = CHILD_ANY_CPU,
		.log_fd = bench->log_fd,
	};
	struct child receiver, sender;
	int ret;

	ret = child_start(&receiver, &params, err);
	if (ret < 0)
		return ret;
	params.function = loop_send;
	ret = child_start(&sender, &params, err);
	if (ret == 0) {
		ret = child_expect_byte(&receiver, '!', LOOP_TIMEOUT_MS, ret_ns, err);
		child_end(&sender);
	}
	child_end(&receiver);
	return ret;
}

static int time_loop(const struct bench *bench, unsigned int clients, struct samples *ms,
		     struct error *err)
{
	struct loop loop = { .messages = (uint64_t)clients * clients * VECTORS };
	uint64_t ns;
	int ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, loop.sockets) < 0)
		return error_set(err, -errno, "no pair of sockets: %s", strerror(errno));
	ret = run_loop_processes(bench, &loop, &ns, err);
	fd_close(&loop.sockets[0]);
	fd_close(&loop.sockets[1]);
	if (ret == 0 && samples_add(ms, (double)ns / 1e6) < 0)
		ret = error_set(err, -ENOMEM, "out of memory");
	return ret;
}

/* --- the server ------------------------------------------------------------------------------- */

static int add_pss(const struct server *server, struct samples *mib, struct error *err)
{
	uint64_t kib;
	int ret;

	ret = pss_read(server->pid, NULL, &kib, err);
	if (ret == 0 && samples_add(mib, (double)kib / 1024) < 0)
		ret = error_set(err, -ENOMEM, "out of memory");
	return ret;
}

static int time_joins(const struct bench *bench, const struct server *server, unsigned int clients,
		      struct figures *figures, struct error *err)
{
	struct child crowd;
	uint64_t ns;
	int ret;

	ret = add_pss(server, &figures->empty_mib, err);
	if (ret < 0)
		return ret;
	ret = crowd_start(&crowd, bench, server, clients, VECTORS, &ns, err);
	if (ret < 0)
		return ret;
	ret = add_pss(server, &figures->mib, err);
	if (ret == 0 && samples_add(&figures->ms, (double)ns / 1e6) < 0)
		ret = error_set(err, -ENOMEM, "out of memory");
	child_end(&crowd);
	return ret;
}

static int run_once(const struct bench *bench, unsigned int clients, struct figures *figures,
		    struct error *err)
{
	struct server server = SERVER_NONE;
	int ret;

	ret = server_start(&server, bench, "joins", 2, VECTORS, err);
	if (ret == 0)
		ret = time_joins(bench, &server, clients, figures, err);
	server_stop(&server);
	return ret < 0 ? ret : time_loop(bench, clients, &figures->loop_ms, err);
}

static int report_setting(struct bench *bench, unsigned int clients, const struct figures *figures,
			  struct error *err)
{
	struct report_case time = {
		.group = "Joins: clients of one server, 8 vectors each",
		.unit = "ms",
		.ours = { "ivshmem-server", samples_summary(&figures->ms), &figures->ms },
		.peer = { "loop, one pair of sockets", samples_summary(&figures->loop_ms),
			  &figures->loop_ms },
	};
	struct report_case memory = {
		.group = time.group,
		.unit = "MiB",
		.ours = { "ivshmem-server", samples_summary(&figures->mib), &figures->mib },
		.peer = { "itself without clients", samples_summary(&figures->empty_mib),
			  &figures->empty_mib },
	};

	snprintf(time.name, sizeof(time.name), "%u joins", clients);
	snprintf(memory.name, sizeof(memory.name), "memory with %u clients", clients);
	if (report_add(bench->report, &time) < 0 || report_add(bench->report, &memory) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int measure_setting(struct bench *bench, const struct setting *setting, struct error *err)
{
	unsigned int runs = bench->runs / setting->divisor;
	struct figures figures;
	unsigned int run = 0;
	int ret = 0;

	memset(&figures, 0, sizeof(figures));
	do {
		ret = run_once(bench, setting->clients, &figures, err);
	} while (ret == 0 && ++run < runs);
	if (ret == 0)
		ret = report_setting(bench, setting->clients, &figures, err);
	samples_fini(&figures.ms);
	samples_fini(&figures.loop_ms);
	samples_fini(&figures.mib);
	samples_fini(&figures.empty_mib);
	return ret;
}

int measure_joins(struct bench *bench, struct error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(settings) && ret == 0; i++)
		ret = measure_setting(bench, &settings[i], err);
	return ret;
}
