/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of shared-memory regions. "dm:/NAME" is memory of the Service VM, "hv:/NAME" is memory of
 * the hypervisor. Pure text work: nothing here opens anything.
 */
#ifndef IVSHMEM_NAME_H
#define IVSHMEM_NAME_H

#include "lib/error.h"

enum ivshmem_land {
	IVSHMEM_LAND_DM,
	IVSHMEM_LAND_HV,
};

/* Longest NAME after the prefix. The hypervisor compares 32 bytes, prefix and NUL included. */
#define IVSHMEM_DM_NAME_MAX 255
#define IVSHMEM_HV_NAME_MAX 27

/* The prefix, the longest NAME and a NUL. */
#define IVSHMEM_NAME_TEXT_MAX (4 + IVSHMEM_DM_NAME_MAX + 1)

/* 32 hexadecimal digits and a NUL. */
#define IVSHMEM_KEY_MAX 33

/* "/ivshmem-", the key and its NUL. */
#define IVSHMEM_OBJECT_PREFIX "/ivshmem-"
#define IVSHMEM_OBJECT_MAX (sizeof(IVSHMEM_OBJECT_PREFIX) - 1 + IVSHMEM_KEY_MAX)

/* A name that was checked. Two names are the same region if their texts are equal. */
struct ivshmem_name {
	enum ivshmem_land land;
	char text[IVSHMEM_NAME_TEXT_MAX]; /* whole, with its prefix */
};

/*
 * dm:/NAME takes 1 to 255 bytes of [A-Za-z0-9._/-] in components that are neither empty nor "." nor
 * ".."; hv:/NAME takes 1 to 27 bytes of [A-Za-z0-9_].
 * Returns 0, or -EINVAL with a line that quotes @word and says what is allowed.
 */
int ivshmem_name_parse(struct ivshmem_name *ret_name, const char *word, struct error *err);

/*
 * The key of a dm:/ name: the first half of a SHA-256, so that any name makes a short file name and
 * no two names meet. The region's record and object are called after it.
 * Returns 0, -EINVAL (a hv:/ name has none) or -EIO (libcrypto refuses SHA-256).
 */
int ivshmem_name_key(const struct ivshmem_name *name, char ret_key[IVSHMEM_KEY_MAX]);

/* The POSIX shared-memory object of a dm:/ name, "/ivshmem-<key>". Fails as ivshmem_name_key(). */
int ivshmem_name_object(const struct ivshmem_name *name, char ret_object[IVSHMEM_OBJECT_MAX]);

#endif
