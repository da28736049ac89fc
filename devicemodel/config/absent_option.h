/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The options of ACRN's acrn-dm that this one does not have. They are known by name and grammar, so
 * that a command line made for ACRN can be checked and printed; nobody can start a VM with them.
 */
#ifndef DEVICEMODEL_CONFIG_ABSENT_OPTION_H
#define DEVICEMODEL_CONFIG_ABSENT_OPTION_H

#include <stdbool.h>
#include <stddef.h>

struct absent_option {
	const char *name;    /* the long form; there are no short ones */
	const char *value;   /* what stands for its value; NULL: it takes none */
	const char *grammar; /* what a good value is, for messages */
	bool (*is_good)(const char *value);
	bool repeats;	     /* each one counts; else the last does */
	const char *remedy;  /* what to do without it */
};

#define ABSENT_OPTIONS 16
extern const struct absent_option absent_options[ABSENT_OPTIONS];

/* Two that say more about a VM than that it cannot be started here. */
#define ABSENT_CPU_AFFINITY "cpu_affinity"
#define ABSENT_OVMF "ovmf"

#endif
