/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults on demand: calls that fail with a chosen errno instead of being answered. */
#ifndef TESTS_HSM_SIM_FAULTS_H
#define TESTS_HSM_SIM_FAULTS_H

#define FAULTS_MAX 16

struct fault {
	char call[32];		/* its name without ACRN_IOCTL_, "open", or empty: any call */
	unsigned int number;	/* the how manieth of these, from 1; 0: all of them */
	unsigned int seen;
	int error;
};

struct faults {
	struct fault faults[FAULTS_MAX];
	unsigned int count;
};

/* "N:ERRNO", "CALL:ERRNO" or "CALL.N:ERRNO", ERRNO as ENOMEM. Returns 0 or -EINVAL. */
int faults_add(struct faults *faults, const char *text);

/* The errno that this call fails with, 0 for none. Each call must be counted once. */
int faults_count(struct faults *faults, const char *call);

#endif
