/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that belong together: all of them are written or none. Each appears under its name at once
 * and whole, by a rename, so that nobody ever runs half a script.
 */
#ifndef LAUNCH_SCRIPTS_FILE_SET_H
#define LAUNCH_SCRIPTS_FILE_SET_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/error.h"

struct file_set_member {
	char *name;
	char *text;
	size_t length; /* of the text, in bytes */
	char *temporary; /* where it is meanwhile; NULL: nowhere */
};

/* All zero is an empty set. */
struct file_set {
	struct file_set_member *members;
	size_t count;
};

/* Frees everything; removes what file_set_write() has not come to rename. */
void file_set_fini(struct file_set *set);

/* Add a file, which has no '/' in its name. Takes @text, also on failure. Returns 0 or -ENOMEM. */
int file_set_add(struct file_set *set, const char *name, char *text, size_t length);

/*
 * Write all of them into @directory with permissions @mode, whatever the umask is. The directory is
 * made if it is missing, but not the one above. Files of the same names are replaced.
 * Returns 0 or -errno with @err; then no file has changed, unless the file system fails between two
 * renames.
 */
int file_set_write(struct file_set *set, const char *directory, mode_t mode, struct error *err);

#endif
