/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending to one client. */
#include "ivshmem/server_client.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define GREETING_MESSAGES 3

static bool next_message(struct server_client *client, struct server_log *log, int memory,
			 struct ivshmem_message *ret_message)
{
	const struct ivshmem_message greeting[GREETING_MESSAGES] = {
		{ .value = IVSHMEM_WIRE_VERSION, .fd = -1 },
		{ .value = client->lease.id, .fd = -1 },
		{ .value = IVSHMEM_WIRE_MEMORY,
		  .fd = client->lease.memory >= 0 ? client->lease.memory : memory },
	};

	if (client->greeted == GREETING_MESSAGES)
		return server_cursor_message(log, &client->cursor, ret_message);
	*ret_message = greeting[client->greeted];
	return true;
}

/* What was next is out. */
static void advance(struct server_client *client, struct server_log *log)
{
	if (client->greeted == GREETING_MESSAGES)
		server_cursor_advance(log, &client->cursor);
	else if (++client->greeted == GREETING_MESSAGES)
		server_lease_close(&client->lease);
}

int server_client_send(struct server_client *client, struct server_log *log, int memory,
		       bool *ret_moved)
{
	struct ivshmem_message message;
	int ret;

	*ret_moved = false;
	for (;;) {
		if (!client->sending) {
			if (!next_message(client, log, memory, &message))
				return 0;
			client->out = (struct ivshmem_wire_out){ .message = message };
			client->sending = true;
		}
		ret = ivshmem_wire_send(client->socket, &client->out);
		if (ret < 0)
			return ret;
		*ret_moved = true;
		client->sending = false;
		advance(client, log);
	}
}

size_t server_client_queued(const struct server_client *client, const struct server_log *log)
{
	return GREETING_MESSAGES - client->greeted + server_cursor_count(log, &client->cursor);
}

int server_client_unread(const struct server_client *client)
{
	int unread = 0;

	ioctl(client->socket, SIOCOUTQ, &unread);
	return unread;
}

bool server_client_stalled(struct server_client *client, uint64_t now_ms, uint64_t limit_ms)
{
	int unread = server_client_unread(client);

	if (unread == 0 || unread < client->unread)
		client->moved_ms = now_ms;
	client->unread = unread;
	return now_ms - client->moved_ms >= limit_ms;
}

int server_client_hangup(const struct server_client *client)
{
	char byte;
	ssize_t n = recv(client->socket, &byte, sizeof(byte), MSG_DONTWAIT | MSG_PEEK);

	if (n < 0)
		return -errno;
	return n == 0 ? 0 : -EPROTO;
}
