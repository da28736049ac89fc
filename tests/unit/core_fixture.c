/* SPDX-License-Identifier: BSD-3-Clause */
/* What the core is made of in its tests. */
#include "tests/unit/core_fixture.h"

#include <string.h>
#include <sys/mman.h>

#include "devicemodel/hypervisor/io_access.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

/* --- the region ------------------------------------------------------------------------------- */

struct core_region core_region;
uint64_t core_mapped;

int ivshmem_region_attach(const struct ivshmem_region_params *params,
			  struct ivshmem_region **ret_region, struct error *err)
{
	core_region.params = *params;
	if (core_region.attach_result < 0)
		return error_set(err, core_region.attach_result, "fake region");
	core_region.attached++;
	*ret_region = (struct ivshmem_region *)(void *)&core_region;
	return 0;
}

void ivshmem_region_detach(struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &core_region);
	/* The guest must not see memory that is gone. */
	CU_ASSERT_EQUAL(core_mapped, IVSHMEM_UNPLACED);
	core_region.attached--;
}

void *ivshmem_region_memory(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &core_region);
	return core_region.memory;
}

uint64_t ivshmem_region_size(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &core_region);
	return CORE_SIZE;
}

int ivshmem_region_fd(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &core_region);
	return core_region.fd;
}

const char *ivshmem_region_path(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &core_region);
	return "/dev/shm/fake";
}

/* --- the carrier ------------------------------------------------------------------------------ */

static int map_memory(void *ctx, uint64_t gpa, void *memory, uint64_t size)
{
	struct core_carrier *carrier = ctx;

	carrier->maps++;
	CU_ASSERT_EQUAL(core_mapped, IVSHMEM_UNPLACED);
	CU_ASSERT_PTR_EQUAL(memory, core_region.memory);
	CU_ASSERT_EQUAL(size, CORE_SIZE);
	if (carrier->map_result < 0)
		return carrier->map_result;
	core_mapped = gpa;
	return 0;
}

static void unmap_memory(void *ctx, uint64_t gpa)
{
	struct core_carrier *carrier = ctx;

	carrier->unmaps++;
	CU_ASSERT_EQUAL(gpa, core_mapped);
	core_mapped = IVSHMEM_UNPLACED;
}

static void lock(void *ctx)
{
	struct core_carrier *carrier = ctx;

	CU_ASSERT_FALSE(carrier->locked);
	carrier->locked = true;
}

static void unlock(void *ctx)
{
	struct core_carrier *carrier = ctx;

	CU_ASSERT(carrier->locked);
	carrier->locked = false;
}

static void bind_vector(void *ctx, unsigned int vector, int fd)
{
	struct core_carrier *carrier = ctx;

	CU_ASSERT_FATAL(vector < CORE_VECTORS);
	/* As struct ivshmem_host promises: while the link is there a guest may run. */
	CU_ASSERT(carrier->locked || core_link.opened == 0);
	carrier->bound[vector] = fd;
}

static void raise_vector(void *ctx, unsigned int vector)
{
	struct core_carrier *carrier = ctx;

	CU_ASSERT(carrier->locked);
	CU_ASSERT_FATAL(vector < CORE_VECTORS);
	carrier->raised[vector]++;
}

static int catch_ring(void *ctx, uint32_t value, int fd, bool on)
{
	struct core_carrier *carrier = ctx;

	(void)fd;
	carrier->catches += on ? 1 : -1U;
	carrier->caught = value;
	return 0;
}

static const struct ivshmem_host host = {
	.map_memory = map_memory,
	.unmap_memory = unmap_memory,
	.lock = lock,
	.unlock = unlock,
	.bind_vector = bind_vector,
	.raise_vector = raise_vector,
	.catch_ring = catch_ring,
};

/* --- the link --------------------------------------------------------------------------------- */

struct core_link core_link;

int ivshmem_link_open(const struct ivshmem_link_params *params, struct ivshmem_link **ret_link,
		      struct error *err)
{
	core_link.params = *params;
	if (core_link.greeting)
		core_link.greeting();
	if (core_link.open_result < 0)
		return error_set(err, core_link.open_result, "fake link");
	core_link.opened++;
	*ret_link = (struct ivshmem_link *)(void *)&core_link;
	return 0;
}

void ivshmem_link_close(struct ivshmem_link *self)
{
	if (!self)
		return;
	CU_ASSERT_PTR_EQUAL(self, &core_link);
	/* The region may be gone with the last user, and the server is told of that first. */
	CU_ASSERT_EQUAL(core_region.attached, 1);
	core_link.opened--;
}

/* --- what each test begins and ends with ------------------------------------------------------ */

struct event_loop *core_loop;
static struct leaks before;

int core_init(struct ivshmem_core *core, struct core_carrier *carrier,
	      const struct ivshmem_options *options, struct error *err)
{
	const struct ivshmem_carrier carried = {
		.host = &host,
		.ctx = carrier,
		.tag = "test",
		.loop = core_loop,
	};

	return ivshmem_core_init(core, options, &carried, err);
}

void core_begin(struct ivshmem_core *core, struct core_carrier *carrier)
{
	static const struct ivshmem_options options = { .size = CORE_SIZE };
	struct error err;

	memset(&core_region, 0, sizeof(core_region));
	*carrier = (struct core_carrier){ 0 };
	core_mapped = IVSHMEM_UNPLACED;
	CU_ASSERT_EQUAL_FATAL(core_init(core, carrier, &options, &err), 0);
	CU_ASSERT_EQUAL(core_region.attached, 1);
}

void core_end(struct ivshmem_core *core)
{
	ivshmem_core_fini(core);
	CU_ASSERT_EQUAL(core_region.attached, 0);
	/* Twice does not harm. */
	ivshmem_core_fini(core);
	CU_ASSERT_EQUAL(core_region.attached, 0);
}

void core_doorbell_prepare(struct core_carrier *carrier, void (*greeting)(void))
{
	before = leaks_count();
	memset(&core_region, 0, sizeof(core_region));
	memset(&core_link, 0, sizeof(core_link));
	*carrier = (struct core_carrier){ .bound = { -1, -1 } };
	core_mapped = IVSHMEM_UNPLACED;
	core_region.fd = memfd_create("test", MFD_CLOEXEC);
	core_link.greeting = greeting;
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&core_loop), 0);
}

void core_doorbell_begin(struct ivshmem_core *core, struct core_carrier *carrier,
			 void (*greeting)(void))
{
	static const struct ivshmem_options options = {
		.size = CORE_SIZE,
		.vectors = CORE_VECTORS,
	};
	struct error err = { "" };

	core_doorbell_prepare(carrier, greeting);
	CU_ASSERT_EQUAL_FATAL(core_init(core, carrier, &options, &err), 0);
	CU_ASSERT_EQUAL(core_link.opened, 1);
}

void core_doorbell_end(struct ivshmem_core *core, struct core_carrier *carrier)
{
	struct leaks after;
	int i;

	core_end(core);
	CU_ASSERT_EQUAL(core_link.opened, 0);
	for (i = 0; i < CORE_VECTORS; i++)
		CU_ASSERT_EQUAL(carrier->bound[i], -1);
	CU_ASSERT_EQUAL(carrier->catches, 0);
	event_loop_free(core_loop);
	core_loop = NULL;
	fd_close(&core_region.fd);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
}

uint64_t core_get(struct ivshmem_core *core, uint64_t offset, unsigned int size)
{
	return ivshmem_core_read(core, offset, size) & io_size_mask(size);
}
