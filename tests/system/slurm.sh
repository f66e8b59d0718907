# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# For tests of the plugin: sourced first, it starts the test again inside a private two-node
# Slurm (tests/lab/lab), whose two nodes are simulated: two packages of 150 W and their DRAM of
# 45 W each, under slurm_site.conf.
. "$top_srcdir/tests/system/tap.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -e "$top_builddir/.libs/spank_phasecap.so" ] || skip_all "built without Slurm"
if [ -z "${LAB-}" ]; then
	exec "$top_srcdir/tests/lab/lab" -b "$top_builddir" -c "$top_srcdir/tests/system/slurm_site.conf" \
		-p sim-skx -t 'pack:2 core:2 pu:1' bash "$0"
fi
sim=sim:$LAB/node/sim

# poll SECONDS COMMAND...: until it succeeds, at most that long
poll() {
	local tries=$(($1 * 20)); shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1)); [ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}

# What a job may change on a node: limits, list, access, state files.  A kept segment is no change.
traces() {
	on "$1" pmctl show --backend="$sim" --json | jq -c '.packages[].domains[] | select(.limits) | [.domain, .limits]'
	on "$1" pmctl allowlist show --backend="$sim"
	on "$1" getfacl -cnp "$LAB/node/sim"
	on "$1" find "$LAB/node/run" -type f ! -name lock ! -path '*/spool/*'
}
all_traces() { local node; for node in node1 node2; do echo "$node"; traces $node; done; }
limits() { on "$1" pmctl show --backend="$sim" --json | jq -c '[.packages[].domains[] | select(.limits) | .limits[0].limit_uw]'; }

all_idle() { [ "$(sinfo -h -N -p batch -t idle -o %T | grep -c '^idle$')" = 2 ]; }
# settled: no job is left, both nodes are idle (drained ones are not) and as they were at first
settled() {
	poll 20 all_idle || { sinfo -N -o '%N %T %E'; squeue; return 1; }
	poll 5 as_at_first || { diff <(printf '%s\n' "$first_traces") <(all_traces); return 1; }
}
as_at_first() { [ "$(all_traces)" = "$first_traces" ]; }

# run COMMAND...: what it printed is in $out (both streams), its exit status in $status
run() { out=$("$@" 2>&1); status=$?; }
# ended STATUS PATTERN: how the last run ended, and what it said; every further pattern too
ended() {
	local wanted=$1 pattern; shift
	[ "$status" = "$wanted" ] || { printf 'exit status %s, wanted %s; it said:\n%s\n' "$status" "$wanted" "$out"; return 1; }
	for pattern; do has "$out" "$pattern" || return 1; done
}
next_job() { scontrol show config | sed -n 's/^NEXT_JOB_ID *= *//p'; }
job_field() { scontrol show job "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | head -n 1; }
# state_is JOB STATE
state_is() { [ "$(job_field "$1" JobState)" = "$2" ]; }

first_traces=$(all_traces)
