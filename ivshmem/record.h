/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is written down about a region, as text: one "key=value" per line, printable ASCII,
 * "format=1" among them, at most IVSHMEM_RECORD_MAX bytes. Pure text work.
 */
#ifndef IVSHMEM_RECORD_H
#define IVSHMEM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ivshmem/name.h"

#define IVSHMEM_RECORD_MAX 2048
#define IVSHMEM_PATH_MAX 512
#define IVSHMEM_UUID_MAX 37
#define IVSHMEM_PROGRAM_MAX 32

struct ivshmem_record {
	char name[IVSHMEM_NAME_TEXT_MAX];
	char path[IVSHMEM_PATH_MAX]; /* of the memory object, absolute */
	uint64_t inode; /* of the memory object: another file at @path is not this region's */
	uint64_t size; /* bytes */
	uint64_t hugepage_size; /* bytes, 0: pages of the system's choice */
	char uuid[IVSHMEM_UUID_MAX];
	char program[IVSHMEM_PROGRAM_MAX]; /* of the creator */
	uint64_t pid; /* of the creator, which may be gone */
	uint64_t created; /* seconds since 1970 */
	bool owned; /* the object was made for this region, so it goes with the region */
	bool keep; /* the region stays when its last user leaves */
};

/*
 * Two records of the same region that differ only in flags have texts of the same length that
 * differ in one byte per flag. Returns the length.
 */
size_t ivshmem_record_format(const struct ivshmem_record *record, char text[IVSHMEM_RECORD_MAX]);

/*
 * Only a whole record counts: every key once, every line ended. Keys that are not known are
 * skipped, so that later versions may add some. Returns 0 or -EBADMSG.
 */
int ivshmem_record_parse(struct ivshmem_record *ret_record, const char *text, size_t length);

#endif
