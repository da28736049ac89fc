/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans: growing, finding VMs by name; and words that a shell reads back. */
#include "launch_scripts/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/shell_word.h"
#include "lib/util.h"
#include "tests/unit/plan_fixture.h"
#include "tests/unit/unit.h"

#define MANY 1000

static void test_grow(void)
{
	struct plan plan = { 0 };
	struct plan_vm *vm;
	unsigned int i;
	char name[16];

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "vm%u", i);
		vm = plan_put_vm(&plan, name, PLAN_POST_LAUNCHED_VM, i);
		CU_ASSERT_EQUAL(plan_vm_add_cpu(vm, i), 0);
		CU_ASSERT_EQUAL(plan_vm_add_parameter(vm, name), 0);
		CU_ASSERT_EQUAL(plan_vm_add_parameter(vm, ""), 0);
	}
	CU_ASSERT_EQUAL(plan.vm_count, MANY);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "vm%u", i);
		CU_ASSERT_STRING_EQUAL(plan.vms[i].name, name);
		CU_ASSERT_EQUAL(plan.vms[i].cpus[0], i);
		CU_ASSERT_STRING_EQUAL(plan.vms[i].parameters[0], name);
		CU_ASSERT_EQUAL(plan.vms[i].number, i + 1);
	}
	CU_ASSERT_STRING_EQUAL(plan_add_file(&plan, "x.xml"), "x.xml");
	plan_fini(&plan);
	CU_ASSERT_EQUAL(plan.vm_count, 0);
	plan_fini(&plan);
}

static void test_resolve(void)
{
	struct plan plan = { 0 };
	struct plan_region *region;

	plan_put_pair(&plan);
	plan_put_vm(&plan, "a", PLAN_POST_LAUNCHED_VM, 40);
	plan_put_vm(&plan, NULL, PLAN_POST_LAUNCHED_VM, 50);
	region = plan_put_region(&plan, "other", IVSHMEM_LAND_HV, 60);
	plan_put_user(region, "b", NULL, 61);
	plan_put_user(region, "c", NULL, 62);
	plan_put_user(region, NULL, NULL, 63);
	plan_put_user(region, "b", NULL, 64);
	CU_ASSERT_EQUAL(plan_resolve(&plan), 0);
	CU_ASSERT_EQUAL(plan_resolve(&plan), 0);
	CU_ASSERT_EQUAL(plan.regions[0].users[0].vm, 1);
	CU_ASSERT_EQUAL(plan.regions[0].users[1].vm, 2);
	CU_ASSERT_EQUAL(plan.regions[1].users[0].vm, 2);
	CU_ASSERT_EQUAL(plan.regions[1].users[1].vm, PLAN_NO_VM);
	CU_ASSERT_EQUAL(plan.regions[1].users[2].vm, PLAN_NO_VM);
	CU_ASSERT_EQUAL(plan.vms[1].use_count, 1);
	CU_ASSERT_EQUAL_FATAL(plan.vms[2].use_count, 3);
	CU_ASSERT_EQUAL(plan.vms[2].uses[0].region, 0);
	CU_ASSERT_EQUAL(plan.vms[2].uses[0].user, 1);
	CU_ASSERT_EQUAL(plan.vms[2].uses[2].region, 1);
	CU_ASSERT_EQUAL(plan.vms[2].uses[2].user, 3);
	CU_ASSERT_EQUAL(plan.vms[3].use_count, 0);
	plan_fini(&plan);
}

static void test_shell_words(void)
{
	static const struct {
		const char *word, *printed;
	} rows[] = {
		{ "", "''" },
		{ "8:1,ivshmem,dm:/shm_a,2,vectors=2", "8:1,ivshmem,dm:/shm_a,2,vectors=2" },
		{ "a b", "'a b'" },
		{ "$(reboot)", "'$(reboot)'" },
		{ "it's", "'it'\\''s'" },
		{ "`x`", "'`x`'" },
		{ "a\nb", "'a\nb'" },
		{ "~", "'~'" },
		{ "*", "'*'" },
		{ "\xc3\xa4", "'\xc3\xa4'" },
		{ "-m", "-m" },
	};
	char *text;
	size_t size, i;
	FILE *out;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		out = open_memstream(&text, &size);
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		shell_word_print(out, rows[i].word);
		fclose(out);
		CU_ASSERT_STRING_EQUAL(text, rows[i].printed);
		free(text);
	}
}

static const struct unit_test tests[] = {
	{ "a plan grows", test_grow },
	{ "users find their VMs", test_resolve },
	{ "words are quoted where a shell would see more in them", test_shell_words },
};

UNIT_MAIN("plan", tests)
