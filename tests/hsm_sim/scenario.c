/* SPDX-License-Identifier: BSD-3-Clause */
/* What the hypervisor was configured with. */
#include "tests/hsm_sim/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool vm_line(struct scenario *scenario, char *words)
{
	struct scenario_vm *vm = &scenario->vms[scenario->vm_count];
	char *word = strtok(words, " \t\n");

	if (!word || strlen(word) >= sizeof(vm->name) || scenario->vm_count == SCENARIO_VMS_MAX)
		return false;
	snprintf(vm->name, sizeof(vm->name), "%s", word);
	vm->id = (uint16_t)(scenario->vm_count + 1);
	vm->vcpus = 1;
	while ((word = strtok(NULL, " \t\n"))) {
		if (strncmp(word, "vcpus=", 6) == 0)
			vm->vcpus = (uint16_t)strtoul(word + 6, NULL, 10);
		else if (strcmp(word, "severity=high") == 0)
			vm->high_severity = true;
		else if (strcmp(word, "severity=standard") != 0)
			return false;
	}
	scenario->vm_count++;
	return vm->vcpus >= 1 && vm->vcpus <= 16;
}

static bool region_line(struct scenario *scenario, const char *words)
{
	struct scenario_region *region = &scenario->regions[scenario->region_count];
	unsigned int megabytes;
	int id;

	if (scenario->region_count == SCENARIO_REGIONS_MAX ||
	    sscanf(words, "%31s %u %i", region->name, &megabytes, &id) != 3)
		return false;
	region->size = (uint64_t)megabytes << 20;
	region->id = (uint16_t)id;
	scenario->region_count++;
	return strncmp(region->name, "hv:/", 4) == 0 && id >= 0 && id <= UINT16_MAX;
}

int scenario_read(struct scenario *scenario, const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int number = 0;
	char line[256];
	bool good = true;

	if (!file) {
		perror(path);
		return -ENOENT;
	}
	while (good && fgets(line, sizeof(line), file)) {
		number++;
		line[strcspn(line, "#\n")] = '\0';
		if (strncmp(line, "vm ", 3) == 0)
			good = vm_line(scenario, line + 3);
		else if (strncmp(line, "region ", 7) == 0)
			good = region_line(scenario, line + 7);
		else
			good = line[strspn(line, " \t")] == '\0';
	}
	fclose(file);
	if (good)
		return 0;
	fprintf(stderr, "%s:%u: not understood\n", path, number);
	return -EINVAL;
}

const struct scenario_region *scenario_region_find(const struct scenario *scenario,
						   const char *name)
{
	unsigned int i;

	for (i = 0; i < scenario->region_count; i++)
		if (strcmp(scenario->regions[i].name, name) == 0)
			return &scenario->regions[i];
	return NULL;
}

bool scenario_vm_find(const struct scenario *scenario, const char *name, struct scenario_vm *ret)
{
	unsigned int i;

	if (scenario->vm_count == 0) {
		*ret = (struct scenario_vm){ .vcpus = 1 };
		snprintf(ret->name, sizeof(ret->name), "%s", name);
		return true;
	}
	for (i = 0; i < scenario->vm_count; i++) {
		if (strcmp(scenario->vms[i].name, name) != 0 &&
		    strcmp(scenario->vms[i].name, "*") != 0)
			continue;
		*ret = scenario->vms[i];
		if (strcmp(ret->name, "*") == 0)
			ret->id = 0;
		snprintf(ret->name, sizeof(ret->name), "%s", name);
		return true;
	}
	return false;
}
