#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Whatever is wrong, the program runs on as if there were no runtime: same output, same exit status,
# and one sentence on stderr (I4).
set -u
. "$top_srcdir/tests/system/runtime.sh"
[ -x "$probe" ] || skip_all "Open MPI is not there"
plan 37
new_node -w whole=compute
sim=PHASECAP_BACKEND=sim:$node
before=$(ls -d /dev/shm/phasecap-* /tmp/phasecap-[0-9]* 2>/dev/null)

openmpi 2 "$cg" -n 8 -i 10 >reference.out 2>reference.err || exit 99
# same SENTENCE VARIABLE=VALUE...: cg says what it always says, and stderr is that sentence (an
# extended expression; empty: nothing)
same() {
	local sentence=$1; shift
	( export "$@"; openmpi 2 "$cg" -n 8 -i 10 >same.out 2>same.err ) || { echo "status $?"; cat same.err; return 1; }
	cmp reference.out same.out || return 1
	[ -z "$sentence" ] && [ ! -s same.err ] && return 0
	[ "$(wc -l <same.err)" = 1 ] && grep -qE -- "^phasecap: $sentence\$" same.err || { cat same.err; return 1; }
}
not='this run is not measured'
segment() { rm -f step.segment; "$top_builddir/tests/system/new_segment" "$dir" step.segment "$@"; }

check "with a report that nobody wants" same '' "$sim" PM_PHASE_REPORT=none
check "no report is left" [ ! -e phasecap.json ]
check "with the report where reports go by default" same '' "$sim"
check "which is phasecap.json outside Slurm" holds phasecap.json '.ranks == 2'
check "with a report that cannot be written" same \
	'no report: report /nowhere/r.json: No such file or directory; PM_PHASE_REPORT names another file' \
	"$sim" PM_PHASE_REPORT=/nowhere/r.json
ln -s /dev/full full # a link, so that no mistake can replace the device itself
check "with a full device as report" same 'no report: report .*/full: No space left on device; .*' "$sim" PM_PHASE_REPORT="$dir/full"
check "without a back end that could measure" same '' PHASECAP_BACKEND=none PM_PHASE_REPORT="$dir/none.json"
check "whose report knows times and no energy" holds none.json \
	'.package_uj == null and .mean_uw == null and .verdict == "none" and .simulated == false and (.phases | length) == 4'
check "with a back end that is unknown" same "$not: .*\"wishful\".*" PHASECAP_BACKEND=wishful
check "with a simulated node that is missing" same "$not: .*/gone.*" PHASECAP_BACKEND=sim:/gone
check "with a cap that is none" same "$not: PHASECAP_CAP: .*banana.*" "$sim" PHASECAP_CAP=banana
check "with a cap below the floor" same "$not: PHASECAP_CAP: .*5 W.* legal are .*" "$sim" PHASECAP_CAP=5W
check "with a cap for more than a node" same "$not: PHASECAP_CAP: without Slurm a cap is the node's: .*" "$sim" PHASECAP_CAP=300W/job
check "with a segment that is missing" same "$not: segment /gone: No such file or directory" PHASECAP_SEGMENT=/gone
seq 100000 >text
check "with a segment that is none" same "$not: segment .*/text: no segment of phasecap" PHASECAP_SEGMENT="$dir/text"
segment 2 2 sim:/gone
check "with a segment whose node is gone" same '(energy and limits are not available|ranks do not slow down under the cap): .*/gone.*' \
	PHASECAP_SEGMENT="$dir/step.segment" PM_PHASE_REPORT=none
segment 1 2 "sim:$node"
check "with a segment that has a place for one rank of two" same \
	"$not: all 1 places for ranks in the step's segment are taken" PHASECAP_SEGMENT="$dir/step.segment" PM_PHASE_REPORT="$dir/one.json"
check "the rank that has a place is reported" holds one.json '.ranks == 1 and .job == 41'
segment 2 2 "sim:$node"
printf '\007' | dd of=step.segment bs=1 seek=8 conv=notrunc status=none
check "with a segment of another release" same "$not: segment .*: its format is 7, this library's is 1: .*" PHASECAP_SEGMENT="$dir/step.segment"
segment 2 2 "sim:$node"
"$top_builddir/tests/system/new_segment" "$dir" policy.segment 2 2 "sim:$node" 300 130
printf 'wishful\0' | dd of=policy.segment bs=1 seek=400 conv=notrunc status=none
check "with a policy that is unknown" same 'energy and limits are not available: policy "wishful": this library has no such policy' \
	PHASECAP_SEGMENT="$dir/policy.segment" PM_PHASE_REPORT=none

# status WANTED VARIABLE=VALUE... -- ARGUMENTS...: of the probe
status() {
	local wanted=$1 got; shift
	local variables=()
	while [ "$1" != -- ]; do variables+=("$1"); shift; done
	shift
	( export "${variables[@]}" PM_PHASE_REPORT="$dir/status.json"; openmpi 2 "$probe" "$@" >status.out 2>status.err ); got=$?
	[ $got = "$wanted" ] || { echo "status $got"; cat status.err; return 1; }
}
check "an exit status stays, without a runtime" status 5 NONE=1 -- status 5
check "and with it" status 5 "$sim" -- status 5
check "MPI_Abort's too, without" status 3 NONE=1 -- abort
check "and with it, nothing hangs" status 3 "$sim" -- abort
check "phases around MPI_Init and MPI_Finalize" status 0 "$sim" -- around
check "say nothing" [ ! -s status.err ]
check "and are counted, the early ones too" holds status.json \
	'[.phases[] | [.path, .count]] | sort == [[[], 0], [["whole"], 2], [["whole", "before"], 2], [["whole", "during"], 2]]'
check "the time before MPI_Init is in them" holds status.json \
	'.phases[] | select(.path == ["whole"]) | .inclusive_time_max_ns > 2000000'
check "their sums hold" sums status.json
check "they cost nothing without a runtime" status 0 NONE=1 -- around
check "a phase that is never ended" status 0 "$sim" -- forget
check "is named once" [ "$(cat status.err)" = 'phasecap: phase "forgotten" was begun and never ended' ]
check "in a segment of Slurm's, phases before MPI_Init go there at once" status 0 PHASECAP_SEGMENT="$dir/step.segment" -- around
check "and are counted once" holds status.json \
	'.job == 41 and ([.phases[] | [.path, .count]] | sort == [[[], 0], [["whole"], 2], [["whole", "before"], 2], [["whole", "during"], 2]])'
check "no file of ours is left" [ "$(ls -d /dev/shm/phasecap-* /tmp/phasecap-[0-9]* 2>/dev/null)" = "$before" ]

# No thread, no signal handler, no exit, nothing on stdout: the libraries cannot, for want of the calls.
without() {
	local name
	for name in exit _exit abort quick_exit raise kill signal sigaction sigprocmask pthread_create printf puts putchar perror; do
		! nm -D --undefined-only "$1" | awk '{ print $2 }' | sed 's/@.*//' | grep -qx "$name" || { echo "$1 uses $name"; return 1; }
	done
}
check "libpm_phase can neither end the program nor speak for it" without "$top_builddir/.libs/libpm_phase.so"
check "nor can the MPI part" without "$top_builddir/.libs/libpm_phase_mpi.so"
