/* SPDX-License-Identifier: BSD-3-Clause */
/* Getting connected, and connected again. */
#include "hw/pci/ivshmem_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "ivshmem/peer.h"
#include "ivshmem/server_path.h"
#include "lib/clock.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"

#define START_TIMEOUT_MS 10000
/* A server that has just lost its last client ends under the feet of whoever connects then. */
#define OPEN_TRIES 5

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 5000
/* A connection that lasts so long was a good one: should it break, the next try is soon. */
#define STABLE_MS 5000

/* No server needs longer from one message of its greeting to the next, nor for all of them. */
#define QUIET_MS 1000
#define TELLING_MAX_MS 5000
/* Own vectors come in one go; a server may have fewer than the device. */
#define OWN_QUIET_MS 50

struct ivshmem_link {
	struct ivshmem_link_params params;
	char path[IVSHMEM_SERVER_PATH_MAX];
	struct ivshmem_peer *peer; /* NULL: there is no connection, nor one in the making */
	enum {
		LINK_GREETING, /* until an id is there */
		LINK_TELLING,  /* until all who are present were told */
		LINK_UP,
		LINK_DOWN,
	} state;
	bool opened; /* it was up once: the guest may run */
	bool heard;  /* a message since the timer was set */
	uint16_t id;
	int failure; /* why it is down, as long as it is being opened; in words: */
	struct error why;
	/* Of the quiet while told; while down of the next try, or of a start's patience. */
	int timer;
	struct event_source *timer_source;
	unsigned int retry_ms;
	int64_t told_since, up_since; /* as now_ms() has it */
	struct log_limit changes;
	int complaint; /* what tries have failed with that was said last, since it went down */
	struct ivshmem_server_start *start;
	struct event_source *start_source;
};

/* 0: not at all. */
static void set_timer(struct ivshmem_link *link, unsigned int ms)
{
	const struct itimerspec when = {
		.it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L },
	};

	timerfd_settime(link->timer, 0, &when, NULL);
}

/* Less often each time. */
static void retry_later(struct ivshmem_link *link)
{
	set_timer(link, link->retry_ms);
	link->retry_ms = link->retry_ms * 2 < RETRY_MAX_MS ? link->retry_ms * 2 : RETRY_MAX_MS;
}

static bool is_own_server(const struct ivshmem_link *link)
{
	return !link->params.path;
}

/* While it is being opened, whoever waits for a change is woken. */
static void changed(struct ivshmem_link *link)
{
	if (!link->opened)
		event_loop_stop(link->params.loop);
}

/* --- what the server says ------------------------------------------------------------------- */

static void go_up(struct ivshmem_link *link)
{
	link->state = LINK_UP;
	link->up_since = now_ms();
	link->complaint = 0;
	/* What it has not told so far may still come: own vectors, if it is slow. */
	link->heard = false;
	set_timer(link, QUIET_MS);
	if (link->opened)
		log_limited(&link->changes, LOG_LEVEL_WARNING, link->params.tag,
			    "connected again, to ivshmem server %s", link->path);
	changed(link);
}

/* One that never ends is no reason for the guest to wait for ever. */
static bool tells_too_long(const struct ivshmem_link *link)
{
	return now_ms() - link->told_since >= TELLING_MAX_MS;
}

static void go_down(struct ivshmem_link *link, int code, const struct error *why)
{
	bool was_up = link->state == LINK_UP;

	ivshmem_peer_free(link->peer);
	link->peer = NULL;
	link->state = LINK_DOWN;
	link->failure = code;
	link->why = *why;
	changed(link);
	if (!link->opened)
		return;
	if (code == -EMFILE)
		link->params.ops->starved(link->params.ctx);
	if (was_up && now_ms() - link->up_since >= STABLE_MS)
		link->retry_ms = RETRY_MIN_MS;
	if (was_up)
		log_limited(&link->changes, LOG_LEVEL_WARNING, link->params.tag,
			    "%s; %s, and connecting is tried again", why->text,
			    code == -EMFILE ? "until then no peer can be rung"
					    : "the peers known so far and this VM still ring each "
					      "other");
	else if (code != link->complaint)
		log_limited(&link->changes, LOG_LEVEL_WARNING, link->params.tag,
			    "not connected again yet: %s", why->text);
	link->complaint = was_up ? 0 : code;
	retry_later(link);
}

static void peer_ready(void *ctx, uint16_t id, int memory_fd, uint64_t size)
{
	struct ivshmem_link *link = ctx;
	struct error err = { "" };
	int ret;

	(void)size;
	ret = link->params.ops->ready(link->params.ctx, link->path, id, memory_fd, &err);
	if (ret < 0) {
		error_prefix(&err, ret, "ivshmem server %s", link->path);
		go_down(link, ret, &err);
		return;
	}
	if (!link->opened)
		link->id = id;
	link->state = LINK_TELLING;
	link->told_since = now_ms();
	link->heard = false;
	set_timer(link, QUIET_MS);
}

static void peer_joined(void *ctx, uint16_t id, unsigned int vector, int fd)
{
	struct ivshmem_link *link = ctx;

	link->heard = true;
	link->params.ops->joined(link->params.ctx, id, vector, fd);
}

static void peer_left(void *ctx, uint16_t id)
{
	struct ivshmem_link *link = ctx;

	link->heard = true;
	link->params.ops->left(link->params.ctx, id);
}

/*
 * The own vectors come last in a greeting. All of them are waited for: a ring by one that is not
 * there yet, which a guest may send as soon as it runs, would be lost.
 */
static void peer_own_vector(void *ctx, unsigned int vector, int fd)
{
	struct ivshmem_link *link = ctx;

	link->heard = true;
	link->params.ops->own_vector(link->params.ctx, vector, fd);
	if (link->state != LINK_TELLING)
		return;
	if (vector + 1 >= link->params.start.vectors || tells_too_long(link)) {
		go_up(link);
	} else {
		link->heard = false;
		set_timer(link, OWN_QUIET_MS);
	}
}

static void peer_lost(void *ctx, int code, const struct error *err)
{
	go_down(ctx, code, err);
}

static const struct ivshmem_peer_ops peer_ops = {
	.ready = peer_ready,
	.joined = peer_joined,
	.left = peer_left,
	.own_vector = peer_own_vector,
	.lost = peer_lost,
};

/* --- connecting ----------------------------------------------------------------------------- */

static int connect_peer(struct ivshmem_link *link, struct error *err)
{
	const struct ivshmem_peer_params params = {
		.path = link->path,
		.has_former_id = link->opened,
		.former_id = link->id,
		.ops = &peer_ops,
		.ctx = link,
	};

	link->state = LINK_GREETING;
	set_timer(link, 0); /* the silence of a server before is nothing to wait for */
	return ivshmem_peer_connect(link->params.loop, &params, &link->peer, err);
}

static bool nobody_listens(int code)
{
	return code == -ENOENT || code == -ECONNREFUSED;
}

static void reconnect(struct ivshmem_link *link, bool may_start);

static void start_ended(void *ctx, uint32_t events)
{
	struct ivshmem_link *link = ctx;
	struct error err = { "" };
	int ret;

	(void)events;
	event_source_remove(link->start_source);
	link->start_source = NULL;
	ret = ivshmem_server_start_finish(link->start, &err);
	link->start = NULL;
	if (ret < 0)
		go_down(link, ret, &err);
	else
		reconnect(link, false);
}

/* Returns 0 if it is under way, here or elsewhere. */
static int begin_start(struct ivshmem_link *link, struct error *err)
{
	int ret = ivshmem_server_start_begin(&link->params.start, &link->start, err);

	if (ret == -EAGAIN || ret == -EALREADY) {
		retry_later(link);
		return 0;
	}
	if (ret < 0)
		return ret;
	/* No events are asked for: it is hung up at its end. */
	ret = event_loop_add(link->params.loop, ivshmem_server_start_fd(link->start), 0,
			     start_ended, link, &link->start_source);
	if (ret < 0) {
		ivshmem_server_start_finish(link->start, NULL);
		link->start = NULL;
		return error_set(err, ret, "event loop: %s", strerror(-ret));
	}
	set_timer(link, START_TIMEOUT_MS);
	return 0;
}

/*
 * Never blocks: the guest runs. A server that has just been started and is not there is not started
 * again before the next try.
 */
static void reconnect(struct ivshmem_link *link, bool may_start)
{
	struct error err = { "" };
	int ret;

	ret = connect_peer(link, &err);
	if (ret == 0)
		return;
	link->state = LINK_DOWN;
	if (may_start && nobody_listens(ret) && is_own_server(link))
		ret = begin_start(link, &err);
	if (ret < 0)
		go_down(link, ret, &err);
}

static void timer_expired(void *ctx, uint32_t events)
{
	struct ivshmem_link *link = ctx;

	(void)events;
	/* As an eventfd, it counts in 8 bytes. */
	if (!eventfd_drain(link->timer))
		return;
	if (link->state == LINK_DOWN) {
		if (link->start)
			start_ended(link, 0); /* it hangs */
		else
			reconnect(link, true);
		return;
	}
	if (link->heard && !tells_too_long(link)) {
		link->heard = false;
		set_timer(link, QUIET_MS);
		return;
	}
	/* A server without vectors, or with fewer than the device, has nothing more to tell. */
	if (link->state == LINK_TELLING)
		go_up(link);
	else
		link->params.ops->settled(link->params.ctx, link->path);
}

/* --- the first time, before the guest runs --------------------------------------------------- */

/* A loop that is stopped neither up nor down is stopped for somebody else's sake. */
static int wait_until_up(struct ivshmem_link *link)
{
	int ret = event_loop_run(link->params.loop);

	if (ret < 0)
		return error_set(&link->why, ret, "the event loop failed: %s", strerror(-ret));
	if (link->state == LINK_GREETING || link->state == LINK_TELLING)
		return error_set(&link->why, -EINTR,
				 "interrupted while it waited for ivshmem server %s", link->path);
	return link->state == LINK_UP ? 0 : link->failure;
}

/* On failure link->why tells the cause. */
static int open_once(struct ivshmem_link *link)
{
	int ret = connect_peer(link, &link->why);

	if (nobody_listens(ret) && is_own_server(link)) {
		ret = ivshmem_server_start(&link->params.start, START_TIMEOUT_MS, &link->why);
		if (ret == 0)
			ret = connect_peer(link, &link->why);
	}
	return ret < 0 ? ret : wait_until_up(link);
}

static int open_first(struct ivshmem_link *link, struct error *err)
{
	int tries = is_own_server(link) ? OPEN_TRIES : 1, ret;

	do {
		ret = open_once(link);
	} while (--tries && (nobody_listens(ret) || ret == -ECONNRESET));
	link->opened = ret == 0;
	if (ret < 0 && err)
		*err = link->why;
	return ret;
}

static int find_path(struct ivshmem_link *link, struct error *err)
{
	if (is_own_server(link))
		return ivshmem_server_path(link->params.start.name, link->path, err);
	snprintf(link->path, sizeof(link->path), "%s", link->params.path);
	return 0;
}

static int open_timer(struct ivshmem_link *link, struct error *err)
{
	int ret = 0;

	link->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (link->timer < 0)
		ret = -errno;
	else
		ret = event_loop_add(link->params.loop, link->timer, EPOLLIN, timer_expired, link,
				     &link->timer_source);
	return ret < 0 ? error_set(err, ret, "timer: %s", strerror(-ret)) : 0;
}

int ivshmem_link_open(const struct ivshmem_link_params *params, struct ivshmem_link **ret_link,
		      struct error *err)
{
	struct ivshmem_link *link;
	int ret;

	link = calloc(1, sizeof(*link));
	if (!link)
		return error_set(err, -ENOMEM, "out of memory");
	link->params = *params;
	link->retry_ms = RETRY_MIN_MS;
	link->timer = -1;
	ret = find_path(link, err);
	if (ret == 0)
		ret = open_timer(link, err);
	if (ret == 0)
		ret = open_first(link, err);
	if (ret < 0) {
		ivshmem_link_close(link);
		return ret;
	}
	*ret_link = link;
	return 0;
}

void ivshmem_link_close(struct ivshmem_link *link)
{
	if (!link)
		return;
	event_source_remove(link->start_source);
	if (link->start)
		ivshmem_server_start_finish(link->start, NULL);
	ivshmem_peer_free(link->peer);
	event_source_remove(link->timer_source);
	fd_close(&link->timer);
	free(link);
}
