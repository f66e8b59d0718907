#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The main job as ./demo tells it: each of its claims is a point here.
set -u
. "$top_srcdir/tests/system/tap.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root"
output=$("$top_srcdir/tests/lab/lab" -b "$top_builddir" -p sim-clx -r 12 bash "$top_srcdir/tests/lab/main_job" 2>&1)
status=$?
mapfile -t claims < <(grep -E '^   (yes|NO): ' <<<"$output")
plan $((${#claims[@]} + 2))
for line in "${claims[@]}"; do
	case $line in
	'   yes: '*) ok "${line#   yes: }" ;;
	*) not_ok "${line#   NO:  }" ;;
	esac
done
check "all 16 claims were made" [ "${#claims[@]}" = 16 ]
check "the demonstration's exit status is 0" [ $status = 0 ]
[ $status = 0 ] || note "$output"
