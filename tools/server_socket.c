/* SPDX-License-Identifier: BSD-3-Clause */
/* Listening, after a look at who did so before. */
#include "tools/server_socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ivshmem/server_path.h"
#include "lib/fds.h"

#define WAIT_STEP_MS 20

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

/* Makes way: removes a socket file whose server is gone, or is going. */
static int clear_path(const struct sockaddr_un *address, struct error *err)
{
	const char *path = address->sun_path;
	struct stat st;
	int ret, waited;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : error_set(err, -errno, "socket %s: %s", path,
						       strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, -EEXIST,
				 "socket %s: there is a file that is no socket: remove it or"
				 " choose another path",
				 path);
	/* A process that is killed gives back its locks before its sockets, or after. */
	for (waited = 0; (ret = ivshmem_server_probe(path)) == 0 && waited < SERVER_SOCKET_WAIT_MS;
	     waited += WAIT_STEP_MS)
		poll(NULL, 0, WAIT_STEP_MS);
	if (ret == 0)
		return error_set(err, -EADDRINUSE,
				 "socket %s: a server answers there already: end it or choose"
				 " another path",
				 path);
	if (ret == -ENOENT)
		return 0;
	if (ret != -ECONNREFUSED)
		return error_set(err, ret, "socket %s: %s", path, strerror(-ret));
	if (unlink(path) < 0 && errno != ENOENT)
		return error_set(err, -errno, "socket %s: nobody listens there any more, but it "
				 "cannot be removed: %s", path, strerror(errno));
	return 0;
}

static int set_group(const struct sockaddr_un *address, gid_t group, struct error *err)
{
	const char *path = address->sun_path;

	if (group != SERVER_SOCKET_NO_GROUP && lchown(path, (uid_t)-1, group) < 0)
		return error_set(err, -errno,
				 "socket %s: cannot give it to group %u: %s; only members of the"
				 " group and root can",
				 path, (unsigned int)group, strerror(errno));
	return 0;
}

/*
 * The file gets the mode of the socket, less the umask. There is no chmod() to follow a link that
 * somebody has put in its place.
 */
static int bind_with_mode(int fd, const struct sockaddr_un *address, int mode)
{
	mode_t mask = 0;
	int ret;

	if (mode != SERVER_SOCKET_NO_MODE) {
		if (fchmod(fd, (mode_t)mode) < 0)
			return -errno;
		mask = umask(0);
	}
	ret = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
	if (mode != SERVER_SOCKET_NO_MODE)
		umask(mask);
	return ret;
}

/* The file is there. Nobody can connect before listen(), so its owner is never seen to change. */
static int finish(struct server_socket *server_socket, const struct sockaddr_un *address,
		  gid_t group, struct error *err)
{
	struct stat st;
	int ret;

	ret = set_group(address, group, err);
	if (ret < 0)
		return ret;
	if (lstat(address->sun_path, &st) < 0 || listen(server_socket->fd, SOMAXCONN) < 0)
		return error_set(err, -errno, "socket %s: %s", address->sun_path, strerror(errno));
	server_socket->device = st.st_dev;
	server_socket->inode = st.st_ino;
	return 0;
}

int server_socket_open(struct server_socket *ret_socket, const char *path, int mode, gid_t group,
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
	ret = bind_with_mode(made.fd, &address, mode);
	if (ret < 0) {
		error_set(err, ret, "socket %s: %s", path, strerror(-ret));
		goto out_close;
	}
	ret = finish(&made, &address, group, err);
	if (ret < 0)
		goto out_unlink;
	*ret_socket = made;
	return 0;

out_unlink:
	unlink(path);
out_close:
	fd_close(&made.fd);
	return ret;
}

void server_socket_shut(struct server_socket *server_socket)
{
	struct stat st;

	if (server_socket->fd < 0 || !server_socket->path)
		return;
	if (lstat(server_socket->path, &st) == 0 && st.st_dev == server_socket->device &&
	    st.st_ino == server_socket->inode)
		unlink(server_socket->path);
	shutdown(server_socket->fd, SHUT_RD);
}

void server_socket_close(struct server_socket *server_socket)
{
	server_socket_shut(server_socket);
	fd_close(&server_socket->fd);
}
