/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that goes into guest memory: a kernel, an ELF image, a ramdisk. It stays open for the
 * whole life of the VM, so that a guest reset loads the same file again whatever its name stands
 * for by then. Its bytes are foreign: they are copied out before they are looked at, never mapped
 * (a mapped file that shrinks is a SIGBUS).
 */
#ifndef DEVICEMODEL_BOOT_IMAGE_H
#define DEVICEMODEL_BOOT_IMAGE_H

#include <stdint.h>

#include "lib/error.h"

struct guest_memory;

struct image {
	char *path;	  /* as the user wrote it */
	const char *name; /* for messages: the path, of a very long one its end */
	int fd;
	uint64_t size;	  /* bytes, when it was opened; never 0 */
};

/* Zero bytes are a valid image that was never opened, but for @fd: start from this. */
#define IMAGE_NONE { .path = NULL, .name = NULL, .fd = -1, .size = 0 }

/*
 * Open @path, a regular file that is not empty. Never blocks on a FIFO.
 * Returns 0; -EINVAL: not a regular file, or empty; -ENOMEM; -errno of open(2). @err has the line.
 */
int image_init(struct image *image, const char *path, struct error *err);
void image_fini(struct image *image);

/*
 * Copy bytes [@offset, @offset + @length) of the file to @buffer; @what names them in a message
 * ("its ELF header").
 * Returns 0; -ENODATA: the file ends before that; -errno of pread(2). @err has the line.
 */
int image_read(const struct image *image, uint64_t offset, void *buffer, uint64_t length,
	       const char *what, struct error *err);

/*
 * The same into RAM at guest address @gpa; additionally -EFAULT: some of it is not RAM. RAM may
 * have been written in part when it fails.
 */
int image_load(const struct image *image, uint64_t offset, struct guest_memory *memory,
	       uint64_t gpa, uint64_t length, const char *what, struct error *err);

#endif
