/* SPDX-License-Identifier: BSD-3-Clause */
/* The console on pipes, files and pseudo-terminals, and COM1 with a console behind it. */
#include "hw/isa/console.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "devicemodel/machine_map.h"
#include "devicemodel/vm/io_bus.h"
#include "devicemodel/vm/irq.h"
#include "devicemodel/vm/request.h"
#include "hw/isa/borrowed_fd.h"
#include "hw/isa/com1.h"
#include "hw/isa/console_output.h"
#include "hw/isa/terminal.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"
#include "lib/util.h"
#include "tests/unit/unit.h"

#define TICK_NS 1000000
#define GIVE_UP_TICKS 20000 /* only so that a broken console does not hang the test */

/* A VM without processors, and a guest that takes input as it pleases. */
struct machine {
	struct io_bus *bus;
	struct event_loop *loop;
	struct vm_request request;
	struct irq irq;

	uint8_t received[8192];
	size_t received_count;
	size_t capacity; /* how many bytes may come before the guest wants no more */

	int tick_fd;
	bool (*done)(struct machine *m);
	unsigned int ticks;
};

static void on_tick(void *ctx, uint32_t events)
{
	struct machine *m = ctx;

	(void)events;
	eventfd_drain(m->tick_fd);
	if (m->done(m) || ++m->ticks > GIVE_UP_TICKS)
		event_loop_stop(m->loop);
}

/* Run the event loop until @done. */
static void run_until(struct machine *m, bool (*done)(struct machine *m))
{
	const struct itimerspec tick = {
		.it_value.tv_nsec = TICK_NS, .it_interval.tv_nsec = TICK_NS,
	};
	struct event_source *source;

	m->done = done;
	m->ticks = 0;
	m->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	CU_ASSERT_EQUAL_FATAL(timerfd_settime(m->tick_fd, 0, &tick, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(event_loop_add(m->loop, m->tick_fd, EPOLLIN, on_tick, m, &source), 0);
	CU_ASSERT_EQUAL(event_loop_run(m->loop), 0);
	event_source_remove(source);
	fd_close(&m->tick_fd);
	CU_ASSERT(m->ticks <= GIVE_UP_TICKS);
}

static bool after_a_while(struct machine *m)
{
	return m->ticks >= 20;
}

static bool capacity_reached(struct machine *m)
{
	return m->received_count == m->capacity;
}

static size_t guest_receive(void *ctx, const uint8_t *bytes, size_t count)
{
	struct machine *m = ctx;
	size_t taken = 0;

	while (taken < count && m->received_count < m->capacity)
		m->received[m->received_count++] = bytes[taken++];
	return taken;
}

static void setup(struct machine *m)
{
	/* The losses that are provoked here need no lines. */
	log_set_level(LOG_LEVEL_ERROR);
	memset(m, 0, sizeof(*m));
	CU_ASSERT_EQUAL_FATAL(io_bus_new(&m->bus), 0);
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&m->loop), 0);
	m->request.loop = m->loop;
}

static void teardown(struct machine *m)
{
	event_loop_free(m->loop);
	io_bus_free(m->bus);
}

static void start_input(struct machine *m, struct console_input *input, int fd)
{
	CU_ASSERT_EQUAL_FATAL(console_input_init(input, m->bus, m->loop, &m->request, fd,
						 guest_receive, m), 0);
}

static void fill_pattern(uint8_t *bytes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
}

/* Let the guest take @bytes of @input in steps, resting between them. */
static void check_back_pressure(int fd, const uint8_t *bytes, size_t count)
{
	struct console_input input;
	struct machine m;

	setup(&m);
	start_input(&m, &input, fd);
	while (m.capacity < count) {
		m.capacity = m.capacity + 333 < count ? m.capacity + 333 : count;
		console_input_ready(&input);
		run_until(&m, capacity_reached);
		run_until(&m, after_a_while);
		CU_ASSERT_EQUAL(m.received_count, m.capacity);
	}
	CU_ASSERT_EQUAL(memcmp(m.received, bytes, count), 0);
	/* The end of the input is not the end of the VM. */
	m.capacity++;
	console_input_ready(&input);
	run_until(&m, after_a_while);
	CU_ASSERT_EQUAL(m.received_count, count);
	CU_ASSERT_TRUE(input.ended);
	CU_ASSERT_PTR_NULL(input.source);
	console_input_fini(&input);
	teardown(&m);
}

static void test_input_from_pipe(void)
{
	uint8_t bytes[2000];
	int fds[2];

	fill_pattern(bytes, sizeof(bytes));
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	CU_ASSERT_EQUAL(write(fds[1], bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
	fd_close(&fds[1]);
	check_back_pressure(fds[0], bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	fd_close(&fds[0]);
}

static void test_input_from_socket(void)
{
	uint8_t bytes[2000];
	int fds[2];

	fill_pattern(bytes, sizeof(bytes));
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	CU_ASSERT_EQUAL(write(fds[1], bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
	fd_close(&fds[1]);
	check_back_pressure(fds[0], bytes, sizeof(bytes));
	fd_close(&fds[0]);
}

static void test_input_from_file(void)
{
	char path[] = "/tmp/test_console.XXXXXX";
	uint8_t bytes[2000];
	int fd;

	fill_pattern(bytes, sizeof(bytes));
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	unlink(path);
	CU_ASSERT_EQUAL(fd_write_all(fd, bytes, sizeof(bytes), 0), 0);
	check_back_pressure(fd, bytes, sizeof(bytes));
	fd_close(&fd);
}

/* Nothing to read: at once, after a hang-up, or because nothing is open there. */
static void test_input_without_bytes(void)
{
	struct console_input input;
	struct machine m;
	int fds[4], i;

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	fd_close(&fds[1]);
	fds[1] = open("/dev/null", O_RDONLY);
	fds[2] = open("/tmp", O_RDONLY | O_DIRECTORY);
	fds[3] = -1;
	for (i = 0; i < 4; i++) {
		setup(&m);
		m.capacity = 1;
		start_input(&m, &input, fds[i]);
		run_until(&m, after_a_while);
		CU_ASSERT_TRUE(input.ended);
		CU_ASSERT_PTR_NULL(input.source);
		CU_ASSERT_EQUAL(m.received_count, 0);
		console_input_fini(&input);
		teardown(&m);
		fd_close(&fds[i]);
	}
}

/* Ctrl-A means nothing where nobody types. */
static void test_escape_in_pipe(void)
{
	struct console_input input;
	unsigned char status;
	struct machine m;
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	setup(&m);
	m.capacity = 4;
	start_input(&m, &input, fds[0]);
	CU_ASSERT_EQUAL(write(fds[1], "\1x\1\1", 4), 4);
	run_until(&m, capacity_reached);
	CU_ASSERT_EQUAL(memcmp(m.received, "\1x\1\1", 4), 0);
	CU_ASSERT_EQUAL(vm_request_take(&m.request, &status), VM_REQUEST_NONE);
	console_input_fini(&input);
	teardown(&m);
	fd_close(&fds[0]);
	fd_close(&fds[1]);
}

static void print(struct machine *m, struct console_output *output, const char *text)
{
	io_bus_lock(m->bus);
	for (; *text; text++)
		console_output_byte(output, (uint8_t)*text);
	io_bus_unlock(m->bus);
}

static void test_output(void)
{
	struct console_output output;
	char bytes[16] = "";
	struct machine m;
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	setup(&m);
	CU_ASSERT_EQUAL_FATAL(console_output_init(&output, m.bus, m.loop, fds[1]), 0);
	/* The first byte needs no event loop, the others come soon, the last ones at the end. */
	print(&m, &output, "a");
	CU_ASSERT_EQUAL(read(fds[0], bytes, sizeof(bytes)), 1);
	print(&m, &output, "bc");
	run_until(&m, after_a_while);
	CU_ASSERT_EQUAL(read(fds[0], bytes + 1, sizeof(bytes) - 1), 2);
	print(&m, &output, "def");
	console_output_fini(&output);
	CU_ASSERT_EQUAL(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	fd_close(&fds[1]);
	CU_ASSERT_EQUAL(read(fds[0], bytes + 3, sizeof(bytes) - 3), 3);
	CU_ASSERT_STRING_EQUAL(bytes, "abcdef");
	CU_ASSERT_EQUAL(read(fds[0], bytes, 1), 0);
	fd_close(&fds[0]);
	teardown(&m);
}

/* Print @count bytes of a pattern, and fewer only where the buffer is full. */
static void print_pattern(struct machine *m, struct console_output *output, size_t count)
{
	size_t i;

	io_bus_lock(m->bus);
	for (i = 0; i < count; i++)
		console_output_byte(output, (uint8_t)('a' + i % 23));
	io_bus_unlock(m->bus);
}

static size_t read_pattern(int fd)
{
	size_t total = 0;
	ssize_t i, n;
	char bytes[4096];

	while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0 ||
	       (n < 0 && errno == ENOTSOCK && (n = read(fd, bytes, sizeof(bytes))) > 0)) {
		for (i = 0; i < n; i++, total++)
			if (bytes[i] != (char)('a' + total % 23))
				return SIZE_MAX;
	}
	return total;
}

/* A reader that stops: nothing hangs, the buffer holds what it can, the rest is counted. */
static void check_blocked(int write_fd, int read_fd)
{
	const size_t count = 4 * CONSOLE_OUTPUT_SIZE;
	struct console_output output;
	size_t seen, dropped;
	struct machine m;

	setup(&m);
	CU_ASSERT_EQUAL_FATAL(console_output_init(&output, m.bus, m.loop, write_fd), 0);
	print_pattern(&m, &output, count);
	run_until(&m, after_a_while);
	CU_ASSERT_TRUE(output.is_blocked);
	CU_ASSERT(output.dropped > 0);
	dropped = output.dropped;
	console_output_fini(&output); /* gives up on it */
	CU_ASSERT(output.dropped > dropped);
	seen = read_pattern(read_fd);
	CU_ASSERT_EQUAL(seen + output.dropped, count);
	teardown(&m);
}

static void test_output_blocked(void)
{
	int fds[2];

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	CU_ASSERT_EQUAL(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	check_blocked(fds[1], fds[0]);
	CU_ASSERT_EQUAL(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	fd_close(&fds[0]);
	fd_close(&fds[1]);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	check_blocked(fds[1], fds[0]);
	fd_close(&fds[0]);
	fd_close(&fds[1]);
}

/* It cannot be opened again, so writing blocks if it is more than there is room for. */
static void test_output_to_foreign_terminal(void)
{
	struct borrowed_fd borrowed;
	struct rlimit old, none;
	char bytes[4096];
	int master, slave;
	ssize_t n, i;

	CU_ASSERT_EQUAL_FATAL(openpty(&master, &slave, NULL, NULL, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	borrowed_fd_init(&borrowed, slave, O_WRONLY);
	setrlimit(RLIMIT_NOFILE, &old);
	CU_ASSERT_FALSE(borrowed.is_own);
	for (i = 0; i < (ssize_t)sizeof(bytes); i++)
		bytes[i] = i % 7 ? '\t' : '\n';
	alarm(30); /* ends a test that hangs */
	while ((n = borrowed_fd_write(&borrowed, bytes, sizeof(bytes))) > 0)
		;
	CU_ASSERT_EQUAL(n, -EAGAIN);
	alarm(0);
	borrowed_fd_fini(&borrowed);
	fd_close(&slave);
	fd_close(&master);
}

/* A reader that is slow gets everything that fits the buffer. */
static void test_output_slow(void)
{
	const size_t count = CONSOLE_OUTPUT_SIZE + 4096;
	struct console_output output;
	char bytes[4096];
	size_t total = 0;
	struct machine m;
	int fds[2];
	ssize_t n;

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	CU_ASSERT(fcntl(fds[1], F_SETPIPE_SZ, 8192) >= 8192);
	CU_ASSERT_EQUAL(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	setup(&m);
	CU_ASSERT_EQUAL_FATAL(console_output_init(&output, m.bus, m.loop, fds[1]), 0);
	print_pattern(&m, &output, count);
	CU_ASSERT_EQUAL(output.dropped, 0);
	while (total < count) {
		n = read(fds[0], bytes, sizeof(bytes));
		if (n < 0)
			run_until(&m, after_a_while);
		else
			total += (size_t)n;
		if (m.ticks > GIVE_UP_TICKS)
			break;
	}
	CU_ASSERT_EQUAL(total, count);
	CU_ASSERT_PTR_NULL(output.ready_source);
	console_output_fini(&output);
	CU_ASSERT_EQUAL(output.dropped, 0);
	fd_close(&fds[0]);
	fd_close(&fds[1]);
	teardown(&m);
}

/* Nobody reads any more, the disk is full, nothing is open: no signal, no hang, all counted. */
static void test_output_lost(void)
{
	struct console_output output;
	struct machine m;
	int fds[3], end, i;
	sigset_t pending;

	signal(SIGPIPE, SIG_DFL);
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	end = fds[0];
	fds[0] = fds[1];
	fds[1] = open("/dev/full", O_WRONLY);
	fds[2] = -1;
	for (i = 0; i < 3; i++) {
		setup(&m);
		CU_ASSERT_EQUAL_FATAL(console_output_init(&output, m.bus, m.loop, fds[i]), 0);
		if (i == 0)
			fd_close(&end);
		print(&m, &output, "hello");
		run_until(&m, after_a_while);
		CU_ASSERT_EQUAL(output.dropped, 5);
		print(&m, &output, "again");
		console_output_fini(&output);
		CU_ASSERT_EQUAL(output.dropped, 10);
		teardown(&m);
		fd_close(&fds[i]);
	}
	sigpending(&pending);
	CU_ASSERT_FALSE(sigismember(&pending, SIGPIPE));
}

static bool is_raw(int fd)
{
	struct termios mode;

	CU_ASSERT_EQUAL(tcgetattr(fd, &mode), 0);
	return !(mode.c_lflag & (ICANON | ECHO | ISIG)) && !(mode.c_iflag & ICRNL) &&
	       (mode.c_oflag & OPOST);
}

static bool is_same_mode(int fd, const struct termios *mode)
{
	struct termios now;

	CU_ASSERT_EQUAL(tcgetattr(fd, &now), 0);
	return now.c_iflag == mode->c_iflag && now.c_oflag == mode->c_oflag &&
	       now.c_cflag == mode->c_cflag && now.c_lflag == mode->c_lflag &&
	       memcmp(now.c_cc, mode->c_cc, sizeof(now.c_cc)) == 0;
}

static bool request_posted(struct machine *m)
{
	return atomic_load(&m->request.value) != 0;
}

static bool sixteen_received(struct machine *m)
{
	return m->received_count == 16;
}

static int new_console(struct machine *m, int in_fd, int out_fd, struct console **ret_console,
		       struct error *err)
{
	const struct console_params params = {
		.bus = m->bus, .loop = m->loop, .request = &m->request, .in_fd = in_fd,
		.out_fd = out_fd, .receive = guest_receive, .ctx = m,
	};

	return console_new(&params, ret_console, err);
}

static void test_terminal_keys(void)
{
	struct console *console = NULL, *second = NULL;
	int master, slave, other_master, other_slave;
	char echo[8] = "", flood[1000];
	unsigned char status;
	struct error err = { "" };
	struct termios mode;
	struct machine m;

	CU_ASSERT_EQUAL_FATAL(openpty(&master, &slave, NULL, NULL, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(openpty(&other_master, &other_slave, NULL, NULL, NULL), 0);
	CU_ASSERT_EQUAL(tcgetattr(slave, &mode), 0);
	signal(SIGTERM, SIG_DFL);
	signal(SIGTSTP, SIG_DFL);
	setup(&m);
	m.capacity = 16;
	CU_ASSERT_EQUAL_FATAL(new_console(&m, slave, slave, &console, &err), 0);
	CU_ASSERT_TRUE(is_raw(slave));
	CU_ASSERT_EQUAL(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);

	/* There is one controlling terminal. */
	CU_ASSERT_EQUAL(new_console(&m, other_slave, other_slave, &second, &err), -EBUSY);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "terminal"));
	CU_ASSERT_TRUE(is_raw(slave));

	/* Keys go to the guest, the ones that would be signals too; the escape does not. */
	CU_ASSERT_EQUAL(write(master, "ab\3\32\r\1\1\1q\1", 10), 10);
	run_until(&m, after_a_while);
	CU_ASSERT_EQUAL(write(master, "\1cdefghijklmnop", 15), 15);
	run_until(&m, sixteen_received);
	CU_ASSERT_EQUAL(memcmp(m.received, "ab\3\32\r\1\1cdefghijk", 16), 0);
	CU_ASSERT_FALSE(request_posted(&m));

	/* What the guest prints comes out with its line ends as a terminal wants them. */
	io_bus_lock(m.bus);
	console_output(console, 'o');
	console_output(console, '\n');
	io_bus_unlock(m.bus);
	run_until(&m, after_a_while);
	CU_ASSERT_EQUAL(read(master, echo, sizeof(echo) - 1), 3);
	CU_ASSERT_STRING_EQUAL(echo, "o\r\n");

	/* The guest takes nothing any more: the operator still gets out. */
	memset(flood, 'z', sizeof(flood));
	CU_ASSERT_EQUAL(write(master, flood, sizeof(flood)), (ssize_t)sizeof(flood));
	CU_ASSERT_EQUAL(write(master, "\1x", 2), 2);
	run_until(&m, request_posted);
	CU_ASSERT_EQUAL(vm_request_take(&m.request, &status), VM_REQUEST_SIGNAL);
	CU_ASSERT_EQUAL(m.received_count, 16);

	console_free(console);
	CU_ASSERT_TRUE(is_same_mode(slave, &mode));
	/* The signals are as they were. */
	CU_ASSERT_EQUAL(signal(SIGTERM, SIG_DFL), SIG_DFL);
	CU_ASSERT_EQUAL(signal(SIGTSTP, SIG_DFL), SIG_DFL);
	teardown(&m);
	fd_close(&other_master);
	fd_close(&other_slave);
	fd_close(&master);
	fd_close(&slave);
}

/* A terminal that goes away is the end of the input and of nothing else. */
static void test_terminal_hangup(void)
{
	struct console *console = NULL;
	struct error err = { "" };
	struct machine m;
	int master, slave;

	CU_ASSERT_EQUAL_FATAL(openpty(&master, &slave, NULL, NULL, NULL), 0);
	setup(&m);
	m.capacity = 16;
	CU_ASSERT_EQUAL_FATAL(new_console(&m, slave, slave, &console, &err), 0);
	fd_close(&master);
	run_until(&m, after_a_while);
	io_bus_lock(m.bus);
	console_output(console, 'x');
	io_bus_unlock(m.bus);
	run_until(&m, after_a_while);
	CU_ASSERT_EQUAL(m.received_count, 0);
	CU_ASSERT_FALSE(request_posted(&m));
	console_free(console);
	teardown(&m);
	fd_close(&slave);
}

/* A child that has the terminal in raw mode and then waits for its end. */
static pid_t raw_child(int slave)
{
	const struct rlimit no_core = { 0, 0 };
	int ready[2], i;
	char byte;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		/* The test may run in the background of a shell, which ignores some. */
		for (i = 1; i < NSIG; i++)
			signal(i, SIG_DFL);
		if (terminal_enter(slave) < 0)
			_exit(2);
		if (write(ready[1], "r", 1) != 1)
			_exit(3);
		for (;;)
			pause();
	}
	fd_close(&ready[1]);
	CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
	fd_close(&ready[0]);
	return pid;
}

static void test_terminal_fatal_signals(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGQUIT, SIGABRT, SIGHUP, SIGPIPE, SIGSYS };
	struct termios mode;
	int master, slave, status;
	size_t i;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(openpty(&master, &slave, NULL, NULL, NULL), 0);
	CU_ASSERT_EQUAL(tcgetattr(slave, &mode), 0);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		pid = raw_child(slave);
		CU_ASSERT_TRUE(is_raw(slave));
		kill(pid, signals[i]);
		CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
		CU_ASSERT_TRUE(WIFSIGNALED(status));
		CU_ASSERT_EQUAL(WTERMSIG(status), signals[i]);
		CU_ASSERT_TRUE(is_same_mode(slave, &mode));
	}
	fd_close(&master);
	fd_close(&slave);
}

static void test_terminal_stop_and_continue(void)
{
	struct termios mode;
	int master, slave, status, i;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(openpty(&master, &slave, NULL, NULL, NULL), 0);
	CU_ASSERT_EQUAL(tcgetattr(slave, &mode), 0);
	pid = raw_child(slave);
	kill(pid, SIGTSTP);
	CU_ASSERT_EQUAL(waitpid(pid, &status, WUNTRACED), pid);
	CU_ASSERT_TRUE(WIFSTOPPED(status));
	CU_ASSERT_TRUE(is_same_mode(slave, &mode));
	kill(pid, SIGCONT);
	for (i = 0; i < 5000 && !is_raw(slave); i++)
		poll(NULL, 0, 1);
	CU_ASSERT_TRUE(is_raw(slave));
	kill(pid, SIGTERM);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(is_same_mode(slave, &mode));
	fd_close(&master);
	fd_close(&slave);
}

/* In a new session on @slave: a background job enters and leaves, and is not stopped for it. */
static int background_job(int slave)
{
	struct termios mode;
	int status;
	pid_t pid;

	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0 || tcgetattr(slave, &mode) < 0)
		return 2;
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		if (terminal_enter(slave) < 0)
			_exit(3);
		raise(SIGCONT);
		status = is_same_mode(slave, &mode) ? 0 : 4;
		terminal_leave();
		_exit(status);
	}
	if (waitpid(pid, &status, WUNTRACED) != pid)
		return 5;
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return 6;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 7;
}

static void test_terminal_in_background(void)
{
	int master, slave, status;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(openpty(&master, &slave, NULL, NULL, NULL), 0);
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0)
		_exit(background_job(slave));
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
	fd_close(&master);
	fd_close(&slave);
}

static uint8_t com1_in(struct machine *m, unsigned int reg)
{
	struct io_access access = {
		.space = IO_SPACE_PORT, .size = 1, .addr = MACHINE_COM1_PORT + reg,
	};

	io_bus_access(m->bus, &access);
	return (uint8_t)access.data;
}

static void com1_out(struct machine *m, unsigned int reg, uint8_t value)
{
	struct io_access access = {
		.space = IO_SPACE_PORT, .is_write = true, .size = 1,
		.addr = MACHINE_COM1_PORT + reg, .data = value,
	};

	io_bus_access(m->bus, &access);
}

/* A guest that polls, and sends back what it gets. */
static bool echo_guest(struct machine *m)
{
	uint8_t byte;
	int i;

	for (i = 0; i < 20; i++) {
		if (!(com1_in(m, 5) & 1))
			continue;
		byte = com1_in(m, 0);
		com1_out(m, 0, byte);
		m->received[m->received_count++] = byte;
	}
	return m->received_count == m->capacity;
}

static void test_com1(void)
{
	static const char text[] = "The quick brown fox jumps over the lazy dog 0123456789";
	struct com1_params params = { .has_console = true };
	char bytes[sizeof(text)] = "";
	struct com1 *com1 = NULL;
	struct error err = { "" };
	int in_fds[2], out_fds[2];
	struct machine m;

	CU_ASSERT_EQUAL_FATAL(pipe(in_fds), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(out_fds), 0);
	setup(&m);
	params.bus = m.bus;
	params.irq = &m.irq;
	params.loop = m.loop;
	params.request = &m.request;
	params.in_fd = in_fds[0];
	params.out_fd = out_fds[1];
	CU_ASSERT_EQUAL_FATAL(com1_new(&params, &com1, &err), 0);
	/* All of it is there before the guest starts and clears the FIFO. */
	CU_ASSERT_EQUAL(write(in_fds[1], text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	fd_close(&in_fds[1]);
	run_until(&m, after_a_while);
	com1_out(&m, 2, 7);
	com1_reset(com1);
	com1_out(&m, 2, 7);
	m.capacity = sizeof(text) - 1;
	run_until(&m, echo_guest);
	CU_ASSERT_EQUAL(memcmp(m.received, text, sizeof(text) - 1), 0);
	com1_free(com1);
	CU_ASSERT_EQUAL(read(out_fds[0], bytes, sizeof(bytes)), (ssize_t)sizeof(text) - 1);
	CU_ASSERT_STRING_EQUAL(bytes, text);
	teardown(&m);
	fd_close(&in_fds[0]);
	fd_close(&out_fds[0]);
	fd_close(&out_fds[1]);
}

static void test_com1_without_console(void)
{
	struct com1_params params = { .has_console = false };
	struct com1 *com1 = NULL, *second = NULL;
	struct error err = { "" };
	struct machine m;

	setup(&m);
	params.bus = m.bus;
	params.irq = &m.irq;
	params.loop = m.loop;
	params.request = &m.request;
	CU_ASSERT_EQUAL_FATAL(com1_new(&params, &com1, &err), 0);
	com1_out(&m, 0, 'x');
	CU_ASSERT_EQUAL(com1_in(&m, 5), 0x60);
	CU_ASSERT_EQUAL(com1_new(&params, &second, &err), -EEXIST);
	CU_ASSERT_PTR_NULL(second);
	com1_free(com1);
	com1_free(NULL);
	teardown(&m);
}

static const struct unit_test tests[] = {
	{ "input from pipe", test_input_from_pipe },
	{ "input from socket", test_input_from_socket },
	{ "input from file", test_input_from_file },
	{ "input without bytes", test_input_without_bytes },
	{ "escape in pipe", test_escape_in_pipe },
	{ "output", test_output },
	{ "output blocked", test_output_blocked },
	{ "output to a foreign terminal", test_output_to_foreign_terminal },
	{ "output slow", test_output_slow },
	{ "output lost", test_output_lost },
	{ "terminal keys", test_terminal_keys },
	{ "terminal hangup", test_terminal_hangup },
	{ "terminal fatal signals", test_terminal_fatal_signals },
	{ "terminal stop and continue", test_terminal_stop_and_continue },
	{ "terminal in background", test_terminal_in_background },
	{ "com1", test_com1 },
	{ "com1 without console", test_com1_without_console },
};

UNIT_MAIN("console", tests)
