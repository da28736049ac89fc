/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory between guard pages, and images from memory. */
#include "tests/unit/guarded_memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devicemodel/boot/acpi.h"
#include "lib/fds.h"

#define GUARD_BYTES UINT64_C(65536)
#define ACPI_PATTERN 0xa5

struct guarded_range {
	char *map; /* with the guards */
	uint64_t size;
};

struct guest_memory {
	struct guarded_range low, high;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void range_init(struct guarded_range *range, uint64_t size)
{
	range->size = size;
	range->map = mmap(NULL, size + 2 * GUARD_BYTES, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (range->map == MAP_FAILED)
		die("mmap");
	if (size && mprotect(range->map + GUARD_BYTES, size, PROT_READ | PROT_WRITE) < 0)
		die("mprotect");
}

struct guest_memory *guarded_memory_new(uint64_t low_size, uint64_t high_size)
{
	struct guest_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		die("calloc");
	range_init(&memory->low, low_size);
	range_init(&memory->high, high_size);
	return memory;
}

void guarded_memory_free(struct guest_memory *memory)
{
	munmap(memory->low.map, memory->low.size + 2 * GUARD_BYTES);
	munmap(memory->high.map, memory->high.size + 2 * GUARD_BYTES);
	free(memory);
}

uint64_t memory_size(const struct guest_memory *memory)
{
	return memory->low.size + memory->high.size;
}

uint64_t memory_low_size(const struct guest_memory *memory)
{
	return memory->low.size;
}

uint64_t memory_high_end(const struct guest_memory *memory)
{
	return MEMORY_HIGH_BASE + memory->high.size;
}

void *memory_ram(const struct guest_memory *memory, uint64_t gpa, uint64_t length)
{
	const struct guarded_range *range = &memory->low;

	if (gpa >= MEMORY_HIGH_BASE) {
		range = &memory->high;
		gpa -= MEMORY_HIGH_BASE;
	}
	if (gpa > range->size || length > range->size - gpa)
		return NULL;
	return range->map + GUARD_BYTES + gpa;
}

int memory_write(struct guest_memory *memory, uint64_t gpa, const void *data, uint64_t length)
{
	void *ram = memory_ram(memory, gpa, length);

	if (!ram)
		return -EFAULT;
	memcpy(ram, data, length);
	return 0;
}

void memory_clear(struct guest_memory *memory)
{
	/* Anonymous pages that are given back read as zeros. */
	madvise(memory->low.map + GUARD_BYTES, memory->low.size, MADV_DONTNEED);
	if (memory->high.size)
		madvise(memory->high.map + GUARD_BYTES, memory->high.size, MADV_DONTNEED);
}

void guarded_memory_mark_acpi(struct guest_memory *memory)
{
	void *area = memory_ram(memory, MACHINE_BIOS_BASE, ACPI_AREA_END - MACHINE_BIOS_BASE);

	if (area)
		memset(area, ACPI_PATTERN, ACPI_AREA_END - MACHINE_BIOS_BASE);
}

bool guarded_memory_acpi_is_intact(const struct guest_memory *memory)
{
	const uint8_t *area = memory_ram(memory, MACHINE_BIOS_BASE,
					 ACPI_AREA_END - MACHINE_BIOS_BASE);
	uint64_t i;

	for (i = 0; area && i < ACPI_AREA_END - MACHINE_BIOS_BASE; i++)
		if (area[i] != ACPI_PATTERN)
			return false;
	return true;
}

bool guarded_memory_is_zero(const struct guest_memory *memory, uint64_t gpa, uint64_t length)
{
	const char *ram = memory_ram(memory, gpa, length);

	return ram && (length == 0 || (ram[0] == 0 && memcmp(ram, ram + 1, length - 1) == 0));
}

void test_image_init(struct image *image, const void *data, size_t size)
{
	struct error err = { "" };
	char path[64];
	int fd;

	fd = memfd_create("test-image", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, data, size, 0) < 0)
		die("memfd");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (image_init(image, path, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	close(fd);
}
