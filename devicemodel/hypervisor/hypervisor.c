/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of back ends. */
#include "devicemodel/hypervisor/hypervisor.h"

#include <string.h>

#include "lib/util.h"

static const struct hv_ops *const backends[] = { &hv_kvm };

const struct hv_ops *hv_find(const char *name)
{
	size_t i;

	/* KVM is last in the table: where it is missing, its error is the one that helps. */
	if (strcmp(name, "auto") == 0)
		return backends[ARRAY_SIZE(backends) - 1];
	for (i = 0; i < ARRAY_SIZE(backends); i++)
		if (strcmp(name, backends[i]->name) == 0)
			return backends[i];
	return NULL;
}

const char *hv_names(void)
{
	return "auto, kvm";
}
