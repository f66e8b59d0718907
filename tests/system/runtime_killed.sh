#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# All ranks die by SIGKILL in the middle: what the step's segment holds is a whole report.
set -u
. "$top_srcdir/tests/system/runtime.sh"
[ -x "$probe" ] || skip_all "Open MPI is not there"
plan 8
new_node --host-ratio=4
"$top_builddir/tests/system/new_segment" "$dir" step.segment 4 2 "sim:$node" 300 130 || exit 99

PHASECAP_SEGMENT=$dir/step.segment PM_PHASE_REPORT=$dir/report.json openmpi 4 "$probe" forever >out 2>err &
launcher=$!
running() { for _ in $(seq 300); do grep -q running out && return 0; sleep 0.1; done; return 1; }
# below PID: the processes of the launcher that it started for ranks
below() { local child; for child in $(pgrep -P "$1"); do pgrep -P "$child" >/dev/null || echo "$child"; below "$child"; done; }
check "four ranks are in the middle of their work" running
check "their report is there while they run" holds <("$pmctl" report --json step.segment) '.ranks == 4 and .package_uj > 0'
kill_ranks() { local ranks; mapfile -t ranks < <(below $launcher); [ ${#ranks[@]} = 4 ] && kill -KILL "${ranks[@]}"; }
check "all four are killed" kill_ranks
wait $launcher
check "no report was written" [ ! -e report.json ]
"$pmctl" report --json step.segment >dead.json 2>dead.err
check "the segment is a report of the whole step" holds dead.json '
	.job == 41 and .step == 2 and .ranks == 4 and .simulated and .cap_uw == 300000000 and
	([.phases[] | select(.path != []) | .path] | sort) == [["work"], ["work", "talk"]]'
check "its sums hold" sums dead.json
check "it accounts for all time up to the last samples" holds dead.json \
	'.nodes[0] | .elapsed_ns as $elapsed | all(.packages[]; .observed_ns > 0.9 * $elapsed and .samples > 20)'
check "its table can be printed" "$pmctl" report step.segment
