/* SPDX-License-Identifier: BSD-3-Clause */
/* A program to be found in PATH. */
#include "tests/unit/program_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "ivshmem-server"

static char dir[32];
static char *old_path;

void program_fixture_begin(void)
{
	const char *path = getenv("PATH");
	char new_path[4096];

	strcpy(dir, "/tmp/ivshmem-bin-XXXXXX");
	old_path = strdup(path ? path : "/usr/bin:/bin");
	if (!mkdtemp(dir) || !old_path)
		abort();
	snprintf(new_path, sizeof(new_path), "%s:%s", dir, old_path);
	setenv("PATH", new_path, 1);
}

void program_fixture_end(void)
{
	struct dirent *entry;
	DIR *files = opendir(dir);

	while (files && (entry = readdir(files)))
		if (entry->d_name[0] != '.')
			unlink(program_fixture_path(entry->d_name));
	closedir(files);
	if (rmdir(dir) < 0)
		abort();
	setenv("PATH", old_path, 1);
	free(old_path);
}

void program_fixture_write(const char *script)
{
	FILE *file;

	/* A shell that reads the former one goes on with that. */
	program_fixture_remove();
	file = fopen(program_fixture_path(PROGRAM), "we");
	if (!file || fprintf(file, "#!/bin/sh\n%s\n", script) < 0 || fclose(file) ||
	    chmod(program_fixture_path(PROGRAM), 0755) < 0)
		abort();
}

void program_fixture_remove(void)
{
	unlink(program_fixture_path(PROGRAM));
}

const char *program_fixture_path(const char *file)
{
	static char path[sizeof(dir) + 256];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return path;
}

const char *program_fixture_read(const char *file)
{
	static char text[4096];
	FILE *stream = fopen(program_fixture_path(file), "re");
	size_t length = 0;

	if (stream) {
		length = fread(text, 1, sizeof(text) - 1, stream);
		fclose(stream);
	}
	text[length] = '\0';
	return text;
}
