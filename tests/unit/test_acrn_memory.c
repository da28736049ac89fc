/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory on ACRN: pieces, slots, and what the driver refuses. */
#include "tests/unit/acrn_fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/util.h"
#include "tests/fake_hsm.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/unit.h"

#define SLOTS 256

static void test_memory(void)
{
	const struct acrn_vm_memmap *set = fake_hsm_last(ACRN_IOCTL_SET_MEMSEG);
	const struct acrn_vm_memmap *unset = fake_hsm_last(ACRN_IOCTL_UNSET_MEMSEG);
	char *host = (char *)0x7f0000000000;
	struct acrn_fixture machine;
	uint64_t limit;

	acrn_begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 0x4000, host, true), 0);
	CU_ASSERT_EQUAL(set->type, ACRN_MEMMAP_RAM);
	CU_ASSERT_EQUAL(set->attr, ACRN_MEM_ACCESS_RWX | ACRN_MEM_TYPE_WB);
	CU_ASSERT_EQUAL(set->user_vm_pa, BAR);
	CU_ASSERT_EQUAL(set->vma_base, (uintptr_t)host);
	CU_ASSERT_EQUAL(set->len, 0x4000);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR + 0x3000, 0x4000, host, true), -EEXIST);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 0x1000), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, 0, 0), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 0x4000), 0);
	CU_ASSERT_EQUAL(unset->type, ACRN_MEMMAP_MMIO);
	CU_ASSERT_EQUAL(unset->user_vm_pa, BAR);
	CU_ASSERT_EQUAL(unset->len, 0x4000);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 0x4000), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 0x4000, host, false), 0);
	CU_ASSERT_EQUAL(set->attr & ACRN_MEM_ACCESS_RIGHT_MASK,
			ACRN_MEM_ACCESS_READ | ACRN_MEM_ACCESS_EXEC);

	limit = UINT64_C(1) << hv_acrn.physical_width(machine.vm);
	CU_ASSERT(hv_acrn.physical_width(machine.vm) <= 48);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, limit, 4096, host, true), -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, limit - 4096, 8192, host, true), -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 0, UINT64_MAX & ~4095, host, true), -EINVAL);
	acrn_end(&machine);
}

/* Unmapped is gone, but its slot is not for another. */
static void test_slots(void)
{
	char *host = (char *)0x7f0000000000;
	struct acrn_fixture machine;
	uint64_t i;

	acrn_begin(&machine);
	for (i = 0; i < SLOTS; i++) {
		CU_ASSERT_EQUAL_FATAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), 0);
		CU_ASSERT_EQUAL_FATAL(hv_acrn.mem_unmap(machine.vm, BAR, 4096), 0);
	}
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_UNSET_MEMSEG), SLOTS);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), -ENOSPC);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), SLOTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(hv_acrn.mem_error_text(-ENOSPC), "256 map slots"));
	acrn_end(&machine);
	/* All at once, and one more. */
	acrn_begin(&machine);
	for (i = 0; i < SLOTS; i++)
		CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR + i * 4096, 4096, host, true), 0);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 0, 4096, host, true), -ENOSPC);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 4096), 0);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 0, 4096, host, true), -ENOSPC);
	acrn_end(&machine);
}

static void check_set(unsigned int count, uint64_t gpa, const char *host, uint64_t size)
{
	const struct acrn_vm_memmap *set = fake_hsm_last(ACRN_IOCTL_SET_MEMSEG);

	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), count);
	CU_ASSERT_EQUAL(set->user_vm_pa, gpa);
	CU_ASSERT_EQUAL(set->vma_base, (uintptr_t)host);
	CU_ASSERT_EQUAL(set->len, size);
}

/* What the driver does not take at once it gets in pieces; unmapped they are one again. */
static void test_pieces(void)
{
	const struct acrn_vm_memmap *unset = fake_hsm_last(ACRN_IOCTL_UNSET_MEMSEG);
	char *host = (char *)0x7f0000000000;
	struct acrn_fixture machine;

	acrn_begin(&machine);
	fake_hsm_set_map_max(256 * MIB);
	/* 1000, 512, 3 * 256, 232 */
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 4 * GIB, 1000 * MIB, host, true), 0);
	check_set(6, 4 * GIB + 768 * MIB, host + 768 * MIB, 232 * MIB);
	/* The driver is not asked for more again. */
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 512 * MIB, host, true), 0);
	check_set(8, BAR + 256 * MIB, host + 256 * MIB, 256 * MIB);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR + 256 * MIB, 256 * MIB), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR + 511 * MIB, 2 * MIB, host, true), -EEXIST);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 512 * MIB), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_UNSET_MEMSEG), 1);
	CU_ASSERT_EQUAL(unset->user_vm_pa, BAR);
	CU_ASSERT_EQUAL(unset->len, 512 * MIB);
	/* Six slots are used: 250 are left, of which 32 GiB take 128. */
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 64 * GIB, 32 * GIB, host, true), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), 8 + 128);
	/* Nothing is begun that cannot be ended. */
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 32 * GIB, 31 * GIB, host, true), -ENOSPC);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), 8 + 128);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, 32 * GIB, 122 * 256 * MIB, host, true), 0);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), -ENOSPC);
	acrn_end(&machine);
}

static void test_pieces_refused(void)
{
	char *host = (char *)0x7f0000000000;
	struct acrn_fixture machine;
	const char *text;

	/* However small they are: 128, 64, 32 MiB. The next one is asked for as it is. */
	acrn_begin(&machine);
	fake_hsm_set_map_max(0);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 128 * MIB, host, true), -ENOMEM);
	check_set(3, BAR, host, 32 * MIB);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 2 * MIB, host, true), -ENOMEM);
	check_set(4, BAR, host, 2 * MIB);
	CU_ASSERT_PTR_NOT_NULL(strstr(hv_acrn.mem_error_text(-ENOMEM), "hugepages=2M"));
	fake_hsm_set_map_max(UINT64_MAX);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 128 * MIB, host, true), 0);
	check_set(5, BAR, host, 128 * MIB);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_UNSET_MEMSEG), 0);
	acrn_end(&machine);

	/* On the way: what is there goes again. */
	acrn_begin(&machine);
	fake_hsm_set_map_max(64 * MIB);
	fake_hsm_fail_nth(5, -EIO);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 256 * MIB, host, true), -EIO);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), 5);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_UNSET_MEMSEG), 1);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 64 * MIB, host, true), 0);
	acrn_end(&machine);

	/* Or clings there, and goes when something else comes. */
	acrn_begin(&machine);
	fake_hsm_set_map_max(64 * MIB);
	fake_hsm_fail_nth(5, -EPERM);
	fake_hsm_fail(ACRN_IOCTL_UNSET_MEMSEG, 1, -EPERM);
	log_capture_begin();
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 256 * MIB, host, true), -EPERM);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 128 * MIB), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR + 64 * MIB, 4096, host, true), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_UNSET_MEMSEG), 2);
	acrn_end(&machine);
}

static void test_memory_refused(void)
{
	char *host = (char *)0x7f0000000000;
	struct acrn_fixture machine;
	const char *text;

	acrn_begin(&machine);
	fake_hsm_fail(ACRN_IOCTL_SET_MEMSEG, 1, -EIO);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), -EIO);
	CU_ASSERT_PTR_NULL(hv_acrn.mem_error_text(-EIO));
	/* What it is not told of: -EINVAL is for addresses beyond the guest's. */
	fake_hsm_fail(ACRN_IOCTL_SET_MEMSEG, 1, -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), -EREMOTEIO);
	CU_ASSERT_PTR_NOT_NULL(strstr(hv_acrn.mem_error_text(-EREMOTEIO), "ACRN_IOCTL_SET_MEMSEG"));
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), 0);

	/* Not unmapped after all, it is not mapped twice, nor kept for other memory. */
	log_capture_begin();
	fake_hsm_fail(ACRN_IOCTL_UNSET_MEMSEG, 1, -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 4096), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host, true), 0);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), 3);
	fake_hsm_fail(ACRN_IOCTL_UNSET_MEMSEG, 2, -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.mem_unmap(machine.vm, BAR, 4096), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host + 4096, true), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.mem_map(machine.vm, BAR, 4096, host + 4096, true), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_SET_MEMSEG), 4);
	acrn_end(&machine);
}

static const struct unit_test tests[] = {
	{ "memory", test_memory },
	{ "map slots are used up", test_slots },
	{ "memory in pieces", test_pieces },
	{ "pieces are refused", test_pieces_refused },
	{ "memory is refused", test_memory_refused },
};

UNIT_MAIN("acrn memory", tests)
