/* SPDX-License-Identifier: BSD-3-Clause */
/* Input with back pressure, and the escape key. */
#include "hw/isa/console_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "devicemodel/vm/io_bus.h"
#include "devicemodel/vm/request.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"

#define TAG "com1"
#define CTRL_A 1

static size_t waiting(const struct console_input *input)
{
	return input->end - input->first;
}

static void deliver(struct console_input *input)
{
	if (waiting(input) > 0)
		input->first +=
			input->receive(input->ctx, input->buffer + input->first, waiting(input));
	if (waiting(input) == 0)
		input->first = input->end = 0;
}

static void append(struct console_input *input, uint8_t byte)
{
	if (input->end == CONSOLE_INPUT_SIZE && input->first > 0) {
		memmove(input->buffer, input->buffer + input->first, waiting(input));
		input->end -= input->first;
		input->first = 0;
	}
	if (input->end < CONSOLE_INPUT_SIZE)
		input->buffer[input->end++] = byte;
}

static void type_key(struct console_input *input, uint8_t key)
{
	if (!input->escaped && key == CTRL_A) {
		input->escaped = true;
		return;
	}
	if (!input->escaped || key == CTRL_A)
		append(input, key);
	else if (key == 'x')
		vm_request_post(input->request, VM_REQUEST_SIGNAL, 0);
	input->escaped = false;
}

/* One read. A terminal may be read with bytes waiting, other inputs are not. */
static void fill(struct console_input *input)
{
	uint8_t bytes[CONSOLE_INPUT_SIZE];
	ssize_t i, n;

	n = borrowed_fd_read(&input->in, bytes, sizeof(bytes));
	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		/* EIO is how a terminal says that it was hung up. */
		if (n < 0 && n != -EIO)
			log_warning(TAG,
				    "cannot read standard input: %s; the guest gets no more input",
				    strerror((int)-n));
		input->ended = true;
		return;
	}
	for (i = 0; i < n; i++) {
		if (input->is_terminal)
			type_key(input, bytes[i]);
		else
			append(input, bytes[i]);
	}
}

static void on_input(void *ctx, uint32_t events);

/*
 * Watch the descriptor exactly while its bytes are wanted. Resting means removing the source: epoll
 * reports a hang-up also where nothing was asked for, and would do so without end.
 */
static void watch(struct console_input *input)
{
	bool wanted = !input->ended && !input->always_ready &&
		      (input->is_terminal || waiting(input) == 0);
	int ret;

	if (!wanted) {
		event_source_remove(input->source);
		input->source = NULL;
		return;
	}
	if (input->source)
		return;
	ret = event_loop_add(input->loop, input->in.fd, EPOLLIN, on_input, input, &input->source);
	if (ret == -EPERM) {
		input->always_ready = true;
	} else if (ret < 0) {
		log_warning(TAG, "cannot watch standard input: %s; the guest gets no input",
			    strerror(-ret));
		input->ended = true;
	}
}

/* Ends, since the receiver is full at some point: nobody empties it while the bus is locked. */
static void pump(struct console_input *input)
{
	deliver(input);
	watch(input);
	while (input->always_ready && !input->ended && waiting(input) == 0) {
		fill(input);
		deliver(input);
	}
}

static void on_input(void *ctx, uint32_t events)
{
	struct console_input *input = ctx;

	(void)events;
	io_bus_lock(input->bus);
	fill(input);
	pump(input);
	io_bus_unlock(input->bus);
}

static void on_kick(void *ctx, uint32_t events)
{
	struct console_input *input = ctx;

	(void)events;
	eventfd_drain(input->kick_fd);
	io_bus_lock(input->bus);
	pump(input);
	io_bus_unlock(input->bus);
}

int console_input_init(struct console_input *input, struct io_bus *bus, struct event_loop *loop,
		       struct vm_request *request, int fd, console_receiver *receive, void *ctx)
{
	int ret;

	*input = (struct console_input){
		.bus = bus,
		.loop = loop,
		.request = request,
		.receive = receive,
		.ctx = ctx,
	};
	input->kick_fd = eventfd_new();
	if (input->kick_fd < 0)
		return input->kick_fd;
	ret = event_loop_add(loop, input->kick_fd, EPOLLIN, on_kick, input, &input->kick_source);
	if (ret < 0) {
		fd_close(&input->kick_fd);
		return ret;
	}
	borrowed_fd_init(&input->in, fd, O_RDONLY);
	input->is_terminal = isatty(fd);
	console_input_ready(input);
	return 0;
}

void console_input_fini(struct console_input *input)
{
	event_source_remove(input->source);
	event_source_remove(input->kick_source);
	fd_close(&input->kick_fd);
	borrowed_fd_fini(&input->in);
}

void console_input_ready(struct console_input *input)
{
	eventfd_signal(input->kick_fd);
}
