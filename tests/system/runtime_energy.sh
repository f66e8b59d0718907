#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What the report says against what the plant knows: all of a run, and phases of 20 ms, summed
# over 100 instances.
set -u
. "$top_srcdir/tests/system/runtime.sh"
[ -x "$probe" ] || skip_all "Open MPI is not there"
plan 12
new_node --host-ratio=16 -w hot=dgemm,cool=stream

energy() { # energy NAME RANKS
	PHASECAP_BACKEND=sim:$node PM_PHASE_REPORT=$dir/$1.json openmpi "$2" "$probe" energy "$node" 100 >"$1.out"
}
true_uj() { awk -v name="$2" -v at="$3" '$1 == "true" && $2 == name { print $at }' "$1"; }
of_phase() { figure "$1" ".phases[] | select(.path == [\"$2\"]) | .$3"; }
phase_within() { within "$(of_phase "$1.json" "$2" package_uj)" "$(true_uj "$1.out" "$2" 3)" "$3"; }

check "a run of hot and cool phases" energy run 4
check "its sums hold" sums run.json
check "package energy is the plant's, to 2 %" within "$(figure run.json .package_uj)" "$(true_uj run.out all 3)" 2
check "DRAM energy is the plant's, to 2 %" within "$(figure run.json .dram_uj)" "$(true_uj run.out all 4)" 2
check "hot is hotter, and cool moves more memory" holds run.json '
	[.phases[] | select(.path == ["hot"])][0] as $hot | [.phases[] | select(.path == ["cool"])][0] as $cool
	| $hot.package_uw > $cool.package_uw and $hot.dram_uw < $cool.dram_uw'
check "boundaries and batches are counted with their cost" holds run.json \
	'.overhead | .boundaries > 800 and .boundary_ns > 0 and .batches > 100 and .batch_ns > 0 and .attribution_ns > 0'

# One rank, so that its phases' ends and the plant's are the same moments.
new_node --topology="pack:1 core:2 pu:1" --host-ratio=16 -w hot=dgemm,cool=stream
check "one rank on one package" energy one 1
check "its sums hold" sums one.json
check "hot: 100 times 20 ms are the plant's energy, to 2 %" phase_within one hot 2
check "cool: 100 times 20 ms are the plant's energy, to 2 %" phase_within one cool 2

# A package that lacks DRAM registers, on both packages: the report must say so, not say 0.
new_node --host-ratio=16 -w hot=dgemm,cool=stream
for package in 0 1; do "$pmctl" sim fault --package=$package --domain=dram --fault=absent "$node" >/dev/null; done
check "a node without DRAM registers runs all the same" energy nodram 2
check "and its DRAM is null, the packages are not" holds nodram.json \
	'.dram_uj == null and .package_uj > 0 and all(.nodes[].packages[]; .dram_uw == null and .package_uw > 0)'
