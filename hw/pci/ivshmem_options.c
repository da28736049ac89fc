/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of the ivshmem device and what holds between them. */
#include "hw/pci/ivshmem_options.h"

#include <errno.h>
#include <string.h>

#include "devicemodel/config/device_class.h"
#include "ivshmem/server_path.h"
#include "ivshmem/wire.h"
#include "lib/parse.h"
#include "lib/util.h"

#define SIZE_MB_MIN 2
#define SIZE_MB_MAX 512

static int parse_name(const char *word, void *field, struct error *err)
{
	return ivshmem_name_parse(field, word, err);
}

static int parse_size_mb(const char *word, void *field, struct error *err)
{
	uint64_t megabytes;

	if (parse_decimal(word, SIZE_MB_MAX, &megabytes) < 0 || megabytes < SIZE_MB_MIN ||
	    !is_power_of_two(megabytes))
		return error_set(err, -EINVAL,
				 "bad size \"%s\": write whole megabytes, one of 2 4 8 16 32 64 "
				 "128 256 512",
				 word);
	megabytes *= MIB;
	memcpy(field, &megabytes, sizeof(megabytes));
	return 0;
}

static int parse_region_id(const char *word, void *field, struct error *err)
{
	struct ivshmem_region_id *id = field;
	uint64_t value;

	if (parse_number(word, UINT16_MAX, &value) < 0)
		return error_set(err, -EINVAL,
				 "bad region id \"%s\": write 0 to 65535, decimal or 0x "
				 "hexadecimal",
				 word);
	id->value = (uint16_t)value;
	id->given = true;
	return 0;
}

static int parse_hugepages(const char *word, void *field, struct error *err)
{
	uint64_t *size = field;

	if (parse_hugepage_size(word, size) < 0)
		return error_set(err, -EINVAL, "bad hugepages \"%s\": the sizes are 2M and 1G",
				 word);
	return 0;
}

/* A name as shm_open(3) takes it everywhere: one slash, in front. */
static int parse_shm_object(const char *word, void *field, struct error *err)
{
	if (word[0] != '/' || !word[1] || strchr(word + 1, '/') || strlen(word) > 255 ||
	    strcmp(word, "/.") == 0 || strcmp(word, "/..") == 0)
		return error_set(err, -EINVAL,
				 "bad shm \"%s\": write /NAME, a POSIX shared-memory object "
				 "of up to 255 bytes without another slash",
				 word);
	memcpy(field, &word, sizeof(word));
	return 0;
}

static int check_hv(const struct ivshmem_options *options, struct error *err)
{
	const char *key = options->vectors	 ? "vectors" :
			  options->server	 ? "server" :
			  options->keep		 ? "keep" :
			  options->group	 ? "group" :
			  options->hugepage_size ? "hugepages" :
			  options->prefault	 ? "prefault" :
			  options->lock		 ? "lock" :
			  options->shm_object	 ? "shm" :
						   NULL;

	if (!key)
		return 0;
	return error_set(err, -EINVAL,
			 "option \"%s\" does not go with \"%s\": the hypervisor owns hv:/ "
			 "regions, they take no keys",
			 key, options->name.text);
}

static int check_options(const void *arg, struct error *err)
{
	const struct ivshmem_options *options = arg;

	if (options->name.land == IVSHMEM_LAND_HV)
		return check_hv(options, err);
	if (options->server && !options->vectors)
		return error_set(err, -EINVAL,
				 "server=%s needs vectors=N: without vectors there is no doorbell",
				 options->server);
	if (options->server && strlen(options->server) >= IVSHMEM_SERVER_PATH_MAX)
		return error_set(err, -EINVAL,
				 "server=%.80s... is too long: the path of a socket has at most "
				 "%d bytes",
				 options->server, IVSHMEM_SERVER_PATH_MAX - 1);
	if (options->shm_object && options->hugepage_size)
		return error_set(err, -EINVAL,
				 "shm=%s and hugepages= contradict each other: the object is "
				 "where it is",
				 options->shm_object);
	if (options->hugepage_size > options->size)
		return error_set(err, -EINVAL,
				 "hugepages=1G does not go into a region of %llu MB; use "
				 "hugepages=2M",
				 (unsigned long long)(options->size / MIB));
	return 0;
}

#define FIELD(member) OPTION_FIELD(struct ivshmem_options, member)

static const struct option_spec specs[] = {
	{ .key = "name",
	  .help = "dm:/NAME (memory of this system) or hv:/NAME (of the ACRN hypervisor)",
	  .kind = OPTION_VALUE,
	  .positional = true,
	  .required = true,
	  .unique = true,
	  FIELD(name),
	  .parse = parse_name },
	{ .key = "size",
	  .help = "megabytes: 2 4 8 16 32 64 128 256 512; the same for all who share it",
	  .kind = OPTION_VALUE,
	  .positional = true,
	  .required = true,
	  FIELD(size),
	  .parse = parse_size_mb },
	{ .key = "region_id",
	  .help = "0 to 0xffff: PCI subsystem id, so that guests can tell regions apart",
	  .kind = OPTION_VALUE,
	  .positional = true,
	  FIELD(region_id),
	  .parse = parse_region_id },
	{ .key = "vectors",
	  .value = "N",
	  .help = "1 to 2048: with a doorbell that has so many interrupts; 0, none, if left out",
	  .kind = OPTION_NUMBER,
	  FIELD(vectors),
	  .max = IVSHMEM_VECTORS_MAX },
	{ .key = "server",
	  .value = "PATH",
	  .help = "socket of the doorbell server (the region's own)",
	  .kind = OPTION_STRING,
	  FIELD(server) },
	{ .key = "keep",
	  .help = "do not remove the region when its last user ends",
	  .kind = OPTION_FLAG,
	  FIELD(keep) },
	{ .key = "group",
	  .value = "NAME",
	  .help = "let this group's members use the region too",
	  .kind = OPTION_STRING,
	  FIELD(group) },
	{ .key = "hugepages",
	  .value = "2M|1G",
	  .help = "take the memory from hugetlbfs",
	  .kind = OPTION_VALUE,
	  FIELD(hugepage_size),
	  .parse = parse_hugepages },
	{ .key = "prefault",
	  .help = "have all pages present from the start",
	  .kind = OPTION_FLAG,
	  FIELD(prefault) },
	{ .key = "lock", .help = "never page the region out", .kind = OPTION_FLAG, FIELD(lock) },
	{ .key = "shm",
	  .value = "/OBJECT",
	  .help = "use this POSIX object, as QEMU or upstream acrn-dm name it",
	  .kind = OPTION_STRING,
	  .unique = true,
	  FIELD(shm_object),
	  .parse = parse_shm_object },
};

const struct device_class ivshmem_class = {
	.name = "ivshmem",
	.summary = "memory shared between virtual machines",
	.options = specs,
	.option_count = ARRAY_SIZE(specs),
	.options_size = sizeof(struct ivshmem_options),
	.check = check_options,
};
