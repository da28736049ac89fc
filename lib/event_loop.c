/* SPDX-License-Identifier: BSD-3-Clause */
/* An event loop over epoll. */
#include "lib/event_loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "lib/fds.h"

#define EVENTS_PER_WAIT 64

struct event_source {
	struct event_loop *loop;
	int fd;
	event_callback *callback; /* NULL once removed */
	void *ctx;
	LIST_ENTRY(event_source) link;
};

LIST_HEAD(source_list, event_source);

struct event_loop {
	int epoll_fd;
	int stop_fd;
	/* Those with a callback; those removed whose events may still be in the current batch. */
	struct source_list sources, removed;
};

int event_loop_new(struct event_loop **ret_loop)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	struct event_loop *loop;
	int ret;

	loop = calloc(1, sizeof(*loop));
	if (!loop)
		return -ENOMEM;
	LIST_INIT(&loop->sources);
	LIST_INIT(&loop->removed);
	loop->stop_fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		ret = -errno;
		goto out_free;
	}
	loop->stop_fd = eventfd_new();
	if (loop->stop_fd < 0) {
		ret = loop->stop_fd;
		goto out_free;
	}
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->stop_fd, &event) < 0) {
		ret = -errno;
		goto out_free;
	}
	*ret_loop = loop;
	return 0;

out_free:
	event_loop_free(loop);
	return ret;
}

static void free_sources(struct source_list *list)
{
	struct event_source *source;

	while ((source = LIST_FIRST(list))) {
		LIST_REMOVE(source, link);
		free(source);
	}
}

void event_loop_free(struct event_loop *loop)
{
	if (!loop)
		return;
	free_sources(&loop->sources);
	free_sources(&loop->removed);
	fd_close(&loop->stop_fd);
	fd_close(&loop->epoll_fd);
	free(loop);
}

int event_loop_add(struct event_loop *loop, int fd, uint32_t events, event_callback *callback,
		   void *ctx, struct event_source **ret_source)
{
	struct epoll_event event = { .events = events };
	struct event_source *source;
	int ret;

	source = calloc(1, sizeof(*source));
	if (!source)
		return -ENOMEM;
	source->loop = loop;
	source->fd = fd;
	source->callback = callback;
	source->ctx = ctx;
	event.data.ptr = source;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		ret = -errno;
		free(source);
		return ret;
	}
	LIST_INSERT_HEAD(&loop->sources, source, link);
	*ret_source = source;
	return 0;
}

int event_source_set(struct event_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	if (epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) < 0)
		return -errno;
	return 0;
}

void event_source_remove(struct event_source *source)
{
	if (!source)
		return;
	epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	source->callback = NULL;
	LIST_REMOVE(source, link);
	LIST_INSERT_HEAD(&source->loop->removed, source, link);
}

int event_loop_run(struct event_loop *loop)
{
	struct epoll_event events[EVENTS_PER_WAIT];
	struct event_source *source;
	bool stop = false;
	int i, n;

	while (!stop) {
		n = epoll_wait(loop->epoll_fd, events, EVENTS_PER_WAIT, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		for (i = 0; i < n; i++) {
			source = events[i].data.ptr;
			if (!source)
				stop = true;
			else if (source->callback)
				source->callback(source->ctx, events[i].events);
		}
		/* With what the callbacks have added, or the next run would end for that, too. */
		if (stop)
			eventfd_drain(loop->stop_fd);
		free_sources(&loop->removed);
	}
	return 0;
}

void event_loop_stop(struct event_loop *loop)
{
	eventfd_signal(loop->stop_fd);
}
