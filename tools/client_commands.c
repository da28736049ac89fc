/* SPDX-License-Identifier: BSD-3-Clause */
/* A table of commands, and what each of them does. */
#include "tools/client_commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/fds.h"
#include "lib/parse.h"
#include "lib/util.h"

#define WORDS_MAX 3
#define READ_MAX MIB
#define LINE_BYTES 16

struct command {
	const char *name, *usage, *help;
	int words_min, words_max; /* after its name */
	bool text;		  /* the last word is the rest of the line */
	void (*run)(struct client *client, char **words, int count);
};

/* Offsets and lengths: decimal, 0x and hexadecimal, or with a suffix. */
static bool parse_bytes(struct client *client, const char *word, uint64_t *ret_bytes)
{
	if (parse_number(word, UINT64_MAX, ret_bytes) == 0 || parse_size(word, 1, ret_bytes) == 0)
		return true;
	client_fail(client, "\"%s\": a number of bytes is needed", word);
	return false;
}

/* --- doorbells -------------------------------------------------------------------------------- */

static unsigned int ring_all(const struct client_doorbells *doorbells)
{
	unsigned int i;

	for (i = 0; i < doorbells->count; i++)
		eventfd_signal(doorbells->fds[i]);
	return doorbells->count;
}

static unsigned int ring_everybody(const struct client *client)
{
	unsigned int id, rung = 0;

	for (id = 0; id <= IVSHMEM_ID_MAX; id++)
		rung += ring_all(&client->peers.of[id]);
	return rung;
}

/* Vectors of a peer, the own ones too. */
static unsigned int count_vectors(const struct client *client, uint16_t id)
{
	return id == client->id ? client->vector_count : client->peers.of[id].count;
}

static void ring_one(const struct client *client, uint16_t id, unsigned int vector)
{
	eventfd_signal(id == client->id ? client->vectors[vector].fd :
					  client->peers.of[id].fds[vector]);
}

/* Returns how many vectors were rung; 0: that was told to be wrong. */
static unsigned int ring_peer(struct client *client, const char *id_word, const char *vector_word)
{
	unsigned int count, i;
	uint64_t id, vector;

	if (parse_number(id_word, IVSHMEM_ID_MAX, &id) < 0 ||
	    !(count = count_vectors(client, (uint16_t)id))) {
		client_fail(client, "cannot find peer_id = %s", id_word);
		return 0;
	}
	if (!strcmp(vector_word, "all")) {
		for (i = 0; i < count; i++)
			ring_one(client, (uint16_t)id, i);
		return count;
	}
	if (parse_number(vector_word, count - 1, &vector) < 0) {
		client_fail(client, "vector %s: peer_id = %" PRIu64 " has the vectors 0 to %u",
			    vector_word, id, count - 1);
		return 0;
	}
	ring_one(client, (uint16_t)id, (unsigned int)vector);
	return 1;
}

static void run_int(struct client *client, char **words, int count)
{
	unsigned int rung;

	if (count == 2) {
		rung = ring_peer(client, words[0], words[1]);
		if (!rung)
			return;
	} else if (!strcmp(words[0], "all")) {
		rung = ring_everybody(client);
	} else {
		client_fail(client, "int: which vector of the peer %s, or all?", words[0]);
		return;
	}
	if (client->json)
		printf("{\"command\": \"int\", \"rung\": %u}\n", rung);
}

static void dump_json(const struct client *client)
{
	const char *separator = "";
	unsigned int id;

	printf("{\"command\": \"dump\", \"id\": %u, \"vectors\": %u, \"size\": %" PRIu64
	       ", \"peers\": [", client->id, client->vector_count, client->memory.size);
	for (id = 0; id <= IVSHMEM_ID_MAX; id++) {
		if (!client->peers.of[id].count)
			continue;
		printf("%s{\"id\": %u, \"vectors\": %u}", separator, id,
		       client->peers.of[id].count);
		separator = ", ";
	}
	printf("]}\n");
}

static void run_dump(struct client *client, char **words, int count)
{
	unsigned int id, i;

	(void)words;
	(void)count;
	if (client->json) {
		dump_json(client);
		return;
	}
	printf("our_id = %u\n", client->id);
	for (i = 0; i < client->vector_count; i++)
		printf("  vector %u is enabled (fd=%d)\n", i, client->vectors[i].fd);
	for (id = 0; id <= IVSHMEM_ID_MAX; id++) {
		if (client->peers.of[id].count)
			printf("peer_id = %u\n", id);
		for (i = 0; i < client->peers.of[id].count; i++)
			printf("  vector %u is enabled (fd=%d)\n", i, client->peers.of[id].fds[i]);
	}
}

static void run_wait(struct client *client, char **words, int count)
{
	uint64_t vector;

	if (!client->vector_count) {
		client_fail(client, "wait: this client has no vectors; start the server with some");
	} else if (count == 0) {
		client_wait(client, -1);
	} else if (parse_number(words[0], client->vector_count - 1, &vector) < 0) {
		client_fail(client, "wait: vector %s: this client has the vectors 0 to %u",
			    words[0], client->vector_count - 1);
	} else {
		client_wait(client, (int)vector);
	}
}

/* --- memory ----------------------------------------------------------------------------------- */

static void put_bytes(uint64_t offset, const uint8_t *bytes, size_t length)
{
	size_t i, n;

	for (; length > 0; length -= n, bytes += n, offset += n) {
		n = length < LINE_BYTES ? length : LINE_BYTES;
		printf("%08" PRIx64 " ", offset);
		for (i = 0; i < n; i++)
			printf(" %02x", bytes[i]);
		printf("%*s", (int)(3 * (LINE_BYTES - n) + 2), "");
		putchar('|');
		for (i = 0; i < n; i++)
			putchar(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.');
		puts("|");
	}
}

static void run_read(struct client *client, char **words, int count)
{
	uint64_t offset, length, i;
	struct error err;
	uint8_t *bytes;

	(void)count;
	if (!parse_bytes(client, words[0], &offset) || !parse_bytes(client, words[1], &length))
		return;
	bytes = client_memory_at(&client->memory, offset, length, &err);
	if (!bytes) {
		client_fail(client, "read: %s", err.text);
	} else if (length > READ_MAX) {
		client_fail(client, "read: %" PRIu64 " bytes at once: at most %" PRIu64, length,
			    READ_MAX);
	} else if (client->json) {
		printf("{\"command\": \"read\", \"offset\": %" PRIu64 ", \"length\": %" PRIu64
		       ", \"bytes\": \"", offset, length);
		for (i = 0; i < length; i++)
			printf("%02x", bytes[i]);
		puts("\"}");
	} else {
		put_bytes(offset, bytes, length);
	}
}

static void told_written(const struct client *client, const char *command, uint64_t offset,
			 uint64_t length)
{
	if (client->json)
		printf("{\"command\": \"%s\", \"offset\": %" PRIu64 ", \"length\": %" PRIu64 "}\n",
		       command, offset, length);
}

static void run_write(struct client *client, char **words, int count)
{
	size_t length = strlen(words[1]);
	struct error err;
	uint64_t offset;
	uint8_t *bytes;

	(void)count;
	if (!parse_bytes(client, words[0], &offset))
		return;
	bytes = client_memory_at(&client->memory, offset, length, &err);
	if (!bytes) {
		client_fail(client, "write: %s", err.text);
		return;
	}
	memcpy(bytes, words[1], length);
	told_written(client, "write", offset, length);
}

static void run_fill(struct client *client, char **words, int count)
{
	uint64_t offset, length, value;
	struct error err;
	uint8_t *bytes;

	(void)count;
	if (!parse_bytes(client, words[0], &offset) || !parse_bytes(client, words[1], &length))
		return;
	if (parse_number(words[2], UINT8_MAX, &value) < 0) {
		client_fail(client, "fill: byte \"%s\": 0 to 255 or 0x0 to 0xff is needed",
			    words[2]);
		return;
	}
	bytes = client_memory_at(&client->memory, offset, length, &err);
	if (!bytes) {
		client_fail(client, "fill: %s", err.text);
		return;
	}
	memset(bytes, (int)value, length);
	told_written(client, "fill", offset, length);
}

/* --- the table -------------------------------------------------------------------------------- */

static void run_help(struct client *client, char **words, int count);

static const struct command commands[] = {
	{ "help", "help", "this; also \"?\"", 0, 0, false, run_help },
	{ "dump", "dump", "who is there, with which vectors", 0, 0, false, run_dump },
	{ "int", "int PEER VECTOR|all | int all", "ring a peer, or everybody else", 1, 2, false,
	  run_int },
	{ "wait", "wait [VECTOR]", "until an own vector is rung that no wait has told yet", 0, 1,
	  false, run_wait },
	{ "read", "read OFFSET LENGTH", "print memory", 2, 2, false, run_read },
	{ "write", "write OFFSET TEXT", "put the rest of the line into memory", 2, 2, true,
	  run_write },
	{ "fill", "fill OFFSET LENGTH BYTE", "fill memory", 3, 3, false, run_fill },
};

static void run_help(struct client *client, char **words, int count)
{
	size_t i;

	(void)client;
	(void)words;
	(void)count;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("%-30s %s\n", commands[i].usage, commands[i].help);
}

#define BLANKS " \t"

/* The next word, and *rest behind it; NULL: no more. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS);

	if (!*word)
		return NULL;
	*rest = word + strcspn(word, BLANKS);
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

static const struct command *find_command(const char *name)
{
	size_t i;

	if (!strcmp(name, "?"))
		name = "help";
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

void client_command_run(struct client *client, char *line)
{
	char *words[WORDS_MAX + 1], *rest = line, *name = next_word(&rest);
	const struct command *command;
	int count = 0;

	if (!name)
		return;
	command = find_command(name);
	if (!command) {
		client_fail(client, "invalid command \"%s\", type help", name);
		return;
	}
	while (count <= WORDS_MAX) {
		/* A text keeps its blanks, but for the one before it. */
		if (command->text && count == command->words_max - 1)
			words[count] = *rest ? rest : NULL;
		else
			words[count] = next_word(&rest);
		if (!words[count])
			break;
		count++;
		if (command->text && count == command->words_max)
			break;
	}
	if (count < command->words_min || count > command->words_max)
		client_fail(client, "usage: %s", command->usage);
	else
		command->run(client, words, count);
}
