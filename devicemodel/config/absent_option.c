/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of options that are known by name only, and the grammar of their values. */
#include "devicemodel/config/absent_option.h"

#include <stdint.h>
#include <string.h>

#include "devicemodel/config/vm_config.h"
#include "lib/parse.h"
#include "lib/util.h"

#define NUMBER_MAX 24	     /* bytes of a word that is still looked at as a number */
#define PATH_LENGTH_MAX 1023 /* ACRN's device model copies paths into 1 KiB */
#define SOCKET_PATH_MAX 107  /* sun_path, less its terminator */
#define SSRAM_PAGE 4096
#define SSRAM_MAX (8 * MIB)
#define DEBUG_DOMAINS_MAX 8

/* Part of a value; @start is NULL behind the last part. */
struct word {
	const char *start;
	size_t length;
};

static struct word word_of(const char *text)
{
	return (struct word){ text, strlen(text) };
}

/* Cuts the next word off @rest, up to @separator or the end. */
static bool next_word(struct word *rest, char separator, struct word *ret_word)
{
	const char *end;

	if (!rest->start)
		return false;
	end = memchr(rest->start, separator, rest->length);
	*ret_word = *rest;
	if (!end) {
		*rest = (struct word){ 0 };
		return true;
	}
	ret_word->length = (size_t)(end - rest->start);
	rest->length -= ret_word->length + 1;
	rest->start = end + 1;
	return true;
}

static bool word_is(struct word word, const char *text)
{
	return strlen(text) == word.length && memcmp(word.start, text, word.length) == 0;
}

/* Takes @prefix off the front. */
static bool skip_prefix(struct word *word, const char *prefix)
{
	size_t length = strlen(prefix);

	if (word->length < length || memcmp(word->start, prefix, length) != 0)
		return false;
	word->start += length;
	word->length -= length;
	return true;
}

static bool word_is_number(struct word word, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	char text[NUMBER_MAX];

	if (word.length >= sizeof(text))
		return false;
	memcpy(text, word.start, word.length);
	text[word.length] = '\0';
	return parse_decimal(text, max, ret_value) == 0 && *ret_value >= min;
}

/* Hexadecimal, with 0x or without. */
static bool word_is_hex(struct word word, uint64_t min)
{
	char text[NUMBER_MAX] = "0x";
	uint64_t value;

	if (!skip_prefix(&word, "0x"))
		skip_prefix(&word, "0X");
	if (word.length + 2 >= sizeof(text))
		return false;
	memcpy(text + 2, word.start, word.length);
	text[word.length + 2] = '\0';
	return parse_number(text, UINT64_MAX, &value) == 0 && value >= min;
}

/* --- the grammars ----------------------------------------------------------------------------- */

static bool is_affinity(const char *value)
{
	struct word rest = word_of(value), word;
	uint64_t ids[VM_VCPUS_MAX];
	size_t count = 0, i;

	while (next_word(&rest, ',', &word)) {
		if (count == VM_VCPUS_MAX || !word_is_number(word, 0, INT32_MAX, &ids[count]))
			return false;
		for (i = 0; i < count; i++)
			if (ids[i] == ids[count])
				return false;
		count++;
	}
	return true;
}

static bool is_path(const char *value)
{
	return *value && strlen(value) <= PATH_LENGTH_MAX;
}

/* One image, or its code and its variables apart. */
static bool is_ovmf(const char *value)
{
	struct word rest = word_of(value), word;
	unsigned int whole = 0, code = 0, vars = 0, writes = 0;

	if (!is_path(value))
		return false;
	while (next_word(&rest, ',', &word)) {
		if (word_is(word, "w"))
			writes++;
		else if (skip_prefix(&word, "code="))
			code++;
		else if (skip_prefix(&word, "vars="))
			vars++;
		else
			whole++;
		if (word.length == 0)
			return false;
	}
	return writes <= 1 && code <= 1 && code == vars && whole + code == 1;
}

static bool is_vcpu_list(struct word list)
{
	struct word word;
	uint64_t id;

	if (word_is(list, "all") || word_is(list, "ALL"))
		return true;
	while (next_word(&list, ',', &word))
		if (!word_is_number(word, 0, VM_VCPUS_MAX - 1, &id))
			return false;
	return true;
}

static bool is_ssram_size(struct word word)
{
	uint64_t number, unit;

	if (word.length == 0)
		return false;
	word.length--;
	switch (word.start[word.length]) {
	case 'k':
	case 'K':
		unit = KIB;
		break;
	case 'm':
	case 'M':
		unit = MIB;
		break;
	default:
		return false;
	}
	return word_is_number(word, 1, SSRAM_MAX / unit, &number) &&
	       number * unit % SSRAM_PAGE == 0;
}

static bool is_ssram_buffer(struct word word)
{
	static const char key[] = ",size=";
	const char *size;
	struct word level;

	if (!next_word(&word, ',', &level) || level.length != 2 || !strchr("Ll", level.start[0]) ||
	    (level.start[1] != '2' && level.start[1] != '3') || !skip_prefix(&word, "vcpu="))
		return false;
	size = memmem(word.start, word.length, key, strlen(key));
	if (!size || !is_vcpu_list((struct word){ word.start, (size_t)(size - word.start) }))
		return false;
	word.length -= (size_t)(size - word.start) + strlen(key);
	word.start = size + strlen(key);
	return is_ssram_size(word);
}

static bool is_ssram(const char *value)
{
	struct word rest = word_of(value), word;

	while (next_word(&rest, ';', &word)) {
		/* The last one may be ended like those before it. */
		if (word.length == 0 && !rest.start && word.start > value)
			return true;
		if (!is_ssram_buffer(word))
			return false;
	}
	return true;
}

static bool is_poll_interval(const char *value)
{
	uint64_t nanoseconds;

	return parse_number(value, 10000000, &nanoseconds) == 0 && nanoseconds >= 1;
}

static bool is_intr_monitor(const char *value)
{
	struct word rest = word_of(value), word;
	unsigned int count = 0;
	uint64_t number;

	for (; next_word(&rest, ',', &word); count++)
		if (!word_is_number(word, 0, UINT32_MAX, &number))
			return false;
	return count == 4;
}

static bool is_socket_path(const char *value)
{
	return *value && strlen(value) <= SOCKET_PATH_MAX;
}

/* As ACPI 6.1.5 has them: PNP0501, MSFT0101. */
static bool is_hid(const char *value)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t length = strspn(value, allowed);

	return value[length] == '\0' && (length == 7 || length == 8);
}

static bool is_mmio_range(const char *value)
{
	struct word rest = word_of(value), base;

	return next_word(&rest, ',', &base) && word_is_hex(base, 0) && rest.start &&
	       word_is_hex(rest, 1);
}

static bool is_vtpm2(const char *value)
{
	struct word word = word_of(value);

	return is_path(value) && skip_prefix(&word, "sock_path=") && word.length > 0;
}

static bool is_debug_domains(struct word list)
{
	unsigned int count = 0;
	struct word word;

	for (; next_word(&list, ',', &word); count++)
		if (word.length == 0)
			return false;
	return count <= DEBUG_DOMAINS_MAX;
}

static bool is_logger_setting(const char *value)
{
	struct word rest = word_of(value), word, name;
	uint64_t level;

	while (next_word(&rest, ';', &word)) {
		if (skip_prefix(&word, "debug_domains=")) {
			if (!is_debug_domains(word))
				return false;
			continue;
		}
		next_word(&word, ',', &name);
		if (!word_is(name, "console") && !word_is(name, "kmsg") && !word_is(name, "disk"))
			return false;
		if (!word.start || !skip_prefix(&word, "level=") ||
		    !word_is_number(word, 1, 5, &level))
			return false;
	}
	return true;
}

static bool is_pm_channel(const char *value)
{
	static const char *const channels[] = { "ioc", "power_button", "uart",
						"uart,allow_trigger_s5" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(channels); i++)
		if (strcmp(value, channels[i]) == 0)
			return true;
	return false;
}

/* --- the table -------------------------------------------------------------------------------- */

#define NEEDS_ACRN "it needs the ACRN hypervisor; leave it out"
#define NO_VIRTIO "there are no virtio devices; leave it out"
#define NO_PASSTHROUGH "there is no device passthrough; leave it out"
#define USE_SIGNALS "leave it out and use signals: SIGTERM ends the VM"

const struct absent_option absent_options[ABSENT_OPTIONS] = {
	{ .name = "acpidev_pt",
	  .value = "HID",
	  .grammar = "write an ACPI hardware id like MSFT0101",
	  .is_good = is_hid,
	  .repeats = true,
	  .remedy = NO_PASSTHROUGH },
	{ .name = "cmd_monitor",
	  .value = "PATH",
	  .grammar = "write the path of a socket, 1 to 107 bytes",
	  .is_good = is_socket_path,
	  .remedy = USE_SIGNALS },
	{ .name = ABSENT_CPU_AFFINITY,
	  .value = "ID[,ID]...",
	  .grammar = "write 1 to 64 local APIC ids in decimal, each once, with commas between them",
	  .is_good = is_affinity,
	  .remedy = "give the number of CPUs with --cpus, and bind the process with taskset(1)" },
	{ .name = "enable_trusty", .remedy = NEEDS_ACRN },
	{ .name = "intr_monitor",
	  .value = "THRESHOLD,PERIOD,DELAY,DURATION",
	  .grammar = "write four decimal numbers like 10000,10,1,100",
	  .is_good = is_intr_monitor,
	  .remedy = NEEDS_ACRN },
	{ .name = "lapic_pt", .remedy = NEEDS_ACRN },
	{ .name = "logger_setting",
	  .value = "NAME,level=N[;NAME,level=N]...",
	  .grammar = "write console, kmsg or disk with a level of 1 to 5, like "
		     "console,level=4;kmsg,level=3",
	  .is_good = is_logger_setting,
	  .remedy = "leave it out, messages go to standard error" },
	{ .name = "mmiodev_pt",
	  .value = "BASE,SIZE",
	  .grammar = "write base and size in hexadecimal like 0xFED40000,0x5000",
	  .is_good = is_mmio_range,
	  .repeats = true,
	  .remedy = NO_PASSTHROUGH },
	{ .name = ABSENT_OVMF,
	  .value = "[w,]FILE|[w,]code=FILE,vars=FILE",
	  .grammar = "write FILE or code=FILE,vars=FILE, with \"w,\" in front to keep variables",
	  .is_good = is_ovmf,
	  .remedy = "there is no firmware; boot with -k or -E" },
	{ .name = "pm_notify_channel",
	  .value = "CHANNEL",
	  .grammar = "write ioc, power_button, uart or uart,allow_trigger_s5",
	  .is_good = is_pm_channel,
	  .remedy = USE_SIGNALS },
	{ .name = "rtvm", .remedy = "real-time VMs need the ACRN hypervisor; leave it out" },
	{ .name = "ssram",
	  .value = "LEVEL,vcpu=LIST,size=SIZE[;...]",
	  .grammar = "write buffers like \"L2,vcpu=0,1,size=4K;L3,vcpu=all,size=2M\", in steps of "
		     "4K and up to 8M",
	  .is_good = is_ssram,
	  .remedy = NEEDS_ACRN },
	{ .name = "virtio_msi", .remedy = NO_VIRTIO },
	{ .name = "virtio_poll",
	  .value = "NANOSECONDS",
	  .grammar = "write a number from 1 to 10000000",
	  .is_good = is_poll_interval,
	  .remedy = NO_VIRTIO },
	{ .name = "vtpm2",
	  .value = "sock_path=PATH",
	  .grammar = "write sock_path=PATH",
	  .is_good = is_vtpm2,
	  .remedy = "there is no TPM; leave it out" },
	{ .name = "windows", .remedy = "Windows needs firmware, which is not there; leave it out" },
};
