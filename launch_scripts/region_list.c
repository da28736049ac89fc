/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions as a table for people and as JSON for programs. */
#include "launch_scripts/region_list.h"

#include <inttypes.h>
#include <stdio.h>

#include "launch_scripts/bdf.h"
#include "launch_scripts/check.h"
#include "launch_scripts/plan.h"
#include "launch_scripts/scenario.h"
#include "launch_scripts/scenario_nodes.h"
#include "lib/json.h"

static const char *source_text(enum ivshmem_land land)
{
	return land == IVSHMEM_LAND_DM ? "device-model" : "hypervisor";
}

static const char *or_dash(const char *text)
{
	return text && *text ? text : "-";
}

static void print_row(const struct plan_region *region)
{
	char id[NUMBER_TEXT_MAX], vbdf[BDF_TEXT_MAX];
	const struct plan_region_user *user;
	size_t i;

	printf("%-20s %-12s %5" PRIu64 "M  %-6s %7" PRIu64 " ", or_dash(region->name),
	       source_text(region->land), region->size_mb,
	       region->has_id ? id_text(region->id, id) : "-", region->vectors);
	for (i = 0; i < region->user_count; i++) {
		user = &region->users[i];
		printf(" %s", or_dash(user->vm_name));
		if (user->slot.given)
			printf("@%s", bdf_text(user->slot.slot, vbdf));
	}
	printf("\n");
}

static void print_table(const struct plan *plan)
{
	size_t i;

	printf("%-20s %-12s %6s  %-6s %7s  %s\n", "NAME", "SOURCE", "SIZE", "ID", "VECTORS", "VMS");
	for (i = 0; i < plan->region_count; i++)
		print_row(&plan->regions[i]);
}

static void print_json_user(const struct plan_region_user *user)
{
	char vbdf[BDF_TEXT_MAX];

	printf("{\"name\": ");
	json_put_string(stdout, user->vm_name);
	printf(", \"vbdf\": ");
	json_put_string(stdout, user->slot.given ? bdf_text(user->slot.slot, vbdf) : NULL);
	printf("}");
}

static void print_json_region(const struct plan_region *region)
{
	char id[NUMBER_TEXT_MAX];
	size_t i;

	printf("{\"name\": ");
	json_put_string(stdout, region->name);
	printf(", \"source\": \"%s\", \"size_mb\": %" PRIu64 ", \"id\": %s"
	       ", \"vectors\": %" PRIu64 ", \"vms\": [", source_text(region->land), region->size_mb,
	       region->has_id ? number_text(region->id, id) : "null", region->vectors);
	for (i = 0; i < region->user_count; i++) {
		printf("%s", i ? ", " : "");
		print_json_user(&region->users[i]);
	}
	printf("]}");
}

static void print_json(const struct plan *plan)
{
	size_t i;

	printf("[");
	for (i = 0; i < plan->region_count; i++) {
		printf("%s", i ? ",\n " : "");
		print_json_region(&plan->regions[i]);
	}
	printf("]\n");
}

int region_list(const char *path, const char *launch, bool json)
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	int ret, status;

	ret = scenario_read(&plan, path, launch, &problems);
	if (ret == 0)
		ret = plan_resolve(&plan);
	if (ret == 0) {
		plan_check(&plan, &problems);
		if (json)
			print_json(&plan);
		else
			print_table(&plan);
	}
	problems_print(&problems, stderr);
	status = ret < 0 || problems.count > 0;
	problems_fini(&problems);
	plan_fini(&plan);
	return status;
}
