/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding lock holders by walking /proc. */
#include "ivshmem/users.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ivshmem/ofd_lock.h"
#include "lib/parse.h"

/*
 * What is looked for: the file by its name, then by its identity; and the byte. Who made a file
 * that had no name at first goes on seeing it as "#INODE".
 */
struct wanted {
	char base[NAME_MAX + 1], nameless[32];
	struct stat st;
	int byte, own_fd;
};

/* The last component of the path that a descriptor was opened by. */
static bool link_base(int dir_fd, const char *entry, char base[NAME_MAX + 1])
{
	char target[PATH_MAX], *slash, *deleted;
	ssize_t n;

	n = readlinkat(dir_fd, entry, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	slash = strrchr(target, '/');
	if (!slash || strlen(slash + 1) > NAME_MAX)
		return false;
	deleted = strstr(slash, " (deleted)");
	if (deleted)
		*deleted = '\0';
	strcpy(base, slash + 1);
	return true;
}

static bool wanted_init(struct wanted *wanted, int fd, int byte)
{
	char entry[32];

	snprintf(entry, sizeof(entry), "/proc/self/fd/%d", fd);
	wanted->byte = byte;
	wanted->own_fd = fd;
	if (fstat(fd, &wanted->st) < 0)
		return false;
	snprintf(wanted->nameless, sizeof(wanted->nameless), "#%ju", (uintmax_t)wanted->st.st_ino);
	return link_base(AT_FDCWD, entry, wanted->base);
}

/*
 * "lock: 1: OFDLCK ADVISORY  READ -1 00:19:1234 FIRST LAST": proc_pid_fdinfo(5). Locks of one kind
 * on neighbouring bytes are one lock; LAST may be "EOF".
 */
static bool lock_line_matches(const char *line, int byte)
{
	int first, last = -1, n;

	if (sscanf(line, "lock: %*d: OFDLCK %*s %*s %*d %*s %d %n%d", &first, &n, &last) < 1 ||
	    first > byte)
		return false;
	return !strncmp(line + n, "EOF", 3) || last >= byte;
}

static bool fdinfo_has_lock(pid_t pid, const char *entry, int byte)
{
	char path[64], line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.16s", (int)pid, entry);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = lock_line_matches(line, byte);
	fclose(file);
	return found;
}

/* The name is compared first: asking a file on a dead network mount for its identity could hang. */
static bool fd_matches(const struct wanted *wanted, int dir_fd, pid_t pid, const char *entry)
{
	char base[NAME_MAX + 1];
	struct stat st;

	if (!isdigit((unsigned char)entry[0]) || (pid == getpid() && atoi(entry) == wanted->own_fd))
		return false;
	return link_base(dir_fd, entry, base) &&
	       (!strcmp(base, wanted->base) || !strcmp(base, wanted->nameless)) &&
	       fstatat(dir_fd, entry, &st, 0) == 0 && st.st_dev == wanted->st.st_dev &&
	       st.st_ino == wanted->st.st_ino && fdinfo_has_lock(pid, entry, wanted->byte);
}

static bool process_holds(const struct wanted *wanted, pid_t pid)
{
	struct dirent *entry;
	bool found = false;
	char path[32];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = fd_matches(wanted, dirfd(dir), pid, entry->d_name);
	closedir(dir);
	return found;
}

static void users_add(struct ivshmem_users *users, pid_t pid)
{
	pid_t *pids = realloc(users->pids, (users->count + 1) * sizeof(*pids));

	if (!pids)
		return;
	pids[users->count++] = pid;
	users->pids = pids;
}

static int compare_pids(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void ivshmem_users_find(struct ivshmem_users *ret_users, int fd, int byte)
{
	struct ivshmem_users users = { 0 };
	struct wanted wanted;
	struct dirent *entry;
	uint64_t pid;
	DIR *proc;

	users.locked = ofd_lock_query(fd, byte) > OFD_LOCK_NONE;
	proc = users.locked && wanted_init(&wanted, fd, byte) ? opendir("/proc") : NULL;
	if (proc) {
		while ((entry = readdir(proc)))
			if (parse_decimal(entry->d_name, INT_MAX, &pid) == 0 &&
			    process_holds(&wanted, (pid_t)pid))
				users_add(&users, (pid_t)pid);
		closedir(proc);
	}
	if (users.count > 1)
		qsort(users.pids, users.count, sizeof(*users.pids), compare_pids);
	*ret_users = users;
}

void ivshmem_users_fini(struct ivshmem_users *users)
{
	free(users->pids);
	users->pids = NULL;
	users->count = 0;
}

const char *ivshmem_program_name(pid_t pid, char text[IVSHMEM_PROGRAM_MAX])
{
	char path[32], *p;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (!file || !fgets(text, IVSHMEM_PROGRAM_MAX, file))
		strcpy(text, "?");
	if (file)
		fclose(file);
	text[strcspn(text, "\n")] = '\0';
	for (p = text; *p; p++)
		if (*p <= 0x20 || *p > 0x7e)
			*p = '?';
	return text[0] ? text : strcpy(text, "?");
}

static void users_print(const struct ivshmem_users *users, char text[IVSHMEM_USERS_TEXT_MAX])
{
	char program[IVSHMEM_PROGRAM_MAX], one[64];
	size_t i, length = 0;
	int n;

	for (i = 0; i < users->count; i++) {
		n = snprintf(one, sizeof(one), "%spid %d (%s)", i ? ", " : "", (int)users->pids[i],
			     ivshmem_program_name(users->pids[i], program));
		/* Room is kept for the count of the others. */
		if (length + (size_t)n + 24 > IVSHMEM_USERS_TEXT_MAX) {
			snprintf(text + length, IVSHMEM_USERS_TEXT_MAX - length, " and %zu more",
				 users->count - i);
			break;
		}
		memcpy(text + length, one, (size_t)n + 1);
		length += (size_t)n;
	}
}

const char *ivshmem_users_text(int fd, int byte, char text[IVSHMEM_USERS_TEXT_MAX])
{
	struct ivshmem_users users;

	ivshmem_users_find(&users, fd, byte);
	strcpy(text, users.locked ? "an unknown process" : "nobody");
	users_print(&users, text);
	ivshmem_users_fini(&users);
	return text;
}
