/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Anything that a server may say, with any descriptors, cut anywhere. The peer must keep its
 * promises: first ready, vectors in order, leaves only of who is there, nothing after the end, no
 * descriptor left behind.
 *
 * The input is a list of steps of one byte, some with bytes after them; see step().
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ivshmem/peer.h"
#include "lib/fd_passing.h"
#include "lib/fds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct event_loop *loop;
	struct ivshmem_peer *peer;
	bool ready, lost, free_in_callback;
	uint16_t id;
	uint16_t vectors[IVSHMEM_ID_MAX + 1];
};

/* What is left of the input. */
struct input {
	const uint8_t *data;
	size_t size;
};

static void check(int holds)
{
	if (!holds)
		abort();
}

static void take_fd(struct seen *seen, int fd)
{
	check(!seen->lost && seen->peer);
	check(fcntl(fd, F_GETFD) == FD_CLOEXEC && (fcntl(fd, F_GETFL) & O_NONBLOCK));
	fd_close(&fd);
	if (seen->free_in_callback) {
		ivshmem_peer_free(seen->peer);
		seen->peer = NULL;
	}
}

static void on_ready(void *ctx, uint16_t id, int memory_fd, uint64_t size)
{
	struct seen *seen = ctx;

	check(!seen->ready && size >= 4096 && (size & (size - 1)) == 0);
	seen->ready = true;
	seen->id = id;
	take_fd(seen, memory_fd);
}

static void take_vector(struct seen *seen, uint16_t id, unsigned int vector, int fd)
{
	check(seen->ready && vector < IVSHMEM_VECTORS_MAX && vector == seen->vectors[id]);
	seen->vectors[id]++;
	take_fd(seen, fd);
}

static void on_joined(void *ctx, uint16_t id, unsigned int vector, int fd)
{
	struct seen *seen = ctx;

	check(id != seen->id);
	take_vector(seen, id, vector, fd);
}

static void on_own_vector(void *ctx, unsigned int vector, int fd)
{
	struct seen *seen = ctx;

	take_vector(seen, seen->id, vector, fd);
}

static void on_left(void *ctx, uint16_t id)
{
	struct seen *seen = ctx;

	check(!seen->lost && seen->peer && id != seen->id && seen->vectors[id] > 0);
	seen->vectors[id] = 0;
}

static void on_lost(void *ctx, int code, const struct error *err)
{
	struct seen *seen = ctx;

	check(!seen->lost && seen->peer && code < 0 && err->text[0]);
	seen->lost = true;
}

static const struct ivshmem_peer_ops ops = {
	.ready = on_ready,
	.joined = on_joined,
	.left = on_left,
	.own_vector = on_own_vector,
	.lost = on_lost,
};

static uint8_t take_byte(struct input *input)
{
	if (input->size == 0)
		return 0;
	input->size--;
	return *input->data++;
}

/* -1 for half of the kinds. */
static int new_fd(uint8_t kind)
{
	static const off_t sizes[] = { 4096, 65536, 5000, 1024 };
	int fd;

	if (!(kind & 4))
		return -1;
	if (kind & 8)
		return eventfd_new();
	fd = memfd_create("fuzz_peer", MFD_CLOEXEC);
	check(fd >= 0 && ftruncate(fd, sizes[kind & 3]) == 0);
	return fd;
}

static void send_value(int socket, int64_t value, uint8_t kind)
{
	struct ivshmem_wire_out out = { .message = { .value = value, .fd = new_fd(kind) } };

	ivshmem_wire_send(socket, &out);
	fd_close(&out.message.fd);
}

/* A descriptor with each. */
static void send_halves(int socket, uint8_t id, uint8_t kind)
{
	const uint8_t bytes[IVSHMEM_WIRE_BYTES] = { id };
	int first = new_fd(kind & 15), second = new_fd(kind >> 4);

	fd_passing_send(socket, bytes, 3, first);
	fd_passing_send(socket, bytes + 3, sizeof(bytes) - 3, second);
	fd_close(&first);
	fd_close(&second);
}

/* Each one is closed soon after it was opened, so their numbers stay small. */
static unsigned int count_fds(void)
{
	unsigned int count = 0;
	int fd;

	for (fd = 0; fd < 64; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void turn(struct seen *seen)
{
	event_loop_stop(seen->loop);
	check(event_loop_run(seen->loop) == 0);
}

static void step(struct seen *seen, int socket, struct input *input)
{
	static const int64_t values[] = {
		0, 1, -1, 2, 7, 65535, 65536, -2, INT64_MAX, INT64_MIN, 0x100000000,
	};
	uint8_t what = take_byte(input), kind;
	size_t length;
	int fd;

	switch (what & 7) {
	case 0: /* part of a message, as it comes */
		kind = take_byte(input);
		length = what >> 3 < input->size ? what >> 3 : input->size;
		fd = new_fd(kind);
		if (length > 0)
			fd_passing_send(socket, input->data, length, fd);
		fd_close(&fd);
		input->data += length;
		input->size -= length;
		break;
	case 1:
		turn(seen);
		break;
	case 2: /* a greeting that is right but for some sizes of the memory */
		send_value(socket, 0, 0);
		send_value(socket, what >> 3 & 7, 0);
		send_value(socket, -1, 4 | what >> 6);
		break;
	case 3: /* vectors */
		for (length = what >> 3; length > 0; length--)
			send_value(socket, take_byte(input) & 7, 12);
		break;
	case 4:
		send_value(socket, take_byte(input) & 7, 0);
		break;
	case 5:
		send_halves(socket, what >> 3 & 7, take_byte(input));
		break;
	default:
		send_value(socket, values[(what >> 3) % (sizeof(values) / sizeof(values[0]))],
			   take_byte(input));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .data = data, .size = size };
	struct seen *seen = calloc(1, sizeof(*seen));
	const struct ivshmem_peer_params params = {
		.path = "fuzz",
		.timeout_ms = 60000,
		.ops = &ops,
		.ctx = seen,
	};
	struct error err;
	unsigned int fds = count_fds();
	int pair[2];

	check(seen != NULL && event_loop_new(&seen->loop) == 0);
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	check(ivshmem_peer_from_fd(seen->loop, pair[1], &params, &seen->peer, &err) == 0);
	seen->free_in_callback = take_byte(&input) == 255;
	while (input.size > 0)
		step(seen, pair[0], &input);
	turn(seen);
	fd_close(&pair[0]);
	/* The end comes after all that was sent, at most so many messages at a time. */
	while (seen->peer && !seen->lost)
		turn(seen);
	ivshmem_peer_free(seen->peer);
	event_loop_free(seen->loop);
	free(seen);
	check(count_fds() == fds);
	return 0;
}
