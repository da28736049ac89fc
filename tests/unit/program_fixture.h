/* SPDX-License-Identifier: BSD-3-Clause */
/* A directory in front of PATH with a shell script that stands for ivshmem-server. */
#ifndef TESTS_UNIT_PROGRAM_FIXTURE_H
#define TESTS_UNIT_PROGRAM_FIXTURE_H

void program_fixture_begin(void);
/* Removes the directory and everything in it. */
void program_fixture_end(void);

/* From now on ivshmem-server is this script, which sh(1) runs; $0 is its path. */
void program_fixture_write(const char *script);
void program_fixture_remove(void);

/* The path of @file there. Static buffer. */
const char *program_fixture_path(const char *file);
/* What is in @file there; "" if it is missing. Static buffer. */
const char *program_fixture_read(const char *file);

#endif
