/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may be a client of the server, who is one, and when nobody is any more. */
#ifndef TOOLS_SERVER_ATTENDANCE_H
#define TOOLS_SERVER_ATTENDANCE_H

#include "ivshmem/server.h"
#include "lib/error.h"
#include "lib/log.h"
#include "tools/server_options.h"

struct event_loop;
struct event_source;

/* Whoever has started a server to join it does so within this time, or never. */
#define SERVER_ATTENDANCE_WAIT_S 10

struct server_attendance {
	const struct server_options *options;
	struct event_loop *loop;
	unsigned int clients;
	struct log_limit refusals;
	int timer; /* -1: none */
	struct event_source *timer_source;
};

#define SERVER_ATTENDANCE_NONE { .timer = -1 }

/*
 * If @options say so, @loop is stopped when the last client has left, and when there is none
 * SERVER_ATTENDANCE_WAIT_S after this. Returns 0 or -errno, with a line.
 */
int server_attendance_init(struct server_attendance *attendance,
			   const struct server_options *options, struct event_loop *loop,
			   struct error *err);

/* Before @loop ends. Accepts SERVER_ATTENDANCE_NONE. */
void server_attendance_fini(struct server_attendance *attendance);

/* For the server; their context is the attendance. */
extern const struct ivshmem_server_events server_attendance_events;

#endif
