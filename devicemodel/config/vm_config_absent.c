/* SPDX-License-Identifier: BSD-3-Clause */
/* What a configuration asks for and this version does not have. */
#include <errno.h>

#include "devicemodel/config/absent_option.h"
#include "devicemodel/config/vm_config.h"

#define WHAT_MAX 64

/* Returns 0 to be told of more. */
typedef int visit_absent(void *ctx, const char *what, const char *remedy);

static int visit_all(const struct vm_config *config, visit_absent *visit, void *ctx)
{
	const struct device_config *device;
	char what[WHAT_MAX], slot[PCI_SLOT_TEXT_MAX];
	size_t i;
	int ret = 0;

	for (i = 0; i < config->absent_count && ret == 0; i++) {
		snprintf(what, sizeof(what), "--%s", config->absent[i].option->name);
		ret = visit(ctx, what, config->absent[i].option->remedy);
	}
	for (i = 0; i < SERIAL_PORTS && ret == 0; i++) {
		if (!config->serial[i])
			continue;
		snprintf(what, sizeof(what), "-l %.*s", WHAT_MAX / 2, config->serial[i]);
		ret = visit(ctx, what, "the only serial port is COM1; connect it with -l "
				       "com1,stdio");
	}
	for (i = 0; i < config->device_count && ret == 0; i++) {
		device = &config->devices[i];
		if (!device->class->absent)
			continue;
		snprintf(what, sizeof(what), "-s %s,%s", pci_slot_text(device->slot, slot),
			 device->class->name);
		ret = visit(ctx, what, device->class->absent);
	}
	return ret;
}

static int refuse(void *ctx, const char *what, const char *remedy)
{
	return error_set(ctx, -ENOTSUP, "%s: not in this version: %s", what, remedy);
}

int vm_config_check_present(const struct vm_config *config, struct error *err)
{
	return visit_all(config, refuse, err);
}

static int print(void *ctx, const char *what, const char *remedy)
{
	fprintf(ctx, "not in this version: %s: %s\n", what, remedy);
	return 0;
}

void vm_config_dump_absent(const struct vm_config *config, FILE *out)
{
	visit_all(config, print, out);
}
