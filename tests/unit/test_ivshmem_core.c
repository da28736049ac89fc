/* SPDX-License-Identifier: BSD-3-Clause */
/* The ivshmem device without bus, region and server: registers, memory, doorbells. */
#include "hw/pci/ivshmem_core.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include "devicemodel/hypervisor/io_access.h"
#include "hw/pci/ivshmem_doorbell.h"
#include "hw/pci/ivshmem_link.h"
#include "hw/pci/ivshmem_options.h"
#include "ivshmem/region.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"
#include "lib/util.h"
#include "tests/leaks.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/unit.h"

#define SIZE (2 * MIB)
#define NOWHERE IVSHMEM_UNPLACED

/* In place of the region library: one region, which remembers how it was asked for. */
static struct {
	struct ivshmem_region_params params;
	int attach_result;
	int attached;
	int fd;
	char memory[1];
} region;

int ivshmem_region_attach(const struct ivshmem_region_params *params,
			  struct ivshmem_region **ret_region, struct error *err)
{
	region.params = *params;
	if (region.attach_result < 0)
		return error_set(err, region.attach_result, "fake region");
	region.attached++;
	*ret_region = (struct ivshmem_region *)(void *)&region;
	return 0;
}

static uint64_t host_mapped; /* where the carrier has the memory */

void ivshmem_region_detach(struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &region);
	/* The guest must not see memory that is gone. */
	CU_ASSERT_EQUAL(host_mapped, NOWHERE);
	region.attached--;
}

void *ivshmem_region_memory(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &region);
	return region.memory;
}

uint64_t ivshmem_region_size(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &region);
	return SIZE;
}

int ivshmem_region_fd(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &region);
	return region.fd;
}

const char *ivshmem_region_path(const struct ivshmem_region *self)
{
	CU_ASSERT_PTR_EQUAL(self, &region);
	return "/dev/shm/fake";
}

#define VECTORS 2

struct carrier {
	unsigned int maps, unmaps;
	int map_result;
	bool locked;
	int bound[VECTORS]; /* -1: none */
	unsigned int raised[VECTORS];
	unsigned int catches; /* at present */
	uint32_t caught;      /* the latest */
};

static int map_memory(void *ctx, uint64_t gpa, void *memory, uint64_t size)
{
	struct carrier *carrier = ctx;

	carrier->maps++;
	CU_ASSERT_EQUAL(host_mapped, NOWHERE);
	CU_ASSERT_PTR_EQUAL(memory, region.memory);
	CU_ASSERT_EQUAL(size, SIZE);
	if (carrier->map_result < 0)
		return carrier->map_result;
	host_mapped = gpa;
	return 0;
}

static void unmap_memory(void *ctx, uint64_t gpa)
{
	struct carrier *carrier = ctx;

	carrier->unmaps++;
	CU_ASSERT_EQUAL(gpa, host_mapped);
	host_mapped = NOWHERE;
}

static void lock(void *ctx)
{
	struct carrier *carrier = ctx;

	CU_ASSERT_FALSE(carrier->locked);
	carrier->locked = true;
}

static void unlock(void *ctx)
{
	struct carrier *carrier = ctx;

	CU_ASSERT(carrier->locked);
	carrier->locked = false;
}

static void bind_vector(void *ctx, unsigned int vector, int fd)
{
	struct carrier *carrier = ctx;

	CU_ASSERT_FATAL(vector < VECTORS);
	carrier->bound[vector] = fd;
}

static void raise_vector(void *ctx, unsigned int vector)
{
	struct carrier *carrier = ctx;

	CU_ASSERT(carrier->locked);
	CU_ASSERT_FATAL(vector < VECTORS);
	carrier->raised[vector]++;
}

static int catch_ring(void *ctx, uint32_t value, int fd, bool on)
{
	struct carrier *carrier = ctx;

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

static int init(struct ivshmem_core *core, struct carrier *carrier,
		const struct ivshmem_options *options, struct error *err)
{
	const struct ivshmem_carrier carried = { .host = &host, .ctx = carrier, .tag = "test" };

	return ivshmem_core_init(core, options, &carried, err);
}

static void begin(struct ivshmem_core *core, struct carrier *carrier)
{
	static const struct ivshmem_options options = { .size = SIZE };
	struct error err;

	memset(&region, 0, sizeof(region));
	*carrier = (struct carrier){ 0 };
	host_mapped = NOWHERE;
	CU_ASSERT_EQUAL_FATAL(init(core, carrier, &options, &err), 0);
	CU_ASSERT_EQUAL(region.attached, 1);
}

static void end(struct ivshmem_core *core)
{
	ivshmem_core_fini(core);
	CU_ASSERT_EQUAL(region.attached, 0);
	/* Twice does not harm. */
	ivshmem_core_fini(core);
	CU_ASSERT_EQUAL(region.attached, 0);
}

static void test_options_reach_the_region(void)
{
	struct ivshmem_options options = {
		.size = 64 * MIB,
		.keep = true,
		.prefault = true,
		.lock = true,
		.hugepage_size = 2 * MIB,
		.group = "kvm",
		.shm_object = "/demo",
	};
	struct carrier carrier = { 0 };
	struct ivshmem_core core;
	struct error err;

	memset(&region, 0, sizeof(region));
	host_mapped = NOWHERE;
	CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&options.name, "dm:/demo", NULL), 0);
	CU_ASSERT_EQUAL(init(&core, &carrier, &options, &err), 0);
	CU_ASSERT_STRING_EQUAL(region.params.name.text, "dm:/demo");
	CU_ASSERT_EQUAL(region.params.size, 64 * MIB);
	CU_ASSERT(region.params.keep && region.params.prefault && region.params.lock);
	CU_ASSERT_EQUAL(region.params.hugepage_size, 2 * MIB);
	CU_ASSERT_STRING_EQUAL(region.params.group, "kvm");
	CU_ASSERT_STRING_EQUAL(region.params.shm_object, "/demo");
	/* Nothing is shown to the guest before it placed the BAR. */
	CU_ASSERT_EQUAL(carrier.maps, 0);
	end(&core);
}

static void test_no_region(void)
{
	static const struct ivshmem_options options = { .size = SIZE };
	struct carrier carrier = { 0 };
	struct error err = { "" };
	struct ivshmem_core core;

	memset(&region, 0, sizeof(region));
	region.attach_result = -EPERM;
	CU_ASSERT_EQUAL(init(&core, &carrier, &options, &err), -EPERM);
	CU_ASSERT_STRING_EQUAL(err.text, "fake region");
	ivshmem_core_fini(&core);
	CU_ASSERT_EQUAL(carrier.unmaps, 0);
}

static uint64_t get(struct ivshmem_core *core, uint64_t offset, unsigned int size)
{
	return ivshmem_core_read(core, offset, size) & io_size_mask(size);
}

static void test_registers(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	uint64_t offset;

	begin(&core, &carrier);
	for (offset = 0; offset < IVSHMEM_REGISTERS_SIZE; offset += 4)
		CU_ASSERT_EQUAL(get(&core, offset, 4), 0);
	for (offset = 0; offset < IVSHMEM_REGISTERS_SIZE; offset += 4)
		ivshmem_core_write(&core, offset, 4, 0xa5000000 + offset);
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_INTR_MASK, 4), 0xa5000000);
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_INTR_MASK, 4), 0xa5000000);
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_INTR_STATUS, 4), 0xa5000004);
	for (offset = 4; offset < IVSHMEM_REGISTERS_SIZE; offset += 4)
		CU_ASSERT_EQUAL(get(&core, offset, 4), 0);
	ivshmem_core_write(&core, IVSHMEM_INTR_MASK, 4, 0);
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_INTR_MASK, 4), 0);
	end(&core);
}

static void test_position(void)
{
	static const uint16_t positions[] = { 0, 1, 0x1234, 0xffff };
	struct carrier carrier;
	struct ivshmem_core core;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(positions); i++) {
		begin(&core, &carrier);
		CU_ASSERT_EQUAL(core.position, 0);
		core.position = positions[i];
		ivshmem_core_write(&core, IVSHMEM_IV_POSITION, 4, 0xdeadbeef);
		CU_ASSERT_EQUAL(get(&core, IVSHMEM_IV_POSITION, 4), positions[i]);
		ivshmem_core_reset(&core);
		CU_ASSERT_EQUAL(get(&core, IVSHMEM_IV_POSITION, 4), positions[i]);
		end(&core);
	}
}

/* Reads of other sizes and offsets: mask 0x44332211, status 0x88776655, position 0xabcd. */
static void test_odd_reads(void)
{
	static const struct {
		uint64_t offset;
		unsigned int size;
		uint64_t value;
		uint32_t status_after;
	} rows[] = {
		{ 0, 1, 0x11, 0x88776655 },
		{ 0, 2, 0x2211, 0x88776655 },
		{ 0, 8, 0x8877665544332211, 0 },
		{ 1, 1, 0, 0x88776655 },
		{ 2, 1, 0, 0x88776655 },
		{ 2, 2, 0, 0x88776655 },
		{ 3, 4, 0, 0x88776655 },
		{ 1, 8, 0, 0x88776655 },
		{ 4, 1, 0x55, 0 },
		{ 4, 2, 0x6655, 0 },
		{ 4, 8, 0x0000abcd88776655, 0 },
		{ 5, 1, 0, 0x88776655 },
		{ 6, 2, 0, 0x88776655 },
		{ 7, 1, 0, 0x88776655 },
		{ 8, 1, 0xcd, 0x88776655 },
		{ 8, 2, 0xabcd, 0x88776655 },
		{ 8, 8, 0xabcd, 0x88776655 },
		{ 9, 1, 0, 0x88776655 },
		{ 12, 1, 0, 0x88776655 },
		{ 12, 8, 0, 0x88776655 },
		{ 0xf8, 8, 0, 0x88776655 },
		{ 0xff, 1, 0, 0x88776655 },
	};
	struct carrier carrier;
	struct ivshmem_core core;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&core, &carrier);
		ivshmem_core_write(&core, 0, 4, 0x44332211);
		ivshmem_core_write(&core, 4, 4, 0x88776655);
		core.position = 0xabcd;
		CU_ASSERT_EQUAL(get(&core, rows[i].offset, rows[i].size), rows[i].value);
		CU_ASSERT_EQUAL(get(&core, 4, 4), rows[i].status_after);
		CU_ASSERT_EQUAL(get(&core, 0, 4), 0x44332211);
		end(&core);
	}
}

/* Writes of other sizes and offsets onto all ones: widened with zeros to the whole register. */
static void test_odd_writes(void)
{
	static const struct {
		uint64_t offset;
		unsigned int size;
		uint64_t value;
		uint32_t mask, status;
	} rows[] = {
		{ 0, 1, 0xaa, 0xaa, UINT32_MAX },
		{ 1, 1, 0xaa, 0xaa, UINT32_MAX },
		{ 3, 1, 0xaa, 0xaa, UINT32_MAX },
		{ 0, 2, 0xaabb, 0xaabb, UINT32_MAX },
		{ 2, 2, 0xaabb, 0xaabb, UINT32_MAX },
		{ 4, 1, 0xaa, UINT32_MAX, 0xaa },
		{ 7, 1, 0xaa, UINT32_MAX, 0xaa },
		{ 6, 2, 0xaabb, UINT32_MAX, 0xaabb },
		{ 0, 8, 0x1122334455667788, 0x55667788, 0x11223344 },
		{ 4, 8, 0x1122334455667788, UINT32_MAX, 0x55667788 },
		{ 8, 4, 0, UINT32_MAX, UINT32_MAX },
		{ 8, 8, 0, UINT32_MAX, UINT32_MAX },
		{ 12, 4, 0, UINT32_MAX, UINT32_MAX },
		{ 0xd, 1, 0, UINT32_MAX, UINT32_MAX },
		{ 16, 4, 0, UINT32_MAX, UINT32_MAX },
		{ 0xf8, 8, 0, UINT32_MAX, UINT32_MAX },
		{ 0xff, 1, 0, UINT32_MAX, UINT32_MAX },
	};
	struct carrier carrier;
	struct ivshmem_core core;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&core, &carrier);
		ivshmem_core_write(&core, 0, 8, UINT64_MAX);
		ivshmem_core_write(&core, rows[i].offset, rows[i].size, rows[i].value);
		CU_ASSERT_EQUAL(get(&core, 0, 4), rows[i].mask);
		CU_ASSERT_EQUAL(get(&core, 4, 4), rows[i].status);
		end(&core);
	}
}

static void test_reset(void)
{
	struct carrier carrier;
	struct ivshmem_core core;

	begin(&core, &carrier);
	ivshmem_core_write(&core, 0, 8, UINT64_MAX);
	ivshmem_core_place_memory(&core, 0x1000);
	ivshmem_core_reset(&core);
	CU_ASSERT_EQUAL(get(&core, 0, 8), 0);
	CU_ASSERT_EQUAL(region.attached, 1);
	/* Where the memory is, is the bus's business. */
	CU_ASSERT_EQUAL(host_mapped, 0x1000);
	end(&core);
}

static void test_memory_moves(void)
{
	struct carrier carrier;
	struct ivshmem_core core;

	begin(&core, &carrier);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(carrier.maps + carrier.unmaps, 0);
	ivshmem_core_place_memory(&core, 0); /* an address like any other */
	CU_ASSERT_EQUAL(host_mapped, 0);
	ivshmem_core_place_memory(&core, 0);
	CU_ASSERT_EQUAL(carrier.maps, 1);
	ivshmem_core_place_memory(&core, 0x90000000);
	CU_ASSERT_EQUAL(host_mapped, 0x90000000);
	CU_ASSERT_EQUAL(carrier.unmaps, 1);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(host_mapped, NOWHERE);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(carrier.unmaps, 2);
	ivshmem_core_place_memory(&core, 0xa0000000);
	end(&core);
	CU_ASSERT_EQUAL(carrier.maps, 3);
	CU_ASSERT_EQUAL(carrier.unmaps, 3);
}

static void test_unmappable(void)
{
	struct carrier carrier;
	struct ivshmem_core core;

	begin(&core, &carrier);
	ivshmem_core_place_memory(&core, 0x90000000);
	carrier.map_result = -EINVAL;
	ivshmem_core_place_memory(&core, 0xfffffffffe000000);
	CU_ASSERT_EQUAL(host_mapped, NOWHERE);
	CU_ASSERT_EQUAL(core.placed, NOWHERE);
	ivshmem_core_place_memory(&core, NOWHERE);
	CU_ASSERT_EQUAL(carrier.unmaps, 1);
	carrier.map_result = 0;
	ivshmem_core_place_memory(&core, 0xfffffffffe000000);
	CU_ASSERT_EQUAL(host_mapped, 0xfffffffffe000000);
	end(&core);
	CU_ASSERT_EQUAL(carrier.unmaps, 2);
}

/* --- doorbells ------------------------------------------------------------------------------- */

/* In place of the link: one server, which says what the tests let it say. */
static struct {
	struct ivshmem_link_params params;
	void (*greeting)(void); /* what is said before the link is there */
	int open_result, ready_result;
	int opened;
	struct error err;
} link;

int ivshmem_link_open(const struct ivshmem_link_params *params, struct ivshmem_link **ret_link,
		      struct error *err)
{
	link.params = *params;
	if (link.greeting)
		link.greeting();
	if (link.open_result < 0)
		return error_set(err, link.open_result, "fake link");
	link.opened++;
	*ret_link = (struct ivshmem_link *)(void *)&link;
	return 0;
}

void ivshmem_link_close(struct ivshmem_link *self)
{
	if (!self)
		return;
	CU_ASSERT_PTR_EQUAL(self, &link);
	/* The region may be gone with the last user, and the server is told of that first. */
	CU_ASSERT_EQUAL(region.attached, 1);
	link.opened--;
}

/* The server's messages. What can be rung is returned as a descriptor for the test. */
static void say_ready_with(uint16_t id, int memory)
{
	link.ready_result = link.params.ops->ready(link.params.ctx, "/server", id,
						   fd_duplicate(memory), &link.err);
}

static void say_ready(uint16_t id)
{
	say_ready_with(id, region.fd);
	CU_ASSERT_EQUAL(link.ready_result, 0);
}

static int say_joined(uint16_t id, unsigned int vector)
{
	int fd = eventfd_new(), mine = fd_duplicate(fd);

	link.params.ops->joined(link.params.ctx, id, vector, fd);
	return mine;
}

static void say_left(uint16_t id)
{
	link.params.ops->left(link.params.ctx, id);
}

static int say_own(unsigned int vector)
{
	int fd = eventfd_new(), mine = fd_duplicate(fd);

	link.params.ops->own_vector(link.params.ctx, vector, fd);
	return mine;
}

static void say_settled(void)
{
	link.params.ops->settled(link.params.ctx, "/server");
}

static struct event_loop *loop;
static struct leaks before;

static void greet_as_3(void)
{
	say_ready(3);
}

/* A device with two vectors that its server calls 3, unless the test has another greeting. */
static int init_doorbell(struct ivshmem_core *core, struct carrier *carrier,
			 const struct ivshmem_options *options, struct error *err)
{
	const struct ivshmem_carrier carried = {
		.host = &host,
		.ctx = carrier,
		.tag = "test",
		.loop = loop,
	};

	return ivshmem_core_init(core, options, &carried, err);
}

static void prepare_doorbell(struct carrier *carrier, void (*greeting)(void))
{
	before = leaks_count();
	memset(&region, 0, sizeof(region));
	memset(&link, 0, sizeof(link));
	*carrier = (struct carrier){ .bound = { -1, -1 } };
	host_mapped = NOWHERE;
	region.fd = memfd_create("test", MFD_CLOEXEC);
	link.greeting = greeting;
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&loop), 0);
}

static void begin_doorbell(struct ivshmem_core *core, struct carrier *carrier,
			   void (*greeting)(void))
{
	static const struct ivshmem_options options = { .size = SIZE, .vectors = VECTORS };
	struct error err = { "" };

	prepare_doorbell(carrier, greeting);
	CU_ASSERT_EQUAL_FATAL(init_doorbell(core, carrier, &options, &err), 0);
	CU_ASSERT_EQUAL(link.opened, 1);
}

static void end_doorbell(struct ivshmem_core *core, struct carrier *carrier)
{
	struct leaks after;
	int i;

	end(core);
	CU_ASSERT_EQUAL(link.opened, 0);
	for (i = 0; i < VECTORS; i++)
		CU_ASSERT_EQUAL(carrier->bound[i], -1);
	CU_ASSERT_EQUAL(carrier->catches, 0);
	event_loop_free(loop);
	fd_close(&region.fd);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
}

static void ring(struct ivshmem_core *core, uint16_t peer, unsigned int vector)
{
	ivshmem_core_write(core, IVSHMEM_DOORBELL, 4, (uint32_t)peer << 16 | vector);
}

static void stop_loop(void *ctx, uint32_t events)
{
	(void)events;
	event_loop_stop(ctx);
}

/* Whatever is ready in the event loop is called back. */
static void turn_loop(void)
{
	struct event_source *source;
	int i, ready = eventfd_new();

	for (i = 0; i < 2; i++) {
		eventfd_signal(ready);
		CU_ASSERT_EQUAL_FATAL(
			event_loop_add(loop, ready, EPOLLIN, stop_loop, loop, &source), 0);
		CU_ASSERT_EQUAL(event_loop_run(loop), 0);
		event_source_remove(source);
	}
	fd_close(&ready);
}

static void test_options_reach_the_link(void)
{
	static const struct ivshmem_options plain = { .size = SIZE };
	struct ivshmem_options options = {
		.size = SIZE,
		.vectors = VECTORS,
		.server = "/some/socket",
		.group = "kvm",
	};
	struct carrier carrier;
	struct ivshmem_core core;
	struct error err;

	prepare_doorbell(&carrier, greet_as_3);
	CU_ASSERT_EQUAL(init_doorbell(&core, &carrier, &options, &err), 0);
	CU_ASSERT_PTR_EQUAL(link.params.loop, loop);
	CU_ASSERT_STRING_EQUAL(link.params.tag, "test");
	CU_ASSERT_STRING_EQUAL(link.params.path, "/some/socket");
	CU_ASSERT_PTR_EQUAL(link.params.start.region, &region);
	CU_ASSERT_PTR_EQUAL(link.params.start.name, &options.name);
	CU_ASSERT_EQUAL(link.params.start.vectors, VECTORS);
	CU_ASSERT_STRING_EQUAL(link.params.start.group, "kvm");
	end_doorbell(&core, &carrier);
	/* Who has no vectors has no server. */
	prepare_doorbell(&carrier, greet_as_3);
	CU_ASSERT_EQUAL(init_doorbell(&core, &carrier, &plain, &err), 0);
	CU_ASSERT_EQUAL(link.opened, 0);
	ring(&core, 0, 0);
	ivshmem_core_registers_move(&core);
	end_doorbell(&core, &carrier);
}

static void test_no_link(void)
{
	static const struct ivshmem_options options = { .size = SIZE, .vectors = VECTORS };
	struct carrier carrier;
	struct error err = { "" };
	struct ivshmem_core core;

	prepare_doorbell(&carrier, greet_as_3);
	link.open_result = -ECONNREFUSED;
	CU_ASSERT_EQUAL(init_doorbell(&core, &carrier, &options, &err), -ECONNREFUSED);
	CU_ASSERT_STRING_EQUAL(err.text, "fake link");
	end_doorbell(&core, &carrier);
}

static void greet_as_last(void)
{
	say_ready(0xffff);
}

static void test_own_id(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	int own;

	begin_doorbell(&core, &carrier, greet_as_last);
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_IV_POSITION, 4), 0xffff);
	ivshmem_core_reset(&core);
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_IV_POSITION, 4), 0xffff);
	own = say_own(0);
	ring(&core, 0xffff, 0);
	CU_ASSERT(eventfd_drain(own));
	fd_close(&own);
	end_doorbell(&core, &carrier);
}

static int other_memory;

static void greet_with_other_memory(void)
{
	say_ready_with(3, other_memory);
}

/* The region's memory and no other, at the start and later. */
static void test_other_memory(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	struct leaks now, then;

	other_memory = memfd_create("other", MFD_CLOEXEC);
	begin_doorbell(&core, &carrier, greet_with_other_memory);
	CU_ASSERT_EQUAL(link.ready_result, -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(link.err.text, "it serves other memory than /dev/shm/fake"));
	then = leaks_count();
	say_ready_with(4, other_memory);
	now = leaks_count();
	CU_ASSERT_EQUAL(link.ready_result, -EINVAL);
	CU_ASSERT(leaks_equal(&then, &now));
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_IV_POSITION, 4), 0);
	end_doorbell(&core, &carrier);
	fd_close(&other_memory);
}

/* The first server's descriptor is kept, as it has the lease, and the latest one of another id. */
static void test_lease(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	struct leaks now, then;

	begin_doorbell(&core, &carrier, greet_as_3);
	CU_ASSERT(core.lease >= 0);
	then = leaks_count();
	say_ready(3);
	say_ready(3);
	now = leaks_count();
	CU_ASSERT(leaks_equal(&then, &now));
	log_set_level((enum log_level)-1);
	say_ready(4);
	say_ready(5);
	log_set_level(LOG_LEVEL_WARNING);
	now = leaks_count();
	CU_ASSERT_EQUAL(now.fds, then.fds + 1);
	say_ready(3);
	now = leaks_count();
	CU_ASSERT(leaks_equal(&then, &now));
	end_doorbell(&core, &carrier);
}

static void test_peers(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	int peers[3];
	size_t i;

	begin_doorbell(&core, &carrier, greet_as_3);
	peers[0] = say_joined(0, 0);
	peers[1] = say_joined(0, 1);
	peers[2] = say_joined(7, 0);
	ring(&core, 0, 1);
	CU_ASSERT_FALSE(eventfd_drain(peers[0]));
	CU_ASSERT(eventfd_drain(peers[1]));
	CU_ASSERT_FALSE(eventfd_drain(peers[2]));
	say_left(0);
	ring(&core, 0, 1);
	ring(&core, 7, 0);
	CU_ASSERT_FALSE(eventfd_drain(peers[1]));
	CU_ASSERT(eventfd_drain(peers[2]));
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(core.doorbell), 1);
	/* Reading tells nothing. */
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_DOORBELL, 4), 0);
	for (i = 0; i < ARRAY_SIZE(peers); i++)
		fd_close(&peers[i]);
	end_doorbell(&core, &carrier);
}

/* Writes of other sizes and offsets: which vector of peer 0, and of peer 1, they ring. */
static void test_odd_rings(void)
{
	static const struct {
		uint64_t offset;
		unsigned int size;
		uint64_t value;
		int peer, vector; /* peer -1: nobody */
	} rows[] = {
		{ 12, 4, 0x00010001, 1, 1 },
		{ 12, 1, 0x01, 0, 1 },
		{ 12, 2, 0x0001, 0, 1 },
		{ 12, 8, 0xdeadbeef00010001, 1, 1 },
		{ 8, 8, 0x0001000100000000, 1, 1 },
		{ 13, 1, 0x01, 0, 1 },
		{ 14, 2, 0x0001, 0, 1 },
		{ 8, 4, 0x00010001, -1, 0 },
		{ 16, 4, 0x00010001, -1, 0 },
		{ 0, 8, 0x0001000100010001, -1, 0 },
		{ 12, 4, 0x00010002, -1, 0 },
		{ 12, 4, 0x00010101, -1, 0 },
		{ 12, 4, 0x01010001, -1, 0 },
	};
	struct carrier carrier;
	struct ivshmem_core core;
	int fds[2][2], peer, vector;
	size_t i;

	begin_doorbell(&core, &carrier, greet_as_3);
	for (i = 0; i < 4; i++)
		fds[i / 2][i % 2] = say_joined((uint16_t)(i / 2), i % 2);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ivshmem_core_write(&core, rows[i].offset, rows[i].size, rows[i].value);
		for (peer = 0; peer < 2; peer++)
			for (vector = 0; vector < 2; vector++)
				CU_ASSERT_EQUAL(eventfd_drain(fds[peer][vector]),
						peer == rows[i].peer && vector == rows[i].vector);
	}
	for (i = 0; i < 4; i++)
		fd_close(&fds[i / 2][i % 2]);
	end_doorbell(&core, &carrier);
}

/* Own eventfds are the carrier's to listen to, and the guest's to ring. */
static void test_own_vectors(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	int own[VECTORS + 1], i;

	begin_doorbell(&core, &carrier, greet_as_3);
	/* The server gives more than the device has. */
	for (i = 0; i < VECTORS + 1; i++)
		own[i] = say_own((unsigned int)i);
	for (i = 0; i < VECTORS; i++) {
		CU_ASSERT_FATAL(carrier.bound[i] >= 0);
		eventfd_signal(own[i]);
		CU_ASSERT(eventfd_drain(carrier.bound[i]));
		ring(&core, 3, (unsigned int)i);
		CU_ASSERT(eventfd_drain(carrier.bound[i]));
	}
	ring(&core, 3, VECTORS);
	CU_ASSERT_FALSE(eventfd_drain(own[VECTORS]));
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(core.doorbell), 1);
	for (i = 0; i < VECTORS + 1; i++)
		fd_close(&own[i]);
	end_doorbell(&core, &carrier);
}

/* Descriptors have run out: those of peers are given back, and told again later. */
static void test_starved(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	struct leaks then, now;
	int own, peer;

	begin_doorbell(&core, &carrier, greet_as_3);
	own = say_own(0);
	then = leaks_count();
	peer = say_joined(9, 0);
	link.params.ops->starved(link.params.ctx);
	ring(&core, 9, 0);
	CU_ASSERT_FALSE(eventfd_drain(peer));
	fd_close(&peer);
	now = leaks_count();
	CU_ASSERT(leaks_equal(&then, &now));
	ring(&core, 3, 0);
	CU_ASSERT(eventfd_drain(own));
	peer = say_joined(9, 0);
	ring(&core, 9, 0);
	CU_ASSERT(eventfd_drain(peer));
	fd_close(&peer);
	fd_close(&own);
	end_doorbell(&core, &carrier);
}

/* The next server gives the id again. */
static void test_connected_again(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	int own, old, peer;
	const char *text;

	begin_doorbell(&core, &carrier, greet_as_3);
	log_capture_begin();
	peer = say_joined(1, 0);
	old = say_own(0);
	say_ready(3);
	CU_ASSERT_EQUAL(carrier.bound[0], -1);
	own = say_own(0);
	CU_ASSERT_FATAL(carrier.bound[0] >= 0);
	eventfd_signal(own);
	CU_ASSERT(eventfd_drain(carrier.bound[0]));
	/* The guest rings itself by the new one, peers ring it by either. */
	ring(&core, 3, 0);
	CU_ASSERT(eventfd_drain(own));
	CU_ASSERT_FALSE(eventfd_drain(old));
	turn_loop();
	CU_ASSERT_EQUAL(carrier.raised[0], 0);
	eventfd_signal(old);
	turn_loop();
	CU_ASSERT_EQUAL(carrier.raised[0], 1);
	/* The new server has not told of that one yet, and may never. */
	ring(&core, 1, 0);
	CU_ASSERT(eventfd_drain(peer));
	fd_close(&peer);
	peer = say_joined(1, 0);
	ring(&core, 1, 0);
	CU_ASSERT(eventfd_drain(peer));
	CU_ASSERT_EQUAL(log_capture_end(&text), 0);
	fd_close(&peer);
	fd_close(&own);
	fd_close(&old);
	end_doorbell(&core, &carrier);
}

/* The next server gives another id, and the old one to somebody else. */
static void test_another_id(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	int own, impostor;
	const char *text;

	begin_doorbell(&core, &carrier, greet_as_3);
	log_capture_begin();
	say_ready(5);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "/server gives the id 5, the guest goes on as 3"));
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_IV_POSITION, 4), 3);
	own = say_own(0);
	impostor = say_joined(3, 0);
	ring(&core, 3, 0);
	CU_ASSERT(eventfd_drain(own));
	CU_ASSERT_FALSE(eventfd_drain(impostor));
	say_left(3);
	ring(&core, 3, 0);
	CU_ASSERT(eventfd_drain(own));
	fd_close(&impostor);
	fd_close(&own);
	end_doorbell(&core, &carrier);
}

static void greet_twice(void)
{
	int fds[] = { -1, -1, -1, -1 };
	size_t i;

	say_ready(3);
	fds[0] = say_joined(5, 0);
	fds[1] = say_joined(5, 1);
	fds[2] = say_own(0);
	/* That server has ended, another one knows the device by another number. */
	say_ready(5);
	fds[3] = say_own(0);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fd_close(&fds[i]);
}

/* Before the guest runs the latest server counts, and nothing of the one before is left. */
static void test_two_servers_at_start(void)
{
	struct carrier carrier;
	struct ivshmem_core core;

	begin_doorbell(&core, &carrier, greet_twice);
	CU_ASSERT_EQUAL(get(&core, IVSHMEM_IV_POSITION, 4), 5);
	ring(&core, 5, 0);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(core.doorbell), 0);
	CU_ASSERT(carrier.bound[0] >= 0 && eventfd_drain(carrier.bound[0]));
	ring(&core, 5, 1);
	ring(&core, 3, 0);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(core.doorbell), 2);
	end_doorbell(&core, &carrier);
}

static void test_settled(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	int own[2];
	const char *text;

	begin_doorbell(&core, &carrier, greet_as_3);
	log_capture_begin();
	own[0] = say_own(0);
	say_settled();
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "nobody can ring all of its 2 vectors, ivshmem server "
					    "/server gives each peer 1"));
	log_capture_begin();
	own[1] = say_own(1);
	say_settled();
	CU_ASSERT_EQUAL(log_capture_end(&text), 0);
	fd_close(&own[0]);
	fd_close(&own[1]);
	end_doorbell(&core, &carrier);
}

/* A server that comes and goes does not fill the log. */
static void test_log_is_limited(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	const char *text;
	int i;

	begin_doorbell(&core, &carrier, greet_as_3);
	log_capture_begin();
	for (i = 0; i < 100; i++) {
		say_ready((uint16_t)(i + 4));
		say_settled();
	}
	CU_ASSERT(log_capture_end(&text) <= 2 * (LOG_LIMIT_BURST + 1));
	end_doorbell(&core, &carrier);
}

/* What is rung often is caught by the carrier, at the place where the registers are. */
static void test_registers_move(void)
{
	struct carrier carrier;
	struct ivshmem_core core;
	unsigned int i;
	int peer;

	begin_doorbell(&core, &carrier, greet_as_3);
	peer = say_joined(1, 0);
	for (i = 0; i < 16; i++)
		ring(&core, 1, 0);
	CU_ASSERT_EQUAL(carrier.catches, 1);
	CU_ASSERT_EQUAL(carrier.caught, 1 << 16);
	ivshmem_core_registers_move(&core);
	CU_ASSERT_EQUAL(carrier.catches, 0);
	eventfd_drain(peer);
	ring(&core, 1, 0);
	CU_ASSERT(eventfd_drain(peer));
	for (i = 0; i < 16; i++)
		ring(&core, 1, 0);
	CU_ASSERT_EQUAL(carrier.catches, 1);
	fd_close(&peer);
	end_doorbell(&core, &carrier);
}

static const struct unit_test tests[] = {
	{ "options reach the region", test_options_reach_the_region },
	{ "no region", test_no_region },
	{ "registers", test_registers },
	{ "IVPosition", test_position },
	{ "reads of other sizes and offsets", test_odd_reads },
	{ "writes of other sizes and offsets", test_odd_writes },
	{ "reset", test_reset },
	{ "memory moves", test_memory_moves },
	{ "addresses that cannot be mapped", test_unmappable },
	{ "options reach the link", test_options_reach_the_link },
	{ "no link", test_no_link },
	{ "the server's id", test_own_id },
	{ "other memory", test_other_memory },
	{ "the lease is kept", test_lease },
	{ "peers", test_peers },
	{ "rings of other sizes and offsets", test_odd_rings },
	{ "own vectors", test_own_vectors },
	{ "out of descriptors", test_starved },
	{ "connected again", test_connected_again },
	{ "connected again, with another id", test_another_id },
	{ "two servers at the start", test_two_servers_at_start },
	{ "fewer vectors than the device's", test_settled },
	{ "a server that comes and goes", test_log_is_limited },
	{ "registers move", test_registers_move },
};

UNIT_MAIN("ivshmem core", tests)
