/* SPDX-License-Identifier: BSD-3-Clause */
/* The greeting, message by message. */
#include "ivshmem/peer_greeting.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fds.h"
#include "lib/util.h"

#define NO_SERVER "; is this the socket of an ivshmem server?"

static int take_version(const struct ivshmem_message *message, struct error *err)
{
	if (message->value != IVSHMEM_WIRE_VERSION)
		return error_set(err, -EPROTONOSUPPORT,
				 "it speaks version %" PRId64 " of the protocol and not version %d"
				 NO_SERVER, message->value, IVSHMEM_WIRE_VERSION);
	if (message->fd >= 0)
		return error_set(err, -EPROTO, "a descriptor came with the version" NO_SERVER);
	return 0;
}

static int take_id(struct ivshmem_greeting *greeting, const struct ivshmem_message *message,
		   struct error *err)
{
	if (message->value < 0 || message->value > IVSHMEM_ID_MAX)
		return error_set(err, -EPROTO, "it gave the id %" PRId64 ", which is not in 0 to %d"
				 NO_SERVER, message->value, IVSHMEM_ID_MAX);
	if (message->fd >= 0)
		return error_set(err, -EPROTO, "a descriptor came with the id %" PRId64 NO_SERVER,
				 message->value);
	greeting->id = (uint16_t)message->value;
	return 0;
}

static int take_memory(struct ivshmem_greeting *greeting, struct ivshmem_message *message,
		       struct error *err)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), size;
	struct stat st;

	if (message->value != IVSHMEM_WIRE_MEMORY)
		return error_set(err, -EPROTO,
				 "message %" PRId64 " came where the memory (%d) belongs" NO_SERVER,
				 message->value, IVSHMEM_WIRE_MEMORY);
	if (message->fd < 0)
		return error_set(err, -EPROTO, "no descriptor came with the memory" NO_SERVER);
	if (fstat(message->fd, &st) < 0)
		return error_set(err, -errno, "its memory: %s", strerror(errno));
	size = (uint64_t)st.st_size;
	if (!is_power_of_two(size) || size < page)
		return error_set(err, -EINVAL,
				 "its memory has %" PRIu64 " bytes: start it with a power of two of"
				 " at least %" PRIu64, size, page);
	greeting->size = size;
	greeting->memory_fd = message->fd;
	message->fd = -1;
	return 0;
}

int ivshmem_greeting_take(struct ivshmem_greeting *greeting, struct ivshmem_message *message,
			  struct error *err)
{
	int ret = -EPROTO;

	switch (greeting->step) {
	case IVSHMEM_GREETING_VERSION:
		ret = take_version(message, err);
		break;
	case IVSHMEM_GREETING_ID:
		ret = take_id(greeting, message, err);
		break;
	case IVSHMEM_GREETING_MEMORY:
		ret = take_memory(greeting, message, err);
		break;
	case IVSHMEM_GREETING_DONE:
		return error_set(err, ret, "the greeting is over");
	}
	if (ret == 0)
		greeting->step++;
	return ret;
}

void ivshmem_greeting_fini(struct ivshmem_greeting *greeting)
{
	fd_close(&greeting->memory_fd);
}
