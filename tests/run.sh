#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Run test programs that speak TAP and add up: tests/run.sh TITLE PROGRAM...
# A program's whole output goes to $TEST_LOGS; what failed or was skipped is shown. The last line is
# "N passed, N failed, N skipped". A program that says nothing, dies or takes too long has failed.
set -eu

title=$1
shift
logs=${TEST_LOGS:-build/tests}
limit=${TEST_LIMIT:-600}
passed=0
failed=0
skipped=0
mkdir -p "$logs"
echo "$title"

count()
{
	grep -c "$1" "$2" || true
}

for program in "$@"; do
	name=$(basename "$program")
	log=$logs/$name.log
	status=0
	timeout -k 10 "$limit" "$program" >"$log" 2>&1 </dev/null || status=$?
	good=$(count '^ok ' "$log")
	bad=$(count '^not ok ' "$log")
	skips=$(count '^ok .*# SKIP' "$log")
	passed=$((passed + good - skips))
	skipped=$((skipped + skips))
	grep '^ok .*# SKIP' "$log" | sed 's/^ok [0-9]* *-* */  skipped: /' || true
	if [ "$bad" -gt 0 ]; then
		echo "  $name: failed; the whole output is in $log"
		grep -A 6 '^not ok ' "$log" | sed 's/^/    /'
	elif [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; then
		bad=1
		echo "  $name: ended with status $status after $good tests (124: took longer than $limit s); in $log:"
		tail -n 15 "$log" | sed 's/^/    /'
	fi
	failed=$((failed + bad))
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
