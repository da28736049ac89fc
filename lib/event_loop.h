/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One thread that waits for file descriptors and calls back. All functions but event_loop_stop()
 * belong to the thread that runs the loop (or to any one thread before it runs).
 */
#ifndef LIB_EVENT_LOOP_H
#define LIB_EVENT_LOOP_H

#include <stdint.h>

struct event_loop;
struct event_source;

/* @events is what epoll(7) reported. The callback may remove any source, its own included. */
typedef void event_callback(void *ctx, uint32_t events);

/* Returns 0 or -errno. The caller ends it with event_loop_free(), which drops all sources. */
int event_loop_new(struct event_loop **ret_loop);
void event_loop_free(struct event_loop *loop);

/*
 * Call @callback(@ctx, events) in the loop's thread whenever @fd is ready for @events (EPOLLIN,
 * ...; level-triggered). @fd stays the caller's and must outlive the source. Returns 0 or -errno
 * (-EPERM: @fd is a regular file, which is always ready; -ENOMEM).
 */
int event_loop_add(struct event_loop *loop, int fd, uint32_t events, event_callback *callback,
		   void *ctx, struct event_source **ret_source);

/* Change what the source waits for; 0 rests it. Returns 0 or -errno. */
int event_source_set(struct event_source *source, uint32_t events);

/* No callback happens after this. NULL is fine. */
void event_source_remove(struct event_source *source);

/* Runs until event_loop_stop(), also if that was called before. Returns 0 or -errno. */
int event_loop_run(struct event_loop *loop);

/* Makes event_loop_run() return. Any thread, and signal handlers. */
void event_loop_stop(struct event_loop *loop);

#endif
