/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the commands of a client come from: its command line or standard input. */
#ifndef TOOLS_CLIENT_INPUT_H
#define TOOLS_CLIENT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/client.h"

/* Longest command and its end. */
#define CLIENT_INPUT_MAX 65536

struct client_input {
	struct client *client;
	struct event_source *source; /* of standard input, while commands may come */
	int always_ready; /* stands for a standard input that epoll does not take; -1: none */
	bool prompt, stop_at_failure;
	bool ended;
	size_t length;
	char text[CLIENT_INPUT_MAX];
};

/*
 * Run @commands, or what comes from standard input if that is NULL, in @client, which it finishes
 * at the end. Commands end with a newline, a carriage return or a semicolon. The first failure ends
 * those of @commands. Returns NULL with a line on failure; else to be ended with
 * client_input_free(), before the client.
 */
struct client_input *client_input_new(struct client *client, const char *commands,
				      struct error *err);
void client_input_free(struct client_input *input);

#endif
