/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting a server as a process of its own. */
#include "ivshmem/server_start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ivshmem/object.h"
#include "ivshmem/ofd_lock.h"
#include "ivshmem/server_path.h"
#include "lib/clock.h"
#include "lib/fds.h"
#include "lib/util.h"

#define PROGRAM "ivshmem-server"
#define SAID_MAX 400
#define RETRY_MS 20
#define EXIT_MS 2000
#define EXIT_STEP_MS 1

struct ivshmem_server_start {
	int lock;  /* an open file description of the object, for IVSHMEM_OBJECT_STARTING */
	int words; /* what the starting program writes to its standard error; ends with the start */
	pid_t pid;
	char path[IVSHMEM_SERVER_PATH_MAX];
};

/* "Beside the running program" first: the two belong together, wherever they are installed. */
static void find_program(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof(PROGRAM) - 1);
	char *slash;

	if (length > 0) {
		path[length] = '\0';
		slash = strrchr(path, '/');
		strcpy(slash ? slash + 1 : path, PROGRAM);
		if (access(path, F_OK) == 0)
			return;
	}
	strcpy(path, PROGRAM);
}

/*
 * The environment without what the service manager has told this process alone: sd_listen_fds(3),
 * sd_notify(3). To be freed with free(); NULL: out of memory.
 */
static char **environment_make(void)
{
	static const char *const ours[] = { "LISTEN_", "NOTIFY_SOCKET=", "WATCHDOG_" };
	size_t count = 0, i, j, kept = 0;
	char **copy;

	while (environ[count])
		count++;
	copy = calloc(count + 1, sizeof(*copy));
	for (i = 0; copy && i < count; i++) {
		for (j = 0; j < ARRAY_SIZE(ours); j++)
			if (strncmp(environ[i], ours[j], strlen(ours[j])) == 0)
				break;
		if (j == ARRAY_SIZE(ours))
			copy[kept++] = environ[i];
	}
	return copy;
}

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int words)
{
	sigset_t none, all;
	int ret;

	sigemptyset(&none);
	sigfillset(&all);
	ret = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	if (ret == 0)
		ret = posix_spawn_file_actions_adddup2(actions, STDIN_FILENO, STDOUT_FILENO);
	if (ret == 0)
		ret = posix_spawn_file_actions_adddup2(actions, words, STDERR_FILENO);
	/* It may outlive this process, and nothing of this process's shall be busy for that. */
	if (ret == 0)
		ret = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	if (ret == 0)
		ret = posix_spawn_file_actions_addchdir_np(actions, "/");
	if (ret == 0)
		ret = posix_spawnattr_setsigmask(attributes, &none);
	if (ret == 0)
		ret = posix_spawnattr_setsigdefault(attributes, &all);
	if (ret == 0)
		ret = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
							   POSIX_SPAWN_SETSIGDEF |
							   POSIX_SPAWN_SETSID);
	return -ret;
}

static int spawn(char *const argv[], int words, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	char **environment = environment_make();
	posix_spawnattr_t attributes;
	char program[PATH_MAX];
	int ret;

	if (!environment)
		return -ENOMEM;
	find_program(program);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	ret = prepare(&actions, &attributes, words);
	if (ret == 0)
		ret = -posix_spawnp(ret_pid, program, &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(environment);
	return ret;
}

/* Without -F the program goes to the background, and its first process ends once it listens. */
static int launch(const struct ivshmem_server_start_params *params, int words, pid_t *ret_pid)
{
	char program[] = PROGRAM, region[] = "--region", end[] = "--exit-when-empty";
	char name[IVSHMEM_NAME_TEXT_MAX], size[32], vectors[16];
	char group[256], object[IVSHMEM_NAME_TEXT_MAX];
	char *argv[] = { program, region, name, size, vectors, end, NULL, NULL, NULL };
	size_t count = 6;

	snprintf(name, sizeof(name), "%s", params->name->text);
	snprintf(size, sizeof(size), "-l%llu",
		 (unsigned long long)ivshmem_region_size(params->region));
	snprintf(vectors, sizeof(vectors), "-n%u", params->vectors);
	if (params->group) {
		snprintf(group, sizeof(group), "--socket-group=%s", params->group);
		argv[count++] = group;
	}
	if (params->shm_object) {
		snprintf(object, sizeof(object), "-M%s", params->shm_object);
		argv[count++] = object;
	}
	return spawn(argv, words, ret_pid);
}

static int open_lock(const struct ivshmem_region *region, int *ret_lock, struct error *err)
{
	int lock = fd_reopen(ivshmem_region_fd(region)), ret;

	if (lock < 0)
		return error_set(err, lock, "the region's object cannot be opened again: %s",
				 strerror(-lock));
	ret = ofd_lock_try(lock, IVSHMEM_OBJECT_STARTING, OFD_LOCK_EXCLUSIVE);
	if (ret < 0) {
		fd_close(&lock);
		return error_set(err, ret, "cannot lock the region's object: %s", strerror(-ret));
	}
	*ret_lock = lock;
	return 0;
}

static int start_process(const struct ivshmem_server_start_params *params,
			 struct ivshmem_server_start *start, struct error *err)
{
	int words[2], ret;

	if (pipe2(words, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_set(err, -errno, "cannot start " PROGRAM ": %s", strerror(errno));
	ret = launch(params, words[1], &start->pid);
	fd_close(&words[1]);
	if (ret < 0) {
		fd_close(&words[0]);
		return error_set(err, ret,
				 "cannot start " PROGRAM ", looked for beside this program and in "
				 "PATH: %s",
				 strerror(-ret));
	}
	start->words = words[0];
	return 0;
}

int ivshmem_server_start_begin(const struct ivshmem_server_start_params *params,
			       struct ivshmem_server_start **ret_start, struct error *err)
{
	struct ivshmem_server_start *start;
	int ret;

	start = calloc(1, sizeof(*start));
	if (!start)
		return error_set(err, -ENOMEM, "out of memory");
	ret = ivshmem_server_path(params->name, start->path, err);
	if (ret == 0)
		ret = open_lock(params->region, &start->lock, err);
	if (ret < 0)
		goto out_free;
	/* Under the lock this is the last word: it cannot be starting. */
	if (ivshmem_server_probe(start->path) == 0)
		ret = -EALREADY;
	else
		ret = start_process(params, start, err);
	if (ret < 0)
		goto out_unlock;
	*ret_start = start;
	return 0;

out_unlock:
	fd_close(&start->lock);
out_free:
	free(start);
	return ret;
}

int ivshmem_server_start_fd(const struct ivshmem_server_start *start)
{
	return start->words;
}

/* Its first line, without "ivshmem-server: ". Returns whether it has ended. */
static bool take_words(int fd, char said[SAID_MAX])
{
	size_t length = 0;
	char rest[64];
	ssize_t n;

	do {
		n = length < SAID_MAX - 1 ? read(fd, said + length, SAID_MAX - 1 - length)
					  : read(fd, rest, sizeof(rest));
		if (n > 0 && length < SAID_MAX - 1)
			length += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	said[length] = '\0';
	said[strcspn(said, "\n")] = '\0';
	if (strncmp(said, PROGRAM ": ", sizeof(PROGRAM) + 1) == 0)
		memmove(said, said + sizeof(PROGRAM) + 1, strlen(said) - sizeof(PROGRAM));
	return n == 0;
}

/*
 * Who has closed its standard error is about to exit; at least it gets a moment, and this process
 * does not wait for ever.
 */
static bool has_exited(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = EXIT_STEP_MS * 1000000L };
	siginfo_t info = { 0 };
	int waited;

	for (waited = 0; waited < EXIT_MS; waited += EXIT_STEP_MS) {
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

int ivshmem_server_start_finish(struct ivshmem_server_start *start, struct error *err)
{
	char said[SAID_MAX];
	bool ended = take_words(start->words, said) && has_exited(start->pid);
	int status = -1, ret;

	/* It leads a session: what it has started ends with it. */
	if (!ended)
		kill(-start->pid, SIGKILL);
	/* The status stays unknown where this process inherited that SIGCHLD is ignored. */
	while (waitpid(start->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!ended)
		ret = error_set(err, -ECANCELED, PROGRAM " does not come up%s%s",
				said[0] ? ": " : "", said);
	else if ((!WIFEXITED(status) || WEXITSTATUS(status) != 0) &&
		 ivshmem_server_probe(start->path) < 0)
		ret = error_set(err, -ECHILD, PROGRAM " does not start: %s",
				said[0] ? said : "it has not said why");
	else
		ret = 0;
	fd_close(&start->words);
	fd_close(&start->lock);
	free(start);
	return ret;
}

/* Waits for its end, which EOF on the pipe tells and words before do not. */
static void wait_for_end(const struct ivshmem_server_start *start, int64_t deadline)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };
	struct pollfd poll_fd = { .fd = start->words, .events = 0 };
	int64_t left;

	/* POLLHUP alone: the writers are gone. */
	while ((left = deadline - now_ms()) > 0 && !(poll_fd.revents & POLLHUP))
		if (poll(&poll_fd, 1, (int)left) < 0)
			nanosleep(&pause, NULL);
}

int ivshmem_server_start(const struct ivshmem_server_start_params *params, unsigned int timeout_ms,
			 struct error *err)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };
	int64_t deadline = now_ms() + timeout_ms;
	struct ivshmem_server_start *start;
	int ret;

	while ((ret = ivshmem_server_start_begin(params, &start, err)) == -EAGAIN) {
		if (now_ms() >= deadline)
			return error_set(err, -ETIMEDOUT,
					 "another user of the region has been starting its server "
					 "for %u ms; is it stopped?",
					 timeout_ms);
		nanosleep(&pause, NULL);
	}
	if (ret < 0)
		return ret == -EALREADY ? 0 : ret;
	wait_for_end(start, deadline);
	return ivshmem_server_start_finish(start, err);
}
