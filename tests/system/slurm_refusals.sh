#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What is refused, where, in which words, and that the node stays as it is: by the client before
# anything is queued, by the node with a failed step and not with a drained node.
. "$top_srcdir/tests/system/slurm.sh"
plan 36

# --- by the client ------------------------------------------------------------------
# refused_here PATTERN COMMAND...: not 0, said why, and no job has been made
refused_here() {
	local pattern=$1 before; shift
	before=$(next_job)
	run as alice "$@"
	[ $status != 0 ] || { echo "exit status 0"; return 1; }
	has "$out" "$pattern" || return 1
	[ "$(next_job)" = "$before" ] || { echo "a job was queued"; return 1; }
}
range='legal are 260 W to 400 W'
low="--power-cap=5W is below this site's least cap of 260 W per node; $range"
check "srun: too low" refused_here "srun: error: phasecap: $low" srun --power-cap=5W true
check "sbatch: too low" refused_here "sbatch: error: phasecap: $low" sbatch --power-cap=5W --wrap true
check "salloc: too low" refused_here "salloc: error: phasecap: $low" salloc --power-cap=5W true
printf '#!/bin/sh\n#SBATCH --power-cap=5W\ntrue\n' >"$LAB/home/alice/script"
check "sbatch: too low, in the script" refused_here "sbatch: error: phasecap: $low" sbatch "$LAB/home/alice/script"
check "srun: too high" refused_here "--power-cap=1kW is above this site's most cap of 400 W per node; $range" srun --power-cap=1kW true
check "srun: no number" refused_here 'power "banana": not a power; .*legal watts per node are 260 W to 400 W' srun --power-cap=banana true
check "srun: nothing" refused_here 'power "": not a power' srun --power-cap= true
check "srun: bytes that are no text" refused_here 'power "3\\x1b\[31m\\xff": not a power' srun --power-cap=$'3\033[31m\377' true
check "srun: a cap per job" refused_here '--power-cap=600W/job: a cap per job is not available here' srun --power-cap=600W/job true
check "srun: a cap per package" refused_here '--power-cap=150W/package: a cap per package is not available here' srun --power-cap=150W/package true
twin="PHASECAP_POWER_CAP in the environment: $low"
check "srun: too low, in the environment" refused_here "$twin" env PHASECAP_POWER_CAP=5W srun true
check "sbatch: too low, in the environment" refused_here "$twin" env PHASECAP_POWER_CAP=5W sbatch --wrap true
check "salloc: too low, in the environment" refused_here "$twin" env PHASECAP_POWER_CAP=5W salloc true
for client in srun sbatch salloc; do
	check "$client --help says what a cap covers" has "$($client --help | tr -s ' \n' ' ')" \
		"--power-cap=watts .*node's CPU packages and their DRAM; not GPUs, fans, network"
done

# --- by the node --------------------------------------------------------------------
# refused_there PATTERN OPTION...: exit status 1, the sentence once a node, nothing of the program
refused_there() {
	local pattern=$1; shift
	run as alice srun "$@" echo it ran
	ended 1 "^slurmstepd-node[12]: error: phasecap: $pattern" || return 1
	! grep -q 'it ran' <<<"$out" || { echo "the program ran"; return 1; }
	[ "$(grep -c 'error: phasecap: ' <<<"$out")" = "$nodes" ] || { echo "not once a node: $out"; return 1; }
}
whole="--power-cap needs whole nodes, and this job has"
nodes=1
check "a part of a node" refused_there "$whole 1 of this one's 4 CPUs: add --exclusive" -p shared -n1 --power-cap=300W
check "the nodes stay in service, and as they were" settled
check "a part of a node, several tasks: said once" refused_there "$whole 2 of this one's" -p shared -N1 -n2 --power-cap=300W
nodes=2
check "parts of two nodes: said once a node" refused_there "$whole 3 of this one's" -p shared -N2 -n6 --ntasks-per-node=3 --power-cap=300W
run as alice srun -p shared --exclusive -n1 --power-cap=300W sh -c 'cat "$LAB"/node/run/jobs/*.decision'
check "one task, but the whole node: granted" ended 0 '^cap_uw 300000000$'
nodes=1
check "more than the hardware can be held to" refused_there \
	"--power-cap: a cap of 395 W is above this node's most of 390 W; legal are 260 W to 390 W" -N1 --power-cap=395W

# The batch step is refused in the same way, and its job has failed.
run as alice sbatch -p shared -n1 --power-cap=300W -o "$LAB/home/alice/out" --wait --wrap 'echo it ran'
check "a batch job on a part of a node fails with status 1" [ $status = 1 ]
out=$(cat "$LAB/home/alice/out"); status=0
check "its output says why, and nothing else ran" ended 0 "$whole 1 of this one's 4 CPUs: add --exclusive"
check "and not that it ran" [ "$(grep -c 'it ran' <<<"$out")" = 0 ]
check "its state is FAILED" [ "$(scontrol show job "$(($(next_job) - 1))" | grep -oE 'JobState=[A-Z]+|ExitCode=[0-9:]+' | tr '\n' ' ')" = 'JobState=FAILED ExitCode=1:0 ' ]
check "the nodes stay in service" settled

# One node of two refuses: its sentence names what is wrong there.
on node2 pmctl sim fault "$LAB/node/sim" --package=1 --fault=locked >/dev/null || exit 1
first_traces=$(all_traces)
run as alice srun -N2 --power-cap=300W true
check "a limit that firmware locked" ended 1 "slurmstepd-node2: error: phasecap: --power-cap cannot be held on this node: package-1: its power limit is locked"
check "is said by that node only" [ "$(grep -c 'error: phasecap: ' <<<"$out")" = 1 ]
check "both nodes stay in service, and as they were" settled
on node2 pmctl sim fault "$LAB/node/sim" --package=1 --fault=locked --off >/dev/null || exit 1
first_traces=$(all_traces)

# --- what a step may say in an allocation ---------------------------------------------
run as alice salloc -N2 --power-cap=300W srun --power-cap=280W true
check "another cap in a step is refused" ended 1 '--power-cap=280W: a step cannot change the cap, which is 300 W for this job'
run as alice salloc -N2 --power-cap=300W srun --power-cap=0.3kW/node true
check "the same cap in other words is not" [ $status = 0 ]
run as alice salloc -N2 srun --power-cap=300W true
check "a step cannot bring a cap in" ended 1 'the job was submitted without a cap, and a step cannot bring one in'

# --- a site whose file is broken --------------------------------------------------------
cp "$LAB/phasecap.conf" "$LAB/good.conf"
echo 'cap_mim = 5W' >>"$LAB/phasecap.conf"
line=$(wc -l <"$LAB/phasecap.conf")
broken="phasecap.conf:$line: unknown key cap_mim; the nearest known key is cap_min"
check "a broken file: the client says so" refused_here "$broken" srun --power-cap=300W true
run as alice srun -N2 true
check "jobs without a cap run" [ $status = 0 ]
cp "$LAB/good.conf" "$LAB/phasecap.conf"
check "and nothing is left of it all" settled
