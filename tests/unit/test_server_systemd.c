/* SPDX-License-Identifier: BSD-3-Clause */
/* The environment that a service manager makes: what is taken from it and what is refused. */
#include "tools/server_systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

#define FIRST_FD 3

/* In a child, whose descriptors are its own: descriptor 3 becomes a socket, or nothing. */
static int init_with(const char *pid, const char *count, int type, struct server_systemd *systemd,
		     struct error *err)
{
	char own[16];
	int fd;

	snprintf(own, sizeof(own), "%d", (int)getpid());
	setenv("LISTEN_PID", pid ? pid : own, 1);
	setenv("LISTEN_FDS", count, 1);
	setenv("LISTEN_FDNAMES", "x", 1);
	close(FIRST_FD);
	fd = type ? socket(AF_UNIX, type, 0) : -1;
	if (fd >= 0 && fd != FIRST_FD) {
		dup2(fd, FIRST_FD);
		close(fd);
	}
	/* Binding to nothing in particular gives it an abstract address (unix(7)). */
	if (type == SOCK_STREAM) {
		const struct sockaddr address = { .sa_family = AF_UNIX };

		if (bind(FIRST_FD, &address, sizeof(sa_family_t)) < 0 || listen(FIRST_FD, 1) < 0)
			return -1;
	}
	return server_systemd_init(systemd, err);
}

static int child_check(const char *pid, const char *count, int type, int code, int listening,
		       const char *said)
{
	struct server_systemd systemd = { .listening = -2, .notify = -2 };
	struct error err = { "" };

	if (init_with(pid, count, type, &systemd, &err) != code)
		return 1;
	if (!strstr(err.text, said))
		return 2;
	if (code < 0)
		return systemd.listening == -2 ? 0 : 3;
	if (systemd.listening != listening || systemd.notify != -1)
		return 4;
	if (listening >= 0 && !(fcntl(listening, F_GETFD) & FD_CLOEXEC))
		return 5;
	return getenv("LISTEN_PID") || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES") ? 6 : 0;
}

static void test_listening(void)
{
	static const struct {
		const char *pid, *count; /* NULL: the right one */
		int type;
		int code, listening;
		const char *said;
	} cases[] = {
		{ NULL, "1", SOCK_STREAM, 0, 3, "" },
		{ NULL, "0", SOCK_STREAM, 0, -1, "" },
		{ "1", "1", SOCK_STREAM, 0, -1, "" },
		{ "1", "x", SOCK_STREAM, 0, -1, "" },
		{ "", "1", SOCK_STREAM, -EINVAL, -1, "LISTEN_PID \"\"" },
		{ "-1", "1", SOCK_STREAM, -EINVAL, -1, "LISTEN_PID \"-1\"" },
		{ NULL, "", SOCK_STREAM, -EINVAL, -1, "LISTEN_FDS \"\": a number" },
		{ NULL, "2", SOCK_STREAM, -EINVAL, -1, "2 sockets were passed" },
		{ NULL, "4294967297", SOCK_STREAM, -EINVAL, -1, "a number is needed" },
		{ NULL, "1", SOCK_DGRAM, -EINVAL, -1, "no listening AF_UNIX stream socket" },
		{ NULL, "1", SOCK_SEQPACKET, -EINVAL, -1, "no listening AF_UNIX stream socket" },
		{ NULL, "1", 0, -EBADF, -1, "descriptor 3: there is none" },
	};
	int status, got;
	pid_t pid;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pid = fork();
		if (pid == 0)
			_exit(child_check(cases[i].pid, cases[i].count, cases[i].type,
					  cases[i].code, cases[i].listening, cases[i].said));
		CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
		got = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		CU_ASSERT_EQUAL(got, 0);
		if (got != 0)
			printf("# case %zu: check %d\n", i, got);
	}
}

static void test_nothing(void)
{
	struct server_systemd systemd = SERVER_SYSTEMD_NONE;

	CU_ASSERT_EQUAL(server_systemd_init(&systemd, NULL), 0);
	CU_ASSERT_EQUAL(systemd.listening, -1);
	CU_ASSERT_EQUAL(systemd.notify, -1);
	server_systemd_notify(&systemd, "READY=1");
	server_systemd_fini(&systemd);
}

/* The words for @fd's address, which the kernel has picked: abstract, and without a NUL. */
static void set_address(int fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(address.sun_family);

	CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, length), 0);
	length = sizeof(address) - 1;
	CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	address.sun_path[0] = '@';
	address.sun_path[length - offsetof(struct sockaddr_un, sun_path)] = '\0';
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
}

static void test_notify(void)
{
	struct server_systemd systemd = SERVER_SYSTEMD_NONE;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[1024], longest[1024];
	ssize_t n;

	set_address(fd);
	CU_ASSERT_EQUAL_FATAL(server_systemd_init(&systemd, NULL), 0);
	CU_ASSERT_PTR_NULL(getenv("NOTIFY_SOCKET"));
	server_systemd_notify(&systemd, "READY=%d\nSTATUS=%s", 1, "good");
	n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	CU_ASSERT_EQUAL(n, (ssize_t)strlen("READY=1\nSTATUS=good"));
	CU_ASSERT_EQUAL(memcmp(text, "READY=1\nSTATUS=good", (size_t)n), 0);
	/* What is too long is cut. */
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	server_systemd_notify(&systemd, "READY=1\nSTATUS=%s", longest);
	n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	CU_ASSERT(n > 8 && n < 1000);
	CU_ASSERT_EQUAL(memcmp(text, "READY=1\nSTATUS=xxx", 18), 0);
	/* Nobody is there any more. */
	close(fd);
	server_systemd_notify(&systemd, "STOPPING=1");
	server_systemd_fini(&systemd);
	server_systemd_fini(&systemd);
}

static void test_nobody_to_notify(void)
{
	static const char *const words[] = { "", "@", "/", "/nowhere/at/all", "relative",
					     "vsock:2:1" };
	struct server_systemd systemd;
	char longest[300];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		setenv("NOTIFY_SOCKET", words[i], 1);
		CU_ASSERT_EQUAL(server_systemd_init(&systemd, NULL), 0);
		CU_ASSERT_EQUAL(systemd.notify, -1);
		CU_ASSERT_PTR_NULL(getenv("NOTIFY_SOCKET"));
	}
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	CU_ASSERT_EQUAL(server_systemd_init(&systemd, NULL), 0);
	CU_ASSERT_EQUAL(systemd.notify, -1);
}

static const struct unit_test tests[] = {
	{ "nothing", test_nothing },
	{ "a socket is passed", test_listening },
	{ "notifications", test_notify },
	{ "nobody to notify", test_nobody_to_notify },
};

UNIT_MAIN("server systemd", tests)
