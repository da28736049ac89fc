/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The terminal in raw mode, and back on whatever way the program ends.
 *
 * A process has one controlling terminal and signal handlers take no context, so this is the one
 * place that keeps a static; the second terminal_enter() of a process is refused until
 * terminal_leave().
 */
#ifndef HW_ISA_TERMINAL_H
#define HW_ISA_TERMINAL_H

/*
 * Put the terminal @fd into raw input mode: every key reaches the reader at once, and no key raises
 * a signal. Output processing stays on, so that messages on the same terminal look right.
 *
 * Until terminal_leave(), signals that kill the process (not SIGKILL) restore the terminal first;
 * SIGTSTP restores it and stops; SIGCONT makes it raw again when we are in the foreground. Only
 * signals with their default action are taken over. A process in the background leaves the terminal
 * as it is until it is continued in the foreground.
 *
 * Returns 0; -ENOTTY: @fd is no terminal; -EBUSY: in use already; -errno.
 */
int terminal_enter(int fd);

/* Restore the terminal and the signals. Nothing happens if they are. */
void terminal_leave(void);

#endif
