# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# For the tests of the runtime outside Slurm: a simulated node, and both MPIs on this machine.
. "$top_srcdir/tests/system/tap.sh"
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
pmctl=$top_builddir/pmctl
cg=$top_builddir/examples/cg
probe=$top_builddir/tests/system/runtime_probe
node=$dir/node
unset PHASECAP_SEGMENT PHASECAP_BACKEND PHASECAP_CAP PM_PHASE_REPORT

# More ranks than cores, as root, and nothing of the outer session's launcher.
for variable in $(compgen -e | grep -E '^(SLURM|PMI|PMIX|OMPI|PRTE|HYDRA|MPI)'); do unset "$variable"; done
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export MPIR_CVAR_POLLS_BEFORE_YIELD=1

new_node() { rm -f "$node"; "$pmctl" sim create "$@" "$node" >/dev/null; }
openmpi() { timeout 120 mpirun.openmpi -n "$@"; }
mpich() { timeout 120 mpirun.mpich -n "$@"; }
have() { command -v "$1" >/dev/null; }
# figure FILE FILTER: one value of a report
figure() { jq -er "$2" "$1"; }
# holds FILE FILTER: the filter says true
holds() { jq -e "$2" "$1" >/dev/null || { jq -c . "$1"; return 1; }; }
# within A B PERCENT: both are positive and that near
within() { awk -v a="$1" -v b="$2" -v p="$3" 'BEGIN { exit !(a > 0 && b > 0 && (a > b ? a - b : b - a) <= b * p / 100) }' ||
	{ echo "$1 and $2 differ by more than $3 %"; return 1; }; }

# sums FILE: inclusive is exclusive and children; phases and unmarked are the packages, on
# each package, in each node, and in the whole step (I9), to the microjoule.
sums() { holds "$1" '
	def parent: .[:-1];
	def same($key; $inclusive): . as $all
		| all(.[]; . as $one | $one[$inclusive] == $one[$key] +
			([$all[] | select((.path | length) > 0 and (.path | parent) == $one.path) | .[$inclusive]] | add // 0));
	(.phases | same("package_uj"; "inclusive_package_uj") and same("dram_uj"; "inclusive_dram_uj") and
		same("time_ns"; "inclusive_time_ns"))
	and ([.phases[].package_uj] | add) == .package_uj and ([.phases[].dram_uj] | add) == .dram_uj
	and all(.nodes[]; . as $node | all(.packages[]; . as $package
		| [$node.phases[].packages[] | select(.package == $package.package)] as $mine
		| ([$mine[].package_uj] | add) == $package.package_uj and ([$mine[].dram_uj] | add) == $package.dram_uj
		and ([$mine[].package_time_ns] | add) == $package.observed_ns))
	and ([.nodes[].packages[].package_uj] | add) == .package_uj'; }
