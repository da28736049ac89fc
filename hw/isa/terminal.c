/* SPDX-License-Identifier: BSD-3-Clause */
/* Raw mode of the terminal, undone by signal handlers too. */
#include "hw/isa/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <termios.h>
#include <unistd.h>

#include "lib/util.h"

/*
 * Written by terminal_enter() and terminal_leave(); the handlers only read it, while is_active says
 * that the rest is valid. There is one because there is one controlling terminal.
 */
static struct {
	volatile sig_atomic_t is_active;
	int fd;
	struct termios saved, raw;
} terminal;

static const int fatal_signals[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGUSR1,
	SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ, SIGSYS,
};

/* Changing the terminal from the background would stop us, and it is not ours to change then. */
static bool is_background(void)
{
	pid_t group = tcgetpgrp(terminal.fd);

	return group >= 0 && group != getpgrp();
}

/*
 * TCSANOW, since the others wait for output that a stopped terminal never takes. Both calls are
 * async-signal-safe (POSIX 2.4.3).
 */
static void set_mode(const struct termios *mode)
{
	int saved_errno = errno;

	if (terminal.is_active && !is_background())
		tcsetattr(terminal.fd, TCSANOW, mode);
	errno = saved_errno;
}

/* SA_RESETHAND has put the default action back: the second delivery ends the process. */
static void on_fatal(int signal_number)
{
	set_mode(&terminal.saved);
	raise(signal_number);
}

static void on_stop(int signal_number)
{
	(void)signal_number;
	set_mode(&terminal.saved);
	raise(SIGSTOP);
}

static void on_continue(int signal_number)
{
	(void)signal_number;
	set_mode(&terminal.raw);
}

/* Whoever has chosen an action (nohup, a sanitizer, the main program) keeps it. */
static void take_signal(int signal_number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags }, old;

	sigemptyset(&action.sa_mask);
	if (sigaction(signal_number, NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
	    old.sa_handler == SIG_DFL)
		sigaction(signal_number, &action, NULL);
}

static void give_signal_back(int signal_number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = SIG_DFL }, now;

	sigemptyset(&action.sa_mask);
	if (sigaction(signal_number, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
	    now.sa_handler == handler)
		sigaction(signal_number, &action, NULL);
}

int terminal_enter(int fd)
{
	struct termios saved;
	size_t i;

	if (terminal.is_active)
		return -EBUSY;
	if (tcgetattr(fd, &saved) < 0)
		return -errno;
	terminal.fd = fd;
	terminal.saved = terminal.raw = saved;
	terminal.raw.c_iflag &=
		~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	terminal.raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	terminal.raw.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
	terminal.raw.c_cflag |= CS8;
	terminal.raw.c_cc[VMIN] = 1;
	terminal.raw.c_cc[VTIME] = 0;
	terminal.is_active = 1;
	/* Handlers first: no moment in which the terminal is raw and a signal would leave it so. */
	for (i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		take_signal(fatal_signals[i], on_fatal, SA_RESETHAND | SA_NODEFER);
	take_signal(SIGTSTP, on_stop, SA_RESTART);
	take_signal(SIGCONT, on_continue, SA_RESTART);
	set_mode(&terminal.raw);
	return 0;
}

void terminal_leave(void)
{
	size_t i;

	if (!terminal.is_active)
		return;
	set_mode(&terminal.saved);
	terminal.is_active = 0;
	give_signal_back(SIGCONT, on_continue);
	give_signal_back(SIGTSTP, on_stop);
	for (i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		give_signal_back(fatal_signals[i], on_fatal);
}
