/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest that follows a script. */
#include "tests/hsm_sim/guest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/hsm_sim/tracee.h"

static const struct access_kind {
	const char *name;
	uint32_t type;
	bool is_write;
	unsigned int words;
} kinds[] = {
	{ "in", ACRN_IOREQ_TYPE_PORTIO, false, 4 },
	{ "out", ACRN_IOREQ_TYPE_PORTIO, true, 4 },
	{ "read", ACRN_IOREQ_TYPE_MMIO, false, 4 },
	{ "write", ACRN_IOREQ_TYPE_MMIO, true, 4 },
	{ "cfgread", ACRN_IOREQ_TYPE_PCICFG, false, 5 },
	{ "cfgwrite", ACRN_IOREQ_TYPE_PCICFG, true, 5 },
};

/* The step that comes now does not go as it should. */
__attribute__((format(printf, 2, 3))) static void fail(const struct guest *guest,
						       const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report_failure(guest->report, guest->vm_name, guest->steps[guest->next].line, "%s", text);
}

static const struct access_kind *find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static unsigned int words_of(const char *verb)
{
	const struct access_kind *kind = find_kind(verb);

	if (kind)
		return kind->words;
	if (strcmp(verb, "until") == 0)
		return 4;
	if (strcmp(verb, "msi") == 0 || strcmp(verb, "nomsi") == 0)
		return 3;
	return strcmp(verb, "stop") == 0 || strcmp(verb, "anew") == 0 ? 1 : 0;
}

int guest_read(struct guest *guest, const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int number = 0, vcpu = 0, repeat = 0, words;
	struct guest_step step;
	char line[256];

	if (!file) {
		perror(path);
		return -ENOENT;
	}
	while (fgets(line, sizeof(line), file)) {
		number++;
		line[strcspn(line, "#\n")] = '\0';
		memset(&step, 0, sizeof(step));
		words = (unsigned int)sscanf(line, "%31s %31s %31s %31s %31s", step.words[0],
					     step.words[1], step.words[2], step.words[3],
					     step.words[4]);
		if (step.words[0][0] == '\0')
			continue;
		if (sscanf(line, "vcpu %u", &vcpu) == 1 && vcpu < ACRN_IO_REQUEST_MAX)
			continue;
		if (sscanf(line, "repeat %u", &repeat) == 1 && repeat > 0)
			continue;
		if (words != words_of(step.words[0]) || guest->count == GUEST_STEPS_MAX ||
		    (repeat > 0 && !find_kind(step.words[0]))) {
			fprintf(stderr, "%s:%u: not understood, or too much\n", path, number);
			fclose(file);
			return -EINVAL;
		}
		step.line = number;
		step.vcpu = vcpu;
		step.repeat = repeat;
		repeat = 0;
		guest->steps[guest->count++] = step;
	}
	fclose(file);
	if (repeat > 0) {
		fprintf(stderr, "%s: nothing to repeat at its end\n", path);
		return -EINVAL;
	}
	return 0;
}

static uint64_t named_value(struct guest *guest, const char *name)
{
	unsigned int i;

	for (i = 0; i < guest->name_count; i++)
		if (strcmp(guest->names[i].name, name) == 0)
			return guest->names[i].value;
	fail(guest, "no $%s", name);
	return 0;
}

/* A number and nothing else. */
static uint64_t number_of(struct guest *guest, const char *word)
{
	uint64_t value;
	char *end;

	value = strtoull(word, &end, 0);
	if (end == word || *end != '\0')
		fail(guest, "%s is no number", word);
	return value;
}

static uint64_t value_of(struct guest *guest, const char *word)
{
	char name[GUEST_WORD_BYTES];
	char *plus;

	if (word[0] != '$')
		return number_of(guest, word);
	snprintf(name, sizeof(name), "%s", word + 1);
	plus = strchr(name, '+');
	if (plus)
		*plus++ = '\0';
	return named_value(guest, name) + (plus ? number_of(guest, plus) : 0);
}

static void keep(struct guest *guest, const char *word, uint64_t value)
{
	char name[GUEST_WORD_BYTES];
	char *mask;

	snprintf(name, sizeof(name), "%s", word);
	mask = strchr(name, '&');
	if (mask)
		*mask++ = '\0';
	if (guest->name_count == GUEST_NAMES_MAX) {
		fail(guest, "too many names");
		return;
	}
	memcpy(guest->names[guest->name_count].name, name, sizeof(name));
	guest->names[guest->name_count++].value = mask ? value & number_of(guest, mask) : value;
}

static void access_of_step(struct guest *guest, struct access *ret)
{
	const struct guest_step *step = &guest->steps[guest->next];
	const struct access_kind *kind = find_kind(step->words[0]);
	unsigned int device = 0, function = 0;

	*ret = (struct access){
		.type = kind->type,
		.is_write = kind->is_write,
		.size = value_of(guest, step->words[1]),
		.addr = value_of(guest, step->words[kind->words - 2]),
	};
	if (kind->type == ACRN_IOREQ_TYPE_PCICFG) {
		sscanf(step->words[2], "%u.%u", &device, &function);
		ret->bdf = device << 3 | function;
	}
	if (kind->is_write)
		ret->value = value_of(guest, step->words[kind->words - 1]);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void go_on(struct guest *guest)
{
	guest->next++;
	guest->rounds = 0;
}

static void finish_round(struct guest *guest)
{
	const struct guest_step *step = &guest->steps[guest->next];

	guest->rounds++;
	if (guest->rounds < step->repeat)
		return;
	if (step->repeat > 0) {
		printf("hsm-sim: guest: line %u: %u times, %.0f ns each\n", step->line,
		       step->repeat, (double)(now_ns() - guest->begun_ns) / step->repeat);
		fflush(stdout);
	}
	go_on(guest);
}

static void finish(struct guest *guest, const struct access *access)
{
	const struct guest_step *step = &guest->steps[guest->next];
	const char *word = step->words[words_of(step->words[0]) - 1];
	uint64_t wanted, value = access->value;

	if (access->size < 8)
		value &= (UINT64_C(1) << (8 * access->size)) - 1;
	report_note(guest->report, "guest%s%s: line %u: %s 0x%llx: 0x%llx",
		    guest->vm_name ? " " : "", guest->vm_name ? guest->vm_name : "", step->line,
		    step->words[0], (unsigned long long)access->addr, (unsigned long long)value);
	if (!access->is_write && word[0] == '=') {
		keep(guest, word + 1, value);
	} else if (!access->is_write && strcmp(word, "any") != 0) {
		wanted = value_of(guest, word);
		if (value != wanted)
			fail(guest, "0x%llx instead of 0x%llx", (unsigned long long)value,
			     (unsigned long long)wanted);
	}
	finish_round(guest);
}

static void ask(struct guest *guest, struct hsm_vm *vm, const struct access *access)
{
	const struct guest_step *step = &guest->steps[guest->next];

	if (access_ask(vm, step->vcpu, access) < 0) {
		fail(guest, "the request page cannot be written");
		go_on(guest);
		return;
	}
	guest->access = *access;
	guest->waits = true;
	guest->asked = vm->serial;
}

static bool take(struct guest *guest, struct hsm_vm *vm)
{
	if (!access_take(vm, guest->steps[guest->next].vcpu, &guest->access))
		return false;
	guest->waits = false;
	finish(guest, &guest->access);
	return true;
}

static bool msi_came(struct hsm_vm *vm, uint64_t addr, uint64_t data)
{
	unsigned int i;

	for (i = 0; i < vm->msi_count; i++) {
		if (vm->msis[i].msi_addr != addr || vm->msis[i].msi_data != data)
			continue;
		vm->msi_count--;
		memmove(&vm->msis[i], &vm->msis[i + 1],
			(vm->msi_count - i) * sizeof(vm->msis[0]));
		return true;
	}
	return false;
}

/* Does the guest's memory have that value? */
static bool memory_has(struct guest *guest, struct hsm_vm *vm)
{
	const struct guest_step *step = &guest->steps[guest->next];
	uint64_t size = value_of(guest, step->words[1]), value = 0, host;
	uint64_t addr = value_of(guest, step->words[2]);

	if (size > sizeof(value))
		return false;
	if (!vm_vdev_memory(vm, false, addr, size, &value) &&
	    (!vm_memory_find(vm, addr, size, &host) ||
	     tracee_read(vm->pid, host, &value, size) < 0))
		return false;
	return value == value_of(guest, step->words[3]);
}

/* False: it cannot be done now. */
static bool do_other(struct guest *guest, struct hsm_vm *vm)
{
	const struct guest_step *step = &guest->steps[guest->next];
	bool came;

	if (strcmp(step->words[0], "stop") == 0) {
		guest->wants_stop = true;
	} else if (strcmp(step->words[0], "until") == 0) {
		guest->polls = !memory_has(guest, vm);
		if (guest->polls)
			return false;
	} else if (strcmp(step->words[0], "anew") == 0) {
		if (vm->serial == guest->asked)
			return false;
	} else {
		came = msi_came(vm, value_of(guest, step->words[1]),
				value_of(guest, step->words[2]));
		if (strcmp(step->words[0], "msi") == 0 && !came)
			return false;
		if (strcmp(step->words[0], "nomsi") == 0 && came)
			fail(guest, "the message has come");
	}
	guest->next++;
	return true;
}

bool guest_run(struct guest *guest, struct hsm_vm *vm)
{
	unsigned int before = guest->next;
	struct access access;

	if (vm->state != VM_RUNNING || !vm->has_client)
		return false;
	while (guest->next < guest->count) {
		if (guest->waits && guest->asked != vm->serial) {
			if (!find_kind(guest->steps[guest->next].words[0])->is_write)
				fail(guest, "the VM is gone, and so is the answer");
			guest->waits = false;
			go_on(guest);
		} else if (guest->waits) {
			if (!take(guest, vm))
				break;
		} else if (guest->steps[guest->next].vcpu >= vm->config.vcpus) {
			fail(guest, "the VM has %u vCPUs", vm->config.vcpus);
			go_on(guest);
		} else if (!find_kind(guest->steps[guest->next].words[0])) {
			if (!do_other(guest, vm))
				break;
		} else {
			if (guest->rounds == 0)
				guest->begun_ns = now_ns();
			access_of_step(guest, &access);
			if (access_answered(vm, &access))
				finish(guest, &access);
			else
				ask(guest, vm, &access);
		}
	}
	return guest->next != before;
}

void guest_end(struct guest *guest)
{
	/* A write that ends the VM, as the last one, is not answered by everybody. */
	if (guest->waits && guest->next + 1 == guest->count &&
	    find_kind(guest->steps[guest->next].words[0])->is_write)
		return;
	if (guest->next < guest->count)
		fail(guest, "not reached, or not answered");
}
