/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers, memory and doorbells of an ivshmem device. */
#include "hw/pci/ivshmem_core.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "hw/pci/ivshmem_doorbell.h"
#include "hw/pci/ivshmem_link.h"
#include "hw/pci/ivshmem_options.h"
#include "hw/pci/ivshmem_vectors.h"
#include "ivshmem/region.h"
#include "lib/fds.h"
#include "lib/log.h"

static void lock(struct ivshmem_core *core)
{
	core->carrier.host->lock(core->carrier.ctx);
}

static void unlock(struct ivshmem_core *core)
{
	core->carrier.host->unlock(core->carrier.ctx);
}

/* --- what the server says ------------------------------------------------------------------- */

/* Else the guest would share memory with some and doorbells with others. */
static int check_memory(const struct ivshmem_core *core, int memory_fd, struct error *err)
{
	const struct ivshmem_region *region = core->region;
	int flags = fcntl(memory_fd, F_GETFL);
	struct stat ours, theirs;

	if (flags < 0 || fstat(ivshmem_region_fd(region), &ours) < 0 ||
	    fstat(memory_fd, &theirs) < 0)
		return error_set(err, -errno, "its memory is odd: %s", strerror(errno));
	if (ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
		return error_set(err, -EINVAL,
				 "it serves other memory than %s: start it with --region of this "
				 "region; for one that knows no regions, as QEMU's, name its "
				 "object by shm=/OBJECT",
				 ivshmem_region_path(region));
	/* O_PATH is for everybody who can find the object. */
	if ((flags & O_PATH) || (flags & O_ACCMODE) != O_RDWR)
		return error_set(err, -EPERM,
				 "it has sent %s without the right to read and write it: run it as "
				 "a user who may, or name another server",
				 ivshmem_region_path(region));
	return 0;
}

/* Until the link is there the guest has seen nothing, and the latest server counts. */
static void take_first_position(struct ivshmem_core *core, uint16_t id, int memory_fd)
{
	/* Whoever was called so by the server before is gone with it. */
	ivshmem_doorbell_remove(core->doorbell, core->position);
	ivshmem_doorbell_remove(core->doorbell, id);
	fd_close(&core->lease);
	core->position = id;
	core->lease = memory_fd;
}

/*
 * The lease of the position is on the first server's descriptor, so that one is kept; and with
 * another id the newest one too, as some know the device by that.
 */
static void compare_position(struct ivshmem_core *core, const char *server, uint16_t id,
			     int memory_fd)
{
	fd_close(&core->other_lease);
	if (id == core->position)
		fd_close(&memory_fd);
	core->other_lease = memory_fd;
	if (id != core->position)
		log_limited(&core->odd_servers, LOG_LEVEL_WARNING, core->carrier.tag,
			    "ivshmem server %s gives the id %u, the guest goes on as %u: who "
			    "joins from now on reaches it as %u only; restart the VM to mend that",
			    server, (unsigned int)id, (unsigned int)core->position,
			    (unsigned int)id);
}

static int server_ready(void *ctx, const char *server, uint16_t id, int memory_fd,
			struct error *err)
{
	struct ivshmem_core *core = ctx;
	int ret = check_memory(core, memory_fd, err);

	if (ret < 0) {
		fd_close(&memory_fd);
		return ret;
	}
	lock(core);
	if (core->link)
		compare_position(core, server, id, memory_fd);
	else
		take_first_position(core, id, memory_fd);
	ivshmem_vectors_retire(core->vectors);
	unlock(core);
	return 0;
}

static void peer_joined(void *ctx, uint16_t id, unsigned int vector, int fd)
{
	struct ivshmem_core *core = ctx;

	lock(core);
	/* The guest's own number is its own, whoever else a new server may have given it to. */
	if (id == core->position)
		fd_close(&fd);
	else if (ivshmem_doorbell_add(core->doorbell, id, vector, fd) == -ENOMEM)
		log_limited(&core->unringable, LOG_LEVEL_ERROR, core->carrier.tag,
			    "vector %u of peer %u cannot be rung: out of memory", vector,
			    (unsigned int)id);
	unlock(core);
}

static void peer_left(void *ctx, uint16_t id)
{
	struct ivshmem_core *core = ctx;

	lock(core);
	if (id != core->position)
		ivshmem_doorbell_remove(core->doorbell, id);
	unlock(core);
}

/* An own eventfd is rung by peers, and by the guest itself. */
static void own_vector(void *ctx, unsigned int vector, int fd)
{
	struct ivshmem_core *core = ctx;
	int copy;

	if (vector >= core->vector_count) {
		fd_close(&fd);
		return;
	}
	copy = fd_duplicate(fd);
	lock(core);
	if (copy < 0 ||
	    ivshmem_doorbell_add(core->doorbell, core->position, vector, copy) == -ENOMEM)
		log_limited(&core->unringable, LOG_LEVEL_ERROR, core->carrier.tag,
			    "the guest cannot ring its own vector %u: %s", vector,
			    strerror(copy < 0 ? -copy : ENOMEM));
	ivshmem_vectors_set(core->vectors, vector, fd);
	unlock(core);
}

static void starved(void *ctx)
{
	struct ivshmem_core *core = ctx;

	lock(core);
	ivshmem_doorbell_remove_others(core->doorbell, core->position);
	unlock(core);
}

static void settled(void *ctx, const char *server)
{
	struct ivshmem_core *core = ctx;
	unsigned int count = ivshmem_vectors_count(core->vectors);

	if (count < core->vector_count)
		log_limited(&core->odd_servers, LOG_LEVEL_WARNING, core->carrier.tag,
			    "nobody can ring all of its %u vectors, ivshmem server %s gives each "
			    "peer %u: start the server with -n %u, or give all devices of the "
			    "region the same vectors=",
			    core->vector_count, server, count, core->vector_count);
}

static const struct ivshmem_link_ops link_ops = {
	.ready = server_ready,
	.joined = peer_joined,
	.left = peer_left,
	.own_vector = own_vector,
	.starved = starved,
	.settled = settled,
};

/* --- life ----------------------------------------------------------------------------------- */

static int connect_server(struct ivshmem_core *core, const struct ivshmem_options *options,
			  struct error *err)
{
	const struct ivshmem_carrier *carrier = &core->carrier;
	const struct ivshmem_link_params params = {
		.loop = carrier->loop,
		.tag = carrier->tag,
		.path = options->server,
		.start = {
			.region = core->region,
			.name = &options->name,
			.vectors = (unsigned int)options->vectors,
			.group = options->group,
			.shm_object = options->shm_object,
		},
		.ops = &link_ops,
		.ctx = core,
	};
	int ret;

	ret = ivshmem_doorbell_new(carrier->host, carrier->ctx, &core->doorbell);
	if (ret == 0)
		ret = ivshmem_vectors_new(carrier->host, carrier->ctx, carrier->loop,
					  core->vector_count, &core->vectors);
	if (ret < 0)
		return error_set(err, ret, "out of memory");
	return ivshmem_link_open(&params, &core->link, err);
}

int ivshmem_core_init(struct ivshmem_core *core, const struct ivshmem_options *options,
		      const struct ivshmem_carrier *carrier, struct error *err)
{
	const struct ivshmem_region_params params = {
		.name = options->name,
		.size = options->size,
		.keep = options->keep,
		.prefault = options->prefault,
		.lock = options->lock,
		.hugepage_size = options->hugepage_size,
		.group = options->group,
		.shm_object = options->shm_object,
	};
	int ret;

	*core = (struct ivshmem_core){
		.carrier = *carrier,
		.placed = IVSHMEM_UNPLACED,
		.vector_count = (unsigned int)options->vectors,
		.lease = -1,
		.other_lease = -1,
	};
	ret = ivshmem_region_attach(&params, &core->region, err);
	if (ret == 0 && core->vector_count)
		ret = connect_server(core, options, err);
	return ret;
}

/* Nothing here may meet a core whose memory is gone: the server's callbacks stop first. */
void ivshmem_core_fini(struct ivshmem_core *core)
{
	if (!core->region)
		return;
	ivshmem_link_close(core->link);
	ivshmem_vectors_free(core->vectors);
	ivshmem_doorbell_free(core->doorbell);
	fd_close(&core->lease);
	fd_close(&core->other_lease);
	ivshmem_core_place_memory(core, IVSHMEM_UNPLACED);
	ivshmem_region_detach(core->region);
	core->region = NULL;
}

void ivshmem_core_reset(struct ivshmem_core *core)
{
	core->intr_mask = 0;
	core->intr_status = 0;
}

/* --- what the guest does -------------------------------------------------------------------- */

static uint32_t read_register(struct ivshmem_core *core, uint64_t offset)
{
	uint32_t value = 0;

	switch (offset) {
	case IVSHMEM_INTR_MASK:
		return core->intr_mask;
	case IVSHMEM_INTR_STATUS:
		value = core->intr_status;
		core->intr_status = 0;
		return value;
	case IVSHMEM_IV_POSITION:
		return core->position;
	default:
		return 0;
	}
}

static void write_register(struct ivshmem_core *core, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case IVSHMEM_INTR_MASK:
		core->intr_mask = value;
		break;
	case IVSHMEM_INTR_STATUS:
		core->intr_status = value;
		break;
	case IVSHMEM_DOORBELL:
		if (core->doorbell)
			ivshmem_doorbell_ring(core->doorbell, value);
		break;
	default:
		break;
	}
}

uint64_t ivshmem_core_read(struct ivshmem_core *core, uint64_t offset, unsigned int size)
{
	uint64_t value = read_register(core, offset);

	if (size == 8)
		value |= (uint64_t)read_register(core, offset + 4) << 32;
	return value;
}

void ivshmem_core_write(struct ivshmem_core *core, uint64_t offset, unsigned int size,
			uint64_t value)
{
	offset &= ~UINT64_C(3);
	write_register(core, offset, (uint32_t)value);
	if (size == 8)
		write_register(core, offset + 4, (uint32_t)(value >> 32));
}

/*
 * Those who share the object can make it smaller; an access beyond its end would end the process,
 * by SIGBUS, before it has taken its VM down. Only who shrinks it between this and the access still
 * does that.
 */
static bool is_backed(const struct ivshmem_core *core, uint64_t end)
{
	struct stat object;

	return fstat(ivshmem_region_fd(core->region), &object) == 0 &&
	       (uint64_t)object.st_size >= end;
}

/* The access if it is inside of the memory, else NULL. */
static void *memory_at(const struct ivshmem_core *core, uint64_t offset, unsigned int size)
{
	uint64_t all = ivshmem_region_size(core->region);

	if (offset > all || size > all - offset || !is_backed(core, offset + size))
		return NULL;
	return (char *)ivshmem_region_memory(core->region) + offset;
}

static bool is_aligned(uint64_t offset, unsigned int size)
{
	return (offset & (size - 1)) == 0;
}

uint64_t ivshmem_core_read_memory(const struct ivshmem_core *core, uint64_t offset,
				  unsigned int size)
{
	const void *at = memory_at(core, offset, size);
	uint64_t value = UINT64_MAX;

	if (!at)
		return value;
	if (size == 8 && is_aligned(offset, size))
		return __atomic_load_n((const uint64_t *)at, __ATOMIC_ACQUIRE);
	if (size == 4 && is_aligned(offset, size))
		return __atomic_load_n((const uint32_t *)at, __ATOMIC_ACQUIRE);
	if (size == 2 && is_aligned(offset, size))
		return __atomic_load_n((const uint16_t *)at, __ATOMIC_ACQUIRE);
	value = 0;
	memcpy(&value, at, size);
	return value;
}

void ivshmem_core_write_memory(struct ivshmem_core *core, uint64_t offset, unsigned int size,
			       uint64_t value)
{
	void *at = memory_at(core, offset, size);

	if (!at)
		return;
	if (size == 8 && is_aligned(offset, size))
		__atomic_store_n((uint64_t *)at, value, __ATOMIC_RELEASE);
	else if (size == 4 && is_aligned(offset, size))
		__atomic_store_n((uint32_t *)at, (uint32_t)value, __ATOMIC_RELEASE);
	else if (size == 2 && is_aligned(offset, size))
		__atomic_store_n((uint16_t *)at, (uint16_t)value, __ATOMIC_RELEASE);
	else
		memcpy(at, &value, size);
}

void ivshmem_core_move_registers(struct ivshmem_core *core)
{
	if (core->doorbell)
		ivshmem_doorbell_cool(core->doorbell);
}

void ivshmem_core_place_memory(struct ivshmem_core *core, uint64_t gpa)
{
	const struct ivshmem_carrier *carrier = &core->carrier;

	if (core->placed == gpa)
		return;
	if (core->placed != IVSHMEM_UNPLACED)
		carrier->host->unmap_memory(carrier->ctx, core->placed);
	core->placed = IVSHMEM_UNPLACED;
	if (gpa != IVSHMEM_UNPLACED &&
	    carrier->host->map_memory(carrier->ctx, gpa, ivshmem_region_memory(core->region),
				      ivshmem_region_size(core->region)) == 0)
		core->placed = gpa;
}
