/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages in and out. */
#include "ivshmem/wire.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "lib/fd_passing.h"
#include "lib/fds.h"

int ivshmem_wire_send(int socket, struct ivshmem_wire_out *out)
{
	uint64_t bytes = htole64((uint64_t)out->message.value);
	ssize_t n;

	while (out->sent < sizeof(bytes)) {
		/* The descriptor goes with the first byte, once. */
		n = fd_passing_send(socket, (const char *)&bytes + out->sent,
				    sizeof(bytes) - out->sent,
				    out->sent == 0 ? out->message.fd : -1);
		if (n < 0)
			return (int)n;
		out->sent += (size_t)n;
	}
	return 0;
}

static int64_t decode(const uint8_t bytes[IVSHMEM_WIRE_BYTES])
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return (int64_t)le64toh(value);
}

int ivshmem_wire_receive(int socket, struct ivshmem_wire_in *in,
			 struct ivshmem_message *ret_message)
{
	ssize_t n;
	int fd;

	while (in->have < sizeof(in->bytes)) {
		n = fd_passing_receive(socket, in->bytes + in->have, sizeof(in->bytes) - in->have,
				       &fd);
		if (n < 0)
			return (int)n;
		if (n == 0)
			return in->have ? -EPROTO : -ENODATA;
		in->have += (size_t)n;
		if (in->fd < 0)
			in->fd = fd;
		else
			fd_close(&fd);
	}
	*ret_message = (struct ivshmem_message){ .value = decode(in->bytes), .fd = in->fd };
	in->have = 0;
	in->fd = -1;
	return 0;
}

void ivshmem_wire_in_fini(struct ivshmem_wire_in *in)
{
	fd_close(&in->fd);
	in->have = 0;
}
