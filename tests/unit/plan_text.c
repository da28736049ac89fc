/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans to and from texts. */
#include "tests/unit/plan_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/bdf.h"
#include "launch_scripts/board.h"
#include "launch_scripts/scenario.h"
#include "tests/unit/unit.h"

static void print_slot(const struct plan_slot *slot, FILE *out)
{
	char text[BDF_TEXT_MAX];

	if (slot->placed)
		fprintf(out, " at %s%s", bdf_text(slot->slot, text),
			slot->given ? "" : " (reserved)");
}

static void print_device(const struct plan_device *device, FILE *out)
{
	char text[BDF_TEXT_MAX];

	fprintf(out, "  %s", plan_device_class(device->kind));
	if (device->kind == PLAN_PASSTHROUGH)
		fprintf(out, " %s", bdf_text(device->host_slot, text));
	if (device->options)
		fprintf(out, " [%s]", device->options);
	if (device->host_name)
		fprintf(out, " host=%s", device->host_name);
	if (device->image)
		fprintf(out, " image=%s", device->image);
	print_slot(&device->slot, out);
	fputc('\n', out);
}

static void print_flags(const struct plan_vm *vm, FILE *out)
{
	fprintf(out, "%s%s%s%s%s%s%s%s%s%s", vm->windows ? " windows" : "",
		vm->own_cpus ? " own" : "", vm->lapic_passthrough ? " lapic" : "",
		vm->io_polling ? " polling" : "", vm->ovmf ? " ovmf" : "",
		vm->com1_stdio ? " com1" : "", vm->secure_world ? " secure" : "",
		vm->ptm ? " ptm" : "", vm->console == PLAN_CONSOLE_COM ? " console=com" : "",
		vm->console == PLAN_CONSOLE_PCI ? " console=pci" : "");
}

static void print_vm(const struct plan_vm *vm, FILE *out)
{
	static const char *const orders[] = { "service", "pre", "post" };
	static const char *const types[] = { "std", "rt", "tee", "ree" };
	size_t i;

	fprintf(out, "vm %u", vm->id);
	if (vm->load_order == PLAN_POST_LAUNCHED_VM)
		fprintf(out, "/%u", vm->number);
	fprintf(out, " %s %s %s", vm->name ? vm->name : "-", orders[vm->load_order],
		types[vm->type]);
	if (vm->memory_mb)
		fprintf(out, " %" PRIu64 "M", vm->memory_mb);
	for (i = 0; i < vm->cpu_count; i++)
		fprintf(out, "%s%u", i ? "," : " cpus=", vm->cpus[i]);
	print_flags(vm, out);
	for (i = 0; i < vm->parameter_count; i++)
		fprintf(out, " {%s}", vm->parameters[i]);
	fputc('\n', out);
	for (i = 0; i < vm->device_count; i++)
		print_device(&vm->devices[i], out);
}

static void print_region(const struct plan_region *region, FILE *out)
{
	size_t i;

	fprintf(out, "region %s:/%s %" PRIu64 "M",
		region->land == IVSHMEM_LAND_HV ? "hv" : "dm", plan_region_name(region),
		region->size_mb);
	if (region->has_id)
		fprintf(out, " id=%" PRIu64, region->id);
	if (region->vectors)
		fprintf(out, " vectors=%" PRIu64, region->vectors);
	fputc('\n', out);
	for (i = 0; i < region->user_count; i++) {
		fprintf(out, "  %s%s", region->users[i].vm_name,
			region->users[i].vm == PLAN_NO_VM ? "?" : "");
		print_slot(&region->users[i].slot, out);
		fputc('\n', out);
	}
}

static void print_board(const struct plan_board *board, FILE *out)
{
	char text[BDF_TEXT_MAX];
	size_t i;

	fprintf(out, "board %s", board->name);
	if (board->memory_size)
		fprintf(out, " %" PRIu64, board->memory_size);
	for (i = 0; i < board->cpu_count; i++)
		fprintf(out, " %u=%u", board->cpus[i].id, board->cpus[i].apic_id);
	fputc('\n', out);
	for (i = 0; i < board->device_count; i++)
		fprintf(out, "  %s %04x:%04x %06x\n", bdf_text(board->devices[i].slot, text),
			board->devices[i].vendor, board->devices[i].device,
			board->devices[i].class_code);
}

static void print_plan(const struct plan *plan, FILE *out)
{
	size_t i;

	if (plan->scenario || plan->scheduler || plan->ssram)
		fprintf(out, "scenario %s %s%s\n", plan->scenario ? plan->scenario : "-",
			plan->scheduler ? plan->scheduler : "-", plan->ssram ? " ssram" : "");
	if (plan->board.name)
		print_board(&plan->board, out);
	for (i = 0; i < plan->vm_count; i++)
		print_vm(&plan->vms[i], out);
	for (i = 0; i < plan->region_count; i++)
		print_region(&plan->regions[i], out);
}

char *plan_text(const struct plan *plan)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	print_plan(plan, out);
	fclose(out);
	return text;
}

static int parse(struct xml_file *file, const char *name, const char *text,
		 struct problems *problems)
{
	return text ? xml_file_parse(file, name, text, strlen(text), problems) : 0;
}

char *plan_text_of_files(const char *scenario, const char *launch, const char *board)
{
	struct xml_file files[3] = { { 0 } };
	struct problems problems = { 0 };
	struct plan plan = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out;
	int ret;

	ret = parse(&files[0], "s", scenario, &problems);
	if (ret == 0)
		ret = parse(&files[1], "l", launch, &problems);
	if (ret == 0)
		ret = parse(&files[2], "b", board, &problems);
	if (ret == 0 && board)
		ret = board_read_xml(&plan, &files[2], &problems);
	if (ret == 0 && scenario)
		ret = scenario_read_xml(&plan, &files[0], launch ? &files[1] : NULL, &problems);
	if (ret == 0)
		ret = plan_resolve(&plan);
	out = open_memstream(&text, &size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	print_plan(&plan, out);
	problems_print(&problems, out);
	if (ret < 0)
		fprintf(out, "error %d\n", ret);
	fclose(out);
	plan_fini(&plan);
	problems_fini(&problems);
	xml_file_fini(&files[0]);
	xml_file_fini(&files[1]);
	xml_file_fini(&files[2]);
	return text;
}

/* With a # before each line, which is a comment for TAP. */
static void print_comment(const char *what, const char *text)
{
	printf("# %s:\n# ", what);
	for (; *text; text++) {
		putchar(*text);
		if (*text == '\n' && text[1])
			printf("# ");
	}
	putchar('\n');
}

void plan_text_expect(char *text, const char *expected)
{
	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected) != 0) {
		print_comment("got", text);
		print_comment("expected", expected);
	}
	free(text);
}
