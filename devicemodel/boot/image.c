/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that go into guest memory. */
#include "devicemodel/boot/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "devicemodel/vm/memory.h"
#include "lib/fds.h"

/* Of a longer path only the end is named, so that the line still has room for what is wrong. */
#define NAME_MAX_LENGTH 200

static int image_check(struct image *image, struct error *err)
{
	struct stat st;

	if (fstat(image->fd, &st) < 0)
		return error_set(err, -errno, "%s: cannot stat: %s", image->name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return error_set(err, -EINVAL, "%s: is a directory: name a file in it",
				 image->name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL,
				 "%s: is not a regular file: copy its contents to one",
				 image->name);
	if (st.st_size <= 0)
		return error_set(err, -EINVAL, "%s: is empty", image->name);
	image->size = (uint64_t)st.st_size;
	return 0;
}

int image_init(struct image *image, const char *path, struct error *err)
{
	int ret;

	*image = (struct image)IMAGE_NONE;
	image->path = strdup(path);
	if (!image->path)
		return error_set(err, -ENOMEM, "out of memory");
	image->name = image->path;
	if (strlen(path) > NAME_MAX_LENGTH)
		image->name += strlen(path) - NAME_MAX_LENGTH;
	/* Without O_NONBLOCK a FIFO would wait for its writer. */
	image->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (image->fd < 0)
		ret = error_set(err, -errno, "%s: cannot open: %s", image->name, strerror(errno));
	else
		ret = image_check(image, err);
	if (ret < 0)
		image_fini(image);
	return ret;
}

void image_fini(struct image *image)
{
	fd_close(&image->fd);
	free(image->path);
	image->path = NULL;
	image->name = NULL;
	image->size = 0;
}

static int truncated(const struct image *image, uint64_t offset, uint64_t length, const char *what,
		     struct error *err)
{
	uint64_t end;

	if (__builtin_add_overflow(offset, length, &end))
		end = UINT64_MAX;
	return error_set(err, -ENODATA,
			 "%s: is truncated or damaged: %s should end at byte %" PRIu64
			 ", the file has %" PRIu64 " bytes",
			 image->name, what, end, image->size);
}

int image_read(const struct image *image, uint64_t offset, void *buffer, uint64_t length,
	       const char *what, struct error *err)
{
	int ret;

	if (offset > image->size || length > image->size - offset)
		return truncated(image, offset, length, what, err);
	ret = fd_read_all(image->fd, buffer, length, (long long)offset);
	if (ret == -ENODATA)
		return error_set(err, ret, "%s: has become shorter since it was opened",
				 image->name);
	if (ret < 0)
		return error_set(err, ret, "%s: cannot read %s: %s", image->name, what,
				 strerror(-ret));
	return 0;
}

int image_load(const struct image *image, uint64_t offset, struct guest_memory *memory,
	       uint64_t gpa, uint64_t length, const char *what, struct error *err)
{
	void *ram = memory_ram(memory, gpa, length);

	if (!ram)
		return error_set(err, -EFAULT,
				 "%s: %s does not fit in memory: there is no RAM for %" PRIu64
				 " bytes at 0x%" PRIx64,
				 image->name, what, length, gpa);
	return image_read(image, offset, ram, length, what, err);
}
