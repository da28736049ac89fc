/* SPDX-License-Identifier: BSD-3-Clause */
/* Command lines: what each thing in a plan becomes, in which order, and what is refused. */
#include "launch_scripts/launch_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/slots.h"
#include "lib/util.h"
#include "tests/unit/plan_fixture.h"
#include "tests/unit/unit.h"

/* As launch_command_print() has it; to be freed. */
static char *command_text(const struct launch_command *command)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	launch_command_print(command, out);
	fclose(out);
	return text;
}

static void prepare(struct plan *plan)
{
	struct problems problems = { 0 };

	CU_ASSERT_EQUAL_FATAL(plan_resolve(plan), 0);
	CU_ASSERT_EQUAL_FATAL(place_slots(plan, &problems), 0);
	CU_ASSERT_EQUAL(problems.count, 0);
}

static void expect_line(struct plan *plan, size_t vm, enum launch_target target, const char *line)
{
	struct launch_command command;
	struct error err = { "" };
	char *text;

	prepare(plan);
	if (launch_command_make(plan, &plan->vms[vm], target, &command, &err) < 0) {
		fprintf(stderr, "# %s\n", err.text);
		CU_FAIL("it is refused");
		return;
	}
	text = command_text(&command);
	if (strcmp(text, line) != 0)
		fprintf(stderr, "# %s# %s", text, line);
	CU_ASSERT_STRING_EQUAL(text, line);
	free(text);
	launch_command_fini(&command);
}

static void expect_refusal(struct plan *plan, size_t vm, enum launch_target target,
			   const char *words)
{
	struct launch_command command = { NULL, 7 };
	struct error err = { "" };

	prepare(plan);
	CU_ASSERT_EQUAL(launch_command_make(plan, &plan->vms[vm], target, &command, &err), -EINVAL);
	if (!strstr(err.text, words))
		fprintf(stderr, "# %s\n", err.text);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
	CU_ASSERT_EQUAL(command.count, 7);
}

static void test_least(void)
{
	struct plan plan = { 0 };

	plan_put_pair(&plan);
	expect_line(&plan, 1, LAUNCH_ACRN,
		    "acrn-dm -m 256M --ovmf /usr/share/acrn/bios/OVMF.fd -s 1:0,lpc "
		    "-s 0:0,hostbridge -s 3:0,ivshmem,dm:/shm,2 "
		    "--logger_setting 'console,level=4;kmsg,level=3;disk,level=5' a\n");
	plan_fini(&plan);
}

/* Each VM has its own slot and function, and both have the region's name, size, id and vectors. */
static void test_pair(void)
{
	struct plan plan = { 0 };
	struct plan_region *region;
	size_t i;

	plan_put_vm(&plan, "a", PLAN_POST_LAUNCHED_VM, 1);
	plan_put_vm(&plan, "b", PLAN_POST_LAUNCHED_VM, 2);
	region = plan_put_region(&plan, "hv", IVSHMEM_LAND_HV, 3);
	plan_put_user(region, "a", "8:0", 4);
	plan_put_user(region, "b", "9:0", 5);
	region = plan_put_region(&plan, "dm", IVSHMEM_LAND_DM, 6);
	plan_put_user(region, "b", "10:0", 7);
	plan_put_user(region, "a", "8:1", 8);
	region->size_mb = 16;
	region->has_id = true;
	region->id = 0x1000;
	region->vectors = 2;
	for (i = 0; i < 2; i++)
		plan.vms[i].ovmf = false;
	plan_vm_add_parameter(&plan.vms[0], "-k");
	plan_vm_add_parameter(&plan.vms[0], "vm linuz");
	plan_vm_add_parameter(&plan.vms[1], "-E");
	plan_vm_add_parameter(&plan.vms[1], "b.elf");
	expect_line(&plan, 0, LAUNCH_ACRN,
		    "acrn-dm -m 256M -s 1:0,lpc -s 0:0,hostbridge "
		    "-s 8:1,ivshmem,dm:/dm,16,4096,vectors=2 -s 8:0,ivshmem,hv:/hv,2 "
		    "--logger_setting 'console,level=4;kmsg,level=3;disk,level=5' "
		    "-k 'vm linuz' a\n");
	expect_line(&plan, 1, LAUNCH_ACRN,
		    "acrn-dm -m 256M -s 1:0,lpc -s 0:0,hostbridge "
		    "-s 10:0,ivshmem,dm:/dm,16,4096,vectors=2 -s 9:0,ivshmem,hv:/hv,2 "
		    "--logger_setting 'console,level=4;kmsg,level=3;disk,level=5' "
		    "-E b.elf b\n");
	plan_fini(&plan);
}

static void put_image(struct plan_vm *vm, const char *partition, const char *image)
{
	struct plan_device *device = plan_put_device(vm, PLAN_VIRTIO_BLK, NULL, NULL, 1);

	device->host_name = partition ? strdup(partition) : NULL;
	device->image = image ? strdup(image) : NULL;
}

static void test_everything(void)
{
	struct plan plan = { 0 };
	struct plan_device *device;
	struct plan_vm *vm;

	plan_put_board(&plan, 8, 0);
	plan_put_pair(&plan);
	vm = &plan.vms[2];
	vm->windows = true;
	vm->com1_stdio = true;
	plan_vm_add_cpu(vm, 5);
	plan_vm_add_cpu(vm, 2);
	plan_put_device(vm, PLAN_UART, "vuart_idx:1", "4:0", 1);
	plan_put_device(vm, PLAN_XHCI, "1-2,2-2", NULL, 1);
	device = plan_put_device(vm, PLAN_VIRTIO_INPUT, "id:7", NULL, 1);
	device->host_name = strdup("Some Keyboard");
	plan_put_device(vm, PLAN_VIRTIO_INPUT, "/dev/input/event3", NULL, 1);
	plan_put_device(vm, PLAN_VIRTIO_CONSOLE, "@stdio:stdio_port", NULL, 1);
	device = plan_put_device(vm, PLAN_VIRTIO_NET, "tap=tap_b,vhost", NULL, 1);
	device->host_name = strdup("tap_b");
	plan_put_device(vm, PLAN_VIRTIO_NET, "tap=tap_c,mac=00:16:3e:00:00:01", NULL, 1);
	put_image(vm, NULL, "b.img");
	put_image(vm, "/dev/sda3", "images/b.img");
	plan_put_device(vm, PLAN_VIRTIO_GPU, "geometry=fullscreen:0", NULL, 1);
	plan_put_device(vm, PLAN_VHOST_VSOCK, "cid=5", NULL, 1);
	device = plan_put_device(vm, PLAN_PASSTHROUGH, "enable_ptm", NULL, 1);
	device->host_slot = (struct pci_slot){ 0xab, 0x1f, 6 };
	expect_line(&plan, 2, LAUNCH_ACRN,
		    "acrn-dm --windows --cpu_affinity 4,10 -m 256M "
		    "--ovmf /usr/share/acrn/bios/OVMF.fd -s 1:0,lpc -l com1,stdio "
		    "-s 0:0,hostbridge -s 3:0,ivshmem,dm:/shm,2 -s 4:0,uart,vuart_idx:1 "
		    "-s 5:0,xhci,1-2,2-2 -s '6:0,virtio-input,<event node of Some Keyboard>,id:7' "
		    "-s 7:0,virtio-input,/dev/input/event3 "
		    "-s 8:0,virtio-console,@stdio:stdio_port "
		    "-s '9:0,virtio-net,tap=tap_b,vhost,mac_seed=<MAC address of the host>-b' "
		    "-s 10:0,virtio-net,tap=tap_c,mac=00:16:3e:00:00:01 "
		    "-s 11:0,virtio-blk,b.img "
		    "-s '12:0,virtio-blk,<mount point of /dev/sda3>/images/b.img' "
		    "-s 13:0,virtio-gpu,geometry=fullscreen:0 -s 14:0,vhost-vsock,cid=5 "
		    "-s 15:0,passthru,ab/1f/6,enable_ptm "
		    "--logger_setting 'console,level=4;kmsg,level=3;disk,level=5' "
		    "--intr_monitor 10000,10,1,100 b\n");
	plan_fini(&plan);
}

static void test_real_time(void)
{
	struct plan plan = { 0 };
	struct plan_device *device;
	struct plan_vm *vm;

	plan_put_board(&plan, 8, 0);
	plan_put_pair(&plan);
	plan.ssram = true;
	vm = &plan.vms[1];
	vm->type = PLAN_RTVM;
	vm->lapic_passthrough = true;
	vm->own_cpus = true;
	plan_vm_add_cpu(vm, 3);
	plan_put_device(vm, PLAN_VIRTIO_CONSOLE, "@stdio:stdio_port", NULL, 1);
	device = plan_put_device(vm, PLAN_PASSTHROUGH, NULL, "2", 1);
	device->host_slot = (struct pci_slot){ 0, 2, 0 };
	expect_line(&plan, 1, LAUNCH_ACRN,
		    "acrn-dm --cpu_affinity 6 -m 256M --ovmf /usr/share/acrn/bios/OVMF.fd "
		    "-s 0:0,hostbridge -s 3:0,ivshmem,dm:/shm,2 --virtio_poll 1000000 "
		    "-s 4:0,virtio-console,@stdio:stdio_port -s 2:0,passthru,00/02/0 "
		    "--rtvm --lapic_pt "
		    "--logger_setting 'console,level=4;kmsg,level=3;disk,level=5' a\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(launch_command_left_out(&plan, vm, LAUNCH_ACRN), "--ssram"));
	CU_ASSERT_PTR_NULL(launch_command_left_out(&plan, &plan.vms[2], LAUNCH_ACRN));
	plan_vm_add_parameter(vm, "--ssram");
	CU_ASSERT_PTR_NULL(launch_command_left_out(&plan, vm, LAUNCH_ACRN));
	plan_fini(&plan);
}

static void test_kvm(void)
{
	struct plan plan = { 0 };
	struct plan_vm *vm;

	plan_put_pair(&plan);
	vm = &plan.vms[1];
	vm->ovmf = false;
	vm->com1_stdio = true;
	plan_vm_add_cpu(vm, 5);
	plan_vm_add_cpu(vm, 2);
	plan_vm_add_parameter(vm, "-E");
	plan_vm_add_parameter(vm, "pair.elf");
	expect_line(&plan, 1, LAUNCH_KVM,
		    "acrn-dm --hypervisor kvm --cpus 2 -m 256M -s 1:0,lpc -l com1,stdio "
		    "-s 0:0,hostbridge -s 3:0,ivshmem,dm:/shm,2 -E pair.elf a\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(launch_command_left_out(&plan, vm, LAUNCH_KVM), "taskset"));
	expect_refusal(&plan, 2, LAUNCH_KVM, "--ovmf");
	plan.vms[2].ovmf = false;
	expect_refusal(&plan, 2, LAUNCH_KVM, "nothing to boot: give -k KERNEL");
	expect_refusal(&plan, 2, LAUNCH_ACRN, "nothing to boot: use the virtual boot loader, or");
	plan_vm_add_parameter(vm, "--rtvm");
	expect_refusal(&plan, 1, LAUNCH_KVM, "--rtvm");
	plan_fini(&plan);
}

/* What a scenario says in words of its own is judged by who has to understand it. */
static void test_parameters(void)
{
	static const struct {
		const char *first, *second; /* NULL: only one */
		const char *words;
	} rows[] = {
		{ "--no-such-thing", NULL, "--no-such-thing" },
		{ "other_name", NULL, "one VM name is allowed" },
		{ "-B", NULL, "takes the VM's name for its value" },
		{ "--help", NULL, "print something and end" },
		{ "--dump-config", NULL, "print something and end" },
		{ "-s", "3,virtio-rnd", "occupied" },
		{ "-s", "8:2,virtio-rnd", "function 0 is empty" },
		{ "-s", "9,ivshmem,dm:/shm,2", "the same name" },
		{ "-s", "9,ivshmem,dm:/shm", "no size given" },
		{ "-m", "3M", "-m 3M" },
	};
	struct plan plan;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		plan = (struct plan){ 0 };
		plan_put_pair(&plan);
		plan_vm_add_parameter(&plan.vms[1], rows[i].first);
		if (rows[i].second)
			plan_vm_add_parameter(&plan.vms[1], rows[i].second);
		expect_refusal(&plan, 1, LAUNCH_ACRN, rows[i].words);
		plan_fini(&plan);
	}
}

static const struct launch_word *find_word(const struct launch_command *command, const char *start)
{
	size_t i;

	for (i = 0; i < command->count; i++)
		if (strncmp(command->words[i].text, start, strlen(start)) == 0)
			return &command->words[i];
	return NULL;
}

static void test_code(void)
{
	static const struct {
		const char *start, *text;
	} rows[] = {
		{ "3:0,", "3:0,ivshmem,dm:/shm,2" },
		{ "4:0,", "4:0,virtio-input,\"$event_0\",id:7" },
		{ "5:0,", "5:0,virtio-blk,\"$mount_1\"'/it'\\''s; $(mine).img'" },
		{ "6:0,", "6:0,virtio-net,tap=t,mac_seed=\"$mac\"-a" },
		{ "7:0,", "7:0,virtio-blk,$(plain).img" },
	};
	struct launch_command command;
	const struct launch_word *word;
	char name[LAUNCH_VARIABLE_MAX];
	struct plan plan = { 0 };
	struct plan_device *device;
	struct plan_vm *vm;
	size_t i;

	plan_put_pair(&plan);
	vm = &plan.vms[1];
	device = plan_put_device(vm, PLAN_VIRTIO_INPUT, "id:7", NULL, 1);
	device->host_name = strdup("$(reboot)");
	put_image(vm, "/dev/sda3", "it's; $(mine).img");
	device = plan_put_device(vm, PLAN_VIRTIO_NET, NULL, NULL, 1);
	device->host_name = strdup("t");
	put_image(vm, NULL, "$(plain).img");
	prepare(&plan);
	CU_ASSERT_EQUAL_FATAL(launch_command_make(&plan, vm, LAUNCH_ACRN, &command, NULL), 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		word = find_word(&command, rows[i].start);
		CU_ASSERT_PTR_NOT_NULL_FATAL(word);
		CU_ASSERT_STRING_EQUAL(word->text, rows[i].text);
		CU_ASSERT_EQUAL(word->is_code, strchr(word->text, '"') != NULL);
		CU_ASSERT_EQUAL(word->placeholder != NULL, word->is_code);
	}
	CU_ASSERT_TRUE(launch_device_variable(vm, &vm->devices[1], name));
	CU_ASSERT_STRING_EQUAL(name, "mount_1");
	CU_ASSERT_FALSE(launch_device_variable(vm, &vm->devices[3], name));
	launch_command_fini(&command);
	plan_fini(&plan);
}

static const struct unit_test tests[] = {
	{ "a VM with next to nothing", test_least },
	{ "a pair with a region of each land", test_pair },
	{ "everything, in its order", test_everything },
	{ "a real-time VM", test_real_time },
	{ "a VM on KVM", test_kvm },
	{ "further parameters are judged by acrn-dm's own parser", test_parameters },
	{ "what only the host knows is code, all else is quoted", test_code },
};

UNIT_MAIN("launch_command", tests)
