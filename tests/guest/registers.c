/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of a plain ivshmem device in BAR0. Aligned accesses of 4 bytes are the contract;
 * what other sizes and alignments do is that of QEMU's device.
 */
#include "samples/bare-metal/lib/ivshmem.h"
#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/print.h"
#include "tests/guest/check.h"
#include "tests/guest/mmio.h"

#define INTR_MASK 0
#define INTR_STATUS 4
#define IV_POSITION 8
#define DOORBELL 12
#define RESERVED 16
#define REGISTERS_SIZE 256
#define PAGE 4096

#define MASK_VALUE 0x44332211
#define STATUS_VALUE 0x88776655

static uint64_t base;

static uint32_t get(unsigned int offset)
{
	return (uint32_t)mmio_read(base + offset, 4);
}

static void set(unsigned int offset, uint32_t value)
{
	mmio_write(base + offset, 4, value);
}

/* Status last: reading it would clear it. */
static void prepare(void)
{
	set(INTR_MASK, MASK_VALUE);
	set(INTR_STATUS, STATUS_VALUE);
}

static void check_registers(const char *what, uint64_t where, uint32_t mask, uint32_t status)
{
	check_is(what, where, get(INTR_STATUS), status);
	check_is(what, where, get(INTR_MASK), mask);
	check_is(what, where, get(IV_POSITION), 0);
	check_is(what, where, get(DOORBELL), 0);
}

static void test_initial(void)
{
	unsigned int offset;

	check_begin("registers: all are 0 at the start");
	for (offset = 0; offset < REGISTERS_SIZE; offset += 4)
		check_is("register", offset, get(offset), 0);
}

static void test_storage(void)
{
	static const uint32_t values[] = { 0xffffffff, 0, 1, 0x80000000, 0xa5a5a5a5, 0x12345678 };
	unsigned int i;

	check_begin("registers: IntrMask keeps all 32 bits");
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		set(INTR_MASK, values[i]);
		check_is("IntrMask", values[i], get(INTR_MASK), values[i]);
		check_is("IntrMask again", values[i], get(INTR_MASK), values[i]);
	}
	check_begin("registers: IntrStatus keeps all 32 bits until it is read");
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		set(INTR_STATUS, values[i]);
		check_is("IntrStatus", values[i], get(INTR_STATUS), values[i]);
		check_is("IntrStatus again", values[i], get(INTR_STATUS), 0);
	}
	check_begin("registers: IVPosition cannot be written, Doorbell reads as 0");
	prepare();
	set(IV_POSITION, 0xffffffff);
	set(DOORBELL, 0);
	set(DOORBELL, 0x00010001);
	set(DOORBELL, 0xffffffff);
	check_registers("after writes", 0, MASK_VALUE, STATUS_VALUE);
}

static void test_reserved(void)
{
	unsigned int offset;

	check_begin("registers: 16 to 255 read as 0 and ignore writes");
	prepare();
	for (offset = RESERVED; offset < REGISTERS_SIZE; offset += 4)
		set(offset, 0xffffffff);
	for (offset = RESERVED; offset < REGISTERS_SIZE; offset += 4)
		check_is("register", offset, get(offset), 0);
	for (offset = RESERVED; offset < REGISTERS_SIZE; offset++)
		check_is("byte", offset, mmio_read(base + offset, 1), 0);
	check_registers("others", 0, MASK_VALUE, STATUS_VALUE);
}

/* What a read at an offset gives, and whether IntrStatus is 0 after it. */
static uint64_t expected_read(unsigned int offset, unsigned int size, bool *ret_clears)
{
	uint64_t value = offset == INTR_MASK	 ? MASK_VALUE
			 : offset == INTR_STATUS ? STATUS_VALUE
						 : 0;

	*ret_clears = offset == INTR_STATUS || (size == 8 && offset == INTR_MASK);
	if (size == 8 && offset == INTR_MASK)
		value |= (uint64_t)STATUS_VALUE << 32;
	return value & mmio_nobody(size);
}

static void test_read_sizes(void)
{
	unsigned int offset, size;
	uint64_t wanted;
	bool clears;

	check_begin("registers: reads of 1, 2, 4 and 8 bytes at each offset");
	for (size = 1; size <= 8; size *= 2) {
		for (offset = 0; offset < 20; offset++) {
			prepare();
			wanted = expected_read(offset, size, &clears);
			check_is("read", size << 16 | offset, mmio_read(base + offset, size),
				 wanted);
			check_registers("after the read", size << 16 | offset, MASK_VALUE,
					clears ? 0 : STATUS_VALUE);
		}
	}
}

/* A small write goes to the register it begins in, extended with zeros; a long one to two. */
static void test_write_sizes(void)
{
	const uint64_t value = 0xfedcba9876543210;
	uint32_t mask, status;
	unsigned int offset, size, reg;

	check_begin("registers: writes of 1, 2, 4 and 8 bytes at each offset");
	for (size = 1; size <= 8; size *= 2) {
		for (offset = 0; offset < 20; offset++) {
			prepare();
			mmio_write(base + offset, size, value);
			mask = MASK_VALUE;
			status = STATUS_VALUE;
			reg = offset & ~3U;
			if (reg == INTR_MASK)
				mask = (uint32_t)(value & mmio_nobody(size));
			if (reg == INTR_STATUS)
				status = (uint32_t)(value & mmio_nobody(size));
			if (reg == INTR_MASK && size == 8)
				status = value >> 32;
			check_registers("after the write", size << 16 | offset, mask, status);
		}
	}
}

static void test_end_of_bar(void)
{
	unsigned int offset, size;

	check_begin("registers: the rest of the page is nobody's, and accesses across the end harm "
		    "nothing");
	prepare();
	for (size = 1; size <= 8; size *= 2) {
		for (offset = REGISTERS_SIZE - size + 1; offset < REGISTERS_SIZE; offset++) {
			mmio_write(base + offset, size, UINT64_MAX);
			mmio_read(base + offset, size);
		}
		for (offset = REGISTERS_SIZE; offset + size <= PAGE; offset += 240) {
			mmio_write(base + offset, size, 0);
			check_is("beyond", offset, mmio_read(base + offset, size),
				 mmio_nobody(size));
		}
	}
	check_registers("registers", 0, MASK_VALUE, STATUS_VALUE);
}

static void test_other_instructions(void)
{
	static uint32_t copy[REGISTERS_SIZE / 4];
	void *to = copy, *from = (void *)(uintptr_t)base;
	uint64_t count = REGISTERS_SIZE / 4;
	uint32_t value = 5;

	check_begin("registers: string and read-modify-write instructions");
	prepare();
	__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
	check_is("copied", INTR_MASK, copy[0], MASK_VALUE);
	check_is("copied", INTR_STATUS, copy[1], STATUS_VALUE);
	check_is("copied", RESERVED, copy[4], 0);
	check_is("cleared", INTR_STATUS, get(INTR_STATUS), 0);
	__asm__ volatile("orl %1, (%0)" : : "r"(base), "r"(0x8) : "memory");
	check_is("or", INTR_MASK, get(INTR_MASK), MASK_VALUE | 0x8);
	__asm__ volatile("xchgl %1, (%0)" : : "r"(base), "r"(value) : "memory");
	check_is("xchg", INTR_MASK, get(INTR_MASK), 5);
	to = (void *)(uintptr_t)base;
	count = REGISTERS_SIZE;
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0xff) : "memory");
	check_registers("filled", 0, 0xff, 0xff);
}

int main(void)
{
	struct ivshmem ivshmem;
	struct pci_bar bar;

	ivshmem_init(&ivshmem, 0);
	if (!pci_bar_read(&ivshmem.function, 0, &bar)) {
		print("not ok - registers: there is no BAR0\n");
		return 1;
	}
	base = bar.address;
	test_initial();
	test_storage();
	test_reserved();
	test_read_sizes();
	test_write_sizes();
	test_end_of_bar();
	test_other_instructions();
	return check_end();
}
