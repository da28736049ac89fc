/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors over sockets. */
#include "lib/fd_passing.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The most that the kernel puts into one message (SCM_MAX_FD); so none is lost unseen. */
#define FDS_MAX 253

union control_one {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

union control_many {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

ssize_t fd_passing_send(int socket, const void *data, size_t length, int fd)
{
	struct iovec part = { .iov_len = length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	union control_one control = { .bytes = { 0 } };
	ssize_t n;

	/* The structure is for both directions and therefore not const. */
	memcpy(&part.iov_base, &data, sizeof(data));
	if (fd >= 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	do {
		n = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Takes the first descriptor and closes the others. */
static int take_fd(struct msghdr *message)
{
	struct cmsghdr *header;
	int first = -1, fd;
	size_t i, count;

	for (header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < count; i++) {
			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
			if (first < 0)
				first = fd;
			else
				close(fd);
		}
	}
	return first;
}

ssize_t fd_passing_receive(int socket, void *data, size_t length, int *ret_fd)
{
	struct iovec part = { .iov_base = data, .iov_len = length };
	union control_many control;
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;
	int fd;

	do {
		n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	fd = take_fd(&message);
	/* Cut control data with room for all means that this process has no descriptor left. */
	if (message.msg_flags & MSG_CTRUNC) {
		if (fd >= 0)
			close(fd);
		return -EMFILE;
	}
	*ret_fd = fd;
	return n;
}
