#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Users who bring their own plugin, plugstack file and environment gain nothing and break nothing:
# the prolog judges every byte again, the node keeps serving and is left as it was.
. "$top_srcdir/tests/system/slurm.sh"
plan 26
home=$LAB/home/alice

# alice's own Slurm configuration: the site's, but for her plugin, which checks nothing.
mkdir -p "$home/slurm"
cp "$LAB/slurm.conf" "$home/slurm/"
echo "required $top_builddir/.libs/hostile_client.so" >"$home/slurm/plugstack.conf"
hostile() { as alice env SLURM_CONF="$home/slurm/slurm.conf" "$@"; }
run hostile srun -N2 --power-cap=300W sh -c 'cat "$LAB"/node/run/jobs/*.decision'
check "her own plugin reaches the node" ended 0 '^cap_uw 300000000$'

# given VALUE PATTERN: what her plugin lets through is refused by the node
given() {
	run hostile srun -N1 --power-cap="$1" echo it ran
	ended 1 "error: phasecap: .*$2" || return 1
	! grep -q '^it ran' <<<"$out" || { echo "the program ran"; return 1; }
	! grep -q $'\033' <<<"$out" || { echo "an escape sequence came through"; return 1; }
}
check "below the site's least" given 5W "--power-cap=5W is below this site's least cap of 260 W per node"
check "above its most" given 9999W "--power-cap=9999W is above this site's most cap of 400 W per node"
check "a shell's words" given '9;rm -rf /' 'power "9;rm -rf /": not a power'
check "nothing" given '' 'power "": not a power'
check "an escape sequence" given $'3\033[2J' 'power "3\\x1b\[2J": not a power'
check "lines that a record could hold" given $'300W\nwrites yes\ncap_uw 1' 'power "300W\\x0awrites yes\\x0acap_uw 1": not a power'
check "a format" given '%s%s%n%n' 'power "%s%s%n%n": not a power'
check "a negative number" given -300W 'power "-300W": not a power'
check "a number of 400 digits" given "$(printf '9%.0s' $(seq 400))" 'power "9999.*": out of range'
check "four thousand bytes" given "$(head -c 4000 /dev/zero | tr '\0' A)" 'power "AAAA.*\.\.\.": not a power'
check "a cap per job" given 600W/job '--power-cap=600W/job: a cap per job is not available here'
for i in $(seq 20); do hostile srun -N2 --power-cap="$(head -c 60 /dev/urandom | tr -d '\0')" true >/dev/null 2>&1; done
check "after random bytes, twenty times, the nodes serve on" settled

# --- what she puts into the environment of her steps and jobs -----------------------------
run as alice env _SLURM_SPANK_OPTION_phasecap_power_cap=junk srun -N2 true
check "an option's value smuggled past srun is refused" ended 1 'error: phasecap: --power-cap'
run as alice env _SLURM_SPANK_OPTION_phasecap_power_cap=300W srun -N2 true
check "also where it could be one, for the prolog never saw it" ended 1 'the job was submitted without a cap'
run as alice env SLURM_JOB_CPUS_PER_NODE=4 SLURM_JOB_PARTITION=batch SLURM_RESTART_COUNT=7 SPANK_SLURM_JOB_CPUS_PER_NODE=4 \
	srun -p shared -n1 --power-cap=300W true
check "Slurm's own variables, as she would like them" ended 1 'this job has 1 of this one.s 4 CPUs'
run as alice env PHASECAP_SEGMENT=/etc/passwd srun -N2 sh -c 'echo "$PHASECAP_SEGMENT"'
check "a segment of her choice is replaced by the step's own" ended 0 '/steps/[0-9]+\.0\.segment$'
run as alice env SLURM_HET_SIZE=2 _SLURM_SPANK_OPTION_phasecap_power_cap=390W srun -N2 --power-cap=300W sh -c 'cat "$LAB"/node/run/jobs/*.decision'
check "a heterogeneous job that is none gets the cap that the prolog saw" ended 0 '^cap_uw 300000000$'
check "the nodes are as they were" settled

# --- what she can do on the node while she has access ------------------------------------------
run as alice srun -N2 --power-cap=300W sh -c '
	exec 2>/dev/null
	cd "$LAB/node/run" || exit 9
	for f in jobs/*.journal jobs/*.decision lock; do echo x >>"$f" && echo "wrote $f"; done
	ln -s /etc/passwd jobs/1.journal && echo "linked"
	ln -s /etc/passwd steps/9.9.segment && echo "linked"
	rm -f jobs/*; ls jobs | grep -q . || echo "removed"
	cat jobs/*.journal && echo "read the journal"
	setfacl -m o:rw "$LAB/node/sim" && echo "opened the device"
	chmod 666 "$LAB/node/sim" && echo "opened the device"
	true'
check "the state directory and the device's mode are not hers" ended 0
check "nothing of what she tried worked" [ -z "$(grep -v '^srun: job' <<<"$out")" ]
run as alice srun -N2 --power-cap=300W sh -c 'pmctl set --backend=sim:$LAB/node/sim --package=0 --limit=149W; pmctl show --backend=sim:$LAB/node/sim'
check "limit 2 stands above what she writes into limit 1" has "$out" '105 W over 9.765 ms, on'
run as alice srun -N2 --power-cap=300W sh -c 'rm -f "$PHASECAP_SEGMENT"; head -c 70000000 /dev/zero >"$PHASECAP_SEGMENT"; exit 1'
check "a step that fills its segment's file system" [ $status != 0 ]
check "leaves the nodes as they were all the same" settled
run as bob srun -N2 sh -c 'ls "$LAB"/node/run/spool | wc -l; cat "$LAB"/node/run/spool/* >/dev/null'
check "what was kept of her segments is not for others" has "$out" 'Permission denied'
run as alice srun -N2 --power-cap=300W true
check "and the next job under a cap runs" [ $status = 0 ]
