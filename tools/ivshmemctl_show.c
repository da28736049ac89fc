/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables, details and JSON of regions. */
#include "tools/ivshmemctl_show.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "ivshmem/server_path.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/parse.h"
#include "lib/util.h"

enum column {
	COLUMN_NAME,
	COLUMN_SIZE,
	COLUMN_STATE,
	COLUMN_USERS,
	COLUMN_MADE_BY,
	COLUMN_SINCE,
	COLUMN_FLAGS,
	COLUMNS,
};

#define CELL_MAX IVSHMEM_PATH_MAX

struct row {
	char cells[COLUMNS][CELL_MAX];
};

/* What there is counts, and what the record says only if there is nothing. */
static uint64_t info_size(const struct ivshmem_region_info *info)
{
	return info->has_object ? info->size : info->record.size;
}

static const char *date_text(uint64_t seconds, char text[32])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (!localtime_r(&when, &tm) || !strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm))
		strcpy(text, "?");
	return text;
}

static void users_cell(const struct ivshmem_users *users, char cell[CELL_MAX])
{
	size_t i, length = 0;

	strcpy(cell, users->locked ? "?" : "-");
	for (i = 0; i < users->count && length + 16 < CELL_MAX; i++)
		length += (size_t)snprintf(cell + length, CELL_MAX - length, "%s%d", i ? "," : "",
					   (int)users->pids[i]);
}

static void flags_cell(const struct ivshmem_region_info *info, char cell[CELL_MAX])
{
	char size[SIZE_TEXT_MAX] = "";
	bool huge = info->has_record && info->record.hugepage_size;

	if (huge)
		size_text(info->record.hugepage_size, size);
	snprintf(cell, CELL_MAX, "%s%s%s%s%s", info->has_record && info->record.keep ? ",keep" : "",
		 info->has_record && !info->record.owned ? ",foreign" : "",
		 info->has_object && (info->mode & 0060) ? ",group" : "", huge ? ",hugepages=" : "",
		 size);
	/* Without the first comma. */
	memmove(cell, cell + (cell[0] == ','), strlen(cell + (cell[0] == ',')) + 1);
	if (!cell[0])
		strcpy(cell, "-");
}

static void row_fill(struct row *row, const struct ivshmem_region_info *info)
{
	char text[32];

	snprintf(row->cells[COLUMN_NAME], CELL_MAX, "%s", ivshmem_region_info_name(info));
	snprintf(row->cells[COLUMN_SIZE], CELL_MAX, "%s",
		 info->has_object || info->has_record ? size_text(info_size(info), text) : "-");
	snprintf(row->cells[COLUMN_STATE], CELL_MAX, "%s", ivshmem_region_state_text(info->state));
	users_cell(&info->users, row->cells[COLUMN_USERS]);
	strcpy(row->cells[COLUMN_MADE_BY], "-");
	strcpy(row->cells[COLUMN_SINCE], "-");
	if (info->has_record) {
		snprintf(row->cells[COLUMN_MADE_BY], CELL_MAX, "%s[%" PRIu64 "]",
			 info->record.program, info->record.pid);
		snprintf(row->cells[COLUMN_SINCE], CELL_MAX, "%s",
			 date_text(info->record.created, text));
	} else if (info->has_object && info->state == IVSHMEM_REGION_ELSEWHERE) {
		snprintf(row->cells[COLUMN_MADE_BY], CELL_MAX, "uid %u", (unsigned int)info->uid);
	}
	flags_cell(info, row->cells[COLUMN_FLAGS]);
}

static const struct row heading = { {
	[COLUMN_NAME] = "NAME",
	[COLUMN_SIZE] = "SIZE",
	[COLUMN_STATE] = "STATE",
	[COLUMN_USERS] = "USERS",
	[COLUMN_MADE_BY] = "MADE BY",
	[COLUMN_SINCE] = "SINCE",
	[COLUMN_FLAGS] = "FLAGS",
} };

static void widen(int widths[COLUMNS], const struct row *row)
{
	size_t i;
	int width;

	for (i = 0; i < COLUMNS; i++) {
		width = (int)strlen(row->cells[i]);
		if (width > widths[i])
			widths[i] = width;
	}
}

static void row_print(FILE *out, const struct row *row, const int widths[COLUMNS])
{
	size_t i;

	for (i = 0; i < COLUMNS - 1; i++)
		fprintf(out, "%-*s  ", widths[i], row->cells[i]);
	fprintf(out, "%s\n", row->cells[i]);
}

void show_table(FILE *out, const struct ivshmem_region_list *list)
{
	int widths[COLUMNS] = { 0 };
	struct row row;
	size_t i;

	widen(widths, &heading);
	for (i = 0; i < list->count; i++) {
		row_fill(&row, &list->infos[i]);
		widen(widths, &row);
	}
	row_print(out, &heading, widths);
	for (i = 0; i < list->count; i++) {
		row_fill(&row, &list->infos[i]);
		row_print(out, &row, widths);
	}
}

static void advise(const struct ivshmem_region_list *list, enum ivshmem_region_state state,
		   const char *meaning, const char *remedy)
{
	char size[SIZE_TEXT_MAX];
	uint64_t bytes = 0;
	size_t i, count = 0;

	for (i = 0; i < list->count; i++) {
		if (list->infos[i].state != state)
			continue;
		count++;
		bytes += list->infos[i].allocated;
	}
	if (count > 0)
		log_warning(NULL, "%zu %s, %s: %s", count, meaning, size_text(bytes, size), remedy);
}

void show_advice(const struct ivshmem_region_list *list)
{
	advise(list, IVSHMEM_REGION_STALE, "stale (the users died)",
	       "the next user makes it anew; \"ivshmemctl remove --all-stale\" frees it now");
	advise(list, IVSHMEM_REGION_ORPHAN, "orphaned (memory without a record)",
	       "unless it is kept from another runtime directory, \"ivshmemctl remove --orphans\""
	       " frees it");
	advise(list, IVSHMEM_REGION_BUSY, "busy (somebody joins or leaves it)",
	       "if that stays so, look for a stopped process that has the record open");
	advise(list, IVSHMEM_REGION_DAMAGED, "damaged (record or memory were tampered with)",
	       "its users go on, but nobody can join: end them, then start them again");
}

static void show_record(FILE *out, const struct ivshmem_region_info *info)
{
	const struct ivshmem_record *record = &info->record;
	char text[32];

	fprintf(out, "made by:    %s (pid %" PRIu64 ")\n", record->program, record->pid);
	fprintf(out, "since:      %s\n", date_text(record->created, text));
	fprintf(out, "uuid:       %s\n", record->uuid);
	fprintf(out, "keep:       %s\n", record->keep ? "yes" : "no");
	fprintf(out, "hugepages:  %s\n",
		record->hugepage_size ? size_text(record->hugepage_size, text) : "no");
	if (!record->owned)
		fprintf(out, "foreign:    the object was there before and will stay\n");
}

static void show_object(FILE *out, const struct ivshmem_region_info *info)
{
	char size[SIZE_TEXT_MAX];

	fprintf(out, "size:       %s (%" PRIu64 " bytes)\n", size_text(info->size, size),
		info->size);
	fprintf(out, "allocated:  %s\n", size_text(info->allocated, size));
	fprintf(out, "owner:      uid %u, gid %u, mode %04o\n", (unsigned int)info->uid,
		(unsigned int)info->gid, (unsigned int)info->mode);
}

/* Returns @path if somebody listens there, else NULL. */
static const char *find_server(const struct ivshmem_region_info *info,
			       char path[IVSHMEM_SERVER_PATH_MAX])
{
	struct ivshmem_name name;

	if (!info->has_record || ivshmem_name_parse(&name, info->record.name, NULL) < 0 ||
	    ivshmem_server_path(&name, path, NULL) < 0 || ivshmem_server_probe(path) < 0)
		return NULL;
	return path;
}

void show_details(FILE *out, const struct ivshmem_region_info *info)
{
	char program[IVSHMEM_PROGRAM_MAX], path[IVSHMEM_SERVER_PATH_MAX];
	const char *server = find_server(info, path);
	size_t i;

	fprintf(out, "name:       %s\n", info->has_record ? info->record.name : "?");
	fprintf(out, "state:      %s\n", ivshmem_region_state_text(info->state));
	fprintf(out, "object:     %s%s\n", info->path, info->has_object ? "" : " (not there)");
	if (info->has_object)
		show_object(out, info);
	if (info->has_record)
		show_record(out, info);
	fprintf(out, "server:     %s\n", server ? server : "none at the region's own socket");
	if (info->users.count == 0)
		fprintf(out, "users:      %s\n", info->users.locked ? "unknown" : "none");
	for (i = 0; i < info->users.count; i++)
		fprintf(out, "%s  pid %d (%s)\n",
			i ? "          " : "users:    ", (int)info->users.pids[i],
			ivshmem_program_name(info->users.pids[i], program));
}

static void put_key(FILE *out, const char *key)
{
	json_put_string(out, key);
	fputs(": ", out);
}

static void put_text(FILE *out, const char *key, const char *text)
{
	put_key(out, key);
	json_put_string(out, text);
	fputs(", ", out);
}

static void put_number(FILE *out, const char *key, bool known, uint64_t number)
{
	put_key(out, key);
	if (known)
		fprintf(out, "%" PRIu64 ", ", number);
	else
		fputs("null, ", out);
}

static void put_flag(FILE *out, const char *key, bool known, bool flag)
{
	put_key(out, key);
	fprintf(out, "%s, ", !known ? "null" : flag ? "true" : "false");
}

static void put_users(FILE *out, const struct ivshmem_users *users)
{
	char program[IVSHMEM_PROGRAM_MAX];
	size_t i;

	put_flag(out, "in_use", true, users->locked);
	put_key(out, "users");
	putc('[', out);
	for (i = 0; i < users->count; i++) {
		fprintf(out, "%s{\"pid\": %d, \"program\": ", i ? ", " : "", (int)users->pids[i]);
		json_put_string(out, ivshmem_program_name(users->pids[i], program));
		putc('}', out);
	}
	putc(']', out);
}

/* The same keys always, with null for what is not known. */
static void put_info(FILE *out, const struct ivshmem_region_info *info)
{
	const struct ivshmem_record *record = &info->record;
	const bool has_record = info->has_record, has_object = info->has_object;
	char path[IVSHMEM_SERVER_PATH_MAX], mode[8];

	snprintf(mode, sizeof(mode), "%04o", (unsigned int)(info->mode & 07777));
	putc('{', out);
	put_text(out, "name", has_record ? record->name : NULL);
	put_text(out, "state", ivshmem_region_state_text(info->state));
	put_text(out, "path", info->path);
	put_number(out, "size", has_object || has_record, info_size(info));
	put_number(out, "allocated", has_object, info->allocated);
	put_number(out, "uid", has_object, info->uid);
	put_number(out, "gid", has_object, info->gid);
	put_text(out, "mode", has_object ? mode : NULL);
	put_number(out, "hugepage_size", has_record, record->hugepage_size);
	put_flag(out, "keep", has_record, record->keep);
	put_flag(out, "owned", has_record, record->owned);
	put_text(out, "uuid", has_record ? record->uuid : NULL);
	put_number(out, "created", has_record, record->created);
	put_number(out, "creator_pid", has_record, record->pid);
	put_text(out, "creator_program", has_record ? record->program : NULL);
	put_text(out, "server", find_server(info, path));
	put_users(out, &info->users);
	putc('}', out);
}

void show_details_json(FILE *out, const struct ivshmem_region_info *info)
{
	put_info(out, info);
	putc('\n', out);
}

void show_list_json(FILE *out, const struct ivshmem_region_list *list)
{
	size_t i;

	fputs("{\"regions\": [", out);
	for (i = 0; i < list->count; i++) {
		fputs(i ? ",\n  " : "\n  ", out);
		put_info(out, &list->infos[i]);
	}
	fputs(list->count ? "\n]}\n" : "]}\n", out);
}
