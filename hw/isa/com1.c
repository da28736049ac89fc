/* SPDX-License-Identifier: BSD-3-Clause */
/* COM1, put together. */
#include "hw/isa/com1.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "devicemodel/machine_map.h"
#include "devicemodel/vm/irq.h"
#include "hw/isa/console.h"
#include "hw/isa/uart.h"

struct com1 {
	struct uart *uart;
	struct irq *irq;
	struct console *console; /* NULL: nobody is at the other end */
};

static void uart_output(void *ctx, uint8_t byte)
{
	struct com1 *com1 = ctx;

	if (com1->console)
		console_output(com1->console, byte);
}

static void uart_irq(void *ctx, bool level)
{
	struct com1 *com1 = ctx;

	irq_set_line(com1->irq, MACHINE_COM1_IRQ, level);
}

static void uart_ready(void *ctx)
{
	struct com1 *com1 = ctx;

	if (com1->console)
		console_ready(com1->console);
}

static const struct uart_ops com1_uart_ops = {
	.output = uart_output,
	.irq = uart_irq,
	.ready = uart_ready,
};

static size_t console_received(void *ctx, const uint8_t *bytes, size_t count)
{
	struct com1 *com1 = ctx;

	return uart_receive(com1->uart, bytes, count);
}

int com1_new(const struct com1_params *params, struct com1 **ret_com1, struct error *err)
{
	struct console_params console_params = {
		.bus = params->bus,
		.loop = params->loop,
		.request = params->request,
		.in_fd = params->in_fd,
		.out_fd = params->out_fd,
		.receive = console_received,
	};
	struct com1 *com1;
	int ret;

	com1 = calloc(1, sizeof(*com1));
	if (!com1)
		return error_set(err, -ENOMEM, "com1: out of memory");
	com1->irq = params->irq;
	ret = uart_new(params->bus, MACHINE_COM1_PORT, &com1_uart_ops, com1, &com1->uart, err);
	if (ret < 0)
		goto out_free;
	console_params.ctx = com1;
	if (params->has_console)
		ret = console_new(&console_params, &com1->console, err);
	if (ret < 0)
		goto out_uart;
	*ret_com1 = com1;
	return 0;

out_uart:
	uart_free(com1->uart);
out_free:
	free(com1);
	return ret;
}

void com1_free(struct com1 *com1)
{
	if (!com1)
		return;
	console_free(com1->console);
	uart_free(com1->uart);
	free(com1);
}

void com1_reset(struct com1 *com1)
{
	uart_reset(com1->uart);
}
