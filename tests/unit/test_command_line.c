/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line: what getopt could get wrong, and the property that a configuration comes back
 * from its own command line. Single options and refusals are in tests/golden/.
 */
#include "devicemodel/config/command_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/config/vm_config.h"
#include "hw/pci/ivshmem_options.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

#define WORDS_MAX 100

static const struct device_class lpc = { .name = "lpc", .summary = "a bridge" };
static const struct device_class *const classes[] = { &lpc, &ivshmem_class, NULL };

/* getopt reorders and keeps pointers, so every run gets its own array. */
static int parse(char *const *words, struct vm_config *config, enum command *ret_command,
		 struct error *err)
{
	char *argv[WORDS_MAX + 2], program[] = "acrn-dm";
	int argc = 1;

	argv[0] = program;
	while (*words && argc <= WORDS_MAX)
		argv[argc++] = *words++;
	argv[argc] = NULL;
	vm_config_init(config);
	err->text[0] = '\0';
	return command_line_parse(argc, argv, classes, config, ret_command, err);
}

/* Splits at blanks. */
static int parse_text(const char *text, struct vm_config *config, enum command *ret_command,
		      struct error *err)
{
	char *copy = strdup(text), *rest = copy, *words[WORDS_MAX + 1];
	int count = 0, ret;

	while ((words[count] = strsep(&rest, " ")) && count < WORDS_MAX)
		count++;
	words[count] = NULL;
	ret = parse(words, config, ret_command, err);
	free(copy);
	return ret;
}

static void test_commands(void)
{
	static const struct {
		const char *text;
		int ret;
		enum command command;
	} rows[] = {
		{ "vm1", 0, COMMAND_RUN },
		{ "--dump-config vm1", 0, COMMAND_DUMP_CONFIG },
		{ "vm1 --dump-config", 0, COMMAND_DUMP_CONFIG },
		{ "-h", 0, COMMAND_HELP },
		{ "-v", 0, COMMAND_VERSION },
		{ "-s help", 0, COMMAND_DEVICE_HELP },
		{ "-shelp", 0, COMMAND_DEVICE_HELP },
		/* What comes after them does not matter any more, what comes before does. */
		{ "-h --nonsense -m x", 0, COMMAND_HELP },
		{ "-v -h", 0, COMMAND_VERSION },
		{ "--dump-config -h", 0, COMMAND_HELP },
		{ "vm1 vm2 -h", 0, COMMAND_HELP },
		{ "-m x -h", -EINVAL, COMMAND_RUN },
		{ "-Ah", 0, COMMAND_HELP },
		{ "-- -h", 0, COMMAND_RUN },
	};
	struct vm_config config;
	enum command command;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		command = COMMAND_RUN;
		CU_ASSERT_EQUAL(parse_text(rows[i].text, &config, &command, &err), rows[i].ret);
		CU_ASSERT_EQUAL(command, rows[i].command);
		vm_config_fini(&config);
	}
}

static void test_forms(void)
{
	static const char *const rows[] = {
		"-m 1G -c 2 -k K vm1",
		"-m1G -c2 -kK vm1",
		"vm1 -m 1G -c 2 -k K",
		"-m 1G vm1 -c 2 -k K",
		"--memsize 1G --cpus 2 --kernel K vm1",
		"--memsize=1G --cpus=2 --kernel=K vm1",
		"--mems=1G --cpus=2 --kern=K vm1",
		"-A -m 512M -m 1024M -c 3 -c 2 -k X -k K vm1",
		"-Am1G -c2 -kK -- vm1",
	};
	struct vm_config config;
	enum command command;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL(parse_text(rows[i], &config, &command, &err), 0);
		CU_ASSERT_EQUAL(config.memory_size, GIB);
		CU_ASSERT_EQUAL(vm_config_vcpus(&config), 2);
		CU_ASSERT_STRING_EQUAL(config.kernel, "K");
		CU_ASSERT_STRING_EQUAL(config.name, "vm1");
		vm_config_fini(&config);
	}
}

/* Two parses in one process do not disturb each other (getopt has a memory of its own). */
static void test_again_after_failure(void)
{
	struct vm_config config;
	enum command command;
	struct error err;

	CU_ASSERT_EQUAL(parse_text("-Axy vm1", &config, &command, &err), -EINVAL);
	vm_config_fini(&config);
	CU_ASSERT_EQUAL(parse_text("-Am1G vm1", &config, &command, &err), 0);
	CU_ASSERT_EQUAL(config.memory_size, GIB);
	vm_config_fini(&config);
}

/* --- config -> argv -> parse -> the same config --- */

static uint32_t random_state = 1;

static unsigned int pick(unsigned int below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

/* A word of any bytes but NUL; now and then one that looks like an option. */
static char *random_word(void)
{
	static const char *const odd[] = { "-", "--", "-h", "--help", "-s", "a b",
					   "'", "\"", "$x", "\n",     "=" };
	char word[64];
	size_t length = 1 + pick(20), i;

	if (pick(3) == 0)
		return strdup(odd[pick(ARRAY_SIZE(odd))]);
	for (i = 0; i < length; i++)
		word[i] = (char)(1 + pick(255));
	word[length] = '\0';
	return strdup(word);
}

static void add_random_devices(struct vm_config *config)
{
	static const char *const tails[] = {
		"",
		",0",
		",0xffff",
		",keep",
		",7,vectors=4",
		",vectors=1,server=/run/s",
		",hugepages=2M",
		",group=g,lock,prefault",
	};
	static const char *const bare[] = {
		"lpc", "xhci", "virtio-net,tap=t", "passthru,0/14/0", "virtio-blk,",
	};
	unsigned int count = pick(5), i;
	char text[128];

	for (i = 0; i < count; i++) {
		if (pick(4) == 0)
			snprintf(text, sizeof(text), "%u,%s", pick(32),
				 bare[pick(ARRAY_SIZE(bare))]);
		else
			snprintf(text, sizeof(text), "%u%s,ivshmem,dm:/r%u,%u%s", pick(32),
				 pick(2) ? ":0" : "", i, 2U << pick(9),
				 tails[pick(ARRAY_SIZE(tails))]);
		/* An occupied slot is left out. */
		vm_config_add_device(config, classes, text, NULL);
	}
}

/* Values that are good, for each option that takes one. */
static const char *absent_value(const struct absent_option *option)
{
	static const struct {
		const char *name, *values[3];
	} rows[] = {
		{ "acpidev_pt", { "MSFT0101", "PNP0501", "ABCD0000" } },
		{ "cmd_monitor", { "/run/m", "m", "-" } },
		{ "cpu_affinity", { "0", "1,2,3", "5,0" } },
		{ "intr_monitor", { "10000,10,1,100", "0,0,0,0", "4294967295,1,2,3" } },
		{ "logger_setting",
		  { "console,level=1", "disk,level=5;kmsg,level=2", "debug_domains=a,b" } },
		{ "mmiodev_pt", { "fed40000,5000", "0x0,1", "0XF,0xffffffffffffffff" } },
		{ "ovmf", { "OVMF.fd", "w,OVMF.fd", "vars=a b,code=c,w" } },
		{ "pm_notify_channel", { "ioc", "power_button", "uart,allow_trigger_s5" } },
		{ "ssram",
		  { "L2,vcpu=0,size=4K", "l3,vcpu=all,size=8M;",
		    "L3,vcpu=ALL,size=1m;L2,vcpu=0,63,size=64k" } },
		{ "virtio_poll", { "1", "10000000", "0x10" } },
		{ "vtpm2", { "sock_path=x", "sock_path=/a,b=c", "sock_path=-" } },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].name, option->name) == 0)
			return rows[i].values[pick(3)];
	return NULL;
}

static void add_random_absent(struct vm_config *config)
{
	const struct absent_option *option;
	unsigned int count = pick(6);

	while (count-- > 0) {
		option = &absent_options[pick(ABSENT_OPTIONS)];
		CU_ASSERT_EQUAL(vm_config_add_absent(config, option,
						     option->value ? absent_value(option) : NULL,
						     NULL), 0);
	}
}

static void set_random_serial(struct vm_config *config)
{
	static const char *const words[] = {
		"com1",	   "COM1,stdio", "com1,/dev/pts/3", "com2",
		"Com3,a,b = c", "com4,x",	   "com5,/dev/x",	"com5,t,0x3f8,4",
	};
	unsigned int count = pick(4);

	while (count-- > 0)
		CU_ASSERT_EQUAL(vm_config_set_serial(config, words[pick(ARRAY_SIZE(words))], NULL),
				0);
}

static bool has_affinity(const struct vm_config *config)
{
	size_t i;

	for (i = 0; i < config->absent_count; i++)
		if (strcmp(config->absent[i].option->name, ABSENT_CPU_AFFINITY) == 0)
			return true;
	return false;
}

static void make_random(struct vm_config *config)
{
	static const char *const names[] = { "a", "vm1", "A_b-c.d", "123456789012345",
					     "_", ".",	 "help" };

	vm_config_init(config);
	config->name = strdup(names[pick(ARRAY_SIZE(names))]);
	config->memory_size = VM_MEMORY_UNIT << pick(20);
	config->memory_size += VM_MEMORY_UNIT * pick(1000);
	if (config->memory_size > VM_MEMORY_MAX)
		config->memory_size = VM_MEMORY_MAX;
	config->hugepage_size = pick(3) ? 0 : 2 * MIB;
	add_random_absent(config);
	set_random_serial(config);
	/* Beside --cpu_affinity only the number that it gives is right. */
	if (pick(2))
		config->vcpus = vm_config_vcpus(config) > 1 ? vm_config_vcpus(config) :
			has_affinity(config) ? 1 : 1 + pick(VM_VCPUS_MAX);
	config->iasl = pick(8) ? NULL : random_word();
	config->hypervisor = pick(2) ? random_word() : NULL;
	if (pick(2))
		config->kernel = random_word();
	else
		config->elf = random_word();
	config->ramdisk = pick(2) ? random_word() : NULL;
	config->bootargs = pick(3) == 0 ? strdup("") : pick(2) ? random_word() : NULL;
	config->debug_exit = pick(2);
	config->no_reboot = pick(2);
	add_random_devices(config);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_devices(const struct vm_config *a, const struct vm_config *b)
{
	size_t i;

	if (a->device_count != b->device_count)
		return false;
	for (i = 0; i < a->device_count; i++)
		if (!pci_slot_equal(a->devices[i].slot, b->devices[i].slot) ||
		    a->devices[i].class != b->devices[i].class ||
		    !same_text(a->devices[i].text, b->devices[i].text))
			return false;
	return true;
}

static bool same_absent(const struct vm_config *a, const struct vm_config *b)
{
	size_t i;

	if (a->absent_count != b->absent_count || !same_text(a->iasl, b->iasl))
		return false;
	for (i = 0; i < a->absent_count; i++)
		if (a->absent[i].option != b->absent[i].option ||
		    !same_text(a->absent[i].value, b->absent[i].value))
			return false;
	for (i = 0; i < SERIAL_PORTS; i++)
		if (!same_text(a->serial[i], b->serial[i]))
			return false;
	return true;
}

static bool same_config(const struct vm_config *a, const struct vm_config *b)
{
	return same_text(a->name, b->name) && a->memory_size == b->memory_size &&
	       a->hugepage_size == b->hugepage_size && a->vcpus == b->vcpus &&
	       same_text(a->hypervisor, b->hypervisor) && a->com1 == b->com1 &&
	       same_text(a->kernel, b->kernel) && same_text(a->ramdisk, b->ramdisk) &&
	       same_text(a->bootargs, b->bootargs) && same_text(a->elf, b->elf) &&
	       a->debug_exit == b->debug_exit && a->no_reboot == b->no_reboot &&
	       same_devices(a, b) && same_absent(a, b);
}

static void test_round_trip(void)
{
	struct vm_config config, again;
	unsigned int i, devices = 0, absent = 0;
	enum command command;
	struct error err;
	char **argv;

	for (i = 0; i < 3000; i++) {
		make_random(&config);
		devices += (unsigned int)config.device_count;
		absent += (unsigned int)config.absent_count;
		CU_ASSERT_EQUAL(vm_config_validate(&config, &err), 0);
		argv = vm_config_argv(&config);
		CU_ASSERT_PTR_NOT_NULL_FATAL(argv);
		CU_ASSERT_EQUAL(parse(argv, &again, &command, &err), 0);
		CU_ASSERT_EQUAL(command, COMMAND_RUN);
		CU_ASSERT(same_config(&config, &again));
		CU_ASSERT_EQUAL(vm_config_validate(&again, &err), 0);
		vm_config_fini(&again);
		vm_config_fini(&config);
		free(argv);
	}
	CU_ASSERT(devices > 3000);
	CU_ASSERT(absent > 3000);
}

static const struct unit_test tests[] = {
	{ "commands", test_commands },
	{ "forms", test_forms },
	{ "again after a failure", test_again_after_failure },
	{ "round trip", test_round_trip },
};

UNIT_MAIN("command line", tests)
