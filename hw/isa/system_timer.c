/* SPDX-License-Identifier: BSD-3-Clause */
/* The timer chip, put together. */
#include "hw/isa/system_timer.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "devicemodel/machine_map.h"
#include "devicemodel/vm/io_bus.h"
#include "devicemodel/vm/irq.h"
#include "hw/isa/pit.h"
#include "lib/event_loop.h"
#include "lib/fds.h"

#define NS_PER_S UINT64_C(1000000000)

struct system_timer {
	struct io_bus *bus;
	struct irq *irq;
	struct pit *pit;
	int fd;
	struct event_source *source;
};

static uint64_t host_now(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void set_alarm(void *ctx, uint64_t ns)
{
	struct system_timer *timer = ctx;
	struct itimerspec when = { .it_value = { 0 } }; /* never */

	if (ns != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(ns / NS_PER_S);
		when.it_value.tv_nsec = (long)(ns % NS_PER_S);
	}
	timerfd_settime(timer->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void interrupt(void *ctx)
{
	struct system_timer *timer = ctx;

	irq_set_line(timer->irq, MACHINE_PIT_GSI, true);
	irq_set_line(timer->irq, MACHINE_PIT_GSI, false);
}

static const struct pit_ops timer_pit_ops = {
	.now = host_now,
	.set_alarm = set_alarm,
	.interrupt = interrupt,
};

static void timer_expired(void *ctx, uint32_t events)
{
	struct system_timer *timer = ctx;
	uint64_t expirations;

	(void)events;
	/* Set anew in the meantime. */
	if (read(timer->fd, &expirations, sizeof(expirations)) < 0)
		return;
	io_bus_lock(timer->bus);
	pit_alarm(timer->pit);
	io_bus_unlock(timer->bus);
}

int system_timer_new(struct io_bus *bus, struct irq *irq, struct event_loop *loop,
		     struct system_timer **ret_timer, struct error *err)
{
	struct system_timer *timer;
	int ret;

	timer = calloc(1, sizeof(*timer));
	if (!timer)
		return error_set(err, -ENOMEM, "system timer: out of memory");
	timer->bus = bus;
	timer->irq = irq;
	timer->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	ret = timer->fd < 0 ? -errno : 0;
	if (ret == 0)
		ret = event_loop_add(loop, timer->fd, EPOLLIN, timer_expired, timer,
				     &timer->source);
	if (ret < 0)
		error_set(err, ret, "system timer: no timerfd: %s", strerror(-ret));
	else
		ret = pit_new(bus, &timer_pit_ops, timer, &timer->pit, err);
	if (ret < 0) {
		system_timer_free(timer);
		return ret;
	}
	*ret_timer = timer;
	return 0;
}

void system_timer_free(struct system_timer *timer)
{
	if (!timer)
		return;
	pit_free(timer->pit);
	event_source_remove(timer->source);
	fd_close(&timer->fd);
	free(timer);
}

void system_timer_reset(struct system_timer *timer)
{
	if (timer)
		pit_reset(timer->pit);
}
