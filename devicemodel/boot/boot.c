/* SPDX-License-Identifier: BSD-3-Clause */
/* From -k, -r, -B and -E to a guest that can start. */
#include "devicemodel/boot/boot.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/boot/elf.h"
#include "devicemodel/boot/image.h"
#include "devicemodel/boot/linux.h"
#include "devicemodel/boot/multiboot.h"
#include "devicemodel/boot/pvh.h"
#include "lib/log.h"

enum boot_kind {
	BOOT_KIND_NONE,
	BOOT_KIND_LINUX,
	BOOT_KIND_MULTIBOOT,
	BOOT_KIND_PVH,
	BOOT_KIND_ELF,
};

struct boot {
	enum boot_kind kind;
	struct image image;
	struct image ramdisk; /* fd -1: none */
	char *bootargs;	      /* "" if there are none */
};

/* A bzImage's mark has a fixed place, so it goes before the search for a multiboot header. */
static enum boot_kind find_kind(const struct image *image)
{
	if (linux_probe(image))
		return BOOT_KIND_LINUX;
	if (multiboot_probe(image))
		return BOOT_KIND_MULTIBOOT;
	if (pvh_probe(image))
		return BOOT_KIND_PVH;
	return elf_probe(image) ? BOOT_KIND_ELF : BOOT_KIND_NONE;
}

static int check_kind(const struct boot *boot, const struct boot_params *params, struct error *err)
{
	const char *name = boot->image.name;

	if (boot->kind == BOOT_KIND_NONE && params->kernel)
		return error_set(err, -EINVAL,
				 "%s: is no image to boot: neither a Linux bzImage nor a multiboot "
				 "or ELF file",
				 name);
	if (boot->kind == BOOT_KIND_NONE)
		return error_set(err, -EINVAL, "%s: is neither a multiboot nor an ELF file", name);
	if (boot->kind == BOOT_KIND_LINUX && params->elf)
		return error_set(err, -EINVAL,
				 "%s: is a Linux bzImage: give it with -k instead of -E", name);
	if (boot->kind == BOOT_KIND_ELF && params->ramdisk)
		return error_set(err, -EINVAL,
				 "%s: is an ELF file without multiboot header or PVH note and "
				 "takes no ramdisk: drop -r",
				 name);
	if (boot->kind == BOOT_KIND_ELF && params->bootargs && *params->bootargs)
		log_warning("boot",
			    "%s: is an ELF file without multiboot header or PVH note: it cannot "
			    "see -B",
			    name);
	return 0;
}

static int check_params(const struct boot_params *params, struct error *err)
{
	if (!params->kernel && !params->elf)
		return error_set(err, -EINVAL,
				 "nothing to boot: give a kernel with -k or an ELF image with -E");
	if (params->kernel && params->elf)
		return error_set(err, -EINVAL, "-k %.200s and -E %.200s: give only one of them",
				 params->kernel, params->elf);
	return 0;
}

static int open_files(struct boot *boot, const struct boot_params *params, struct error *err)
{
	int ret;

	boot->bootargs = strdup(params->bootargs ? params->bootargs : "");
	if (!boot->bootargs)
		return error_set(err, -ENOMEM, "out of memory");
	ret = image_init(&boot->image, params->kernel ? params->kernel : params->elf, err);
	if (ret < 0)
		return ret;
	boot->kind = find_kind(&boot->image);
	ret = check_kind(boot, params, err);
	if (ret == 0 && params->ramdisk)
		ret = image_init(&boot->ramdisk, params->ramdisk, err);
	return ret;
}

int boot_open(const struct boot_params *params, struct boot **ret_boot, struct error *err)
{
	struct boot *boot;
	int ret;

	ret = check_params(params, err);
	if (ret < 0)
		return ret;
	boot = calloc(1, sizeof(*boot));
	if (!boot)
		return error_set(err, -ENOMEM, "out of memory");
	boot->image = boot->ramdisk = (struct image)IMAGE_NONE;
	ret = open_files(boot, params, err);
	if (ret < 0)
		boot_free(boot);
	else
		*ret_boot = boot;
	return ret;
}

void boot_free(struct boot *boot)
{
	if (!boot)
		return;
	image_fini(&boot->ramdisk);
	image_fini(&boot->image);
	free(boot->bootargs);
	free(boot);
}

int boot_load(struct boot *boot, struct guest_memory *memory, uint64_t rsdp,
	      struct hv_vcpu_start *ret_start, struct error *err)
{
	const struct image *ramdisk = boot->ramdisk.fd >= 0 ? &boot->ramdisk : NULL;

	switch (boot->kind) {
	case BOOT_KIND_LINUX:
		return linux_load(&boot->image, ramdisk, boot->bootargs, memory, rsdp, ret_start,
				  err);
	case BOOT_KIND_MULTIBOOT:
		return multiboot_load(&boot->image, ramdisk, boot->bootargs, memory, ret_start,
				      err);
	case BOOT_KIND_PVH:
		return pvh_load(&boot->image, ramdisk, boot->bootargs, memory, rsdp, ret_start,
				err);
	case BOOT_KIND_ELF:
		return elf_boot(&boot->image, memory, ret_start, err);
	default:
		return error_set(err, -EINVAL, "%s: is no image to boot", boot->image.name);
	}
}
