/* SPDX-License-Identifier: BSD-3-Clause */
/* Growing, resolving and freeing a plan. */
#include "launch_scripts/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * @list of @count elements with a zeroed one behind them; NULL: out of memory, @list is as it was.
 * Room doubles, so it only has to grow where the count is a power of two.
 */
static void *grow(void *list, size_t count, size_t size)
{
	char *grown = list;

	if ((count & (count - 1)) == 0)
		grown = reallocarray(list, count ? 2 * count : 1, size);
	if (grown)
		memset(grown + count * size, 0, size);
	return grown;
}

struct plan_vm *plan_add_vm(struct plan *plan)
{
	struct plan_vm *vms = grow(plan->vms, plan->vm_count, sizeof(*vms));

	if (!vms)
		return NULL;
	plan->vms = vms;
	return &vms[plan->vm_count++];
}

struct plan_region *plan_add_region(struct plan *plan)
{
	struct plan_region *regions = grow(plan->regions, plan->region_count, sizeof(*regions));

	if (!regions)
		return NULL;
	plan->regions = regions;
	return &regions[plan->region_count++];
}

struct plan_region_user *plan_region_add_user(struct plan_region *region)
{
	struct plan_region_user *users = grow(region->users, region->user_count, sizeof(*users));

	if (!users)
		return NULL;
	region->users = users;
	users[region->user_count].vm = PLAN_NO_VM;
	return &users[region->user_count++];
}

struct plan_device *plan_vm_add_device(struct plan_vm *vm)
{
	struct plan_device *devices = grow(vm->devices, vm->device_count, sizeof(*devices));

	if (!devices)
		return NULL;
	vm->devices = devices;
	return &devices[vm->device_count++];
}

int plan_vm_add_parameter(struct plan_vm *vm, const char *word)
{
	char **words = grow(vm->parameters, vm->parameter_count, sizeof(*words));

	if (!words)
		return -ENOMEM;
	vm->parameters = words;
	words[vm->parameter_count] = strdup(word);
	return words[vm->parameter_count++] ? 0 : -ENOMEM;
}

int plan_vm_add_cpu(struct plan_vm *vm, unsigned int cpu)
{
	unsigned int *cpus = grow(vm->cpus, vm->cpu_count, sizeof(*cpus));

	if (!cpus)
		return -ENOMEM;
	vm->cpus = cpus;
	cpus[vm->cpu_count++] = cpu;
	return 0;
}

const char *plan_vm_name(const struct plan_vm *vm)
{
	return vm->name ? vm->name : "without a name";
}

const char *plan_region_name(const struct plan_region *region)
{
	return region->name ? region->name : "without a name";
}

const char *plan_add_file(struct plan *plan, const char *name)
{
	char **files = grow(plan->files, plan->file_count, sizeof(*files));

	if (!files)
		return NULL;
	plan->files = files;
	files[plan->file_count] = strdup(name);
	return files[plan->file_count++];
}

static int compare_names(const void *a, const void *b)
{
	const struct plan_vm *first = *(const struct plan_vm *const *)a;
	const struct plan_vm *second = *(const struct plan_vm *const *)b;
	int order = strcmp(first->name, second->name);

	return order ? order : (first > second) - (first < second);
}

/* The first VM of @names, which are sorted, that is called @name; NULL: there is none. */
static const struct plan_vm *find_vm(const struct plan_vm *const *names, size_t count,
				     const char *name)
{
	size_t low = 0, high = count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(names[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && strcmp(names[low]->name, name) == 0 ? names[low] : NULL;
}

static int add_use(struct plan_vm *vm, size_t region, size_t user)
{
	struct plan_use *uses = grow(vm->uses, vm->use_count, sizeof(*uses));

	if (!uses)
		return -ENOMEM;
	vm->uses = uses;
	uses[vm->use_count++] = (struct plan_use){ region, user };
	return 0;
}

static int resolve_region(struct plan *plan, size_t region, const struct plan_vm *const *names,
			  size_t named)
{
	struct plan_region_user *users = plan->regions[region].users;
	const struct plan_vm *vm;
	size_t i;
	int ret = 0;

	for (i = 0; i < plan->regions[region].user_count && ret == 0; i++) {
		vm = users[i].vm_name ? find_vm(names, named, users[i].vm_name) : NULL;
		users[i].vm = vm ? (size_t)(vm - plan->vms) : PLAN_NO_VM;
		if (vm)
			ret = add_use(&plan->vms[users[i].vm], region, i);
	}
	return ret;
}

int plan_resolve(struct plan *plan)
{
	const struct plan_vm **names = calloc(plan->vm_count + 1, sizeof(const void *));
	size_t i, named = 0;
	int ret = 0;

	if (!names)
		return -ENOMEM;
	for (i = 0; i < plan->vm_count; i++) {
		plan->vms[i].use_count = 0;
		free(plan->vms[i].uses);
		plan->vms[i].uses = NULL;
		if (plan->vms[i].name)
			names[named++] = &plan->vms[i];
	}
	qsort(names, named, sizeof(const void *), compare_names);
	for (i = 0; i < plan->region_count && ret == 0; i++)
		ret = resolve_region(plan, i, names, named);
	free(names);
	return ret;
}

static void region_fini(struct plan_region *region)
{
	size_t i;

	for (i = 0; i < region->user_count; i++)
		free(region->users[i].vm_name);
	free(region->users);
	free(region->name);
}

static void vm_fini(struct plan_vm *vm)
{
	size_t i;

	for (i = 0; i < vm->device_count; i++) {
		free(vm->devices[i].options);
		free(vm->devices[i].host_name);
		free(vm->devices[i].image);
	}
	for (i = 0; i < vm->parameter_count; i++)
		free(vm->parameters[i]);
	free(vm->devices);
	free(vm->parameters);
	free(vm->uses);
	free(vm->cpus);
	free(vm->name);
}

void plan_fini(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->vm_count; i++)
		vm_fini(&plan->vms[i]);
	for (i = 0; i < plan->region_count; i++)
		region_fini(&plan->regions[i]);
	for (i = 0; i < plan->file_count; i++)
		free(plan->files[i]);
	free(plan->vms);
	free(plan->regions);
	free(plan->files);
	free(plan->scenario);
	free(plan->scheduler);
	free(plan->board.name);
	free(plan->board.cpus);
	free(plan->board.devices);
	*plan = (struct plan){ 0 };
}

const char *plan_device_class(enum plan_device_kind kind)
{
	static const char *const classes[] = {
		[PLAN_UART] = "uart",
		[PLAN_XHCI] = "xhci",
		[PLAN_VIRTIO_INPUT] = "virtio-input",
		[PLAN_VIRTIO_CONSOLE] = "virtio-console",
		[PLAN_VIRTIO_NET] = "virtio-net",
		[PLAN_VIRTIO_BLK] = "virtio-blk",
		[PLAN_VIRTIO_GPU] = "virtio-gpu",
		[PLAN_VHOST_VSOCK] = "vhost-vsock",
		[PLAN_PASSTHROUGH] = "passthru",
	};

	return classes[kind];
}
