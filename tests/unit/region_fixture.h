/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of regions share: a runtime directory of their own, and looking for left-overs. */
#ifndef TESTS_UNIT_REGION_FIXTURE_H
#define TESTS_UNIT_REGION_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ivshmem/region.h"

/*
 * A fresh runtime directory, its path in $IVSHMEM_RUNTIME_DIR. fixture_end() fails the test unless
 * it is empty by then.
 */
void fixture_begin(void);
void fixture_end(void);
const char *fixture_dir(void);

/* 64 KiB under a name that no other test program uses at the same time. */
struct ivshmem_region_params fixture_params(const char *word);

/* Paths of what belongs to the region of @params. Static buffers, one each. */
const char *fixture_object(const struct ivshmem_region_params *params);
const char *fixture_record(const struct ivshmem_region_params *params);

/* Attach, which must succeed; prints the reason if not. */
struct ivshmem_region *fixture_attach(const struct ivshmem_region_params *params);

/* Attach, which must fail with @code and a line that has all of the @said, a list ended by NULL. */
void fixture_refuse(const struct ivshmem_region_params *params, int code, ...);

bool fixture_exists(const char *path);

/* Neither object nor record are there. */
void fixture_assert_gone(const struct ivshmem_region_params *params);

bool fixture_is_zero(const struct ivshmem_region *region);

void fixture_write_file(const char *path, const void *data, size_t size);

/* Run @child(@params) in a process of its own. Returns its exit status, -1 after a signal. */
int fixture_in_child(int (*child)(const struct ivshmem_region_params *params),
		     const struct ivshmem_region_params *params);

/*
 * In a child: an empty /dev/shm that nobody else sees, of @size as mount(8) takes it. False if this
 * machine or user cannot.
 */
bool fixture_own_shm(const char *size);

/* A process that attached to @params, filled the memory with 0x5a, and sleeps. */
pid_t fixture_spawn_user(const struct ivshmem_region_params *params);
void fixture_kill(pid_t pid);

#endif
