#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The ways in which a cap, or none, comes to a node: every client's option, its environment twin,
# allocations and their steps, heterogeneous jobs, mpirun; and jobs beside each other.
. "$top_srcdir/tests/system/slurm.sh"
plan 33
home=$LAB/home/alice
caps='sed -n "s/^cap_uw //p" "$LAB"/node/run/jobs/$SLURM_JOB_ID.decision'

# --- the option and its twin, for each client --------------------------------------------
# caps_are N COMMAND...: each task printed this cap and nothing else
caps_are() {
	local wanted=$1; shift
	run as alice "$@"
	[ $status = 0 ] || { echo "$out"; return 1; }
	[ "$(grep -E '^[0-9]+$' <<<"$out" | sort -u)" = "$wanted" ] || { echo "$out"; return 1; }
}
check "srun --power-cap" caps_are 300000000 srun -N2 --power-cap=300W sh -c "$caps"
check "srun, abbreviated and apart" caps_are 301500000 srun -N2 --power-c 301.5 sh -c "$caps"
check "srun, by the environment" caps_are 310000000 env PHASECAP_POWER_CAP=310W srun -N2 sh -c "$caps"
check "the option comes before the environment" caps_are 320000000 env PHASECAP_POWER_CAP=310W srun -N2 --power-cap=320W sh -c "$caps"
check "an empty variable is none" caps_are 0 env PHASECAP_POWER_CAP= srun -N2 sh -c "$caps"

batch() { # batch COMMAND...: sbatch waits; $out is what the job printed
	rm -f "$home/out"
	as alice "$@" >/dev/null 2>&1; status=$?
	out=$(cat "$home/out" 2>&1)
}
step='srun -N2 sh -c '"'$caps'"
says() { [ $status = 0 ] && [ "$(grep -E '^[0-9]+$' <<<"$out" | sort -u)" = "$1" ] || { echo "$status: $out"; return 1; }; }
batch sbatch -N2 --wait -o "$home/out" --power-cap=300W --wrap "$step"
check "sbatch --power-cap: its steps have it" says 300000000
printf '#!/bin/sh\n#SBATCH -N2 --power-cap=305W\n%s\n' "$step" >"$home/script"
batch sbatch --wait -o "$home/out" "$home/script"
check "sbatch, in the script" says 305000000
batch env PHASECAP_POWER_CAP=310W sbatch -N2 --wait -o "$home/out" --wrap "$step"
check "sbatch, by the environment, which its steps see again" says 310000000
batch env PHASECAP_POWER_CAP=310W sbatch -N2 --wait --export=NONE -o "$home/out" --wrap "export PATH=$PATH LAB=$LAB SLURM_CONF=$SLURM_CONF SLURM_EXPORT_ENV=ALL; $step"
check "sbatch, by an environment that its steps do not see" says 310000000
batch env PHASECAP_POWER_CAP=310W sbatch -N2 --wait -o "$home/out" --power-cap=300W --wrap "$step"
check "the allocation's option comes before a step's environment" says 300000000
check "salloc --power-cap" caps_are 300000000 salloc -N2 --power-cap=300W srun sh -c "$caps"
check "salloc, by the environment" caps_are 310000000 env PHASECAP_POWER_CAP=310W salloc -N2 srun sh -c "$caps"
run as alice salloc -N2 env PHASECAP_POWER_CAP=310W srun true
check "a twin that is set for a step alone is refused, as the option is" ended 1 'a step cannot bring one in'
check "nothing is left of them" settled

# --- heterogeneous jobs: each component has its own ------------------------------------------
batch sbatch --wait -o "$home/out" -N1 --power-cap=280W : -N1 --power-cap=320W \
	--wrap 'srun --het-group=0,1 sh -c '"'"'sed -n "s/^cap_uw //p" "$LAB"/node/run/jobs/*.decision'"'"
check "each component of a heterogeneous job has its own cap" says $'280000000\n320000000'
check "nothing is left of it" settled

# --- ranks that mpirun starts --------------------------------------------------------------------
# Its daemons would not use loopback by themselves.
batch env OMPI_MCA_oob_tcp_if_include=lo sbatch -N2 -n4 --wait -o "$home/out" --power-cap=300W --wrap 'mpirun --map-by ppr:2:node sh -c "echo \$SLURM_NODEID \$PHASECAP_SEGMENT"'
check "mpirun's ranks on both nodes are told of a segment" \
	[ "$(grep -cE '/steps/[0-9]+\.(0|4294967291)\.segment$' <<<"$out")" = 4 ]
check "nothing is left of it" settled

# --- jobs beside each other ---------------------------------------------------------------------------
reads='pmctl show --backend=sim:$LAB/node/sim --json | grep -c energy_uj'
acl() { on node1 getfacl -cnp "$LAB/node/sim"; }
start_reader() { # start_reader USER: on a part of node1, until $LAB/home/USER/stop is there
	rm -f "$LAB/home/$1"/{runs,stop}
	as "$1" srun -p shared -w node1 -n1 sh -c "touch ~/runs; while [ ! -e ~/stop ]; do sleep 0.1; done; $reads" >"$LAB/$1.out" 2>&1 &
	poll 10 test -e "$LAB/home/$1/runs"
}
stop_reader() { touch "$LAB/home/$1/stop"; wait "$2"; }
start_reader alice; first=$!
start_reader bob; second=$!
both() { has "$(acl)" '^user:60901:' && has "$(acl)" '^user:60902:'; }
check "two users' jobs on one node: both have access" both
run as alice srun -p shared -w node1 --exclusive -n4 --power-cap=300W --immediate=1 true
check "a third cannot have the whole node" [ $status != 0 ]
stop_reader alice $first
check "the first reads its energy to its end" [ "$(tail -n 1 "$LAB/alice.out")" = 4 ]
check "then it has no access" poll 5 sh -c "! on node1 getfacl -cnp '$LAB/node/sim' | grep -q ^user:60901:"
check "the second still has" has "$(acl)" '^user:60902:'
stop_reader bob $second
check "and reads to its end" [ "$(tail -n 1 "$LAB/bob.out")" = 4 ]
check "nothing is left of them" settled

# --- what the site lets jobs do ---------------------------------------------------------------------------
cp "$LAB/phasecap.conf" "$LAB/good.conf"
sed -i 's/^unguarded_writes.*/unguarded_writes = no/' "$LAB/phasecap.conf"
run as alice srun -N2 --power-cap=300W sh -c 'cat "$LAB"/node/run/jobs/*.decision; pmctl set --backend=sim:$LAB/node/sim --package=0 --limit=100W'
check "without a guard the user does not write limits" has "$out" '^writes no$'
check "and is told so when trying" [ $status != 0 ]
check "but reads, under the cap" has "$out" '^cap_uw 300000000$'
check "nothing is left of it" settled
sed -i 's/^monitor_uncapped.*/monitor_uncapped = no/' "$LAB/phasecap.conf"
run as alice srun -N2 sh -c 'echo "<$PHASECAP_SEGMENT>"; ls "$LAB/node/run/jobs"; pmctl show --backend=sim:$LAB/node/sim 2>&1'
check "a site that monitors nobody: no segment, no file, no access" has "$(tr '\n' ' ' <<<"$out")" '<> .*may not read'
cp "$LAB/good.conf" "$LAB/phasecap.conf"
check "nothing is left of it" settled

# --- more than a step may hold -----------------------------------------------------------------------------
run as alice srun -N2 -n8 --power-cap=300W sh -c 'ls -l "$PHASECAP_SEGMENT"'
check "every task of a node has the same segment, which is the user's" \
	[ "$(grep -oE '^-rw------- 1 alice .*' <<<"$out" | wc -l)" = 8 ]
check "nothing is left of it all" settled
