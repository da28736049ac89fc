/* SPDX-License-Identifier: BSD-3-Clause */
/* A report as one JSON object (RFC 8259). */
#include "bench/report_entry.h"

static void print_string(const char *text, FILE *file)
{
	putc('"', file);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			fprintf(file, "\\%c", byte);
		else if (byte < 0x20)
			fprintf(file, "\\u%04x", byte);
		else
			putc(byte, file);
	}
	putc('"', file);
}

static void print_member(const char *name, const char *value, FILE *file)
{
	fprintf(file, "\"%s\": ", name);
	print_string(value, file);
	fprintf(file, ", ");
}

static void print_environment(const struct environment *environment, FILE *file)
{
	fprintf(file, "  \"environment\": { ");
	print_member("processor", environment->processor, file);
	print_member("kernel", environment->kernel, file);
	print_member("kvm", environment->kvm, file);
	print_member("qemu", environment->qemu, file);
	fprintf(file, "\"cpus\": %u, \"tsc_hz\": %.0f, \"load\": %.2f },\n", environment->cpu_count,
		environment->tsc_hz, environment->load);
}

static void print_side(const char *name, const struct report_side *side, FILE *file)
{
	const struct summary *summary = &side->summary;

	fprintf(file, "      \"%s\": { ", name);
	print_member("label", side->label, file);
	fprintf(file, "\"min\": %.9g, \"median\": %.9g, \"p99\": %.9g, \"count\": %zu },\n",
		summary->min, summary->median, summary->p99, summary->count);
}

static void print_entry(const struct report_entry *entry, FILE *file)
{
	const struct report_case *measured = &entry->measured;

	fprintf(file, "    { ");
	print_member("group", measured->group, file);
	print_member("case", measured->name, file);
	print_member("unit", measured->unit, file);
	fprintf(file, "\n");
	print_side("ours", &measured->ours, file);
	print_side("peer", &measured->peer, file);
	fprintf(file, "      \"ratio\": %.9g, \"ratio_p25\": %.9g, \"ratio_p75\": %.9g,\n",
		entry->ratio, entry->ratio_low, entry->ratio_high);
	if (measured->aim == AIM_NONE)
		fprintf(file, "      \"aim\": null, \"met\": null }");
	else
		fprintf(file, "      \"aim\": \"%s %.9g\", \"met\": %s }",
			measured->aim == AIM_AT_MOST ? "<=" : ">=", measured->aim_ratio,
			report_entry_is_met(entry) ? "true" : "false");
}

void report_print_json(const struct report *report, FILE *file)
{
	size_t i;

	fprintf(file, "{\n");
	print_environment(report->environment, file);
	fprintf(file, "  \"results\": [\n");
	for (i = 0; i < report->entry_count; i++) {
		print_entry(&report->entries[i], file);
		fprintf(file, "%s\n", i + 1 < report->entry_count ? "," : "");
	}
	fprintf(file, "  ],\n  \"notes\": [");
	for (i = 0; i < report->note_count; i++) {
		fprintf(file, "%s", i ? ", " : "");
		print_string(report->notes[i], file);
	}
	fprintf(file, "]\n}\n");
}
