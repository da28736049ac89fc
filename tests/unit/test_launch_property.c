/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What holds for any scenario, on random ones from seeds that never change: a good plan gives every
 * VM a command line that acrn-dm takes; all VMs of a region are told the same; no slot is used
 * twice; a second run gives the same. A spoilt plan gives located problems, or holds all the same.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/config/command_line.h"
#include "devicemodel/config/vm_config.h"
#include "hw/pci/device_classes.h"
#include "hw/pci/ivshmem_options.h"
#include "launch_scripts/check.h"
#include "launch_scripts/launch_command.h"
#include "launch_scripts/slot_map.h"
#include "launch_scripts/slots.h"
#include "lib/util.h"
#include "tests/unit/plan_fixture.h"
#include "tests/unit/unit.h"

#define GOOD_PLANS 300
#define SPOILT_PLANS 1500

#define CPUS 64
#define VMS_MAX 12
#define REGIONS_MAX 30

/* --- random numbers: splitmix64 --------------------------------------------------------------- */

struct dice {
	uint64_t state;
};

static uint64_t throw_dice(struct dice *dice)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 to @count - 1. */
static unsigned int choose(struct dice *dice, unsigned int count)
{
	return (unsigned int)(throw_dice(dice) % count);
}

static bool one_in(struct dice *dice, unsigned int count)
{
	return choose(dice, count) == 0;
}

/* --- good plans ------------------------------------------------------------------------------- */

struct maker {
	struct dice dice;
	struct plan *plan;
	struct slot_map taken[VMS_MAX]; /* given slots */
	unsigned int next_cpu;
};

/* A slot for that VM that is free, or NULL: it is left blank. */
static const char *give_slot(struct maker *maker, size_t vm, char text[PCI_SLOT_TEXT_MAX])
{
	struct slot_map *taken = &maker->taken[vm];
	struct pci_slot slot = { 0 };

	if (one_in(&maker->dice, 2))
		return NULL;
	slot.device = (uint8_t)(SLOT_FIRST + choose(&maker->dice, SLOT_LAST - SLOT_FIRST + 1));
	if (slot_map_is_taken(taken, slot))
		slot.function = (uint8_t)choose(&maker->dice, 8);
	if (slot_map_is_taken(taken, slot))
		return NULL;
	slot_map_take(taken, slot);
	return pci_slot_text(slot, text);
}

static void make_devices(struct maker *maker, size_t place)
{
	static const struct {
		enum plan_device_kind kind;
		const char *options, *host_name, *image;
	} kinds[] = {
		{ PLAN_UART, "vuart_idx:1", NULL, NULL },
		{ PLAN_XHCI, "1-1", NULL, NULL },
		{ PLAN_VIRTIO_INPUT, "/dev/input/event1", NULL, NULL },
		{ PLAN_VIRTIO_INPUT, "id:1", "a 'keyboard', somewhere", NULL },
		{ PLAN_VIRTIO_CONSOLE, "@pty:pty_port", NULL, NULL },
		{ PLAN_VIRTIO_NET, "tap=tap0,vhost", "tap0", NULL },
		{ PLAN_VIRTIO_BLK, NULL, NULL, "/images/a.img" },
		{ PLAN_VIRTIO_BLK, "writethru", "/dev/sda3", "a.img" },
		{ PLAN_VIRTIO_GPU, "geometry=fullscreen:0", NULL, NULL },
		{ PLAN_VHOST_VSOCK, "cid=3", NULL, NULL },
		{ PLAN_PASSTHROUGH, NULL, NULL, NULL },
	};
	unsigned int count = choose(&maker->dice, 6), kind;
	struct plan_vm *vm = &maker->plan->vms[place];
	char text[PCI_SLOT_TEXT_MAX];
	struct plan_device *device;

	while (count--) {
		kind = choose(&maker->dice, ARRAY_SIZE(kinds));
		device = plan_put_device(vm, kinds[kind].kind, kinds[kind].options,
					 give_slot(maker, place, text), 1);
		device->host_name = kinds[kind].host_name ? strdup(kinds[kind].host_name) : NULL;
		device->image = kinds[kind].image ? strdup(kinds[kind].image) : NULL;
		device->host_slot = (struct pci_slot){ (uint8_t)choose(&maker->dice, 256),
						       (uint8_t)choose(&maker->dice, 32),
						       (uint8_t)choose(&maker->dice, 8) };
	}
}

static void make_vm(struct maker *maker, unsigned int place)
{
	static const char *const names[] = { "vm_", "POST-STD-VM", "", "x." };
	struct dice *dice = &maker->dice;
	unsigned int cpus = choose(dice, 4);
	struct plan_vm *vm;
	char name[32];

	snprintf(name, sizeof(name), "%s%u", names[choose(dice, ARRAY_SIZE(names))], place);
	vm = plan_put_vm(maker->plan, name,
			 one_in(dice, 8) ? PLAN_PRE_LAUNCHED_VM : PLAN_POST_LAUNCHED_VM, place + 1);
	vm->memory_mb = 128 + 2 * (uint64_t)choose(dice, 1000);
	vm->type = one_in(dice, 4) ? PLAN_RTVM : PLAN_STANDARD_VM;
	vm->lapic_passthrough = one_in(dice, 2);
	vm->com1_stdio = one_in(dice, 2);
	vm->windows = one_in(dice, 5);
	vm->own_cpus = one_in(dice, 3);
	while (cpus--)
		plan_vm_add_cpu(vm, maker->next_cpu++);
	if (one_in(dice, 3)) {
		plan_vm_add_parameter(vm, "-B");
		plan_vm_add_parameter(vm, "root=/dev/vda rw 'quoted'");
	}
	make_devices(maker, place);
}

static void make_region(struct maker *maker, unsigned int place, unsigned int *hv_count)
{
	struct dice *dice = &maker->dice;
	bool is_hv = *hv_count < 8 && one_in(dice, 3);
	char name[32], slot[PCI_SLOT_TEXT_MAX];
	struct plan_region *region;
	const struct plan_vm *vm;
	size_t i;

	*hv_count += is_hv;
	snprintf(name, sizeof(name), "%s%u", is_hv ? "hv_" : "dm.d/r-", place);
	region = plan_put_region(maker->plan, name, is_hv ? IVSHMEM_LAND_HV : IVSHMEM_LAND_DM,
				 1000 + place);
	region->size_mb = UINT64_C(2) << choose(dice, 9);
	region->has_id = one_in(dice, 2);
	region->id = one_in(dice, 2) ? 0 : 0x1000 + place;
	region->vectors = is_hv ? 0 : choose(dice, 3);
	for (i = 0; i < maker->plan->vm_count; i++) {
		vm = &maker->plan->vms[i];
		if (!is_hv && vm->load_order != PLAN_POST_LAUNCHED_VM)
			continue;
		/* The first three are post-launched, so that there are two in any case. */
		if (i >= 2 && one_in(dice, 2))
			continue;
		plan_put_user(region, vm->name, give_slot(maker, i, slot), 1000 + place);
	}
}

static void make_plan(struct plan *plan, uint64_t seed)
{
	struct maker maker = { .dice = { seed }, .plan = plan };
	unsigned int vms, regions, hv_count = 0, i;

	plan_put_board(plan, CPUS, 1 << 20);
	vms = 2 + choose(&maker.dice, VMS_MAX - 1);
	regions = choose(&maker.dice, REGIONS_MAX + 1);
	for (i = 0; i < vms; i++)
		make_vm(&maker, i);
	plan->vms[0].load_order = plan->vms[1].load_order = PLAN_POST_LAUNCHED_VM;
	for (i = 0; i < vms; i++)
		plan->vms[i].number = i + 1;
	plan->ssram = one_in(&maker.dice, 2);
	for (i = 0; i < regions; i++)
		make_region(&maker, i, &hv_count);
}

/* --- what holds ------------------------------------------------------------------------------- */

struct told {
	uint64_t size;
	uint64_t vectors;
	uint16_t id;
	unsigned int users;
};

static struct plan_region *find_region(struct plan *plan, const struct ivshmem_name *name)
{
	size_t i;

	for (i = 0; i < plan->region_count; i++)
		if (plan->regions[i].land == name->land && plan->regions[i].name &&
		    strcmp(plan->regions[i].name, name->text + 4) == 0)
			return &plan->regions[i];
	return NULL;
}

/* What a VM was told of its regions must be what all were told. */
static void compare_regions(struct plan *plan, const struct vm_config *config, struct told *told)
{
	const struct ivshmem_options *options;
	struct plan_region *region;
	struct told *known;
	size_t i;

	for (i = 0; i < config->device_count; i++) {
		if (config->devices[i].class != &ivshmem_class)
			continue;
		options = config->devices[i].options;
		region = find_region(plan, &options->name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(region);
		known = &told[region - plan->regions];
		if (known->users++ == 0) {
			known->size = options->size;
			known->id = options->region_id.value;
			known->vectors = options->vectors;
		}
		CU_ASSERT_EQUAL(options->size, region->size_mb * MIB);
		CU_ASSERT_EQUAL(options->size, known->size);
		CU_ASSERT_EQUAL(options->region_id.value, known->id);
		CU_ASSERT_EQUAL(options->vectors, known->vectors);
	}
}

static void compare_slots(const struct vm_config *config)
{
	size_t i, k;

	for (i = 0; i < config->device_count; i++)
		for (k = 0; k < i; k++)
			CU_ASSERT_FALSE(pci_slot_equal(config->devices[i].slot,
						       config->devices[k].slot));
}

/* Reads the command line back, as acrn-dm would. */
static void read_back(struct plan *plan, const struct plan_vm *vm,
		      const struct launch_command *command, struct told *told)
{
	char **argv = calloc(command->count + 2, sizeof(*argv));
	const struct launch_word *word;
	struct error err = { "" };
	struct vm_config config;
	enum command asked;
	char program[] = "acrn-dm";
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(argv);
	argv[0] = program;
	for (i = 0; i < command->count; i++) {
		word = &command->words[i];
		argv[i + 1] = word->is_code ? word->placeholder : word->text;
	}
	vm_config_init(&config);
	CU_ASSERT_EQUAL_FATAL(command_line_parse((int)command->count + 1, argv, pci_device_classes,
						 &config, &asked, &err), 0);
	CU_ASSERT_EQUAL(asked, COMMAND_RUN);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	CU_ASSERT_STRING_EQUAL(config.name, vm->name);
	CU_ASSERT_EQUAL(config.memory_size, vm->memory_mb * MIB);
	compare_regions(plan, &config, told);
	compare_slots(&config);
	vm_config_fini(&config);
	free(argv);
}

static void check_plan(struct plan *plan, struct problems *problems)
{
	CU_ASSERT_EQUAL_FATAL(plan_resolve(plan), 0);
	plan_check(plan, problems);
	plan_check_target(plan, LAUNCH_ACRN, problems);
	CU_ASSERT_EQUAL(place_slots(plan, problems), 0);
}

/*
 * All command lines, for comparing; "" where a VM's is refused, with a problem. To be freed.
 */
static char *make_commands(struct plan *plan, struct problems *problems)
{
	struct told *told = calloc(plan->region_count + 1, sizeof(*told));
	struct launch_command command;
	char *text = NULL;
	const struct plan_vm *vm;
	struct error err;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(told);
	for (i = 0; i < plan->vm_count; i++) {
		vm = &plan->vms[i];
		if (vm->load_order != PLAN_POST_LAUNCHED_VM)
			continue;
		err.text[0] = '\0';
		if (launch_command_make(plan, vm, LAUNCH_ACRN, &command, &err) < 0) {
			CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
			problems_add(problems, vm->place, "%s", err.text);
			continue;
		}
		read_back(plan, vm, &command, told);
		launch_command_print(&command, out);
		launch_command_fini(&command);
	}
	fclose(out);
	for (i = 0; i < plan->region_count && problems->count == 0; i++)
		if (plan->regions[i].land == IVSHMEM_LAND_DM)
			CU_ASSERT_EQUAL(told[i].users, plan->regions[i].user_count);
	free(told);
	return text;
}

static char *make_good(uint64_t seed)
{
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	char *text;

	make_plan(&plan, seed);
	check_plan(&plan, &problems);
	if (problems.count) {
		fprintf(stderr, "# seed %" PRIu64 ":\n", seed);
		problems_show(&problems);
	}
	CU_ASSERT_EQUAL(problems.count, 0);
	text = make_commands(&plan, &problems);
	if (problems.count) {
		fprintf(stderr, "# seed %" PRIu64 ":\n", seed);
		problems_show(&problems);
	}
	CU_ASSERT_EQUAL(problems.count, 0);
	problems_fini(&problems);
	plan_fini(&plan);
	return text;
}

static void test_good(void)
{
	char *first, *second;
	uint64_t seed;

	for (seed = 0; seed < GOOD_PLANS; seed++) {
		first = make_good(seed);
		second = make_good(seed);
		CU_ASSERT_STRING_EQUAL(first, second);
		CU_ASSERT_PTR_NOT_NULL(strstr(first, "acrn-dm "));
		free(first);
		free(second);
	}
}

/* --- spoilt plans ----------------------------------------------------------------------------- */

static void spoil_text(struct dice *dice, char **text)
{
	static const char *const words[] = {
		"", "a", "--help", "-k", "..", "a/../b", "a,b", "vm_0", "vm_1", "hv_0", "tap=x,",
		"$(x)", "'", "\"", "\n", "\xff\xfe", "8,ivshmem,dm:/x,2", "%s%n",
		"a name that is much longer than any name of a VM may be",
	};

	free(*text);
	*text = one_in(dice, 6) ? NULL : strdup(words[choose(dice, ARRAY_SIZE(words))]);
}

static uint64_t spoil_number(struct dice *dice)
{
	static const uint64_t numbers[] = {
		0, 1, 2, 3, 127, 128, 512, 513, 1024, 65535, 65536, UINT32_MAX,
		UINT64_C(1) << 32, UINT64_C(1) << 44, UINT64_MAX - 1, UINT64_MAX,
	};

	return one_in(dice, 3) ? throw_dice(dice) : numbers[choose(dice, ARRAY_SIZE(numbers))];
}

static void spoil_slot(struct dice *dice, struct plan_slot *slot)
{
	slot->given = one_in(dice, 2);
	slot->placed = slot->given && !one_in(dice, 8);
	slot->slot = (struct pci_slot){ (uint8_t)(one_in(dice, 8) ? choose(dice, 256) : 0),
					(uint8_t)choose(dice, 32), (uint8_t)choose(dice, 8) };
}

static void spoil_vm(struct dice *dice, struct plan_vm *vm)
{
	struct plan_device *device;

	switch (choose(dice, 9)) {
	case 0:
		spoil_text(dice, &vm->name);
		break;
	case 1:
		vm->memory_mb = spoil_number(dice);
		break;
	case 2:
		vm->load_order = (enum plan_load_order)choose(dice, 3);
		break;
	case 3:
		vm->number = (unsigned int)spoil_number(dice);
		break;
	case 4:
		plan_vm_add_cpu(vm, choose(dice, CPUS + 10));
		vm->own_cpus = one_in(dice, 2);
		break;
	case 5:
		plan_vm_add_parameter(vm, "");
		spoil_text(dice, &vm->parameters[vm->parameter_count - 1]);
		if (!vm->parameters[vm->parameter_count - 1])
			vm->parameter_count--;
		break;
	case 6:
		vm->ovmf = !vm->ovmf;
		break;
	default:
		if (!vm->device_count)
			break;
		device = &vm->devices[choose(dice, (unsigned int)vm->device_count)];
		device->kind = (enum plan_device_kind)choose(dice, PLAN_PASSTHROUGH + 1);
		spoil_text(dice, &device->options);
		spoil_text(dice, &device->host_name);
		spoil_slot(dice, &device->slot);
		break;
	}
}

static void spoil_region(struct dice *dice, struct plan_region *region)
{
	struct plan_region_user *user = NULL;

	if (region->user_count)
		user = &region->users[choose(dice, (unsigned int)region->user_count)];
	switch (choose(dice, 9)) {
	case 0:
		spoil_text(dice, &region->name);
		break;
	case 1:
		region->land = region->land == IVSHMEM_LAND_HV ? IVSHMEM_LAND_DM : IVSHMEM_LAND_HV;
		break;
	case 2:
		region->size_mb = spoil_number(dice);
		break;
	case 3:
		region->has_id = true;
		region->id = spoil_number(dice);
		break;
	case 4:
		region->vectors = spoil_number(dice);
		break;
	case 5:
		plan_put_user(region, one_in(dice, 2) ? "vm_0" : "nobody", NULL, 2);
		break;
	case 6:
		if (user)
			spoil_text(dice, &user->vm_name);
		break;
	default:
		if (user)
			spoil_slot(dice, &user->slot);
		break;
	}
}

static void spoil_plan(struct dice *dice, struct plan *plan)
{
	unsigned int count = 1 + choose(dice, 3);
	unsigned int regions = (unsigned int)plan->region_count;
	unsigned int vms = (unsigned int)plan->vm_count;

	while (count--)
		if (regions && one_in(dice, 2))
			spoil_region(dice, &plan->regions[choose(dice, regions)]);
		else
			spoil_vm(dice, &plan->vms[choose(dice, vms)]);
}

/* Returns whether anything was found. */
static bool run_spoilt(uint64_t seed)
{
	struct problems problems = { 0 };
	struct dice dice = { ~seed };
	struct plan plan = { 0 };
	bool found;
	size_t i;

	make_plan(&plan, seed);
	spoil_plan(&dice, &plan);
	check_plan(&plan, &problems);
	if (problems.count == 0)
		free(make_commands(&plan, &problems));
	for (i = 0; i < problems.count; i++) {
		CU_ASSERT_PTR_NOT_NULL(problems.list[i].place.file);
		CU_ASSERT_NOT_EQUAL(problems.list[i].place.line, 0);
		CU_ASSERT_NOT_EQUAL(problems.list[i].text[0], '\0');
	}
	found = problems.count > 0;
	problems_fini(&problems);
	plan_fini(&plan);
	return found;
}

static void test_spoilt(void)
{
	unsigned int found = 0;
	uint64_t seed;

	for (seed = 0; seed < SPOILT_PLANS; seed++)
		found += run_spoilt(seed);
	/* Neither is the damage always seen nor is it never done. */
	CU_ASSERT(found > SPOILT_PLANS / 2 && found < SPOILT_PLANS);
}

static const struct unit_test tests[] = {
	{ "good plans give matching command lines, the same each time", test_good },
	{ "spoilt plans give located problems or hold", test_spoilt },
};

UNIT_MAIN("launch_property", tests)
