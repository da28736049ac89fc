/* SPDX-License-Identifier: BSD-3-Clause */
/* Buffered, non-blocking output. */
#include "hw/isa/console_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "devicemodel/vm/io_bus.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"

#define TAG "com1"

/* As much as is worth a write of its own while more is coming. */
#define FLUSH_SIZE 4096

static size_t waiting(const struct console_output *output)
{
	return output->end - output->first;
}

static void drop_waiting(struct console_output *output, int error)
{
	if (output->dropped == 0)
		log_warning(TAG, "cannot write to standard output: %s; output of the guest is lost",
			    strerror(error));
	output->dropped += waiting(output);
	output->first = output->end = 0;
}

/* Write until nothing waits or there is no room. */
static void flush(struct console_output *output)
{
	ssize_t n;

	output->is_blocked = false;
	while (waiting(output) > 0) {
		n = borrowed_fd_write(&output->out, output->buffer + output->first,
				      waiting(output));
		if (n == -EAGAIN) {
			output->is_blocked = true;
			return;
		}
		if (n <= 0)
			drop_waiting(output, (int)-n);
		else
			output->first += (size_t)n;
	}
	output->first = output->end = 0;
}

static void arm_timer(struct console_output *output)
{
	const struct itimerspec soon = { .it_value.tv_nsec = CONSOLE_FLUSH_NS };

	output->timer_armed = timerfd_settime(output->timer_fd, 0, &soon, NULL) == 0;
}

static void on_ready(void *ctx, uint32_t events)
{
	struct console_output *output = ctx;

	(void)events;
	io_bus_lock(output->bus);
	flush(output);
	if (!output->is_blocked) {
		event_source_remove(output->ready_source);
		output->ready_source = NULL;
	}
	io_bus_unlock(output->bus);
}

/* Have on_ready() go on; should that not be possible, the timer tries again. */
static void wait_for_room(struct console_output *output)
{
	if (output->ready_source)
		return;
	if (event_loop_add(output->loop, output->out.fd, EPOLLOUT, on_ready, output,
			   &output->ready_source) < 0)
		arm_timer(output);
}

static void on_timer(void *ctx, uint32_t events)
{
	struct console_output *output = ctx;

	(void)events;
	io_bus_lock(output->bus);
	eventfd_drain(output->timer_fd); /* a timerfd reads like an eventfd */
	output->timer_armed = false;
	if (waiting(output) > 0) {
		flush(output);
		if (output->is_blocked)
			wait_for_room(output);
		else
			arm_timer(output);
	}
	io_bus_unlock(output->bus);
}

int console_output_init(struct console_output *output, struct io_bus *bus, struct event_loop *loop,
			int fd)
{
	int ret;

	*output = (struct console_output){ .bus = bus, .loop = loop };
	output->buffer = malloc(CONSOLE_OUTPUT_SIZE);
	if (!output->buffer)
		return -ENOMEM;
	output->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (output->timer_fd < 0) {
		ret = -errno;
		goto out_free;
	}
	ret = event_loop_add(loop, output->timer_fd, EPOLLIN, on_timer, output,
			     &output->timer_source);
	if (ret < 0)
		goto out_close;
	borrowed_fd_init(&output->out, fd, O_WRONLY);
	return 0;

out_close:
	fd_close(&output->timer_fd);
out_free:
	free(output->buffer);
	return ret;
}

/* Give a slow reader the time to take the rest; one that has stopped reading must not keep us. */
static void drain(struct console_output *output)
{
	struct pollfd poll_fd = { .fd = output->out.fd, .events = POLLOUT };
	int n;

	flush(output);
	while (output->is_blocked) {
		n = poll(&poll_fd, 1, CONSOLE_DRAIN_MS);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			drop_waiting(output, n < 0 ? errno : EAGAIN);
			return;
		}
		flush(output);
	}
}

void console_output_fini(struct console_output *output)
{
	drain(output);
	if (output->dropped > 0)
		log_warning(TAG, "%llu bytes of the guest's output were lost",
			    (unsigned long long)output->dropped);
	event_source_remove(output->ready_source);
	event_source_remove(output->timer_source);
	fd_close(&output->timer_fd);
	borrowed_fd_fini(&output->out);
	free(output->buffer);
}

static bool make_room(struct console_output *output)
{
	if (output->end < CONSOLE_OUTPUT_SIZE)
		return true;
	if (output->first == 0)
		return false;
	memmove(output->buffer, output->buffer + output->first, waiting(output));
	output->end -= output->first;
	output->first = 0;
	return true;
}

void console_output_byte(struct console_output *output, uint8_t byte)
{
	if (!make_room(output)) {
		if (output->dropped++ == 0)
			log_warning(TAG,
				    "nobody reads standard output; output of the guest is lost");
		return;
	}
	output->buffer[output->end++] = byte;
	if (output->is_blocked)
		return;
	if (!output->timer_armed || waiting(output) >= FLUSH_SIZE)
		flush(output);
	if (!output->timer_armed)
		arm_timer(output);
}
