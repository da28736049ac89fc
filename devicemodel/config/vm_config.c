/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration of a VM: making, checking, freeing. */
#include "devicemodel/config/vm_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/config/absent_class.h"
#include "lib/util.h"

void vm_config_init(struct vm_config *config)
{
	*config = (struct vm_config){
		.memory_size = VM_MEMORY_DEFAULT,
	};
}

static void device_config_fini(struct device_config *device)
{
	free(device->text);
	free(device->options);
	free(device->words);
}

void vm_config_fini(struct vm_config *config)
{
	size_t i;

	for (i = 0; i < config->device_count; i++)
		device_config_fini(&config->devices[i]);
	free(config->devices);
	for (i = 0; i < config->absent_count; i++)
		free(config->absent[i].value);
	free(config->absent);
	for (i = 0; i < SERIAL_PORTS; i++)
		free(config->serial[i]);
	free(config->iasl);
	free(config->name);
	free(config->hypervisor);
	free(config->kernel);
	free(config->ramdisk);
	free(config->bootargs);
	free(config->elf);
	vm_config_init(config);
}

static const struct device_class *find_class(const struct device_class *const *classes,
					     const char *name)
{
	for (; *classes; classes++)
		if (strcmp((*classes)->name, name) == 0)
			return *classes;
	return NULL;
}

/* Fills all of @device but its slot; what was allocated is in @device also on failure. */
static int device_config_fill(struct device_config *device, const struct device_class *class,
			      const char *options_text, struct error *err)
{
	device->class = class;
	device->options = calloc(1, class->options_size ? class->options_size : 1);
	if (!device->options)
		return error_set(err, -ENOMEM, "out of memory");
	if (options_text) {
		device->text = strdup(options_text);
		device->words = strdup(options_text);
		if (!device->text || !device->words)
			return error_set(err, -ENOMEM, "out of memory");
	}
	return device_options_parse(class, device->words, device->options, err);
}

static bool same_value(const struct option_spec *spec, const struct device_config *a,
		       const struct device_config *b)
{
	const char *field_a = (const char *)a->options + spec->offset;
	const char *field_b = (const char *)b->options + spec->offset;
	const char *text_a, *text_b;

	if (spec->kind != OPTION_STRING)
		return memcmp(field_a, field_b, spec->size) == 0;
	memcpy(&text_a, field_a, sizeof(text_a));
	memcpy(&text_b, field_b, sizeof(text_b));
	return text_a && text_b && strcmp(text_a, text_b) == 0;
}

/* Two devices may share neither their slot nor what their class calls unique. */
static int check_conflict(const struct device_config *a, const struct device_config *b,
			  struct error *err)
{
	char slot_a[PCI_SLOT_TEXT_MAX], slot_b[PCI_SLOT_TEXT_MAX];
	const struct option_spec *spec;
	size_t i;

	if (pci_slot_equal(a->slot, b->slot))
		return error_set(err, -EINVAL,
				 "slot %s is occupied: \"%s%s%s\" is there already, \"%s%s%s\" "
				 "needs another",
				 pci_slot_text(a->slot, slot_a), a->class->name, a->text ? "," : "",
				 a->text ? a->text : "", b->class->name, b->text ? "," : "",
				 b->text ? b->text : "");
	for (i = 0; a->class == b->class && i < a->class->option_count; i++) {
		spec = &a->class->options[i];
		if (spec->unique && same_value(spec, a, b))
			return error_set(err, -EINVAL,
					 "the %s at slot %s has the same %s as the one at slot "
					 "%s (\"%s\"): one VM can have it only once",
					 a->class->name, pci_slot_text(b->slot, slot_b), spec->key,
					 pci_slot_text(a->slot, slot_a), a->text);
	}
	return 0;
}

static int append_device(struct vm_config *config, const struct device_config *device,
			 struct error *err)
{
	struct device_config *devices;
	size_t i;
	int ret;

	for (i = 0; i < config->device_count; i++) {
		ret = check_conflict(&config->devices[i], device, err);
		if (ret < 0)
			return ret;
	}
	devices = reallocarray(config->devices, config->device_count + 1, sizeof(*devices));
	if (!devices)
		return error_set(err, -ENOMEM, "out of memory");
	config->devices = devices;
	devices[config->device_count++] = *device;
	return 0;
}

int vm_config_add_device(struct vm_config *config, const struct device_class *const *classes,
			 const char *text, struct error *err)
{
	struct device_config device = { 0 };
	const struct device_class *class;
	char *copy = strdup(text), *rest = copy, *slot_word, *class_word;
	char slot[PCI_SLOT_TEXT_MAX];
	int ret;

	if (!copy)
		return error_set(err, -ENOMEM, "out of memory");
	slot_word = strsep(&rest, ",");
	class_word = strsep(&rest, ",");
	ret = pci_slot_parse(slot_word, &device.slot, err);
	if (ret < 0)
		goto out;
	ret = -EINVAL;
	if (!class_word || !*class_word) {
		error_set(err, ret, "no device class after the slot; -s help lists them");
		goto out;
	}
	class = find_class(classes, class_word);
	if (!class)
		class = absent_class_find(class_word);
	if (!class) {
		error_set(err, ret, "unknown device \"%s\"; -s help lists what there is",
			  class_word);
		goto out;
	}
	ret = device_config_fill(&device, class, rest, err);
	if (ret < 0)
		error_prefix(err, ret, "%s %s", pci_slot_text(device.slot, slot), class->name);
	else
		ret = append_device(config, &device, err);
out:
	if (ret < 0) {
		error_prefix(err, ret, "-s %s", text);
		device_config_fini(&device);
	}
	free(copy);
	return ret;
}

/* The one of that name that is there already; NULL: none. */
static struct absent_option_config *find_absent(const struct vm_config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->absent_count; i++)
		if (strcmp(config->absent[i].option->name, name) == 0)
			return &config->absent[i];
	return NULL;
}

int vm_config_add_absent(struct vm_config *config, const struct absent_option *option,
			 const char *value, struct error *err)
{
	struct absent_option_config *absent, *old = NULL;
	char *copy = NULL;

	if (value && !option->is_good(value))
		return error_set(err, -EINVAL, "--%s %.200s: %s", option->name, value,
				 option->grammar);
	if (value) {
		copy = strdup(value);
		if (!copy)
			return error_set(err, -ENOMEM, "out of memory");
	}
	if (!option->repeats)
		old = find_absent(config, option->name);
	if (old) {
		free(old->value);
		old->value = copy;
		return 0;
	}
	absent = reallocarray(config->absent, config->absent_count + 1, sizeof(*absent));
	if (!absent) {
		free(copy);
		return error_set(err, -ENOMEM, "out of memory");
	}
	config->absent = absent;
	absent[config->absent_count++] = (struct absent_option_config){ option, copy };
	return 0;
}

int vm_config_set_serial(struct vm_config *config, const char *word, struct error *err)
{
	struct serial_port port;
	char *text = NULL, **field;
	bool is_stdio, is_there;
	int ret;

	ret = serial_port_parse(word, &port, err);
	if (ret < 0)
		return ret;
	is_stdio = port.backend && strcmp(port.backend, "stdio") == 0;
	is_there = port.number == 1 && (is_stdio || !port.backend);
	if (!is_there && asprintf(&text, "com%u%s%s", port.number, port.backend ? "," : "",
				  port.backend ? port.backend : "") < 0)
		return error_set(err, -ENOMEM, "out of memory");
	field = &config->serial[port.number - 1];
	free(*field);
	*field = text;
	if (port.number == 1)
		config->com1 = is_there && is_stdio ? VM_CONSOLE_STDIO : VM_CONSOLE_NONE;
	return 0;
}

/* 0: nothing is said of them. */
static unsigned int affinity_cpus(const struct vm_config *config)
{
	const struct absent_option_config *affinity = find_absent(config, ABSENT_CPU_AFFINITY);
	const char *comma = affinity ? affinity->value : NULL;
	unsigned int count = 0;

	for (; comma; comma = strchr(comma + 1, ','))
		count++;
	return count;
}

unsigned int vm_config_vcpus(const struct vm_config *config)
{
	unsigned int affinity = affinity_cpus(config);

	if (config->vcpus)
		return config->vcpus;
	return affinity ? affinity : 1;
}

static int check_vcpus(const struct vm_config *config, struct error *err)
{
	unsigned int affinity = affinity_cpus(config);

	if (config->vcpus && affinity && config->vcpus != affinity)
		return error_set(err, -EINVAL,
				 "--cpus %u and the %u of --cpu_affinity contradict each other: "
				 "leave --cpus out",
				 config->vcpus, affinity);
	return 0;
}

static int check_serial(const struct vm_config *config, struct error *err)
{
	unsigned int used = config->com1 == VM_CONSOLE_STDIO;
	const char *backend;
	size_t i;

	for (i = 0; i < SERIAL_PORTS; i++) {
		backend = config->serial[i] ? strchr(config->serial[i], ',') : NULL;
		used += backend && strcmp(backend, ",stdio") == 0;
	}
	if (used > 1)
		return error_set(err, -EINVAL,
				 "%u serial ports want standard input and output, one can have "
				 "them: change -l",
				 used);
	return 0;
}

static bool name_is_good(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

	/* One that looks like an option could not be written on a command line again. */
	return *name && *name != '-' && strlen(name) <= VM_NAME_MAX &&
	       name[strspn(name, allowed)] == '\0';
}

static bool slot_is_empty(const struct vm_config *config, struct pci_slot slot)
{
	size_t i;

	for (i = 0; i < config->device_count; i++)
		if (pci_slot_equal(config->devices[i].slot, slot))
			return false;
	return true;
}

/* Functions other than 0 are only found by guests behind a function 0. */
static int check_functions(const struct vm_config *config, struct error *err)
{
	char text[PCI_SLOT_TEXT_MAX];
	const struct device_config *device;
	struct pci_slot first;
	size_t i;

	for (i = 0; i < config->device_count; i++) {
		device = &config->devices[i];
		first = device->slot;
		first.function = 0;
		/* Device 0 gets the host bridge if nothing else is put there. */
		if (first.device == 0 || !slot_is_empty(config, first))
			continue;
		return error_set(err, -EINVAL,
				 "%s sits at function %u of device %u, but function 0 is empty: "
				 "guests would not look further; add a device at slot %s",
				 device->class->name, device->slot.function, first.device,
				 pci_slot_text(first, text));
	}
	return 0;
}

int vm_config_validate(const struct vm_config *config, struct error *err)
{
	int ret;

	if (!config->name)
		return error_set(err, -EINVAL,
				 "no VM name given: it is the last word of the command line");
	if (!name_is_good(config->name))
		return error_set(err, -EINVAL,
				 "bad VM name \"%s\": write 1 to %d letters, digits, '_', '-' "
				 "or '.', but no '-' in front",
				 config->name, VM_NAME_MAX);
	if (!config->kernel && !config->elf && !find_absent(config, ABSENT_OVMF))
		return error_set(err, -EINVAL, "nothing to boot: give -k KERNEL or -E FILE");
	if (config->kernel && config->elf)
		return error_set(err, -EINVAL,
				 "-k and -E contradict each other: give one image to boot");
	if (config->hugepage_size && config->memory_size % config->hugepage_size)
		return error_set(err, -EINVAL,
				 "-m %llu MB is not a multiple of the huge page size, %llu MB",
				 (unsigned long long)(config->memory_size / MIB),
				 (unsigned long long)(config->hugepage_size / MIB));
	ret = check_vcpus(config, err);
	if (ret == 0)
		ret = check_serial(config, err);
	if (ret == 0)
		ret = check_functions(config, err);
	return ret;
}
