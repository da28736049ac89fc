/* SPDX-License-Identifier: BSD-3-Clause */
/* Loader for ELF images. */
#include "devicemodel/boot/elf.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/boot/cpu_tables.h"
#include "devicemodel/boot/layout.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine_map.h"
#include "devicemodel/vm/memory.h"
#include "lib/util.h"

/* More program headers than this are a sign of damage; linkers write about ten. */
#define SEGMENTS_MAX 256

/* Notes beyond this are not looked at. */
#define NOTES_SIZE_MAX (64 * KIB)
#define NOTE_ALIGNMENT 4

/* Both classes in the wider types. */
struct elf_file {
	const struct image *image;
	bool is_64;
	uint64_t entry, table_offset;
	unsigned int segments;
};

bool elf_probe(const struct image *image)
{
	char ident[SELFMAG];

	return image_read(image, 0, ident, sizeof(ident), "the ELF header", NULL) == 0 &&
	       memcmp(ident, ELFMAG, SELFMAG) == 0;
}

static int check_ident(const struct image *image, const unsigned char ident[EI_NIDENT],
		       struct error *err)
{
	if (memcmp(ident, ELFMAG, SELFMAG) != 0)
		return error_set(err, -EINVAL, "%s: is not an ELF file (any more)", image->name);
	if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
		return error_set(err, -EINVAL, "%s: ELF class %u is neither 32 nor 64 bits",
				 image->name, ident[EI_CLASS]);
	if (ident[EI_DATA] != ELFDATA2LSB)
		return error_set(err, -ENOTSUP, "%s: is not a little-endian ELF file", image->name);
	if (ident[EI_VERSION] != EV_CURRENT)
		return error_set(err, -EINVAL, "%s: ELF version %u is not %u", image->name,
				 ident[EI_VERSION], EV_CURRENT);
	return 0;
}

/* A position-independent file is taken at the addresses that it was linked for. */
static int check_kind(const struct elf_file *elf, unsigned int type, unsigned int machine,
		      unsigned int entry_size, struct error *err)
{
	unsigned int wanted = elf->is_64 ? EM_X86_64 : EM_386;
	size_t entry_wanted = elf->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	const char *name = elf->image->name;

	if (machine != wanted)
		return error_set(err, -ENOTSUP,
				 "%s: is an ELF file for machine %u, not for x86 (%u)", name,
				 machine, wanted);
	if (type != ET_EXEC && type != ET_DYN)
		return error_set(err, -ENOTSUP,
				 "%s: is an ELF file of type %u: link it to an executable", name,
				 type);
	if (elf->segments == 0)
		return error_set(err, -EINVAL, "%s: has no segments to load", name);
	if (elf->segments > SEGMENTS_MAX)
		return error_set(err, -E2BIG,
				 "%s: has %u program headers, at most %d can be loaded", name,
				 elf->segments, SEGMENTS_MAX);
	if (entry_size != entry_wanted)
		return error_set(err, -EINVAL, "%s: program headers of %u bytes should have %zu",
				 name, entry_size, entry_wanted);
	return 0;
}

static int read_header_32(struct elf_file *elf, struct error *err)
{
	Elf32_Ehdr header;
	int ret;

	ret = image_read(elf->image, 0, &header, sizeof(header), "its ELF header", err);
	if (ret < 0)
		return ret;
	elf->entry = header.e_entry;
	elf->table_offset = header.e_phoff;
	elf->segments = header.e_phnum;
	return check_kind(elf, header.e_type, header.e_machine, header.e_phentsize, err);
}

static int read_header_64(struct elf_file *elf, struct error *err)
{
	Elf64_Ehdr header;
	int ret;

	ret = image_read(elf->image, 0, &header, sizeof(header), "its ELF header", err);
	if (ret < 0)
		return ret;
	elf->entry = header.e_entry;
	elf->table_offset = header.e_phoff;
	elf->segments = header.e_phnum;
	return check_kind(elf, header.e_type, header.e_machine, header.e_phentsize, err);
}

static int read_header(struct elf_file *elf, struct error *err)
{
	unsigned char ident[EI_NIDENT];
	int ret;

	ret = image_read(elf->image, 0, ident, sizeof(ident), "its ELF header", err);
	if (ret == 0)
		ret = check_ident(elf->image, ident, err);
	if (ret < 0)
		return ret;
	elf->is_64 = ident[EI_CLASS] == ELFCLASS64;
	return elf->is_64 ? read_header_64(elf, err) : read_header_32(elf, err);
}

static void widen(const Elf32_Phdr *from, Elf64_Phdr *to)
{
	to->p_type = from->p_type;
	to->p_flags = from->p_flags;
	to->p_offset = from->p_offset;
	to->p_vaddr = from->p_vaddr;
	to->p_paddr = from->p_paddr;
	to->p_filesz = from->p_filesz;
	to->p_memsz = from->p_memsz;
	to->p_align = from->p_align;
}

static int read_table_32(const struct elf_file *elf, Elf64_Phdr *table, struct error *err)
{
	Elf32_Phdr narrow[SEGMENTS_MAX];
	unsigned int i;
	int ret;

	ret = image_read(elf->image, elf->table_offset, narrow, elf->segments * sizeof(narrow[0]),
			 "its program header table", err);
	if (ret < 0)
		return ret;
	for (i = 0; i < elf->segments; i++)
		widen(&narrow[i], &table[i]);
	return 0;
}

/* Has SEGMENTS_MAX entries; the caller frees it. */
static int read_table(const struct elf_file *elf, Elf64_Phdr **ret_table, struct error *err)
{
	Elf64_Phdr *table = calloc(SEGMENTS_MAX, sizeof(*table));
	int ret;

	if (!table)
		return error_set(err, -ENOMEM, "out of memory");
	if (elf->is_64)
		ret = image_read(elf->image, elf->table_offset, table,
				 elf->segments * sizeof(table[0]), "its program header table", err);
	else
		ret = read_table_32(elf, table, err);
	if (ret < 0)
		free(table);
	else
		*ret_table = table;
	return ret;
}

static int load_segment(const struct elf_file *elf, const Elf64_Phdr *segment,
			struct layout *layout, struct error *err)
{
	int ret;

	if (segment->p_filesz > segment->p_memsz)
		return error_set(err, -EINVAL,
				 "%s: is damaged: a segment has 0x%" PRIx64
				 " bytes in the file but 0x%" PRIx64 " in memory",
				 elf->image->name, segment->p_filesz, segment->p_memsz);
	ret = layout_claim(layout, segment->p_paddr, segment->p_memsz, "a segment", err);
	if (ret < 0 || segment->p_filesz == 0)
		return ret;
	return image_load(elf->image, segment->p_offset, layout->memory, segment->p_paddr,
			  segment->p_filesz, "a segment", err);
}

/*
 * The entry point is a virtual address by the ABI, but a kernel runs without paging at first: where
 * the two differ some linker scripts give the one and some the other.
 */
static bool entry_in_segment(const struct elf_file *elf, const Elf64_Phdr *segment, bool is_virtual,
			     uint64_t *ret_entry)
{
	uint64_t base = is_virtual ? segment->p_vaddr : segment->p_paddr;

	if (segment->p_type != PT_LOAD || elf->entry < base ||
	    elf->entry - base >= segment->p_memsz)
		return false;
	*ret_entry = elf->entry - base + segment->p_paddr;
	return true;
}

static int find_entry(const struct elf_file *elf, const Elf64_Phdr *table, uint64_t *ret_entry,
		      struct error *err)
{
	uint64_t entry = 0;
	bool found = false;
	unsigned int i;

	for (i = 0; i < elf->segments && !found; i++)
		found = entry_in_segment(elf, &table[i], true, &entry);
	for (i = 0; i < elf->segments && !found; i++)
		found = entry_in_segment(elf, &table[i], false, &entry);
	if (!found)
		return error_set(err, -EINVAL,
				 "%s: its entry point 0x%" PRIx64 " lies in no segment",
				 elf->image->name, elf->entry);
	if (entry >= MEMORY_HIGH_BASE)
		return error_set(err, -ENOTSUP,
				 "%s: its entry point 0x%" PRIx64
				 " lies beyond the 4 GiB that 32-bit code can reach",
				 elf->image->name, entry);
	*ret_entry = entry;
	return 0;
}

int elf_load(const struct image *image, struct layout *layout, uint64_t *ret_entry,
	     struct error *err)
{
	struct elf_file elf = { .image = image };
	Elf64_Phdr *table = NULL;
	unsigned int i;
	int ret;

	ret = read_header(&elf, err);
	if (ret < 0)
		return ret;
	ret = read_table(&elf, &table, err);
	if (ret < 0)
		return ret;
	for (i = 0; i < elf.segments && ret == 0; i++)
		if (table[i].p_type == PT_LOAD)
			ret = load_segment(&elf, &table[i], layout, err);
	if (ret == 0)
		ret = find_entry(&elf, table, ret_entry, err);
	free(table);
	return ret;
}

/* Searches @size bytes of notes. Returns 0 or -ENOENT. */
static int search_notes(const char *notes, uint64_t size, const char *owner, uint32_t type,
			void *buffer, size_t buffer_size)
{
	size_t owner_size = strlen(owner) + 1;
	uint64_t offset = 0, name, contents;
	Elf64_Nhdr note; /* that of both classes */

	while (size - offset >= sizeof(note)) {
		memcpy(&note, notes + offset, sizeof(note));
		name = offset + sizeof(note);
		contents = name + align_up(note.n_namesz, NOTE_ALIGNMENT);
		offset = contents + align_up(note.n_descsz, NOTE_ALIGNMENT);
		if (offset > size)
			break;
		if (note.n_type != type || note.n_namesz != owner_size ||
		    note.n_descsz < buffer_size || memcmp(notes + name, owner, owner_size) != 0)
			continue;
		memcpy(buffer, notes + contents, buffer_size);
		return 0;
	}
	return -ENOENT;
}

static int search_segment(const struct image *image, const Elf64_Phdr *segment, const char *owner,
			  uint32_t type, void *buffer, size_t buffer_size)
{
	uint64_t size = segment->p_filesz < NOTES_SIZE_MAX ? segment->p_filesz : NOTES_SIZE_MAX;
	char *notes = malloc(NOTES_SIZE_MAX);
	int ret = -ENOENT;

	if (!notes)
		return -ENOMEM;
	if (image_read(image, segment->p_offset, notes, size, "a note", NULL) == 0)
		ret = search_notes(notes, size, owner, type, buffer, buffer_size);
	free(notes);
	return ret;
}

int elf_find_note(const struct image *image, const char *owner, uint32_t type, void *buffer,
		  size_t size)
{
	struct elf_file elf = { .image = image };
	Elf64_Phdr *table = NULL;
	int ret = -ENOENT;
	unsigned int i;

	if (read_header(&elf, NULL) < 0 || read_table(&elf, &table, NULL) < 0)
		return -ENOENT;
	for (i = 0; i < elf.segments && ret == -ENOENT; i++)
		if (table[i].p_type == PT_NOTE)
			ret = search_segment(image, &table[i], owner, type, buffer, size);
	free(table);
	return ret;
}

/*
 * A file that names an interpreter is a program of an operating system, as a wrong path easily
 * hits; kernels with one are started by loaders that know them.
 */
static int refuse_program(const struct image *image, struct error *err)
{
	struct elf_file elf = { .image = image };
	bool has_interpreter = false;
	Elf64_Phdr *table = NULL;
	unsigned int i;
	int ret;

	ret = read_header(&elf, err);
	if (ret == 0)
		ret = read_table(&elf, &table, err);
	if (ret < 0)
		return ret;
	for (i = 0; i < elf.segments; i++)
		has_interpreter |= table[i].p_type == PT_INTERP;
	free(table);
	if (has_interpreter)
		return error_set(err, -EINVAL,
				 "%s: is a program for an operating system, not an image that "
				 "boots by itself",
				 image->name);
	return 0;
}

int elf_boot(const struct image *image, struct guest_memory *memory,
	     struct hv_vcpu_start *ret_start, struct error *err)
{
	struct layout_wish wish = {
		.size = CPU_TABLES_GDT_SIZE,
		.alignment = LAYOUT_PAGE,
		.from = LAYOUT_PAGE,
		.limit = MACHINE_LOW_RAM_END,
		.highest = true,
	};
	struct hv_vcpu_start start = { 0 };
	struct layout layout;
	uint64_t gdt;
	int ret;

	layout_init(&layout, memory, image->name);
	ret = refuse_program(image, err);
	if (ret == 0)
		ret = elf_load(image, &layout, &start.rip, err);
	if (ret == 0)
		ret = layout_place(&layout, &wish, "the GDT", &gdt, err);
	if (ret < 0)
		return ret;
	ret = cpu_tables_gdt(memory, gdt, false, &start);
	if (ret < 0)
		return error_set(err, ret, "%s: no memory for the GDT", image->name);
	*ret_start = start;
	return 0;
}
