#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A node that does not answer holds no job and is not drained: prolog and epilog give up in time,
# the user is told, and the next contact mends what is left.
. "$top_srcdir/tests/system/slurm.sh"
plan 10

# --- another process keeps the state directory's lock -----------------------------------
on node1 flock "$LAB/node/run/lock" sleep 5 &
holder=$!
poll 5 sh -c "! on node1 flock -n '$LAB/node/run/lock' true"
run as alice srun -w node1 -N1 --power-cap=300W echo it ran
check "a prolog that gets no lock: the step is refused" ended 1 \
	'error: phasecap: --power-cap: this node.s prolog left no decision on it'
check "slurmd's log says who had it" has "$(cat "$LAB/log/slurmd-node1.log")" \
	'phasecap: job [0-9]+: .*/run/lock: another prolog or epilog has held it for more than 1500 ms'
run as alice srun -w node1 -N1 true
check "a job without a cap runs meanwhile" [ $status = 0 ]
kill $holder 2>/dev/null
wait $holder 2>/dev/null
check "the node is in service, and as it was" settled

# --- its hardware does not answer -----------------------------------------------------------
hold() { # from here on nobody reads or writes node1's registers
	on node1 "$top_builddir/tests/system/sim_hold" "$LAB/node/sim" >"$LAB/held" &
	holder=$!
	poll 5 grep -q held "$LAB/held"
}
let_go() { kill -9 $holder; wait $holder 2>/dev/null; rm "$LAB/held"; }
hold
run as alice srun -w node1 -N1 --power-cap=300W echo it ran
check "a prolog that hangs: the step is refused" ended 1 'error: phasecap: --power-cap: this node.s prolog left no decision on it'
poll 20 all_idle
let_go
check "the node is in service, and as it was" settled
as alice srun -w node1 -N1 --power-cap=300W sh -c 'touch $HOME/runs; exec sleep 2' >/dev/null 2>&1 &
job=$!
poll 10 test -e "$LAB/home/alice/runs"
hold
wait $job
check "an epilog that hangs: the job is over, the node in service" poll 20 all_idle
let_go
check "what it did not come to is still noted" [ -n "$(on node1 find "$LAB/node/run/jobs" -name '*.journal')" ]
on node1 find "$LAB/node/run/jobs" -type f -exec touch -d '1 hour ago' {} +
run as alice srun -w node1 -N1 true
check "the next job's prolog does it" settled
check "what gave up is said" has "$(cat "$LAB"/log/node1.out "$LAB/log/slurmd-node1.log")" 'phasecap: .* did not answer in time: gave up'
