#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# cg under real MPIs on a simulated node: the same bytes whatever the runtime does, and a cap
# that slows the plant down and is held.
set -u
. "$top_srcdir/tests/system/runtime.sh"
plan 23
# So slow that what else this machine does hardly matters.
new_node --host-ratio=64 -w spmv=compute,assemble=compute,reduce=compute

small="-n 32 -i 150"
# run NAME LAUNCHER RANKS PROGRAM [VARIABLE=VALUE...]
run() {
	local name=$1 launcher=$2 ranks=$3 program=$4; shift 4
	# shellcheck disable=SC2086
	( export PM_PHASE_REPORT="$dir/$name.json" "$@"; $launcher "$ranks" "$program" $small >"$name.out" 2>"$name.err" )
}
silent() { [ ! -s "$1.err" ] || { cat "$1.err"; return 1; }; }
limits() { "$pmctl" show --backend=sim:"$node" --json | jq -c '[.packages[].domains[].limits]'; }

sim=PHASECAP_BACKEND=sim:$node
before=$(limits)
check "cg runs without a runtime" run plain openmpi 4 "$cg"
check "and leaves no report" [ ! -e plain.json ]
check "it runs on the simulated node" run free openmpi 4 "$cg" "$sim"
check "with the same output" cmp plain.out free.out
check "and not a word on stderr" silent free
check "the report says simulated, four ranks, no cap" holds free.json \
	'.simulated and .ranks == 4 and .cap_uw == null and .verdict == "none" and .policy == "monitor"'
check "its phases are cg's, and each was entered by every rank" holds free.json \
	'[.phases[] | select(.path != []) | [.path[0], .count]] | sort == [["assemble", 4], ["reduce", 1208], ["spmv", 600]]'
check "its iterations are cg's" holds free.json '.iterations == 150'
check "its sums hold" sums free.json
check "it runs under a cap" run capped openmpi 4 "$cg" "$sim" PHASECAP_CAP=240W
check "with the same output" cmp plain.out capped.out
check "and not a word on stderr" silent capped
check "its sums hold" sums capped.json
check "the cap was written, once per package" holds capped.json \
	'all(.nodes[].packages[]; .limit_uw < 80000000 and .limit_uw > 70000000 and .limit_writes == 1)'
work() { figure "$1" '[.phases[] | select(.path == ["spmv"]) | .time_ns - .mpi_ns][0]'; }
slower() { awk -v a="$(work free.json)" -v b="$(work capped.json)" 'BEGIN { exit !(b > 1.15 * a) }' ||
	{ echo "free $(work free.json) ns, capped $(work capped.json) ns"; return 1; }; }
check "the capped plant works more slowly" slower
check "afterwards the limits are as before" [ "$(limits)" = "$before" ]

two_ranks() { holds "$1" '.ranks == 2' && sums "$1"; }
if have mpirun.mpich && [ -x "$cg-mpich" ]; then
	check "MPICH: cg runs without a runtime" run mplain mpich 2 "$cg-mpich"
	check "MPICH: on the simulated node" run mfree mpich 2 "$cg-mpich" "$sim"
	check "MPICH: same output" cmp mplain.out mfree.out
	check "MPICH: not a word on stderr" silent mfree
	check "MPICH: two ranks, and the sums hold" two_ranks mfree.json
	check "MPICH: under a cap" run mcapped mpich 2 "$cg-mpich" "$sim" PHASECAP_CAP=240W
	check "MPICH: same output under a cap" cmp mplain.out mcapped.out
else
	for i in 1 2 3 4 5 6 7; do ok "MPICH # SKIP not built"; done
fi
