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

static const struct absent_option *absent_option(const char *name)
{
	size_t i;

	for (i = 0; i < ABSENT_OPTIONS; i++)
		if (strcmp(absent_options[i].name, name) == 0)
			return &absent_options[i];
	CU_FAIL_FATAL("there is no such option");
	return NULL;
}

static int add_absent(struct vm_config *config, const char *name, const char *value,
		      struct error *err)
{
	err->text[0] = '\0';
	return vm_config_add_absent(config, absent_option(name), value, err);
}

/* A bad value leaves the one before; what repeats is added, what does not is replaced. */
static void test_absent_options(void)
{
	struct vm_config config;
	struct error err;

	begin(&config);
	CU_ASSERT_EQUAL(vm_config_check_present(&config, &err), 0);
	CU_ASSERT_EQUAL(add_absent(&config, "virtio_poll", "5", &err), 0);
	CU_ASSERT_EQUAL(add_absent(&config, "virtio_poll", "0", &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--virtio_poll 0: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "1 to 10000000"));
	CU_ASSERT_STRING_EQUAL(config.absent[0].value, "5");
	CU_ASSERT_EQUAL(add_absent(&config, "acpidev_pt", "MSFT0101", &err), 0);
	CU_ASSERT_EQUAL(add_absent(&config, "acpidev_pt", "MSFT0101", &err), 0);
	CU_ASSERT_EQUAL(add_absent(&config, "rtvm", NULL, &err), 0);
	CU_ASSERT_EQUAL(add_absent(&config, "rtvm", NULL, &err), 0);
	CU_ASSERT_EQUAL(add_absent(&config, "virtio_poll", "6", &err), 0);
	CU_ASSERT_EQUAL(config.absent_count, 4);
	CU_ASSERT_STRING_EQUAL(config.absent[0].value, "6");
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	CU_ASSERT_EQUAL(vm_config_check_present(&config, &err), -ENOTSUP);
	CU_ASSERT_EQUAL(strncmp(err.text, "--virtio_poll: not in this version: ", 35), 0);
	vm_config_fini(&config);
	CU_ASSERT_EQUAL(config.absent_count, 0);
}

static void test_firmware_boots(void)
{
	struct vm_config config;
	struct error err;

	vm_config_init(&config);
	config.name = strdup("vm1");
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), -EINVAL);
	CU_ASSERT_EQUAL(add_absent(&config, "ovmf", "OVMF.fd", &err), 0);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	CU_ASSERT_EQUAL(vm_config_check_present(&config, &err), -ENOTSUP);
	vm_config_fini(&config);
}

static void test_vcpus(void)
{
	struct vm_config config;
	struct error err;

	begin(&config);
	CU_ASSERT_EQUAL(add_absent(&config, "cpu_affinity", "3,0,200", &err), 0);
	CU_ASSERT_EQUAL(vm_config_vcpus(&config), 3);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	config.vcpus = 3;
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	config.vcpus = 2;
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "contradict"));
	CU_ASSERT_EQUAL(add_absent(&config, "cpu_affinity", "3,0", &err), 0);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	vm_config_fini(&config);
}

static void test_serial(void)
{
	static const struct {
		const char *word;
		int ret;
		unsigned int field;  /* of serial[] */
		const char *text;    /* in there */
		enum vm_console com1;
	} rows[] = {
		{ "com1,stdio", 0, 0, NULL, VM_CONSOLE_STDIO },
		{ "Com1,stdio", 0, 0, NULL, VM_CONSOLE_STDIO },
		{ "com1", 0, 0, NULL, VM_CONSOLE_NONE },
		{ "COM1,/dev/pts/3", 0, 0, "com1,/dev/pts/3", VM_CONSOLE_NONE },
		{ "com1,STDIO", 0, 0, "com1,STDIO", VM_CONSOLE_NONE },
		{ "com2", 0, 1, "com2", VM_CONSOLE_NONE },
		{ "COM4,tcp:1", 0, 3, "com4,tcp:1", VM_CONSOLE_NONE },
		{ "com5,t,0,0", 0, 4, "com5,t,0,0", VM_CONSOLE_NONE },
		{ "com5,t,0xfff8,23", 0, 4, "com5,t,0xfff8,23", VM_CONSOLE_NONE },
		{ "com5,t,0xfff9,23", -EINVAL, 4, NULL, VM_CONSOLE_NONE },
		{ "com5,t,,4", -EINVAL, 4, NULL, VM_CONSOLE_NONE },
		{ "com5,t,000000000000000000000000000003f8,4", -EINVAL, 4, NULL,
		  VM_CONSOLE_NONE },
		{ "", -EINVAL, 0, NULL, VM_CONSOLE_NONE },
		{ "com", -EINVAL, 0, NULL, VM_CONSOLE_NONE },
		{ "com1stdio", -EINVAL, 0, NULL, VM_CONSOLE_NONE },
		{ " com1", -EINVAL, 0, NULL, VM_CONSOLE_NONE },
		{ "com1,", -EINVAL, 0, NULL, VM_CONSOLE_NONE },
	};
	struct vm_config config;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&config);
		CU_ASSERT_EQUAL(vm_config_set_serial(&config, rows[i].word, &err), rows[i].ret);
		CU_ASSERT_EQUAL(config.com1, rows[i].com1);
		if (rows[i].text) {
			CU_ASSERT_PTR_NOT_NULL_FATAL(config.serial[rows[i].field]);
			CU_ASSERT_STRING_EQUAL(config.serial[rows[i].field], rows[i].text);
		} else {
			CU_ASSERT_PTR_NULL(config.serial[rows[i].field]);
		}
		CU_ASSERT_EQUAL(vm_config_check_present(&config, &err),
				rows[i].text ? -ENOTSUP : 0);
		vm_config_fini(&config);
	}
}

/* The last word about a port counts; only one port has standard input and output. */
static void test_serial_again(void)
{
	struct vm_config config;
	struct error err;

	begin(&config);
	CU_ASSERT_EQUAL(vm_config_set_serial(&config, "com1,stdio", &err), 0);
	CU_ASSERT_EQUAL(vm_config_set_serial(&config, "com2,stdio", &err), 0);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), -EINVAL);
	CU_ASSERT_EQUAL(vm_config_set_serial(&config, "com1,x", &err), 0);
	CU_ASSERT_EQUAL(config.com1, VM_CONSOLE_NONE);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	CU_ASSERT_EQUAL(vm_config_set_serial(&config, "com2", &err), 0);
	CU_ASSERT_EQUAL(vm_config_set_serial(&config, "com1,stdio", &err), 0);
	CU_ASSERT_PTR_NULL(config.serial[0]);
	CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
	vm_config_fini(&config);
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
	{ "absent options", test_absent_options },
	{ "firmware boots", test_firmware_boots },
	{ "number of processors", test_vcpus },
	{ "serial ports", test_serial },
	{ "serial ports again", test_serial_again },
	{ "names", test_names },
	{ "validation", test_validation },
};

UNIT_MAIN("vm config", tests)
