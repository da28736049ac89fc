/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of start scripts. What they do when they run is for tests/functional/launch.sh. */
#include "launch_scripts/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

/* Two VMs on two regions, with different slots; everything else is up to the test. */
struct fixture {
	struct plan plan;
	struct plan_vm *left, *right;
};

static struct plan_slot slot(uint8_t device, uint8_t function)
{
	return (struct plan_slot){ .given = true,
				   .placed = true,
				   .slot = { .device = device, .function = function } };
}

static void add_user(struct plan_region *region, const char *vm, uint8_t device, uint8_t function)
{
	struct plan_region_user *user = plan_region_add_user(region);

	CU_ASSERT_PTR_NOT_NULL_FATAL(user);
	user->vm_name = strdup(vm);
	user->slot = slot(device, function);
}

static void add_vm(struct plan *plan, unsigned int id, const char *name)
{
	struct plan_vm *vm = plan_add_vm(plan);

	CU_ASSERT_PTR_NOT_NULL_FATAL(vm);
	vm->id = id;
	vm->number = id;
	vm->name = strdup(name);
	vm->load_order = PLAN_POST_LAUNCHED_VM;
	vm->memory_mb = 256;
	vm->com1_stdio = true;
	vm->ovmf = true;
}

static struct plan_device *add_device(struct plan_vm *vm, enum plan_device_kind kind,
				      uint8_t device, const char *host_name, const char *image)
{
	struct plan_device *added = plan_vm_add_device(vm);

	CU_ASSERT_PTR_NOT_NULL_FATAL(added);
	added->kind = kind;
	added->slot = slot(device, 0);
	added->host_name = host_name ? strdup(host_name) : NULL;
	added->image = image ? strdup(image) : NULL;
	return added;
}

static void add_cpus(struct fixture *f, size_t count)
{
	size_t i;

	f->plan.board.cpus = calloc(count, sizeof(*f->plan.board.cpus));
	CU_ASSERT_PTR_NOT_NULL_FATAL(f->plan.board.cpus);
	f->plan.board.cpu_count = count;
	for (i = 0; i < count; i++)
		f->plan.board.cpus[i] = (struct plan_cpu){ (unsigned int)i, 2 * (unsigned int)i };
}

static struct plan_region *add_region(struct plan *plan, const char *name)
{
	struct plan_region *region = plan_add_region(plan);

	CU_ASSERT_PTR_NOT_NULL_FATAL(region);
	region->name = strdup(name);
	region->size_mb = 2;
	return region;
}

static void begin(struct fixture *f)
{
	struct plan_region *region;

	*f = (struct fixture){ 0 };
	f->plan.scenario = strdup("shared");
	add_vm(&f->plan, 1, "LEFT");
	add_vm(&f->plan, 2, "RIGHT");
	region = add_region(&f->plan, "shm_a");
	region->has_id = true;
	region->id = 0x1000;
	add_user(region, "LEFT", 8, 1);
	add_user(region, "RIGHT", 10, 0);
	region = add_region(&f->plan, "shm_b");
	add_user(region, "LEFT", 8, 0);
	add_user(region, "RIGHT", 9, 0);
	CU_ASSERT_EQUAL_FATAL(plan_resolve(&f->plan), 0);
	f->left = &f->plan.vms[0];
	f->right = &f->plan.vms[1];
}

/* The script, to be freed by the caller; NULL: it was refused, with a line. */
static char *write_script(const struct fixture *f, const struct plan_vm *vm,
			  enum launch_target target)
{
	struct error err = { "" };
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	int ret;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	ret = script_write(&f->plan, vm, target, out, &err);
	CU_ASSERT_EQUAL(fclose(out), 0);
	if (ret == 0)
		return text;
	CU_ASSERT_EQUAL(ret, -EINVAL);
	CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
	CU_ASSERT_EQUAL(length, 0);
	free(text);
	return NULL;
}

/* How often @line is a line of its own, whatever tabs stand before it and backslash behind. */
static int count_lines(const char *text, const char *line)
{
	size_t length = strlen(line);
	const char *next;
	int count = 0;

	for (; *text; text = next) {
		text += strspn(text, "\t");
		next = text + strcspn(text, "\n");
		count += strncmp(text, line, length) == 0 &&
			 (text[length] == '\n' || strncmp(text + length, " \\\n", 3) == 0);
		next += *next == '\n';
	}
	return count;
}

static void expect_line(const char *text, const char *line)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL(count_lines(text, line), 1);
	if (count_lines(text, line) != 1)
		printf("# \"%s\" is %d times in:\n# %s\n", line, count_lines(text, line), text);
}

/* A shell that reads it and does nothing has nothing to say. */
static void expect_valid(const char *text)
{
	FILE *shell = popen("sh -n", "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(shell);
	fputs(text, shell);
	CU_ASSERT_EQUAL(pclose(shell), 0);
}

static void test_own_slots(void)
{
	struct fixture f;
	char *text;

	begin(&f);
	text = write_script(&f, f.left, LAUNCH_ACRN);
	expect_line(text, "-s 8:1,ivshmem,dm:/shm_a,2,4096");
	expect_line(text, "LEFT");
	expect_line(text, "need_file /usr/share/acrn/bios/OVMF.fd 'the firmware'");
	CU_ASSERT_EQUAL(strncmp(text, "#!/bin/sh\n", 10), 0);
	expect_line(text, "set -eu");
	expect_valid(text);
	free(text);
	text = write_script(&f, f.right, LAUNCH_ACRN);
	expect_line(text, "-s 10:0,ivshmem,dm:/shm_a,2,4096");
	expect_line(text, "RIGHT");
	CU_ASSERT_PTR_NULL(strstr(text, "8:1"));
	free(text);
	plan_fini(&f.plan);
}

/* Nothing to undo, nothing that only ACRN has. */
static void test_kvm(void)
{
	static const char *const foreign[] = { "acrn_hsm", "pci-stub", "cpu_affinity", "None",
					       "trap",	   "ssram",    "logger" };
	struct fixture f;
	size_t i;
	char *text;

	begin(&f);
	f.left->ovmf = false;
	CU_ASSERT_EQUAL(plan_vm_add_parameter(f.left, "-E"), 0);
	CU_ASSERT_EQUAL(plan_vm_add_parameter(f.left, "a.elf"), 0);
	add_cpus(&f, 4);
	f.left->own_cpus = true;
	f.plan.ssram = true;
	CU_ASSERT_EQUAL(plan_vm_add_cpu(f.left, 1), 0);
	CU_ASSERT_EQUAL(plan_vm_add_cpu(f.left, 2), 0);
	text = write_script(&f, f.left, LAUNCH_KVM);
	expect_line(text, "--cpus 2");
	expect_line(text, "exec \"$device_model\" \"$@\"");
	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		CU_ASSERT_PTR_NULL(strstr(text, foreign[i]));
	expect_valid(text);
	free(text);
	plan_fini(&f.plan);
}

static void test_parameters(void)
{
	static const char *const words[] = { "-k", "/boot/b z", "-B", "it's -k \"$HOME\" `id`",
					     "-r", "rd" };
	struct fixture f;
	size_t i;
	char *text;

	begin(&f);
	f.left->ovmf = false;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		CU_ASSERT_EQUAL(plan_vm_add_parameter(f.left, words[i]), 0);
	text = write_script(&f, f.left, LAUNCH_KVM);
	expect_line(text, "-k '/boot/b z'");
	expect_line(text, "-B 'it'\\''s -k \"$HOME\" `id`'");
	expect_line(text, "-r rd");
	expect_line(text, "need_file '/boot/b z' 'the kernel'");
	expect_line(text, "need_file rd 'the RAM disk'");
	expect_valid(text);
	free(text);
	/* What the device model does not take is found here, not when the VM is to start. */
	CU_ASSERT_EQUAL(plan_vm_add_parameter(f.left, "--no-such-option"), 0);
	CU_ASSERT_PTR_NULL(write_script(&f, f.left, LAUNCH_KVM));
	plan_fini(&f.plan);
}

/* Words that are the same are not fewer for that. */
static void test_repeated(void)
{
	struct fixture f;
	char *text;
	int i;

	begin(&f);
	f.left->windows = true;
	for (i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(plan_vm_add_parameter(f.left, "--acpidev_pt"), 0);
		CU_ASSERT_EQUAL(plan_vm_add_parameter(f.left, "MSFT0101"), 0);
	}
	text = write_script(&f, f.left, LAUNCH_ACRN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL(count_lines(text, "--acpidev_pt MSFT0101"), 2);
	/* What takes no value stands alone. */
	expect_line(text, "--windows");
	expect_line(text, "-m 256M");
	free(text);
	plan_fini(&f.plan);
}

/* Names are data, also in comments. */
static void test_names(void)
{
	struct fixture f;
	char *text;

	begin(&f);
	free(f.plan.scenario);
	f.plan.scenario = strdup("x\nrm -rf /\r\033[2J");
	text = write_script(&f, f.left, LAUNCH_ACRN);
	expect_line(text, "# Starts the virtual machine LEFT of the scenario x?rm -rf /??[2J.");
	free(text);
	free(f.plan.scenario);
	f.plan.scenario = NULL;
	text = write_script(&f, f.left, LAUNCH_ACRN);
	expect_line(text, "# Starts the virtual machine LEFT.");
	free(text);
	plan_fini(&f.plan);
}

static void test_cpus(void)
{
	struct fixture f;
	char *text;

	begin(&f);
	add_cpus(&f, 4);
	CU_ASSERT_EQUAL(plan_vm_add_cpu(f.left, 3), 0);
	CU_ASSERT_EQUAL(plan_vm_add_cpu(f.left, 1), 0);
	text = write_script(&f, f.left, LAUNCH_ACRN);
	expect_line(text, "--cpu_affinity 2,6");
	CU_ASSERT_PTR_NULL(strstr(text, "take_cpu"));
	free(text);

	f.left->own_cpus = true;
	text = write_script(&f, f.left, LAUNCH_ACRN);
	expect_line(text, "take_cpu 2");
	expect_line(text, "take_cpu 6");
	expect_line(text, "need_root");
	/* They cannot be given back. */
	expect_line(text, "exec \"$device_model\" \"$@\"");
	expect_valid(text);
	free(text);

	f.left->own_cpus = false;
	f.left->type = PLAN_RTVM;
	f.left->lapic_passthrough = true;
	f.plan.ssram = true;
	text = write_script(&f, f.left, LAUNCH_ACRN);
	expect_line(text, "take_cpu 2");
	expect_line(text, "--rtvm");
	CU_ASSERT_EQUAL(count_lines(text, "--ssram"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n# --ssram is left out"));
	free(text);

	f.left->type = PLAN_STANDARD_VM;
	f.plan.scheduler = strdup("SCHED_NOOP");
	text = write_script(&f, f.left, LAUNCH_ACRN);
	expect_line(text, "take_cpu 2");
	free(text);
	plan_fini(&f.plan);
}

static void test_preparation(void)
{
	struct plan_device *passed;
	struct fixture f;
	char *text;

	begin(&f);
	add_device(f.left, PLAN_VIRTIO_NET, 4, "tap0", NULL);
	add_device(f.left, PLAN_VIRTIO_BLK, 5, "/dev/sda 3", "the disk.img");
	add_device(f.left, PLAN_VIRTIO_BLK, 6, NULL, "/home/a.img");
	add_device(f.left, PLAN_VIRTIO_INPUT, 7, "A keyboard's", "usb-0000:00:14.0-1/input0");
	passed = add_device(f.left, PLAN_PASSTHROUGH, 12, NULL, NULL);
	passed->host_slot = (struct pci_slot){ 0x0a, 0x1f, 6 };
	text = write_script(&f, f.left, LAUNCH_ACRN);
	expect_line(text, "make_tap tap0");
	expect_line(text, "find_mac");
	expect_line(text, "mount_partition '/dev/sda 3'");
	expect_line(text, "mount_1=$mounted");
	expect_line(text, "need_file \"$mount_1\"/'the disk.img' 'the image of a disk'");
	expect_line(text, "need_file '/dev/sda 3' 'the partition with the image of a disk'");
	expect_line(text, "need_file /home/a.img 'the image of a disk'");
	expect_line(text, "find_input 'A keyboard'\\''s' usb-0000:00:14.0-1/input0");
	expect_line(text, "event_3=$event");
	expect_line(text, "need_device 0000:0a:1f.6");
	expect_line(text, "take_device 0000:0a:1f.6");
	expect_line(text, "-s 12:0,passthru,0a/1f/6");
	expect_line(text, "trap clean_up EXIT");
	expect_line(text, "run \"$device_model\" \"$@\"");
	expect_line(text, "give_devices_back");
	expect_line(text, "unmount_partitions");
	expect_line(text, "remove_taps");
	/* Nothing is changed before everything has been looked for. */
	CU_ASSERT(strstr(text, "\nneed_device 0000") < strstr(text, "\nfind_input 'A"));
	CU_ASSERT(strstr(text, "\nfind_input 'A") < strstr(text, "\nmake_tap tap0"));
	expect_valid(text);
	free(text);

	/* The other one has none of it. */
	text = write_script(&f, f.right, LAUNCH_ACRN);
	CU_ASSERT_PTR_NULL(strstr(text, "tap"));
	CU_ASSERT_PTR_NULL(strstr(text, "pci-stub"));
	free(text);
	plan_fini(&f.plan);
}

static void test_same_again(void)
{
	struct fixture f;
	char *first, *second;

	begin(&f);
	add_device(f.left, PLAN_VIRTIO_NET, 4, "tap0", NULL);
	first = write_script(&f, f.left, LAUNCH_ACRN);
	second = write_script(&f, f.left, LAUNCH_ACRN);
	CU_ASSERT_STRING_EQUAL(first, second);
	free(first);
	free(second);
	plan_fini(&f.plan);
}

static const struct unit_test tests[] = {
	{ "each VM's own slots", test_own_slots },
	{ "a script for KVM", test_kvm },
	{ "further parameters are words", test_parameters },
	{ "the same words twice", test_repeated },
	{ "names in comments", test_names },
	{ "CPUs", test_cpus },
	{ "preparation", test_preparation },
	{ "the same bytes again", test_same_again },
};

UNIT_MAIN("script", tests)
