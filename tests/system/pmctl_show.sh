#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pmctl itself and `pmctl show'.
set -u
. "$top_srcdir/tests/system/pmctl_node.sh"
plan 33

check "a simulated node is made" node a
b="--backend=sim:$dir/a"

check "show says that it is simulated" says 0 'back end simulated, 2 packages; every figure here is simulated' show "$b"
check "show names a package and its CPUs" says 0 '^package-1, CPUs 2-3$' show "$b"
check "show prints the package's limits" \
	says 0 '^  package +[0-9.]+ J +150 W over 1 s, on, clamp +180 W over 9.7[0-9]+ ms, on, clamp +read only +150 W +75 W +150 W$' show "$b"
check "show prints the DRAM's limit, which is off" says 0 '^  dram +[0-9.]+ J +0 W over 976 us, off +- +read only +45 W' show "$b"
check "show prints no warning" mute show "$b"
check "show -v says which rung was taken" says 0 '^\* +0 simulated +taken' show -v "$b"
check "show --json says that it is simulated" json '"backend": "simulated", "rung": 0, "simulated": true' show --json "$b"
check "show --json has limits in microwatts" json \
	'"limit_uw": 150000000, "window_us": 1000000, "enabled": true, "clamped": true' show --json "$b"
check "an option may stand before the command" says 0 'simulated' "$b" show
check "a locked domain is shown as locked" \
	sh -c '"$1" sim fault "$2" -p 0 -d dram --fault locked && "$1" show -b "sim:$2" | grep -qE "dram .* locked "' sh "$pmctl" "$dir/a"
check "an absent domain is not shown" \
	sh -c '"$1" sim fault "$2" -p 1 -d dram --fault absent && [ "$("$1" show -b "sim:$2" | grep -c dram)" = 1 ]' sh "$pmctl" "$dir/a"

check "a node whose list hides everything says so" \
	sh -c '"$1" allowlist clear -b "sim:$2" >/dev/null && "$1" show -b "sim:$2" | grep -q "nothing can be read: .pmctl doctor. says why"' sh "$pmctl" "$dir/a"

# A machine without any power interface: a recorded root with a topology and nothing else.
bare=$dir/bare; cpu=$bare/sys/devices/system/cpu
mkdir -p "$cpu/cpu0/topology" "$bare/proc"
echo 0 >"$cpu/online"; echo 0 >"$cpu/possible"; echo 0 >"$cpu/present"
for f in physical_package_id core_id; do echo 0 >"$cpu/cpu0/topology/$f"; done
for f in core_siblings thread_siblings core_cpus package_cpus; do echo 1 >"$cpu/cpu0/topology/$f"; done
printf 'processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n' >"$bare/proc/cpuinfo"
check "a machine without a power interface has the last rung" says 0 '^back end none, 1 package$' show --root="$bare"
check "and every other rung says why not" \
	sh -c '[ "$("$1" show -v --root="$2" | grep -cE "^  [2-5][05] [a-z-]+ +.{20}")" = 5 ]' sh "$pmctl" "$bare"
check "a rung by name fails with its reason" says 1 '^pmctl: .*bare: a recorded root has no batch device' show --backend=msr-safe-batch --root="$bare"
check "an unknown back end names those that there are" \
	says 1 'back end "tea": there is none of that name; choose auto, msr-safe-batch,' show --backend=tea
check "sim without a path says what to write" says 1 'sim:PATH' show --backend=sim
check "a node that is not there is named" says 1 "$dir/gone" show --backend="sim:$dir/gone"
check "a file that is no node is refused" says 1 "$dir/site.conf" show --backend="sim:$dir/site.conf"
check "a failure is one sentence on stderr" complains show --backend=tea

check "--version names the version of phasecap" says 0 '^pmctl \(phasecap\) [0-9]+\.[0-9]+' --version
check "--version names the Slurm that it was built for" says 0 'built for Slurm ([0-9]+\.[0-9]+\.[0-9]+|none)' show --version
check "no command is a usage error" says 2 "pmctl: no command is named; .pmctl --help. says what there is"
check "an unknown command is named" says 2 "pmctl: there is no command 'frob'" frob
check "an unknown member of a group is named" says 2 "pmctl sim: there is no command 'frob'" sim frob
check "an unknown option is named" says 2 'pmctl show: unknown or ambiguous option --frob' show --frob
check "an unknown letter is named" says 2 'pmctl show: unknown option -Z' show -Z
check "a missing value is named" says 2 'pmctl show: option --backend needs SPEC' show --backend
check "a value for a flag is refused" says 2 'pmctl show: option --json takes no value' show --json=yes
check "an operand too many is named" says 2 "pmctl show: 'x' is one operand too many" show x
every_help() {
	local c
	"$pmctl" --help >"$dir/help" || return 1
	for c in $(sed -n '/^commands:/,/^options:/s/^  \([a-z]*\) .*/\1/p' "$dir/help"); do
		"$pmctl" "$c" --help | grep -q "^usage: pmctl $c" || { echo "$c"; return 1; }
	done
}
check "every command has its own help" every_help
check "a full standard output is a failure" \
	sh -c '"$1" show -b "sim:$2" >/dev/full 2>"$3"; [ $? = 1 ] && grep -q "what was printed is not complete" "$3"' sh "$pmctl" "$dir/a" "$dir/err"
