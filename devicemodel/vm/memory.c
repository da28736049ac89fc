/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory: a memfd for RAM and a list of what the guest sees where. */
#include "devicemodel/vm/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/vm/io_bus.h"
#include "lib/fds.h"
#include "lib/log.h"
#include "lib/parse.h"
#include "lib/util.h"

#define PAGE_BYTES UINT64_C(4096)

struct memory_segment {
	uint64_t gpa, size;
	void *host;
	LIST_ENTRY(memory_segment) link;
};

struct guest_memory {
	struct io_bus *bus;
	int ram_fd;
	char *ram;
	uint64_t size, low_size;
	bool is_reserved; /* by hugetlbfs: pages that are given back may not be had again */
	LIST_HEAD(, memory_segment) segments; /* RAM's and devices' */
	const struct hv_ops *ops;
	struct hv_vm *vm; /* NULL while detached */
	struct log_limit clinging;
};

/* Huge pages are counted, not over-committed: say what there is, the reader can do the sum. */
static int ram_error(struct error *err, int code, uint64_t size, uint64_t hugepage_size)
{
	char size_word[SIZE_TEXT_MAX], page_word[SIZE_TEXT_MAX];

	size_text(size, size_word);
	if (!hugepage_size)
		return error_set(err, code, "cannot get %s of guest memory: %s; lower -m",
				 size_word, strerror(-code));
	size_text(hugepage_size, page_word);
	return error_set(err, code,
			 "cannot get %s of guest memory from huge pages of %s: %s; free pages are "
			 "counted in /sys/kernel/mm/hugepages/hugepages-%llukB/free_hugepages, "
			 "more are made by writing nr_hugepages beside it",
			 size_word, page_word, strerror(-code),
			 (unsigned long long)(hugepage_size / KIB));
}

static int ram_create(struct guest_memory *memory, uint64_t hugepage_size)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int map_flags = MAP_SHARED;

	if (hugepage_size)
		flags |= MFD_HUGETLB |
			 (unsigned int)__builtin_ctzll(hugepage_size) << MFD_HUGE_SHIFT;
	else
		map_flags |= MAP_NORESERVE;
	memory->ram_fd = memfd_create("guest-ram", flags);
	if (memory->ram_fd < 0 || ftruncate(memory->ram_fd, (off_t)memory->size) < 0)
		return -errno;
	if (fcntl(memory->ram_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	/* hugetlbfs reserves its pages here, so that a lack of them shows now and not as SIGBUS. */
	memory->ram =
		mmap(NULL, memory->size, PROT_READ | PROT_WRITE, map_flags, memory->ram_fd, 0);
	if (memory->ram == MAP_FAILED)
		return -errno;
	/* Wishes: large pages where the host grants them, and no guest memory in a core dump. */
	if (!hugepage_size)
		madvise(memory->ram, memory->size, MADV_HUGEPAGE);
	madvise(memory->ram, memory->size, MADV_DONTDUMP);
	return 0;
}

static int segment_add(struct guest_memory *memory, uint64_t gpa, uint64_t size, void *host)
{
	struct memory_segment *segment;
	int ret = 0;

	segment = malloc(sizeof(*segment));
	if (!segment)
		return -ENOMEM;
	segment->gpa = gpa;
	segment->size = size;
	segment->host = host;
	if (memory->vm)
		ret = memory->ops->mem_map(memory->vm, gpa, size, host, true);
	if (ret < 0)
		free(segment);
	else
		LIST_INSERT_HEAD(&memory->segments, segment, link);
	return ret;
}

static int ram_add(struct guest_memory *memory, uint64_t gpa, uint64_t size, uint64_t offset)
{
	int ret;

	if (size == 0)
		return 0;
	ret = io_bus_add(memory->bus, IO_SPACE_MMIO, gpa, size, NULL, NULL);
	return ret < 0 ? ret : segment_add(memory, gpa, size, memory->ram + offset);
}

int memory_new(struct io_bus *bus, uint64_t size, uint64_t hugepage_size,
	       struct guest_memory **ret_memory, struct error *err)
{
	struct guest_memory *memory;
	int ret;

	memory = calloc(1, sizeof(*memory));
	if (!memory)
		return error_set(err, -ENOMEM, "out of memory");
	LIST_INIT(&memory->segments);
	memory->bus = bus;
	memory->size = size;
	memory->low_size = size < MEMORY_LOW_LIMIT ? size : MEMORY_LOW_LIMIT;
	memory->is_reserved = hugepage_size != 0;
	memory->ram = MAP_FAILED;
	ret = ram_create(memory, hugepage_size);
	if (ret < 0) {
		ram_error(err, ret, size, hugepage_size);
		goto out_free;
	}
	ret = ram_add(memory, 0, memory->low_size, 0);
	if (ret == 0)
		ret = ram_add(memory, MEMORY_HIGH_BASE, size - memory->low_size, memory->low_size);
	if (ret < 0) {
		error_set(err, ret, "cannot place guest memory: %s", strerror(-ret));
		goto out_free;
	}
	*ret_memory = memory;
	return 0;

out_free:
	memory_free(memory);
	return ret;
}

void memory_free(struct guest_memory *memory)
{
	struct memory_segment *segment;

	if (!memory)
		return;
	while ((segment = LIST_FIRST(&memory->segments))) {
		LIST_REMOVE(segment, link);
		free(segment);
	}
	if (memory->ram != MAP_FAILED)
		munmap(memory->ram, memory->size);
	fd_close(&memory->ram_fd);
	free(memory);
}

/* Only the back end knows what its limits are and what helps. */
static const char *refusal_text(const struct hv_ops *ops, int code)
{
	const char *text = ops && ops->mem_error_text ? ops->mem_error_text(code) : NULL;

	return text ? text : strerror(-code);
}

const char *memory_error_text(const struct guest_memory *memory, int code)
{
	return refusal_text(memory->ops, code);
}

int memory_attach(struct guest_memory *memory, const struct hv_ops *ops, struct hv_vm *vm,
		  struct error *err)
{
	struct memory_segment *segment;
	int ret;

	LIST_FOREACH(segment, &memory->segments, link) {
		ret = ops->mem_map(vm, segment->gpa, segment->size, segment->host, true);
		if (ret < 0)
			return error_set(err, ret,
					 "%s refuses %llu bytes of memory at guest address "
					 "0x%llx: %s",
					 ops->name, (unsigned long long)segment->size,
					 (unsigned long long)segment->gpa, refusal_text(ops, ret));
	}
	memory->ops = ops;
	memory->vm = vm;
	return 0;
}

void memory_detach(struct guest_memory *memory)
{
	memory->vm = NULL;
}

void memory_clear(struct guest_memory *memory)
{
	/* Punching gives the pages back as well. */
	if (memory->is_reserved ||
	    fallocate(memory->ram_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		      (off_t)memory->size) < 0)
		memset(memory->ram, 0, memory->size);
}

uint64_t memory_size(const struct guest_memory *memory)
{
	return memory->size;
}

uint64_t memory_low_size(const struct guest_memory *memory)
{
	return memory->low_size;
}

uint64_t memory_high_end(const struct guest_memory *memory)
{
	return MEMORY_HIGH_BASE + (memory->size - memory->low_size);
}

void *memory_ram(const struct guest_memory *memory, uint64_t gpa, uint64_t length)
{
	uint64_t offset = gpa, limit = memory->low_size;

	if (gpa >= MEMORY_HIGH_BASE) {
		offset = gpa - MEMORY_HIGH_BASE + memory->low_size;
		limit = memory->size;
	}
	if (offset > limit || length > limit - offset)
		return NULL;
	return memory->ram + offset;
}

int memory_write(struct guest_memory *memory, uint64_t gpa, const void *data, uint64_t length)
{
	void *ram = memory_ram(memory, gpa, length);

	if (!ram)
		return -EFAULT;
	memcpy(ram, data, length);
	return 0;
}

int memory_map(struct guest_memory *memory, uint64_t gpa, uint64_t size, void *host)
{
	if (size == 0 || (gpa | size | (uintptr_t)host) & (PAGE_BYTES - 1))
		return -EINVAL;
	return segment_add(memory, gpa, size, host);
}

void memory_unmap(struct guest_memory *memory, uint64_t gpa)
{
	struct memory_segment *segment;
	int ret;

	LIST_FOREACH(segment, &memory->segments, link) {
		if (segment->gpa != gpa)
			continue;
		ret = memory->vm ?
			      memory->ops->mem_unmap(memory->vm, segment->gpa, segment->size) : 0;
		if (ret < 0)
			log_limited(&memory->clinging, LOG_LEVEL_WARNING, memory->ops->name,
				    "the guest goes on seeing memory at 0x%llx, it cannot be "
				    "unmapped: %s",
				    (unsigned long long)gpa, memory_error_text(memory, ret));
		LIST_REMOVE(segment, link);
		free(segment);
		return;
	}
}
