/* SPDX-License-Identifier: BSD-3-Clause */
/* From options to a loaded guest: which loader gets the file, and loading again after a reset. */
#include "devicemodel/boot/boot.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devicemodel/hypervisor/hypervisor.h"
#include "lib/fds.h"
#include "lib/util.h"
#include "tests/unit/fake_images.h"
#include "tests/unit/guarded_memory.h"
#include "tests/unit/unit.h"

#define LOW (32 * MIB)
#define RSDP UINT64_C(0xe0000)

/* The files of all tests; made before the first, removed after the last. */
static char directory[] = "/tmp/test_boot.XXXXXX";
static char linux_path[64], multiboot_path[64], pvh_path[64], elf_path[64], text_path[64],
	missing_path[64];

static void write_file(const char *path, const void *data)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || fd_write_all(fd, data, FAKE_IMAGE_SIZE, 0) < 0) {
		perror(path);
		exit(1);
	}
	close(fd);
}

static void make_files(void)
{
	static uint8_t file[FAKE_IMAGE_SIZE];

	if (!mkdtemp(directory)) {
		perror(directory);
		exit(1);
	}
	snprintf(linux_path, sizeof(linux_path), "%s/bzImage", directory);
	snprintf(multiboot_path, sizeof(multiboot_path), "%s/multiboot", directory);
	snprintf(pvh_path, sizeof(pvh_path), "%s/pvh", directory);
	snprintf(elf_path, sizeof(elf_path), "%s/elf", directory);
	snprintf(text_path, sizeof(text_path), "%s/text", directory);
	snprintf(missing_path, sizeof(missing_path), "%s/missing", directory);
	fake_image_make(FAKE_LINUX, file);
	write_file(linux_path, file);
	fake_image_make(FAKE_MULTIBOOT_ELF, file);
	write_file(multiboot_path, file);
	fake_image_make(FAKE_PVH, file);
	write_file(pvh_path, file);
	fake_image_make(FAKE_ELF32, file);
	write_file(elf_path, file);
	memset(file, 'x', sizeof(file));
	write_file(text_path, file);
}

static void remove_files(void)
{
	unlink(linux_path);
	unlink(multiboot_path);
	unlink(pvh_path);
	unlink(elf_path);
	unlink(text_path);
	rmdir(directory);
}

static void test_kinds(void)
{
	static const struct {
		const char *path;
		bool by_elf_option;
		bool long_mode;
		uint64_t rip, rax;
	} cases[] = {
		{ linux_path, false, true, 0x1000200, 0 },
		{ multiboot_path, false, false, MIB, 0x2badb002 },
		{ multiboot_path, true, false, MIB, 0x2badb002 },
		{ pvh_path, false, false, MIB + 0x10, 0 },
		{ pvh_path, true, false, MIB + 0x10, 0 },
		{ elf_path, false, false, MIB, 0 },
		{ elf_path, true, false, MIB, 0 },
	};
	struct guest_memory *memory = guarded_memory_new(LOW, 0);
	struct boot_params params;
	struct hv_vcpu_start start;
	struct error err;
	struct boot *boot;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		params = (struct boot_params){ 0 };
		*(cases[i].by_elf_option ? &params.elf : &params.kernel) = cases[i].path;
		CU_ASSERT_EQUAL_FATAL(boot_open(&params, &boot, &err), 0);
		CU_ASSERT_EQUAL_FATAL(boot_load(boot, memory, RSDP, &start, &err), 0);
		CU_ASSERT_EQUAL(start.long_mode, cases[i].long_mode);
		CU_ASSERT_EQUAL(start.rip, cases[i].rip);
		CU_ASSERT_EQUAL(start.rax, cases[i].rax);
		CU_ASSERT(!start.waits_for_sipi);
		boot_free(boot);
		memory_clear(memory);
	}
	guarded_memory_free(memory);
}

static void test_refusals(void)
{
	static const struct {
		struct boot_params params;
		int result;
		const char *message;
	} cases[] = {
		{ { 0 }, -EINVAL, "give a kernel with -k or an ELF image with -E" },
		{ { .ramdisk = text_path, .bootargs = "x" }, -EINVAL, "nothing to boot" },
		{ { .kernel = linux_path, .elf = elf_path }, -EINVAL, "give only one of them" },
		{ { .kernel = missing_path }, -ENOENT, "missing: cannot open" },
		{ { .elf = missing_path }, -ENOENT, "missing: cannot open" },
		{ { .kernel = directory }, -EINVAL, "is a directory" },
		{ { .kernel = text_path }, -EINVAL, "neither a Linux bzImage nor a multiboot" },
		{ { .elf = text_path }, -EINVAL, "text: is neither a multiboot nor an ELF file" },
		{ { .elf = linux_path }, -EINVAL, "give it with -k instead of -E" },
		{ { .kernel = linux_path, .ramdisk = missing_path }, -ENOENT, "missing: cannot" },
		{ { .kernel = linux_path, .ramdisk = directory }, -EINVAL, "is a directory" },
		{ { .elf = elf_path, .ramdisk = text_path }, -EINVAL, "takes no ramdisk: drop -r" },
	};
	struct boot *boot = NULL;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		err.text[0] = '\0';
		CU_ASSERT_EQUAL(boot_open(&cases[i].params, &boot, &err), cases[i].result);
		CU_ASSERT_PTR_NULL(boot);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].message));
	}
	boot_free(NULL);
}

/* The options may be gone by the time of the load, and the files replaced by others. */
static void test_reload(void)
{
	char kernel[64], ramdisk[64], bootargs[] = "first";
	const struct boot_params params = { kernel, ramdisk, bootargs, NULL };
	struct guest_memory *memory = guarded_memory_new(LOW, 0);
	struct hv_vcpu_start start, again;
	char *before = malloc(LOW);
	struct error err = { "" };
	struct boot *boot;

	CU_ASSERT_PTR_NOT_NULL_FATAL(before);
	strcpy(kernel, linux_path);
	strcpy(ramdisk, text_path);
	CU_ASSERT_EQUAL_FATAL(boot_open(&params, &boot, &err), 0);
	memset(kernel, 0, sizeof(kernel));
	memset(ramdisk, 0, sizeof(ramdisk));
	memset(bootargs, 'z', sizeof(bootargs) - 1);
	CU_ASSERT_EQUAL(boot_load(boot, memory, RSDP, &start, &err), 0);
	memcpy(before, memory_ram(memory, 0, LOW), LOW);
	CU_ASSERT_PTR_NOT_NULL(memmem(before, LOW, "first", 6));
	remove_files();
	memory_clear(memory);
	CU_ASSERT_EQUAL(boot_load(boot, memory, RSDP, &again, &err), 0);
	CU_ASSERT_EQUAL(memcmp(before, memory_ram(memory, 0, LOW), LOW), 0);
	CU_ASSERT_EQUAL(start.rip, again.rip);
	CU_ASSERT_EQUAL(start.rsi, again.rsi);
	boot_free(boot);
	free(before);
	guarded_memory_free(memory);
}

static const struct unit_test tests[] = {
	{ "each kind gets its loader", test_kinds },
	{ "what cannot be booted is refused", test_refusals },
	{ "a reset loads the same again", test_reload }, /* removes the files */
};

int main(void)
{
	int status;

	make_files();
	status = unit_run("boot", tests, ARRAY_SIZE(tests));
	remove_files();
	return status;
}
