/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of back ends. */
#include "devicemodel/hypervisor/hypervisor.h"

#include <string.h>

#include "lib/util.h"

static const struct hv_ops *const backends[] = { &hv_acrn, &hv_kvm };

const struct hv_ops *hv_find(const char *name)
{
	bool is_auto = strcmp(name, "auto") == 0;
	size_t i;

	/* KVM is last in the table: where it is missing, its error is the one that helps. */
	for (i = 0; i < ARRAY_SIZE(backends); i++)
		if (is_auto ? !backends[i]->is_there || backends[i]->is_there()
			    : strcmp(name, backends[i]->name) == 0)
			return backends[i];
	return NULL;
}

const char *hv_names(void)
{
	return "auto, acrn, kvm";
}
