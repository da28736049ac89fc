/* SPDX-License-Identifier: BSD-3-Clause */
/* CPUs and memory: what the board has, and what is promised to more than one. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "launch_scripts/checks.h"
#include "lib/util.h"

/* --- memory ----------------------------------------------------------------------------------- */

/* What is asked for so far, in megabytes; more than there can be stays more than there can be. */
static void add_memory(uint64_t *total, uint64_t size)
{
	if (__builtin_add_overflow(*total, size, total))
		*total = UINT64_MAX;
}

static bool has_run_out(const struct plan *plan, uint64_t *total, uint64_t size)
{
	uint64_t board = plan->board.memory_size / MIB;
	bool enough = *total <= board;

	add_memory(total, size);
	return enough && *total > board;
}

/* Only what does not fit any more is named, since that is where to begin. */
static void check_memory(const struct plan *plan, struct problems *problems)
{
	uint64_t total = 0, board = plan->board.memory_size / MIB;
	const struct plan_region *region;
	const struct plan_vm *vm;
	size_t i;

	if (plan->board.memory_size == 0)
		return;
	for (i = 0; i < plan->vm_count; i++) {
		vm = &plan->vms[i];
		if (vm->load_order != PLAN_SERVICE_VM && has_run_out(plan, &total, vm->memory_mb))
			problems_add(problems, vm->place,
				     "VM %s has %" PRIu64 " MB, and with it all VMs have more than "
				     "the %" PRIu64 " MB of board %s: make one of them smaller",
				     plan_vm_name(vm), vm->memory_mb, board,
				     plan->board.name ? plan->board.name : "");
	}
	for (i = 0; i < plan->region_count; i++) {
		region = &plan->regions[i];
		if (has_run_out(plan, &total, region->size_mb))
			problems_add(problems, region->place,
				     "region %s has %" PRIu64 " MB, and with it VMs and regions "
				     "have more than the %" PRIu64 " MB of board %s: make one of "
				     "them smaller",
				     plan_region_name(region), region->size_mb, board,
				     plan->board.name ? plan->board.name : "");
	}
}

/* --- CPUs ------------------------------------------------------------------------------------- */

struct claim {
	unsigned int cpu;
	const struct plan_vm *vm;
};

static int compare_cpus(const void *a, const void *b)
{
	const struct plan_cpu *first = *(const struct plan_cpu *const *)a;
	const struct plan_cpu *second = *(const struct plan_cpu *const *)b;

	return (first->id > second->id) - (first->id < second->id);
}

/* @cpus: the board's, sorted. */
static void check_vm_cpus(const struct plan_board *board, const void *const *cpus,
			  const struct plan_vm *vm, struct problems *problems)
{
	struct plan_cpu wanted = { 0 };
	const struct plan_cpu *key = &wanted;
	size_t i;

	for (i = 0; i < vm->cpu_count; i++) {
		wanted.id = vm->cpus[i];
		if (!bsearch(&key, cpus, board->cpu_count, sizeof(*cpus), compare_cpus))
			problems_add(problems, vm->place,
				     "VM %s: there is no CPU %u on board %s, which has %zu; choose "
				     "another",
				     plan_vm_name(vm), vm->cpus[i], board->name ? board->name : "",
				     board->cpu_count);
	}
}

static int check_presence(const struct plan *plan, struct problems *problems)
{
	const void **cpus = checks_sort(plan->board.cpus, plan->board.cpu_count,
					sizeof(*plan->board.cpus), compare_cpus);
	size_t i;

	if (!cpus)
		return -ENOMEM;
	for (i = 0; plan->board.cpu_count && i < plan->vm_count; i++)
		check_vm_cpus(&plan->board, cpus, &plan->vms[i], problems);
	free(cpus);
	return 0;
}

/* Whoever has the local APIC of a CPU has all of it. */
static bool owns_cpus(const struct plan_vm *vm)
{
	return vm->own_cpus || (vm->type == PLAN_RTVM && vm->lapic_passthrough);
}

static int compare_claims(const void *a, const void *b)
{
	const struct claim *first = a, *second = b;
	int order = (first->cpu > second->cpu) - (first->cpu < second->cpu);

	return order ? order : (first->vm > second->vm) - (first->vm < second->vm);
}

/* Of one CPU, which nobody has taken out of the Service VM's yet. */
static void check_claims(const struct claim *claims, size_t count, struct problems *problems)
{
	const struct plan_vm *owner = NULL, *other;
	char where[CHECKS_PLACE_TEXT_MAX];
	size_t i;

	for (i = 0; i < count && !owner; i++)
		owner = owns_cpus(claims[i].vm) ? claims[i].vm : NULL;
	for (i = 0; i < count; i++) {
		if (i > 0 && claims[i].vm == claims[i - 1].vm) {
			problems_add(problems, claims[i].vm->place,
				     "VM %s: CPU %u is listed twice; take one of them out",
				     plan_vm_name(claims[i].vm), claims[i].cpu);
			continue;
		}
		other = claims[i].vm;
		if (owner && other != owner)
			problems_add(problems, other->place,
				     "VM %s has CPU %u, which VM %s has for itself alone%s: choose "
				     "another",
				     plan_vm_name(other), claims[i].cpu, plan_vm_name(owner),
				     checks_place_text(owner->place, where));
	}
}

/* The Service VM may list any: those that a VM wants alone are taken from it when that starts. */
static size_t gather_claims(const struct plan *plan, struct claim *claims)
{
	const struct plan_vm *vm;
	size_t i, cpu, count = 0;

	for (i = 0; i < plan->vm_count; i++) {
		vm = &plan->vms[i];
		for (cpu = 0; vm->load_order != PLAN_SERVICE_VM && cpu < vm->cpu_count; cpu++)
			claims[count++] = (struct claim){ vm->cpus[cpu], vm };
	}
	return count;
}

static int check_sharing(const struct plan *plan, struct problems *problems)
{
	struct claim *claims;
	size_t i, count = 0, first;

	for (i = 0; i < plan->vm_count; i++)
		count += plan->vms[i].cpu_count;
	claims = calloc(count + 1, sizeof(*claims));
	if (!claims)
		return -ENOMEM;
	count = gather_claims(plan, claims);
	qsort(claims, count, sizeof(*claims), compare_claims);
	for (first = 0; first < count; first = i) {
		for (i = first + 1; i < count && claims[i].cpu == claims[first].cpu; i++)
			;
		check_claims(claims + first, i - first, problems);
	}
	free(claims);
	return 0;
}

int check_resources(const struct plan *plan, struct problems *problems)
{
	int ret;

	check_memory(plan, problems);
	ret = check_presence(plan, problems);
	return ret < 0 ? ret : check_sharing(plan, problems);
}
