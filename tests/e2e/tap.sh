# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# Test results in TAP (testanything.org), for the tests in this directory: source it.

tap_passed=0
tap_failed=0
tap_skipped=0

tap_number()
{
	echo $((tap_passed + tap_failed + tap_skipped + 1))
}

tap_pass()
{
	echo "ok $(tap_number) - $*"
	tap_passed=$((tap_passed + 1))
}

tap_fail()
{
	echo "not ok $(tap_number) - $*"
	tap_failed=$((tap_failed + 1))
}

# tap_skip NAME REASON
tap_skip()
{
	echo "ok $(tap_number) - $1 # SKIP $2"
	tap_skipped=$((tap_skipped + 1))
}

# tap_note TEXT: as many diagnostic lines as it has.
tap_note()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# tap_is NAME GOT WANTED
tap_is()
{
	if [ "$2" = "$3" ]; then
		tap_pass "$1"
	else
		tap_fail "$1"
		tap_note "got:    $2"
		tap_note "wanted: $3"
	fi
}

# tap_check NAME COMMAND...: passes if the command succeeds; its output is shown if not.
tap_check()
{
	tap_name=$1
	shift
	if tap_output=$("$@" 2>&1); then
		tap_pass "$tap_name"
	else
		tap_fail "$tap_name"
		tap_note "$* failed: $tap_output"
	fi
}

# expect NAME STATUS PATTERN COMMAND...: the exit status, and a pattern (grep -E) that some line of the
# whole output has.
expect()
{
	expect_name=$1
	expect_status=$2
	expect_pattern=$3
	shift 3
	status=0
	output=$("$@" 2>&1) || status=$?
	if [ "$status" -eq "$expect_status" ] && printf '%s\n' "$output" | grep -Eq -- "$expect_pattern"; then
		tap_pass "$expect_name"
	else
		tap_fail "$expect_name"
		tap_note "status $status instead of $expect_status, or no \"$expect_pattern\" in: $output"
	fi
}

# tap_done: the plan and the totals; fails if a test has failed or there was none.
tap_done()
{
	echo "1..$((tap_passed + tap_failed + tap_skipped))"
	echo "$tap_passed passed, $tap_failed failed, $tap_skipped skipped"
	[ "$tap_failed" -eq 0 ] && [ $((tap_passed + tap_skipped)) -gt 0 ]
}
