/* SPDX-License-Identifier: BSD-3-Clause */
/* The client of an ivshmem server against a server that says what each case wants. */
#include "ivshmem/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "ivshmem/peer_claim.h"
#include "lib/fd_passing.h"
#include "lib/fds.h"
#include "lib/util.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

#define SIZE 65536
#define LOG_BYTES 512

/* What happened, in words: "ready 5 65536, join 1 0, own 0, left 1, lost" */
struct seen {
	struct event_loop *loop;
	struct ivshmem_peer *peer;
	int server;
	char log[LOG_BYTES];
	unsigned int joined, own;
	int code;
	struct error err;
	bool free_in_callback, stop_when_lost, bad_flags;
};

static void say(struct seen *seen, const char *text)
{
	size_t length = strlen(seen->log);

	snprintf(seen->log + length, sizeof(seen->log) - length, "%s%s", length ? ", " : "", text);
}

static void take_fd(struct seen *seen, int fd)
{
	if (fcntl(fd, F_GETFD) != FD_CLOEXEC || !(fcntl(fd, F_GETFL) & O_NONBLOCK))
		seen->bad_flags = true;
	fd_close(&fd);
	if (seen->free_in_callback) {
		ivshmem_peer_free(seen->peer);
		seen->peer = NULL;
	}
}

static void on_ready(void *ctx, uint16_t id, int memory_fd, uint64_t size)
{
	char text[64];

	snprintf(text, sizeof(text), "ready %u %llu", id, (unsigned long long)size);
	say(ctx, text);
	take_fd(ctx, memory_fd);
}

static void on_joined(void *ctx, uint16_t id, unsigned int vector, int fd)
{
	struct seen *seen = ctx;
	char text[64];

	seen->joined++;
	snprintf(text, sizeof(text), "join %u %u", id, vector);
	say(seen, text);
	take_fd(seen, fd);
}

static void on_left(void *ctx, uint16_t id)
{
	char text[64];

	snprintf(text, sizeof(text), "left %u", id);
	say(ctx, text);
}

static void on_own_vector(void *ctx, unsigned int vector, int fd)
{
	struct seen *seen = ctx;
	char text[64];

	seen->own++;
	snprintf(text, sizeof(text), "own %u", vector);
	say(seen, text);
	take_fd(seen, fd);
}

static void on_lost(void *ctx, int code, const struct error *err)
{
	struct seen *seen = ctx;

	say(seen, "lost");
	seen->code = code;
	seen->err = *err;
	if (seen->free_in_callback) {
		ivshmem_peer_free(seen->peer);
		seen->peer = NULL;
	}
	if (seen->stop_when_lost)
		event_loop_stop(seen->loop);
}

static const struct ivshmem_peer_ops ops = {
	.ready = on_ready,
	.joined = on_joined,
	.left = on_left,
	.own_vector = on_own_vector,
	.lost = on_lost,
};

static void start(struct seen *seen, unsigned int timeout_ms)
{
	const struct ivshmem_peer_params params = {
		.path = "test",
		.timeout_ms = timeout_ms,
		.ops = &ops,
		.ctx = seen,
	};
	struct error err = { "" };
	int pair[2], ret;

	memset(seen, 0, sizeof(*seen));
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&seen->loop), 0);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	seen->server = pair[0];
	ret = ivshmem_peer_from_fd(seen->loop, pair[1], &params, &seen->peer, &err);
	CU_ASSERT_EQUAL_FATAL(ret, 0);
}

static void end(struct seen *seen)
{
	ivshmem_peer_free(seen->peer);
	event_loop_free(seen->loop);
	fd_close(&seen->server);
	CU_ASSERT_FALSE(seen->bad_flags);
}

/* Let the loop see what is ready now, without waiting. */
static void turn(struct seen *seen)
{
	event_loop_stop(seen->loop);
	CU_ASSERT_EQUAL(event_loop_run(seen->loop), 0);
}

static void expect_log(const struct seen *seen, const char *wanted)
{
	if (strcmp(seen->log, wanted))
		printf("# got \"%s\" instead of \"%s\"\n", seen->log, wanted);
	CU_ASSERT_STRING_EQUAL(seen->log, wanted);
}

static int new_memory(off_t size)
{
	int fd = memfd_create("test_peer", MFD_CLOEXEC);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(ftruncate(fd, size), 0);
	return fd;
}

/* Blocking descriptors on purpose: the peer has to see to that. */
static int new_doorbell(void)
{
	int fd = eventfd_new();

	fcntl(fd, F_SETFL, 0);
	return fd;
}

/* It can be read from for ever, and has nothing to read. */
static int new_broken_pipe(void)
{
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_CLOEXEC), 0);
	close(fds[1]);
	return fds[0];
}

/*
 * What a server says, word by word: a number is a message; "+" after it sends an eventfd with it,
 * "m", "o", "s" memory that is right, of an odd size, too small; "p" a broken pipe, "t" a timer,
 * "e" a semaphore; "!" closes the connection.
 * ":abc" sends letters as they are.
 */
static void send_word(struct seen *seen, const char *word)
{
	struct ivshmem_wire_out out = { .message = { .fd = -1 } };
	char *rest;

	if (word[0] == '!') {
		shutdown(seen->server, SHUT_RDWR);
		return;
	}
	if (word[0] == ':') {
		CU_ASSERT_TRUE(fd_passing_send(seen->server, word + 1, strlen(word + 1), -1) > 0);
		return;
	}
	out.message.value = strtoll(word, &rest, 10);
	switch (*rest) {
	case '+':
		out.message.fd = new_doorbell();
		break;
	case 'm':
		out.message.fd = new_memory(SIZE);
		break;
	case 'o':
		out.message.fd = new_memory(SIZE + 4096);
		break;
	case 's':
		out.message.fd = new_memory(2048);
		break;
	case 'p':
		out.message.fd = new_broken_pipe();
		break;
	case 'e':
		out.message.fd = eventfd(5, EFD_CLOEXEC | EFD_SEMAPHORE);
		break;
	case 't':
		out.message.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		break;
	default:
		break;
	}
	CU_ASSERT_EQUAL(ivshmem_wire_send(seen->server, &out), 0);
	fd_close(&out.message.fd);
}

static void send_script(struct seen *seen, const char *script, bool turn_after_each)
{
	char words[256], *rest = words, *word;

	snprintf(words, sizeof(words), "%s", script);
	while ((word = strsep(&rest, " "))) {
		send_word(seen, word);
		if (turn_after_each)
			turn(seen);
	}
	turn(seen);
}

static const struct {
	const char *script, *log;
} sessions[] = {
	{ "0 5 -1m", "ready 5 65536" },
	{ "0 0 -1m 0+ 0+", "ready 0 65536, own 0, own 1" },
	{ "0 65535 -1m 3+ 3+ 65535+ 7+ 7+ 3 3+",
	  "ready 65535 65536, join 3 0, join 3 1, own 0, join 7 0, join 7 1, left 3, join 3 0" },
	/* A leave of who was never there, of who has left, and of oneself. */
	{ "0 1 -1m 9 2+ 2 2 1 1+", "ready 1 65536, join 2 0, left 2, own 0" },
	{ "0 1 -1m 1+ 1 1+", "ready 1 65536, own 0, own 1" },
	{ "0 1 -1m 0+ !", "ready 1 65536, join 0 0, lost" },
	{ "0 1 -1m -1m 0+", "ready 1 65536, lost" },
	{ "0 1 -1m -1 0+", "ready 1 65536, lost" },
	{ "0 1 -1m 65536+ 0+", "ready 1 65536, lost" },
	{ "0 1 -1m -2 0+", "ready 1 65536, lost" },
};

static void test_sessions(void)
{
	struct leaks before = leaks_count(), after;
	struct seen seen;
	size_t i, each;

	for (i = 0; i < ARRAY_SIZE(sessions); i++) {
		for (each = 0; each < 2; each++) {
			/* After its end the connection takes no more words, and need not. */
			if (each && strstr(sessions[i].log, "lost"))
				continue;
			start(&seen, 0);
			send_script(&seen, sessions[i].script, each);
			expect_log(&seen, sessions[i].log);
			end(&seen);
		}
	}
	after = leaks_count();
	CU_ASSERT_TRUE(leaks_equal(&before, &after));
}

static const struct {
	const char *script;
	int code;
	const char *text;
} faults[] = {
	{ "1", -EPROTONOSUPPORT, "ivshmem server test: it speaks version 1 of the protocol" },
	{ "-1m", -EPROTONOSUPPORT, "version -1" },
	{ ":HTTP/1.1", -EPROTONOSUPPORT, "socket of an ivshmem server?" },
	{ "0+", -EPROTO, "a descriptor came with the version" },
	{ "0 65536", -EPROTO, "the id 65536, which is not in 0 to 65535" },
	{ "0 -1", -EPROTO, "the id -1," },
	{ "0 7+", -EPROTO, "a descriptor came with the id 7" },
	{ "0 7 7+", -EPROTO, "message 7 came where the memory (-1) belongs" },
	{ "0 7 -1", -EPROTO, "no descriptor came with the memory" },
	{ "0 7 -1o", -EINVAL, "its memory has 69632 bytes: start it with a power of two" },
	{ "0 7 -1s", -EINVAL, "its memory has 2048 bytes: start it with a power of two of at" },
	{ "0 7 -1+", -EINVAL, "its memory has 0 bytes" },
	{ "!", -ECONNRESET, "it closed the connection in its greeting" },
	{ "0 !", -ECONNRESET, "it closed the connection in its greeting" },
	{ "0 7 !", -ECONNRESET, "it closed the connection in its greeting" },
	{ ":abc !", -EPROTO, "the connection ended inside a message" },
	{ "0 7 -1m :abc !", -EPROTO, "the connection ended inside a message" },
	{ "0 7 -1m !", -ECONNRESET, "test: it has closed the connection" },
	{ "0 7 -1m -1m", -EPROTO, "the memory a second time" },
	{ "0 7 -1m 65536+", -EPROTO, "a peer 65536, which is not in 0 to 65535" },
	{ "0 7 -1m 3m", -EPROTO, "the descriptor that came for peer 3 is no eventfd" },
	{ "0 7 -1m 7m", -EPROTO, "the descriptor that came for peer 7 is no eventfd" },
	{ "0 7 -1m 7p", -EPROTO, "the descriptor that came for peer 7 is no eventfd" },
	{ "0 7 -1m 3t", -EPROTO, "the descriptor that came for peer 3 is no eventfd" },
};

static void test_faults(void)
{
	struct leaks before = leaks_count(), after;
	struct seen seen;
	size_t i, freeing;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		for (freeing = 0; freeing < 2; freeing++) {
			start(&seen, 0);
			seen.free_in_callback = freeing && !strstr(faults[i].script, "m");
			send_script(&seen, faults[i].script, false);
			if (seen.code != faults[i].code || !strstr(seen.err.text, faults[i].text))
				printf("# \"%s\": %d, %s\n", faults[i].script, seen.code,
				       seen.err.text);
			CU_ASSERT_EQUAL(seen.code, faults[i].code);
			CU_ASSERT_PTR_NOT_NULL(strstr(seen.err.text, faults[i].text));
			turn(&seen);
			CU_ASSERT_EQUAL(seen.code, faults[i].code);
			end(&seen);
		}
	}
	after = leaks_count();
	CU_ASSERT_TRUE(leaks_equal(&before, &after));
}

/* One that would go on waking its owner for as long as the counter lasts. */
static void test_semaphore(void)
{
	int semaphore = eventfd(5, EFD_CLOEXEC | EFD_SEMAPHORE);
	bool told = eventfd_is_semaphore(semaphore);
	struct seen seen;

	fd_close(&semaphore);
	if (!told) {
		unit_skip("this system does not tell semaphores");
		return;
	}
	start(&seen, 0);
	send_script(&seen, "0 7 -1m 3e 7e", false);
	expect_log(&seen, "ready 7 65536, join 3 0, lost");
	CU_ASSERT_EQUAL(seen.code, -EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(seen.err.text, "its eventfds are semaphores"));
	end(&seen);
}

/* Freed at the first, second, ... callback that hands over a descriptor: nothing comes after it. */
static void test_free_in_callback(void)
{
	static const char *const logs[] = {
		"ready 4 65536", "ready 4 65536, join 1 0", "ready 4 65536, join 1 0, own 0",
	};
	static const char *const words[] = { "0 4 -1m", "1+", "4+" };
	struct leaks before = leaks_count(), after;
	struct seen seen;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(logs); i++) {
		start(&seen, 0);
		for (j = 0; j < i; j++)
			send_script(&seen, words[j], false);
		seen.free_in_callback = true;
		for (; j < ARRAY_SIZE(words); j++) {
			char script[32], *rest = script, *word;

			snprintf(script, sizeof(script), "%s", words[j]);
			while ((word = strsep(&rest, " ")))
				send_word(&seen, word);
		}
		turn(&seen);
		turn(&seen);
		CU_ASSERT_PTR_NULL(seen.peer);
		expect_log(&seen, logs[i]);
		end(&seen);
	}
	after = leaks_count();
	CU_ASSERT_TRUE(leaks_equal(&before, &after));
}

/* Each message in single bytes, with the descriptor at the last one. */
static void test_pieces(void)
{
	static const struct {
		int64_t value;
		bool memory;
	} messages[] = { { 0, false }, { 3, false }, { -1, true } };
	struct seen seen;
	int fd = new_memory(SIZE);
	const char *bytes;
	size_t i, j;
	bool last;

	start(&seen, 0);
	for (i = 0; i < ARRAY_SIZE(messages); i++) {
		bytes = (const char *)&messages[i].value;
		for (j = 0; j < IVSHMEM_WIRE_BYTES; j++) {
			last = j == IVSHMEM_WIRE_BYTES - 1;
			fd_passing_send(seen.server, bytes + j, 1,
					messages[i].memory && last ? fd : -1);
			turn(&seen);
		}
	}
	expect_log(&seen, "ready 3 65536");
	end(&seen);
	fd_close(&fd);
}

static void test_too_many_vectors(void)
{
	struct leaks before = leaks_count(), after;
	struct seen seen;
	unsigned int i;

	start(&seen, 0);
	send_script(&seen, "0 2 -1m", false);
	for (i = 0; i < IVSHMEM_VECTORS_MAX + 100; i++)
		send_script(&seen, "1+ 2+", false);
	CU_ASSERT_EQUAL(seen.joined, IVSHMEM_VECTORS_MAX);
	CU_ASSERT_EQUAL(seen.own, IVSHMEM_VECTORS_MAX);
	/* A new one of the same id starts from 0. */
	seen.joined = 0;
	send_script(&seen, "1 1+", false);
	CU_ASSERT_EQUAL(seen.joined, 1);
	end(&seen);
	after = leaks_count();
	CU_ASSERT_TRUE(leaks_equal(&before, &after));
}

/* A vector that cannot be taken would shift all later ones. */
static void test_no_room(void)
{
	struct rlimit old, less;
	struct seen seen;
	int next;

	start(&seen, 0);
	send_script(&seen, "0 2 -1m", false);
	send_word(&seen, "1+");
	next = dup(0);
	close(next);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	less = old;
	less.rlim_cur = (rlim_t)next;
	setrlimit(RLIMIT_NOFILE, &less);
	turn(&seen);
	setrlimit(RLIMIT_NOFILE, &old);
	expect_log(&seen, "ready 2 65536, lost");
	CU_ASSERT_EQUAL(seen.code, -EMFILE);
	CU_ASSERT_PTR_NOT_NULL(strstr(seen.err.text, "ulimit -n"));
	end(&seen);
}

/* --- the time limit, and sockets with a path -------------------------------------------------- */

static void test_time_limit(void)
{
	static const char *const scripts[] = { ":abc", "0", "0 1" };
	struct seen seen;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(scripts); i++) {
		start(&seen, 20);
		seen.stop_when_lost = true;
		send_script(&seen, scripts[i], false);
		/* On a slow machine it is over already. */
		if (!seen.code)
			CU_ASSERT_EQUAL(event_loop_run(seen.loop), 0);
		CU_ASSERT_EQUAL(seen.code, -ETIMEDOUT);
		CU_ASSERT_PTR_NOT_NULL(strstr(seen.err.text, "no greeting came within 20 ms"));
		end(&seen);
	}
}

struct listener {
	char dir[32], path[64];
	int fd;
};

static void listener_start(struct listener *listener, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(listener->dir, sizeof(listener->dir), "/tmp/test_peer.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(listener->dir));
	snprintf(listener->path, sizeof(listener->path), "%s/socket", listener->dir);
	memcpy(address.sun_path, listener->path, sizeof(listener->path));
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL_FATAL(bind(listener->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(listener->fd, backlog), 0);
}

static void listener_end(struct listener *listener)
{
	fd_close(&listener->fd);
	unlink(listener->path);
	rmdir(listener->dir);
}

static int connect_to(struct seen *seen, const char *path, unsigned int timeout_ms)
{
	const struct ivshmem_peer_params params = {
		.path = path,
		.timeout_ms = timeout_ms,
		.ops = &ops,
		.ctx = seen,
	};

	return ivshmem_peer_connect(seen->loop, &params, &seen->peer, &seen->err);
}

static void test_connect(void)
{
	struct leaks before = leaks_count(), after;
	struct seen seen = { .server = -1 };
	struct listener listener;

	CU_ASSERT_EQUAL_FATAL(event_loop_new(&seen.loop), 0);
	listener_start(&listener, 1);
	CU_ASSERT_EQUAL_FATAL(connect_to(&seen, listener.path, 0), 0);
	seen.server = accept(listener.fd, NULL, NULL);
	CU_ASSERT_TRUE(seen.server >= 0);
	send_script(&seen, "0 1 -1m 1+", false);
	expect_log(&seen, "ready 1 65536, own 0");
	ivshmem_peer_free(seen.peer);
	seen.peer = NULL;
	fd_close(&listener.fd);
	CU_ASSERT_EQUAL(connect_to(&seen, listener.path, 0), -ECONNREFUSED);
	CU_ASSERT_PTR_NOT_NULL(strstr(seen.err.text, "nobody listens there"));
	CU_ASSERT_PTR_NOT_NULL(strstr(seen.err.text, listener.path));
	listener_end(&listener);
	CU_ASSERT_EQUAL(connect_to(&seen, listener.path, 0), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(seen.err.text, "nobody listens there"));
	CU_ASSERT_EQUAL(connect_to(&seen, "", 0), -ENOENT);
	CU_ASSERT_PTR_NULL(seen.peer);
	end(&seen);
	after = leaks_count();
	CU_ASSERT_TRUE(leaks_equal(&before, &after));
}

/* What the server sees of who connected: no address, or the claim of an id. */
static void expect_claim(struct seen *seen, const struct listener *listener, bool claimed)
{
	socklen_t length = sizeof(struct sockaddr_un);
	struct sockaddr_un address;
	uint16_t id = 0;
	int fd;

	fd = accept(listener->fd, (struct sockaddr *)&address, &length);
	CU_ASSERT_TRUE(fd >= 0);
	CU_ASSERT_EQUAL(ivshmem_claim_parse(&address, length, &id), claimed ? 0 : -EINVAL);
	CU_ASSERT_EQUAL(id, claimed ? 65535 : 0);
	fd_close(&fd);
	ivshmem_peer_free(seen->peer);
	seen->peer = NULL;
}

static void test_claim(void)
{
	struct seen seen = { .server = -1 };
	struct listener listener;
	struct ivshmem_peer_params params = { .former_id = 65535, .ops = &ops, .ctx = &seen };

	CU_ASSERT_EQUAL_FATAL(event_loop_new(&seen.loop), 0);
	listener_start(&listener, 1);
	params.path = listener.path;
	CU_ASSERT_EQUAL_FATAL(ivshmem_peer_connect(seen.loop, &params, &seen.peer, &seen.err), 0);
	expect_claim(&seen, &listener, false);
	params.has_former_id = true;
	CU_ASSERT_EQUAL_FATAL(ivshmem_peer_connect(seen.loop, &params, &seen.peer, &seen.err), 0);
	expect_claim(&seen, &listener, true);
	listener_end(&listener);
	end(&seen);
}

static void test_long_path(void)
{
	struct seen seen = { .server = -1 };
	char path[200];

	memset(path, 'a', sizeof(path));
	path[108] = '\0';
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&seen.loop), 0);
	CU_ASSERT_EQUAL(connect_to(&seen, path, 0), -ENAMETOOLONG);
	CU_ASSERT_PTR_NOT_NULL(strstr(seen.err.text, "at most 107 bytes"));
	path[107] = '\0';
	CU_ASSERT_EQUAL(connect_to(&seen, path, 0), -ENOENT);
	end(&seen);
}

/* Fill the queue of a listener. Returns how many connections that took. */
static unsigned int fill_queue(const struct listener *listener, int *fds, unsigned int max)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	unsigned int count;

	memcpy(address.sun_path, listener->path, sizeof(listener->path));
	for (count = 0; count < max; count++) {
		fds[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(fds[count], (struct sockaddr *)&address, sizeof(address)) < 0) {
			fd_close(&fds[count]);
			break;
		}
	}
	return count;
}

static void test_full_queue(void)
{
	struct seen seen = { .server = -1, .stop_when_lost = true };
	struct listener listener;
	unsigned int count, i;
	int fds[16], fd;

	CU_ASSERT_EQUAL_FATAL(event_loop_new(&seen.loop), 0);
	listener_start(&listener, 1);
	count = fill_queue(&listener, fds, ARRAY_SIZE(fds));
	CU_ASSERT_TRUE_FATAL(count > 0 && count < ARRAY_SIZE(fds));
	/* Nobody takes anyone out of it: told after the limit. */
	CU_ASSERT_EQUAL_FATAL(connect_to(&seen, listener.path, 50), 0);
	CU_ASSERT_EQUAL(event_loop_run(seen.loop), 0);
	CU_ASSERT_EQUAL(seen.code, -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(seen.err.text, "has been full for 50 ms"));
	ivshmem_peer_free(seen.peer);
	/* And when there is room, the connection is made after all. */
	CU_ASSERT_EQUAL_FATAL(connect_to(&seen, listener.path, 60000), 0);
	for (i = 0; i < count; i++) {
		fd = accept(listener.fd, NULL, NULL);
		CU_ASSERT_TRUE(fd >= 0);
		fd_close(&fd);
		fd_close(&fds[i]);
	}
	while (fcntl(listener.fd, F_SETFL, O_NONBLOCK) == 0 && seen.server < 0) {
		turn(&seen);
		usleep(1000);
		seen.server = accept(listener.fd, NULL, NULL);
	}
	seen.log[0] = '\0';
	send_script(&seen, "0 1 -1m", false);
	expect_log(&seen, "ready 1 65536");
	listener_end(&listener);
	end(&seen);
}

static const struct unit_test tests[] = {
	{ "sessions", test_sessions },
	{ "faults", test_faults },
	{ "a semaphore", test_semaphore },
	{ "freed in a callback", test_free_in_callback },
	{ "messages in pieces", test_pieces },
	{ "too many vectors", test_too_many_vectors },
	{ "no room for descriptors", test_no_room },
	{ "the time limit", test_time_limit },
	{ "connecting", test_connect },
	{ "asking for an id", test_claim },
	{ "a long path", test_long_path },
	{ "a full queue", test_full_queue },
};

UNIT_MAIN("peer", tests)
