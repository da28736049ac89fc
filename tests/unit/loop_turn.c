/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs the loop until a descriptor of its own, which is ready as well, has had its turn. */
#include "tests/unit/loop_turn.h"

#include <sys/epoll.h>

#include "lib/event_loop.h"
#include "lib/fds.h"
#include "tests/unit/unit.h"

static void stop_loop(void *ctx, uint32_t events)
{
	(void)events;
	event_loop_stop(ctx);
}

void loop_turn(struct event_loop *loop)
{
	struct event_source *source;
	int i, ready = eventfd_new();

	/* It is among the last of a turn, or a turn late. */
	for (i = 0; i < 2; i++) {
		eventfd_signal(ready);
		CU_ASSERT_EQUAL_FATAL(
			event_loop_add(loop, ready, EPOLLIN, stop_loop, loop, &source), 0);
		CU_ASSERT_EQUAL(event_loop_run(loop), 0);
		event_source_remove(source);
	}
	fd_close(&ready);
}
