/* SPDX-License-Identifier: BSD-3-Clause */
/* Standard input and output, put together. */
#include "hw/isa/console.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "hw/isa/console_output.h"
#include "hw/isa/terminal.h"

struct console {
	struct console_input input;
	struct console_output output;
	bool has_terminal;
};

int console_new(const struct console_params *params, struct console **ret_console,
		struct error *err)
{
	struct console *console;
	int ret;

	console = calloc(1, sizeof(*console));
	if (!console)
		return error_set(err, -ENOMEM, "console: out of memory");
	ret = console_output_init(&console->output, params->bus, params->loop, params->out_fd);
	if (ret < 0) {
		error_set(err, ret, "console: cannot set up its output: %s", strerror(-ret));
		goto out_free;
	}
	ret = console_input_init(&console->input, params->bus, params->loop, params->request,
				 params->in_fd, params->receive, params->ctx);
	if (ret < 0) {
		error_set(err, ret, "console: cannot set up its input: %s", strerror(-ret));
		goto out_output;
	}
	if (console->input.is_terminal) {
		ret = terminal_enter(params->in_fd);
		if (ret < 0) {
			error_set(err, ret, "console: cannot switch the terminal to raw mode: %s",
				  strerror(-ret));
			goto out_input;
		}
		console->has_terminal = true;
	}
	*ret_console = console;
	return 0;

out_input:
	console_input_fini(&console->input);
out_output:
	console_output_fini(&console->output);
out_free:
	free(console);
	return ret;
}

void console_free(struct console *console)
{
	if (!console)
		return;
	console_input_fini(&console->input);
	console_output_fini(&console->output);
	if (console->has_terminal)
		terminal_leave();
	free(console);
}

void console_output(struct console *console, uint8_t byte)
{
	console_output_byte(&console->output, byte);
}

void console_ready(struct console *console)
{
	console_input_ready(&console->input);
}
