/* SPDX-License-Identifier: BSD-3-Clause */
/* Claims of ids as addresses of sockets. */
#include "ivshmem/peer_claim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "ivshmem/wire.h"

#define PREFIX "ivshmem-peer/"
#define DIGITS 16
#define NAME_MAX_LENGTH (sizeof(PREFIX "65535/") - 1 + DIGITS)
/* Sixteen random digits are hardly ever taken. */
#define BIND_TRIES 4

/* Where an abstract name begins: behind the NUL that tells it from a path. */
#define NAME_OFFSET (offsetof(struct sockaddr_un, sun_path) + 1)

socklen_t ivshmem_claim_address(struct sockaddr_un *ret_address, uint16_t id, uint64_t digits)
{
	int length;

	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	length = snprintf(ret_address->sun_path + 1, sizeof(ret_address->sun_path) - 1,
			  PREFIX "%u/%016" PRIx64, (unsigned int)id, digits);
	return (socklen_t)(NAME_OFFSET + (size_t)length);
}

int ivshmem_claim_bind(int socket, uint16_t id)
{
	struct sockaddr_un address;
	socklen_t length;
	uint64_t digits;
	int i;

	for (i = 0; i < BIND_TRIES; i++) {
		if (getrandom(&digits, sizeof(digits), GRND_NONBLOCK) != sizeof(digits))
			return -EAGAIN;
		length = ivshmem_claim_address(&address, id, digits);
		if (bind(socket, (const struct sockaddr *)&address, length) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
	}
	return -EADDRINUSE;
}

/* At most five digits without a leading zero. Returns the rest, or NULL. */
static const char *parse_id(const char *text, uint16_t *ret_id)
{
	const char *digit = text;
	uint32_t id = 0;

	for (; *digit >= '0' && *digit <= '9'; digit++) {
		if (digit - text == 5)
			return NULL;
		id = id * 10 + (uint32_t)(*digit - '0');
	}
	if (digit == text || (*text == '0' && digit - text > 1) || id > IVSHMEM_ID_MAX)
		return NULL;
	*ret_id = (uint16_t)id;
	return digit;
}

int ivshmem_claim_parse(const struct sockaddr_un *address, socklen_t length, uint16_t *ret_id)
{
	char name[NAME_MAX_LENGTH + 1];
	const char *rest;
	uint16_t id;

	if (length <= NAME_OFFSET || length > NAME_OFFSET + NAME_MAX_LENGTH ||
	    address->sun_family != AF_UNIX || address->sun_path[0])
		return -EINVAL;
	memcpy(name, address->sun_path + 1, length - NAME_OFFSET);
	name[length - NAME_OFFSET] = '\0';
	/* Behind a NUL of its own the name would be read only in part. */
	if (strlen(name) != length - NAME_OFFSET || strncmp(name, PREFIX, strlen(PREFIX)))
		return -EINVAL;
	rest = parse_id(name + strlen(PREFIX), &id);
	if (!rest || rest[0] != '/' || strspn(rest + 1, "0123456789abcdef") != DIGITS ||
	    rest[1 + DIGITS])
		return -EINVAL;
	*ret_id = id;
	return 0;
}
