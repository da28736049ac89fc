/* SPDX-License-Identifier: BSD-3-Clause */
/* Cutting input into commands, and running them one by one while nothing is waited for. */
#include "tools/client_input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/fds.h"
#include "tools/client_commands.h"

#define SEPARATORS "\n\r;"

static event_callback input_ready;

/* Runs the first command of the text; false: there is no whole one. */
static bool run_one(struct client_input *input)
{
	char command[CLIENT_INPUT_MAX];
	size_t length;

	for (length = 0; length < input->length; length++)
		if (strchr(SEPARATORS, input->text[length]))
			break;
	if (length == input->length && (!input->ended || length == 0))
		return false;
	memcpy(command, input->text, length);
	command[length] = '\0';
	if (length < input->length)
		length++;
	input->length -= length;
	memmove(input->text, input->text + length, input->length);
	client_command_run(input->client, command);
	return true;
}

/*
 * While something is waited for, there is no source at all: it would go on telling of a hang-up.
 * Files and /dev/null are always ready, and epoll takes no such thing.
 */
static int watch(struct client_input *input)
{
	struct event_loop *loop = input->client->loop;
	int ret;

	if (input->source || input->ended)
		return 0;
	if (input->always_ready < 0) {
		ret = event_loop_add(loop, STDIN_FILENO, EPOLLIN, input_ready, input,
				     &input->source);
		if (ret != -EPERM)
			return ret;
		input->always_ready = eventfd_new();
		if (input->always_ready < 0)
			return input->always_ready;
		eventfd_signal(input->always_ready);
	}
	return event_loop_add(loop, input->always_ready, EPOLLIN, input_ready, input,
			      &input->source);
}

static void unwatch(struct client_input *input)
{
	event_source_remove(input->source);
	input->source = NULL;
}

/* What is left cannot become a command: the end of the input, a failure, or no room for its end. */
static bool is_over(struct client_input *input, int watch_error)
{
	struct client *client = input->client;

	if ((input->ended && input->length == 0) || (input->stop_at_failure && client->status))
		return true;
	if (input->length == sizeof(input->text) - 1)
		client_fail(client, "a command has more than %zu bytes", sizeof(input->text) - 2);
	else if (watch_error < 0)
		client_fail(client, "standard input: %s", strerror(-watch_error));
	else
		return false;
	return true;
}

static void run_commands(void *ctx)
{
	struct client_input *input = ctx;
	struct client *client = input->client;

	while (client->state == CLIENT_COMMANDS && !(input->stop_at_failure && client->status))
		if (!run_one(input))
			break;
	if (client->state == CLIENT_RING) {
		unwatch(input);
		return;
	}
	if (is_over(input, watch(input))) {
		client_finish(client);
		return;
	}
	if (input->prompt)
		fputs("cmd> ", stdout);
	fflush(stdout);
}

static void input_ready(void *ctx, uint32_t events)
{
	struct client_input *input = ctx;
	ssize_t n;

	(void)events;
	n = read(STDIN_FILENO, input->text + input->length,
		 sizeof(input->text) - 1 - input->length);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0)
		client_fail(input->client, "standard input: %s", strerror(errno));
	input->ended = n <= 0;
	if (n > 0)
		input->length += (size_t)n;
	run_commands(input);
}

struct client_input *client_input_new(struct client *client, const char *commands,
				      struct error *err)
{
	size_t length = commands ? strlen(commands) : 0;
	struct client_input *input;

	if (length >= sizeof(input->text) - 1) {
		error_set(err, -E2BIG, "the commands have more than %zu bytes: give them on"
			  " standard input", sizeof(input->text) - 2);
		return NULL;
	}
	input = calloc(1, sizeof(*input));
	if (!input) {
		error_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	input->client = client;
	input->always_ready = -1;
	client->run_commands = run_commands;
	client->ctx = input;
	if (commands) {
		input->ended = input->stop_at_failure = true;
		input->length = length;
		memcpy(input->text, commands, length);
	} else {
		input->prompt = isatty(STDIN_FILENO);
	}
	return input;
}

void client_input_free(struct client_input *input)
{
	if (!input)
		return;
	unwatch(input);
	fd_close(&input->always_ready);
	free(input);
}
