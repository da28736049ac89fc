/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration: devices that get in each other's way, what validation finds, freeing. */
#include "devicemodel/config/vm_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hw/pci/ivshmem_options.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

static const struct device_class lpc = { .name = "lpc", .summary = "a bridge" };
static const struct device_class *const classes[] = { &lpc, &ivshmem_class, NULL };

static int add(struct vm_config *config, const char *text, struct error *err)
{
	err->text[0] = '\0';
	return vm_config_add_device(config, classes, text, err);
}

static void begin(struct vm_config *config)
{
	vm_config_init(config);
	config->name = strdup("vm1");
	config->kernel = strdup("vmlinuz");
}

static void test_defaults(void)
{
	struct vm_config config;

	vm_config_init(&config);
	CU_ASSERT_EQUAL(config.memory_size, 256 * MIB);
	CU_ASSERT_EQUAL(vm_config_vcpus(&config), 1);
	CU_ASSERT_EQUAL(config.com1, VM_CONSOLE_NONE);
	CU_ASSERT_PTR_NULL(config.hypervisor);
	vm_config_fini(&config);
	vm_config_fini(&config);
}

static void test_devices(void)
{
	const struct ivshmem_options *options;
	struct vm_config config;
	struct error err;

	begin(&config);
	CU_ASSERT_EQUAL(add(&config, "6,ivshmem,dm:/a,2,5,keep", &err), 0);
	CU_ASSERT_EQUAL(add(&config, "1,lpc", &err), 0);
	CU_ASSERT_EQUAL(config.device_count, 2);
	CU_ASSERT_PTR_EQUAL(config.devices[0].class, &ivshmem_class);
	CU_ASSERT_STRING_EQUAL(config.devices[0].text, "dm:/a,2,5,keep");
	options = config.devices[0].options;
	CU_ASSERT_EQUAL(options->size, 2 * MIB);
	CU_ASSERT_TRUE(options->keep);
	CU_ASSERT_PTR_NULL(config.devices[1].text);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	vm_config_fini(&config);
	CU_ASSERT_EQUAL(config.device_count, 0);
}

static void test_conflicts(void)
{
	static const struct {
		const char *first, *second;
		const char *said[4]; /* none: they go together */
	} rows[] = {
		{ "5,ivshmem,dm:/a,2", "6,ivshmem,dm:/b,2", { NULL } },
		{ "5,ivshmem,dm:/a,2", "6,ivshmem,hv:/a,2", { NULL } },
		{ "5,ivshmem,dm:/a,2", "6,ivshmem,dm:/aa,2", { NULL } },
		{ "5,ivshmem,dm:/a,2,1", "6,ivshmem,dm:/A,2,1", { NULL } },
		{ "5,ivshmem,dm:/a,2,shm=/x", "6,ivshmem,dm:/b,2,shm=/y", { NULL } },
		{ "5,ivshmem,dm:/a,2,shm=/x", "6,ivshmem,dm:/b,2", { NULL } },
		{ "5,ivshmem,dm:/a,2,vectors=1,server=/s",
		  "6,ivshmem,dm:/b,2,vectors=1,server=/s",
		  { NULL } },
		{ "5,lpc", "6,lpc", { NULL } },
		{ "6,lpc", "6:1,lpc", { NULL } },
		{ "6,lpc", "6,lpc", { "0:6.0", "\"lpc\" is there already", "\"lpc\" needs" } },
		{ "5,uart", "6,uart", { NULL } },
		{ "5,xhci", "5,lpc", { "0:5.0", "\"xhci\" is there already" } },
		{ "5,ivshmem,dm:/a,2", "5,virtio-blk,x", { "\"virtio-blk,x\" needs" } },
		{ "6,lpc", "0:6:0,ivshmem,dm:/a,2", { "\"lpc\"", "\"ivshmem,dm:/a,2\"" } },
		{ "5,ivshmem,dm:/a,2", "6,ivshmem,dm:/a,2", { "0:5.0", "0:6.0", "same name" } },
		{ "5,ivshmem,hv:/a,2", "6,ivshmem,hv:/a,4,7", { "0:5.0", "0:6.0", "same name" } },
		{ "5,ivshmem,dm:/a,2,shm=/x",
		  "6,ivshmem,dm:/b,2,shm=/x",
		  { "0:5.0", "0:6.0", "same shm" } },
	};
	struct vm_config config;
	struct error err;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&config);
		CU_ASSERT_EQUAL(add(&config, rows[i].first, &err), 0);
		CU_ASSERT_EQUAL(add(&config, rows[i].second, &err), rows[i].said[0] ? -EINVAL : 0);
		CU_ASSERT_EQUAL(config.device_count, rows[i].said[0] ? 1 : 2);
		for (k = 0; rows[i].said[k]; k++)
			CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].said[k]));
		vm_config_fini(&config);
	}
}

/* A refused device leaves no trace, whatever it was refused for. */
static void test_refused_devices(void)
{
	static const char *const rows[] = {
		"",
		",",
		"6",
		"6,",
		"x,lpc",
		"6,nothing",
		"6,lpc,x",
		"6,ivshmem",
		"6,ivshmem,dm:/a,3",
		"6,ivshmem,dm:/a,2,keep,keep",
		"6,LPC",
		"6, lpc",
		"6,lpc ",
	};
	struct vm_config config;
	struct error err;
	size_t i;

	begin(&config);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL(add(&config, rows[i], &err), -EINVAL);
		CU_ASSERT_EQUAL(strncmp(err.text, "-s ", 3), 0);
		CU_ASSERT_EQUAL(config.device_count, 0);
	}
	CU_ASSERT_EQUAL(add(&config, "6,lpc", &err), 0);
	vm_config_fini(&config);
}

/* Classes that are known by name only: their options are nobody's business here. */
static void test_absent_devices(void)
{
	static const char *const rows[] = {
		"3,virtio-blk",   "3,virtio-blk,",
		"3,virtio-net,x", "3,passthru,00/14/0,=,,keep,vectors=x",
		"3,ahci,hd:/a,cd:/b", "3,virtio-hyper_dmabuf",
	};
	struct vm_config config;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&config);
		CU_ASSERT_EQUAL(add(&config, "5,lpc", &err), 0);
		CU_ASSERT_EQUAL(vm_config_check_present(&config, &err), 0);
		CU_ASSERT_EQUAL(add(&config, rows[i], &err), 0);
		CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
		CU_ASSERT_EQUAL(vm_config_check_present(&config, &err), -ENOTSUP);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, config.devices[1].class->name));
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "-s 0:3.0,"));
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, ": not in this version: "));
		vm_config_fini(&config);
	}
}

static void test_names(void)
{
	static const struct {
		const char *name;
		int ret;
	} rows[] = {
		{ "a", 0 },		{ "123456789012345", 0 },	{ "VM_1-a.b", 0 },
		{ "_", 0 },		{ "1234567890123456", -EINVAL }, { "", -EINVAL },
		{ "a b", -EINVAL },	{ "a/b", -EINVAL },		{ "a\n", -EINVAL },
		{ "-a", -EINVAL },	{ "\xc3\xa4", -EINVAL },	{ "a,b", -EINVAL },
	};
	struct vm_config config;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&config);
		free(config.name);
		config.name = strdup(rows[i].name);
		CU_ASSERT_EQUAL(vm_config_validate(&config, &err), rows[i].ret);
		vm_config_fini(&config);
	}
}

static void test_validation(void)
{
	struct vm_config config;
	struct error err;

	vm_config_init(&config);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "VM name"));
	config.name = strdup("vm1");
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "nothing to boot"));
	config.elf = strdup("elf");
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	config.kernel = strdup("kernel");
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "contradict"));
	free(config.elf);
	config.elf = NULL;
	config.memory_size = 514 * MIB;
	config.hugepage_size = 2 * MIB;
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	config.hugepage_size = GIB;
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "514"));
	config.hugepage_size = 0;
	/* Functions without a function 0; device 0 gets a host bridge. */
	CU_ASSERT_EQUAL(add(&config, "0:3,lpc", &err), 0);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	CU_ASSERT_EQUAL(add(&config, "7:3,lpc", &err), 0);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "0:7.0"));
	CU_ASSERT_EQUAL(add(&config, "7,lpc", &err), 0);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	vm_config_fini(&config);
}

static const struct unit_test tests[] = {
	{ "defaults", test_defaults },
	{ "devices", test_devices },
	{ "conflicts", test_conflicts },
	{ "refused devices", test_refused_devices },
	{ "absent devices", test_absent_devices },
	{ "names", test_names },
	{ "validation", test_validation },
};

UNIT_MAIN("vm config", tests)
