#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Run the fuzzers named in $FUZZERS, each from its seeds; TAP.
#   FUZZ_SECONDS=N  for N seconds each, from a new seed of randomness every time
#   FUZZ_RUNS=N     else N inputs each, always the same ones
# An input that breaks something is kept in $BUILD/fuzz/.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-build}

# shellcheck source=tests/e2e/tap.sh
. "$here/../e2e/tap.sh"

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
trap 'exit 1' INT TERM HUP

# seeds NAME: into $temp/NAME, where the fuzzer also puts what it finds interesting.
seeds()
{
	mkdir "$temp/$1"
	case $1 in
	command_line) cp "$here"/../golden/*.args "$temp/$1" ;;
	esac
	if [ -d "$here/corpus/$1" ]; then
		cp "$here/corpus/$1"/* "$temp/$1"
	fi
}

if [ -n "${FUZZ_SECONDS:-}" ]; then
	how="-max_total_time=$FUZZ_SECONDS"
else
	how="-runs=${FUZZ_RUNS:-5000} -seed=1"
fi

for name in ${FUZZERS:?}; do
	program=$build/fuzz/fuzz_$name
	if [ ! -x "$program" ]; then
		tap_skip "fuzz $name" "it needs clang with libFuzzer"
		continue
	fi
	seeds "$name"
	# Words on purpose.
	# shellcheck disable=SC2086
	tap_check "fuzz $name" "$program" $how -timeout=20 -rss_limit_mb=2048 -len_control=0 -max_len=2000 \
		-artifact_prefix="$build/fuzz/$name-" "$temp/$name"
done
tap_done
