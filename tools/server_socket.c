/* SPDX-License-Identifier: BSD-3-Clause */
/* Listening, after a look at who did so before. */
#include "tools/server_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fds.h"

static int address_of(const char *path, struct sockaddr_un *ret_address, struct error *err)
{
	if (!path[0] || strlen(path) >= sizeof(ret_address->sun_path))
		return error_set(err, -ENAMETOOLONG,
				 "socket \"%s\": a path of 1 to %zu bytes is needed", path,
				 sizeof(ret_address->sun_path) - 1);
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(ret_address->sun_path, path);
	return 0;
}

/* Makes way: removes a socket file whose server is gone. */
static int clear_path(const struct sockaddr_un *address, struct error *err)
{
	const char *path = address->sun_path;
	struct stat st;
	int probe, ret;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : error_set(err, -errno, "socket %s: %s", path,
						       strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, -EEXIST,
				 "socket %s: there is a file that is no socket: remove it or"
				 " choose another path with -S",
				 path);
	/*
	 * A socket of another type is told whether anybody is there (EPROTOTYPE) without becoming
	 * a client, whose coming and going the others would hear of.
	 */
	probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return error_set(err, -errno, "socket: %s", strerror(errno));
	ret = connect(probe, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
	fd_close(&probe);
	if (ret != -ECONNREFUSED)
		return error_set(err, -EADDRINUSE,
				 "socket %s: a server answers there already: end it or choose"
				 " another path with -S",
				 path);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_set(err, -errno, "socket %s: nobody listens there any more, but it "
				 "cannot be removed: %s", path, strerror(errno));
	return 0;
}

static int bind_and_listen(struct server_socket *server_socket,
			   const struct sockaddr_un *address, int mode)
{
	struct stat st;

	if (bind(server_socket->fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	/* Nobody can connect before listen(), so the mode is never seen to change. */
	if ((mode != SERVER_SOCKET_NO_MODE && chmod(address->sun_path, (mode_t)mode) < 0) ||
	    lstat(address->sun_path, &st) < 0 || listen(server_socket->fd, SOMAXCONN) < 0) {
		int ret = -errno;

		unlink(address->sun_path);
		return ret;
	}
	server_socket->device = st.st_dev;
	server_socket->inode = st.st_ino;
	return 0;
}

int server_socket_open(struct server_socket *ret_socket, const char *path, int mode,
		       struct error *err)
{
	struct server_socket made = { .path = path };
	struct sockaddr_un address;
	int ret;

	ret = address_of(path, &address, err);
	if (ret == 0)
		ret = clear_path(&address, err);
	if (ret < 0)
		return ret;
	made.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (made.fd < 0)
		return error_set(err, -errno, "socket: %s", strerror(errno));
	ret = bind_and_listen(&made, &address, mode);
	if (ret < 0) {
		fd_close(&made.fd);
		return error_set(err, ret, "socket %s: %s", path, strerror(-ret));
	}
	*ret_socket = made;
	return 0;
}

void server_socket_close(struct server_socket *server_socket)
{
	struct stat st;

	if (server_socket->fd < 0)
		return;
	if (lstat(server_socket->path, &st) == 0 && st.st_dev == server_socket->device &&
	    st.st_ino == server_socket->inode)
		unlink(server_socket->path);
	fd_close(&server_socket->fd);
}
