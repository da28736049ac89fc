/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks: a plan that holds, and one fault in it after the other. Each row spoils the pair of
 * plan_put_pair() in one way, and says which line is complained about, and how.
 */
#include "launch_scripts/check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/plan_fixture.h"
#include "tests/unit/unit.h"

struct row {
	const char *name;
	void (*spoil)(struct plan *plan);
	unsigned int line;
	const char *words; /* NULL: the plan holds all the same */
};

static struct plan_vm *vm_a(struct plan *plan)
{
	return &plan->vms[1];
}

static struct plan_region *shm(struct plan *plan)
{
	return &plan->regions[0];
}

static void rename_to(char **name, const char *text)
{
	free(*name);
	*name = text ? strdup(text) : NULL;
}

static void set_slot(struct plan_slot *slot, const char *word)
{
	slot->given = true;
	slot->placed = pci_slot_parse(word, &slot->slot, NULL) == 0;
}

/* --- VMs -------------------------------------------------------------------------------------- */

static void no_fault(struct plan *plan)
{
	(void)plan;
}

static void long_vm_name(struct plan *plan)
{
	rename_to(&plan->vms[1].name, "sixteen_letters_");
	rename_to(&shm(plan)->users[0].vm_name, "sixteen_letters_");
}

static void bad_vm_name(struct plan *plan)
{
	rename_to(&plan->vms[1].name, "a b");
	rename_to(&shm(plan)->users[0].vm_name, "a b");
}

static void no_vm_name(struct plan *plan)
{
	rename_to(&plan->vms[1].name, NULL);
}

static void service_vm_of_old(struct plan *plan)
{
	rename_to(&plan->vms[0].name, "ACRN SOS VM");
	plan->vms[0].memory_mb = 0;
}

static void twin_vm(struct plan *plan)
{
	plan_put_vm(plan, "a", PLAN_PRE_LAUNCHED_VM, 70);
}

static void twin_number(struct plan *plan)
{
	plan->vms[2].number = plan->vms[1].number;
}

static void odd_memory(struct plan *plan)
{
	vm_a(plan)->memory_mb = 255;
}

static void no_memory(struct plan *plan)
{
	vm_a(plan)->memory_mb = 0;
}

static void most_memory(struct plan *plan)
{
	vm_a(plan)->memory_mb = UINT64_MAX;
}

/* --- regions ---------------------------------------------------------------------------------- */

static void no_region_name(struct plan *plan)
{
	rename_to(&shm(plan)->name, NULL);
}

static void bad_region_name(struct plan *plan)
{
	rename_to(&shm(plan)->name, "a,b");
}

static void long_hv_name(struct plan *plan)
{
	shm(plan)->land = IVSHMEM_LAND_HV;
	rename_to(&shm(plan)->name, "abcdefghijklmnopqrstuvwxyz_0");
}

static void long_dm_name(struct plan *plan)
{
	rename_to(&shm(plan)->name, "abcdefghijklmnopqrstuvwxyz_0");
}

static void odd_size(struct plan *plan)
{
	shm(plan)->size_mb = 3;
}

static void wrapping_size(struct plan *plan)
{
	shm(plan)->size_mb = UINT64_C(4294967298);
}

static void large_id(struct plan *plan)
{
	shm(plan)->has_id = true;
	shm(plan)->id = 0x10000;
}

static void largest_id(struct plan *plan)
{
	shm(plan)->has_id = true;
	shm(plan)->id = 0xffff;
}

static void many_vectors(struct plan *plan)
{
	shm(plan)->vectors = 2049;
}

static void most_vectors(struct plan *plan)
{
	shm(plan)->vectors = 2048;
}

static void hv_vectors(struct plan *plan)
{
	shm(plan)->land = IVSHMEM_LAND_HV;
	shm(plan)->vectors = 2;
}

static void twin_region(struct plan *plan)
{
	struct plan_region *region = plan_put_region(plan, "shm", IVSHMEM_LAND_DM, 40);

	plan_put_user(region, "a", NULL, 41);
	plan_put_user(region, "b", NULL, 42);
}

static void twin_in_other_land(struct plan *plan)
{
	twin_region(plan);
	plan->regions[1].land = IVSHMEM_LAND_HV;
}

static void twin_id(struct plan *plan)
{
	twin_in_other_land(plan);
	plan->regions[0].has_id = plan->regions[1].has_id = true;
	plan->regions[0].id = plan->regions[1].id = 0x1000;
}

static void twin_id_0(struct plan *plan)
{
	twin_id(plan);
	plan->regions[0].id = plan->regions[1].id = 0;
}

static void put_hv_regions(struct plan *plan, unsigned int count)
{
	struct plan_region *region;
	char name[16];
	unsigned int i;

	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "hv%u", i);
		region = plan_put_region(plan, name, IVSHMEM_LAND_HV, 100 + i);
		plan_put_user(region, "a", NULL, 0);
		plan_put_user(region, "b", NULL, 0);
	}
}

static void eight_hv_regions(struct plan *plan)
{
	put_hv_regions(plan, 8);
}

static void nine_hv_regions(struct plan *plan)
{
	put_hv_regions(plan, 9);
}

/* --- users ------------------------------------------------------------------------------------ */

static void unknown_vm(struct plan *plan)
{
	rename_to(&shm(plan)->users[1].vm_name, "c");
}

static void nameless_vm(struct plan *plan)
{
	rename_to(&shm(plan)->users[1].vm_name, NULL);
}

static void other_case(struct plan *plan)
{
	rename_to(&shm(plan)->users[1].vm_name, "B");
}

static void same_vm_twice(struct plan *plan)
{
	plan_put_user(shm(plan), "a", NULL, 33);
}

static void alone(struct plan *plan)
{
	struct plan_region *region = plan_put_region(plan, "alone", IVSHMEM_LAND_DM, 40);

	plan_put_user(region, "a", NULL, 41);
}

static void deserted(struct plan *plan)
{
	plan_put_region(plan, "deserted", IVSHMEM_LAND_DM, 40);
}

static void alone_twice(struct plan *plan)
{
	alone(plan);
	plan_put_user(&plan->regions[1], "a", NULL, 42);
}

static void with_service_vm(struct plan *plan)
{
	plan_put_user(shm(plan), "service", NULL, 33);
}

static void with_pre_launched_vm(struct plan *plan)
{
	plan_put_vm(plan, "pre", PLAN_PRE_LAUNCHED_VM, 5);
	plan_put_user(shm(plan), "pre", NULL, 33);
}

static void hv_with_all(struct plan *plan)
{
	with_pre_launched_vm(plan);
	plan_put_user(shm(plan), "service", NULL, 34);
	shm(plan)->land = IVSHMEM_LAND_HV;
}

static const struct row vm_rows[] = {
	{ "nothing", no_fault, 0, NULL },
	{ "a VM's name of 16 letters", long_vm_name, 10, "sixteen_letters_" },
	{ "a VM's name with a blank", bad_vm_name, 10, "bad VM name \"a b\"" },
	{ "a VM without a name", no_vm_name, 10, "without a name" },
	{ "a Service VM as older files have it", service_vm_of_old, 0, NULL },
	{ "two VMs of one name", twin_vm, 70, "another one of this name (plan.xml:10)" },
	{ "two VMs of one script", twin_number, 20, "one script would overwrite the other" },
	{ "odd memory", odd_memory, 10, "VM a: -m 255M: guest memory is" },
	{ "no memory", no_memory, 10, "VM a: -m 0M" },
	{ "the most memory", most_memory, 10, "VM a: -m 18446744073709551615M" },
};

static const struct row region_rows[] = {
	{ "a region without a name", no_region_name, 0, NULL },
	{ "a region's name with a comma", bad_region_name, 30, "\"dm:/a,b\": only letters" },
	{ "a name too long for the hypervisor", long_hv_name, 30, "at most 27" },
	{ "the same for the device model", long_dm_name, 0, NULL },
	{ "3 MB", odd_size, 30, "region shm: bad size \"3\"" },
	{ "a size that wraps", wrapping_size, 30, "bad size \"4294967298\"" },
	{ "an id of 17 bits", large_id, 30, "bad region id \"65536\"" },
	{ "the largest id", largest_id, 0, NULL },
	{ "2049 vectors", many_vectors, 30, "bad vectors \"2049\"" },
	{ "2048 vectors", most_vectors, 0, NULL },
	{ "vectors with hv:/", hv_vectors, 30, "vectors=2 is for regions of the device model" },
	{ "two regions of one name", twin_region, 40, "dm:/shm: there is another one" },
	{ "one name in both lands", twin_in_other_land, 0, NULL },
	{ "two regions of one id", twin_id, 40, "id 0x1000, which region shm has too" },
	{ "two regions of id 0", twin_id_0, 0, NULL },
	{ "8 regions of the hypervisor", eight_hv_regions, 0, NULL },
	{ "9 regions of the hypervisor", nine_hv_regions, 108, "hv8 is number 9" },
};

static const struct row user_rows[] = {
	{ "a VM that there is not", unknown_vm, 32, "there is no VM \"c\"" },
	{ "a user without a name", nameless_vm, 32, "there is no VM \"\"" },
	{ "a VM in another case", other_case, 32, "there is no VM \"B\"" },
	{ "a VM twice", same_vm_twice, 33, "VM a is listed twice" },
	{ "a region with one VM", alone, 40, "has one VM" },
	{ "a region with none", deserted, 40, "has no VMs" },
	{ "a region with one VM twice", alone_twice, 40, "has one VM" },
	{ "dm:/ with the Service VM", with_service_vm, 33, "VM service is the Service VM" },
	{ "dm:/ with a pre-launched VM", with_pre_launched_vm, 33, "VM pre is pre-launched" },
	{ "hv:/ with both", hv_with_all, 0, NULL },
};

/* --- slots ------------------------------------------------------------------------------------ */

static void at_0(struct plan *plan)
{
	set_slot(&shm(plan)->users[0].slot, "0");
}

static void at_1(struct plan *plan)
{
	set_slot(&shm(plan)->users[0].slot, "1");
}

static void at_2(struct plan *plan)
{
	set_slot(&shm(plan)->users[0].slot, "2");
}

static void at_3(struct plan *plan)
{
	set_slot(&shm(plan)->users[0].slot, "3");
}

static void at_30(struct plan *plan)
{
	set_slot(&shm(plan)->users[0].slot, "30");
}

static void at_31(struct plan *plan)
{
	set_slot(&shm(plan)->users[0].slot, "31");
}

static void on_bus_1(struct plan *plan)
{
	set_slot(&shm(plan)->users[0].slot, "8");
	shm(plan)->users[0].slot.slot.bus = 1;
}

static void display_at_2(struct plan *plan)
{
	plan_put_device(vm_a(plan), PLAN_PASSTHROUGH, NULL, "2", 11);
}

static void same_slot_in_two_vms(struct plan *plan)
{
	set_slot(&shm(plan)->users[0].slot, "8");
	set_slot(&shm(plan)->users[1].slot, "8");
}

static void same_slot_as_region(struct plan *plan)
{
	twin_in_other_land(plan);
	set_slot(&shm(plan)->users[0].slot, "8");
	set_slot(&plan->regions[1].users[0].slot, "8");
}

static void same_slot_as_device(struct plan *plan)
{
	set_slot(&shm(plan)->users[0].slot, "8");
	plan_put_device(vm_a(plan), PLAN_UART, "vuart_idx:1", "8", 11);
}

static void two_functions(struct plan *plan)
{
	set_slot(&shm(plan)->users[0].slot, "8:1");
	plan_put_device(vm_a(plan), PLAN_UART, "vuart_idx:1", "8", 11);
}

static void lonely_function(struct plan *plan)
{
	set_slot(&shm(plan)->users[0].slot, "8:1");
}

static void lonely_until_placed(struct plan *plan)
{
	lonely_function(plan);
	plan_put_device(vm_a(plan), PLAN_UART, "vuart_idx:1", NULL, 11);
}

static void two_lonely_functions(struct plan *plan)
{
	lonely_until_placed(plan);
	plan_put_device(vm_a(plan), PLAN_UART, "vuart_idx:2", "9:7", 12);
}

static void put_native(struct plan *plan, const char *slot)
{
	hv_with_all(plan);
	plan->board.devices = calloc(1, sizeof(*plan->board.devices));
	plan->board.device_count = 1;
	plan->board.devices[0].slot = (struct pci_slot){ 0, 0x1f, 3 };
	set_slot(&shm(plan)->users[3].slot, slot);
}

static void service_vm_at_native(struct plan *plan)
{
	put_native(plan, "31:3");
}

static void service_vm_elsewhere(struct plan *plan)
{
	put_native(plan, "1:4");
}

static void pre_launched_at_0(struct plan *plan)
{
	hv_with_all(plan);
	set_slot(&shm(plan)->users[2].slot, "0:1");
}

static void pre_launched_at_1(struct plan *plan)
{
	hv_with_all(plan);
	set_slot(&shm(plan)->users[2].slot, "1");
}

static const struct row slot_rows[] = {
	{ "device 0", at_0, 31, "region shm is at slot 00:00.0, which is for the host bridge" },
	{ "device 1", at_1, 31, "00:01.0, which is for the ISA bridge" },
	{ "device 2", at_2, 31, "00:02.0, which is for a display controller" },
	{ "device 3", at_3, 0, NULL },
	{ "device 30", at_30, 0, NULL },
	{ "device 31", at_31, 31, "00:1f.0" },
	{ "bus 1", on_bus_1, 31, "01:08.0, and there is only bus 0: write 00:08.0" },
	{ "a display controller at device 2", display_at_2, 0, NULL },
	{ "one slot in two VMs", same_slot_in_two_vms, 0, NULL },
	{ "two regions in one slot", same_slot_as_region, 41,
	  "region shm is already (plan.xml:31)" },
	{ "a region and a device in one slot", same_slot_as_device, 11,
	  "the uart is at slot 00:08.0" },
	{ "two functions", two_functions, 0, NULL },
	{ "function 1 alone", lonely_function, 31, "nothing is at 00:08.0" },
	{ "function 1 alone for now", lonely_until_placed, 0, NULL },
	{ "two of these, and one to help", two_lonely_functions, 12, "nothing is at 00:09.0" },
	{ "the Service VM where the board has a device", service_vm_at_native, 34, "00:1f.3" },
	{ "the Service VM elsewhere", service_vm_elsewhere, 0, NULL },
	{ "a pre-launched VM at device 0", pre_launched_at_0, 33, "host bridge" },
	{ "a pre-launched VM at device 1", pre_launched_at_1, 0, NULL },
};

/* --- resources -------------------------------------------------------------------------------- */

static void fits_board(struct plan *plan)
{
	plan_put_board(plan, 4, 256 + 256 + 2);
	plan->vms[0].memory_mb = 100000;
}

static void region_too_many(struct plan *plan)
{
	plan_put_board(plan, 4, 256 + 256 + 1);
}

static void vm_too_large(struct plan *plan)
{
	plan_put_board(plan, 4, 1024);
	plan->vms[2].memory_mb = 1024;
}

static void cpu_3(struct plan *plan)
{
	plan_put_board(plan, 4, 4096);
	plan_vm_add_cpu(vm_a(plan), 3);
}

static void cpu_4(struct plan *plan)
{
	plan_put_board(plan, 4, 4096);
	plan_vm_add_cpu(vm_a(plan), 4);
}

static void cpu_twice(struct plan *plan)
{
	cpu_3(plan);
	plan_vm_add_cpu(vm_a(plan), 3);
}

static void cpu_shared(struct plan *plan)
{
	cpu_3(plan);
	plan_vm_add_cpu(&plan->vms[2], 3);
}

static void cpu_owned(struct plan *plan)
{
	cpu_shared(plan);
	vm_a(plan)->own_cpus = true;
}

static void cpu_of_local_apic(struct plan *plan)
{
	cpu_shared(plan);
	vm_a(plan)->type = PLAN_RTVM;
	vm_a(plan)->lapic_passthrough = true;
}

static void cpu_owned_later(struct plan *plan)
{
	cpu_shared(plan);
	plan->vms[2].own_cpus = true;
}

static void cpu_owned_twice(struct plan *plan)
{
	cpu_owned(plan);
	plan->vms[2].own_cpus = true;
}

static void cpu_of_service_vm(struct plan *plan)
{
	cpu_3(plan);
	vm_a(plan)->own_cpus = true;
	plan_vm_add_cpu(&plan->vms[0], 3);
}

static const struct row resource_rows[] = {
	{ "memory that just fits", fits_board, 0, NULL },
	{ "a region too many", region_too_many, 30, "the 513 MB of board bench-board" },
	{ "a VM too large", vm_too_large, 20, "VM b has 1024 MB" },
	{ "the last CPU", cpu_3, 0, NULL },
	{ "a CPU behind it", cpu_4, 10, "there is no CPU 4 on board bench-board, which has 4" },
	{ "a CPU twice", cpu_twice, 10, "CPU 3 is listed twice" },
	{ "a CPU of two VMs", cpu_shared, 0, NULL },
	{ "a CPU that another owns", cpu_owned, 20, "VM b has CPU 3, which VM a has for itself" },
	{ "a CPU whose local APIC another has", cpu_of_local_apic, 20, "VM a has for itself" },
	{ "a CPU that a later one owns", cpu_owned_later, 10, "which VM b has for itself" },
	{ "a CPU of two owners", cpu_owned_twice, 20, "which VM a has for itself" },
	{ "a CPU of the Service VM", cpu_of_service_vm, 0, NULL },
};

/* --- targets ---------------------------------------------------------------------------------- */

static void for_kvm(struct plan *plan)
{
	vm_a(plan)->ovmf = plan->vms[2].ovmf = false;
}

static void kvm_ovmf(struct plan *plan)
{
	for_kvm(plan);
	vm_a(plan)->ovmf = true;
}

static void kvm_real_time(struct plan *plan)
{
	for_kvm(plan);
	vm_a(plan)->type = PLAN_RTVM;
}

static void kvm_windows(struct plan *plan)
{
	for_kvm(plan);
	vm_a(plan)->windows = true;
}

static void kvm_region(struct plan *plan)
{
	for_kvm(plan);
	shm(plan)->land = IVSHMEM_LAND_HV;
}

static void kvm_pre_launched(struct plan *plan)
{
	for_kvm(plan);
	plan_put_vm(plan, "pre", PLAN_PRE_LAUNCHED_VM, 5);
}

static void kvm_passthrough(struct plan *plan)
{
	for_kvm(plan);
	plan_put_device(vm_a(plan), PLAN_PASSTHROUGH, NULL, NULL, 11);
}

static void kvm_net(struct plan *plan)
{
	for_kvm(plan);
	plan_put_device(vm_a(plan), PLAN_VIRTIO_NET, "tap=x", NULL, 11);
}

static const struct row kvm_rows[] = {
	{ "what KVM has", for_kvm, 0, NULL },
	{ "a virtual boot loader", kvm_ovmf, 10, "VM a boots by a virtual boot loader" },
	{ "a real-time VM", kvm_real_time, 10, "real-time" },
	{ "Windows", kvm_windows, 10, "Windows" },
	{ "a region of the hypervisor", kvm_region, 30, "region shm is memory of the ACRN" },
	{ "a pre-launched VM", kvm_pre_launched, 5, "VM pre is pre-launched" },
	{ "a device of the host", kvm_passthrough, 11, "passthru is not there on KVM" },
	{ "a network card", kvm_net, 11, "virtio-net is not there on KVM" },
};

static void cpu_without_board(struct plan *plan)
{
	plan_vm_add_cpu(vm_a(plan), 2);
}

static void little_memory(struct plan *plan)
{
	vm_a(plan)->memory_mb = 126;
}

static void least_memory(struct plan *plan)
{
	vm_a(plan)->memory_mb = 128;
}

static const struct row acrn_rows[] = {
	{ "no CPUs and no board", no_fault, 0, NULL },
	{ "a CPU and no board", cpu_without_board, 10, "VM a has CPU 2, and only a board file" },
	{ "126 MB", little_memory, 10, "VM a has 126 MB, and ACRN takes 128" },
	{ "128 MB", least_memory, 0, NULL },
	{ "a CPU and a board", cpu_3, 0, NULL },
};

/* --- running them ----------------------------------------------------------------------------- */

static void check_everything(const struct plan *plan, struct problems *problems)
{
	plan_check(plan, problems);
}

static void check_for_kvm(const struct plan *plan, struct problems *problems)
{
	plan_check(plan, problems);
	plan_check_target(plan, LAUNCH_KVM, problems);
}

static void check_for_acrn(const struct plan *plan, struct problems *problems)
{
	plan_check(plan, problems);
	plan_check_target(plan, LAUNCH_ACRN, problems);
}

static void run_row(const struct row *row,
		    void (*check)(const struct plan *plan, struct problems *problems))
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	bool good;

	plan_put_pair(&plan);
	row->spoil(&plan);
	CU_ASSERT_EQUAL_FATAL(plan_resolve(&plan), 0);
	check(&plan, &problems);
	good = row->words ? problems_have(&problems, row->line, row->words) : problems.count == 0;
	if (!good) {
		fprintf(stderr, "# %s:\n", row->name);
		problems_show(&problems);
	}
	CU_ASSERT_TRUE(good);
	problems_fini(&problems);
	plan_fini(&plan);
}

static void run_rows(const struct row *rows, size_t count,
		     void (*check)(const struct plan *plan, struct problems *problems))
{
	size_t i;

	for (i = 0; i < count; i++)
		run_row(&rows[i], check);
}

static void test_vms(void)
{
	run_rows(vm_rows, ARRAY_SIZE(vm_rows), check_everything);
}

static void test_regions(void)
{
	run_rows(region_rows, ARRAY_SIZE(region_rows), check_everything);
}

static void test_users(void)
{
	run_rows(user_rows, ARRAY_SIZE(user_rows), check_everything);
}

static void test_slots(void)
{
	run_rows(slot_rows, ARRAY_SIZE(slot_rows), check_everything);
}

static void test_resources(void)
{
	run_rows(resource_rows, ARRAY_SIZE(resource_rows), check_everything);
}

static void test_kvm(void)
{
	run_rows(kvm_rows, ARRAY_SIZE(kvm_rows), check_for_kvm);
}

static void test_acrn(void)
{
	run_rows(acrn_rows, ARRAY_SIZE(acrn_rows), check_for_acrn);
}

/* What is wrong in several ways is said in all of them. */
static void test_all_at_once(void)
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };

	plan_put_pair(&plan);
	odd_size(&plan);
	large_id(&plan);
	bad_region_name(&plan);
	many_vectors(&plan);
	unknown_vm(&plan);
	odd_memory(&plan);
	at_1(&plan);
	CU_ASSERT_EQUAL(plan_resolve(&plan), 0);
	plan_check(&plan, &problems);
	CU_ASSERT_EQUAL(problems.count, 7);
	problems_fini(&problems);
	plan_fini(&plan);
}

static void test_nothing(void)
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };

	CU_ASSERT_EQUAL(plan_resolve(&plan), 0);
	check_for_acrn(&plan, &problems);
	check_for_kvm(&plan, &problems);
	CU_ASSERT_EQUAL(problems.count, 0);
	plan_fini(&plan);
}

static const struct unit_test tests[] = {
	{ "virtual machines", test_vms },
	{ "regions", test_regions },
	{ "users of regions", test_users },
	{ "slots", test_slots },
	{ "CPUs and memory", test_resources },
	{ "what KVM does not have", test_kvm },
	{ "what ACRN needs", test_acrn },
	{ "all problems are told at once", test_all_at_once },
	{ "an empty plan holds", test_nothing },
};

UNIT_MAIN("check", tests)
