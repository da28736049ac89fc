/* SPDX-License-Identifier: BSD-3-Clause */
/* Slots: which one is next, what stays where it is, and what happens when there are no more. */
#include "launch_scripts/slots.h"

#include <stdio.h>
#include <string.h>

#include "launch_scripts/slot_map.h"
#include "lib/util.h"
#include "tests/unit/plan_fixture.h"
#include "tests/unit/unit.h"

static struct pci_slot slot_of(const char *word)
{
	struct pci_slot slot = { 0 };

	CU_ASSERT_EQUAL_FATAL(pci_slot_parse(word, &slot, NULL), 0);
	return slot;
}

static void test_next(void)
{
	static const struct {
		const char *taken; /* words between blanks */
		const char *next;
	} rows[] = {
		{ "", "3" },
		{ "0 1 2 31", "3" },
		{ "3", "4" },
		{ "4", "3" },
		{ "3 4 6", "5" },
		/* A device without its function 0 comes first. */
		{ "8:1", "8:0" },
		{ "3 8:1 6:7", "6:0" },
		{ "8:0 8:1", "3" },
	};
	char words[64], *rest, *word;
	struct slot_map map;
	struct pci_slot slot;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&map, 0, sizeof(map));
		snprintf(words, sizeof(words), "%s", rows[i].taken);
		for (rest = words; (word = strsep(&rest, " "));)
			if (*word)
				slot_map_take(&map, slot_of(word));
		CU_ASSERT_TRUE_FATAL(slot_map_find(&map, &slot));
		CU_ASSERT_TRUE(pci_slot_equal(slot, slot_of(rows[i].next)));
		CU_ASSERT_FALSE(slot_map_is_taken(&map, slot));
	}
}

static void test_all(void)
{
	struct slot_map map = { { 0 } };
	unsigned int i, found = 0, devices = SLOT_LAST - SLOT_FIRST + 1;
	struct pci_slot slot = { 0 };

	for (i = 0; slot_map_find(&map, &slot); i++) {
		CU_ASSERT_FALSE_FATAL(slot_map_is_taken(&map, slot));
		CU_ASSERT(slot.device >= SLOT_FIRST && slot.device <= SLOT_LAST);
		CU_ASSERT_EQUAL(slot.function == 0, i < devices);
		slot_map_take(&map, slot);
		found++;
	}
	CU_ASSERT_EQUAL(found, devices * 8);
}

static const struct plan_slot *user_slot(const struct plan *plan, size_t region, size_t user)
{
	return &plan->regions[region].users[user].slot;
}

static void expect_slot(const struct plan_slot *slot, const char *word)
{
	char text[PCI_SLOT_TEXT_MAX];

	CU_ASSERT_TRUE(slot->placed);
	if (!pci_slot_equal(slot->slot, slot_of(word)))
		fprintf(stderr, "# %s, expected %s\n", pci_slot_text(slot->slot, text), word);
	CU_ASSERT_TRUE(pci_slot_equal(slot->slot, slot_of(word)));
}

static void test_place(void)
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	struct plan_region *region;
	struct plan_vm *vm;

	plan_put_pair(&plan);
	region = plan_put_region(&plan, "second", IVSHMEM_LAND_HV, 40);
	plan_put_user(region, "a", "3", 41);
	plan_put_user(region, "b", "8:1", 42);
	vm = &plan.vms[1];
	plan_put_device(vm, PLAN_VIRTIO_NET, "tap=x", NULL, 11);
	plan_put_device(vm, PLAN_UART, "vuart_idx:1", "5", 12);
	plan_put_device(vm, PLAN_VIRTIO_BLK, "x.img", NULL, 13);
	CU_ASSERT_EQUAL(plan_resolve(&plan), 0);
	CU_ASSERT_EQUAL(place_slots(&plan, &problems), 0);
	CU_ASSERT_EQUAL(problems.count, 0);
	expect_slot(user_slot(&plan, 0, 0), "4");
	expect_slot(user_slot(&plan, 1, 0), "3");
	expect_slot(&vm->devices[0].slot, "6");
	expect_slot(&vm->devices[1].slot, "5");
	expect_slot(&vm->devices[2].slot, "7");
	expect_slot(user_slot(&plan, 0, 1), "8:0");
	expect_slot(user_slot(&plan, 1, 1), "8:1");
	CU_ASSERT_FALSE(user_slot(&plan, 0, 0)->given);
	/* Once more: nothing moves. */
	CU_ASSERT_EQUAL(place_slots(&plan, &problems), 0);
	expect_slot(user_slot(&plan, 0, 0), "4");
	expect_slot(&vm->devices[2].slot, "7");
	plan_fini(&plan);
}

/* Others than post-launched VMs have their slots from elsewhere. */
static void test_others(void)
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	struct plan_region *region;

	plan_put_pair(&plan);
	plan_put_vm(&plan, "pre", PLAN_PRE_LAUNCHED_VM, 50);
	region = plan_put_region(&plan, "hv", IVSHMEM_LAND_HV, 60);
	plan_put_user(region, "pre", NULL, 61);
	plan_put_user(region, "service", NULL, 62);
	plan_put_user(region, "nobody", NULL, 63);
	CU_ASSERT_EQUAL(plan_resolve(&plan), 0);
	CU_ASSERT_EQUAL(place_slots(&plan, &problems), 0);
	CU_ASSERT_EQUAL(problems.count, 0);
	CU_ASSERT_FALSE(user_slot(&plan, 1, 0)->placed);
	CU_ASSERT_FALSE(user_slot(&plan, 1, 1)->placed);
	CU_ASSERT_FALSE(user_slot(&plan, 1, 2)->placed);
	plan_fini(&plan);
}

/* A display controller of the host is where it has to be. */
static void test_display(void)
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	struct plan_device *device;

	plan_put_pair(&plan);
	plan_put_device(&plan.vms[1], PLAN_PASSTHROUGH, NULL, NULL, 11);
	device = plan_put_device(&plan.vms[1], PLAN_PASSTHROUGH, NULL, NULL, 12);
	device->slot.placed = true;
	device->slot.slot.device = SLOT_DISPLAY;
	CU_ASSERT_EQUAL(plan_resolve(&plan), 0);
	CU_ASSERT_EQUAL(place_slots(&plan, &problems), 0);
	expect_slot(&plan.vms[1].devices[0].slot, "4");
	expect_slot(&plan.vms[1].devices[1].slot, "2");
	plan_fini(&plan);
}

static void test_full(void)
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	struct plan_vm *vm;
	unsigned int i;

	plan_put_pair(&plan);
	vm = &plan.vms[1];
	/* One place is for the region. */
	for (i = 0; i < 28 * 8 + 1; i++)
		plan_put_device(vm, PLAN_VIRTIO_NET, NULL, NULL, 100 + i);
	CU_ASSERT_EQUAL(plan_resolve(&plan), 0);
	CU_ASSERT_EQUAL(place_slots(&plan, &problems), 0);
	CU_ASSERT_EQUAL(problems.count, 2);
	CU_ASSERT_TRUE(problems_have(&problems, 100 + 28 * 8 - 1, "VM a has no free slot left"));
	CU_ASSERT_TRUE(problems_have(&problems, 100 + 28 * 8, "virtio-net"));
	CU_ASSERT_TRUE(vm->devices[28 * 8 - 2].slot.placed);
	CU_ASSERT_FALSE(vm->devices[28 * 8 - 1].slot.placed);
	problems_fini(&problems);
	plan_fini(&plan);
}

static const struct unit_test tests[] = {
	{ "the next slot is the lowest that does", test_next },
	{ "every function can be had, once", test_all },
	{ "what is given stays, the others follow in order", test_place },
	{ "only post-launched VMs get slots", test_others },
	{ "what the reader has placed stays too", test_display },
	{ "a full VM is a problem", test_full },
};

UNIT_MAIN("slots", tests)
