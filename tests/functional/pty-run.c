/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a command on a terminal of its own and plays its operator, then tells whether the terminal
 * is as it was. The steps are the options, in their order.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#define LIMIT_MS 60000
#define STEP_MS 20
#define OUTPUT_MAX 65536

static const char usage[] = "usage: pty-run [STEP]... -- COMMAND [ARGUMENT]...\n"
			    "  -a TEXT    wait until the command has printed it\n"
			    "  -s TEXT    type it\n"
			    "  -c LETTER  type a control character\n"
			    "  -k NUMBER  send the signal\n"
			    "  -m MODE    wait until the terminal is raw, or cooked\n"
			    "  -t         wait until the command is stopped\n"
			    "  -u         hang up\n"
			    "Prints what the command prints, and a last line \"pty-run: status N, "
			    "terminal X\", where N is the\n"
			    "exit status, or 128 + the signal's number, and X is restored, changed "
			    "or gone. Exit status: 0; 1 if a\n"
			    "step or the end did not come in time; 64 for bad usage.\n";

struct session {
	int master, slave; /* the slave is kept open to look at its modes */
	pid_t child;
	struct termios before;
	char output[OUTPUT_MAX];
	size_t size;
	size_t searched; /* -a looks only behind what it found last */
};

static void read_output(struct session *session, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = session->master, .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	if (session->master < 0) {
		usleep((useconds_t)timeout_ms * 1000);
		return;
	}
	if (poll(&poll_fd, 1, timeout_ms) <= 0)
		return;
	n = read(session->master, bytes, sizeof(bytes));
	if (n <= 0) {
		usleep((useconds_t)timeout_ms * 1000);
		return;
	}
	fwrite(bytes, 1, (size_t)n, stdout);
	if ((size_t)n > OUTPUT_MAX - session->size)
		n = (ssize_t)(OUTPUT_MAX - session->size);
	memcpy(session->output + session->size, bytes, (size_t)n);
	session->size += (size_t)n;
}

static bool has_printed(struct session *session, const char *text)
{
	char *found = memmem(session->output + session->searched, session->size - session->searched,
			     text, strlen(text));

	if (found)
		session->searched = (size_t)(found - session->output) + strlen(text);
	return found;
}

static bool is_in_mode(struct session *session, const char *mode)
{
	struct termios now;

	if (tcgetattr(session->slave, &now) < 0)
		return false;
	return !strcmp(mode, now.c_lflag & ICANON ? "cooked" : "raw");
}

static bool is_stopped(struct session *session, const char *unused)
{
	siginfo_t info = { 0 };

	(void)unused;
	return waitid(P_PID, (id_t)session->child, &info, WSTOPPED | WNOHANG) == 0 &&
	       info.si_pid == session->child;
}

static bool await(struct session *session, bool (*condition)(struct session *, const char *),
		  const char *arg)
{
	int left;

	for (left = LIMIT_MS; left > 0; left -= STEP_MS) {
		if (condition(session, arg))
			return true;
		read_output(session, STEP_MS);
	}
	fprintf(stderr, "pty-run: waited in vain for \"%s\"\n", arg);
	return false;
}

static void hang_up(struct session *session)
{
	if (session->master >= 0)
		close(session->master);
	session->master = -1;
}

static bool run_step(struct session *session, int option, const char *arg)
{
	char control = (char)(arg ? arg[0] & 0x1f : 0);

	switch (option) {
	case 'a':
		return await(session, has_printed, arg);
	case 'm':
		return await(session, is_in_mode, arg);
	case 't':
		return await(session, is_stopped, "stop");
	case 's':
		return write(session->master, arg, strlen(arg)) == (ssize_t)strlen(arg);
	case 'c':
		return write(session->master, &control, 1) == 1;
	case 'k':
		return kill(session->child, atoi(arg)) == 0;
	default:
		hang_up(session);
		return true;
	}
}

static bool start(struct session *session, char **argv)
{
	if (openpty(&session->master, &session->slave, NULL, NULL, NULL) < 0 ||
	    tcgetattr(session->slave, &session->before) < 0) {
		perror("pty-run: openpty");
		return false;
	}
	session->child = fork();
	if (session->child < 0) {
		perror("pty-run: fork");
		return false;
	}
	if (session->child == 0) {
		close(session->master);
		login_tty(session->slave);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	return true;
}

static bool has_ended(struct session *session, const char *unused)
{
	siginfo_t info = { 0 };

	(void)unused;
	return waitid(P_PID, (id_t)session->child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == session->child;
}

static bool is_same_mode(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
	       a->c_lflag == b->c_lflag;
}

/* Returns whether it has ended by itself. */
static bool finish(struct session *session)
{
	bool ended = await(session, has_ended, "the end");
	struct termios after = { 0 };
	int status = 0;

	if (!ended)
		kill(session->child, SIGKILL);
	while (waitpid(session->child, &status, 0) < 0 && errno == EINTR)
		;
	read_output(session, 0);
	printf("\npty-run: status %d, terminal %s\n",
	       WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
	       tcgetattr(session->slave, &after) < 0 ? "gone" :
	       is_same_mode(&session->before, &after) ? "restored" : "changed");
	return ended;
}

int main(int argc, char **argv)
{
	static struct session session;
	static const char letters[] = "+a:s:c:k:m:tu";
	bool good = true;
	int option;

	/* The command comes last: go through the options to find it, then again to obey them. */
	while ((option = getopt(argc, argv, letters)) != -1)
		if (option == '?')
			return fputs(usage, stderr), 64;
	if (optind == argc)
		return fputs(usage, stderr), 64;
	if (!start(&session, argv + optind))
		return 1;
	optind = 1;
	while (good && (option = getopt(argc, argv, letters)) != -1)
		good = run_step(&session, option, optarg);
	if (!good)
		kill(session.child, SIGKILL);
	good &= finish(&session);
	return good ? 0 : 1;
}
