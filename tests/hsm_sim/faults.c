/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults on demand. */
#include "tests/hsm_sim/faults.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int error_find(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} errors[] = {
		{ "EACCES", EACCES }, { "EAGAIN", EAGAIN }, { "EBUSY", EBUSY },
		{ "EEXIST", EEXIST }, { "EFAULT", EFAULT }, { "EINTR", EINTR },
		{ "EINVAL", EINVAL }, { "EIO", EIO },	    { "ENODEV", ENODEV },
		{ "ENOENT", ENOENT }, { "ENOMEM", ENOMEM }, { "ENOSPC", ENOSPC },
		{ "ENOTTY", ENOTTY }, { "EPERM", EPERM },
	};
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	return 0;
}

int faults_add(struct faults *faults, const char *text)
{
	const char *colon = strchr(text, ':');
	struct fault fault = { .number = 0 };
	char *dot;

	if (!colon || faults->count == FAULTS_MAX || (size_t)(colon - text) >= sizeof(fault.call))
		return -EINVAL;
	memcpy(fault.call, text, (size_t)(colon - text));
	if (isdigit((unsigned char)text[0])) {
		fault.number = (unsigned int)strtoul(text, NULL, 10);
		fault.call[0] = '\0';
	} else {
		dot = strchr(fault.call, '.');
		if (dot) {
			*dot = '\0';
			fault.number = (unsigned int)strtoul(dot + 1, NULL, 10);
		}
	}
	fault.error = error_find(colon + 1);
	if (fault.error == 0)
		return -EINVAL;
	faults->faults[faults->count++] = fault;
	return 0;
}

int faults_count(struct faults *faults, const char *call)
{
	struct fault *fault;
	unsigned int i;
	int error = 0;

	for (i = 0; i < faults->count; i++) {
		fault = &faults->faults[i];
		if (fault->call[0] != '\0' && strcmp(fault->call, call) != 0)
			continue;
		fault->seen++;
		if (fault->number == 0 || fault->seen == fault->number)
			error = fault->error;
	}
	return error;
}
