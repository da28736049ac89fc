/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device classes of ACRN's acrn-dm that this one does not have. They are known by name, so that
 * a command line made for ACRN can be checked and printed; nobody can start a VM with them.
 */
#ifndef DEVICEMODEL_CONFIG_ABSENT_CLASS_H
#define DEVICEMODEL_CONFIG_ABSENT_CLASS_H

#include <stdio.h>

#include "devicemodel/config/device_class.h"

/* The class of that name, with @absent set; NULL: no such class is known. */
const struct device_class *absent_class_find(const char *name);

/* Their names, as the end of the help on devices. */
void absent_class_help(FILE *out);

#endif
