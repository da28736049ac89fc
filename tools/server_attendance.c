/* SPDX-License-Identifier: BSD-3-Clause */
/* Admitting, counting and telling. */
#include "tools/server_attendance.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/event_loop.h"
#include "lib/fds.h"

static bool admit(void *ctx, const struct ucred *who)
{
	const struct server_attendance *attendance = ctx;
	size_t i;

	for (i = 0; i < attendance->options->uid_count; i++)
		if (attendance->options->uids[i] == who->uid)
			return true;
	return attendance->options->uid_count == 0;
}

static void joined(void *ctx, uint16_t id, const struct ucred *who)
{
	struct server_attendance *attendance = ctx;

	attendance->clients++;
	log_info(NULL, "client %u joins: pid %d of uid %u", (unsigned int)id, (int)who->pid,
		 (unsigned int)who->uid);
}

static void left(void *ctx, uint16_t id, int why, unsigned int left_over)
{
	struct server_attendance *attendance = ctx;

	switch (why) {
	case 0:
		log_info(NULL, "client %u leaves", (unsigned int)id);
		break;
	case -ESHUTDOWN:
		log_info(NULL, "client %u is left to itself: the server ends", (unsigned int)id);
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
	attendance->clients = left_over;
	if (left_over == 0 && attendance->options->exit_when_empty)
		event_loop_stop(attendance->loop);
}

static void refused(void *ctx, int why)
{
	struct server_attendance *attendance = ctx;

	if (why == -ECONNRESET)
		log_info(NULL, "a client went before it was greeted");
	else if (why == -EMFILE)
		log_limited(&attendance->refusals, LOG_LEVEL_WARNING, NULL,
			    "a client is refused: each takes %u file descriptors, raise the limit"
			    " (ulimit -n, LimitNOFILE=)",
			    attendance->options->vectors + 1);
	else
		log_limited(&attendance->refusals, LOG_LEVEL_WARNING, NULL,
			    "a client is refused: %s", strerror(-why));
}

const struct ivshmem_server_events server_attendance_events = {
	.admit = admit,
	.joined = joined,
	.left = left,
	.refused = refused,
};

static void timer_ready(void *ctx, uint32_t events)
{
	struct server_attendance *attendance = ctx;

	(void)events;
	event_source_remove(attendance->timer_source);
	attendance->timer_source = NULL;
	if (attendance->clients > 0)
		return;
	log_info(NULL, "nobody has joined for %d s", SERVER_ATTENDANCE_WAIT_S);
	event_loop_stop(attendance->loop);
}

int server_attendance_init(struct server_attendance *attendance,
			   const struct server_options *options, struct event_loop *loop,
			   struct error *err)
{
	const struct itimerspec wait = { .it_value.tv_sec = SERVER_ATTENDANCE_WAIT_S };
	int ret;

	attendance->options = options;
	attendance->loop = loop;
	if (!options->exit_when_empty)
		return 0;
	attendance->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (attendance->timer < 0)
		return error_set(err, -errno, "timer: %s", strerror(errno));
	timerfd_settime(attendance->timer, 0, &wait, NULL);
	ret = event_loop_add(loop, attendance->timer, EPOLLIN, timer_ready, attendance,
			     &attendance->timer_source);
	if (ret < 0)
		return error_set(err, ret, "event loop: %s", strerror(-ret));
	return 0;
}

void server_attendance_fini(struct server_attendance *attendance)
{
	event_source_remove(attendance->timer_source);
	attendance->timer_source = NULL;
	fd_close(&attendance->timer);
}
