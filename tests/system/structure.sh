#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The layers of doc/design.md: who may include what, and what each library exports.
set -u
. "$top_srcdir/tests/system/tap.sh"
cd "$top_srcdir" || exit 99
plan 19

# includes DIRECTORY: the headers its sources name, one a line, "file: header"
includes() { grep -HnoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+' "$1"/*.[ch] | sed 's/:[0-9]*:.*[<"]/: /'; }
# none_of DIRECTORY PATTERN: no source there includes a header that matches
none_of() { ! includes "$1" | grep -E ": $2" >&2; }
# local_only DIRECTORY HEADER_DIRECTORY...: each "quoted" header is found in one of them
local_only() {
	local dir=$1 file header place found; shift
	while IFS=: read -r file header; do
		found=0
		for place; do [ -f "$place/$header" ] && found=1; done
		[ $found = 1 ] || { echo "$file includes $header" >&2; return 1; }
	done < <(grep -HoE '^#[[:space:]]*include "[^"]+' "$dir"/*.[ch] | sed 's/#.*"//')
}

check "lib/ knows no Slurm and no MPI" none_of lib '(slurm/|mpi\.h|pm_phase)'
check "lib/ includes its own headers only" local_only lib lib "$top_builddir"
check "runtime/ includes lib/ and itself only" local_only runtime runtime lib "$top_builddir"
check "runtime/ knows no Slurm" none_of runtime 'slurm/'
check "mpi.h is in one file of runtime/" [ "$(includes runtime | grep -c ': mpi\.h')" = 1 ]
check "spank-plugin/ includes lib/ and itself only" local_only spank-plugin spank-plugin lib "$top_builddir"
check "spank-plugin/ knows no MPI and no runtime" none_of spank-plugin '(mpi\.h|pm_phase)'
check "of Slurm, spank-plugin/ knows spank.h and its errors only" \
	none_of spank-plugin 'slurm/(slurm\.h|slurmdb|smd)'
check "tools/ includes lib/ and itself only" local_only tools tools lib "$top_builddir"
check "of Slurm, tools/ knows the version only; of MPI and the runtime nothing" \
	none_of tools '(slurm/(spank|slurm\.h|slurmdb|smd)|mpi\.h|pm_phase)'
inside() { ! includes "$1" | grep -E ': (\.|.*/\.\.)' >&2; }
climbs() { local dir; for dir in lib runtime spank-plugin tools examples; do inside $dir || return 1; done; }
check "no include climbs out of its directory" climbs
check "examples/ know pm_phase.h and nothing else of ours" local_only examples examples

# exports LIBRARY MAP: what the library exports is what its list says.  A name in the list may
# end in *; each must match something, and nothing else may be there.
exports() {
	local library=$1 map=$2 names pattern name
	names=$(nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ { print $3 }' | sed 's/@.*//' | grep -v '^PM_PHASE_[0-9.]*$')
	patterns=$(sed -n '/global:/,/local:/p' "$map" | grep -oE '[A-Za-z_][A-Za-z0-9_]*\*?;' | tr -d ';')
	for pattern in $patterns; do
		grep -qxE "${pattern//\*/.*}" <<<"$names" || { echo "$map lists $pattern, $library has none" >&2; return 1; }
	done
	for name in $names; do
		for pattern in $patterns ''; do [[ $name == $pattern ]] && break; done
		[ -n "$pattern" ] || { echo "$library exports $name, which $map does not list" >&2; return 1; }
	done
}
libs=$top_builddir/.libs
check "the plugin exports what its list says" exports "$libs/spank_phasecap.so" spank-plugin/spank_phasecap.map
check "libpm_phase exports what its list says" exports "$libs/libpm_phase.so" runtime/pm_phase.map
check "libpm_phase_node exports what its list says" exports "$libs/libpm_phase_node.so" runtime/pm_phase_node.map
for mpi in mpi mpi_mpich; do
	check "libpm_phase_$mpi exports what its list says" exports "$libs/libpm_phase_$mpi.so" runtime/pm_phase_mpi.map
done
check "libpm_phase exports no name that is not ours" \
	sh -c '! nm -D --defined-only "$1" | awk "{ print \$3 }" | grep -v -e ^pm_phase -e ^PM_PHASE' sh "$libs/libpm_phase.so"
check "the plugin binds at load, is read-only after, and is not linked to libslurm" \
	sh -c 'readelf -d "$1" | grep -q BIND_NOW && readelf -l "$1" | grep -q GNU_RELRO &&
		! readelf -d "$1" | grep -q "NEEDED.*libslurm"' sh "$libs/spank_phasecap.so"
