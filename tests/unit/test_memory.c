/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory: layout, the way from guest addresses to the host's, and the hypervisor's view. */
#include "devicemodel/vm/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devicemodel/vm/io_bus.h"
#include "lib/fds.h"
#include "lib/util.h"
#include "tests/fake_hv.h"
#include "tests/leaks.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/unit.h"

struct fixture {
	struct io_bus *bus;
	struct guest_memory *memory;
	struct hv_vm *vm;
};

static void no_io(void *ctx, struct io_access *access)
{
	(void)ctx, (void)access;
}

static struct hv_vm *new_vm(void)
{
	static const struct hv_vm_params params = { .name = "test", .vcpus = 1, .io = no_io };
	struct hv_vm *vm = NULL;
	struct error err;

	CU_ASSERT_EQUAL_FATAL(hv_fake.vm_create(&params, &vm, &err), 0);
	return vm;
}

static void begin(struct fixture *f, uint64_t size)
{
	struct error err = { "" };

	*f = (struct fixture){ 0 };
	fake_hv_reset();
	CU_ASSERT_EQUAL_FATAL(io_bus_new(&f->bus), 0);
	CU_ASSERT_EQUAL_FATAL(memory_new(f->bus, size, 0, &f->memory, &err), 0);
}

static void end(struct fixture *f)
{
	if (f->vm)
		hv_fake.vm_destroy(f->vm);
	memory_free(f->memory);
	io_bus_free(f->bus);
	CU_ASSERT_PTR_NULL(fake_hv_complaint());
}

/* What the bus says to somebody who wants the byte at @gpa. */
static int claim_byte(struct fixture *f, uint64_t gpa)
{
	return io_bus_add(f->bus, IO_SPACE_MMIO, gpa, 1, NULL, NULL);
}

static void test_layout(void)
{
	static const struct {
		uint64_t size, low_size, high_end;
	} rows[] = {
		{ 2 * MIB, 2 * MIB, 4 * GIB },
		{ 2 * GIB - 2 * MIB, 2 * GIB - 2 * MIB, 4 * GIB },
		{ 2 * GIB, 2 * GIB, 4 * GIB },
		{ 2 * GIB + 2 * MIB, 2 * GIB, 4 * GIB + 2 * MIB },
		{ 16 * GIB, 2 * GIB, 18 * GIB },
	};
	struct fixture f;
	char *ram, *high;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&f, rows[i].size);
		CU_ASSERT_EQUAL(memory_size(f.memory), rows[i].size);
		CU_ASSERT_EQUAL(memory_low_size(f.memory), rows[i].low_size);
		CU_ASSERT_EQUAL(memory_high_end(f.memory), rows[i].high_end);
		ram = memory_ram(f.memory, 0, rows[i].low_size);
		CU_ASSERT_PTR_NOT_NULL(ram);
		CU_ASSERT_PTR_EQUAL(memory_ram(f.memory, rows[i].low_size - 1, 1),
				    ram + rows[i].low_size - 1);
		CU_ASSERT_PTR_NULL(memory_ram(f.memory, 0, rows[i].low_size + 1));
		CU_ASSERT_PTR_NULL(memory_ram(f.memory, rows[i].low_size, 1));
		CU_ASSERT_PTR_NULL(memory_ram(f.memory, rows[i].low_size - 1, 2));
		CU_ASSERT_PTR_NULL(memory_ram(f.memory, 3 * GIB, 1));
		CU_ASSERT_PTR_NULL(memory_ram(f.memory, 4 * GIB - 1, 1));
		CU_ASSERT_PTR_NULL(memory_ram(f.memory, 4 * GIB - 1, 2));
		CU_ASSERT_PTR_NULL(memory_ram(f.memory, rows[i].high_end, 1));
		CU_ASSERT_PTR_NULL(memory_ram(f.memory, UINT64_MAX, 1));
		CU_ASSERT_PTR_NULL(memory_ram(f.memory, UINT64_MAX, UINT64_MAX));
		CU_ASSERT_PTR_NULL(memory_ram(f.memory, 1, UINT64_MAX));
		CU_ASSERT_PTR_NULL(memory_ram(f.memory, 4 * GIB, UINT64_MAX));
		if (rows[i].high_end > 4 * GIB) {
			high = memory_ram(f.memory, 4 * GIB, rows[i].high_end - 4 * GIB);
			CU_ASSERT_PTR_EQUAL(high, ram + 2 * GIB);
			CU_ASSERT_PTR_NULL(memory_ram(f.memory, rows[i].high_end - 1, 2));
		}
		/* Claimed on the bus, to the byte. */
		CU_ASSERT_EQUAL(claim_byte(&f, rows[i].low_size - 1), -EEXIST);
		CU_ASSERT_EQUAL(claim_byte(&f, rows[i].low_size), 0);
		CU_ASSERT_EQUAL(claim_byte(&f, 4 * GIB - 1), 0);
		CU_ASSERT_EQUAL(claim_byte(&f, rows[i].high_end), 0);
		end(&f);
	}
}

static void test_write_and_clear(void)
{
	static const char text[] = "guest";
	char *ram;
	struct fixture f;

	begin(&f, 2 * GIB + 2 * MIB);
	ram = memory_ram(f.memory, 0, 2 * GIB);
	CU_ASSERT_EQUAL(memory_write(f.memory, 2 * GIB - 5, text, 5), 0);
	CU_ASSERT_EQUAL(memory_write(f.memory, 4 * GIB, text, 6), 0);
	CU_ASSERT_EQUAL(memcmp(ram + 2 * GIB - 5, "guestguest", 11), 0);
	/* All or nothing. */
	CU_ASSERT_EQUAL(memory_write(f.memory, 2 * GIB - 3, "XXXXX", 5), -EFAULT);
	CU_ASSERT_EQUAL(memory_write(f.memory, 4 * GIB - 3, "XXXXX", 5), -EFAULT);
	CU_ASSERT_EQUAL(memcmp(ram + 2 * GIB - 5, "guestguest", 11), 0);
	memory_clear(f.memory);
	CU_ASSERT_EQUAL(ram[2 * GIB - 5], 0);
	CU_ASSERT_EQUAL(*(char *)memory_ram(f.memory, 4 * GIB, 1), 0);
	end(&f);
}

static void pool_resize(const char *pages)
{
	int fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, pages, strlen(pages)) < 0)
		printf("# no huge pages: %s\n", strerror(errno));
	fd_close(&fd);
}

static void pool_read(char pages[32])
{
	int fd = open("/proc/sys/vm/nr_hugepages", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, pages, 31);

	pages[n > 0 ? n : 0] = '\0';
	fd_close(&fd);
}

/* Given back to the pool, they could be gone when the guest wants them next. */
static void test_clear_keeps_huge_pages(void)
{
	struct error err = { "" };
	unsigned char there = 0;
	struct fixture f = { 0 };
	char *ram, pages[32], more[32];

	fake_hv_reset();
	pool_read(pages);
	snprintf(more, sizeof(more), "%d", atoi(pages) + 2);
	pool_resize(more);
	CU_ASSERT_EQUAL_FATAL(io_bus_new(&f.bus), 0);
	if (memory_new(f.bus, 4 * MIB, 2 * MIB, &f.memory, &err) < 0) {
		unit_skip("there are no huge pages");
	} else {
		ram = memory_ram(f.memory, 0, 4 * MIB);
		ram[5] = 1;
		memory_clear(f.memory);
		CU_ASSERT_EQUAL(mincore(ram, 4096, &there), 0);
		CU_ASSERT_EQUAL(there & 1, 1);
		CU_ASSERT_EQUAL(ram[5], 0);
	}
	end(&f);
	pool_resize(pages);
}

static void test_attach_and_map(void)
{
	struct leaks before, after;
	struct error err = { "" };
	struct fixture f;
	char *page;

	begin(&f, 2 * GIB + 2 * MIB);
	page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_PTR_NOT_EQUAL_FATAL(page, MAP_FAILED);
	before = leaks_count();
	/* Before there is a VM mappings wait for it. */
	CU_ASSERT_EQUAL(memory_map(f.memory, 0x90000000, 4096, page), 0);
	f.vm = new_vm();
	CU_ASSERT_EQUAL(memory_attach(f.memory, &hv_fake, f.vm, &err), 0);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 3);
	CU_ASSERT_PTR_EQUAL(fake_hv_mapping(0x90000000)->host, page);
	CU_ASSERT_PTR_EQUAL(fake_hv_mapping(0)->host, memory_ram(f.memory, 0, 1));
	CU_ASSERT_PTR_EQUAL(fake_hv_mapping(4 * GIB)->host, memory_ram(f.memory, 4 * GIB, 1));
	CU_ASSERT_EQUAL(memory_map(f.memory, 0x90001000, 8192, page + 4096), 0);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 4);
	memory_unmap(f.memory, 0x90000000);
	memory_unmap(f.memory, 0x90000000);
	memory_unmap(f.memory, 0x90002000);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 3);
	/* The next VM sees what there is by then. */
	memory_detach(f.memory);
	hv_fake.vm_destroy(f.vm);
	memory_unmap(f.memory, 0x90001000);
	CU_ASSERT_EQUAL(memory_map(f.memory, 0xa0000000, 4096, page), 0);
	f.vm = new_vm();
	CU_ASSERT_EQUAL(memory_attach(f.memory, &hv_fake, f.vm, &err), 0);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 3);
	CU_ASSERT_PTR_NOT_NULL(fake_hv_mapping(0xa0000000));
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
	end(&f);
	munmap(page, 3 * 4096);
}

static void test_map_refusals(void)
{
	static const struct {
		uint64_t gpa, size, offset;
		int ret;
	} rows[] = {
		{ 0x90000000, 0, 0, -EINVAL },
		{ 0x90000001, 4096, 0, -EINVAL },
		{ 0x90000800, 4096, 0, -EINVAL },
		{ 0x90000000, 4095, 0, -EINVAL },
		{ 0x90000000, 256, 0, -EINVAL },
		{ 0x90000000, 4096, 8, -EINVAL },
		{ UINT64_C(1) << FAKE_HV_WIDTH_DEFAULT, 4096, 0, -EINVAL },
		{ (UINT64_C(1) << FAKE_HV_WIDTH_DEFAULT) - 4096, 8192, 0, -EINVAL },
		{ 0xfffffffffe000000, 4096, 0, -EINVAL },
		{ 0xfffffffffffff000, 4096, 0, -EINVAL },
		{ (UINT64_C(1) << FAKE_HV_WIDTH_DEFAULT) - 4096, 4096, 0, 0 },
	};
	static _Alignas(4096) char pages[2 * 4096];
	struct error err = { "" };
	struct fixture f;
	size_t i;
	int ret;

	begin(&f, 4 * MIB);
	f.vm = new_vm();
	CU_ASSERT_EQUAL(memory_attach(f.memory, &hv_fake, f.vm, &err), 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ret = memory_map(f.memory, rows[i].gpa, rows[i].size, pages + rows[i].offset);
		CU_ASSERT_EQUAL(ret, rows[i].ret);
		CU_ASSERT_EQUAL(fake_hv_mappings(), rows[i].ret ? 1 : 2);
	}
	/* What failed has not been kept for the next VM either. */
	memory_unmap(f.memory, (UINT64_C(1) << FAKE_HV_WIDTH_DEFAULT) - 4096);
	fake_hv_fail_nth(1, -ENOSPC);
	CU_ASSERT_EQUAL(memory_map(f.memory, 0x90000000, 4096, pages), -ENOSPC);
	memory_detach(f.memory);
	hv_fake.vm_destroy(f.vm);
	f.vm = new_vm();
	CU_ASSERT_EQUAL(memory_attach(f.memory, &hv_fake, f.vm, &err), 0);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 1);
	end(&f);
}

static void test_unmap_fails(void)
{
	static _Alignas(4096) char page[4096];
	struct error err = { "" };
	struct fixture f;
	const char *text;

	begin(&f, 4 * MIB);
	f.vm = new_vm();
	CU_ASSERT_EQUAL(memory_attach(f.memory, &hv_fake, f.vm, &err), 0);
	CU_ASSERT_EQUAL(memory_map(f.memory, 0x90000000, 4096, page), 0);
	fake_hv_fail_nth(1, -EIO);
	log_capture_begin();
	memory_unmap(f.memory, 0x90000000);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "the guest goes on seeing memory at 0x90000000"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Input/output error"));
	/* It is not the next VM's. */
	memory_detach(f.memory);
	hv_fake.vm_destroy(f.vm);
	f.vm = new_vm();
	CU_ASSERT_EQUAL(memory_attach(f.memory, &hv_fake, f.vm, &err), 0);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 1);
	end(&f);
}

static void test_attach_fails(void)
{
	struct error err = { "" };
	struct fixture f;
	unsigned int n;

	for (n = 1; n <= 2; n++) {
		begin(&f, 3 * GIB);
		f.vm = new_vm();
		fake_hv_fail_nth(n, -ENOMEM);
		CU_ASSERT_EQUAL(memory_attach(f.memory, &hv_fake, f.vm, &err), -ENOMEM);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "fake refuses "));
		/* As if never attached: nothing is asked of that VM any more. */
		memory_unmap(f.memory, 0);
		CU_ASSERT_EQUAL(fake_hv_count(FAKE_MEM_UNMAP), 0);
		end(&f);
	}
}

static void test_cannot_be_made(void)
{
	struct leaks before = leaks_count(), after;
	struct guest_memory *memory = NULL;
	struct error err = { "" };
	struct io_bus *bus;

	CU_ASSERT_EQUAL_FATAL(io_bus_new(&bus), 0);
	/* More than any file may have. */
	CU_ASSERT(memory_new(bus, UINT64_C(1) << 63, 0, &memory, &err) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "lower -m"));
	/* More huge pages than any machine has. */
	CU_ASSERT(memory_new(bus, 512 * TIB, GIB, &memory, &err) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "huge pages of 1G"));
	/* An address is taken. */
	CU_ASSERT_EQUAL(io_bus_add(bus, IO_SPACE_MMIO, 4 * GIB, 1, NULL, NULL), 0);
	CU_ASSERT_EQUAL(memory_new(bus, 3 * GIB, 0, &memory, &err), -EEXIST);
	CU_ASSERT_PTR_NULL(memory);
	io_bus_free(bus);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
	memory_free(NULL);
}

static const struct unit_test tests[] = {
	{ "layout", test_layout },
	{ "write and clear", test_write_and_clear },
	{ "clear keeps huge pages", test_clear_keeps_huge_pages },
	{ "attach and map", test_attach_and_map },
	{ "what cannot be mapped", test_map_refusals },
	{ "what is not unmapped", test_unmap_fails },
	{ "attach fails", test_attach_fails },
	{ "what cannot be made", test_cannot_be_made },
};

UNIT_MAIN("memory", tests)
