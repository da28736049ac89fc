/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that is read, changed and put back as a whole: whoever opens it sees the old text or the
 * new one, never a part, and two who edit it at the same time do so one after the other.
 */
#ifndef LAUNCH_SCRIPTS_EDITED_FILE_H
#define LAUNCH_SCRIPTS_EDITED_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/stat.h>

#include "lib/error.h"

#define EDITED_FILE_SIZE_MAX ((size_t)16 << 20)

struct edited_file {
	const char *name; /* as the user has it; the caller's */
	char *path;	  /* of the file itself, where @name is a symbolic link to it */
	struct stat stat;
	int lock; /* the open file; -1: there is none yet */
	char *text; /* with a NUL behind its @size bytes; "" if there is no file yet */
	size_t size;
};

/*
 * Open and read @name. With @may_be_missing a file that is not there is fine. Waits for others
 * who edit it. Returns 0 or -errno with @err; then there is nothing to close.
 */
int edited_file_open(struct edited_file *file, const char *name, bool may_be_missing,
		     struct error *err);

/*
 * Put @text in its place, with the mode and the owner that it had. Blocks until it is on the disk.
 * Returns 0, or -errno with @err: the file is as it was.
 */
int edited_file_replace(const struct edited_file *file, const char *text, size_t size,
			struct error *err);

void edited_file_close(struct edited_file *file);

#endif
