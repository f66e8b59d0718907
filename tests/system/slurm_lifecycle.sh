#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# However a job under a cap ends, its nodes are afterwards as they were before it: limits bit
# for bit, list, access, no journal, in service.
. "$top_srcdir/tests/system/slurm.sh"
plan 42
home=$LAB/home/alice
capped='[105000000,45000000,105000000,45000000]'

is_capped() { [ "$(limits node1)" = "$capped" ] && [ "$(limits node2)" = "$capped" ]; }
# begin [SBATCH-OPTION...]: a job of alice's on both nodes, with a step that sleeps; $job when it is held
begin() {
	job=$(as alice sbatch --parsable -N2 --power-cap=300W -o "$home/out" --no-requeue "$@" \
		--wrap 'srun -N2 -n2 sh -c "echo \$\$ >\$HOME/pid.\$SLURM_JOB_ID.\$SLURM_NODEID; exec sleep 100"') || return 1
	poll 20 test -s "$home/pid.$job.0" -a -s "$home/pid.$job.1"
}
held() { # held [SBATCH-OPTION...]: a point for it
	begin "$@"
	check "a batch job with a step is held" is_capped
}
# The slurmstepds of a step on a node: their command line ends so.
stepd() { pgrep -f "^slurmstepd: \[$1\]"; }
kill_stepd() { # kill_stepd NODE JOB.STEP
	local pid
	for pid in $(stepd "$2"); do
		[ "$(readlink "/proc/$pid/ns/uts")" = "$(readlink "/proc/$(cat "$LAB/run/$1.pid")/ns/uts")" ] && kill -9 "$pid"
	done
}
over() { [ -z "$(squeue -h -j "$1" -t RUNNING,COMPLETING -o %T 2>/dev/null)" ]; }

# A process that holds each node's namespaces, so that its slurmd can go and come back.
for node in node1 node2; do
	on $node sleep 1000 &
	echo $! >"$LAB/run/$node.keeper"
done
poll 5 sh -c '[ "$(pgrep -c -x sleep)" -ge 2 ]'
inside() { local node=$1; shift; nsenter -t "$(cat "$LAB/run/$node.keeper")" -m -u -- "$@"; }
stop_slurmd() { kill -9 "$(cat "$LAB/run/$1.pid")"; }
start_slurmd() {
	nsenter -t "$(cat "$LAB/run/$1.keeper")" -m -u -- \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin SLURM_CONF="$SLURM_CONF" LAB="$LAB" \
		slurmd -D -N "$1" >>"$LAB/log/$1.out" 2>&1 &
	echo $! >"$LAB/run/$1.pid"
}
back() { poll 20 sh -c '[ "$(sinfo -h -n '"$1"' -p batch -o %T)" != "down*" ] && scontrol ping >/dev/null'; }

# --- nothing special ---------------------------------------------------------------------
run as alice srun -N2 -n4 --power-cap=300W sh -c 'pmctl show --backend=sim:$LAB/node/sim --json; echo "segment $PHASECAP_SEGMENT"'
check "a job under a cap runs" [ $status = 0 ]
check "its user reads the node's power" has "$out" '"limit_uw": *105000000'
check "its ranks are told of the segment" has "$out" 'segment .*/steps/[0-9]+\.0\.segment$'
check "normal end" settled
run as alice srun -N2 -n4 --power-cap=300W sh -c 'exit 3'
check "the program's exit status is the step's" [ $status = 3 ]
check "a program that fails" settled
run as alice srun -N2 sh -c 'ls -l $LAB/node/run/jobs; getfacl -cnp $LAB/node/sim'
check "a job without a cap, which the site lets read its energy" has "$out" '^user:60901:rw-'
check "leaves nothing either" settled

# --- the ends of facts that Slurm's own hooks reach -------------------------------------------
held
scancel "$job"
check "scancel of the job" settled
held
scancel "$job.0"
check "scancel of its step" settled
held
kill -9 "$(cat "$home/pid.$job.1")"
poll 10 over "$job"
scancel "$job" 2>/dev/null
check "SIGKILL of a task" settled
held
kill_stepd node2 "$job.0"
sleep 0.5
check "SIGKILL of a step's slurmstepd: the limits stay while the job lives" is_capped
scancel "$job"
kill -9 "$(cat "$home/pid.$job.1")" 2>/dev/null
check "and go with it" settled
check "the segment that the step left is kept for a report" \
	on node2 test -s "$LAB/node/run/spool/$job.0.segment"
held
kill_stepd node1 "$job.extern"
kill_stepd node2 "$job.extern"
scancel "$job"
check "SIGKILL of the extern step" settled

# --- the job comes again -----------------------------------------------------------------------
held --requeue
scontrol requeue "$job"
check "it is requeued: the nodes are as they were" settled
# Slurm itself waits two minutes; its credentials count whole seconds, so a little is needed here too.
sleep 2
scontrol update jobid="$job" StartTime=now
runs_again() { poll 20 state_is "$job" RUNNING && poll 20 is_capped || { scontrol show job "$job"; limits node1; limits node2; return 1; }; }
check "the same job runs again, and is held again" runs_again
scancel "$job"
check "and its end is like any other" settled

# --- slurmd dies ----------------------------------------------------------------------------------
held
stop_slurmd node1
start_slurmd node1
back node1
sleep 0.5
check "SIGKILL of slurmd and its restart: a living job keeps its limits" is_capped
check "and its access" has "$(inside node1 getfacl -cnp "$LAB/node/sim")" '^user:60901:rw-'
scancel "$job"
check "which go when it ends" settled
held
stop_slurmd node2
scancel "$job"
sleep 1
start_slurmd node2
check "cancelled while slurmd is down: cleaned up when it is back" settled

# --- no epilog ever runs: its job's state and limits are there, and the job is not ----------------
held
for node in node1 node2; do
	inside $node cp -a "$LAB/node/run/jobs" "$LAB/node/jobs.kept"
	inside $node cp "$LAB/node/sim" "$LAB/node/sim.kept"
done
scancel "$job"
check "its epilog runs this time" settled
ghost() { # the node as it would be without that epilog, an hour later
	inside "$1" cp -a "$LAB/node/jobs.kept/." "$LAB/node/run/jobs"
	inside "$1" cp "$LAB/node/sim.kept" "$LAB/node/sim"
	inside "$1" setfacl -m u:60901:rw "$LAB/node/sim"
	inside "$1" find "$LAB/node/run/jobs" -type f -exec touch -d '1 hour ago' {} +
}
ghost node1
check "what is left of it is seen" [ "$(limits node1)" = "$capped" ]
run as alice srun -N2 true
check "the next job's prolog cleans up after it" settled
check "and says so" has "$(cat "$LAB/log/slurmd-node1.log")" "phasecap: job $job is gone without an epilog: cleaned up after it"
ghost node2
run as alice srun -N2 -n2 --power-cap=280W sh -c 'pmctl show --backend=sim:$LAB/node/sim --json | jq -c "[.packages[].domains[] | select(.limits) | .limits[0].limit_uw]"'
check "the next job under a cap gets its own" ended 0 '^\[95000000,45000000,95000000,45000000\]$'
check "and the site's values come back, not the dead job's" settled
ghost node1
stop_slurmd node1
start_slurmd node1
check "slurmd's start cleans up" settled

# --- the site's file breaks under a running job -------------------------------------------------------
held
cp "$LAB/phasecap.conf" "$LAB/good.conf"
echo 'nonsense' >>"$LAB/phasecap.conf"
scancel "$job"
check "its epilog finds the way back even so" settled
cp "$LAB/good.conf" "$LAB/phasecap.conf"

# --- twenty short jobs in a row, ten of them at once ---------------------------------------------------
runners=()
for i in $(seq 10); do as alice srun -N1 --power-cap=$((260 + i))W true >/dev/null 2>&1 & runners+=($!); done
for i in $(seq 10); do as alice srun -N2 --power-cap=$((260 + i))W true >/dev/null 2>&1 || note "job $i failed"; done
wait "${runners[@]}"
check "twenty short jobs, many of them waiting for each other" settled
quiet() { # no trouble in the logs but what was made
	local lines
	lines=$(grep -h 'error: phasecap' "$LAB"/log/slurmd-node?.log | grep -v 'is gone without an epilog\|phasecap.conf')
	[ -z "$lines" ] || { echo "$lines"; return 1; }
}
check "in all of this slurmd's log names no other trouble" quiet
for node in node1 node2; do kill "$(cat "$LAB/run/$node.keeper")" "$(cat "$LAB/run/$node.pid")"; done 2>/dev/null
true
