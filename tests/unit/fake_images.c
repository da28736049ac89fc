/* SPDX-License-Identifier: BSD-3-Clause */
/* Small good images. */
#include "tests/unit/fake_images.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

#include "lib/util.h"

static void put(uint8_t *file, size_t offset, uint64_t value, size_t size)
{
	memcpy(file + offset, &value, size);
}

/* Offsets of Linux Documentation/arch/x86/boot.rst. */
static void make_linux(uint8_t *file)
{
	memset(file + 0x1f1, 0, 0x100);
	put(file, 0x1f1, 1, 1);		 /* setup_sects */
	put(file, 0x1f4, 0x100, 4);	 /* syssize */
	put(file, 0x1fe, 0xaa55, 2);	 /* boot_flag */
	put(file, 0x200, 0x6aeb, 2);	 /* jump */
	put(file, 0x202, 0x53726448, 4); /* header */
	put(file, 0x206, 0x020f, 2);	 /* version */
	put(file, 0x211, 1, 1);		 /* loadflags */
	put(file, 0x22c, 0x7fffffff, 4); /* initrd_addr_max */
	put(file, 0x230, 0x200000, 4);	 /* kernel_alignment */
	put(file, 0x234, 1, 1);		 /* relocatable_kernel */
	put(file, 0x236, 1, 2);		 /* xloadflags */
	put(file, 0x238, 255, 4);	 /* cmdline_size */
	put(file, 0x258, 0x1000000, 8);	 /* pref_address */
	put(file, 0x260, 0x100000, 4);	 /* init_size */
}

static void make_elf32(uint8_t *file)
{
	const Elf32_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_entry = MIB,
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
	};
	const Elf32_Phdr segment = {
		.p_type = PT_LOAD,
		.p_vaddr = MIB,
		.p_paddr = MIB,
		.p_filesz = FAKE_IMAGE_SIZE,
		.p_memsz = FAKE_IMAGE_SIZE,
	};

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), &segment, sizeof(segment));
}

static void make_elf64(uint8_t *file)
{
	const Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_entry = MIB,
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	const Elf64_Phdr segment = {
		.p_type = PT_LOAD,
		.p_vaddr = MIB,
		.p_paddr = MIB,
		.p_filesz = FAKE_IMAGE_SIZE,
		.p_memsz = FAKE_IMAGE_SIZE,
	};

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), &segment, sizeof(segment));
}

/* A second program header, and what it stands for: notes with a size, an owner and a type. */
static void put_notes(uint8_t *file)
{
	const Elf64_Phdr segment = {
		.p_type = PT_NOTE, .p_offset = FAKE_PVH_NOTES, .p_filesz = FAKE_PVH_NOTES_SIZE,
	};
	const uint32_t notes[] = {
		4, 4, 18, 0x00554e47, 0xdeadbeef,   /* "GNU" */
		4, 4, 18, 0x006e6558, MIB + 0x10,   /* "Xen" */
	};

	put(file, offsetof(Elf64_Ehdr, e_phnum), 2, sizeof(Elf64_Half));
	memcpy(file + sizeof(Elf64_Ehdr) + sizeof(segment), &segment, sizeof(segment));
	memcpy(file + FAKE_PVH_NOTES, notes, sizeof(notes));
}

/* Multiboot Specification 3.1.1. */
static void put_multiboot_header(uint8_t *file, size_t offset, uint32_t flags)
{
	const uint32_t words[] = {
		0x1badb002, flags, 0 - UINT32_C(0x1badb002) - flags,
		(uint32_t)(MIB + offset), MIB, 0, 0, MIB,
	};

	memcpy(file + offset, words, sizeof(words));
}

void fake_image_make(enum fake_image_kind kind, uint8_t file[FAKE_IMAGE_SIZE])
{
	memset(file, 0x90, FAKE_IMAGE_SIZE);
	if (kind == FAKE_LINUX)
		make_linux(file);
	if (kind == FAKE_ELF32 || kind == FAKE_MULTIBOOT_ELF)
		make_elf32(file);
	if (kind == FAKE_ELF64 || kind == FAKE_PVH)
		make_elf64(file);
	if (kind == FAKE_PVH)
		put_notes(file);
	if (kind == FAKE_MULTIBOOT_ELF)
		put_multiboot_header(file, 0x100, 0x3);
	if (kind == FAKE_MULTIBOOT_ADDRESSES)
		put_multiboot_header(file, 0x100, 0x10003);
}
