/* SPDX-License-Identifier: BSD-3-Clause */
/* A model of MSI-X (PCI 3.0, 6.8.2 and 6.8.3), and random steps that it goes along with. */
#include "tests/guest/doorbell_random.h"

#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/print.h"
#include "tests/guest/check.h"
#include "tests/guest/mmio.h"

#define MODEL_VECTORS 4
#define MODEL_OTHER 20 /* an entry sent elsewhere goes to the vector of the entry so far on */

/* What the device must be like. */
static struct {
	bool enable, master, masked_all;
	bool masked[MODEL_VECTORS], pending[MODEL_VECTORS], elsewhere[MODEL_VECTORS];
	uint64_t counts[MODEL_VECTORS + MODEL_OTHER];
} model;

static struct doorbell_device *device;
static unsigned int self;
static uint64_t random_state;

static unsigned int random_below(unsigned int limit)
{
	/* Steele and Vigna, 64-bit linear congruential generators. */
	random_state = random_state * 0xd1342543de82ef95 + 1;
	return (unsigned int)((random_state >> 33) % limit);
}

static bool model_is_open(unsigned int entry)
{
	return model.enable && model.master && !model.masked_all && !model.masked[entry];
}

static void model_update(void)
{
	unsigned int entry;

	for (entry = 0; entry < MODEL_VECTORS; entry++)
		if (model.pending[entry] && model_is_open(entry)) {
			model.pending[entry] = false;
			model.counts[entry + (model.elsewhere[entry] ? MODEL_OTHER : 0)]++;
		}
}

static void model_check(unsigned int step)
{
	unsigned int entry, i;

	for (entry = 0; entry < MODEL_VECTORS; entry++)
		for (i = entry; i < MODEL_VECTORS + MODEL_OTHER; i += MODEL_OTHER)
			check_is("interrupts", step << 8 | i,
				 doorbell_await(i, model.counts[i]), model.counts[i]);
}

static void model_check_pending(unsigned int step)
{
	uint32_t pending = 0;
	unsigned int entry;

	for (entry = 0; entry < MODEL_VECTORS; entry++)
		pending |= (uint32_t)model.pending[entry] << entry;
	check_is("pending bits", step, mmio_read(device->pba, 4), pending);
}

static void step_ring(unsigned int entry)
{
	unsigned int times = model_is_open(entry) ? 1 : 1 + random_below(3);

	while (times--)
		doorbell_ring(device, self, entry);
	model.pending[entry] = true;
}

static void step_mask(unsigned int entry)
{
	model.masked[entry] = !model.masked[entry];
	if (model.masked[entry])
		doorbell_mask(device, entry);
	else
		doorbell_unmask(device, entry);
}

static void step_switch(unsigned int which)
{
	if (which == 0)
		doorbell_enable(device, model.enable = !model.enable);
	else if (which == 1)
		doorbell_master(device, model.master = !model.master);
	else
		doorbell_mask_function(device, model.masked_all = !model.masked_all);
}

/* Only while masked: what happens else is up to the device (PCI 3.0, 6.8.3). */
static void step_send_elsewhere(unsigned int entry)
{
	if (!model.masked[entry])
		return;
	model.elsewhere[entry] = !model.elsewhere[entry];
	mmio_write(device->table + DOORBELL_ENTRY_SIZE * entry + DOORBELL_ENTRY_DATA, 4,
		   doorbell_vector(entry + (model.elsewhere[entry] ? MODEL_OTHER : 0)));
}

static void random_step(unsigned int step)
{
	unsigned int entry = random_below(MODEL_VECTORS);

	switch (random_below(16)) {
	case 0 ... 8:
		step_ring(entry);
		break;
	case 9 ... 11:
		step_mask(entry);
		break;
	case 12:
		step_switch(random_below(3));
		break;
	case 13:
		step_send_elsewhere(entry);
		break;
	case 14:
		doorbell_move(device, random_below(2) ? 0 : DOORBELL_OTHER_PLACE);
		break;
	default:
		model_check_pending(step);
	}
}

void doorbell_random(struct doorbell_device *the_device)
{
	unsigned int steps = (unsigned int)cmdline_number("steps", 0, 10000000, 1000), i;

	random_state = cmdline_number("seed", 0, UINT64_MAX, 1);
	device = the_device;
	self = doorbell_position(device);
	check_begin("random steps: each ring is delivered or pending, and nothing else is");
	print("# %u steps, seed %lu\n", steps, random_state);
	doorbell_open_all(device);
	model.enable = model.master = true;
	for (i = 0; i < steps; i++) {
		random_step(i);
		model_update();
		model_check(i);
	}
	doorbell_settle();
	model_check(i);
}
