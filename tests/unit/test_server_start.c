/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting a region's server: a shell script stands for the program. */
#include "ivshmem/server_start.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ivshmem/server_path.h"
#include "lib/fds.h"
#include "lib/util.h"
#include "tests/leaks.h"
#include "tests/unit/program_fixture.h"
#include "tests/unit/region_fixture.h"
#include "tests/unit/unit.h"

#define PATIENCE_MS 20000
/* What a test can afford to wait for in vain. */
#define SHORT_MS 200

#define SLEEPS "exec sleep 1000"

struct fixture {
	struct ivshmem_region_params region_params;
	struct ivshmem_region *region;
	struct ivshmem_server_start_params params;
	char path[IVSHMEM_SERVER_PATH_MAX];
	struct leaks before;
};

static void begin(struct fixture *f, const char *script)
{
	fixture_begin();
	program_fixture_begin();
	program_fixture_write(script);
	f->region_params = fixture_params("start");
	f->region = fixture_attach(&f->region_params);
	f->params = (struct ivshmem_server_start_params){
		.region = f->region,
		.name = &f->region_params.name,
		.vectors = 3,
	};
	CU_ASSERT_EQUAL(ivshmem_server_path(&f->region_params.name, f->path, NULL), 0);
	f->before = leaks_count();
}

static void end(struct fixture *f)
{
	struct leaks after = leaks_count();

	CU_ASSERT(leaks_equal(&f->before, &after));
	ivshmem_region_detach(f->region);
	program_fixture_end();
	fixture_end();
}

static void start(struct fixture *f, unsigned int timeout_ms, int code, const char *words)
{
	struct error err = { "" };
	int ret = ivshmem_server_start(&f->params, timeout_ms, &err);

	CU_ASSERT_EQUAL(ret, code);
	CU_ASSERT(!words || strstr(err.text, words));
	if (ret != code || (words && !strstr(err.text, words)))
		printf("# %d: %s\n", ret, err.text);
}

static int begin_start(struct fixture *f, struct ivshmem_server_start **ret_start)
{
	struct error err = { "" };

	return ivshmem_server_start_begin(&f->params, ret_start, &err);
}

/* The number in @file of the script's directory, once it is there. */
static pid_t wait_for_pid(const char *file)
{
	int i;

	for (i = 0; !strchr(program_fixture_read(file), '\n') && i < PATIENCE_MS; i++)
		usleep(1000);
	return atoi(program_fixture_read(file));
}

/* Whether it has ended; somebody else may yet have to wait for it. */
static bool has_ended(pid_t pid)
{
	char path[32], line[256] = "";
	const char *state;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	stat = fopen(path, "re");
	if (!stat)
		return true;
	if (!fgets(line, sizeof(line), stat))
		line[0] = '\0';
	fclose(stat);
	state = strrchr(line, ')');
	return state && (state[2] == 'Z' || state[2] == 'X');
}

static bool wait_for_end(pid_t pid)
{
	int i;

	CU_ASSERT_FATAL(pid > 1);
	for (i = 0; !has_ended(pid) && i < PATIENCE_MS; i++)
		usleep(1000);
	return has_ended(pid);
}

static void test_arguments(void)
{
	char expected[IVSHMEM_NAME_TEXT_MAX + 128];
	struct fixture f;

	begin(&f, "printf '%s\\n' \"$@\" >\"${0%/*}/args\"");
	start(&f, PATIENCE_MS, 0, NULL);
	snprintf(expected, sizeof(expected), "--region\n%s\n-l65536\n-n3\n--exit-when-empty\n",
		 f.region_params.name.text);
	CU_ASSERT_STRING_EQUAL(program_fixture_read("args"), expected);
	f.params.group = "some group";
	f.params.shm_object = "/an-object";
	f.params.vectors = 2048;
	start(&f, PATIENCE_MS, 0, NULL);
	snprintf(expected, sizeof(expected),
		 "--region\n%s\n-l65536\n-n2048\n--exit-when-empty\n"
		 "--socket-group=some group\n-M/an-object\n",
		 f.region_params.name.text);
	CU_ASSERT_STRING_EQUAL(program_fixture_read("args"), expected);
	end(&f);
}

/* What a service manager has to tell is for this process, the rest of the environment for all. */
static void test_environment(void)
{
	static const char *const ours[] = {
		"NOTIFY_SOCKET", "LISTEN_FDS",	  "LISTEN_PID",
		"LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID",
	};
	const char *said;
	struct fixture f;
	size_t i;

	begin(&f, "env >\"${0%/*}/env\"");
	for (i = 0; i < ARRAY_SIZE(ours); i++)
		setenv(ours[i], "x", 1);
	setenv("NOTIFY_SOCKET_OF_OTHERS", "y", 1);
	start(&f, PATIENCE_MS, 0, NULL);
	said = program_fixture_read("env");
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "IVSHMEM_RUNTIME_DIR=/tmp/"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "PATH=/tmp/"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "NOTIFY_SOCKET_OF_OTHERS=y"));
	CU_ASSERT_PTR_NULL(strstr(said, "NOTIFY_SOCKET="));
	CU_ASSERT_PTR_NULL(strstr(said, "LISTEN_"));
	CU_ASSERT_PTR_NULL(strstr(said, "WATCHDOG_"));
	/* And it is still there for this process. */
	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		CU_ASSERT_PTR_NOT_NULL(getenv(ours[i]));
		unsetenv(ours[i]);
	}
	unsetenv("NOTIFY_SOCKET_OF_OTHERS");
	end(&f);
}

/* A device model blocks signals in all its threads and ignores some. */
static void test_signals(void)
{
	unsigned long long blocked = 1, ignored = 1;
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	sigset_t set, old_set;
	struct fixture f;

	begin(&f, "exec grep '^Sig[BI]' /proc/self/status >\"${0%/*}/signals\"");
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, &old_set);
	sigaction(SIGPIPE, &ignore, &old);
	start(&f, PATIENCE_MS, 0, NULL);
	sigaction(SIGPIPE, &old, NULL);
	sigprocmask(SIG_SETMASK, &old_set, NULL);
	CU_ASSERT_EQUAL(sscanf(program_fixture_read("signals"), "SigBlk: %llx SigIgn: %llx",
			       &blocked, &ignored),
			2);
	CU_ASSERT_EQUAL(blocked, 0);
	/* The C library has two of its own, which nobody can change. */
	CU_ASSERT_EQUAL(ignored & ~(3ULL << 31), 0);
	end(&f);
}

/* A Ctrl-C at the terminal of the VM is none for it, nor does it write there. */
static void test_own_session(void)
{
	int pid = 0, group = 0, session = 0;
	struct fixture f;

	begin(&f, "fds=$(readlink /proc/$$/fd/0 /proc/$$/fd/1); echo \"$fds\" >\"${0%/*}/fds\"\n"
		  "exec cat /proc/self/stat >\"${0%/*}/stat\"");
	start(&f, PATIENCE_MS, 0, NULL);
	CU_ASSERT_STRING_EQUAL(program_fixture_read("fds"), "/dev/null\n/dev/null\n");
	CU_ASSERT_EQUAL(sscanf(program_fixture_read("stat"), "%d (cat) %*c %*d %d %d", &pid,
			       &group, &session),
			3);
	CU_ASSERT_EQUAL(group, pid);
	CU_ASSERT_EQUAL(session, pid);
	end(&f);
}

static void test_words(void)
{
	static const struct {
		const char *script, *words;
	} rows[] = {
		{ "exit 1", "ivshmem-server does not start: it has not said why" },
		{ "exit 64", "it has not said why" },
		{ "echo 'ivshmem-server: no room: 5' >&2; exit 1", "does not start: no room: 5" },
		{ "echo 'ivshmem-server: a' >&2; echo b >&2; exit 1", "does not start: a" },
		{ "printf 'no newline' >&2; exit 1", "does not start: no newline" },
		{ "echo 'ivshmem-server:x' >&2; exit 1", "does not start: ivshmem-server:x" },
		{ "echo 'ivshmem-server: ' >&2; exit 1", "it has not said why" },
		{ "echo >&2; exit 1", "it has not said why" },
		{ "echo 'not this' >/dev/stdout; exit 1", "it has not said why" },
		{ "kill -9 $$", "it has not said why" },
		{ "echo dying >&2; kill -15 $$", "does not start: dying" },
	};
	struct fixture f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&f, rows[i].script);
		start(&f, PATIENCE_MS, -ECHILD, rows[i].words);
		ivshmem_server_start(&f.params, PATIENCE_MS, NULL);
		end(&f);
	}
}

/* One line is enough, and a program that talks without end does not wait for a listener. */
static void test_many_words(void)
{
	struct error err = { "" };
	struct fixture f;

	begin(&f, "echo first >&2; head -c 300000 /dev/zero | tr '\\000' x >&2; exit 1");
	start(&f, PATIENCE_MS, -ECHILD, "does not start: first");
	program_fixture_write("head -c 300000 /dev/zero | tr '\\000' x >&2; exit 1");
	CU_ASSERT_EQUAL(ivshmem_server_start(&f.params, PATIENCE_MS, &err), -ECHILD);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "xxx"));
	/* What it says when all is well is not wanted. */
	program_fixture_write("echo warning >&2");
	start(&f, PATIENCE_MS, 0, NULL);
	end(&f);
}

static void test_no_program(void)
{
	char *path, *program;
	struct fixture f;

	begin(&f, "exit 0");
	path = strdup(getenv("PATH"));
	/* It may be installed. */
	program = strdup(program_fixture_path("ivshmem-server"));
	*strrchr(program, '/') = '\0';
	setenv("PATH", program, 1);
	program_fixture_remove();
	start(&f, PATIENCE_MS, -ENOENT,
	      "cannot start ivshmem-server, looked for beside this program and in PATH");
	fixture_write_file(program_fixture_path("ivshmem-server"), "x", 1);
	start(&f, PATIENCE_MS, -EACCES, "cannot start ivshmem-server");
	free(program);
	setenv("PATH", path, 1);
	free(path);
	end(&f);
}

static void test_hangs(void)
{
	struct fixture f;

	begin(&f, "echo $$ >\"${0%/*}/pid\"; " SLEEPS);
	start(&f, SHORT_MS, -ECANCELED, "ivshmem-server does not come up");
	CU_ASSERT(wait_for_end(wait_for_pid("pid")));
	program_fixture_write("echo 'ivshmem-server: waiting for Godot' >&2; " SLEEPS);
	start(&f, SHORT_MS, -ECANCELED, "does not come up: waiting for Godot");
	/* With all that it has started. */
	program_fixture_write("sleep 1000 & echo $! >\"${0%/*}/child\"; wait");
	start(&f, SHORT_MS, -ECANCELED, "does not come up");
	CU_ASSERT(wait_for_end(wait_for_pid("child")));
	end(&f);
}

/* It looks like its end to whoever waits for that. */
static void test_hangs_in_silence(void)
{
	struct fixture f;
	pid_t pid;

	begin(&f, "echo $$ >\"${0%/*}/pid\"; exec sleep 1000 2>/dev/null");
	alarm(60);
	start(&f, PATIENCE_MS, -ECANCELED, "ivshmem-server does not come up");
	alarm(0);
	pid = wait_for_pid("pid");
	CU_ASSERT(wait_for_end(pid));
	/* One that takes a moment is waited for. */
	program_fixture_write("exec 2>/dev/null; sleep 0.2; exit 1");
	start(&f, PATIENCE_MS, -ECHILD, "it has not said why");
	end(&f);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL(listen(fd, 4), 0);
	return fd;
}

static void test_there_already(void)
{
	struct ivshmem_server_start *nothing = NULL;
	struct fixture f;
	int listening;

	begin(&f, "echo x >\"${0%/*}/started\"");
	listening = listen_at(f.path);
	CU_ASSERT_EQUAL(begin_start(&f, &nothing), -EALREADY);
	CU_ASSERT_PTR_NULL(nothing);
	start(&f, PATIENCE_MS, 0, NULL);
	CU_ASSERT_STRING_EQUAL(program_fixture_read("started"), "");
	/* Only its socket is left. */
	fd_close(&listening);
	start(&f, PATIENCE_MS, 0, NULL);
	CU_ASSERT_STRING_EQUAL(program_fixture_read("started"), "x\n");
	unlink(f.path);
	end(&f);
}

static bool is_hung_up(const struct ivshmem_server_start *under_way, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = ivshmem_server_start_fd(under_way), .events = 0 };

	return poll(&poll_fd, 1, timeout_ms) == 1 && (poll_fd.revents & POLLHUP);
}

/* Then nobody can tell how it has ended, but whether somebody listens. */
static void test_no_status(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	struct ivshmem_server_start *under_way = NULL;
	struct fixture f;
	int listening;

	begin(&f, "echo 'ivshmem-server: no room' >&2; exit 1");
	sigaction(SIGCHLD, &ignore, &old);
	start(&f, PATIENCE_MS, -ECHILD, "does not start: no room");
	program_fixture_write("exit 0");
	CU_ASSERT_EQUAL_FATAL(begin_start(&f, &under_way), 0);
	listening = listen_at(f.path);
	CU_ASSERT(is_hung_up(under_way, PATIENCE_MS));
	CU_ASSERT_EQUAL(ivshmem_server_start_finish(under_way, NULL), 0);
	sigaction(SIGCHLD, &old, NULL);
	fd_close(&listening);
	unlink(f.path);
	end(&f);
}

/* The program that is refused its socket, as another one has it by now, is not missed. */
static void test_there_at_last(void)
{
	struct ivshmem_server_start *under_way = NULL;
	struct fixture f;
	int listening;

	begin(&f, "echo 'ivshmem-server: in use' >&2; exit 1");
	CU_ASSERT_EQUAL_FATAL(begin_start(&f, &under_way), 0);
	listening = listen_at(f.path);
	CU_ASSERT(is_hung_up(under_way, PATIENCE_MS));
	CU_ASSERT_EQUAL(ivshmem_server_start_finish(under_way, NULL), 0);
	fd_close(&listening);
	unlink(f.path);
	end(&f);
}

/* Two users of the region, here of one process. */
static void test_one_at_a_time(void)
{
	struct ivshmem_server_start *first = NULL, *second = NULL;
	struct ivshmem_region *region;
	struct fixture f;

	begin(&f, "echo $$ >\"${0%/*}/pid\"; " SLEEPS);
	CU_ASSERT_EQUAL_FATAL(begin_start(&f, &first), 0);
	wait_for_pid("pid"); /* it has read its script */
	region = fixture_attach(&f.region_params);
	f.params.region = region;
	program_fixture_write("echo x >\"${0%/*}/started\"");
	CU_ASSERT_EQUAL(begin_start(&f, &second), -EAGAIN);
	CU_ASSERT_PTR_NULL(second);
	start(&f, SHORT_MS, -ETIMEDOUT, "another user of the region has been starting its server");
	CU_ASSERT_STRING_EQUAL(program_fixture_read("started"), "");
	CU_ASSERT_EQUAL(ivshmem_server_start_finish(first, NULL), -ECANCELED);
	start(&f, PATIENCE_MS, 0, NULL);
	CU_ASSERT_STRING_EQUAL(program_fixture_read("started"), "x\n");
	ivshmem_region_detach(region);
	end(&f);
}

/* The server that stays behind holds nothing of this: neither the lock nor the pipe. */
static void test_background(void)
{
	struct fixture f;
	pid_t pid;

	begin(&f, "sleep 1000 2>/dev/null & echo $! >\"${0%/*}/pid\"");
	start(&f, PATIENCE_MS, 0, NULL);
	pid = wait_for_pid("pid");
	CU_ASSERT_FALSE(has_ended(pid));
	program_fixture_write("echo x >\"${0%/*}/started\"");
	start(&f, PATIENCE_MS, 0, NULL);
	CU_ASSERT_STRING_EQUAL(program_fixture_read("started"), "x\n");
	kill(pid, SIGKILL);
	CU_ASSERT(wait_for_end(pid));
	end(&f);
}

/* For event loops: hung up at the end, whatever was said before. */
static void test_under_way(void)
{
	struct ivshmem_server_start *under_way = NULL;
	struct error err = { "" };
	struct fixture f;
	pid_t pid;

	begin(&f, "echo talking >&2; echo $$ >\"${0%/*}/pid\"; " SLEEPS);
	CU_ASSERT_EQUAL_FATAL(begin_start(&f, &under_way), 0);
	pid = wait_for_pid("pid");
	CU_ASSERT_FALSE(is_hung_up(under_way, 0));
	kill(pid, SIGTERM);
	CU_ASSERT(is_hung_up(under_way, PATIENCE_MS));
	CU_ASSERT_EQUAL(ivshmem_server_start_finish(under_way, &err), -ECHILD);
	CU_ASSERT_STRING_EQUAL(err.text, "ivshmem-server does not start: talking");
	program_fixture_write("");
	CU_ASSERT_EQUAL_FATAL(begin_start(&f, &under_way), 0);
	CU_ASSERT(is_hung_up(under_way, PATIENCE_MS));
	CU_ASSERT_EQUAL(ivshmem_server_start_finish(under_way, &err), 0);
	end(&f);
}

static void test_no_path(void)
{
	struct ivshmem_server_start *nothing = NULL;
	char *dir, long_dir[200];
	struct error err = { "" };
	struct fixture f;

	begin(&f, "echo x >\"${0%/*}/started\"");
	dir = strdup(fixture_dir());
	snprintf(long_dir, sizeof(long_dir), "%s/%0100d", dir, 0);
	setenv("IVSHMEM_RUNTIME_DIR", long_dir, 1);
	CU_ASSERT_EQUAL(ivshmem_server_start_begin(&f.params, &nothing, &err), -ENAMETOOLONG);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "IVSHMEM_RUNTIME_DIR"));
	start(&f, PATIENCE_MS, -ENAMETOOLONG, "IVSHMEM_RUNTIME_DIR");
	CU_ASSERT_PTR_NULL(nothing);
	CU_ASSERT_STRING_EQUAL(program_fixture_read("started"), "");
	rmdir(long_dir);
	setenv("IVSHMEM_RUNTIME_DIR", dir, 1);
	free(dir);
	end(&f);
}

static const struct unit_test tests[] = {
	{ "arguments", test_arguments },
	{ "environment", test_environment },
	{ "signals", test_signals },
	{ "a session of its own", test_own_session },
	{ "words of one that fails", test_words },
	{ "many words", test_many_words },
	{ "no program", test_no_program },
	{ "one that hangs", test_hangs },
	{ "one that hangs and says nothing", test_hangs_in_silence },
	{ "SIGCHLD is ignored", test_no_status },
	{ "there already", test_there_already },
	{ "there at last", test_there_at_last },
	{ "one at a time", test_one_at_a_time },
	{ "it stays in the background", test_background },
	{ "under way", test_under_way },
	{ "no path", test_no_path },
};

UNIT_MAIN("server start", tests)
