/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzer for the loaders. The input is not an image but what to do to a good one, so that no corpus
 * is needed to get beyond the first check: a kind, options, a length, and then patches.
 *
 * Found are: writes outside of RAM (guard pages), accesses that the sanitizers see, images that
 * overwrite the ACPI tables, and loads that succeed with a processor state outside of RAM.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devicemodel/boot/boot.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "lib/util.h"
#include "tests/unit/fake_images.h"
#include "tests/unit/guarded_memory.h"

#define LOW (18 * MIB)
#define HIGH (1 * MIB)
#define RSDP UINT64_C(0xe0000)

#define OPTION_RAMDISK_BIT 0
#define OPTION_BOOTARGS_BIT 1
#define OPTION_ELF_BIT 2
#define OPTION_HUGE_RAMDISK_BIT 3

#define HUGE_RAMDISK_SIZE (64 * MIB) /* never fits, so nobody reads it */

/* Half of all patches go to where the fields are. */
#define PATCH_HEADER_BIT 15
#define HEADER_SIZE 0x180
#define LINUX_HEADER 0x1f0

struct patch {
	uint16_t offset;
	uint8_t size; /* bytes less 1, its low 3 bits */
	uint64_t value;
} __attribute__((packed));

struct recipe {
	uint8_t kind; /* FAKE_IMAGE_KINDS and above: the patches' bytes are the file */
	uint8_t options;
	uint16_t cut; /* bytes that the file lacks at its end */
	struct patch patches[];
} __attribute__((packed));

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t patch_offset(const struct patch *patch, unsigned int kind)
{
	if (patch->offset & 1 << PATCH_HEADER_BIT)
		return (kind == FAKE_LINUX ? LINUX_HEADER : 0) + patch->offset % HEADER_SIZE;
	return patch->offset % (FAKE_IMAGE_SIZE - sizeof(patch->value));
}

/* The file that the recipe makes. Returns its size. */
static size_t cook(const struct recipe *recipe, size_t size, uint8_t file[FAKE_IMAGE_SIZE])
{
	size_t i, rest = size - sizeof(*recipe);

	memset(file, 0, FAKE_IMAGE_SIZE);
	if (recipe->kind >= FAKE_IMAGE_KINDS) {
		if (rest > FAKE_IMAGE_SIZE)
			rest = FAKE_IMAGE_SIZE;
		memcpy(file, recipe->patches, rest);
		return rest;
	}
	fake_image_make(recipe->kind, file);
	for (i = 0; i < rest / sizeof(recipe->patches[0]); i++) {
		memcpy(file + patch_offset(&recipe->patches[i], recipe->kind),
		       &recipe->patches[i].value, (recipe->patches[i].size & 7) + 1);
	}
	return FAKE_IMAGE_SIZE - recipe->cut % FAKE_IMAGE_SIZE;
}

/* The paths are those of descriptors, which stay the same from one input to the next. */
static void write_file(int fd, const uint8_t *file, size_t size)
{
	if (ftruncate(fd, 0) < 0 || pwrite(fd, file, size, 0) != (ssize_t)size)
		abort();
}

static void check_start(const struct guest_memory *memory, const struct hv_vcpu_start *start)
{
	if (!memory_ram(memory, start->rip, 1) || start->rip >= MEMORY_HIGH_BASE ||
	    !memory_ram(memory, start->gdt_base, (uint64_t)start->gdt_limit + 1) ||
	    !memory_ram(memory, start->rsi, 1) || !memory_ram(memory, start->rbx, 1) ||
	    !memory_ram(memory, start->cr3, 4096))
		abort();
}

static void load(const struct boot_params *params, struct guest_memory *memory)
{
	struct hv_vcpu_start start = { 0 };
	struct error err = { "" };
	struct boot *boot;
	int ret;

	memory_clear(memory);
	guarded_memory_mark_acpi(memory);
	ret = boot_open(params, &boot, &err);
	if (ret == 0) {
		ret = boot_load(boot, memory, RSDP, &start, &err);
		if (ret == 0)
			check_start(memory, &start);
		boot_free(boot);
	}
	if (!guarded_memory_acpi_is_intact(memory))
		abort();
	if (ret > 0 || (ret < 0) != (err.text[0] != '\0'))
		abort();
}

/* What is made once for all inputs. */
struct bench {
	struct guest_memory *memory;
	char image_path[32], huge_path[32];
	int image_fd;
};

static void bench_init(struct bench *bench)
{
	int huge_fd = memfd_create("fuzz-ramdisk", MFD_CLOEXEC);

	if (ftruncate(huge_fd, HUGE_RAMDISK_SIZE) < 0)
		abort();
	bench->memory = guarded_memory_new(LOW, HIGH);
	bench->image_fd = memfd_create("fuzz-image", MFD_CLOEXEC);
	snprintf(bench->image_path, sizeof(bench->image_path), "/proc/self/fd/%d", bench->image_fd);
	snprintf(bench->huge_path, sizeof(bench->huge_path), "/proc/self/fd/%d", huge_fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bench bench;
	const struct recipe *recipe = (const void *)data;
	struct boot_params params = { 0 };
	uint8_t file[FAKE_IMAGE_SIZE];

	if (size < sizeof(*recipe))
		return 0;
	if (!bench.memory)
		bench_init(&bench);
	write_file(bench.image_fd, file, cook(recipe, size, file));
	*(recipe->options & 1 << OPTION_ELF_BIT ? &params.elf : &params.kernel) = bench.image_path;
	if (recipe->options & 1 << OPTION_RAMDISK_BIT)
		params.ramdisk = bench.image_path;
	if (recipe->options & 1 << OPTION_HUGE_RAMDISK_BIT)
		params.ramdisk = bench.huge_path;
	if (recipe->options & 1 << OPTION_BOOTARGS_BIT)
		params.bootargs = "one two three";
	load(&params, bench.memory);
	return 0;
}
