/* SPDX-License-Identifier: BSD-3-Clause */
/* One step of an event loop, for tests. */
#ifndef TESTS_UNIT_LOOP_TURN_H
#define TESTS_UNIT_LOOP_TURN_H

struct event_loop;

/* Whatever is ready in the loop now is called back, and nothing is waited for. */
void loop_turn(struct event_loop *loop);

#endif
