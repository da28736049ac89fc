/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers of a 16550A. */
#include "hw/isa/uart.h"

#include <errno.h>
#include <linux/serial_reg.h>
#include <stdlib.h>

#include "devicemodel/vm/io_bus.h"
#include "hw/isa/byte_access.h"

#define UART_PORTS 8
#define FIFO_SIZE 16
#define IER_MASK 0x0f
#define MCR_MASK 0x1f
#define MSR_DELTAS (UART_MSR_DCTS | UART_MSR_DDSR | UART_MSR_TERI | UART_MSR_DDCD)
/* The other end is always there and always lets the guest send. */
#define MSR_CONNECTED (UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS)
#define DIVISOR_9600 12

/*
 * So many reads of LSR in a row, with no other register in between, are a guest waiting for a byte.
 * A driver that sends reads it once or twice for each byte, since the transmitter is never busy.
 */
#define POLLS_OF_A_LISTENER 16

struct uart {
	struct io_bus *bus;
	uint16_t port;
	const struct uart_ops *ops;
	void *ctx;

	uint8_t ier, fcr, lcr, mcr, scr;
	uint8_t dll, dlm;
	uint8_t msr_deltas;
	bool overrun;

	uint8_t rx[FIFO_SIZE];
	unsigned int rx_first, rx_count;

	bool thre_pending; /* the "transmitter is empty" interrupt waits */
	bool thre_seen;	   /* LSR was read since it was raised last */
	bool irq_level;

	bool starved; /* uart_receive() refused something */
	bool polled_listener;
	unsigned int polls; /* LSR reads in a row */
};

static bool fifo_enabled(const struct uart *uart)
{
	return uart->fcr & UART_FCR_ENABLE_FIFO;
}

static unsigned int rx_capacity(const struct uart *uart)
{
	return fifo_enabled(uart) ? FIFO_SIZE : 1;
}

static unsigned int rx_trigger(const struct uart *uart)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	return fifo_enabled(uart) ? levels[uart->fcr >> 6] : 1;
}

static void rx_clear(struct uart *uart)
{
	uart->rx_count = 0;
	uart->polled_listener = false;
}

static void rx_push(struct uart *uart, uint8_t byte)
{
	if (uart->rx_count == rx_capacity(uart)) {
		uart->overrun = true;
		return;
	}
	uart->rx[(uart->rx_first + uart->rx_count) % FIFO_SIZE] = byte;
	uart->rx_count++;
}

static uint8_t rx_pop(struct uart *uart)
{
	uint8_t byte;

	if (uart->rx_count == 0)
		return 0;
	byte = uart->rx[uart->rx_first];
	uart->rx_first = (uart->rx_first + 1) % FIFO_SIZE;
	uart->rx_count--;
	return byte;
}

static uint8_t modem_lines(const struct uart *uart)
{
	if (!(uart->mcr & UART_MCR_LOOP))
		return MSR_CONNECTED;
	return (uint8_t)((uart->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
			 (uart->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0) |
			 (uart->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0) |
			 (uart->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0));
}

/* The cause of highest priority (PC16550D table IV), without the bits that tell of FIFOs. */
static uint8_t interrupt_id(const struct uart *uart)
{
	if ((uart->ier & UART_IER_RLSI) && uart->overrun)
		return UART_IIR_RLSI;
	if ((uart->ier & UART_IER_RDI) && uart->rx_count >= rx_trigger(uart))
		return UART_IIR_RDI;
	if ((uart->ier & UART_IER_RDI) && uart->rx_count > 0)
		return UART_IIR_RX_TIMEOUT;
	if ((uart->ier & UART_IER_THRI) && uart->thre_pending)
		return UART_IIR_THRI;
	if ((uart->ier & UART_IER_MSI) && uart->msr_deltas)
		return UART_IIR_MSI;
	return UART_IIR_NO_INT;
}

/* PCs let the interrupt through a gate that OUT2 opens; loopback cuts OUT2 off its pin. */
static bool irq_gate_open(const struct uart *uart)
{
	return (uart->mcr & (UART_MCR_OUT2 | UART_MCR_LOOP)) == UART_MCR_OUT2;
}

static void irq_update(struct uart *uart)
{
	bool level = irq_gate_open(uart) && interrupt_id(uart) != UART_IIR_NO_INT;

	if (level == uart->irq_level)
		return;
	uart->irq_level = level;
	uart->ops->irq(uart->ctx, level);
}

/* IER alone says little: Linux sets all of it when it looks for a chip. */
static unsigned int rx_room(const struct uart *uart)
{
	bool listens = ((uart->ier & UART_IER_RDI) && irq_gate_open(uart)) || uart->polled_listener;

	if (!listens || (uart->mcr & UART_MCR_LOOP))
		return 0;
	return rx_capacity(uart) - uart->rx_count;
}

static uint8_t iir_read(struct uart *uart)
{
	uint8_t id = interrupt_id(uart);

	if (id == UART_IIR_THRI)
		uart->thre_pending = false;
	return id | (fifo_enabled(uart) ? 0xc0 : 0);
}

static uint8_t lsr_read(struct uart *uart)
{
	uint8_t lsr = UART_LSR_THRE | UART_LSR_TEMT;

	if (uart->rx_count > 0)
		lsr |= UART_LSR_DR;
	if (uart->overrun)
		lsr |= UART_LSR_OE;
	uart->overrun = false;
	uart->thre_seen = true;
	return lsr;
}

static uint8_t msr_read(struct uart *uart)
{
	uint8_t msr = modem_lines(uart) | uart->msr_deltas;

	uart->msr_deltas = 0;
	return msr;
}

static void thr_write(struct uart *uart, uint8_t byte)
{
	/*
	 * Writing takes the interrupt back until the byte has left. A guest that never reads IIR
	 * needs that edge, but it costs two calls; one that fills the FIFO without looking between
	 * the bytes does not need it for each.
	 */
	if (uart->thre_seen) {
		uart->thre_pending = false;
		irq_update(uart);
	}
	if (uart->mcr & UART_MCR_LOOP)
		rx_push(uart, byte);
	else
		uart->ops->output(uart->ctx, byte);
	uart->thre_pending = true;
	uart->thre_seen = false;
}

static void ier_write(struct uart *uart, uint8_t value)
{
	/* Enabling the interrupt while the transmitter is empty raises it. */
	if (value & ~uart->ier & UART_IER_THRI)
		uart->thre_pending = true;
	uart->ier = value & IER_MASK;
}

static void fcr_write(struct uart *uart, uint8_t value)
{
	bool was_enabled = fifo_enabled(uart);

	/* Without the enable bit the others are not programmed. */
	uart->fcr = 0;
	if (value & UART_FCR_ENABLE_FIFO)
		uart->fcr = value & (UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_MASK);
	/*
	 * The chip empties the FIFO on either change of the enable bit. Here a byte survives the
	 * switching-on: some drivers enable the receive interrupt first and the FIFO after it,
	 * which is long on a real line but not for us.
	 */
	if ((was_enabled && !fifo_enabled(uart)) ||
	    (fifo_enabled(uart) && (value & UART_FCR_CLEAR_RCVR)))
		rx_clear(uart);
}

static void mcr_write(struct uart *uart, uint8_t value)
{
	uint8_t before = modem_lines(uart), changed;

	uart->mcr = value & MCR_MASK;
	changed = before ^ modem_lines(uart);
	/* Ring is told when it ends, the others when they change. */
	uart->msr_deltas |= (changed & (UART_MSR_CTS | UART_MSR_DSR | UART_MSR_DCD)) >> 4;
	uart->msr_deltas |= (changed & before & UART_MSR_RI) >> 4;
}

static uint8_t register_read(struct uart *uart, unsigned int reg)
{
	bool dlab = uart->lcr & UART_LCR_DLAB;

	switch (reg) {
	case UART_RX:
		return dlab ? uart->dll : rx_pop(uart);
	case UART_IER:
		return dlab ? uart->dlm : uart->ier;
	case UART_IIR:
		return iir_read(uart);
	case UART_LCR:
		return uart->lcr;
	case UART_MCR:
		return uart->mcr;
	case UART_LSR:
		return lsr_read(uart);
	case UART_MSR:
		return msr_read(uart);
	default:
		return uart->scr;
	}
}

static void register_write(struct uart *uart, unsigned int reg, uint8_t value)
{
	bool dlab = uart->lcr & UART_LCR_DLAB;

	switch (reg) {
	case UART_TX:
		if (dlab)
			uart->dll = value;
		else
			thr_write(uart, value);
		break;
	case UART_IER:
		if (dlab)
			uart->dlm = value;
		else
			ier_write(uart, value);
		break;
	case UART_FCR:
		fcr_write(uart, value);
		break;
	case UART_LCR:
		uart->lcr = value;
		break;
	case UART_MCR:
		mcr_write(uart, value);
		break;
	case UART_SCR:
		uart->scr = value;
		break;
	default: /* LSR and MSR are read-only */
		break;
	}
}

static void polls_count(struct uart *uart, bool is_lsr_read)
{
	uart->polls = is_lsr_read ? uart->polls + 1 : 0;
	if (uart->polls >= POLLS_OF_A_LISTENER)
		uart->polled_listener = true;
}

/* What every access may have changed. */
static void access_done(struct uart *uart)
{
	irq_update(uart);
	if (uart->starved && rx_room(uart) > 0) {
		uart->starved = false;
		uart->ops->ready(uart->ctx);
	}
}

static uint8_t uart_read(void *ctx, unsigned int reg)
{
	struct uart *uart = ctx;
	uint8_t value = register_read(uart, reg);

	polls_count(uart, reg == UART_LSR);
	access_done(uart);
	return value;
}

static void uart_write(void *ctx, unsigned int reg, uint8_t value)
{
	struct uart *uart = ctx;

	polls_count(uart, false);
	register_write(uart, reg, value);
	access_done(uart);
}

static void uart_access(void *ctx, struct io_access *access)
{
	byte_access_split(access, uart_read, uart_write, ctx);
}

int uart_new(struct io_bus *bus, uint16_t port, const struct uart_ops *ops, void *ctx,
	     struct uart **ret_uart, struct error *err)
{
	struct uart *uart;
	int ret;

	uart = calloc(1, sizeof(*uart));
	if (!uart)
		return error_set(err, -ENOMEM, "serial port 0x%x: out of memory", port);
	uart->bus = bus;
	uart->port = port;
	uart->ops = ops;
	uart->ctx = ctx;
	uart_reset(uart);
	ret = io_bus_add(bus, IO_SPACE_PORT, port, UART_PORTS, uart_access, uart);
	if (ret < 0) {
		free(uart);
		return error_set(err, ret, "serial port 0x%x: cannot claim its I/O ports: %s", port,
				 ret == -EEXIST ? "another device has them" : "out of memory");
	}
	*ret_uart = uart;
	return 0;
}

void uart_free(struct uart *uart)
{
	if (!uart)
		return;
	io_bus_remove(uart->bus, IO_SPACE_PORT, uart->port);
	free(uart);
}

void uart_reset(struct uart *uart)
{
	rx_clear(uart);
	uart->ier = uart->fcr = uart->lcr = uart->mcr = uart->scr = 0;
	uart->dll = DIVISOR_9600;
	uart->dlm = 0;
	uart->msr_deltas = 0;
	uart->overrun = false;
	uart->thre_pending = uart->thre_seen = false;
	uart->polls = 0;
	irq_update(uart);
}

size_t uart_receive(struct uart *uart, const uint8_t *bytes, size_t count)
{
	size_t taken = 0;

	while (taken < count && rx_room(uart) > 0)
		rx_push(uart, bytes[taken++]);
	uart->starved = taken < count;
	irq_update(uart);
	return taken;
}
