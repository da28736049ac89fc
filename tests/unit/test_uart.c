/* SPDX-License-Identifier: BSD-3-Clause */
/* The 16550A, driven the way that operating systems drive it. */
#include "hw/isa/uart.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <linux/serial_reg.h>
#include <string.h>

#include "devicemodel/vm/io_bus.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

#define PORT 0x3f8
#define IIR_FIFO 0xc0

/* The line and its other end. */
struct other_end {
	struct io_bus *bus;
	struct uart *uart;
	char output[64];
	size_t output_count;
	bool irq;
	unsigned int rising_edges;
	unsigned int ready;
};

static void got_output(void *ctx, uint8_t byte)
{
	struct other_end *end = ctx;

	if (end->output_count < sizeof(end->output) - 1)
		end->output[end->output_count++] = (char)byte;
}

static void got_irq(void *ctx, bool level)
{
	struct other_end *end = ctx;

	CU_ASSERT_NOT_EQUAL(end->irq, level);
	end->irq = level;
	end->rising_edges += level;
}

static void got_ready(void *ctx)
{
	struct other_end *end = ctx;

	end->ready++;
}

static const struct uart_ops ops = {
	.output = got_output,
	.irq = got_irq,
	.ready = got_ready,
};

static void setup(struct other_end *end)
{
	struct error err = { "" };

	memset(end, 0, sizeof(*end));
	CU_ASSERT_EQUAL_FATAL(io_bus_new(&end->bus), 0);
	CU_ASSERT_EQUAL_FATAL(uart_new(end->bus, PORT, &ops, end, &end->uart, &err), 0);
}

static void teardown(struct other_end *end)
{
	uart_free(end->uart);
	io_bus_free(end->bus);
}

static uint8_t in(struct other_end *end, unsigned int reg)
{
	struct io_access access = { .space = IO_SPACE_PORT, .size = 1, .addr = PORT + reg };

	io_bus_access(end->bus, &access);
	return (uint8_t)access.data;
}

static void out(struct other_end *end, unsigned int reg, uint8_t value)
{
	struct io_access access = {
		.space = IO_SPACE_PORT, .is_write = true, .size = 1,
		.addr = PORT + reg, .data = value,
	};

	io_bus_access(end->bus, &access);
}

static size_t receive(struct other_end *end, const char *text)
{
	return uart_receive(end->uart, (const uint8_t *)text, strlen(text));
}

static void check_defaults(struct other_end *end)
{
	static const struct {
		unsigned int reg;
		uint8_t value;
	} defaults[] = {
		{ UART_RX, 0 },	   { UART_IER, 0 }, { UART_IIR, UART_IIR_NO_INT }, { UART_LCR, 0 },
		{ UART_MCR, 0 },   { UART_LSR, UART_LSR_THRE | UART_LSR_TEMT },
		{ UART_MSR, UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS }, { UART_SCR, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(defaults); i++)
		CU_ASSERT_EQUAL(in(end, defaults[i].reg), defaults[i].value);
	CU_ASSERT_FALSE(end->irq);
}

static void test_reset(void)
{
	struct other_end end;

	setup(&end);
	check_defaults(&end);
	out(&end, UART_MCR, UART_MCR_OUT2 | UART_MCR_RTS);
	out(&end, UART_FCR, UART_FCR_ENABLE_FIFO);
	out(&end, UART_IER, 0x0f);
	out(&end, UART_SCR, 0x5a);
	receive(&end, "abc");
	CU_ASSERT_TRUE(end.irq);
	out(&end, UART_LCR, UART_LCR_WLEN8 | UART_LCR_DLAB);
	uart_reset(end.uart);
	check_defaults(&end);
	teardown(&end);
}

/* Registers that hold what was written, under a mask. */
static void test_masks(void)
{
	static const struct {
		unsigned int reg;
		uint8_t mask;
	} registers[] = {
		{ UART_IER, 0x0f }, { UART_MCR, 0x1f }, { UART_SCR, 0xff }, { UART_LCR, 0x7f },
		{ UART_LSR, 0 },
	};
	struct other_end end;
	uint8_t readable;
	size_t i;

	setup(&end);
	for (i = 0; i < ARRAY_SIZE(registers); i++) {
		out(&end, registers[i].reg, 0x7f);
		readable = registers[i].reg == UART_LSR ? UART_LSR_THRE | UART_LSR_TEMT : 0;
		CU_ASSERT_EQUAL(in(&end, registers[i].reg), (0x7f & registers[i].mask) | readable);
	}
	teardown(&end);
}

static void test_divisor_latch(void)
{
	struct other_end end;

	setup(&end);
	out(&end, UART_IER, UART_IER_MSI);
	out(&end, UART_LCR, UART_LCR_DLAB);
	out(&end, UART_DLL, 0x34);
	out(&end, UART_DLM, 0x12);
	CU_ASSERT_EQUAL(in(&end, UART_DLL), 0x34);
	CU_ASSERT_EQUAL(in(&end, UART_DLM), 0x12);
	out(&end, UART_LCR, UART_LCR_WLEN8);
	CU_ASSERT_EQUAL(in(&end, UART_IER), UART_IER_MSI);
	CU_ASSERT_EQUAL(end.output_count, 0);
	teardown(&end);
}

/* How Linux finds out what chip it has (8250 autoconfig). */
static void test_linux_autoconfig(void)
{
	struct other_end end;
	uint8_t mcr, first, second;

	setup(&end);
	out(&end, UART_IER, 0);
	CU_ASSERT_EQUAL(in(&end, UART_IER) & 0x0f, 0);
	out(&end, UART_IER, 0x0f);
	CU_ASSERT_EQUAL(in(&end, UART_IER) & 0x0f, 0x0f);
	out(&end, UART_IER, 0);

	/* Is anything there: OUT2 and RTS must come back as DCD and CTS. */
	mcr = in(&end, UART_MCR);
	out(&end, UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_RTS);
	CU_ASSERT_EQUAL(in(&end, UART_MSR) & 0xf0, UART_MSR_DCD | UART_MSR_CTS);
	out(&end, UART_MCR, mcr);

	/* 16550A: both FIFO bits, and not one of its larger relatives. */
	out(&end, UART_LCR, UART_LCR_CONF_MODE_B);
	out(&end, UART_EFR, 0);
	out(&end, UART_LCR, 0);
	out(&end, UART_FCR, UART_FCR_ENABLE_FIFO);
	CU_ASSERT_EQUAL(in(&end, UART_IIR) >> 6, 3);
	out(&end, UART_LCR, UART_LCR_CONF_MODE_A);
	CU_ASSERT_NOT_EQUAL(in(&end, UART_EFR), 0);
	out(&end, UART_LCR, UART_LCR_CONF_MODE_B);
	CU_ASSERT_NOT_EQUAL(in(&end, UART_EFR), 0);

	/* NS16550A "superior": its bank 2 shows MCR's loop bit at register 2. */
	out(&end, UART_LCR, 0);
	first = in(&end, UART_MCR);
	out(&end, UART_MCR, first ^ UART_MCR_LOOP);
	out(&end, UART_LCR, 0xe0);
	second = in(&end, 2);
	out(&end, UART_LCR, 0);
	out(&end, UART_MCR, first);
	CU_ASSERT_FALSE((first ^ second) & UART_MCR_LOOP);

	/* 16750: a 64-byte FIFO shows in IIR bit 5. */
	out(&end, UART_LCR, UART_LCR_CONF_MODE_A);
	out(&end, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR7_64BYTE);
	CU_ASSERT_EQUAL(in(&end, UART_IIR) >> 5, 6);
	out(&end, UART_FCR, 0);
	out(&end, UART_LCR, 0);
	CU_ASSERT_EQUAL(in(&end, UART_IIR) >> 6, 0);

	/* XScale: IER bit 6 can be set. */
	out(&end, UART_IER, UART_IER_UUE);
	CU_ASSERT_FALSE(in(&end, UART_IER) & UART_IER_UUE);
	CU_ASSERT_EQUAL(end.output_count, 0);
	teardown(&end);
}

/* Linux falls back to a timer unless these two find what they look for (8250 start-up). */
static void test_linux_thre_and_txen(void)
{
	struct other_end end;
	uint8_t lsr;

	setup(&end);
	out(&end, UART_MCR, UART_MCR_OUT2);
	CU_ASSERT_TRUE(in(&end, UART_LSR) & UART_LSR_THRE);
	out(&end, UART_IER, UART_IER_THRI);
	CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_THRI);
	out(&end, UART_IER, 0);
	CU_ASSERT_FALSE(end.irq);
	out(&end, UART_IER, UART_IER_THRI);
	CU_ASSERT_TRUE(end.irq);
	CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_THRI);
	CU_ASSERT_FALSE(end.irq);
	CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_NO_INT);
	/* Writing the same again is no reason for another one. */
	out(&end, UART_IER, UART_IER_THRI);
	CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_NO_INT);
	out(&end, UART_IER, 0);

	out(&end, UART_IER, UART_IER_THRI);
	lsr = in(&end, UART_LSR);
	CU_ASSERT_TRUE(lsr & UART_LSR_TEMT);
	CU_ASSERT_FALSE(in(&end, UART_IIR) & UART_IIR_NO_INT);
	teardown(&end);
}

static void test_transmit(void)
{
	static const char text[] = "sixteen bytes ok";
	struct other_end end;
	unsigned int edges;
	size_t i;

	setup(&end);
	out(&end, UART_FCR, UART_FCR_ENABLE_FIFO);
	out(&end, UART_MCR, UART_MCR_OUT2);
	out(&end, UART_IER, UART_IER_THRI);
	CU_ASSERT_EQUAL(in(&end, UART_IIR), IIR_FIFO | UART_IIR_THRI);
	edges = end.rising_edges;
	/* A burst, as from an interrupt handler: one interrupt for all of it. */
	for (i = 0; text[i]; i++)
		out(&end, UART_TX, (uint8_t)text[i]);
	CU_ASSERT_STRING_EQUAL(end.output, text);
	CU_ASSERT_EQUAL(end.rising_edges, edges + 1);
	CU_ASSERT_TRUE(end.irq);
	/* A handler that looks at LSR only still gets an edge for each byte. */
	for (i = 0; i < 3; i++) {
		in(&end, UART_LSR);
		out(&end, UART_TX, 'x');
		CU_ASSERT_EQUAL(end.rising_edges, edges + 2 + i);
	}
	teardown(&end);
}

static void test_out2_gate(void)
{
	static const struct {
		uint8_t mcr;
		bool irq;
	} gates[] = {
		{ 0, false },
		{ UART_MCR_OUT2, true },
		{ UART_MCR_OUT1 | UART_MCR_RTS | UART_MCR_DTR, false },
		{ UART_MCR_OUT2 | UART_MCR_LOOP, false },
	};
	struct other_end end;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gates); i++) {
		setup(&end);
		out(&end, UART_MCR, gates[i].mcr);
		out(&end, UART_IER, UART_IER_THRI);
		CU_ASSERT_EQUAL(end.irq, gates[i].irq);
		CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_THRI);
		teardown(&end);
	}
}

static void test_loopback_data(void)
{
	struct other_end end;
	int i;

	setup(&end);
	out(&end, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	out(&end, UART_MCR, UART_MCR_LOOP);
	out(&end, UART_IER, UART_IER_RDI | UART_IER_RLSI);
	CU_ASSERT_EQUAL(receive(&end, "z"), 0);
	for (i = 0; i < 17; i++) {
		CU_ASSERT_EQUAL(in(&end, UART_LSR) & UART_LSR_OE, 0);
		out(&end, UART_TX, (uint8_t)(0xa0 + i));
	}
	CU_ASSERT_EQUAL(in(&end, UART_IIR), IIR_FIFO | UART_IIR_RLSI);
	CU_ASSERT_EQUAL(in(&end, UART_LSR) & 0x1f, UART_LSR_OE | UART_LSR_DR);
	CU_ASSERT_EQUAL(in(&end, UART_LSR) & UART_LSR_OE, 0);
	for (i = 0; i < 16; i++)
		CU_ASSERT_EQUAL(in(&end, UART_RX), 0xa0 + i);
	CU_ASSERT_EQUAL(in(&end, UART_LSR) & UART_LSR_DR, 0);
	CU_ASSERT_EQUAL(end.output_count, 0);
	/* The line is connected again afterwards, and the refused byte is asked for. */
	CU_ASSERT_EQUAL(end.ready, 0);
	out(&end, UART_MCR, UART_MCR_OUT2);
	CU_ASSERT_EQUAL(end.ready, 1);
	teardown(&end);
}

static void test_modem_status(void)
{
	static const struct {
		uint8_t mcr, msr;
	} steps[] = {
		{ UART_MCR_LOOP, UART_MSR_DCTS | UART_MSR_DDSR | UART_MSR_DDCD },
		{ UART_MCR_LOOP | UART_MCR_DTR, UART_MSR_DSR | UART_MSR_DDSR },
		{ UART_MCR_LOOP | UART_MCR_RTS, UART_MSR_CTS | UART_MSR_DCTS | UART_MSR_DDSR },
		{ UART_MCR_LOOP | UART_MCR_OUT1, UART_MSR_RI | UART_MSR_DCTS },
		{ UART_MCR_LOOP | UART_MCR_OUT2, UART_MSR_DCD | UART_MSR_DDCD | UART_MSR_TERI },
	};
	struct other_end end;
	size_t i;

	setup(&end);
	out(&end, UART_IER, UART_IER_MSI);
	CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_NO_INT);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		out(&end, UART_MCR, steps[i].mcr);
		CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_MSI);
		CU_ASSERT_EQUAL(in(&end, UART_MSR), steps[i].msr);
		CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_NO_INT);
		CU_ASSERT_EQUAL(in(&end, UART_MSR), steps[i].msr & 0xf0);
	}
	teardown(&end);
}

static void test_receive_trigger(void)
{
	static const struct {
		uint8_t fcr;
		unsigned int trigger;
	} levels[] = {
		{ UART_FCR_R_TRIG_00, 1 }, { UART_FCR_R_TRIG_01, 4 },
		{ UART_FCR_R_TRIG_10, 8 }, { UART_FCR_R_TRIG_11, 14 },
	};
	struct other_end end;
	unsigned int n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		setup(&end);
		out(&end, UART_FCR, UART_FCR_ENABLE_FIFO | levels[i].fcr);
		out(&end, UART_MCR, UART_MCR_OUT2);
		out(&end, UART_IER, UART_IER_RDI);
		CU_ASSERT_FALSE(end.irq);
		CU_ASSERT_EQUAL(receive(&end, "0123456789abcdefgh"), 16);
		CU_ASSERT_TRUE(end.irq);
		for (n = 16; n > 0; n--) {
			CU_ASSERT_EQUAL(in(&end, UART_IIR), IIR_FIFO | (n >= levels[i].trigger ?
							    UART_IIR_RDI : UART_IIR_RX_TIMEOUT));
			CU_ASSERT_EQUAL(in(&end, UART_RX), "fedcba9876543210"[n - 1]);
		}
		CU_ASSERT_EQUAL(in(&end, UART_IIR), IIR_FIFO | UART_IIR_NO_INT);
		CU_ASSERT_FALSE(end.irq);
		CU_ASSERT_EQUAL(end.ready, 1);
		teardown(&end);
	}
}

/* Several causes at once: the receiver before the transmitter before the modem lines. */
static void test_priorities(void)
{
	struct other_end end;

	setup(&end);
	out(&end, UART_MCR, UART_MCR_LOOP);
	out(&end, UART_IER, 0x0f);
	out(&end, UART_TX, 'a');
	out(&end, UART_TX, 'b');
	CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_RLSI);
	in(&end, UART_LSR);
	CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_RDI);
	CU_ASSERT_EQUAL(in(&end, UART_RX), 'a');
	CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_THRI);
	CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_MSI);
	in(&end, UART_MSR);
	CU_ASSERT_EQUAL(in(&end, UART_IIR), UART_IIR_NO_INT);
	teardown(&end);
}

static void test_fifo_switch(void)
{
	struct other_end end;

	setup(&end);
	out(&end, UART_MCR, UART_MCR_OUT2);
	/* One byte without the FIFO, and it lives through the switching-on. */
	out(&end, UART_IER, UART_IER_RDI);
	CU_ASSERT_EQUAL(receive(&end, "abc"), 1);
	out(&end, UART_FCR, UART_FCR_ENABLE_FIFO);
	CU_ASSERT_EQUAL(end.ready, 1);
	CU_ASSERT_EQUAL(receive(&end, "bc"), 2);
	CU_ASSERT_EQUAL(in(&end, UART_RX), 'a');
	out(&end, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	CU_ASSERT_EQUAL(in(&end, UART_LSR) & UART_LSR_DR, 0);
	CU_ASSERT_EQUAL(receive(&end, "de"), 2);
	out(&end, UART_FCR, 0);
	CU_ASSERT_EQUAL(in(&end, UART_LSR) & UART_LSR_DR, 0);
	/* The clear bit counts only along with the enable bit. */
	CU_ASSERT_EQUAL(receive(&end, "f"), 1);
	out(&end, UART_FCR, UART_FCR_CLEAR_RCVR);
	CU_ASSERT_EQUAL(in(&end, UART_LSR) & UART_LSR_DR, UART_LSR_DR);
	teardown(&end);
}

/* Input that was there first survives what Linux does before it opens the port, and the opening. */
static void test_linux_startup_loses_nothing(void)
{
	static const uint8_t clears[] = {
		UART_FCR_ENABLE_FIFO,
		UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT,
		0,
	};
	struct other_end end;
	size_t i;

	setup(&end);
	CU_ASSERT_EQUAL(receive(&end, "script"), 0);
	for (i = 0; i < 40; i++) { /* the kernel prints */
		in(&end, UART_LSR);
		out(&end, UART_TX, '.');
		in(&end, UART_LSR);
		out(&end, UART_IER, 0);
	}
	out(&end, UART_IER, 0x0f); /* it looks for a chip */
	out(&end, UART_IER, 0);
	for (i = 0; i < ARRAY_SIZE(clears); i++)
		out(&end, UART_FCR, clears[i]);
	for (i = 0; i < 2; i++) {
		in(&end, UART_LSR);
		in(&end, UART_RX);
		in(&end, UART_IIR);
		in(&end, UART_MSR);
	}
	out(&end, UART_MCR, UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2);
	CU_ASSERT_EQUAL(end.ready, 0);
	out(&end, UART_IER, UART_IER_RLSI | UART_IER_RDI);
	CU_ASSERT_EQUAL(end.ready, 1);
	CU_ASSERT_EQUAL(receive(&end, "script"), 1);
	out(&end, UART_FCR, UART_FCR_ENABLE_FIFO);
	out(&end, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_R_TRIG_10);
	CU_ASSERT_EQUAL(end.ready, 2);
	CU_ASSERT_EQUAL(receive(&end, "cript"), 5);
	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(in(&end, UART_RX), "script"[i]);
	/* The console switches interrupts off while it prints; that must not end the input. */
	out(&end, UART_IER, 0);
	CU_ASSERT_EQUAL(receive(&end, "x"), 0);
	out(&end, UART_IER, UART_IER_RLSI | UART_IER_RDI);
	CU_ASSERT_EQUAL(end.ready, 3);
	teardown(&end);
}

static void test_polled_listener(void)
{
	struct other_end end;
	int i, polls = 0;

	setup(&end);
	CU_ASSERT_EQUAL(receive(&end, "hi"), 0);
	while (end.ready == 0 && polls < 1000) {
		CU_ASSERT_EQUAL(in(&end, UART_LSR) & UART_LSR_DR, 0);
		polls++;
	}
	CU_ASSERT_EQUAL(end.ready, 1);
	CU_ASSERT_EQUAL(receive(&end, "hi"), 1);
	/* Once it is known for a listener it gets the rest without another wait. */
	for (i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(in(&end, UART_LSR) & UART_LSR_DR, UART_LSR_DR);
		CU_ASSERT_EQUAL(in(&end, UART_RX), "hi"[i]);
		if (i == 0) {
			CU_ASSERT_EQUAL(end.ready, 2);
			CU_ASSERT_EQUAL(receive(&end, "i"), 1);
		}
	}
	teardown(&end);
}

static void test_wide_access(void)
{
	struct io_access access = {
		.space = IO_SPACE_PORT, .is_write = true, .size = 2, .addr = PORT + UART_LCR,
		.data = UART_MCR_RTS << 8 | UART_LCR_WLEN8,
	};
	struct other_end end;

	setup(&end);
	io_bus_access(end.bus, &access);
	CU_ASSERT_EQUAL(in(&end, UART_LCR), UART_LCR_WLEN8);
	CU_ASSERT_EQUAL(in(&end, UART_MCR), UART_MCR_RTS);
	access = (struct io_access){ .space = IO_SPACE_PORT, .size = 4, .addr = PORT + UART_MCR };
	io_bus_access(end.bus, &access);
	CU_ASSERT_EQUAL(access.data, 0x00b06000 | UART_MCR_RTS);
	teardown(&end);
}

static void test_ports_taken(void)
{
	struct uart *second = NULL;
	struct error err = { "" };
	struct other_end end;

	setup(&end);
	CU_ASSERT_EQUAL(uart_new(end.bus, PORT + 7, &ops, &end, &second, &err), -EEXIST);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "0x3ff"));
	CU_ASSERT_EQUAL(uart_new(end.bus, PORT + 8, &ops, &end, &second, &err), 0);
	uart_free(second);
	uart_free(NULL);
	teardown(&end);
}

static const struct unit_test tests[] = {
	{ "reset", test_reset },
	{ "masks", test_masks },
	{ "divisor latch", test_divisor_latch },
	{ "linux autoconfig", test_linux_autoconfig },
	{ "linux thre and txen", test_linux_thre_and_txen },
	{ "transmit", test_transmit },
	{ "out2 gate", test_out2_gate },
	{ "loopback data", test_loopback_data },
	{ "modem status", test_modem_status },
	{ "receive trigger", test_receive_trigger },
	{ "priorities", test_priorities },
	{ "fifo switch", test_fifo_switch },
	{ "linux startup loses nothing", test_linux_startup_loses_nothing },
	{ "polled listener", test_polled_listener },
	{ "wide access", test_wide_access },
	{ "ports taken", test_ports_taken },
};

UNIT_MAIN("uart", tests)
