/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions: what the device would say about each, who uses them, and that no two are alike. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "hw/pci/device_classes.h"
#include "ivshmem/name.h"
#include "launch_scripts/checks.h"
#include "lib/error.h"

/* The hypervisor has a table of so many. */
#define HV_REGIONS_MAX 8

/* --- one region ------------------------------------------------------------------------------- */

static const struct device_class *find_ivshmem(void)
{
	const struct device_class *const *class = pci_device_classes;

	while (*class && strcmp((*class)->name, "ivshmem") != 0)
		class++;
	return *class;
}

/* Would the device take these options? Else @err says why not. */
static bool is_accepted(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool is_accepted(struct error *err, const char *fmt, ...)
{
	const struct device_class *class = find_ivshmem();
	void *options = calloc(1, class->options_size);
	char *words = NULL;
	va_list args;
	int ret = -ENOMEM;

	va_start(args, fmt);
	if (vasprintf(&words, fmt, args) < 0)
		words = NULL;
	va_end(args);
	if (options && words)
		ret = device_options_parse(class, words, options, err);
	else
		error_set(err, ret, "out of memory");
	free(options);
	free(words);
	return ret == 0;
}

static const char *prefix(const struct plan_region *region)
{
	return region->land == IVSHMEM_LAND_HV ? "hv:/" : "dm:/";
}

static void check_name(const struct plan_region *region, struct problems *problems)
{
	struct ivshmem_name name;
	struct error err = { "" };
	char *word = NULL;

	/* Whoever read one without a name has complained. */
	if (!region->name || asprintf(&word, "%s%s", prefix(region), region->name) < 0)
		return;
	if (ivshmem_name_parse(&name, word, &err) < 0)
		problems_add(problems, region->place, "region %s", err.text);
	free(word);
}

/* Each value beside others that are good, so that all that is wrong is said. */
static void check_values(const struct plan_region *region, struct problems *problems)
{
	const char *land = prefix(region);
	struct error err = { "" };

	if (!is_accepted(&err, "%sx,%" PRIu64, land, region->size_mb))
		problems_add(problems, region->place, "region %s: %s", plan_region_name(region),
			     err.text);
	if (region->has_id && !is_accepted(&err, "%sx,2,%" PRIu64, land, region->id))
		problems_add(problems, region->place, "region %s: %s", plan_region_name(region),
			     err.text);
	if (region->vectors && region->land == IVSHMEM_LAND_HV)
		problems_add(problems, region->place,
			     "region %s: vectors=%" PRIu64 " is for regions of the device model: "
			     "those of the hypervisor have vectors of their own; leave it out",
			     plan_region_name(region), region->vectors);
	else if (region->vectors && !is_accepted(&err, "%sx,2,vectors=%" PRIu64, land,
						 region->vectors))
		problems_add(problems, region->place, "region %s: %s", plan_region_name(region),
			     err.text);
}

/* --- its users -------------------------------------------------------------------------------- */

static void check_user(const struct plan *plan, const struct plan_region *region,
		       const struct plan_region_user *user, struct problems *problems)
{
	const struct plan_vm *vm;

	if (user->vm == PLAN_NO_VM) {
		problems_add(problems, user->place,
			     "region %s: there is no VM \"%s\"; write the name of a VM of this "
			     "scenario, or take it out",
			     plan_region_name(region), user->vm_name ? user->vm_name : "");
		return;
	}
	vm = &plan->vms[user->vm];
	if (region->land == IVSHMEM_LAND_DM && vm->load_order != PLAN_POST_LAUNCHED_VM)
		problems_add(problems, user->place,
			     "region %s: VM %s is %s, and regions of the device model reach "
			     "post-launched VMs only; take it out, or have the hypervisor provide "
			     "the region",
			     plan_region_name(region), plan_vm_name(vm),
			     vm->load_order == PLAN_SERVICE_VM ? "the Service VM" : "pre-launched");
}

/* @seen: for each VM the last region, from 1, that was found to have it. */
static void check_users(const struct plan *plan, size_t place, size_t *seen,
			struct problems *problems)
{
	const struct plan_region *region = &plan->regions[place];
	const struct plan_region_user *user;
	size_t i, distinct = 0;

	for (i = 0; i < region->user_count; i++) {
		user = &region->users[i];
		check_user(plan, region, user, problems);
		if (user->vm == PLAN_NO_VM || seen[user->vm] != place + 1) {
			distinct++;
			if (user->vm != PLAN_NO_VM)
				seen[user->vm] = place + 1;
			continue;
		}
		problems_add(problems, user->place,
			     "region %s: VM %s is listed twice; take one of them out",
			     plan_region_name(region), plan_vm_name(&plan->vms[user->vm]));
	}
	if (distinct < 2)
		problems_add(problems, region->place,
			     "region %s has %s, and sharing takes two: add another, or take out "
			     "the region",
			     plan_region_name(region), distinct ? "one VM" : "no VMs");
}

static int check_all_users(const struct plan *plan, struct problems *problems)
{
	size_t *seen = calloc(plan->vm_count + 1, sizeof(*seen));
	size_t i;

	if (!seen)
		return -ENOMEM;
	for (i = 0; i < plan->region_count; i++)
		check_users(plan, i, seen, problems);
	free(seen);
	return 0;
}

/* --- beside the others ------------------------------------------------------------------------ */

static int compare_names(const void *a, const void *b)
{
	const struct plan_region *first = *(const struct plan_region *const *)a;
	const struct plan_region *second = *(const struct plan_region *const *)b;
	int order = (int)first->land - (int)second->land;

	if (order == 0)
		order = strcmp(first->name ? first->name : "", second->name ? second->name : "");
	return order ? order : (first > second) - (first < second);
}

static int check_unique_names(const struct plan *plan, struct problems *problems)
{
	const void **sorted = checks_sort(plan->regions, plan->region_count,
					  sizeof(*plan->regions), compare_names);
	const struct plan_region *region, *before;
	char where[CHECKS_PLACE_TEXT_MAX];
	size_t i;

	if (!sorted)
		return -ENOMEM;
	for (i = 1; i < plan->region_count; i++) {
		before = sorted[i - 1];
		region = sorted[i];
		if (region->land == before->land && region->name && before->name &&
		    strcmp(region->name, before->name) == 0)
			problems_add(problems, region->place,
				     "region %s%s: there is another one of this name%s; rename "
				     "one, or put all VMs into one",
				     prefix(region), region->name,
				     checks_place_text(before->place, where));
	}
	free(sorted);
	return 0;
}

static uint64_t id_of(const struct plan_region *region)
{
	return region->has_id ? region->id : 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct plan_region *first = *(const struct plan_region *const *)a;
	const struct plan_region *second = *(const struct plan_region *const *)b;
	int order = (id_of(first) > id_of(second)) - (id_of(first) < id_of(second));

	return order ? order : (first > second) - (first < second);
}

/* Guests tell regions apart by their ids; 0 stands for none. */
static int check_unique_ids(const struct plan *plan, struct problems *problems)
{
	const void **sorted = checks_sort(plan->regions, plan->region_count,
					  sizeof(*plan->regions), compare_ids);
	const struct plan_region *region, *before;
	char where[CHECKS_PLACE_TEXT_MAX];
	size_t i;

	if (!sorted)
		return -ENOMEM;
	for (i = 1; i < plan->region_count; i++) {
		before = sorted[i - 1];
		region = sorted[i];
		if (id_of(region) && id_of(region) == id_of(before))
			problems_add(problems, region->place,
				     "region %s has id 0x%" PRIx64 ", which region %s has too%s: "
				     "give it another, or none",
				     plan_region_name(region), region->id,
				     plan_region_name(before),
				     checks_place_text(before->place, where));
	}
	free(sorted);
	return 0;
}

static void check_hv_count(const struct plan *plan, struct problems *problems)
{
	const struct plan_region *region;
	size_t i, count = 0;

	for (i = 0; i < plan->region_count; i++) {
		region = &plan->regions[i];
		if (region->land == IVSHMEM_LAND_HV && ++count > HV_REGIONS_MAX)
			problems_add(problems, region->place,
				     "region %s is number %zu of the hypervisor, which has room "
				     "for %d; take it out, or have the device model provide it",
				     plan_region_name(region), count, HV_REGIONS_MAX);
	}
}

int check_regions(const struct plan *plan, struct problems *problems)
{
	size_t i;
	int ret;

	for (i = 0; i < plan->region_count; i++) {
		check_name(&plan->regions[i], problems);
		check_values(&plan->regions[i], problems);
	}
	check_hv_count(plan, problems);
	ret = check_all_users(plan, problems);
	if (ret == 0)
		ret = check_unique_names(plan, problems);
	if (ret == 0)
		ret = check_unique_ids(plan, problems);
	return ret;
}
