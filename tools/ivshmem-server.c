/* SPDX-License-Identifier: BSD-3-Clause */
/* ivshmem-server: shared memory and doorbells for QEMU, acrn-dm and other clients. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "ivshmem/server.h"
#include "ivshmem/server_path.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"
#include "lib/parse.h"
#include "tools/server_attendance.h"
#include "tools/server_daemon.h"
#include "tools/server_memory.h"
#include "tools/server_options.h"
#include "tools/server_report.h"
#include "tools/server_socket.h"
#include "tools/server_status.h"
#include "tools/server_systemd.h"

struct program {
	struct server_options options;
	struct event_loop *loop;
	struct server_memory memory;
	struct server_socket socket;
	char socket_path[IVSHMEM_SERVER_PATH_MAX + 1];
	int signals;
	struct event_source *signal_source;
	struct server_systemd systemd;
	struct server_attendance attendance;
	struct ivshmem_server *server;
	struct server_status *status;
	bool told_to_end;
	bool has_pid_file;
};

static void signal_ready(void *ctx, uint32_t events)
{
	struct program *program = ctx;

	(void)events;
	program->told_to_end = true;
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

/* For messages: what the socket is that somebody else has made. */
static void name_socket(struct program *program)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(address);

	getsockname(program->socket.fd, (struct sockaddr *)&address, &length);
	if (length > offsetof(struct sockaddr_un, sun_path) && !address.sun_path[0])
		address.sun_path[0] = '@'; /* an abstract address */
	snprintf(program->socket_path, sizeof(program->socket_path), "%.*s",
		 (int)sizeof(address.sun_path), address.sun_path);
	program->options.socket = program->socket_path;
}

static int open_own_socket(struct program *program, struct error *err)
{
	const struct server_options *options = &program->options;

	return server_socket_open(&program->socket, options->socket, options->socket_mode,
				  options->socket_group, err);
}

/* Where users of the region look for it, unless an option or the service manager says otherwise. */
static int open_socket(struct program *program, struct error *err)
{
	int ret = 0;

	if (program->systemd.listening >= 0) {
		program->socket.fd = program->systemd.listening;
		program->systemd.listening = -1;
		name_socket(program);
		return 0;
	}
	if (!program->options.socket) {
		ret = ivshmem_server_path(&program->options.region_name, program->socket_path, err);
		program->options.socket = program->socket_path;
	}
	return ret < 0 ? ret : open_own_socket(program, err);
}

static int start_server(struct program *program, struct error *err)
{
	const struct ivshmem_server_params params = {
		.memory = program->memory.fd,
		.listening = program->socket.fd,
		.vectors = program->options.vectors,
		.events = &server_attendance_events,
		.ctx = &program->attendance,
	};
	int ret = ivshmem_server_new(&params, program->loop, &program->server);

	if (ret < 0)
		return error_set(err, ret, "cannot start the server: %s", strerror(-ret));
	return 0;
}

static void write_report(void *ctx, FILE *out)
{
	const struct program *program = ctx;

	server_report_write(out, &program->options, &program->memory, program->server);
}

static int open_status(struct program *program, struct error *err)
{
	const struct server_status_params params = {
		.path = program->options.status,
		.stall_ms = IVSHMEM_SERVER_STALL_MS,
		.write = write_report,
		.ctx = program,
	};

	return params.path ? server_status_new(&params, program->loop, &program->status, err) : 0;
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
		ret = server_attendance_init(&program->attendance, options, program->loop, err);
	if (ret == 0)
		ret = server_memory_open(&program->memory, options, err);
	if (ret == 0)
		ret = open_socket(program, err);
	if (ret == 0)
		ret = open_status(program, err);
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
	server_systemd_notify(&program->systemd, "STOPPING=1");
	/* Whoever comes while the clients are told is not to wait for nothing. */
	server_socket_shut(&program->socket);
	server_status_free(program->status);
	ivshmem_server_free(program->server);
	server_attendance_fini(&program->attendance);
	server_socket_close(&program->socket);
	server_memory_close(&program->memory);
	event_source_remove(program->signal_source);
	fd_close(&program->signals);
	event_loop_free(program->loop);
	if (program->has_pid_file)
		server_pid_file_remove(program->options.pid_file);
	server_systemd_fini(&program->systemd);
}

/*
 * Nobody is there any more. Somebody may just be coming: they either find the socket gone or are
 * served. Sets *ret_over if nobody came. Returns 0 or -errno, with a line.
 */
static int close_up(struct program *program, bool *ret_over, struct error *err)
{
	int ret;

	*ret_over = true;
	/* Who waits at a socket of the service manager makes it start the next server. */
	if (!program->socket.path)
		return 0;
	server_socket_shut(&program->socket);
	ivshmem_server_listen(program->server, -1);
	if (program->attendance.clients == 0)
		return 0;
	log_info(NULL, "somebody came at the last moment");
	*ret_over = false;
	server_socket_close(&program->socket);
	ret = open_own_socket(program, err);
	if (ret < 0)
		return ret;
	ret = ivshmem_server_listen(program->server, program->socket.fd);
	return ret < 0 ? error_set(err, ret, "socket %s: %s", program->options.socket,
				   strerror(-ret)) : 0;
}

static int serve(struct program *program, struct error *err)
{
	bool over = false;
	int ret;

	do {
		ret = event_loop_run(program->loop);
		if (ret < 0)
			return error_set(err, ret, "event loop: %s", strerror(-ret));
		if (!program->told_to_end && program->attendance.clients == 0)
			ret = close_up(program, &over, err);
	} while (ret == 0 && !program->told_to_end && !over);
	return ret;
}

static int run(struct program *program, int ready)
{
	const struct server_options *options = &program->options;
	struct error err;
	int ret;

	ret = set_up(program, &err);
	if (ret < 0) {
		log_error(NULL, "%s", err.text);
		tear_down(program);
		return 1;
	}
	log_info(NULL, "listening at %s", options->socket);
	if (!options->foreground)
		server_daemon_ready(ready);
	server_systemd_notify(&program->systemd, "READY=1\nSTATUS=Serving %s at %s\n",
			      options->region ? options->region :
			      options->dir    ? options->dir :
						options->shm,
			      options->socket);
	ret = serve(program, &err);
	if (ret < 0)
		log_error(NULL, "%s", err.text);
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

/* What the service manager has prepared. Returns 0 or an exit status. */
static int take_over(struct program *program)
{
	struct error err;

	if (server_systemd_init(&program->systemd, &err) < 0) {
		log_error(NULL, "%s", err.text);
		return 1;
	}
	if (program->systemd.listening >= 0 &&
	    program->options.socket_mode != SERVER_SOCKET_NO_MODE) {
		log_error(NULL, "the socket was made by the service manager: instead of"
			  " --socket-mode and --socket-group write SocketMode= and SocketGroup="
			  " into its unit");
		return EX_USAGE;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct program program = {
		.memory = SERVER_MEMORY_NONE,
		.socket = SERVER_SOCKET_NONE,
		.systemd = SERVER_SYSTEMD_NONE,
		.attendance = SERVER_ATTENDANCE_NONE,
		.signals = -1,
	};
	struct error err;
	int status, ready = -1;

	fds_fill_standard();
	signal(SIGXFSZ, SIG_IGN);
	/* A log, or a parent, that goes away is no reason to end. */
	signal(SIGPIPE, SIG_IGN);
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
	status = take_over(&program);
	if (status)
		return status;
	tell_size(&program.options);
	fds_raise_limit();
	if (!program.options.foreground && server_daemon_start(&ready, &err) < 0) {
		log_error(NULL, "%s", err.text);
		return 1;
	}
	return run(&program, ready);
}
