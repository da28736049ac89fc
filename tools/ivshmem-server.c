/* SPDX-License-Identifier: BSD-3-Clause */
/* ivshmem-server: shared memory and doorbells for QEMU, acrn-dm and other clients. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "ivshmem/server.h"
#include "ivshmem/server_path.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"
#include "lib/parse.h"
#include "tools/server_daemon.h"
#include "tools/server_memory.h"
#include "tools/server_options.h"
#include "tools/server_socket.h"

struct program {
	struct server_options options;
	struct event_loop *loop;
	struct server_memory memory;
	struct server_socket socket;
	char socket_path[IVSHMEM_SERVER_PATH_MAX];
	int signals;
	struct event_source *signal_source;
	struct ivshmem_server *server;
	struct log_limit refusals;
	bool has_pid_file;
};

static bool admit(void *ctx, const struct ucred *who)
{
	const struct program *program = ctx;
	size_t i;

	for (i = 0; i < program->options.uid_count; i++)
		if (program->options.uids[i] == who->uid)
			return true;
	return program->options.uid_count == 0;
}

static void joined(void *ctx, uint16_t id, const struct ucred *who)
{
	(void)ctx;
	log_info(NULL, "client %u joins: pid %d of uid %u", (unsigned int)id, (int)who->pid,
		 (unsigned int)who->uid);
}

static void left(void *ctx, uint16_t id, int why, unsigned int left_over)
{
	struct program *program = ctx;

	switch (why) {
	case 0:
		log_info(NULL, "client %u leaves", (unsigned int)id);
		break;
	case -ESHUTDOWN:
		log_info(NULL, "client %u is told that the server ends", (unsigned int)id);
		break;
	case -EPROTO:
		log_info(NULL, "client %u is dropped: it sent something", (unsigned int)id);
		break;
	case -ETIMEDOUT:
		log_info(NULL, "client %u is dropped: it has read nothing for %d s",
			 (unsigned int)id, IVSHMEM_SERVER_STALL_MS / 1000);
		break;
	default:
		log_info(NULL, "client %u leaves: %s", (unsigned int)id, strerror(-why));
	}
	if (left_over == 0 && program->options.exit_when_empty)
		event_loop_stop(program->loop);
}

static void refused(void *ctx, int why)
{
	struct program *program = ctx;

	if (why == -ECONNRESET)
		log_info(NULL, "a client went before it was greeted");
	else if (why == -EMFILE)
		log_limited(&program->refusals, LOG_LEVEL_WARNING, NULL,
			    "a client is refused: each takes %u file descriptors, raise the limit"
			    " (ulimit -n, LimitNOFILE=)",
			    program->options.vectors + 1);
	else
		log_limited(&program->refusals, LOG_LEVEL_WARNING, NULL, "a client is refused: %s",
			    strerror(-why));
}

static const struct ivshmem_server_events server_events = {
	.admit = admit,
	.joined = joined,
	.left = left,
	.refused = refused,
};

static void signal_ready(void *ctx, uint32_t events)
{
	struct program *program = ctx;

	(void)events;
	event_loop_stop(program->loop);
}

/* SIGTERM and SIGINT become a descriptor of the loop. */
static int open_signals(struct program *program, struct error *err)
{
	sigset_t set;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	program->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (program->signals < 0)
		return error_set(err, -errno, "signalfd: %s", strerror(errno));
	ret = event_loop_add(program->loop, program->signals, EPOLLIN, signal_ready, program,
			     &program->signal_source);
	if (ret < 0)
		return error_set(err, ret, "event loop: %s", strerror(-ret));
	return 0;
}

/* A region's socket is where its users look for it. */
static int find_socket_path(struct program *program, struct error *err)
{
	int ret;

	if (program->options.socket)
		return 0;
	ret = ivshmem_server_path(&program->options.region_name, program->socket_path, err);
	if (ret == 0)
		program->options.socket = program->socket_path;
	return ret;
}

static int start_server(struct program *program, struct error *err)
{
	const struct ivshmem_server_params params = {
		.memory = program->memory.fd,
		.listening = program->socket.fd,
		.vectors = program->options.vectors,
		.events = &server_events,
		.ctx = program,
	};
	int ret = ivshmem_server_new(&params, program->loop, &program->server);

	if (ret < 0)
		return error_set(err, ret, "cannot start the server: %s", strerror(-ret));
	return 0;
}

static int set_up(struct program *program, struct error *err)
{
	const struct server_options *options = &program->options;
	int ret;

	ret = event_loop_new(&program->loop);
	if (ret < 0)
		return error_set(err, ret, "event loop: %s", strerror(-ret));
	ret = open_signals(program, err);
	if (ret == 0)
		ret = find_socket_path(program, err);
	if (ret == 0)
		ret = server_memory_open(&program->memory, options, err);
	if (ret == 0)
		ret = server_socket_open(&program->socket, options->socket, options->socket_mode,
					 err);
	if (ret == 0)
		ret = start_server(program, err);
	if (ret == 0 && !options->foreground && options->pid_file) {
		ret = server_pid_file_write(options->pid_file, err);
		program->has_pid_file = ret == 0;
	}
	return ret;
}

static void tear_down(struct program *program)
{
	ivshmem_server_free(program->server);
	server_socket_close(&program->socket);
	server_memory_close(&program->memory);
	event_source_remove(program->signal_source);
	fd_close(&program->signals);
	event_loop_free(program->loop);
	if (program->has_pid_file)
		server_pid_file_remove(program->options.pid_file);
}

static int run(struct program *program, int ready)
{
	struct error err;
	int ret;

	ret = set_up(program, &err);
	if (ret < 0) {
		log_error(NULL, "%s", err.text);
		tear_down(program);
		return 1;
	}
	log_info(NULL, "listening at %s", program->options.socket);
	if (!program->options.foreground)
		server_daemon_ready(ready);
	ret = event_loop_run(program->loop);
	if (ret < 0)
		log_error(NULL, "event loop: %s", strerror(-ret));
	tear_down(program);
	return ret < 0 ? 1 : 0;
}

static void tell_size(const struct server_options *options)
{
	char asked[SIZE_TEXT_MAX], used[SIZE_TEXT_MAX];

	if (options->size != options->asked_size)
		log_warning(NULL, "size %s is rounded up to %s, a power of two of at least a page",
			    size_text(options->asked_size, asked), size_text(options->size, used));
}

int main(int argc, char **argv)
{
	struct program program = {
		.memory = SERVER_MEMORY_NONE,
		.socket = { .fd = -1 },
		.signals = -1,
	};
	struct error err;
	int ready = -1;

	fds_fill_standard();
	signal(SIGXFSZ, SIG_IGN);
	if (server_options_parse(&program.options, argc, argv, &err) < 0) {
		log_error(NULL, "%s", err.text);
		return EX_USAGE;
	}
	if (program.options.help || program.options.version) {
		fputs(program.options.help ? server_options_help :
					     "ivshmem-server " ACRN_DM_VERSION "\n",
		      stdout);
		return fflush(stdout) == 0 ? 0 : 1;
	}
	if (program.options.verbose)
		log_set_level(LOG_LEVEL_INFO);
	tell_size(&program.options);
	fds_raise_limit();
	if (!program.options.foreground && server_daemon_start(&ready, &err) < 0) {
		log_error(NULL, "%s", err.text);
		return 1;
	}
	return run(&program, ready);
}
