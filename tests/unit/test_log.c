/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines as they arrive on standard error. */
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static int saved_stderr, file;
static char captured[1 << 20];

static void capture_begin(void)
{
	char path[] = "/tmp/log-test-XXXXXX";

	file = mkstemp(path);
	if (file < 0)
		abort();
	unlink(path);
	saved_stderr = dup(STDERR_FILENO);
	/* Appending, as a log file would be; several threads write. */
	fcntl(file, F_SETFL, O_APPEND);
	dup2(file, STDERR_FILENO);
}

static const char *capture_end(void)
{
	ssize_t n = pread(file, captured, sizeof(captured) - 1, 0);

	captured[n > 0 ? n : 0] = '\0';
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(file);
	return captured;
}

static unsigned int count_lines(const char *text)
{
	unsigned int count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void test_levels(void)
{
	capture_begin();
	log_debug("tag", "debug");
	log_info("tag", "info");
	log_warning("tag", "warning");
	log_error(NULL, "error %d", 5);
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("tag", "debug 2");
	log_info(NULL, "info 2");
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("tag", "warning 2");
	log_set_level(LOG_LEVEL_WARNING);
	CU_ASSERT_STRING_EQUAL(capture_end(), "test_log: tag: warning: warning\n"
					      "test_log: error 5\n"
					      "test_log: tag: debug: debug 2\n"
					      "test_log: info 2\n");
}

/* Neither newlines nor escape sequences of others' making reach the terminal. */
static void test_control_characters(void)
{
	capture_begin();
	log_error("tag", "%s", "a\nb\rc\x1b[2Jd\x7f\te\xc3\xa4");
	CU_ASSERT_STRING_EQUAL(capture_end(), "test_log: tag: a?b?c?[2Jd??e\xc3\xa4\n");
}

static void test_long_lines(void)
{
	static char word[1 << 16];
	const char *text;

	memset(word, 'w', sizeof(word) - 1);
	capture_begin();
	log_error("tag", "%s", word);
	log_error(word, "%s", word);
	log_error("tag", "short");
	text = capture_end();
	CU_ASSERT_EQUAL(count_lines(text), 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\ntest_log: tag: short\n"));
	CU_ASSERT(strlen(text) < 4096);
}

static void test_limit(void)
{
	struct log_limit limit = { 0 }, other = { 0 };
	const char *text;
	unsigned int i;

	capture_begin();
	for (i = 0; i < 1000; i++)
		log_limited(&limit, LOG_LEVEL_WARNING, "tag", "number %u", i);
	log_limited(&other, LOG_LEVEL_WARNING, "tag", "another one");
	text = capture_end();
	CU_ASSERT_EQUAL(count_lines(text), LOG_LIMIT_BURST + 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "number 0\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "number 7\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "number 8\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "not logged\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "another one\n"));
}

static void test_errno_is_kept(void)
{
	capture_begin();
	close(STDERR_FILENO);
	errno = ENOTTY;
	log_error(NULL, "nobody reads this");
	CU_ASSERT_EQUAL(errno, ENOTTY);
	dup2(saved_stderr, STDERR_FILENO);
	capture_end();
}

static void *talk(void *arg)
{
	unsigned int i;

	for (i = 0; i < 500; i++)
		log_error(arg, "all in one piece");
	return NULL;
}

static void test_threads(void)
{
	static char a[] = "a", b[] = "b";
	pthread_t threads[2];
	unsigned int lines = 0;
	char *line, *rest;

	capture_begin();
	pthread_create(&threads[0], NULL, talk, a);
	pthread_create(&threads[1], NULL, talk, b);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	capture_end();
	for (rest = captured; (line = strsep(&rest, "\n")) && *line; lines++)
		CU_ASSERT(!strcmp(line, "test_log: a: all in one piece") ||
			  !strcmp(line, "test_log: b: all in one piece"));
	CU_ASSERT_EQUAL(lines, 1000);
}

static const struct unit_test tests[] = {
	{ "levels", test_levels },
	{ "control characters", test_control_characters },
	{ "long lines", test_long_lines },
	{ "limit", test_limit },
	{ "errno is kept", test_errno_is_kept },
	{ "threads", test_threads },
};

UNIT_MAIN("log", tests)
