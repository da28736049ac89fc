/* SPDX-License-Identifier: BSD-3-Clause */
/* Deriving the path of a region's server from the region's name. */
#include "ivshmem/server_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "ivshmem/runtime_dir.h"
#include "lib/fds.h"

int ivshmem_server_path(const struct ivshmem_name *name, char ret_path[IVSHMEM_SERVER_PATH_MAX],
			struct error *err)
{
	char path[IVSHMEM_RUNTIME_DIR_MAX + IVSHMEM_KEY_MAX + sizeof("/.sock")];
	struct ivshmem_runtime_dir dir;
	char key[IVSHMEM_KEY_MAX];
	int length, ret;

	if (name->land != IVSHMEM_LAND_DM)
		return error_set(err, -EINVAL,
				 "region %s belongs to the hypervisor: only dm:/ regions have a"
				 " server",
				 name->text);
	ret = ivshmem_name_key(name, key);
	if (ret < 0)
		return error_set(err, ret, "region %s: libcrypto has no SHA-256", name->text);
	ret = ivshmem_runtime_dir_open(&dir, err);
	if (ret < 0)
		return ret;
	length = snprintf(path, sizeof(path), "%s/%s.sock", dir.path, key);
	ivshmem_runtime_dir_close(&dir);
	if (length >= IVSHMEM_SERVER_PATH_MAX)
		return error_set(err, -ENAMETOOLONG,
				 "region %.80s: the path of its server's socket, %.160s, has %d"
				 " bytes, at most %d are possible: set IVSHMEM_RUNTIME_DIR to a"
				 " shorter path, or name a socket",
				 name->text, path, length, IVSHMEM_SERVER_PATH_MAX - 1);
	memcpy(ret_path, path, (size_t)length + 1);
	return 0;
}

int ivshmem_server_probe(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int probe, ret;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	/* A socket of another type is told EPROTOTYPE where somebody listens; that is all. */
	probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return -errno;
	ret = connect(probe, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	fd_close(&probe);
	return ret == -EPROTOTYPE ? 0 : ret;
}
