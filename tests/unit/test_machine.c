/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole machine on a fake hypervisor: a guest that resets once and then powers off, with each
 * call of the hypervisor failing in turn. Whatever fails, nothing may be left behind.
 */
#include "devicemodel/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devicemodel/boot/boot.h"
#include "devicemodel/config/vm_config.h"
#include "devicemodel/machine_map.h"
#include "devicemodel/vm/memory.h"
#include "devicemodel/vm/vm.h"
#include "hw/pci/devices.h"
#include "lib/log.h"
#include "lib/util.h"
#include "tests/fake_hv.h"
#include "tests/leaks.h"
#include "tests/unit/region_fixture.h"
#include "tests/unit/unit.h"

#define ENTRY 0x100000
#define SCRATCH 0x800000 /* RAM that nobody uses */

/* The smallest image: an ELF32 header, one segment of a page that is all zeros but one hlt. */
static const unsigned char image[] = {
	0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	2, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 52, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	52, 0, 32, 0, 1, 0, 40, 0, 0, 0, 0, 0,
	1, 0, 0, 0, 84, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0x10, 0,
	1, 0, 0, 0, 0, 0x10, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0,
	0xf4,
};

static char image_path[64];

static void write_image(void)
{
	snprintf(image_path, sizeof(image_path), "%s/image.elf", fixture_dir());
	fixture_write_file(image_path, image, sizeof(image));
}

static struct ivshmem_region_params region_of(const char *word)
{
	struct ivshmem_region_params params = fixture_params(word);

	params.size = 2 * MIB;
	return params;
}

static void add_ivshmem(struct vm_config *config, const char *slot, const char *word,
			const char *rest)
{
	const struct ivshmem_region_params params = region_of(word);
	struct error err = { "" };
	char text[512];

	snprintf(text, sizeof(text), "%s,ivshmem,%s,2%s", slot, params.name.text, rest);
	CU_ASSERT_EQUAL_FATAL(vm_config_add_device(config, pci_device_classes, text, &err), 0);
}

static void configure(struct vm_config *config)
{
	vm_config_init(config);
	config->name = strdup("test");
	config->elf = strdup(image_path);
	config->memory_size = 16 * MIB;
	config->vcpus = 2;
	add_ivshmem(config, "5", "machine-a", "");
	add_ivshmem(config, "6", "machine-b", ",7");
}

/* A third one, that is the hypervisor's. */
static void add_hv_device(struct vm_config *config)
{
	struct error err = { "" };

	CU_ASSERT_EQUAL_FATAL(
		vm_config_add_device(config, pci_device_classes, "7,ivshmem,hv:/demo,2", &err), 0);
}

static uint64_t config_register(struct hv_vcpu *vcpu, unsigned int device, unsigned int reg)
{
	return fake_guest_read(vcpu, IO_SPACE_MMIO, MACHINE_ECAM_BASE + (device << 15 | reg), 4);
}

struct script {
	unsigned int lives;
	unsigned int wrong; /* things the guest did not find as they should be */
	uint64_t bar2;	    /* of 00:05.0 in the first life */
	bool has_vdev;	    /* 00:07.0 is the hypervisor's */
	bool has_pit;	    /* and the timer chip is not */
};

/* Looks around as a guest would; what may be amiss after a failed call is left out. */
static void look_around(struct hv_vcpu *vcpu, struct script *script)
{
	uint64_t bar2 = config_register(vcpu, 5, PCI_BASE_ADDRESS_2) & ~UINT64_C(0xf);
	unsigned char *ram = (unsigned char *)(uintptr_t)fake_hv_mapping(0)->host + ENTRY;

	script->wrong += config_register(vcpu, 0, 0) != 0x12751275;
	script->wrong += config_register(vcpu, 5, 0) != 0x11101af4;
	script->wrong += config_register(vcpu, 6, PCI_SUBSYSTEM_VENDOR_ID) != 0x00078086;
	script->wrong += config_register(vcpu, 6, PCI_COMMAND) != PCI_COMMAND_MEMORY;
	script->wrong += bar2 < MACHINE_PCI32_BASE || bar2 >= MACHINE_PCI32_END;
	script->wrong += script->lives > 1 && bar2 != script->bar2;
	script->wrong += fake_guest_start(vcpu)->rip != ENTRY;
	script->wrong += fake_hv_vdevs() != script->has_vdev;
	script->wrong += config_register(vcpu, 7, 0) != UINT32_MAX;
	script->wrong += fake_guest_read(vcpu, IO_SPACE_PORT, MACHINE_PIT_PORT + 1, 1) !=
			 (script->has_pit ? 0 : 0xff);
	/* RAM of a former life is gone, the image is there again. */
	script->wrong += ram[0] != 0xf4 || ram[SCRATCH - ENTRY] != 0;
	ram[0] = ram[SCRATCH - ENTRY] = 0x55;
	script->bar2 = bar2;
}

/* The first life moves BAR2 about and asks for a reset, the second one powers off. */
static enum hv_exit resetting_guest(struct hv_vcpu *vcpu, unsigned int index, void *ctx)
{
	const uint64_t bar2 = MACHINE_ECAM_BASE + (5 << 15 | PCI_BASE_ADDRESS_2);
	struct script *script = ctx;

	if (index > 0)
		return fake_guest_wait(vcpu);
	script->lives++;
	look_around(vcpu, script);
	fake_guest_write(vcpu, IO_SPACE_MMIO, bar2, 4, UINT32_MAX);
	fake_guest_write(vcpu, IO_SPACE_MMIO, bar2 + 4, 4, UINT32_MAX);
	fake_guest_write(vcpu, IO_SPACE_MMIO, bar2 + 4, 4, 0);
	fake_guest_write(vcpu, IO_SPACE_MMIO, bar2, 4, 0xc0000000);
	fake_guest_write(vcpu, IO_SPACE_PORT, MACHINE_COM1_PORT, 1, 'x');
	/* A counter that does not interrupt. */
	fake_guest_write(vcpu, IO_SPACE_PORT, MACHINE_PIT_PORT + 1, 1, 'x');
	fake_guest_write(vcpu, IO_SPACE_PORT, MACHINE_PIT_PORT + 1, 1, 'x');
	if (script->lives == 1)
		fake_guest_write(vcpu, IO_SPACE_PORT, MACHINE_RESET_PORT, 1, 0x06);
	else
		fake_guest_write(vcpu, IO_SPACE_PORT, MACHINE_PM_BASE + 4, 2, 0x2000);
	return fake_guest_wait(vcpu);
}

/* All that main() does between parsing and the exit status. */
static int run_on(const struct hv_ops *ops, const struct vm_config *config,
		  enum vm_request_kind *ret_end, unsigned char *ret_status, struct error *err)
{
	const struct boot_params boot_params = { .elf = config->elf };
	struct machine *machine = NULL;
	struct boot *boot = NULL;
	struct vm *vm = NULL;
	int ret;

	ret = boot_open(&boot_params, &boot, err);
	if (ret == 0)
		ret = vm_create(config, ops, &vm, err);
	if (ret == 0)
		ret = machine_new(vm, boot, &machine, err);
	if (ret == 0)
		ret = machine_run(machine, ret_end, ret_status, err);
	machine_free(machine);
	vm_destroy(vm);
	boot_free(boot);
	return ret;
}

static int run(const struct vm_config *config, enum vm_request_kind *ret_end,
	       unsigned char *ret_status, struct error *err)
{
	return run_on(&hv_fake, config, ret_end, ret_status, err);
}

static void assert_nothing_left(const struct leaks *before)
{
	const struct ivshmem_region_params a = region_of("machine-a"), b = region_of("machine-b");
	const struct leaks after = leaks_count();

	CU_ASSERT(leaks_equal(before, &after));
	fixture_assert_gone(&a);
	fixture_assert_gone(&b);
	CU_ASSERT_EQUAL(fake_hv_vms(), 0);
	CU_ASSERT_PTR_NULL(fake_hv_complaint());
}

static void begin(struct vm_config *config)
{
	fixture_begin();
	write_image();
	configure(config);
	fake_hv_reset();
}

static void end(struct vm_config *config)
{
	vm_config_fini(config);
	unlink(image_path);
	fixture_end();
}

static void test_reset_and_power_off(void)
{
	enum vm_request_kind how = VM_REQUEST_NONE;
	struct script script = { 0 };
	struct error err = { "" };
	struct vm_config config;
	struct leaks before;
	unsigned char status;

	begin(&config);
	fake_hv_set_guest(resetting_guest, &script);
	before = leaks_count();
	CU_ASSERT_EQUAL(run(&config, &how, &status, &err), 0);
	CU_ASSERT_EQUAL(how, VM_REQUEST_POWER_OFF);
	CU_ASSERT_EQUAL(script.lives, 2);
	CU_ASSERT_EQUAL(script.wrong, 0);
	assert_nothing_left(&before);
	end(&config);
}

/* dm:/ and hv:/ in one VM: the hypervisor makes its device for each life, and none is left. */
static void test_hv_device(void)
{
	enum vm_request_kind how = VM_REQUEST_NONE;
	struct script script = { .has_vdev = true, .has_pit = true };
	struct error err = { "" };
	struct vm_config config;
	struct leaks before;
	unsigned char status;

	begin(&config);
	add_hv_device(&config);
	fake_hv_set_guest(resetting_guest, &script);
	before = leaks_count();
	CU_ASSERT_EQUAL(machine_check(&config, &hv_fake_acrn, &err), 0);
	CU_ASSERT_EQUAL(run_on(&hv_fake_acrn, &config, &how, &status, &err), 0);
	CU_ASSERT_EQUAL(how, VM_REQUEST_POWER_OFF);
	CU_ASSERT_EQUAL(script.lives, 2);
	CU_ASSERT_EQUAL(script.wrong, 0);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_VDEV_CREATE), 2);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_VDEV_DESTROY), 2);
	assert_nothing_left(&before);
	CU_ASSERT_EQUAL(machine_check(&config, &hv_fake, &err), -ENOTSUP);
	CU_ASSERT_STRING_EQUAL(err.text, "-s 0:7.0,ivshmem: \"hv:/demo\": hv:/ regions need the "
					 "ACRN hypervisor; use dm:/");
	end(&config);
}

/* Looks where the hypervisor's BARs lie, then powers off. */
static enum hv_exit far_guest(struct hv_vcpu *vcpu, unsigned int index, void *ctx)
{
	static const char *const names[] = { "hv:/big1", "hv:/big2", "hv:/big3", "hv:/big4" };
	struct script *script = ctx;
	size_t i;

	if (index > 0)
		return fake_guest_wait(vcpu);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		script->bar2 |= fake_hv_vdev(names[i]) ? fake_hv_vdev(names[i])->bars[3] : 1;
	fake_guest_write(vcpu, IO_SPACE_PORT, MACHINE_PM_BASE + 4, 2, 0x2000);
	return fake_guest_wait(vcpu);
}

/* More of the hypervisor's memory than fits below 4 GiB goes where the hypervisor maps it. */
static void test_hv_devices_far(void)
{
	static const struct {
		unsigned int width;
		uint32_t upper;
	} rows[] = { { 40, MACHINE_PCI64_VDEV_BASE >> 32 },
		     { 39, MACHINE_PCI64_VDEV_BASE >> 32 },
		     { 38, 1 } };
	enum vm_request_kind how = VM_REQUEST_NONE;
	struct error err = { "" };
	struct vm_config config;
	struct script script;
	unsigned char status;
	char text[64];
	size_t i;

	begin(&config);
	for (i = 1; i <= 4; i++) {
		snprintf(text, sizeof(text), "%zu,ivshmem,hv:/big%zu,512", 10 + i, i);
		CU_ASSERT_EQUAL_FATAL(vm_config_add_device(&config, pci_device_classes, text, &err),
				      0);
	}
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_hv_reset();
		script = (struct script){ 0 };
		fake_hv_set_guest(far_guest, &script);
		fake_hv_set_width(rows[i].width);
		CU_ASSERT_EQUAL(run_on(&hv_fake_acrn, &config, &how, &status, &err), 0);
		CU_ASSERT_EQUAL(script.bar2, rows[i].upper);
		CU_ASSERT_PTR_NULL(fake_hv_complaint());
	}
	end(&config);
}

static void test_no_reboot(void)
{
	enum vm_request_kind how = VM_REQUEST_NONE;
	struct script script = { 0 };
	struct error err = { "" };
	struct vm_config config;
	unsigned char status;

	begin(&config);
	config.no_reboot = true;
	fake_hv_set_guest(resetting_guest, &script);
	CU_ASSERT_EQUAL(run(&config, &how, &status, &err), 0);
	CU_ASSERT_EQUAL(how, VM_REQUEST_RESET);
	CU_ASSERT_EQUAL(script.lives, 1);
	end(&config);
}

/* After which failures may the guest go on, as it is not the hypervisor's fault to begin with? */
static bool may_go_on(enum fake_hv_call call, unsigned int rams)
{
	return call == FAKE_MEM_UNMAP || call == FAKE_IRQ_LINE || call == FAKE_MSI_SEND ||
	       call == FAKE_VDEV_DESTROY || (call == FAKE_MEM_MAP && rams > 0);
}

static void check_every_call(const struct hv_ops *ops, bool has_vdev)
{
	enum vm_request_kind how;
	enum fake_hv_call call;
	struct script script;
	struct vm_config config;
	struct leaks before;
	unsigned char status;
	struct error err;
	unsigned int n;
	int ret;

	log_set_level(LOG_LEVEL_ERROR - 1);
	begin(&config);
	if (has_vdev)
		add_hv_device(&config);
	for (n = 1; n < 200; n++) {
		fake_hv_reset();
		script = (struct script){ .has_vdev = has_vdev, .has_pit = has_vdev };
		fake_hv_set_guest(resetting_guest, &script);
		fake_hv_fail_nth(n, -ENOSPC);
		how = VM_REQUEST_NONE;
		err.text[0] = '\0';
		before = leaks_count();
		ret = run_on(ops, &config, &how, &status, &err);
		/* A processor that gave up may have been outrun by another request. */
		CU_ASSERT(ret == 0 || err.text[0] != '\0');
		CU_ASSERT(how != VM_REQUEST_ERROR || err.text[0] != '\0');
		CU_ASSERT(ret == 0 || ret == -ENOSPC);
		assert_nothing_left(&before);
		if (!fake_hv_has_failed(&call))
			break;
		if (call == FAKE_VCPU_RUN)
			/* Unless the other processor was faster. */
			CU_ASSERT(how == VM_REQUEST_ERROR || how == VM_REQUEST_POWER_OFF)
		else if (ret == 0)
			CU_ASSERT(may_go_on(call, script.lives));
	}
	CU_ASSERT_EQUAL(ret, 0);
	CU_ASSERT_EQUAL(how, VM_REQUEST_POWER_OFF);
	CU_ASSERT(n > 20 && n < 200);
	end(&config);
	log_set_level(LOG_LEVEL_WARNING);
}

static void test_every_call_fails(void)
{
	check_every_call(&hv_fake, false);
}

static void test_every_call_fails_acrn(void)
{
	check_every_call(&hv_fake_acrn, true);
}

/* Things that are wrong with the machine rather than the hypervisor. */
static void test_cannot_be_built(void)
{
	const struct ivshmem_region_params params = region_of("machine-b");
	struct ivshmem_region_params other = params;
	enum vm_request_kind how = VM_REQUEST_NONE;
	struct ivshmem_region *region;
	struct script script = { 0 };
	struct error err = { "" };
	struct vm_config config;
	struct leaks before;
	unsigned char status;

	begin(&config);
	/* One that starts all the same shall not wait for ever. */
	fake_hv_set_guest(resetting_guest, &script);
	/* The second region is there already, and larger. */
	other.size = 4 * MIB;
	region = fixture_attach(&other);
	before = leaks_count();
	CU_ASSERT_EQUAL(run(&config, &how, &status, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "00:06.0 ivshmem: "));
	ivshmem_region_detach(region);
	/* RAM that leaves no room below the guest's physical width. */
	fake_hv_set_width(33);
	config.memory_size = 6 * GIB;
	before = leaks_count();
	CU_ASSERT_EQUAL(run(&config, &how, &status, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "-m 6144 MB"));
	assert_nothing_left(&before);
	/* RAM beyond it. */
	fake_hv_set_width(32);
	CU_ASSERT_EQUAL(run(&config, &how, &status, &err), -EINVAL);
	assert_nothing_left(&before);
	/* The image goes between configuration and start. */
	config.memory_size = 16 * MIB;
	fake_hv_set_width(40);
	CU_ASSERT_EQUAL(truncate(image_path, 84), 0);
	CU_ASSERT(run(&config, &how, &status, &err) < 0);
	assert_nothing_left(&before);
	end(&config);
}

static const struct unit_test tests[] = {
	{ "reset and power-off", test_reset_and_power_off },
	{ "a device of the hypervisor", test_hv_device },
	{ "devices of the hypervisor above 4 GiB", test_hv_devices_far },
	{ "no reboot", test_no_reboot },
	{ "every call fails once", test_every_call_fails },
	{ "every call fails once, on ACRN", test_every_call_fails_acrn },
	{ "machines that cannot be built", test_cannot_be_built },
};

UNIT_MAIN("machine", tests)
