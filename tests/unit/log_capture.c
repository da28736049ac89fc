/* SPDX-License-Identifier: BSD-3-Clause */
/* Standard error in a file of its own. */
#include "tests/unit/log_capture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/fds.h"

static int saved_stderr, file;

void log_capture_begin(void)
{
	file = memfd_create("log", MFD_CLOEXEC);
	saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (file < 0 || saved_stderr < 0 || fcntl(file, F_SETFL, O_APPEND) < 0)
		abort();
	dup2(file, STDERR_FILENO);
}

unsigned int log_capture_end(const char **ret_text)
{
	static char text[8192];
	unsigned int lines = 0;
	const char *at;
	ssize_t n;

	n = pread(file, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	for (at = text; (at = strchr(at, '\n')); at++)
		lines++;
	dup2(saved_stderr, STDERR_FILENO);
	fd_close(&saved_stderr);
	fd_close(&file);
	*ret_text = text;
	return lines;
}
